"""LAND, read: the columns of a parquet file.

In: the parquet schema as pyarrow parsed it, and the footer's own words. Out: `FileColumn`s. Pure.

Both say something that the other does not: pyarrow which arrow type a column is read in, the footer's own words what
its values mean beyond that, and which columns hold nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ingest_lambda.clock import Clock
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.arrow_types import inner_types
from ingest_lambda.read.cautions import caution_of
from ingest_lambda.read.clocks import clock_of, is_by_spark, needs_original
from ingest_lambda.read.meaning import Meaning, meanings
from ingest_lambda.read.metadata import Element, Metadata, Reach
from ingest_lambda.read.original import original_types
from ingest_lambda.read.schema import FileColumn, Leaf, Obstacle, file_column
from ingest_lambda.read.spark_schema import is_variant
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.sqltypes import FIRST_DAY, LARGEST_LONG, LAST_DAY, LONG_DIGITS

DAY_MILLISECONDS = 86_400_000
SCHEMAS_KEPT = 8
# What the rewriting takes of each, in the file's own unit. DuckDB means infinity by the largest number of microseconds.
LIMITS = {
    "DATE": (FIRST_DAY, LAST_DAY),
    "TIMESTAMP_MILLIS": (FIRST_DAY * DAY_MILLISECONDS, LARGEST_LONG // 1_000),
    "TIMESTAMP_MICROS": (FIRST_DAY * DAY_MILLISECONDS * 1_000, LARGEST_LONG - 1),
}


def columns_of(schema: Any, said: Metadata, *, is_kept: bool = False) -> tuple[FileColumn, ...]:
    """Pair each column of the arrow schema with its leaves in the parquet schema: one, or many of a nested column.

    `is_kept`: the schema may be remembered, and with it the whole footer that it is of.

    Raises:
        RejectedFileError: a column cannot be read at all.
        ValueError: the schemas do not belong together.
    """
    described_columns = _SCHEMAS.described(schema, said, is_kept=is_kept)
    columns: list[FileColumn] = []
    position = 0
    for (described, annotation, leaves), element in zip(described_columns, said.columns, strict=True):
        is_beyond = annotation is not None and may_be_beyond(described, annotation, said.reach[position])
        columns.append(
            replace(
                described,
                obstacle=Obstacle.RANGE if is_beyond else described.obstacle,
                has_values=_has_values(said.has_values[position : position + leaves]),
                caution=caution_of(element, said, position),
            )
        )
        position += leaves
    return _shared(tuple(columns))


# A column as its schema describes it, whatever values a file has; the annotation of its leaf, None of a nested column;
# how many leaves it has.
_Described = tuple[FileColumn, str | None, int]


class _Schemas:
    """Remembers the last few schemas: nearly all files of a batch have one of them. Threads share it."""

    def __init__(self) -> None:
        self._known: tuple[tuple[Any, Metadata, tuple[_Described, ...]], ...] = ()

    def described(self, schema: Any, said: Metadata, *, is_kept: bool) -> tuple[_Described, ...]:
        for known, words, columns in self._known:
            if _is_alike(words, said) and known.equals(schema):
                return columns
        columns = _describe(schema, said)
        if is_kept:
            self._known = ((schema, said, columns), *self._known)[:SCHEMAS_KEPT]
        return columns


_SCHEMAS = _Schemas()


def _is_alike(one: Metadata, other: Metadata) -> bool:
    """Tell whether two footers say the same of their schemas, but for what pyarrow alone says of a leaf's type."""
    return (one.columns, one.created_by, one.key_values) == (other.columns, other.created_by, other.key_values)


