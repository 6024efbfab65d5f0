"""Files whose columns differ from the landing table's: the matrix of docs/schema_change.md, and what goes with it."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import CatalogChangedError
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.judge.statement_budget import FREE_STATEMENTS
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.tell.notify import MAX_CHANGES_NAMED
from ingest_lambda.warehouse import ddl, ledger, sqltypes, statements
from ingest_lambda.warehouse.catalog import Catalog
from ingest_lambda.warehouse.sqltypes import parse_type
from ingest_lambda.warehouse.statements import MAX_STATEMENTS, Column, Widening
from landfall.deploy import bootstrap
from landfall.operate import evolution, undos
from tests.land.warehouse import Land, new_dataset

FIRST = pa.table({"id": [1], "name": ["one"]})
MANY_MORE = pa.table({"id": [3]} | {f"k{i}": [i] for i in range(MAX_STATEMENTS)})
ID_AND_NAME = [{"name": "id", "data_type": "bigint"}, {"name": "name", "data_type": "varchar"}]

# What differs -> the file, and why it is rejected under evolve and under freeze; None where it lands.
MATRIX: dict[str, tuple[pa.Table, Reason | None, Reason | None]] = {
    "new": (pa.table({"id": [2], "name": ["two"], "Added": [Decimal("1.5")]}), None, Reason.SCHEMA_FROZEN),
    "missing": (pa.table({"id": [2]}), None, None),
    "reordered": (pa.table({"name": ["two"], "ID": [2]}), None, None),
    "renamed": (pa.table({"id": [2], "full_name": ["two"]}), None, Reason.SCHEMA_FROZEN),
    "widened": (
        pa.table({"id": pa.array([2], pa.decimal128(21, 1)), "name": ["two"]}),
        None,
        Reason.SCHEMA_FROZEN,
    ),
    "narrowed": (pa.table({"id": pa.array([2], pa.int16()), "name": ["two"]}), None, None),
    "retyped": (pa.table({"id": ["2"], "name": ["two"]}), Reason.INCOMPATIBLE_TYPE, Reason.INCOMPATIBLE_TYPE),
    "untyped": (pa.table({"id": [2], "name": pa.nulls(1)}), None, None),
}
LANDED: dict[str, list[dict[str, Any]]] = {
    "new": [{"id": 2, "name": "two", "added": "1.5"}],
    "missing": [{"id": 2, "name": None}],
    "reordered": [{"id": 2, "name": "two"}],
    "renamed": [{"id": 2, "name": None, "full_name": "two"}],
    "widened": [{"id": "2.0", "name": "two"}],
    "narrowed": [{"id": 2, "name": "two"}],
    "untyped": [{"id": 2, "name": None}],
}


@pytest.fixture
def dataset(land: Land) -> str:
    """A dataset into which one file has landed: id 1, name 'one'."""
    name = new_dataset()
    land.function().receive(land.put(f"raw/{name}/first.parquet", FIRST))
    return name


@pytest.mark.parametrize("policy", ["evolve", "freeze"])
@pytest.mark.parametrize("case", MATRIX)
def test_a_file_of_other_columns_ends_as_the_policy_says_on_both_paths(land: Land, case: str, policy: str) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = parse_contract({"schema_change": policy, "columns": ID_AND_NAME})
    function = land.function()
    function.receive(land.put(f"raw/{dataset}/first.parquet", FIRST))
    table, under_evolve, under_freeze = MATRIX[case]
    reason = under_evolve if policy == "evolve" else under_freeze

    outcomes = function.receive(land.put(f"raw/{dataset}/alone.parquet", table))
    outcomes += function.receive(*(land.put(f"raw/{dataset}/{number}.parquet", table) for number in (1, 2)))

    status = Status.REJECTED if reason else Status.LANDED
    assert [(outcome.status, outcome.reason) for outcome in outcomes] == [(status, reason)] * 3
    [first] = rows_of(land, dataset, "name = 'one'")
    assert int(float(first["id"])) == 1
    assert rows_of(land, dataset, "name is null or name <> 'one'") == ([] if reason else LANDED[case] * 3)
    assert len(land.rows(f"select 1 from ledger.{dataset}")) == (1 if reason else 4)
    if reason:
        assert columns_of(land, dataset) == {"id": "BIGINT", "name": "VARCHAR(65535)"}
    else:
        assert [outcome.load_path for outcome in outcomes[1:]] == ["canonical"] * 2


def test_every_type_that_widens_keeps_the_values_that_are_there_and_takes_the_new_ones(land: Land) -> None:
    name = new_dataset()
    narrow = pa.table(
        {
            "small": pa.array([-32768], pa.int16()),
            "whole": pa.array([2**31 - 1], pa.int32()),
            "big": pa.array([-(2**63)], pa.int64()),
            "price": pa.array([Decimal("999.99")], pa.decimal128(5, 2)),
            "ratio": pa.array([1.5], pa.float32()),
            "day": pa.array([date(1969, 12, 31)], pa.date32()),
            "raw": pa.array([b"\x00"], pa.binary()),
        }
    )
    wide = pa.table(
        {
            "small": pa.array([2**31 - 1], pa.int32()),
            "whole": pa.array([2**40], pa.int64()),
            "big": pa.array([2**64 - 1], pa.uint64()),
            "price": pa.array([-(2**31)], pa.int32()),
            "ratio": pa.array([0.1], pa.float64()),
            "day": pa.array([datetime(2025, 1, 1, 12)], pa.timestamp("us")),
            "raw": pa.array([b"\xff"], pa.binary()),
        }
    )

    function = land.function()
    function.receive(land.put(f"raw/{name}/1.parquet", narrow))
    [outcome] = function.receive(land.put(f"raw/{name}/2.parquet", wide))

    assert outcome.status is Status.LANDED, outcome
    assert columns_of(land, name) == {
        "small": "INTEGER",
        "whole": "BIGINT",
        "big": "DECIMAL(20,0)",
        "price": "DECIMAL(12,2)",
        "ratio": "DOUBLE PRECISION",
        "day": "TIMESTAMP",
        "raw": "VARBYTE(1024000)",
    }
    before, after = land.rows(
        f"select small, whole, big, price, ratio, day::varchar as day from landing.{name} order by _load_seq"
    )
    assert (before["small"], before["whole"], before["big"]) == (-32768, 2**31 - 1, str(-(2**63)))
    assert (before["price"], before["ratio"], before["day"]) == ("999.99", 1.5, "1969-12-31 00:00:00")
    assert (after["small"], after["whole"], after["big"]) == (2**31 - 1, 2**40, str(2**64 - 1))
    assert (after["price"], after["ratio"], after["day"]) == (f"{-(2**31)}.00", 0.1, "2025-01-01 12:00:00")


def test_a_short_varchar_that_somebody_made_is_lengthened(land: Land) -> None:
    name = new_dataset()
    land.warehouse.transaction(ledger.create_statements(name, [Column("note", parse_type("varchar(5)"))]))

    [outcome] = land.function().receive(land.put(f"raw/{name}/1.parquet", pa.table({"note": ["longer than five"]})))

    assert outcome.status is Status.LANDED, outcome
    assert columns_of(land, name) == {"note": "VARCHAR(65535)"}


def test_a_table_of_more_rows_than_the_limit_is_not_widened_and_the_verdict_has_the_command(
    land: Land, dataset: str
) -> None:
    wide = pa.table({"id": pa.array([2], pa.decimal128(21, 1))})

    [rejected] = land.function(widen_row_limit=0).receive(land.put(f"raw/{dataset}/2.parquet", wide))
    [landed] = land.function(widen_row_limit=1).receive(land.put(f"raw/{dataset}/3.parquet", wide))

    assert (rejected.status, rejected.reason) == (Status.REJECTED, Reason.TABLE_TOO_LARGE_TO_WIDEN)
    assert rejected.verdict is not None
    assert rejected.verdict.remedy == f"landfall evolve {dataset} id 'DECIMAL(21,1)', then landfall replay the file"
    assert (rejected.verdict.found, rejected.verdict.expected) == ("DECIMAL(21,1)", "BIGINT")
    assert landed.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == 2


def test_a_column_that_was_widened_meanwhile_is_not_narrowed_again(land: Land, dataset: str) -> None:
    land.function().receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [Decimal("2.5")]})))
    types = columns_of(land, dataset)
    stale = Widening("id", sqltypes.SMALLINT, sqltypes.BIGINT)
    check = ddl.check_types(dataset, [Column(stale.column, stale.found)])

    with pytest.raises(CatalogChangedError):
        land.warehouse.transaction([statements.lock_dataset(dataset), *check, *ddl.widen_columns(dataset, [stale])])

    assert columns_of(land, dataset) == types
    assert land.rows(f"select id from landing.{dataset} where name is null") == [{"id": "2.5"}]


@pytest.mark.parametrize(
    ("column", "found", "expected", "by_hand"),
    [
        (pa.array(["2"]), "VARCHAR(65535)", "BIGINT", "VARCHAR(65535)"),
        (pa.array([date(2025, 1, 1)]), "DATE", "BIGINT", None),
        (pa.array([True]), "BOOLEAN", "BIGINT", None),
    ],
    ids=["text", "date", "boolean"],
)
def test_a_column_that_does_not_fit_is_rejected_with_from_and_to_and_what_an_operator_could_do(
    land: Land, dataset: str, column: pa.Array, found: str, expected: str, by_hand: str | None
) -> None:
    [outcome] = land.function().receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": column})))

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.INCOMPATIBLE_TYPE)
    verdict = outcome.verdict
    assert verdict is not None
    assert (verdict.column, verdict.found, verdict.expected) == ("id", found, expected)
    assert ("landfall evolve" in verdict.remedy) is bool(by_hand)
    assert not by_hand or f"landfall evolve {dataset} id '{by_hand}'" in verdict.remedy
    assert land.count(f"landing.{dataset}") == 1


def test_of_files_that_conflict_the_first_lands_and_the_other_is_rejected(land: Land) -> None:
    name = new_dataset()
    number, text = (land.put(f"raw/{name}/{n}.parquet", pa.table({"x": [v]})) for n, v in ((1, 1), (2, "one")))

    first, second = land.function().receive(number, text)

    assert (first.status, second.reason) == (Status.LANDED, Reason.INCOMPATIBLE_TYPE)
    assert columns_of(land, name) == {"x": "BIGINT"}


def test_a_file_that_turns_out_bad_leaves_no_column_behind(land: Land, dataset: str) -> None:
    bad = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2], "added": ["a\0b"]}))
    good = land.put(f"raw/{dataset}/3.parquet", pa.table({"id": [3]}))

    rejected, landed = land.function().receive(bad, good)

    assert (rejected.status, landed.status) == (Status.REJECTED, Status.LANDED)
    assert columns_of(land, dataset) == {"id": "BIGINT", "name": "VARCHAR(65535)"}


@pytest.mark.parametrize("name", ["added", "1023"])  # that is the number of a conflict
def test_a_warm_function_plans_again_when_another_has_added_the_column(land: Land, dataset: str, name: str) -> None:
    warm, other = land.function(), land.function()
    warm.receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2]})))
    other.receive(land.put(f"raw/{dataset}/3.parquet", pa.table({"id": [3], name: ["x"]})))

    [outcome] = warm.receive(land.put(f"raw/{dataset}/4.parquet", pa.table({"id": [4], name: ["y"]})))

    assert outcome.status is Status.LANDED
    assert land.rows(f'select "{name}" from landing.{dataset} where id = 4') == [{name: "y"}]


@pytest.mark.parametrize("files", [1, 2], ids=["as it is", "canonical"])
def test_a_warm_function_rounds_nothing_when_an_operator_has_chosen_another_type_since_it_planned(
    land: Land, dataset: str, files: int
) -> None:
    warm = land.function()
    warm.receive(land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2]})))
    evolution.carry_out(land.warehouse, evolution.plan_change(land.warehouse, dataset, "id", "double precision"))
    exact = pa.table({"id": [2**53 + 1]})

    outcomes = warm.receive(*(land.put(f"raw/{dataset}/{number}.parquet", exact) for number in range(3, 3 + files)))

    assert {outcome.status for outcome in outcomes} == {Status.REJECTED}
    assert land.rows(f"select id from landing.{dataset} order by id") == [{"id": 1.0}, {"id": 2.0}]
    assert len(land.rows(f"select 1 from ledger.{dataset}")) == 2


def test_an_operator_who_was_overtaken_is_told_so_and_nothing_is_changed_until_he_tries_again(
    land: Land, dataset: str
) -> None:
    overtaken = evolution.plan_change(land.warehouse, dataset, "id", "decimal(38,0)")
    evolution.carry_out(land.warehouse, evolution.plan_change(land.warehouse, dataset, "id", "double precision"))
    found = f"select found, became from ops.schema_changes where dataset = '{dataset}' and found is not null"

    with pytest.raises(CatalogChangedError, match=rf"landing\.{dataset}\.id was changed, .* while this looked at it"):
        evolution.carry_out(land.warehouse, overtaken)

    assert land.rows(found) == [{"found": "BIGINT", "became": "DOUBLE PRECISION"}]
    done = evolution.carry_out(land.warehouse, evolution.plan_change(land.warehouse, dataset, "id", "decimal(38,0)"))
    assert (str(done.column.type), done.rows) == ("DECIMAL(38,0)", 1)
    assert [float(row["id"]) for row in land.rows(f"select id from landing.{dataset}")] == [1.0]


def test_the_types_of_all_columns_that_a_load_inserts_into_are_checked_and_of_no_other(land: Land) -> None:
    name = new_dataset()
    types = ["smallint", "integer", "bigint", "real", "double precision", "decimal(38,37)", "decimal(5,0)", "boolean"]
    types += ["date", "time", "timestamp", "timestamptz", "varchar", "varchar(5)", "char(3)", "varbyte", "super"]
    land.warehouse.transaction(
        ledger.create_statements(name, [Column(f"it's c\\{n}", parse_type(type_)) for n, type_ in enumerate(types)])
    )
    columns = Catalog(land.warehouse).tables(name).columns
    assert columns is not None
    assert len(columns) == len(types)

    for some in (columns, columns[3:5]):
        land.warehouse.transaction(ddl.check_types(name, some))
    for number, column in enumerate(columns):
        other = next(each.type for each in columns if each.type != column.type)
        changed = [*columns[:number], Column(column.name, other), *columns[number + 1 :]]
        with pytest.raises(CatalogChangedError):
            land.warehouse.transaction(ddl.check_types(name, changed))
    with pytest.raises(CatalogChangedError):
        land.warehouse.transaction(ddl.check_types(name, [*columns, Column("gone", sqltypes.BIGINT)]))


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


def test_a_warm_function_counts_again_what_holds_a_value_before_it_rejects(land: Land, dataset: str) -> None:
    warm = land.function()
    wrong = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2], "amount": ["n/a"]}))
    warm.receive(wrong)
    undos.undo(land.warehouse, wrong.bucket, wrong.key)

    [outcome] = warm.receive(land.put(f"raw/{dataset}/3.parquet", pa.table({"id": [3], "amount": [1.5]})))

    assert outcome.status is Status.LANDED
    assert columns_of(land, dataset)["amount"] == "DOUBLE PRECISION"


def test_a_column_is_not_called_as_those_that_a_widening_makes_and_drops(land: Land, dataset: str) -> None:
    taken = pa.table({"id": [2], "_landfall_widening_0": ["x"]})

    refused, widened = (
        land.function().receive(land.put(f"raw/{dataset}/{name}.parquet", table))[0]
        for name, table in (("2", taken), ("3", pa.table({"id": pa.array([3], pa.decimal128(21, 1))})))
    )

    assert (refused.status, refused.reason) == (Status.REJECTED, Reason.RESERVED_COLUMN_NAME)
    assert widened.status is Status.LANDED


def test_of_files_that_bring_one_new_column_in_two_types_both_land(land: Land, dataset: str) -> None:
    files = [
        land.put(f"raw/{dataset}/{number}.parquet", pa.table({"id": [number], "n": column}))
        for number, column in ((2, pa.nulls(1)), (3, pa.array([7], pa.int32())), (4, pa.array([2**40], pa.int64())))
    ]

    outcomes = land.function().receive(*files)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert land.rows(f"select n from landing.{dataset} where n is not null order by n") == [{"n": 7}, {"n": 2**40}]


def test_as_many_new_columns_as_a_transaction_takes_land_and_more_are_rejected(land: Land, dataset: str) -> None:
    few = land.put(f"raw/{dataset}/2.parquet", pa.table({"id": [2]} | {f"n{i}": [i] for i in range(FREE_STATEMENTS)}))
    many = land.put(
        f"raw/{dataset}/3.parquet", pa.table({"id": [3]} | {f"m{i}": [i] for i in range(FREE_STATEMENTS + 1)})
    )

    landed, rejected = land.function().receive(few, many)

    assert landed.status is Status.LANDED
    assert (rejected.status, rejected.reason) == (Status.REJECTED, Reason.TOO_MANY_NEW_COLUMNS)
    assert rejected.verdict is not None
    assert f"{FREE_STATEMENTS + 1} new (m0 BIGINT, m1 BIGINT, " in (rejected.verdict.found or "")


@pytest.mark.parametrize("declared", [[], ID_AND_NAME], ids=["no column", "two columns"])
@pytest.mark.parametrize("first", [[], [pa.table({"id": pa.array([], pa.int64())})]], ids=["", "after one of no rows"])
def test_the_first_rows_of_a_declared_dataset_bring_any_number_of_columns(
    land: Land, declared: list[dict[str, str]], first: list[pa.Table]
) -> None:
    """A deployment makes the table, with the declared columns alone, before a file is there."""
    name, number = new_dataset(), 2 * MAX_STATEMENTS
    land.contracts[name] = parse_contract({"columns": declared, "copies": "skip"})
    bootstrap.prepare_dataset(land.warehouse, name, land.contracts[name])
    function = land.function()
    for table in first:
        function.receive(land.put(f"raw/{name}/0.parquet", table))
    wide = pa.table({"id": [1]} | {f"n{i}": [i] for i in range(number)})
    wider = pa.table({"id": [2]} | {f"m{i}": [i] for i in range(number)})

    # both together, since what is one load shall not depend on the table's having been made before it
    outcomes = function.receive(*(land.put(f"raw/{name}/{n}.parquet", each) for n, each in enumerate((wide, wider))))

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert len({outcome.load_id for outcome in outcomes}) == 1
    assert land.rows(f"select id, n0, m{number - 1} as m from landing.{name} order by id") == [
        {"id": 1, "n0": 0, "m": None},
        {"id": 2, "n0": None, "m": number - 1},
    ]
    assert len(recorded(land, name)) == (2 * number if declared else 0)

    [outcome] = function.receive(land.put(f"raw/{name}/3.parquet", MANY_MORE))
    assert outcome.reason is Reason.TOO_MANY_NEW_COLUMNS


def test_files_may_have_as_many_columns_as_a_table_holds(land: Land) -> None:
    name = new_dataset()
    wide = pa.table({f"a_rather_long_name_{number}": [number % 2 == 0] for number in range(1_594)})

    function = land.function()
    outcomes = [function.receive(land.put(f"raw/{name}/{n}.parquet", wide))[0] for n in (1, 2)]

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    last = "a_rather_long_name_1593"
    assert land.rows(f"select {last} as last from landing.{name}") == [{"last": False}] * 2


def test_new_and_wider_columns_are_announced_once_a_load_and_what_did_not_land_is_not(
    land: Land, dataset: str, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    table = pa.table({"id": [Decimal("2.5")], "added": [True]})

    outcomes: list[FileOutcome] = []
    for _ in range(2):  # the second time, nothing changes any more
        outcomes += land.function().receive(*(land.put(f"raw/{dataset}/{n}.parquet", table) for n in (2, 3)))

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    [alert] = [alert for alert in alerts() if alert["MessageAttributes"]["dataset"]["Value"] == dataset]
    assert {name: attribute["Value"] for name, attribute in alert["MessageAttributes"].items()} == {
        "severity": "low",
        "dataset": dataset,
        "stage": "land",
        "environment": "test",
    }
    assert json.loads(alert["Message"])["schema_changes"] == [
        {"column": "added", "found": None, "into": "BOOLEAN"},
        {"column": "id", "found": "BIGINT", "into": "DECIMAL(20,1)"},
    ]


class NoRows:
    """The Data API client, but no row is inserted into landing while it `fails`."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.fails = True

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**request: Any) -> Any:
            if self.fails and any(sql.startswith("insert into landing") for sql in request.get("Sqls", [])):
                raise ClientError({"Error": {"Code": "ValidationException", "Message": "injected"}}, name)
            return operation(**request)

        return call


