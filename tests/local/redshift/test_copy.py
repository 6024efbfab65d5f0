"""COPY of parquet: strict as Redshift, all or nothing."""

from __future__ import annotations

import datetime as dt
import json
import math
import threading
import time
from decimal import Decimal
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.local.redshift.support import Client, Lake, psycopg2_connection, to_parquet
from tests.support.local_stack import LocalServices

MOMENT = dt.datetime(2025, 1, 2, 3, 4, 5, 678901)


def one(values: list[Any], kind: pa.DataType, name: str = "a") -> pa.Table:
    """Return a table of one column."""
    return pa.table({name: pa.array(values, kind)})


# column type, parquet values, their arrow type, what the table then holds
FITS: list[tuple[str, list[Any], pa.DataType, list[Any]]] = [
    ("boolean", [True, None], pa.bool_(), [True, None]),
    ("smallint", [-7, None], pa.int8(), [-7, None]),
    ("smallint", [255], pa.uint8(), [255]),
    ("smallint", [-32768], pa.int16(), [-32768]),
    ("integer", [2**31 - 1], pa.int32(), [2**31 - 1]),
    ("integer", [65535], pa.uint16(), [65535]),
    ("bigint", [2**63 - 1], pa.int64(), [2**63 - 1]),
    ("real", [1.5], pa.float32(), [1.5]),
    ("double precision", [1e300, math.inf, None], pa.float64(), [1e300, math.inf, None]),
    ("decimal(18,2)", [Decimal("-1.50")], pa.decimal128(18, 2), [Decimal("-1.50")]),
    ("decimal(38,10)", [Decimal("1e27")], pa.decimal128(38, 10), [Decimal("1e27")]),
    ("date", [dt.date(1999, 12, 31)], pa.date32(), [dt.date(1999, 12, 31)]),
    ("timestamp", [MOMENT, None], pa.timestamp("us"), [MOMENT, None]),
    ("timestamp", [MOMENT], pa.timestamp("us", "UTC"), [MOMENT]),
    ("timestamp", [dt.datetime(2025, 1, 2)], pa.timestamp("ms"), [dt.datetime(2025, 1, 2)]),
    ("varchar(20)", ["", None, ' a,"b"\n\\N', "é"], pa.string(), ["", None, ' a,"b"\n\\N', "é"]),
    ("varchar(20)", ["x", "y", "x"], pa.dictionary(pa.int8(), pa.string()), ["x", "y", "x"]),
]


@pytest.mark.parametrize(("column", "values", "kind", "expected"), FITS, ids=[f"{c[2]} to {c[0]}" for c in FITS])
def test_values_arrive_as_they_are(
    client: Client, lake: Lake, column: str, values: list[Any], kind: pa.DataType, expected: list[Any]
) -> None:
    client.run(f"create table t (a {column})", lake.copy("t", lake.put(one(values, kind))))
    assert [row[0] for row in client.run("select a from t")] == expected


# Of PostgreSQL's digits of 10,000: fewer than one, whole ones and parts of one, before the point and behind it.
SIZES = [(1, 0), (4, 4), (5, 5), (9, 3), (15, 1), (18, 0), (18, 2), (18, 18), (19, 7), (38, 0), (38, 19), (38, 37)]


def largest_digits(precision: int) -> int:
    """Return the digits of the largest DECIMAL; of 19 digits those that 64 bits keep."""
    return 2**63 - 1 if precision == 19 else 10**precision - 1


def test_decimals_of_every_size_arrive_exactly(client: Client, lake: Lake) -> None:
    rows = []
    for precision, scale in SIZES:
        last = Decimal((0, (1,), -scale))
        most = Decimal(f"{largest_digits(precision)}e-{scale}")
        rows.append([most, most.copy_negate(), last, last.copy_negate(), Decimal((0, (0,), -scale)), None])
    columns = {
        f"c{place}": pa.array(values, pa.decimal128(*size))
        for place, (values, size) in enumerate(zip(rows, SIZES, strict=True))
    }
    shape = ", ".join(f"c{place} decimal({p},{s})" for place, (p, s) in enumerate(SIZES))
    client.run(f"create table t ({shape})", lake.copy("t", lake.put(pa.table(columns))))
    for place, values in enumerate(rows):
        found = [row[0] for row in client.run(f"select c{place}::varchar from t")]  # noqa: S608 - our own words
        assert found == [None if value is None else format(value, "f") for value in values]


