"""Files as other writers make them: what pandas, Polars, DuckDB, Spark, AWS DMS and Firehose leave in a bucket lands.

`files/` holds what the first three wrote themselves (`files/make_files.py`); the others need a cluster or an AWS
service, so that files of their very footprint are written here: physical types, annotations, names, compression.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

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
from tests.land.landed_values import expected, landed
from tests.land.warehouse import Function, Land, new_dataset

FILES = Path(__file__).with_name("files")
MOMENT = datetime(2025, 11, 13, 9, 5, 1, 234567, tzinfo=UTC)
# What is not said by pyarrow's own reading of the file.
TOLD: dict[str, dict[str, Any]] = {
    "duckdb": {
        "key": "c0ffee00-0000-4000-8000-000000000001",
        "midnight": "24:00:00",
        "at_nanoseconds": "2025-11-13 09:05:01.234567",
        "at_zone": "2025-11-13 07:05:01.234567",
        "counts": '{"a": 1, "b": null}',
        "item": '{"Name": "x", "price": 1.5}',
        "document": '{"a": 1}',
    },
    "pandas": {"row label": "x", "at_zone": "2025-11-13 08:05:01.234567", "took": 1_000, "nothing": None},
    "polars": {"clock": "12:34:56.000789", "took": 1, "pair": "[1, 2]", "unsigned": "18446744073709551615"},
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
