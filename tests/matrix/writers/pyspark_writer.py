"""Spark, by SQL; needs Java."""

import datetime as dt
import json
import shutil
from pathlib import Path
from typing import Any

import pyspark
from pyspark.sql import SparkSession

NAME, VERSION = "pyspark", pyspark.__version__
spark = SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").getOrCreate()
spark.sparkContext.setLogLevel("ERROR")
REBASE = {
    "spark.sql.parquet.datetimeRebaseModeInWrite": "LEGACY",
    "spark.sql.parquet.int96RebaseModeInWrite": "LEGACY",
}
LEGACY_FORMAT = {"spark.sql.parquet.writeLegacyFormat": "true"}
INT64 = {"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS"}
# A type, the SQL of its values, and what Spark is told.
Spec = tuple[str, list[str], dict[str, str]]
TYPES: dict[str, Spec] = {
    "BOOLEAN": ("boolean", ["true"], {}),
    "TINYINT": ("tinyint", ["-128"], {}),
    "SMALLINT": ("smallint", ["-32768"], {}),
    "INT": ("int", ["-2147483648"], {}),
    "BIGINT": ("bigint", ["9223372036854775807"], {}),
    "FLOAT": ("float", ["0.1", "'NaN'"], {}),
    "DOUBLE": ("double", ["0.1D", "'-Infinity'"], {}),
    "DECIMAL(9,2)": ("decimal(9,2)", ["1234567.89"], {}),
    "DECIMAL(18,4)": ("decimal(18,4)", ["-12345678901234.5678"], {}),
    "DECIMAL(38,10)": ("decimal(38,10)", ["'1234567890123456789012345678.0123456789'"], {}),
    "DECIMAL(9,2), writeLegacyFormat": (
        "decimal(9,2)",
        ["1234567.89"],
        LEGACY_FORMAT,
    ),
    "STRING": ("string", ["'ü😀'", "''"], {}),
    "CHAR(4)": ("char(4)", ["'ab'"], {}),
    "BINARY": ("binary", ["X'00FF'"], {}),
    "DATE": ("date", ["'0001-01-01'", "'9999-12-31'"], {}),
    "DATE, legacy calendar": ("date", ["'1500-01-01'"], REBASE),
    "TIMESTAMP": ("timestamp", ["'0001-01-01 00:00:00'", "'2025-11-13 09:05:01.234567'"], {}),
    "TIMESTAMP, legacy calendar": ("timestamp", ["'1500-01-01 00:00:00'"], REBASE),
    "TIMESTAMP as INT64": ("timestamp", ["'0001-01-01 00:00:00'", "'2025-11-13 09:05:01.234567'"], INT64),
    "TIMESTAMP as INT64, legacy calendar": ("timestamp", ["'1500-01-01 00:00:00'"], {**REBASE, **INT64}),
    "TIMESTAMP_NTZ": ("timestamp_ntz", ["'2025-11-13 09:05:01.234567'"], {}),
    "TIME": ("time(6)", ["time'23:59:59.999999'"], {}),
    "INTERVAL DAY TO SECOND": ("interval day to second", ["interval '1' day"], {}),
    "INTERVAL YEAR TO MONTH": ("interval year to month", ["interval '1' year"], {}),
    "ARRAY<INT>": ("array<int>", ["array(1, null)", "array()"], {}),
    "ARRAY<INT>, writeLegacyFormat": ("array<int>", ["array(1, null)"], LEGACY_FORMAT),
    "STRUCT": ("struct<a: int, b: string>", ["named_struct('a', 1, 'b', null)"], {}),
    "MAP<STRING, INT>": ("map<string, int>", ["map('k', 1)"], {}),
    "VARIANT": ("variant", ['parse_json(\'{"a": [1, "x", 2.5], "b": null}\')', "parse_json('42')"], {}),
    "VARIANT, not shredded": (
        "variant",
        ['parse_json(\'{"a": [1, "x", 2.5]}\')'],
        {"spark.sql.variant.writeShredding.enabled": "false"},
    ),
    "VOID": ("void", ["null"], {}),
}


def write(path: Path, spec: Spec) -> None:
    type_, values, settings = spec
    rows = [f"select {number} as id, cast({value} as {type_}) as v" for number, value in enumerate(values, start=1)]
    rows.append(f"select {len(rows) + 1}, cast(null as {type_})")
    folder = path.with_suffix(".folder")
    shutil.rmtree(folder, ignore_errors=True)
    for name, value in settings.items():
        spark.conf.set(name, value)
    try:
        spark.sql(" union all ".join(rows)).coalesce(1).write.parquet(str(folder))
    finally:
        for name in settings:
            spark.conf.unset(name)
    [part] = folder.glob("*.parquet")
    shutil.copy(part, path)


def read(path: Path) -> list[Any]:
    frame = spark.read.parquet(str(path)).sort("id")
    type_ = frame.schema["v"].dataType.typeName()
    if type_ == "variant":
        return [None if row[0] is None else json.loads(row[0]) for row in frame.selectExpr("to_json(v)").collect()]
    if type_.startswith("interval year"):
        return [row[0] for row in frame.selectExpr("cast(v as int) * 12").collect()]
    if type_ in ("timestamp", "timestamp_ntz"):  # Python's own would be in this machine's zone
        rows = frame.selectExpr("date_format(v, \"yyyy-MM-dd'T'HH:mm:ss.SSSSSS\")").collect()
        return [None if row[0] is None else dt.datetime.fromisoformat(row[0]) for row in rows]
    return [_plain(row.v) for row in frame.collect()]


def _plain(value: Any) -> Any:
    return value.asDict(recursive=True) if hasattr(value, "asDict") else value
