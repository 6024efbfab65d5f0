"""GATE: the gate `schema` compares types by what they hold, not by what a contract or the catalog calls them."""

import pytest

from ingest_lambda.warehouse.ddl import CATALOG_NAMES
from ingest_lambda.warehouse.sqltypes import ALIASES, parse_type
from tests.support.model_warehouse import ModelWarehouse

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

# Each holds the ones before it, to which staging narrows it back; texts are alike, and times with a zone or without.
FAMILIES = (
    ("SMALLINT", "INTEGER", "BIGINT", "DECIMAL"),
    ("REAL", "DOUBLE PRECISION"),
    ("DATE", "TIMESTAMP", "TIMESTAMPTZ"),
    ("CHAR", "VARCHAR"),
)


def family(name: str) -> tuple[str, ...]:
    """Return the types that hold the same values."""
    return next((types for types in FAMILIES if name in types), (name,))


def test_a_column_passes_by_every_name_of_its_type_and_by_no_other(worker_warehouse: ModelWarehouse) -> None:
    pairs = [(found, CATALOG_NAMES[found], declared) for found in CATALOG_NAMES for declared in ALIASES]
    asked = ";".join(
        f"{{{{ type_holds('{catalog}(9)', '{written}') }}}}"
        for _, catalog, name in pairs
        for written in (name, name.upper())
    )
    [answers] = worker_warehouse.dbt("compile", "--inline", asked).compiled.values()
    said = iter(answers.split(";"))
    for found, catalog, name in pairs:
        expected = str(parse_type(name).name in family(found))
        assert (next(said), next(said)) == (expected, expected), f"{catalog} declared as {name}"


@pytest.mark.parametrize(("found", "holds"), [("none", "False"), ("'hllsketch'", "False")])
def test_a_column_that_is_not_there_or_of_another_kind_does_not_pass(
    worker_warehouse: ModelWarehouse, found: str, holds: str
) -> None:
    asked = f"{{{{ type_holds({found}, 'varchar(9)') }}}}"
    assert list(worker_warehouse.dbt("compile", "--inline", asked).compiled.values()) == [holds]