def unscaled(values: list[int], kind: pa.DataType) -> pa.Array:
    """Return decimals of these digits, however many, and a NULL whose place holds more of them than any."""
    held = [*values, 2**127 - 1]
    data = b"".join(value.to_bytes(16, "little", signed=True) for value in held)
    valid = (2 ** len(values) - 1).to_bytes(8, "little")
    return pa.Array.from_buffers(kind, len(held), [pa.py_buffer(valid), pa.py_buffer(data)])


# Precision, scale, and digits that are too many for it; parquet keeps them as integers or as bytes.
TOO_MANY_DIGITS = [
    (4, 0, 123_456),
    (4, 0, 10_000),
    (5, 2, -100_000),
    (6, 3, 1_000_000),
    (9, 0, -(2**31)),
    (18, 4, 10**18),
    (18, 0, -(2**63)),
    (19, 2, 2**63),  # of which 64 bits are kept
    (19, 19, -(2**63)),
    (38, 0, 10**38),
    (38, 10, -(2**127)),
]


@pytest.mark.parametrize(("precision", "scale", "digits"), TOO_MANY_DIGITS)
def test_a_decimal_of_more_digits_than_its_precision_fails_the_copy(
    client: Client, lake: Lake, precision: int, scale: int, digits: int
) -> None:
    kind = pa.decimal128(precision, scale)
    most = largest_digits(precision)
    client.run(f"create table t (a decimal({precision},{scale}))")
    good = pa.table({"a": unscaled([most, -most], kind)})
    client.run(lake.copy("t", lake.put(good, store_decimal_as_integer=True)))
    assert client.run("select count(*), count(a), sum(a) from t") == [(3, 2, 0)]
    bad = pa.table({"a": unscaled([1, digits], kind)})
    error = client.error(lake.copy("t", lake.put(bad, store_decimal_as_integer=True)))
    assert error["M"] == "Spectrum Scan Error"
    assert "numeric field overflow" in error["D"]
    assert client.value("select count(*) from t") == 3


def test_rows_with_nulls_of_every_type_arrive_side_by_side(client: Client, lake: Lake) -> None:
    fits = [(column, values[0], kind, expected[0]) for column, values, kind, expected in FITS]
    columns = {f"c{place}": pa.array([None, v, None, v], kind) for place, (_, v, kind, _) in enumerate(fits)}
    shape = ", ".join(f"c{place} {column}" for place, (column, *_) in enumerate(fits))
    client.run(f"create table t ({shape}, last int)", lake.copy("t", lake.put(pa.table(columns)), "fillrecord"))
    found = client.run("select * from t")
    full = (*(expected for *_, expected in fits), None)
    assert found == [(None,) * len(full), full] * 2


@pytest.mark.parametrize(
    ("column", "kind", "first", "last", "outside", "shown"),
    [
        (
            "timestamp",
            pa.timestamp("us"),
            -210_866_803_200_000_000,
            2**63 - 1,
            [-(2**63), -(2**63) + 946_684_800_000_000],
            ["4714-11-24 00:00:00 BC", "294247-01-10 04:00:54.775807"],
        ),
        (
            "date",
            pa.date32(),
            -2_440_588,
            2_145_042_905,
            [-(2**31), -(2**31) + 10_957, 2_145_042_906, 2**31 - 1],
            ["4714-11-24 BC", "5874897-12-31"],
        ),
    ],
)
def test_the_first_and_the_last_moment_arrive_and_what_is_beyond_fails(
    client: Client,
    lake: Lake,
    column: str,
    kind: Any,
    first: int,
    last: int,
    outside: tuple[int, ...],
    shown: list[str],
) -> None:
    number = pa.int32() if column == "date" else pa.int64()

    def copy(*values: int) -> str:
        return lake.copy("t", lake.put(pa.table({"a": pa.array(values, number).view(kind)})))

    client.run(f"create table t (a {column})", copy(first, last))
    assert [row[0] for row in client.run("select a::varchar from t")] == shown
    for value in (first - 1, *outside):
        assert "out of range" in client.error(copy(value))["D"], value
    assert client.value("select count(*) from t") == 2


