"""ClickHouse through chdb, by SQL."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import chdb

NAME, VERSION = "chdb", version("chdb")
KEY = "c0ffee00-0000-4000-8000-000000000001"
ENUM = "Enum8('red' = 1, 'blue' = 2)"
Spec = tuple[str, list[str]]
TYPES: dict[str, Spec] = {
    "Bool": ("Nullable(Bool)", ["true"]),
    "Int8": ("Nullable(Int8)", ["-128"]),
    "Int16": ("Nullable(Int16)", ["-32768"]),
    "Int32": ("Nullable(Int32)", ["-2147483648"]),
    "Int64": ("Nullable(Int64)", ["9223372036854775807"]),
    "Int128": ("Nullable(Int128)", ["'170141183460469231731687303715884105727'"]),
    "Int256": ("Nullable(Int256)", ["'1'"]),
    "UInt8": ("Nullable(UInt8)", ["255"]),
    "UInt16": ("Nullable(UInt16)", ["65535"]),
    "UInt32": ("Nullable(UInt32)", ["4294967295"]),
    "UInt64": ("Nullable(UInt64)", ["18446744073709551615"]),
    "UInt128": ("Nullable(UInt128)", ["'1'"]),
    "Float32": ("Nullable(Float32)", ["0.1", "nan"]),
    "Float64": ("Nullable(Float64)", ["0.1", "-inf"]),
    "Decimal32(2)": ("Nullable(Decimal32(2))", ["'1234567.89'"]),
    "Decimal64(4)": ("Nullable(Decimal64(4))", ["'-12345678901234.5678'"]),
    "Decimal128(10)": ("Nullable(Decimal128(10))", ["'1234567890123456789012345678.0123456789'"]),
    "Decimal256(2)": ("Nullable(Decimal256(2))", ["'123.45'"]),
    "String": ("Nullable(String)", ["'ü😀'", "''"]),
    "FixedString(2)": ("Nullable(FixedString(2))", ["'ab'"]),
    "LowCardinality(String)": ("LowCardinality(Nullable(String))", ["'paid'"]),
    "Enum8": (f"Nullable({ENUM})", ["'red'"]),
    "UUID": ("Nullable(UUID)", ["'c0ffee00-0000-4000-8000-000000000001'"]),
    "IPv4": ("Nullable(IPv4)", ["'1.2.3.4'"]),
    "IPv6": ("Nullable(IPv6)", ["'::1'"]),
    "Date": ("Nullable(Date)", ["'1970-01-01'", "'2149-06-06'"]),
    "Date32": ("Nullable(Date32)", ["'1900-01-01'", "'2299-12-31'"]),
    "DateTime": ("Nullable(DateTime('UTC'))", ["'2025-11-13 09:05:01'"]),
    "DateTime64(3)": ("Nullable(DateTime64(3, 'UTC'))", ["'2025-11-13 09:05:01.234'"]),
    "DateTime64(6)": ("Nullable(DateTime64(6, 'UTC'))", ["'2025-11-13 09:05:01.234567'"]),
    "DateTime64(9)": ("Nullable(DateTime64(9, 'UTC'))", ["'2025-11-13 09:05:01.234567891'"]),
    "Time": ("Nullable(Time)", ["'12:34:56'"]),
    "Time64(6)": ("Nullable(Time64(6))", ["'12:34:56.789012'"]),
    "Array(Int32)": ("Array(Nullable(Int32))", ["[1, null]", "[]"]),
    "Array(Enum8)": (f"Array({ENUM})", ["['red']"]),
    "Array(UUID)": ("Array(UUID)", ["['c0ffee00-0000-4000-8000-000000000001']"]),
    "Tuple": (
        f"Tuple(a Nullable(Int32), color {ENUM}, key UUID)",
        [f"(1, 'red', '{KEY}')"],
    ),
    "Map(String, Int32)": ("Map(String, Int32)", ["map('k', 1)"]),
    "Map(Enum8, UUID)": (f"Map({ENUM}, UUID)", ["map('red', 'c0ffee00-0000-4000-8000-000000000001')"]),
    "JSON": ("JSON", ["'{\"a\": 1}'"]),
    "Point": ("Point", ["(1, 2)"]),
}


def write(path: Path, spec: Spec) -> None:
    type_, values = spec
    nullable = "Nullable" in type_.split("(", 1)[0] or type_.startswith("LowCardinality")
    rows = [f"select {number} as id, {value}::{type_} as v" for number, value in enumerate(values, start=1)]
    if nullable:
        rows.append(f"select {len(rows) + 1}, null::{type_}")
    sql = f"select * from ({' union all '.join(rows)}) order by id settings allow_experimental_time_time64_type = 1"  # noqa: S608
    path.write_bytes(chdb.query(sql, "Parquet").bytes())


def read(path: Path) -> list[Any]:
    """Read with ClickHouse: its own JSON, and what its type says that JSON has not."""
    sql = f"select v, toTypeName(v) as t from file('{path}', 'Parquet') order by id format JSONEachRow"  # noqa: S608
    quoted = ", ".join(f"output_format_json_quote_{kind} = 1" for kind in ("64bit_integers", "denormals", "decimals"))
    lines = chdb.query(f"{sql} settings {quoted}", "JSONEachRow").bytes().decode().splitlines()
    rows = [json.loads(line) for line in lines]
    return [_typed(row["v"], row["t"]) for row in rows]


def _typed(value: Any, type_: str) -> Any:
    import datetime as dt
    from decimal import Decimal

    type_ = type_.removeprefix("Nullable(")
    if value is None or not isinstance(value, str):
        return value
    if type_.startswith(("Int", "UInt")):
        return int(value)
    if type_.startswith("Decimal"):
        return Decimal(value)
    if type_.startswith("Float"):
        return float(value)
    if type_.startswith("DateTime"):
        return dt.datetime.fromisoformat(value[:26])
    if type_.startswith("Date"):
        return dt.date.fromisoformat(value)
    if type_.startswith("Time"):
        return dt.time.fromisoformat(value)
    if type_.startswith("FixedString"):
        return value.encode()
    return value
