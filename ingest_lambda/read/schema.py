"""LAND: from a file's columns to the warehouse's.

In: the arrow schema and the parquet leaf columns of a footer. Out: `FileColumn`s that say which Redshift type each
column lands as, and whether COPY reads it right. Pure.

COPY maps parquet columns by position and knows fewer types than parquet
(https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html,
https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html). What it would misread or refuse carries
an `obstacle`: the reason why the file cannot be copied as it is, and is rewritten first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pyarrow import types  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.clock import Clock
from ingest_lambda.read.arrow_types import inner_types, plain_type
from ingest_lambda.read.meaning import Kind, Meaning
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType


class Obstacle(StrEnum):
    """Why COPY cannot read a column as it is."""

    NANOSECONDS = "nanoseconds, which it misreads without an error"
    NESTED = "nested values"
    TYPE = "a type that it does not read right"
    CALENDAR = "days before 1582 of an older calendar, which it takes for today's"
    RANGE = "values that may lie beyond what it keeps, by the file's statistics or for want of them"
    TEXT = "text, whose meaning the contract says"


@dataclass(frozen=True)
class FileColumn:
    """A column of a file. `found` words its type for people; `type` is what it lands as, None if nothing can hold it.

    `obstacle` is why COPY would misread or refuse it, None if it reads it right. `is_void`: of arrow's null type, so
    that it has no value and suits a landing column of any type. `has_values` is what the file says of it: False where
    all are NULL (or empty lists, where it is nested), None where it says nothing. `meaning` is how its values are to be
    taken, None where the arrow type that they are read in says all of it. `caution` is what users of its writer would
    not expect of how it lands. `clock` is what its timestamps are, None where it has none or the file does not say.
    """

    name: str
    found: str
    type: SqlType | None
    obstacle: Obstacle | None = None
    is_void: bool = False
    has_values: bool | None = None
    meaning: Meaning | None = None
    caution: str | None = None
    clock: Clock | None = None


UNITS = {"milliseconds": "MILLIS", "microseconds": "MICROS", "nanoseconds": "NANOS"}


@dataclass(frozen=True)
class Leaf:
    """A physical column of a parquet file: its physical type, and the annotation that gives it a meaning."""

    physical: str
    annotation: str

    @classmethod
    def of(cls, physical: str, logical_json: str) -> Leaf:
        """Read a leaf as pyarrow words it, the logical type as JSON.

        >>> Leaf.of("INT32", '{"Type": "Int", "bitWidth": 8, "isSigned": false}')
        Leaf(physical='INT32', annotation='UINT_8')
        >>> Leaf.of("INT64", '{"Type": "Timestamp", "isAdjustedToUTC": true, "timeUnit": "microseconds"}')
        Leaf(physical='INT64', annotation='TIMESTAMP_MICROS')
        """
        logical = json.loads(logical_json)
        kind = str(logical["Type"])
        if kind == "Int":
            return cls(physical, f"{'' if logical['isSigned'] else 'U'}INT_{logical['bitWidth']}")
        if kind == "Timestamp":
            return cls(physical, f"TIMESTAMP_{UNITS.get(logical['timeUnit'], 'UNKNOWN')}")
        return cls(physical, kind.upper())


# Arrow type -> Redshift type. The parquet side is https://parquet.apache.org/docs/file-format/types/logicaltypes/,
# the Redshift side https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html: Redshift has no
# unsigned and no 1-byte integers, so each lands in the smallest type that holds all its values; its TIMESTAMP has
# microseconds and no zone, so instants land in UTC. A duration lands in microseconds, whatever its unit in the file:
# Redshift's INTERVAL cannot be copied.
TYPES: tuple[tuple[Callable[[Any], bool], Callable[[Any], SqlType | None]], ...] = (
    (types.is_boolean, lambda _: sqltypes.BOOLEAN),
    (types.is_int8, lambda _: sqltypes.SMALLINT),
    (types.is_uint8, lambda _: sqltypes.SMALLINT),
    (types.is_int16, lambda _: sqltypes.SMALLINT),
    (types.is_uint16, lambda _: sqltypes.INTEGER),
    (types.is_int32, lambda _: sqltypes.INTEGER),
    (types.is_uint32, lambda _: sqltypes.BIGINT),
    (types.is_int64, lambda _: sqltypes.BIGINT),
    (types.is_uint64, lambda _: sqltypes.decimal(20, 0)),
    (types.is_float16, lambda _: sqltypes.REAL),
    (types.is_float32, lambda _: sqltypes.REAL),
    (types.is_float64, lambda _: sqltypes.DOUBLE),
    (types.is_decimal, lambda arrow: _decimal(arrow)),
    (types.is_string, lambda _: sqltypes.VARCHAR),
    (types.is_large_string, lambda _: sqltypes.VARCHAR),
    (types.is_string_view, lambda _: sqltypes.VARCHAR),
    (types.is_null, lambda _: sqltypes.VARCHAR),
    (types.is_binary, lambda _: sqltypes.VARBYTE),
    (types.is_large_binary, lambda _: sqltypes.VARBYTE),
    (types.is_binary_view, lambda _: sqltypes.VARBYTE),
    (types.is_fixed_size_binary, lambda _: sqltypes.VARBYTE),
    (types.is_date, lambda _: sqltypes.DATE),
    (types.is_timestamp, lambda _: sqltypes.TIMESTAMP),
    (types.is_time, lambda _: sqltypes.TIME),
    (types.is_duration, lambda _: sqltypes.BIGINT),
    (types.is_nested, lambda arrow: sqltypes.SUPER if has_distinct_names(arrow) else None),
)
# Bytes that are text: an ENUM is UTF-8, a UUID lands as its 36 characters.
OBSTACLES = {
    Kind.JULIAN: Obstacle.CALENDAR,
    Kind.EITHER_CALENDAR: Obstacle.CALENDAR,
    Kind.ENDLESS: Obstacle.NANOSECONDS,
}
TEXTS = {Kind.TEXT, Kind.UUID}

# Physical and annotated types that COPY reads into the type above without loss. Not here, on purpose: nanoseconds
# (misread without an error), UINT_32 and UINT_64 (read as signed), TIME, Float16, nested, and whatever is unknown.
READ_RIGHT = {
    ("BOOLEAN", "NONE"),
    ("INT32", "NONE"),
    ("INT32", "INT_8"),
    ("INT32", "INT_16"),
    ("INT32", "INT_32"),
    ("INT32", "UINT_8"),
    ("INT32", "UINT_16"),
    ("INT32", "DATE"),
    ("INT32", "DECIMAL"),
    ("INT64", "NONE"),
    ("INT64", "INT_64"),
    ("INT64", "DECIMAL"),
    ("INT64", "TIMESTAMP_MILLIS"),
    ("INT64", "TIMESTAMP_MICROS"),
    ("INT96", "NONE"),
    ("FLOAT", "NONE"),
    ("DOUBLE", "NONE"),
    ("BYTE_ARRAY", "NONE"),
    ("BYTE_ARRAY", "STRING"),
    ("BYTE_ARRAY", "JSON"),
    ("BYTE_ARRAY", "DECIMAL"),
    ("FIXED_LEN_BYTE_ARRAY", "DECIMAL"),
}


def file_column(name: str, arrow: Any, leaf: Leaf | None, meaning: Meaning | None = None) -> FileColumn:
    """Describe a column of arrow type `arrow`, stored as `leaf` (None for a nested column), that means `meaning`.

    >>> import pyarrow as pa
    >>> column = file_column("at", pa.timestamp("ns"), Leaf("INT64", "TIMESTAMP_NANOS"))
    >>> column.type.name, str(column.obstacle)
    ('TIMESTAMP', 'nanoseconds, which it misreads without an error')
    """
    value = plain_type(meaning.original if meaning and meaning.original else arrow)
    found = f"{value} ({leaf.physical} {leaf.annotation})" if leaf else str(value)
    if meaning and meaning.kind in TEXTS:
        return FileColumn(name, found, sqltypes.VARCHAR, Obstacle.TYPE, meaning=meaning)
    if meaning and meaning.kind is Kind.VARIANT:
        return FileColumn(name, "variant", sqltypes.SUPER, Obstacle.NESTED, meaning=meaning)
    landing = next((to_sql(value) for is_type, to_sql in TYPES if is_type(value)), None)
    obstacle = (
        OBSTACLES.get(meaning.kind, Obstacle.TYPE) if meaning and meaning.kind else _obstacle(value, leaf, landing)
    )
    return FileColumn(name, found, landing, obstacle, types.is_null(value), meaning=meaning)


def has_distinct_names(arrow: Any) -> bool:
    """Tell whether no struct within a type has two fields of one name: an object would keep one of them."""
    arrow = plain_type(arrow)
    is_clear = not types.is_struct(arrow) or len({field.name for field in arrow}) == arrow.num_fields
    return is_clear and all(has_distinct_names(inner) for inner in inner_types(arrow) or ())


def fingerprint(columns: Sequence[FileColumn]) -> str:
    """Digest names and types in the file's order: equal for files of one schema.

    >>> fingerprint([]) == fingerprint([FileColumn("a", "int64", sqltypes.BIGINT)])
    False
    """
    facts = [(column.name, str(column.type), column.found) for column in columns]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def _decimal(arrow: Any) -> SqlType:
    """Keep precision and scale as far as Redshift has them; a value that needs more is for the rewriting to name."""
    return sqltypes.decimal(min(arrow.precision, sqltypes.MAX_PRECISION), min(arrow.scale, sqltypes.MAX_SCALE))


def _obstacle(arrow: Any, leaf: Leaf | None, landing: SqlType | None) -> Obstacle | None:
    if leaf is None or types.is_nested(arrow):
        return Obstacle.NESTED
    if leaf.annotation == "TIMESTAMP_NANOS":
        return Obstacle.NANOSECONDS
    is_read = (leaf.physical, leaf.annotation) in READ_RIGHT and _means_what_it_stores(arrow, leaf)
    is_cut = types.is_decimal(arrow) and landing != sqltypes.decimal(arrow.precision, arrow.scale)
    return None if is_read and not is_cut else Obstacle.TYPE


def _means_what_it_stores(arrow: Any, leaf: Leaf) -> bool:
    """Tell whether the arrow type is the one that the parquet types alone say.

    Writers keep their arrow schema in the footer, and it may give a bare integer another meaning (a duration, say)
    which COPY would not see.
    """
    if leaf.annotation != "NONE":
        return True
    by_physical = {
        "BOOLEAN": types.is_boolean,
        "INT32": types.is_int32,
        "INT64": types.is_int64,
        "INT96": types.is_timestamp,
        "FLOAT": types.is_float32,
        "DOUBLE": types.is_float64,
        "BYTE_ARRAY": lambda value: "binary" in str(value),
    }
    return bool(by_physical[leaf.physical](arrow))
