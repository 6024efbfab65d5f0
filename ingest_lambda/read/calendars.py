"""LAND, read: the calendar that a file's days are counted in.

In: a footer's key-value pairs. Out: what of it is in the older, hybrid calendar, and in which time zone. Pure.

Spark 2 and Hive count days before 1582-10-15 in the Julian calendar, and newer releases can be told to. The file says
so, Spark's by the version that wrote it and two keys, Hive's by one
(https://github.com/apache/spark/blob/master/sql/core/src/main/scala/org/apache/spark/sql/execution/datasources/DataSourceUtils.scala,
https://github.com/apache/hive/blob/master/ql/src/java/org/apache/hadoop/hive/ql/io/parquet/write/DataWritableWriteSupport.java).
"""

from __future__ import annotations

from dataclasses import dataclass

from ingest_lambda.read.metadata import Metadata

VERSION = "org.apache.spark.version"
TIME_ZONE = "org.apache.spark.timeZone"
LEGACY_DATETIME, FIRST_DATETIME = "org.apache.spark.legacyDateTime", "3.0.0"
LEGACY_INT96, FIRST_INT96 = "org.apache.spark.legacyINT96", "3.1.0"
SPARK_SCHEMA = "org.apache.spark.sql.parquet.row.metadata"
HIVE_PROLEPTIC = "writer.date.proleptic"


@dataclass(frozen=True)
class Calendars:
    """What is in the older calendar: dates, timestamps of 64 bits, those of 96; `zone` is theirs, None if unsaid.

    `is_unsaid`: the file may be in either.
    """

    dates: bool = False
    timestamps: bool = False
    int96: bool = False
    zone: str | None = None
    is_unsaid: bool = False


def calendars_of(said: Metadata) -> Calendars:
    """Say which calendar a file's moments are in; Spark's versions are compared as text, as Spark does."""
    words = said.key_values
    if (
        VERSION not in words
    ):  # Hive's, another writer's, or Spark's of before 2.4.6: https://github.com/apache/spark/pull/28142
        return Calendars(dates=words.get(HIVE_PROLEPTIC) == "false", is_unsaid=SPARK_SCHEMA in words)
    version = words[VERSION]
    is_legacy = version < FIRST_DATETIME or LEGACY_DATETIME in words
    is_legacy_int96 = version < FIRST_INT96 or LEGACY_INT96 in words
    return Calendars(is_legacy, is_legacy, is_legacy_int96, words.get(TIME_ZONE))
