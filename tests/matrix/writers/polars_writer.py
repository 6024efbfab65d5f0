"""polars."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

NAME, VERSION = "polars", pl.__version__
MOMENT = dt.datetime(2025, 11, 13, 9, 5, 1, 234567)
Spec = tuple[list[Any], Any]
TYPES: dict[str, Spec] = {
    "Boolean": ([True, False], pl.Boolean),
    "Int8": ([-128], pl.Int8),
    "Int16": ([-32768], pl.Int16),
    "Int32": ([-(2**31)], pl.Int32),
    "Int64": ([-(2**63), 2**63 - 1], pl.Int64),
    "Int128": ([2**100], pl.Int128),
    "UInt8": ([255], pl.UInt8),
    "UInt16": ([65535], pl.UInt16),
    "UInt32": ([2**32 - 1], pl.UInt32),
    "UInt64": ([2**64 - 1], pl.UInt64),
    "UInt128": ([2**100], pl.UInt128),
    "Float16": ([1.5], pl.Float16),
    "Float32": ([0.1, float("nan")], pl.Float32),
    "Float64": ([0.1, float("nan"), 1e300], pl.Float64),
    "Decimal(38,10)": ([Decimal("1234567890123456789012345678.0123456789")], pl.Decimal(38, 10)),
    "Decimal(9,2)": ([Decimal("1234567.89")], pl.Decimal(9, 2)),
    "String": (["ü😀", ""], pl.String),
    "Binary": ([b"\0\xff"], pl.Binary),
    "Categorical": (["paid", "placed"], pl.Categorical),
    "Enum": (["paid"], pl.Enum(["placed", "paid"])),
    "Date": ([dt.date(1, 1, 1), dt.date(9999, 12, 31)], pl.Date),
    "Time": ([dt.time(23, 59, 59, 999999)], pl.Time),
    "Datetime(ms)": ([MOMENT.replace(microsecond=234000)], pl.Datetime("ms")),
    "Datetime(us)": ([dt.datetime(1, 1, 1), MOMENT], pl.Datetime("us")),
    "Datetime(ns)": ([MOMENT], pl.Datetime("ns")),
    "Datetime(us, Europe/Berlin)": ([MOMENT.replace(tzinfo=dt.UTC)], pl.Datetime("us", "Europe/Berlin")),
    "Duration(ms)": ([dt.timedelta(days=-1)], pl.Duration("ms")),
    "Duration(us)": ([dt.timedelta(microseconds=1)], pl.Duration("us")),
    "Duration(ns)": ([dt.timedelta(microseconds=1)], pl.Duration("ns")),
    "List(Int32)": ([[1, None], []], pl.List(pl.Int32)),
    "List(Enum)": ([["paid"]], pl.List(pl.Enum(["placed", "paid"]))),
    "Array(Int8, 2)": ([[1, 2]], pl.Array(pl.Int8, 2)),
    "Struct": ([{"a": 1, "b": None}], pl.Struct({"a": pl.Int64, "b": pl.String})),
    "Struct without fields": ([{}], pl.Struct([])),
    "Object": ([object()], pl.Object),
    "Null": ([None], pl.Null),
}


def write(path: Path, spec: Spec) -> None:
    values, type_ = spec
    column = pl.Series("v", [*values, None], dtype=type_)
    pl.DataFrame({"id": range(1, len(column) + 1), "v": column}).write_parquet(path)


def read(path: Path) -> list[Any]:
    column = pl.read_parquet(path).sort("id")["v"]
    return list(column.to_list())
