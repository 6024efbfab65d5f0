"""Files whose columns differ from the landing table's: added, missing, narrower, wider, frozen."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from datetime import date
from decimal import Decimal

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda import ledger
from ingest_lambda.contracts import Contract, parse_contract
from ingest_lambda.outcomes import Status
from ingest_lambda.sqltypes import parse_type
from ingest_lambda.statements import Column
from ingest_lambda.verdict import Reason
from tests.land.warehouse import Land, new_dataset


@pytest.fixture
def dataset(land: Land) -> str:
    """A dataset into which one file has landed: id 1, name 'one'."""
    name = new_dataset()
    land.function().receive(land.put(f"raw/{name}/first.parquet", pa.table({"id": [1], "name": ["one"]})))
    return name


def test_a_new_column_is_added_and_older_rows_have_null_in_it(land: Land, dataset: str) -> None:
    file = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2], "name": ["two"], "Added": [Decimal("1.5")]}))

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED
    assert land.rows(f"select id, name, added from landing.{dataset} order by id") == [
        {"id": 1, "name": "one", "added": None},
        {"id": 2, "name": "two", "added": "1.5"},
    ]


def test_a_missing_column_lands_as_null(land: Land, dataset: str) -> None:
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2]})))

    assert outcome.status is Status.LANDED
    assert land.rows(f"select name from landing.{dataset} where id = 2") == [{"name": None}]


def test_a_narrower_column_is_cast(land: Land, dataset: str) -> None:
    file = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": pa.array([2], pa.int16()), "name": ["two"]}))

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == 2


@pytest.mark.parametrize(
    ("column", "found", "expected"),
    [
        (pa.array(["2"]), "VARCHAR(65535)", "BIGINT"),
        (pa.array([2.0]), "DOUBLE PRECISION", "BIGINT"),
        (pa.array([Decimal(2)], pa.decimal128(38, 20)), "DECIMAL(38,20)", "BIGINT"),
        (pa.array([date(2025, 1, 1)]), "DATE", "BIGINT"),
    ],
    ids=["text", "float", "decimal", "date"],
)
def test_a_column_that_does_not_fit_is_rejected_with_from_and_to(
    land: Land, dataset: str, column: pa.Array, found: str, expected: str
) -> None:
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": column})))

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.INCOMPATIBLE_TYPE)
    assert outcome.verdict is not None
    assert (outcome.verdict.column, outcome.verdict.found, outcome.verdict.expected) == ("id", found, expected)
    assert land.count(f"landing.{dataset}") == 1


def test_a_warm_function_plans_again_when_another_has_added_the_column(land: Land, dataset: str) -> None:
    warm, other = land.function(), land.function()
    warm.receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2]})))
    other.receive(land.put(f"raw/{dataset}/3.parquet", pa.table({"id": [3], "added": ["x"]})))

    [outcome] = warm.receive(land.put(f"raw/{dataset}/4.parquet", pa.table({"id": [4], "added": ["y"]})))

    assert outcome.status is Status.LANDED
    assert land.rows(f"select added from landing.{dataset} where id = 4") == [{"added": "y"}]


def test_a_warm_function_looks_again_before_it_rejects(land: Land, dataset: str) -> None:
    warm = land.function()
    warm.receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2]})))
    land.warehouse.transaction(
        [
            f"alter table landing.{dataset} drop column id",
            f"alter table landing.{dataset} add column id varchar(65535)",
        ]
    )

    [outcome] = warm.receive(land.put(f"raw/{dataset}/3.parquet", pa.table({"id": ["three"]})))

    assert outcome.status is Status.LANDED


def test_of_files_that_bring_one_new_column_in_two_widths_both_land(land: Land, dataset: str) -> None:
    narrow = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2], "n": pa.array([7], pa.int32())}))
    wide = land.put(f"raw/{dataset}/3.parquet", pa.table({"id": [3], "n": pa.array([2**40], pa.int64())}))

    outcomes = land.function().receive(narrow, wide)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert land.rows(f"select n from landing.{dataset} where n is not null order by n") == [{"n": 7}, {"n": 2**40}]


def test_as_many_new_columns_as_a_transaction_takes_land_and_more_are_rejected(land: Land, dataset: str) -> None:
    few = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2]} | {f"n{i}": [i] for i in range(34)}))
    many = land.put(f"raw/{dataset}/3.parquet", pa.table({"id": [3]} | {f"m{i}": [i] for i in range(35)}))

    landed, rejected = land.function().receive(few, many)

    assert landed.status is Status.LANDED
    assert (rejected.status, rejected.reason) == (Status.REJECTED, Reason.TOO_MANY_NEW_COLUMNS)


def test_a_first_file_may_have_as_many_columns_as_a_table_holds(land: Land) -> None:
    name = new_dataset()
    wide = pa.table({f"c{number}": [number % 2 == 0] for number in range(1_500)})

    [outcome] = land.function().receive(land.put(f"raw/{name}/wide.parquet", wide))

    assert outcome.status is Status.LANDED
    assert land.rows(f"select c0, c1499 from landing.{name}") == [{"c0": True, "c1499": False}]


def test_a_frozen_dataset_rejects_new_columns_and_takes_the_declared_ones(land: Land) -> None:
    name = new_dataset()
    columns = [{"name": "id", "data_type": "bigint"}, {"name": "name", "data_type": "varchar(10)"}]
    land.contracts[name] = parse_contract({"schema_change": "freeze", "columns": columns})
    declared = land.put(
        f"raw/{name}/1.parquet", pa.table({"name": ["longer than ten"], "id": pa.array([1], pa.int32())})
    )
    wider = land.put(f"raw/{name}/2.parquet", pa.table({"id": [2], "more": [1]}))

    landed, rejected = land.function().receive(declared, wider)

    assert landed.status is Status.LANDED, landed
    assert land.rows(f"select id, name from landing.{name}") == [{"id": 1, "name": "longer than ten"}]
    assert (rejected.status, rejected.reason) == (Status.REJECTED, Reason.SCHEMA_FROZEN)
    assert rejected.verdict is not None
    assert rejected.verdict.column == "more"


def test_the_columns_of_a_contract_are_there_from_the_first_file_on(land: Land) -> None:
    name = new_dataset()
    land.contracts[name] = Contract(columns=(Column("declared", parse_type("decimal(18,2)")),))

    [outcome] = land.function().receive(land.put(f"raw/{name}/1.parquet", pa.table({"id": [1]})))

    assert outcome.status is Status.LANDED
    assert land.rows(f"select id, declared from landing.{name}") == [{"id": 1, "declared": None}]


def test_the_tables_of_a_declared_dataset_can_be_created_again_and_again(land: Land) -> None:
    name = new_dataset()
    for _ in range(2):
        land.warehouse.transaction(ledger.create_statements(name, [Column("id", parse_type("bigint"))]))
    [outcome] = land.function().receive(land.put(f"raw/{name}/1.parquet", pa.table({"id": [1]})))

    assert (outcome.status, outcome.load_seq) == (Status.LANDED, 1)
    assert land.rows(f"select load_seq from lock.{name}") == [{"load_seq": 1}]


def test_a_file_without_rows_lands_and_is_in_the_ledger(land: Land) -> None:
    name = new_dataset()
    empty = pa.table({"id": pa.array([], pa.int64())})

    [outcome] = land.function().receive(land.put(f"raw/{name}/1.parquet", empty))

    assert (outcome.status, outcome.rows) == (Status.LANDED, 0)
    assert land.rows(f"select row_count from ledger.{name}") == [{"row_count": 0}]