def test_bytes_arrive_as_they_are(client: Client, lake: Lake) -> None:
    url = lake.put(one([b"\x00\xff", b"", b"abc", None], pa.binary()))
    client.run("create table t (a varbyte(9))", lake.copy("t", url))
    assert client.run("select from_varbyte(a, 'hex') from t") == [("00ff",), ("",), ("616263",), (None,)]
    assert client.run("select a from t where len(from_varbyte(a, 'hex')) = 6") == [("abc",)]


def test_int96_timestamps_are_read_right(client: Client, lake: Lake) -> None:
    url = lake.put(one([MOMENT], pa.timestamp("us")), use_deprecated_int96_timestamps=True)
    client.run("create table t (a timestamp)", lake.copy("t", url))
    assert client.run("select a from t") == [(MOMENT,)]


def test_int64_nanoseconds_are_misread_without_an_error(client: Client, lake: Lake) -> None:
    url = lake.put(one([MOMENT, None], pa.timestamp("ns")))
    client.run("create table t (a timestamp)", lake.copy("t", url))
    assert client.value("select extract(year from a) from t where a is not null") > 50_000


# column type, arrow type of the file's column
MISFITS = [
    ("bigint", pa.int32()),
    ("integer", pa.int64()),
    ("bigint", pa.uint32()),
    ("decimal(20,0)", pa.uint64()),
    ("smallint", pa.int32()),
    ("double precision", pa.float32()),
    ("decimal(18,2)", pa.decimal128(18, 3)),
    ("decimal(20,2)", pa.decimal128(18, 2)),
    ("decimal(18,2)", pa.float64()),
    ("varchar(20)", pa.int64()),
    ("integer", pa.string()),
    ("timestamp", pa.string()),
    ("timestamp", pa.date32()),
    ("timestamptz", pa.timestamp("us", "UTC")),
    ("time", pa.time64("us")),
    ("bigint", pa.time64("us")),
    ("bigint", pa.timestamp("us")),
    ("varchar(20)", pa.null()),
    ("varbyte(20)", pa.binary(4)),
    ("varbyte(20)", pa.string()),
    ("real", pa.float16()),
    ("super", pa.list_(pa.int64())),
    ("super", pa.struct([("x", pa.int64())])),
    ("super", pa.string()),
]


@pytest.mark.parametrize(("column", "kind"), MISFITS, ids=[f"{kind} to {column}" for column, kind in MISFITS])
def test_a_type_that_does_not_fit_fails_the_copy(client: Client, lake: Lake, column: str, kind: pa.DataType) -> None:
    error = client.error(f"create table t (a {column})", lake.copy("t", lake.put(one([None], kind))))
    assert error["M"] == "Spectrum Scan Error"
    assert "incompatible Parquet schema for column" in error["D"]
    assert "15007" in error["D"]
    assert client.value("select count(*) from t") == 0


def test_nested_values_become_super_when_asked(client: Client, lake: Lake) -> None:
    url = lake.put(one([[1, 2], None], pa.list_(pa.int64())))
    client.run("create table t (a super)", lake.copy("t", url, "serializetojson"))
    assert client.run("select json_serialize(a) from t") == [("[1,2]",), ("null",)]
    assert client.value("select count(*) from t where a is null") == 1


SUPERS: list[tuple[list[Any], pa.DataType, str]] = [
    (['{"a": 1}', None], pa.string(), '"{\\"a\\": 1}"'),
    ([7, None], pa.int64(), "7"),
    ([True, None], pa.bool_(), "true"),
    ([Decimal("1.50"), None], pa.decimal128(18, 2), "1.50"),
    ([dt.date(2025, 1, 2), None], pa.date32(), '"2025-01-02"'),
]


