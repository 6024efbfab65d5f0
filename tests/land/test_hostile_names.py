"""Keys and columns of any name land as they are called, or get a verdict; none becomes SQL."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.outcomes import Status
from ingest_lambda.statements import fold_case, identifier
from tests.land.warehouse import Land, new_dataset

KEYS = [
    "with space.parquet",
    'quote\'s "double".parquet',
    "a=b&c+d%20e.parquet",
    "../../up.parquet",
    "year=2025/month=11/part-0.snappy.parquet",
    "ünï/日本語/😀.parquet",
    "back\\slash.parquet",
    "semi;drop table x;--.parquet",
    "dollar$1 :name {brace} %s ?.parquet",
    "x" * 900 + ".parquet",
    "UPPER.PARQUET",
    "new\nline.parquet",
]

COLUMNS = [
    "select",
    "order",
    "Group By",
    'say "hi"',
    "it's",
    "a;drop table x;--",
    "/* comment */",
    "back\\slash",
    "percent % and :colon",
    "日本語",
    "Größe",
    "😀",
    "_underscore",
    "1st",
    "dotted.name",
    "x" * 63,  # what the local Redshift can keep; Redshift itself keeps 127 bytes
    "c1",
    "file_id",
    "$1",
]


@pytest.mark.parametrize("name", KEYS)
def test_a_key_lands_as_it_is_called(land: Land, name: str) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/{name}", pa.table({"id": [1]}))

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED, outcome
    assert land.rows(f"select _source_file from landing.{dataset}") == [{"_source_file": file.uri}]
    assert land.rows(f'select "key" from ledger.{dataset}') == [{"key": file.key}]


@pytest.mark.parametrize("name", KEYS)
def test_a_bad_file_of_any_key_is_recorded_as_it_is_called(land: Land, name: str) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/{name}", b"nonsense")

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.REJECTED, outcome
    [row] = land.rows(f"select \"key\", quarantine_key from ops.rejected_files where dataset = '{dataset}'")
    assert row["key"] == file.key
    assert row["quarantine_key"] in land.keys("quarantine/")


def test_columns_land_as_they_are_called(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", pa.table({name: [number] for number, name in enumerate(COLUMNS)}))

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED, outcome
    [row] = land.rows(f"select {', '.join(map(identifier, COLUMNS))} from landing.{dataset}")
    assert row == {fold_case(name): number for number, name in enumerate(COLUMNS)}


def test_a_column_of_any_name_is_added_to_a_table(land: Land) -> None:
    dataset = new_dataset()
    first = land.put(f"raw/{dataset}/1.parquet", pa.table({"id": [1]}))
    second = land.put(f"raw/{dataset}/2.parquet", pa.table({name: [number] for number, name in enumerate(COLUMNS)}))

    outcomes = [land.function().receive(first)[0], land.function().receive(second)[0]]

    assert [outcome.status for outcome in outcomes] == [Status.LANDED, Status.LANDED]


@pytest.mark.parametrize(
    "key", ["raw/1; drop table x/a.parquet", "raw/it's/a.parquet", "raw/../a.parquet", "raw/.parquet"]
)
def test_a_folder_that_is_no_dataset_is_ignored_with_a_reason(land: Land, key: str) -> None:
    file = land.put(key, pa.table({"id": [1]}))

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.IGNORED
    assert outcome.reason
