"""LAND, read: what values mean beyond the arrow type that pyarrow reads them in.

In: a footer's `Metadata`, and the arrow types of its columns. Out: a `Meaning` for each column that has one: text that
is kept as bytes, at the top or nested, and types that only the writer's arrow schema tells. Pure.

https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.read.arrow_types import inner_types, plain_type
from ingest_lambda.read.calendars import calendars_of
from ingest_lambda.read.clocks import is_by_spark
from ingest_lambda.read.metadata import Element, Metadata
from ingest_lambda.read.original import original_types
from ingest_lambda.read.spark_schema import unannotated_variants

UUID_BYTES = 16


class Kind(StrEnum):
    """How values are to be taken."""

    TEXT = "text"  # bytes that are UTF-8: an ENUM
    UUID = "uuid"  # 16 bytes that people know as 36 characters
    VARIANT = "variant"  # a group of encoded values, perhaps shredded to columns of their own
    JULIAN = "julian"  # moments of the older calendar of Spark and Hive
    EITHER_CALENDAR = "either calendar"  # moments of a Spark that does not say which
    ENDLESS = "endless"  # DuckDB's nanoseconds, of which the largest and smallest numbers are infinity
    ORIGINAL = "original"  # as the arrow type that the writer had, which parquet has no annotation for


@dataclass(frozen=True)
class Meaning:
    """How the values of a column are to be taken; `inner` says it of a nested type's fields, in their order.

    `original` is the writer's arrow type, of Kind.ORIGINAL; `zone` the time zone of Kind.JULIAN, None if unsaid.
    `is_instant`: of timestamps within a nested type that are instants, although the arrow type has no zone.
    """

    kind: Kind | None = None
    original: Any = None
    inner: tuple[Meaning | None, ...] = ()
    zone: str | None = None
    is_instant: bool = False


def meanings(arrow: Sequence[Any], said: Metadata) -> tuple[Meaning | None, ...]:
    """Say what the columns mean whose arrow types are `arrow`; None of a column that its arrow type says all of.

    Raises:
        ValueError: the footer's columns are not those of the arrow schema.
    """
    walk = _Walk(said)
    found = tuple(
        walk.meaning(type_, original) for type_, original in zip(arrow, original_types(arrow, said), strict=True)
    )
    walk.finish()
    return found


def is_by_duckdb(said: Metadata) -> bool:
    """Tell whether DuckDB wrote a file, the one writer that has infinite moments."""
    return (said.created_by or "").startswith("DuckDB")


class _Walk:
    """Goes through arrow types depth first, and through the physical columns beside them: both have one order."""

    def __init__(self, said: Metadata) -> None:
        self._calendars = calendars_of(said)
        self._is_duckdb = is_by_duckdb(said)
        self._is_spark = is_by_spark(said)
        self._leaves: list[Element] = []
        self._variants: set[tuple[int, tuple[str, ...]]] = set()  # by their first leaf, and the names of their fields
        unannotated = unannotated_variants(said)
        for element in said.columns:
            self._take_in(element, unannotated)
        self._at = 0

    def _take_in(self, element: Element, unannotated: set[int]) -> None:
        if element.annotation == "VARIANT" or id(element) in unannotated:
            self._variants.add((len(self._leaves), tuple(child.name for child in element.children)))
        if element.physical is not None:
            self._leaves.append(element)
        for child in element.children:
            self._take_in(child, unannotated)

    def meaning(self, arrow: Any, original: Any, *, is_within: bool = False) -> Meaning | None:
        fields = inner_types(arrow)
        if fields is None:
            return self._leaf(arrow, original, is_within=is_within)
        originals = inner_types(original) if original else None
        if originals is None or len(originals) != len(fields):
            originals = (None,) * len(fields)
        start = self._at
        inner = tuple(self.meaning(field, one, is_within=True) for field, one in zip(fields, originals, strict=True))
        kind = Kind.VARIANT if types.is_struct(arrow) and (start, _names(arrow)) in self._variants else None
        return Meaning(kind, inner=inner) if kind or any(inner) else None

    def _leaf(self, arrow: Any, original: Any, *, is_within: bool) -> Meaning | None:
        if self._at == len(self._leaves):
            raise ValueError(f"more columns in the arrow schema than the {len(self._leaves)} in the parquet schema")
        element = self._leaves[self._at]
        self._at += 1
        found = self._moment(element, plain_type(arrow)) or _leaf_meaning(element, arrow, original)
        # at the top one TIMESTAMP holds both, and the column's clock tells them apart
        is_instant = is_within and element.physical == "INT96" and (self._is_spark or _has_zone(original))
        return replace(found or Meaning(), is_instant=True) if is_instant else found

    def _moment(self, element: Element, arrow: Any) -> Meaning | None:
        calendars = self._calendars
        is_instant = types.is_timestamp(arrow) and arrow.tz is not None  # Spark leaves those without a zone alone
        if (
            (calendars.dates and types.is_date32(arrow))
            or (calendars.timestamps and is_instant)
            or (calendars.int96 and element.physical == "INT96")
        ):
            return Meaning(Kind.JULIAN, zone=calendars.zone)
        if calendars.is_unsaid and (types.is_date32(arrow) or is_instant or element.physical == "INT96"):
            return Meaning(Kind.EITHER_CALENDAR)
        is_endless = self._is_duckdb and types.is_timestamp(arrow) and arrow.unit == "ns"
        return Meaning(Kind.ENDLESS) if is_endless and element.physical == "INT64" else None

    def finish(self) -> None:
        if self._at != len(self._leaves):
            raise ValueError(f"{self._at} columns in the arrow schema, {len(self._leaves)} in the parquet schema")


def _names(arrow: Any) -> tuple[str, ...]:
    return tuple(field.name for field in arrow)


def _has_zone(original: Any) -> bool:
    return original is not None and types.is_timestamp(original) and original.tz is not None


def _leaf_meaning(element: Element, arrow: Any, original: Any) -> Meaning | None:
    if element.annotation == "ENUM" and element.physical == "BYTE_ARRAY":
        return Meaning(Kind.TEXT)
    if element.physical == "FIXED_LEN_BYTE_ARRAY" and element.length == UUID_BYTES:
        is_uuid = element.annotation == "UUID" or (element.annotation is None and isinstance(original, pa.UuidType))
        return Meaning(Kind.UUID) if is_uuid else None
    return _bare_integer(plain_type(arrow), plain_type(original)) if original and not element.annotation else None


def _bare_integer(arrow: Any, original: Any) -> Meaning | None:
    """Take the writer's own type for an integer without an annotation, where parquet-rs is known to store it so.

    Parquet has no seconds, and parquet-rs keeps dates that are counted in milliseconds as a bare integer too
    (https://github.com/apache/arrow-rs/blob/main/parquet/src/arrow/schema/mod.rs). Nothing else is believed: an arrow
    schema that contradicts the data changes no value.
    """
    is_moment = (types.is_timestamp(original) and original.unit == "s") or types.is_date64(original)
    is_known = (arrow == pa.int64() and is_moment) or (arrow == pa.int32() and original == pa.time32("s"))
    return Meaning(Kind.ORIGINAL, original) if is_known else None