@pytest.mark.parametrize(("values", "kind", "expected"), SUPERS, ids=[str(kind) for _, kind, _ in SUPERS])
def test_a_column_of_any_type_becomes_super_when_asked(
    client: Client, lake: Lake, values: list[Any], kind: pa.DataType, expected: str
) -> None:
    url = lake.put(one(values, kind))
    client.run("create table t (a super)", lake.copy("t", url, "serializetojson"))
    assert client.run("select json_serialize(a) from t where a is not null") == [(expected,)]
    client.error(lake.copy("t", url))
    client.error(lake.copy("t", lake.put(one([b"x"], pa.binary())), "serializetojson"))
    assert client.value("select count(*) from t") == 2


def test_columns_map_by_position_and_not_by_name(client: Client, lake: Lake) -> None:
    url = lake.put(pa.table({"b": ["first"], "a": ["second"]}))
    client.run("create table t (a varchar(9), b varchar(9))", lake.copy("t", url))
    assert client.run("select a, b from t") == [("first", "second")]


@pytest.mark.parametrize("columns", ["a varchar(9)", "a varchar(9), b varchar(9), c varchar(9)"])
def test_the_number_of_columns_must_match(client: Client, lake: Lake, columns: str) -> None:
    url = lake.put(pa.table({"a": ["x"], "b": ["y"]}))
    error = client.error(f"create table t ({columns})", lake.copy("t", url))
    assert "Unmatched number of columns between table and file" in error["D"]
    assert client.value("select count(*) from t") == 0


def test_missing_columns_are_null_with_fillrecord(client: Client, lake: Lake) -> None:
    client.run("create table t (a varchar(9), b int)", lake.copy("t", lake.put(one(["x"], pa.string())), "fillrecord"))
    assert client.run("select * from t") == [("x", None)]


def test_a_string_that_is_too_long_in_bytes_fails_and_leaves_nothing(client: Client, lake: Lake) -> None:
    client.run("create table t (a varchar(4))", lake.copy("t", lake.put(one(["éé"], pa.string()))))
    error = client.error(lake.copy("t", lake.put(one(["ok", "ééé"], pa.string()))))
    assert "15001" in error["D"]
    assert (
        "The length of the data column a is longer than the length defined in the table. Table: 4, Data: 6"
        in error["D"]
    )
    assert client.run("select a from t") == [("éé",)]


def test_an_error_in_the_second_file_takes_back_the_first(client: Client, lake: Lake) -> None:
    good, bad = lake.put(one(["x"], pa.string())), lake.put(one(["too long"], pa.string()))
    url = lake.manifest(lake.entry(good), lake.entry(bad))
    client.error("create table t (a varchar(4))", lake.copy("t", url, "manifest"))
    assert client.value("select count(*) from t") == 0


def test_null_in_a_not_null_column_fails(client: Client, lake: Lake) -> None:
    error = client.error("create table t (a int not null)", lake.copy("t", lake.put(one([1, None], pa.int32()))))
    assert "15001" in error["D"]
    assert client.value("select count(*) from t") == 0


def test_a_file_that_is_no_parquet_fails(client: Client, lake: Lake) -> None:
    error = client.error("create table t (a int)", lake.copy("t", lake.put(b"PAR1 not really PAR1")))
    assert error["M"] == "Spectrum Scan Error"


def test_a_manifest_loads_exactly_its_files(client: Client, lake: Lake) -> None:
    first, second, _ = (lake.put(one([number], pa.int64())) for number in (1, 2, 3))
    client.run("create table t (a bigint)")
    client.run(lake.copy("t", lake.manifest(lake.entry(first), lake.entry(second)), "manifest"))
    assert sorted(client.run("select a from t")) == [(1,), (2,)]


def test_a_manifest_needs_the_exact_content_length(client: Client, lake: Lake) -> None:
    entry = lake.entry(lake.put(one([1], pa.int64())))
    client.run("create table t (a bigint)")
    missing = client.error(lake.copy("t", lake.manifest({"url": entry["url"], "mandatory": True}), "manifest"))
    assert "15003" in missing["D"]
    wrong = entry | {"meta": {"content_length": entry["meta"]["content_length"] + 1}}
    assert "416" in client.error(lake.copy("t", lake.manifest(wrong), "manifest"))["D"]
    assert client.value("select count(*) from t") == 0


