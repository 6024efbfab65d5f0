"""Columns that stand in the path alone (`region=EU/`): what lands, on both load paths, and which datasets have them."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.arrive.partitions import NULL
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from scripts.contracts import from_document
from tests.land.remedies import evolve
from tests.land.test_batches import RecordingDataApi, counted_requests
from tests.land.warehouse import Function, Land, new_dataset

FILE = pa.table({"id": [1, 2]})


@pytest.fixture(params=["as_is", "canonical"])
def receive(land: Land, request: pytest.FixtureRequest) -> Callable[..., FileOutcome]:
    """Put a file into a folder of a dataset and let a function load it, alone or with another of the same folder."""

    def receive(dataset: str, folder: str, table: pa.Table, function: Function | None = None) -> FileOutcome:
        number = 1 if request.param == "as_is" else 2
        files = [land.put(f"raw/{dataset}/{folder}/{n}.parquet", table) for n in range(number)]
        outcomes = (function or land.function()).receive(*files)
        assert len({(outcome.status, outcome.reason) for outcome in outcomes}) == 1, outcomes
        if outcomes[0].status is Status.LANDED and table.num_rows:  # of a file without rows nothing is copied
            assert {outcome.load_path for outcome in outcomes} == {request.param}
        return outcomes[0]

    return receive


Receive = Callable[..., FileOutcome]


def test_a_column_that_stands_in_the_path_alone_lands_in_every_row(land: Land, receive: Receive) -> None:
    dataset = new_dataset()

    for folder in ("region=S%C3%A3o+1%2F2/dt=2026-01-01", f"region=/dt={NULL}", "2026/11/28"):
        assert receive(dataset, folder, FILE).status is Status.LANDED

    rows = {(row["region"], row["dt"]) for row in land.rows(f"select region, dt from landing.{dataset}")}
    assert rows == {("São+1/2", "2026-01-01"), ("", None), (None, None)}
    recorded = {row["path_columns"] for row in land.rows(f"select path_columns from ledger.{dataset}")}
    assert recorded == {'["region", "dt"]', None}
    assert len(land.rows(f"select distinct schema_fingerprint from ledger.{dataset}")) == 2


TYPED: dict[str, tuple[str, str, Any]] = {
    "small": ("smallint", "07", 7),
    "whole": ("integer", "-007", -7),
    "big": ("bigint", str(2**63 - 1), 2**63 - 1),
    "price": ("decimal(18,2)", "1.5", "1.50"),
    "ratio": ("real", "0.1", "0.1"),
    "double": ("double precision", "1.0E10", 1e10),
    "day": ("date", "2026-01-01", "2026-01-01"),
    "at": ("timestamp", "2026-01-01 09%3A05%3A01.5", "2026-01-01 09:05:01.5"),
    "clock": ("time", "09%3A05%3A01.5", "09:05:01.5"),
    "is_on": ("boolean", "true", True),
    "raw": ("varbyte", "00ff", "00ff"),
    "doc": ("super", "%5B1,\"a\"%5D", '[1,"a"]'),
    "note": ("varchar(3)", "longer", "longer"),
}  # fmt: skip


def test_a_value_of_the_path_has_the_type_that_the_contract_declares(land: Land, receive: Receive) -> None:
    dataset = new_dataset()
    declared_columns = [{"name": name, "data_type": type_} for name, (type_, _, _) in TYPED.items()]
    land.contracts[dataset] = parse_contract({"columns": declared_columns})

    receive(dataset, "/".join(f"{name}={text}" for name, (_, text, _) in TYPED.items()), FILE)
    receive(dataset, "/".join(f"{name}={NULL}" for name in TYPED), FILE)

    selected = "small, whole, big, price, ratio::varchar as ratio, double, day::varchar as day, at::varchar as at, "
    selected += 'clock::varchar as clock, is_on, to_hex("raw") as "raw", '
    selected += "case when doc is not null then json_serialize(doc) end as doc, note"
    rows = land.rows(f"select distinct {selected} from landing.{dataset} where whole is not null")
    assert rows == [{name: value for name, (_, _, value) in TYPED.items()}]
    assert land.rows(f"select distinct {selected} from landing.{dataset} where whole is null") == [dict.fromkeys(TYPED)]


# A column of the file -> a folder that agrees with it, and the value of a last row that does not.
AGREEING: dict[str, tuple[pa.Array, str, Any]] = {
    "number": (pa.array([7, 7], pa.int32()), "x=07", 8),
    "date": (pa.array([date(2026, 1, 1)] * 2), "x=2026-01-01", date(2026, 1, 2)),
    "timestamp": (pa.array([datetime(2026, 1, 1)] * 2, pa.timestamp("us")), "x=2026-01-01", datetime(2026, 1, 2)),
    "decimal": (pa.array([Decimal("1.50")] * 2, pa.decimal128(5, 2)), "x=1.5", Decimal("1.51")),
    "float": (pa.array([0.1] * 2, pa.float32()), "x=0.1", 0.2),
    "boolean": (pa.array([True] * 2), "x=true", False),
    "text": (pa.array(["a/b"] * 2), "x=a%2Fb", "a/b "),
    "null": (pa.array([None, None], pa.int64()), f"x={NULL}", 1),
    "a value against null": (pa.array([1, 1], pa.int64()), "x=1", None),
    "bytes": (pa.array([b"\x00\xff"] * 2), "x=00ff", b"\x00\xfe"),
}


@pytest.mark.parametrize("case", AGREEING)
def test_a_column_that_the_file_has_too_must_agree_with_the_path_in_every_row(
    land: Land, receive: Receive, worded: list[str], case: str
) -> None:
    dataset = new_dataset()
    column, folder, other = AGREEING[case]
    good = pa.table({"id": [1, 2], "x": column})
    bad = pa.table({"id": [1, 2, 3], "x": pa.concat_arrays([column, pa.array([other], column.type)])})

    assert receive(dataset, folder, good).status is Status.LANDED
    landed = land.count(f"landing.{dataset}")
    rejected = receive(dataset, folder, bad)

    assert (rejected.status, rejected.reason) == (Status.REJECTED, Reason.PARTITION_MISMATCH)
    verdict = rejected.verdict
    assert verdict is not None
    assert (verdict.column, verdict.row) == ("x", 3)
    assert folder in verdict.detail
    assert None not in (verdict.found, verdict.expected)
    assert verdict.found != verdict.expected
    assert land.count(f"landing.{dataset}") == landed
    # what the verdict says helps: the path alone says it, or the file alone does
    assert "rewrite.path_values.check" in worded
    assert "or without the column" in verdict.remedy
    assert "partitions: false" in verdict.remedy
    assert receive(dataset, folder, bad.drop_columns(["x"])).status is Status.LANDED
    land.contracts[dataset] = Contract(partitions=False)
    assert receive(dataset, folder, bad).status is Status.LANDED
    assert land.rows(f"select 1 from landing.{dataset} where id = 3 and _load_seq = 3") != []


REFUSED: dict[str, tuple[str, Reason, str | None]] = {
    "of the landing table": ("_Load_Seq=1", Reason.RESERVED_COLUMN_NAME, "_load_seq"),
    "of the pipeline": ("_landfall_x=1", Reason.RESERVED_COLUMN_NAME, "_landfall_x"),
    "of Redshift": ("xmin=1", Reason.RESERVED_COLUMN_NAME, "xmin"),
    "of no column": ("a%0Ab=1", Reason.INVALID_COLUMN_NAME, "a\\nb"),
    "too long": (f"{'n' * 128}=1", Reason.INVALID_COLUMN_NAME, "n" * 128),
    "twice": ("a=1/A=2", Reason.PARTITION_MISMATCH, "a"),
    "no UTF-8": ("a=%E4", Reason.INVALID_TEXT, None),
    "a NUL": ("a=%00", Reason.INVALID_TEXT, "a"),
    "no number": ("n=seven", Reason.INVALID_VALUE, "n"),
    "an empty number": ("n=", Reason.INVALID_VALUE, "n"),
    "a number too large": ("n=2147483648", Reason.INVALID_VALUE, "n"),
    "no such type": ("z=2026-01-01", Reason.INCOMPATIBLE_TYPE, "z"),
}


# Whose remedy it is, where it is not that of a name or a type.
WORDED = {
    "twice": "arrive.partitions.path_columns",
    "no UTF-8": "arrive.partitions._decoded",
    **dict.fromkeys(("a NUL", "no number", "an empty number", "a number too large"), "rewrite.path_values._value"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_folder_that_gives_no_column_or_value_is_refused_with_a_remedy_that_is_true(
    land: Land, receive: Receive, worded: list[str], case: str
) -> None:
    dataset = new_dataset()
    columns = [{"name": "n", "data_type": "integer"}, {"name": "z", "data_type": "timestamptz"}]
    contract = land.contracts[dataset] = parse_contract({"columns": columns})
    folder, reason, column = REFUSED[case]

    outcome = receive(dataset, folder, FILE)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, reason)
    verdict = outcome.verdict
    assert verdict is not None
    assert (verdict.column, verdict.row) == (column, None)
    assert "folder" in verdict.detail
    assert land.count(f"landing.{dataset}") == land.count(f"ledger.{dataset}") == 0
    assert WORDED.get(case, "judge.partitions.of_the_path") in worded
    assert "partitions: false" in verdict.remedy
    land.contracts[dataset] = replace(contract, partitions=False)
    [replayed] = land.function().receive(replace(outcome.file, event_time=datetime.now(UTC)))
    assert replayed.status is Status.LANDED
    assert land.count(f"landing.{dataset}") == 2


def old_dataset(land: Land, columns: str = "id bigint") -> str:
    """Make the tables of a dataset as they were made before folders could be columns."""
    name = new_dataset()
    metadata = (
        "_file_id varchar(64), _source_file varchar(1100), _file_modified_at timestamp, _load_id varchar(64), "
        "_load_seq bigint, _loaded_at timestamp"
    )
    ledger = (
        "file_id varchar(64), bucket varchar(63), key varchar(4096), version_id varchar(1024), etag varchar(128), "
        "size_bytes bigint, sequencer varchar(64), event_time timestamp, row_count bigint, "
        "schema_fingerprint varchar(64), load_path varchar(16), load_id varchar(64), load_seq bigint, "
        "loaded_at timestamp, undone_at timestamp"
    )
    land.warehouse.transaction(
        [
            f"create table landing.{name} ({columns}, {metadata}) diststyle even sortkey (_load_seq) encode auto",
            f"create table ledger.{name} ({ledger})",
            f"create table lock.{name} (load_seq bigint not null)",
            f"insert into lock.{name} select 0",
        ]
    )
    return name


def columns_of(land: Land, table: str) -> set[str]:
    schema, name = table.split(".")
    sql = f"select column_name from svv_columns where table_schema = '{schema}' and table_name = '{name}'"
    return {row["column_name"] for row in land.rows(sql)}


@pytest.mark.parametrize("policy", ["evolve", "freeze"])
def test_a_dataset_from_before_lands_its_files_as_it_did(land: Land, receive: Receive, policy: str) -> None:
    dataset = old_dataset(land)
    land.contracts[dataset] = parse_contract({"schema_change": policy})
    before = columns_of(land, f"landing.{dataset}"), columns_of(land, f"ledger.{dataset}")
    function = land.function()

    for folder in ("region=EU", "id=2", "_file_id=1", "a=1/a=2"):  # neither a column nor a reason
        assert receive(dataset, folder, FILE, function).status is Status.LANDED

    assert (columns_of(land, f"landing.{dataset}"), columns_of(land, f"ledger.{dataset}")) == before
    assert "path_columns" not in before[1]
    assert {row["id"] for row in land.rows(f"select id from landing.{dataset}")} == {1, 2}
    assert len(land.rows(f"select distinct schema_fingerprint from ledger.{dataset}")) == 1


def test_a_dataset_from_before_opts_in_and_out_again(land: Land, receive: Receive) -> None:
    dataset = old_dataset(land)
    receive(dataset, "region=EU", FILE)
    land.contracts[dataset] = Contract(partitions=True)
    receive(dataset, "region=US", FILE)
    land.contracts[dataset] = Contract()
    receive(dataset, "region=AS", FILE)

    rows = land.rows(f"select distinct _load_seq, region from landing.{dataset} order by _load_seq")
    assert [row["region"] for row in rows] == [None, "US", None]


def test_a_new_dataset_opts_out(land: Land, receive: Receive) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract(partitions=False)

    receive(dataset, "region=EU/id=7", FILE)

    assert "region" not in columns_of(land, f"landing.{dataset}")
    assert {row["id"] for row in land.rows(f"select id from landing.{dataset}")} == {1, 2}


def test_a_ledger_that_outlived_its_landing_table_stays_as_it_is(land: Land, receive: Receive) -> None:
    dataset = old_dataset(land)
    land.warehouse.transaction([f"drop table landing.{dataset}"])

    assert receive(dataset, "region=EU", FILE).status is Status.LANDED

    assert "region" not in columns_of(land, f"landing.{dataset}")
    assert "path_columns" not in columns_of(land, f"ledger.{dataset}")


def test_a_frozen_dataset_takes_the_columns_of_folders_that_it_declares_and_no_other(
    land: Land, receive: Receive
) -> None:
    dataset = new_dataset()
    types = {"id": "bigint", "dt": "date", "regions": "varchar"}  # the last resembles what the path has
    columns = [{"name": name, "data_type": type_} for name, type_ in types.items()]
    land.contracts[dataset] = parse_contract({"schema_change": "freeze", "columns": columns})

    assert receive(dataset, "dt=2026-01-01", FILE).status is Status.LANDED
    outcome = receive(dataset, "region=EU/dt=2026-01-01", FILE)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.SCHEMA_FROZEN)
    assert outcome.verdict is not None
    assert (outcome.verdict.column, outcome.verdict.found) == ("region", "region=EU")
    evolve(land, dataset, outcome.verdict)
    [replayed] = land.function().receive(replace(outcome.file, event_time=datetime.now(UTC)))
    assert replayed.status is Status.LANDED
    found = land.rows(f"select distinct region, dt::varchar as dt from landing.{dataset} order by region")
    assert found == [{"region": "EU", "dt": "2026-01-01"}, {"region": None, "dt": "2026-01-01"}]


def test_a_path_takes_the_type_that_landing_has_and_widens_a_text_that_is_too_short(
    land: Land, receive: Receive
) -> None:
    dataset = new_dataset()
    receive(dataset, "2025", pa.table({"id": [1], "year": pa.array([2025], pa.int16())}))
    land.warehouse.execute(f"alter table landing.{dataset} add column note varchar(2)")

    outcome = receive(dataset, "year=2026/note=long", FILE)

    assert outcome.status is Status.LANDED
    assert land.rows(f"select distinct year, note from landing.{dataset} where id = 2") == [
        {"year": 2026, "note": "long"}
    ]


def test_of_files_of_one_load_some_have_a_column_and_others_the_folder_of_it(land: Land) -> None:
    dataset = new_dataset()
    alone = [land.put(f"raw/{dataset}/n=00{n}/1.parquet", pa.table({"id": [n]})) for n in (1, 2)]
    typed = land.put(f"raw/{dataset}/3.parquet", pa.table({"id": [3], "n": [3]}))
    neither = land.put(f"raw/{dataset}/4.parquet", pa.table({"id": [4]}))
    bad = land.put(f"raw/{dataset}/n=five/5.parquet", pa.table({"id": [5]}))

    outcomes = land.function().receive(*alone, bad, typed, neither)

    assert [outcome.reason for outcome in outcomes] == [None, None, Reason.INVALID_VALUE, None, None]
    rows = land.rows(f"select id, n from landing.{dataset} order by id")
    assert [(row["id"], row["n"]) for row in rows] == [(1, 1), (2, 2), (3, 3), (4, None)]


def test_the_folders_of_a_text_file_are_columns_too(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = parse_contract(
        {"formats": ["csv"], "columns": [{"name": "n", "data_type": "integer"}, {"name": "day", "data_type": "date"}]}
    )
    good = land.put(f"raw/{dataset}/day=2026-01-01/1.csv", b"n,day\n1,2026-01-01\n2,2026-01-01\n")
    alone = land.put(f"raw/{dataset}/day=2026-01-02/1.csv", b"n\n3\n")
    bad = land.put(f"raw/{dataset}/day=2026-01-03/1.csv", b"n,day\n4,2026-01-03\n5,\n")

    outcomes = land.function().receive(good, alone, bad)

    assert [outcome.reason for outcome in outcomes] == [None, None, Reason.PARTITION_MISMATCH]
    verdict = outcomes[2].verdict
    assert verdict is not None
    assert (verdict.row, verdict.found, verdict.expected) == (2, "NULL", "2026-01-03")
    rows = land.rows(f"select n, day::varchar as day from landing.{dataset} order by n")
    assert [(row["n"], row["day"]) for row in rows] == [(1, "2026-01-01"), (2, "2026-01-01"), (3, "2026-01-02")]


def test_what_the_folders_say_is_in_no_statement_and_costs_none_and_no_request(land: Land) -> None:
    api, s3 = RecordingDataApi(land.client("redshift-data")), land.client("s3")
    function = land.function(api)
    table = pa.table({"id": [1], "region": ["same"]})
    for number in (1, 3):
        sent: dict[str, list[str]] = {}
        requests: dict[str, Any] = {}
        for folder in ("2026", "region=same/it=%27;drop", "region=same/it=other"):
            dataset = new_dataset()
            files = [land.put(f"raw/{dataset}/{folder}/{n}.parquet", table) for n in range(number)]
            with counted_requests(s3) as counts:
                outcomes = function.receive(*files)
            assert {outcome.status for outcome in outcomes} == {Status.LANDED}
            sent[folder], requests[folder] = api.take(), counts
        plain, one, other = sent.values()
        assert one == other
        assert len(plain) == len(one)
        assert requests["2026"] == requests["region=same/it=other"]


def test_the_columns_of_folders_are_announced_as_those_of_files(
    land: Land, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    function = land.function()
    function.receive(land.put(f"raw/{dataset}/1.parquet", FILE))

    function.receive(land.put(f"raw/{dataset}/region=EU/2.parquet", FILE))

    [alert] = [alert for alert in alerts() if alert["MessageAttributes"]["dataset"]["Value"] == dataset]
    assert json.loads(alert["Message"])["schema_changes"] == [
        {"column": "region", "found": None, "into": "VARCHAR(65535)"}
    ]


def test_a_file_of_no_rows_brings_no_column_of_its_path(land: Land, receive: Receive) -> None:
    dataset = new_dataset()

    assert receive(dataset, "region=EU/oid=1", FILE.slice(0, 0)).status is Status.LANDED

    assert "region" not in columns_of(land, f"landing.{dataset}")


def test_a_sensitive_dataset_withholds_what_the_row_says(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract(sensitive=True)
    file = land.put(f"raw/{dataset}/ward=7/1.parquet", pa.table({"ward": ["8"]}))

    [outcome] = land.function().receive(file)

    assert outcome.verdict is not None
    assert (outcome.reason, outcome.verdict.found) == (Reason.PARTITION_MISMATCH, "(withheld)")


def test_the_source_yaml_says_whether_folders_are_columns() -> None:
    def declare(**meta: Any) -> Contract:
        table = {"name": "sales", "config": {"meta": meta}}
        declared = from_document({"sources": [{"name": "landing", "tables": [table]}]})
        return parse_contract(dict(declared["sales"]))

    assert declare().partitions is None
    assert declare(partitions=True).partitions is True
    assert declare(partitions=False).partitions is False
    with pytest.raises(ValueError, match="sales: partitions is 'no'"):
        declare(partitions="no")
