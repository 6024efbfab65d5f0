"""What must hold at every moment of a dataset's life, whatever happens to the functions that land its files."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from collections.abc import Collection

from ingest_lambda.file_version import FileVersion
from tests.land.warehouse import Land

# One statement, so that it sees one moment: what each side says of a file, where either says anything.
_BOTH_SIDES = """
select
    coalesce(promised.file_id, there.file_id) as file_id, promised.load_seq, promised.rows, there.rows as found,
    promised.load_id = there.load_id and promised.load_seq = there.load_seq as is_same_load
from (
    select file_id, load_id, load_seq, case when undone_at is null then row_count else 0 end as rows
    from ledger."{dataset}"
) as promised
full outer join (
    select _file_id as file_id, _load_id as load_id, _load_seq as load_seq, count(*) as rows
    from landing."{dataset}" group by 1, 2, 3
) as there on promised.file_id = there.file_id
"""


def assert_nothing_is_half_there(land: Land, dataset: str, *, has_tables: bool = False) -> dict[str, int]:
    """Every file version has all its rows once, in the load of its one ledger row, or none and no ledger row.

    Return the rows of each file id that has landed. `has_tables`: they were seen before, and the catalog is not asked.
    """
    if not has_tables and not _has_tables(land, dataset):
        return {}
    sides = land.rows(_BOTH_SIDES.format(dataset=dataset))
    assert len({row["file_id"] for row in sides}) == len(sides), "a file stands once in the ledger, in one load"
    for row in sides:
        assert row["rows"] == (row["found"] or 0), row
        assert row["is_same_load"] or not row["found"], row
    return {row["file_id"]: int(row["rows"]) for row in sides}


def _has_tables(land: Land, dataset: str) -> bool:
    tables = land.rows(
        f"select distinct table_schema from svv_columns where table_name = '{dataset}' "
        "and table_schema in ('landing', 'ledger', 'lock')"
    )
    assert len(tables) in {0, 3}, "the three tables of a dataset come in one transaction"
    return bool(tables)


def assert_landed_once(land: Land, dataset: str, rows: dict[FileVersion, int], undone: Collection[str] = ()) -> None:
    """Exactly these files have landed, with these numbers of rows; the ids in `undone` have none any more."""
    landed = assert_nothing_is_half_there(land, dataset)
    assert landed == {file.file_id: 0 if file.file_id in undone else number for file, number in rows.items()}


def assert_load_numbers_were_given_once(land: Land, dataset: str) -> None:
    """Each load has a number of its own, and the counter has not gone back behind any."""
    loads = land.rows(f'select distinct load_id, load_seq from ledger."{dataset}" order by load_seq')
    numbers = [row["load_seq"] for row in loads]
    assert len(set(numbers)) == len(numbers), loads
    [counter] = land.rows(f'select load_seq from lock."{dataset}"')
    assert counter["load_seq"] >= max(numbers, default=0)