def test_columns_that_a_table_has_got_for_a_load_that_failed_are_announced_once(
    land: Land, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    name, number = new_dataset(), 2 * MAX_STATEMENTS
    land.contracts[name] = parse_contract({"columns": ID_AND_NAME})
    bootstrap.prepare_dataset(land.warehouse, name, land.contracts[name])
    api = NoRows(land.client("redshift-data"))
    function = land.function(api)
    file = land.put(f"raw/{name}/0.parquet", pa.table({"id": [1]} | {f"n{i}": [i] for i in range(number)}))

    statuses = [function.receive(file)[0].status]
    api.fails = False
    statuses += [function.receive(file, receive_count=count)[0].status for count in (2, 3)]

    assert statuses == [Status.RETRIED, Status.LANDED, Status.DUPLICATE]
    [alert] = [alert for alert in alerts() if alert["MessageAttributes"]["dataset"]["Value"] == name]
    told = json.loads(alert["Message"])
    assert (told["files"], told["rows"], told["load_seq"]) == (0, 0, None)
    assert told["schema_changes"][0] == {"column": "n0", "found": None, "into": "BIGINT"}
    assert len(told["schema_changes"]) == MAX_CHANGES_NAMED


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


def rows_of(land: Land, dataset: str, condition: str) -> list[dict[str, Any]]:
    """Read the rows of landing, without the metadata."""
    columns = ", ".join(columns_of(land, dataset))
    return land.rows(f"select {columns} from landing.{dataset} where {condition}")


def columns_of(land: Land, dataset: str) -> dict[str, str]:
    """Read the columns of landing and their types, without the metadata."""
    return {column.name: str(column.type) for column in Catalog(land.warehouse).tables(dataset).columns or ()}


def recorded(land: Land, dataset: str) -> list[tuple[str, str | None, str, str | None]]:
    """Read what is on record of a dataset's columns."""
    rows = land.rows(f"select column_name, found, became, load_id from ops.schema_changes where dataset = '{dataset}'")
    return sorted((row["column_name"], row["found"], row["became"], row["load_id"]) for row in rows)


def test_what_a_load_does_to_columns_is_on_record_and_what_changes_none_leaves_none(land: Land, dataset: str) -> None:
    function = land.function()
    function.receive(land.put(f"raw/{dataset}/same.parquet", FIRST))
    function.receive(land.put(f"raw/{dataset}/retyped.parquet", pa.table({"id": ["2"], "more": [1]})))
    assert recorded(land, dataset) == []

    wide = pa.table({"id": pa.array([2], pa.decimal128(21, 1)), "it's": [Decimal("1.5")]})
    [outcome] = function.receive(land.put(f"raw/{dataset}/wide.parquet", wide))
    assert outcome.status is Status.LANDED
    expected = sorted((each.column, each.found, each.into, outcome.load_id) for each in outcome.schema_changes)
    assert [(name, found) for name, found, *_ in expected] == [("id", "BIGINT"), ("it's", None)]
    assert recorded(land, dataset) == expected

    function.receive(land.put(f"raw/{dataset}/again.parquet", wide))
    assert recorded(land, dataset) == expected