def test_a_missing_file_fails_only_if_it_is_mandatory(client: Client, lake: Lake) -> None:
    gone = {"url": f"s3://{lake.bucket}/gone.parquet", "meta": {"content_length": 9}}
    there = lake.entry(lake.put(one([1], pa.int64())))
    client.run("create table t (a bigint)")
    error = client.error(lake.copy("t", lake.manifest(there, gone | {"mandatory": True}), "manifest"))
    assert "does not exist" in error["M"]
    assert client.value("select count(*) from t") == 0
    client.run(lake.copy("t", lake.manifest(there, gone), "manifest"))
    assert client.value("select count(*) from t") == 1


def test_a_prefix_loads_what_is_under_it_but_hidden_names(client: Client, lake: Lake) -> None:
    for number, name in enumerate(["x/1", "x/2", "xylem", "x/_hidden", "x/.hidden", "x/#hidden", "x/hidden~", "y/1"]):
        lake.put(one([number], pa.int64()), f"under-a-prefix/{name}")
    client.run("create table t (a bigint)", lake.copy("t", f"s3://{lake.bucket}/under-a-prefix/x"))
    assert sorted(client.run("select a from t")) == [(0,), (1,), (2,)]
    assert "does not exist" in client.error(lake.copy("t", f"s3://{lake.bucket}/nothing-here"))["M"]


def test_a_whole_key_is_a_prefix_too(client: Client, lake: Lake) -> None:
    lake.put(one([1], pa.int64()), "whole/key.parquet")
    client.run("create table t (a bigint)", lake.copy("t", f"s3://{lake.bucket}/whole/key.parquet"))
    assert client.run("select a from t") == [(1,)]
    lake.put(one([2], pa.int64()), "whole/key.parquet.more")
    client.run("truncate t", lake.copy("t", f"s3://{lake.bucket}/whole/key.parquet"))
    assert sorted(client.run("select a from t")) == [(1,), (2,)]


def test_a_hidden_name_is_unseen_in_a_manifest_too(client: Client, lake: Lake) -> None:
    seen = lake.put(one([1], pa.int64()), "hidden-in-manifest/1.parquet")
    unseen = lake.put(one([2], pa.int64()), "hidden-in-manifest/_2.parquet")
    client.run("create table t (a bigint)")
    client.run(lake.copy("t", lake.manifest(lake.entry(seen), lake.entry(unseen)), "manifest"))
    assert client.run("select a from t") == [(1,)]


