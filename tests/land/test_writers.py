"""Files as other writers make them: what pandas, Polars, DuckDB, Spark, AWS DMS and Firehose leave in a bucket lands.

`files/` holds what the first three wrote themselves (`files/make_files.py`); the others need a cluster or an AWS
service, so that files of their very footprint are written here: physical types, annotations, names, compression.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.read.footer import inspect
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.probe import probe
from tests.land import footers
from tests.land.landed_values import expected, landed
from tests.land.warehouse import Function, Land, new_dataset, parquet

FILES = Path(__file__).with_name("files")
MOMENT = datetime(2025, 11, 13, 9, 5, 1, 234567, tzinfo=UTC)
# What is not said by pyarrow's own reading of the file.
TOLD: dict[str, dict[str, Any]] = {
    "duckdb": {
        "key": "c0ffee00-0000-4000-8000-000000000001",
        "midnight": "00:00:00",  # as a result tells 24:00
        "at_nanoseconds": "2025-11-13 09:05:01.234567",
        "at_zone": "2025-11-13 07:05:01.234567",
        "counts": '{"a":1,"b":null}',
        "item": '{"Name":"x","price":1.5}',
        "document": '{"a": 1}',
    },
    "pandas": {"row label": "x", "at_zone": "2025-11-13 08:05:01.234567", "took": 1_000, "nothing": None},
    "polars": {"clock": "12:34:56.000789", "took": 1, "pair": "[1,2]", "unsigned": "18446744073709551615"},
}
UUID = "c0ffee00-0000-4000-8000-000000000001"
# What lands of files whose values mean more than pyarrow reads, and its type.
MEANT: dict[str, dict[str, tuple[str, Any]]] = {
    "chdb": {
        "color": ("character varying", "red"),
        "key": ("character varying", UUID),
        "colors": ("super", ["red"]),
        "keys": ("super", [UUID]),
        "item": ("super", {"color": "red", "key": UUID}),
        "by_color": ("super", {"red": "blue"}),
        "by_key": ("super", {UUID: 1}),
        "large": ("binary varying", b"\x01" + bytes(15)),
    },
    "arro3": {
        "at_seconds": ("timestamp without time zone", "2025-11-13 09:05:01"),
        "at_zone": ("timestamp without time zone", "2025-11-13 09:05:01"),
        "clock": ("time without time zone", "09:05:01"),
        "day": ("date", "2025-11-13"),
        "key": ("character varying", UUID),
        "moments": ("super", ["2025-11-13T09:05:01", None]),
        "item": ("super", {"clock": "09:05:01.000000"}),
        "count": ("bigint", 1_763_024_701),
    },
}
# Files that one column closes to their reader: that column, and what the verdict says of it.
CLOSED: dict[str, tuple[str, str | None, str]] = {
    "polars_int128": ("large", "an integer of 128 bits", "decimal"),
    "deltalake_uuid": ("key", None, "plain bytes"),
    "fastparquet_fixed_text": ("code", "FIXED_LEN_BYTE_ARRAY STRING", "variable length"),
}


@pytest.fixture(scope="module")
def function(land: Land) -> Function:
    return land.function()


@pytest.mark.parametrize("writer", TOLD)
def test_what_a_library_writes_lands_with_the_values_that_it_wrote(land: Land, function: Function, writer: str) -> None:
    path = FILES / f"{writer}.parquet"
    dataset = new_dataset(writer)
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", path.read_bytes()))

    assert (outcome.status, outcome.rows, outcome.load_path) == (Status.LANDED, 2, LoadPath.CANONICAL)
    [first] = land.rows(f"select * from landing.{dataset} where id = 1")
    assert {name: first[name] for name in TOLD[writer]} == TOLD[writer]
    table = pq.read_table(path)
    values = landed(land, dataset, table.schema)
    for name in set(table.column_names) - {"key"}:  # a UUID, which pyarrow reads as bytes
        assert repr(values[name]) == repr(expected(table.column(name).combine_chunks())), name


@pytest.mark.parametrize("writer", MEANT)
def test_values_land_as_what_the_writer_means_by_them(land: Land, function: Function, writer: str) -> None:
    dataset = new_dataset(writer)
    file = land.put(f"raw/{dataset}/a.parquet", (FILES / f"{writer}.parquet").read_bytes())
    [outcome] = function.receive(file)

    assert (outcome.status, outcome.load_path) == (Status.LANDED, LoadPath.CANONICAL)
    [row] = land.rows(f"select * from landing.{dataset} where id = 1")
    columns = land.rows(f"select column_name, data_type from svv_columns where table_name = '{dataset}'")
    types = {column["column_name"]: column["data_type"] for column in columns}
    found = {
        name: (types[name], json.loads(row[name]) if types[name] == "super" else row[name]) for name in MEANT[writer]
    }
    assert found == MEANT[writer]
    assert probe(land.client("s3"), [file]) == {file.file_id: None}


@pytest.mark.parametrize("writer", CLOSED)
def test_a_column_that_closes_the_whole_file_is_named(land: Land, function: Function, writer: str) -> None:
    dataset = new_dataset(writer)
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", (FILES / f"{writer}.parquet").read_bytes()))

    assert outcome.verdict is not None
    column, found, remedy = CLOSED[writer]
    assert (outcome.verdict.reason, outcome.verdict.column) == (Reason.UNSUPPORTED_TYPE, column)
    assert outcome.verdict.found == found
    assert remedy in outcome.verdict.remedy
    assert land.count(f"landing.{dataset}") == 0


@pytest.mark.parametrize("parent", [None, "item"])
def test_a_group_without_fields_is_named(land: Land, function: Function, parent: str | None) -> None:
    content = parquet(pa.table({"id": [1], "item": [{"a": 1}]}), store_schema=False)
    dataset = new_dataset("empty_group")
    [outcome] = function.receive(
        land.put(f"raw/{dataset}/a.parquet", footers.with_empty_group(content, "empty", parent))
    )

    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.column) == (Reason.UNSUPPORTED_TYPE, parent or "empty")
    assert land.count(f"landing.{dataset}") == 0


def test_an_arrow_schema_that_contradicts_the_data_changes_no_value(land: Land, function: Function) -> None:
    """A hostile one says of annotated numbers, of text and of doubles that they are moments."""
    table = pa.table(
        {
            "id": pa.array([1], pa.uint32()),
            "amount": [Decimal("1.50")],
            "note": ["a"],
            "ratio": [1.5],
            "counts": [[7]],
        }
    )
    lie = pa.schema([(name, pa.timestamp("s")) for name in table.column_names])
    words = {"ARROW:schema": base64.b64encode(lie.serialize().to_pybytes()).decode()}
    dataset = new_dataset("lie")
    [outcome] = function.receive(
        land.put(f"raw/{dataset}/a.parquet", footers.with_words(parquet(table, store_schema=False), words))
    )

    assert outcome.status is Status.LANDED
    [row] = land.rows(f"select id, amount, note, ratio, counts from landing.{dataset}")
    assert row == {"id": 1, "amount": "1.50", "note": "a", "ratio": 1.5, "counts": "[7]"}


def test_an_arrow_schema_that_cannot_be_read_is_a_verdict(land: Land, function: Function) -> None:
    content = footers.with_words(parquet(pa.table({"id": [1]}), store_schema=False), {"ARROW:schema": "no base64"})
    dataset = new_dataset("noise")
    [outcome] = function.receive(land.put(f"raw/{dataset}/a.parquet", content))

    assert outcome.verdict is not None
    assert outcome.verdict.reason is Reason.UNSUPPORTED_TYPE
    assert "arrow schema" in outcome.verdict.detail


def receive(land: Land, function: Function, key: str, table: pa.Table, **options: Any) -> FileOutcome:
    """Let a file land, written as `options` say."""
    [outcome] = function.receive(land.put(key, table, **options))
    return outcome


def test_spark_leaves_int96_timestamps_and_decimals_as_bytes(land: Land, function: Function) -> None:
    """Spark 3 by default (spark.sql.parquet.outputTimestampType=INT96); its dates reach from year 1 to 9999."""
    dataset = new_dataset("spark")
    moments = [MOMENT.replace(tzinfo=None), datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999_999)]
    table = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int32()),
            "updatedAt": pa.array(moments, pa.timestamp("us")),
            "amount": pa.array([Decimal("1.50"), Decimal("-0.01"), None], pa.decimal128(10, 2)),
            "tags": pa.array([["a"], [], None], pa.list_(pa.string())),
        }
    ).replace_schema_metadata({"org.apache.spark.version": "3.5.1"})
    options: dict[str, Any] = {"flavor": "spark", "use_deprecated_int96_timestamps": True, "store_schema": False}
    file = land.put(f"raw/{dataset}/part-00000-c000.snappy.parquet", table.drop_columns("tags"), **options)
    nested = land.put(f"raw/{dataset}/part-00001-c000.snappy.parquet", table, **options)
    assert "INT96" in inspect(land.client("s3"), file).footer.columns[1].found

    paths = [function.receive(one)[0].load_path for one in (file, nested)]

    assert paths == [LoadPath.AS_IS, LoadPath.CANONICAL]
    rows = land.rows(
        f"select id, updatedat, amount, count(*) as files from landing.{dataset} group by 1, 2, 3 order by 1"
    )
    assert [(str(row["updatedat"]), row["amount"], row["files"]) for row in rows] == [
        ("2025-11-13 09:05:01.234567", "1.50", 2),
        ("0001-01-01 00:00:00", "-0.01", 2),
        ("9999-12-31 23:59:59.999999", None, 2),
    ]


def test_dms_begins_without_an_operation_and_goes_on_with_one(land: Land, function: Function) -> None:
    """A full load has no `Op`; changes have I, U and D in the first column, and deletes the last known values.

    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html
    """
    dataset = new_dataset("dms")
    options: dict[str, Any] = {"compression": "gzip", "store_schema": False, "data_page_version": "1.0"}
    columns = {"ORDER_ID": ["a", "b"], "UPDATED_AT": pa.array([MOMENT, MOMENT], pa.timestamp("us", "UTC"))}
    full = receive(land, function, f"raw/{dataset}/LOAD00000001.parquet", pa.table(columns), **options)
    changes = pa.table({"Op": ["U", "D"], **columns})
    changed = receive(land, function, f"raw/{dataset}/20251113-090501234.parquet", changes, **options)

    assert [full.status, changed.status] == [Status.LANDED] * 2
    rows = land.rows(f"select op, order_id from landing.{dataset} order by _load_seq, order_id")
    assert [(row["op"], row["order_id"]) for row in rows] == [(None, "a"), (None, "b"), ("U", "a"), ("D", "b")]


def test_firehose_leaves_what_hive_writes(land: Land, function: Function) -> None:
    """Record format conversion: lower-case names, INT96 timestamps, snappy, keys by hour that end with `.parquet`.

    https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
    """
    dataset = new_dataset("firehose")
    table = pa.table({"event": ["a", None], "at": pa.array([MOMENT, None], pa.timestamp("us"))})
    key = f"raw/{dataset}/2025/11/13/09/stream-1-2025-11-13-09-05-01-{dataset}.parquet"

    outcome = receive(land, function, key, table, use_deprecated_int96_timestamps=True, store_schema=False)

    assert (outcome.status, outcome.rows, outcome.dataset) == (Status.LANDED, 2, dataset)
    assert str(land.rows(f"select max(at) as at from landing.{dataset}")[0]["at"]) == "2025-11-13 09:05:01.234567"
