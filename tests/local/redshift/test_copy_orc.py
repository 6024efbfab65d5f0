"""COPY of ORC: by place, of the very same types, all or nothing, as of parquet."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.orc as po  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.local.redshift.support import Client, Lake

MOMENT = dt.datetime(2025, 1, 2, 3, 4, 5, 678901)


def to_orc(table: pa.Table, **options: Any) -> bytes:
    """Return a table as an ORC file."""
    buffer = io.BytesIO()
    po.write_table(table, buffer, **options)
    return buffer.getvalue()


def one(values: list[Any], kind: pa.DataType) -> bytes:
    """Return an ORC file of one column."""
    return to_orc(pa.table({"a": pa.array(values, kind)}))


def copy(lake: Lake, table: str, body: bytes, options: str = "") -> str:
    """Put a file and return its COPY."""
    return f"copy {table} from '{lake.put(body)}' iam_role '{lake.role}' format as orc {options}"


FITS: list[tuple[str, list[Any], pa.DataType]] = [
    ("boolean", [True, None], pa.bool_()),
    ("smallint", [-7, None], pa.int8()),
    ("smallint", [-32768], pa.int16()),
    ("integer", [2**31 - 1], pa.int32()),
    ("bigint", [2**63 - 1], pa.int64()),
    ("real", [1.5], pa.float32()),
    ("double precision", [1e300, None], pa.float64()),
    ("decimal(18,2)", [Decimal("-1.50"), None], pa.decimal128(18, 2)),
    ("date", [dt.date(1999, 12, 31)], pa.date32()),
    ("timestamp", [MOMENT, None], pa.timestamp("us")),
    ("varchar(20)", ["", None, ' a,"b"\n\\N', "é"], pa.string()),
]


@pytest.mark.parametrize(("column", "values", "kind"), FITS, ids=[f"{kind} to {column}" for column, _, kind in FITS])
def test_values_arrive_as_they_are(
    client: Client, lake: Lake, column: str, values: list[Any], kind: pa.DataType
) -> None:
    client.run(f"create table t (a {column})", copy(lake, "t", one(values, kind)))
    assert [row[0] for row in client.run("select a from t")] == values


def test_bytes_arrive_as_they_are(client: Client, lake: Lake) -> None:
    client.run("create table t (a varbyte(9))", copy(lake, "t", one([b"\x00\xff", b"", None], pa.binary())))
    assert client.run("select from_varbyte(a, 'hex') from t") == [("00ff",), ("",), (None,)]


MISFITS = [
    ("bigint", pa.int32()),
    ("integer", pa.int64()),
    ("integer", pa.int16()),
    ("double precision", pa.float32()),
    ("decimal(18,2)", pa.decimal128(18, 3)),
    ("varchar(20)", pa.int64()),
    ("integer", pa.string()),
    ("timestamp", pa.date32()),
    ("timestamptz", pa.timestamp("us", "UTC")),
    ("timestamp", pa.timestamp("us", "UTC")),
    ("super", pa.list_(pa.int64())),
]


@pytest.mark.parametrize(("column", "kind"), MISFITS, ids=[f"{kind} to {column}" for column, kind in MISFITS])
def test_a_type_that_does_not_fit_fails_the_copy(client: Client, lake: Lake, column: str, kind: pa.DataType) -> None:
    error = client.error(f"create table t (a {column})", copy(lake, "t", one([None], kind)))
    assert error["M"] == "Spectrum Scan Error"
    assert "incompatible ORC schema for column 'a'" in error["D"]
    assert client.value("select count(*) from t") == 0


def test_columns_map_by_place_and_their_number_must_match(client: Client, lake: Lake) -> None:
    both = to_orc(pa.table({"b": ["first"], "a": ["second"]}))
    client.run("create table t (a varchar(9), b varchar(9))", copy(lake, "t", both))
    assert client.run("select a, b from t") == [("first", "second")]
    alone = one(["x"], pa.string())
    assert "Unmatched number of columns" in client.error("truncate t", copy(lake, "t", alone))["D"]
    client.run(copy(lake, "t", alone, "fillrecord"))
    assert client.run("select a, b from t") == [("x", None)]


def test_nested_values_become_super_when_asked(client: Client, lake: Lake) -> None:
    body = one([[1, 2], None], pa.list_(pa.int64()))
    client.run("create table t (a super)", copy(lake, "t", body, "serializetojson"))
    assert client.run("select json_serialize(a) from t where a is not null") == [("[1,2]",)]


def test_a_text_that_is_too_long_leaves_nothing_of_any_stripe(client: Client, lake: Lake) -> None:
    many = pa.table({"a": ["x" * 4] * 50_000 + ["too long"]})
    error = client.error("create table t (a varchar(4))", copy(lake, "t", to_orc(many, stripe_size=4096)))
    assert "Table: 4, Data: 8" in error["D"]
    assert client.value("select count(*) from t") == 0
    client.run(copy(lake, "t", to_orc(many.slice(0, 50_000), stripe_size=4096)))
    assert client.value("select count(*) from t") == 50_000


def test_a_file_of_another_format_fails(client: Client, lake: Lake) -> None:
    error = client.error("create table t (a int)", copy(lake, "t", b"ORC not really ORC"))
    assert (error["M"], "is not a readable ORC file" in error["D"]) == ("Spectrum Scan Error", True)
    assert "is not a readable Parquet file" in client.error(lake.copy("t", lake.put(one([1], pa.int32()))))["D"]


def test_empty_objects_hold_no_rows(client: Client, lake: Lake) -> None:
    prefix = f"s3://{lake.bucket}/orc-beside-empty/"
    lake.put(b"", "orc-beside-empty/first")
    lake.put(one([1], pa.int64()), "orc-beside-empty/second")
    client.run("create table t (a bigint)", f"copy t from '{prefix}' iam_role '{lake.role}' format orc")
    assert client.run("select a from t") == [(1,)]


def test_manifests_and_their_lengths_count_as_for_parquet(client: Client, lake: Lake) -> None:
    entry = lake.entry(lake.put(one([1], pa.int64())))
    options = f"iam_role '{lake.role}' orc manifest"
    client.run("create table t (a bigint)", f"copy t from '{lake.manifest(entry)}' {options}")
    without = {"url": entry["url"], "mandatory": True}
    assert "15003" in client.error(f"copy t from '{lake.manifest(without)}' {options}")["D"]
    assert client.value("select count(*) from t") == 1


@pytest.mark.parametrize("option", ["maxerror 1", "region 'us-east-1'", "compupdate off", "gzip", "delimiter ','"])
def test_parameters_that_do_not_work_with_orc_are_refused(client: Client, lake: Lake, option: str) -> None:
    error = client.error("create table t (a bigint)", copy(lake, "t", one([1], pa.int64()), option))
    assert error["M"] == f"{option.split()[0].upper()} argument is not supported for ORC based COPY"
    client.run(copy(lake, "t", one([1], pa.int64()), "statupdate off acceptinvchars as '^'"))
    assert client.value("select count(*) from t") == 1


def test_the_history_tells_the_format(client: Client, lake: Lake) -> None:
    client.run("create table t (a bigint)", copy(lake, "t", one([1, 2], pa.int64())))
    told = "select file_format, loaded_rows from sys_load_history where query_id = pg_last_copy_id()"
    assert client.run(told) == [("orc", 2)]