def _describe(schema: Any, said: Metadata) -> tuple[_Described, ...]:
    for element in said.columns:
        _check(element, element)
    arrow = schema.to_arrow_schema()
    types = [column.type for column in arrow]
    meant, originals = meanings(types, said), original_types(types, said)
    columns: list[_Described] = []
    position = 0
    for column, meaning, original, _ in zip(arrow, meant, originals, said.columns, strict=True):
        leaf = schema.column(position) if inner_types(column.type) is None else None
        stored = Leaf.of(leaf.physical_type, leaf.logical_type.to_json()) if leaf is not None else None
        described = file_column(column.name, column.type, stored, meaning)
        described = replace(described, clock=_clock(leaf, original, meaning, said))
        leaves = _leaves(column.type)
        columns.append((described, stored.annotation if stored else None, leaves))
        position += leaves
    return tuple(columns)


def _clock(leaf: Any, original: Any, meaning: Meaning | None, said: Metadata) -> Clock | None:
    """Say what a column's timestamps are; `original` is its type in the writer's arrow schema, which some need."""
    if leaf is None:
        return None
    physical, logical = leaf.physical_type, leaf.logical_type.to_json()
    before = meaning.original if meaning else None
    if before is None and needs_original(physical, logical):
        before = original
    return clock_of(physical, logical, before, is_by_spark=is_by_spark(said))


@functools.lru_cache(maxsize=64)
def _shared(columns: tuple[FileColumn, ...]) -> tuple[FileColumn, ...]:
    """Return the first of equal tuples: a batch may hold thousands of files of one schema."""
    return columns


def _check(column: Element, element: Element) -> None:
    """Refuse a group without fields: pyarrow leaves the column out at the top, and reads no row of it below.

    And a VARIANT of other fields than it has.
    https://github.com/apache/parquet-format/blob/master/VariantShredding.md
    """
    if element.physical is None and not element.children:
        where = "" if column is element else f", {element.name},"
        raise RejectedFileError(
            Reason.UNSUPPORTED_TYPE,
            f"the column{' has' if where else ' is'} a group{where} without fields, of which parquet keeps no values",
            column=column.name,
            found="a group without fields",
            expected="a group with at least one field",
            remedy="leave the empty struct out, or give it a field",
        )
    if element.annotation == "VARIANT" and not is_variant(element):
        raise RejectedFileError(
            Reason.MALFORMED_VARIANT,
            "the VARIANT has other fields than the specification gives it",
            column=column.name,
            found=", ".join(f"{child.name} {child.physical or 'group'}" for child in element.children) or "no field",
            expected="metadata BYTE_ARRAY, value BYTE_ARRAY, and typed_value where it is shredded",
        )
    for child in element.children:
        _check(column, child)


def may_be_beyond(column: FileColumn, annotation: str, reach: Reach | None) -> bool:
    """Tell whether values of a column that COPY would read may lie beyond its type, by how far the column reaches.

    COPY does not say that of each: milliseconds may be beyond the microseconds of 64 bits. So what reaches too far, or
    may do so since no statistics say otherwise, is for the rewriting to look at. INT96 never has statistics, and holds
    its days apart from their nanoseconds.

    >>> from ingest_lambda.warehouse import sqltypes
    >>> column = FileColumn("day", "date32[day] (INT32 DATE)", sqltypes.DATE)
    >>> may_be_beyond(column, "DATE", (0, 20_000)), may_be_beyond(column, "DATE", (0, 200_000_000))
    (False, True)
    >>> may_be_beyond(column, "DATE", None)
    True
    """
    is_long = column.type is not None and (column.type.name, column.type.arguments[:1]) == ("DECIMAL", (LONG_DIGITS,))
    limits = (-LARGEST_LONG, LARGEST_LONG) if is_long else LIMITS.get(annotation)
    if limits is None or column.obstacle is not None:
        return False
    return reach is None or reach[0] < limits[0] or reach[1] > limits[1]


def _has_values(leaves: Sequence[bool | None]) -> bool | None:
    """Tell whether a column has a value: surely where a leaf has one; none surely where no leaf has one."""
    return True if True in leaves else None if None in leaves else False


def _leaves(arrow: Any) -> int:
    inner = inner_types(arrow)
    return 1 if inner is None else sum(map(_leaves, inner))
