"""LAND, read: whether the timestamps of a column are instants or wall clocks.

In: how parquet stores a column, what the writer's arrow schema calls it, the footer's own words. Out: its `Clock`, None
where it has no timestamps, or where its file does not say. Pure.

The annotation of today says it. The older one alone, without today's, was written for both
(https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#timestamp), and INT96 has none: there the arrow
schema says it, or the writer. Spark's timestamps are instants, whatever it stores them as; those that are none
(TIMESTAMP_NTZ) have today's annotation.
"""

from __future__ import annotations

import json
from typing import Any

from pyarrow import types  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.clock import Clock
from ingest_lambda.read.metadata import Metadata

SPARK = "org.apache.spark."


def clock_of(physical: str, logical_json: str, original: Any, *, is_by_spark: bool) -> Clock | None:
    """Tell what the timestamps of a column are; `original` is the writer's arrow type, None where it is not known.

    >>> logical = '{"Type": "Timestamp", "isAdjustedToUTC": false, "is_from_converted_type": false}'
    >>> print(clock_of("INT64", logical, None, is_by_spark=False))
    wall clock
    >>> print(clock_of("INT96", '{"Type": "None"}', None, is_by_spark=True))
    instant
    """
    logical = json.loads(logical_json)
    is_timestamp = logical["Type"] == "Timestamp"
    if is_timestamp and not logical.get("is_from_converted_type"):
        return Clock.INSTANT if logical["isAdjustedToUTC"] else Clock.WALL
    if original is not None and types.is_timestamp(original):
        return Clock.WALL if original.tz is None else Clock.INSTANT
    if not is_timestamp and physical != "INT96":
        return None
    if is_by_spark:
        return Clock.INSTANT
    return None if is_timestamp else Clock.WALL


def is_by_spark(said: Metadata) -> bool:
    """Tell whether Spark wrote a file."""
    return any(word.startswith(SPARK) for word in said.key_values)


def needs_original(physical: str, logical_json: str) -> bool:
    """Tell whether parquet itself leaves open what a column's timestamps are."""
    return physical == "INT96" or '"is_from_converted_type":true' in logical_json.replace(" ", "")
