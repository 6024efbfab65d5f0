"""LAND, read: columns that land, but not as their writer's users know them.

In: a column's element in the schema, and the footer's own words. Out: what to tell who plans a file (`landfall plan`),
None of most. Pure. docs/producers.md tells the same by writer and type.
"""

from __future__ import annotations

import json

from ingest_lambda.read.metadata import Element, Metadata

INTERVAL = "an interval lands as its 12 bytes (months, days, milliseconds): write microseconds in a BIGINT, or text"
GEOMETRY = "a geometry lands as the bytes of its WKB: write text (ST_AsText) to read it"
LARGE = "ClickHouse keeps integers of 128 and 256 bits, IPv6 and FixedString as bare bytes: write toString(...)"
HUGE = "perhaps whole numbers: DuckDB keeps a HUGEINT as a DOUBLE, rounded beyond 2^53: cast it to DECIMAL(38, 0)"


def caution_of(column: Element, said: Metadata, position: int) -> str | None:
    """Say what users of a column's writer would not expect; `position` is that of its first leaf."""
    if column.name in _geo_columns(said):
        return GEOMETRY
    by = said.created_by or ""
    for number, leaf in enumerate(column.leaf_elements(), start=position):
        is_bytes = leaf.physical == "FIXED_LEN_BYTE_ARRAY" and leaf.annotation is None
        if leaf.annotation == "INTERVAL":
            return INTERVAL
        if leaf.annotation in ("GEOMETRY", "GEOGRAPHY"):
            return GEOMETRY
        if is_bytes and by.startswith("ClickHouse"):
            return LARGE
        if leaf.physical == "DOUBLE" and by.startswith("DuckDB") and _may_be_huge(said, number):
            return HUGE
    return None


def _may_be_huge(said: Metadata, number: int) -> bool:
    """Tell whether doubles may be rounded integers, of which DuckDB writes no statistics but how many are NULL."""
    return said.is_huge[number] is not False and said.has_values[number] is not False


def _geo_columns(said: Metadata) -> set[str]:
    """Name the columns that GeoParquet's metadata says are geometries (https://geoparquet.org/releases/v1.1.0/)."""
    try:
        columns = json.loads(said.key_values["geo"])["columns"] if "geo" in said.key_values else ()
        return set(columns)
    except (ValueError, TypeError, KeyError, RecursionError):  # not GeoParquet's
        return set()
