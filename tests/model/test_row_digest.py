"""MODEL: the digest tells rows apart that differ in whatever a column holds, whatever its text shows of it."""

import math

import pytest

from tests.support.model_warehouse import ModelWarehouse

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other


def test_rows_whose_floats_differ_in_a_digit_that_their_text_does_not_show_have_two_digests(
    worker_warehouse: ModelWarehouse,
) -> None:
    [digest] = worker_warehouse.dbt(
        "compile", "--inline", "{{ row_digest({'d': 'double precision', 'r': 'real', 'n': 'integer'}) }}"
    ).compiled.values()
    third, real = 1 / 3, 16777215  # which 6 digits do not tell from its neighbour
    rows = [
        f"select cast('{d}' as double precision) as d, cast('{r}' as real) as r, 1 as n, 'U' as _operation"
        for d, r in ((third, real), (math.nextafter(third, 1), real), (third, real - 1))
    ]
    rows.append("select cast(null as double precision), cast(null as real), 1, 'U'")
    found = worker_warehouse.transformer.rows(
        f"select {digest} as digest, cast(d as varchar(32)), cast(r as varchar(32)) from ({' union all '.join(rows)})"  # noqa: S608
    )
    assert len({row[0] for row in found}) == 4
    assert len({row[1:] for row in found}) == 2, "as text they do not differ"


def test_a_number_that_is_declared_a_text_and_is_not_narrowed_has_the_digest_of_its_text(
    worker_warehouse: ModelWarehouse,
) -> None:
    """As in a staging of one's own; narrowed texts, which are not cast once more, have the same digest."""
    types = "{'n': 'varchar(20)'}"
    raw, narrowed = f"{{{{ row_digest({types}) }}}}", f"{{{{ narrow_columns({types}) }}}}"
    queries = (f"select {raw}", f"{{{{ row_digest({types}) }}}}; select {narrowed}")
    own, ours = ("".join(worker_warehouse.dbt("compile", "--inline", query).compiled.values()) for query in queries)
    narrowed_digest, narrowing = ours.split("; ")
    rows = worker_warehouse.transformer.rows
    found = rows(f"{own} from (select 7 as n, 'U' as _operation)")
    narrow_text = f"{narrowing}, _operation from (select cast(' 7 ' as varchar(20)) as n, 'U' as _operation)"
    assert found == rows(f"select {narrowed_digest} from ({narrow_text})")  # noqa: S608 - the tests' own SQL
