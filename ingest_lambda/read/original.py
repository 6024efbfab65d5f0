"""LAND, read: the arrow schema that a writer had, as the footer keeps it.

In: a footer's key-value pairs. Out: the arrow type of each column before it became parquet, or the column whose type
closes the file to pyarrow. Pure.

Writers of arrow data keep its schema under `ARROW:schema`, as an IPC message in base64
(https://arrow.apache.org/docs/cpp/parquet.html#serialization-details). pyarrow takes from it what it needs for its own
files (zones, dictionaries, durations), and no more.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.read.flatbuffer import Table
from ingest_lambda.read.metadata import MAX_SCHEMA_DEPTH, Metadata

KEY = "ARROW:schema"
IPC_PREFIX = 8  # bytes before the message: its marker and length
# Fields of the message's tables, by their numbers in the format.
HEADER, FIELDS = 2, 1
NAME, TYPE_KIND, TYPE, CHILDREN, WORDS = 0, 2, 3, 5, 6
EXTENSION = "ARROW:extension:name"
INT, BIT_WIDTH, MAX_BITS = 2, 0, 64
LAST_KIND = 26  # the newest type that pyarrow 26 knows: LargeListView


def original_types(arrow: Sequence[Any], said: Metadata) -> tuple[Any, ...]:
    """Name each column's type before it became parquet; None of each where the file does not say it."""
    nothing = (None,) * len(arrow)
    message = message_of(said)
    if message is None:
        return nothing
    try:
        schema = pa.ipc.read_schema(pa.BufferReader(message))
    except (pa.ArrowException, OSError, ValueError):  # what it would say is lost; the columns are there all the same
        return nothing
    if schema.names != [element.name for element in said.columns]:
        return nothing
    return tuple(field.type for field in schema)


def message_of(said: Metadata) -> bytes | None:
    """Give the IPC message that is kept in a footer."""
    try:
        return base64.b64decode(said.key_values[KEY], validate=True) if KEY in said.key_values else None
    except (binascii.Error, ValueError):
        return None


def refused_column(said: Metadata) -> tuple[str, str] | None:
    """Name the column, and its type, that makes pyarrow refuse the writer's schema and with it the whole file.

    https://github.com/apache/arrow/blob/main/format/Schema.fbs
    """
    message = message_of(said)
    if message is None:
        return None
    try:
        schema = Table.root(message[IPC_PREFIX:]).table(HEADER)
        for column in schema.tables(FIELDS) if schema else ():
            refused = _refused(column, 0)
            if refused:
                return column.text(NAME), refused
    except ValueError:
        return None
    return None


def extension_columns(said: Metadata) -> list[str]:
    """Name the columns to which the writer's schema gives a type beyond arrow's own, such as a UUID."""
    message = message_of(said)
    try:
        schema = Table.root(message[IPC_PREFIX:]).table(HEADER) if message else None
        columns = list(schema.tables(FIELDS)) if schema else []
        return [column.text(NAME) for column in columns if EXTENSION in {pair.text(0) for pair in column.tables(WORDS)}]
    except ValueError:
        return []


def _refused(field: Table, depth: int) -> str | None:
    if depth > MAX_SCHEMA_DEPTH:
        return None
    kind, type_ = field.number(TYPE_KIND, "<B"), field.table(TYPE)
    if kind == INT and type_ is not None and type_.number(BIT_WIDTH) > MAX_BITS:
        return f"an integer of {type_.number(BIT_WIDTH)} bits"
    if kind > LAST_KIND:
        return f"a type that arrow's format numbers {kind}"
    return next((found for child in field.tables(CHILDREN) if (found := _refused(child, depth + 1))), None)