def test_a_bucket_in_another_region_is_refused(client: Client, lake: Lake) -> None:
    far = f"{lake.bucket}-far"
    lake.s3.create_bucket(Bucket=far, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    near = lake.put(one([1], pa.int64()), "region.parquet")
    lake.s3.copy_object(Bucket=far, Key="region.parquet", CopySource=near.removeprefix("s3://"))
    client.run("create table t (a bigint)")
    may_read = lake.role_for(far)
    error = client.error(f"copy t from 's3://{far}/region.parquet' iam_role '{may_read}' format as parquet")
    assert "PermanentRedirect" in error["M"]
    assert client.value("select count(*) from t") == 0
    client.run(lake.copy("t", near))
    assert client.value("select count(*) from t") == 1


def test_a_column_list_is_refused_and_a_table_of_the_files_shape_is_not(client: Client, lake: Lake) -> None:
    url = lake.put(one([1], pa.int64()))
    client.run("create table t (a bigint, b bigint)", "create table u (a bigint)")
    assert "column list" in client.error(lake.copy("t (a)", url))["M"]
    assert client.value("select count(*) from t") == 0
    client.run(lake.copy("u", url))
    assert client.value("select count(*) from u") == 1


def test_bytes_that_are_too_many_fail_and_leave_nothing(client: Client, lake: Lake) -> None:
    client.run("create table t (a varbyte(3))", lake.copy("t", lake.put(one([b"abc"], pa.binary()))))
    error = client.error(lake.copy("t", lake.put(one([b"ok", b"abcd"], pa.binary()))))
    assert "15001" in error["D"]
    assert client.value("select count(*) from t") == 1


@pytest.mark.parametrize(
    "option",
    [
        "maxerror 1", "acceptanydate", "ignoreallerrors", "region 'us-east-1'", "truncatecolumns", "compupdate off",
        "dateformat 'auto'", "noload", "gzip", "delimiter ','", "blanksasnull",
    ],
)  # fmt: skip
def test_parameters_that_do_not_work_with_parquet_are_refused(client: Client, lake: Lake, option: str) -> None:
    url = lake.put(one([1], pa.int64()))
    error = client.error("create table t (a bigint)", lake.copy("t", url, option))
    assert error["M"] == f"{option.split()[0].upper()} argument is not supported for PARQUET based COPY"
    assert client.value("select count(*) from t") == 0
    client.run(lake.copy("t", url, "statupdate off maxerror 0 acceptinvchars as '^'"))
    assert client.value("select count(*) from t") == 1


def test_invalid_characters_are_replaced_only_when_asked(client: Client, lake: Lake) -> None:
    url = lake.put(one([b"a\xffb"], pa.binary()))
    error = client.error("create table t (a varchar(9))", lake.copy("t", url))
    assert "Invalid UTF8" in error["D"]
    client.run(lake.copy("t", url, "acceptinvchars as '^'"))
    assert client.run("select a from t") == [("a^b",)]


def test_a_role_is_needed_and_must_be_one_that_can_be_assumed(client: Client, lake: Lake) -> None:
    url = lake.put(one([1], pa.int64()))
    client.run("create table t (a bigint)")
    client.error(f"copy t from '{url}' format as parquet")
    client.error(f"copy t from '{url}' iam_role 'somebody' format as parquet")
    unknown = lake.role + "-nobody"
    assert (
        "not authorized to assume" in client.error(f"copy t from '{url}' iam_role '{unknown}' format as parquet")["M"]
    )
    assert client.value("select count(*) from t") == 0


def test_a_role_without_rights_on_the_bucket_reads_nothing(client: Client, lake: Lake) -> None:
    lake.s3.create_bucket(Bucket=f"{lake.bucket}-other")
    lake.s3.put_object(Bucket=f"{lake.bucket}-other", Key="k.parquet", Body=b"x")
    error = client.error("create table t (a bigint)", lake.copy("t", f"s3://{lake.bucket}-other/k.parquet"))
    assert "S3ServiceException" in error["M"]


def test_each_copy_may_what_its_role_may_by_then(client: Client, lake: Lake) -> None:
    lake.s3.create_bucket(Bucket=(bucket := f"{lake.bucket}-later"))
    role, trusted = lake.role_for(bucket), lake.iam.get_role(RoleName=bucket)["Role"]["AssumeRolePolicyDocument"]
    lake.s3.put_object(Bucket=bucket, Key="k", Body=b"1")
    copy = f"copy t from 's3://{bucket}/k' iam_role '{role}' csv"
    client.run("create table t (a bigint)", copy)

    read = json.dumps(lake.iam.get_role_policy(RoleName=bucket, PolicyName="read")["PolicyDocument"])
    lake.iam.delete_role_policy(RoleName=bucket, PolicyName="read")
    assert "AccessDenied" in client.error(copy)["D"]
    lake.iam.put_role_policy(RoleName=bucket, PolicyName="read", PolicyDocument=read)
    client.run(copy)

    nobody = json.dumps({**trusted, "Statement": [{**trusted["Statement"][0], "Effect": "Deny"}]})
    lake.iam.update_assume_role_policy(RoleName=bucket, PolicyDocument=nobody)
    assert "not authorized to assume" in client.error(copy)["M"]
    lake.iam.delete_role_policy(RoleName=bucket, PolicyName="read")
    lake.iam.delete_role(RoleName=bucket)
    assert lake.role_for(bucket) == role  # another of the same name
    client.run(copy)
    assert client.value("select count(*) from t") == 3


def test_copy_needs_the_right_to_insert(client: Client, lake: Lake, schema: str, make_user: Any) -> None:
    user = make_user()
    client.run("create table t (a bigint)", f"grant usage on schema {schema} to {user.value('select current_user')}")
    url = lake.put(one([1], pa.int64()))
    assert user.error(lake.copy(f"{schema}.t", url))["C"] == "42501"
    assert client.error(lake.copy("missing", url))["C"] == "42P01"


def test_copy_takes_part_in_a_transaction(client: Client, other_client: Client, lake: Lake) -> None:
    url = lake.put(one([1], pa.int64()))
    client.run("create table t (a bigint)", "begin", lake.copy("t", url))
    assert other_client.value("select count(*) from t") == 0
    client.run("rollback")
    assert client.value("select count(*) from t") == 0
    client.run("begin", lake.copy("t", url))
    client.error(lake.copy("t", f"s3://{lake.bucket}/nothing-here"))
    assert client.error("select 1")["C"] == "25P02"
    client.run("rollback")
    assert client.value("select count(*) from t") == 0


def test_copy_into_a_temporary_table_with_awkward_names(client: Client, lake: Lake) -> None:
    client.run('create temp table "stage of ""x""" ("or""der" bigint, "select" varchar(9))')
    url = lake.put(
        pa.table({"a": pa.array([1], pa.int64()), "b": ["it's"]}), "keys/it''s = a+b é.parquet".replace("''", "'")
    )
    client.run(lake.copy('"stage of ""x"""', url.replace("'", "''")))
    assert client.run('select * from "stage of ""x"""') == [(1, "it's")]


def test_columns_are_read_by_place_whatever_their_names(client: Client, lake: Lake) -> None:
    names = ["dotted.name", "dotted", "", "it's", "list.element"]
    columns = [pa.array([[1]], pa.list_(pa.int64())), *([pa.array([number], pa.int64()) for number in range(1, 5)])]
    client.run("create table t (a super, b bigint, c bigint, d bigint, e bigint)")
    client.run(lake.copy("t", lake.put(pa.Table.from_arrays(columns, names=names)), "serializetojson"))
    assert client.run("select b, c, d, e from t") == [(1, 2, 3, 4)]


def test_many_rows_arrive_complete(client: Client, lake: Lake) -> None:
    rows = 200_000
    table = pa.table({"n": pa.array(range(rows), pa.int64()), "s": [f"row {n}" for n in range(rows)]})
    client.run("create table t (n bigint, s varchar(20))", lake.copy("t", lake.put(table)))
    found = client.run("select count(*), sum(n), count(distinct s) from t")
    assert found == [(rows, rows * (rows - 1) // 2, rows)]


@pytest.mark.parametrize("by", ["a client", "its timeout", "the Data API"])
def test_a_copy_that_is_canceled_ends_before_it_has_read_all_of_s3(
    facts: dict[str, Any], schema: str, lake: Lake, local_redshift: LocalServices, secret: str, by: str
) -> None:
    folder, body = f"many-{schema}", to_parquet(pa.table({"a": pa.array([1], pa.int32())}))
    for number in range(120):
        lake.s3.put_object(Bucket=lake.bucket, Key=f"{folder}/{number}", Body=body)
    connection = psycopg2_connection(facts, schema)
    cursor = connection.cursor()
    cursor.execute("create table t (a int)")
    copy = lake.copy(f"{schema}.t", f"s3://{lake.bucket}/{folder}/")
    started = time.monotonic()
    cursor.execute(copy)
    whole = time.monotonic() - started
    started = time.monotonic()
    if by == "a client":
        timer = threading.Timer(whole / 8, connection.cancel)
        timer.start()
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute(copy)
        timer.join()
    elif by == "its timeout":
        cursor.execute(f"set statement_timeout to {max(whole * 1000 / 8, 100):.0f}")
        with pytest.raises(psycopg2.errors.QueryCanceled, match="statement timeout"):
            cursor.execute(copy)
        cursor.execute("reset statement_timeout")
    else:
        api = local_redshift.client("redshift-data")
        sent = api.execute_statement(Database=facts["database"], WorkgroupName="any", SecretArn=secret, Sql=copy)["Id"]
        while api.describe_statement(Id=sent)["Status"] != "STARTED":
            time.sleep(0.02)
        started = time.monotonic()
        assert api.cancel_statement(Id=sent)["Status"]
        while (status := api.describe_statement(Id=sent)["Status"]) not in ("ABORTED", "FINISHED", "FAILED"):
            time.sleep(0.02)
        assert status == "ABORTED"
    assert time.monotonic() - started < whole * 0.7
    cursor.execute("select count(*) from t")
    assert cursor.fetchall() == [(120,)]
    connection.close()
