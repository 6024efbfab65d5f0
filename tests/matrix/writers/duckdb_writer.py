"""DuckDB, by SQL."""

from pathlib import Path
from typing import Any

import duckdb

NAME, VERSION = "duckdb", duckdb.__version__
connection = duckdb.connect()
connection.sql("set timezone = 'UTC'")
# A type, and the SQL of its values.
Spec = tuple[str, list[str]]
TYPES: dict[str, Spec] = {
    "BOOLEAN": ("boolean", ["true", "false"]),
    "TINYINT": ("tinyint", ["-128", "127"]),
    "SMALLINT": ("smallint", ["-32768"]),
    "INTEGER": ("integer", ["-2147483648"]),
    "BIGINT": ("bigint", ["-9223372036854775808", "9223372036854775807"]),
    "HUGEINT": ("hugeint", ["12345678901234567890123"]),
    "UHUGEINT": ("uhugeint", ["1"]),
    "BIGNUM": ("bignum", ["12345678901234567890123"]),
    "UTINYINT": ("utinyint", ["255"]),
    "USMALLINT": ("usmallint", ["65535"]),
    "UINTEGER": ("uinteger", ["4294967295"]),
    "UBIGINT": ("ubigint", ["18446744073709551615"]),
    "FLOAT": ("float", ["0.1", "'nan'", "'-infinity'"]),
    "DOUBLE": ("double", ["0.1", "'nan'", "'infinity'", "1e300"]),
    "DECIMAL(4,1)": ("decimal(4,1)", ["-999.9"]),
    "DECIMAL(9,2)": ("decimal(9,2)", ["1234567.89"]),
    "DECIMAL(18,4)": ("decimal(18,4)", ["-12345678901234.5678"]),
    "DECIMAL(38,10)": ("decimal(38,10)", ["1234567890123456789012345678.0123456789"]),
    "VARCHAR": ("varchar", ["'ü😀'", "''"]),
    "BLOB": ("blob", ["'\\x00\\xFF'"]),
    "BIT": ("bit", ["'10110'"]),
    "DATE": ("date", ["'0001-01-01'", "'9999-12-31'"]),
    "DATE infinity": ("date", ["'infinity'"]),
    "TIME": ("time", ["'23:59:59.999999'", "'00:00'"]),
    "TIME 24:00": ("time", ["'24:00'"]),
    "TIME_NS": ("time_ns", ["'23:59:59.999999999'"]),
    "TIMETZ": ("timetz", ["'12:00:00+02'"]),
    "TIMESTAMP": ("timestamp", ["'0001-01-01 00:00:00.000001'", "'9999-12-31 23:59:59.999999'"]),
    "TIMESTAMP infinity": ("timestamp", ["'infinity'"]),
    "TIMESTAMP_S": ("timestamp_s", ["'2025-11-13 09:05:01'"]),
    "TIMESTAMP_MS": ("timestamp_ms", ["'2025-11-13 09:05:01.234'"]),
    "TIMESTAMP_NS": ("timestamp_ns", ["'2025-11-13 09:05:01.234567891'"]),
    "TIMESTAMPTZ": ("timestamptz", ["'2025-11-13 09:05:01.234567+02'"]),
    "INTERVAL": ("interval", ["'1 month 2 days 3 seconds'"]),
    "UUID": ("uuid", ["'c0ffee00-0000-4000-8000-000000000001'"]),
    "ENUM": ("enum('placed', 'paid')", ["'paid'"]),
    "JSON": ("json", ["'{\"a\": [1, null]}'"]),
    "INTEGER[]": ("integer[]", ["[1, null]", "[]"]),
    "INTEGER[2]": ("integer[2]", ["[1, 2]"]),
    "UUID[]": ("uuid[]", ["['c0ffee00-0000-4000-8000-000000000001']"]),
    "TIMESTAMP_NS[]": ("timestamp_ns[]", ["['2025-11-13 09:05:01.234567891']"]),
    "STRUCT": ("struct(a integer, b varchar)", ["{'a': 1, 'b': null}"]),
    "MAP": ("map(varchar, integer)", ["map {'k': 1}"]),
    "UNION": ("union(n integer, t varchar)", ["1", "'x'"]),
    "VARIANT": ("variant", ['\'{"a": [1, "x", 2.5]}\'::json', "42"]),
    "VARIANT of equal structs": ("variant", ["{'a': 1, 'b': 'x'}", "{'a': 2, 'b': 'y'}"]),
    "GEOMETRY": ("geometry", ["'POINT (1 2)'"]),
    "NULL": ('"null"', ["null"]),
}


def write(path: Path, spec: Spec) -> None:
    type_, values = spec
    rows = [f"select {number} as id, cast({value} as {type_}) as v" for number, value in enumerate(values, start=1)]
    rows.append(f"select {len(rows) + 1}, null")
    connection.sql(" union all ".join(rows)).write_parquet(str(path))


def read(path: Path) -> list[Any]:
    return [row[0] for row in connection.sql(f"select v from '{path}' order by id").fetchall()]  # noqa: S608 - our own
