"""Which parquet column COPY puts into which Redshift column.

In: a parquet column's schema and the table's column. Out: a Transport, None where they do not fit. Pure.
The types must be the same, as Redshift Spectrum, which COPY uses for columnar files, demands
(https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html). Where AWS does not document a
conversion it is refused here: code that passes must not lean on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
    import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

SPECTRUM = "Spectrum Scan Error"
CODE_DATA = 15001  # a value does not fit
CODE_SCHEMA = 15007  # the file is not shaped as the table


class Transport(Enum):
    """How a column's values travel to the table."""

    AS_IS = "as is"
    TEXT = "text of limited bytes"
    BYTES = "bytes"
    TIMESTAMP = "timestamp"
    NANOSECONDS_MISREAD = "nanoseconds read as microseconds"
    JSON = "value as JSON"


@dataclass(frozen=True)
class TargetColumn:
    """A column of the table: its name, PostgreSQL type as format_type() prints it, and whether NULL is refused."""

    name: str
    type: str
    not_null: bool = False

    @property
    def length(self) -> int | None:
        """The length or precision in the type, if there is one."""
        match = re.search(r"\((\d+)", self.type)
        return int(match[1]) if match else None

    @property
    def base(self) -> str:
        """The type without length."""
        return re.sub(r"\(.*?\)", "", self.type).strip()


@dataclass(frozen=True)
class ColumnPlan:
    """One column of a file on its way to one table column."""

    index: int
    target: TargetColumn
    transport: Transport


def count_leaves(kind: pa.DataType) -> int:
    """Return how many parquet columns hold an arrow column: one, or those of its innermost fields.

    >>> import pyarrow as pa
    >>> count_leaves(pa.int64()), count_leaves(pa.struct([("a", pa.int64()), ("b", pa.list_(pa.int8()))]))
    (1, 2)
    """
    return sum(count_leaves(kind.field(i).type) for i in range(kind.num_fields)) or 1


def parquet_transport(leaf: pq.ColumnSchema, target: TargetColumn) -> Transport | None:
    """Return how the parquet column fits the table's, None if it does not."""
    physical, logical, base = leaf.physical_type, str(leaf.logical_type), target.base
    kind = logical.split("(")[0]
    if kind == "Timestamp":
        return _timestamp(logical) if base == "timestamp without time zone" else None
    if physical == "INT96":
        return Transport.TIMESTAMP if base == "timestamp without time zone" and kind == "None" else None
    if kind == "Decimal":
        return Transport.AS_IS if target.type == f"numeric({leaf.precision},{leaf.scale})" else None
    if physical == "BYTE_ARRAY":
        if base == "varbyte":
            return Transport.BYTES if kind == "None" else None
        text = base in ("character varying", "character") and kind in ("String", "Enum", "JSON", "None")
        return Transport.TEXT if text else None
    return Transport.AS_IS if base in _SAME.get((physical, _width(logical)), ()) else None


_SAME: dict[tuple[str, str], tuple[str, ...]] = {
    ("BOOLEAN", ""): ("boolean",),
    ("INT32", ""): ("integer",),
    ("INT32", "8"): ("smallint", "integer"),
    ("INT32", "16"): ("smallint", "integer"),
    ("INT32", "u8"): ("smallint", "integer"),
    ("INT32", "u16"): ("integer",),
    ("INT32", "32"): ("integer",),
    ("INT64", ""): ("bigint",),
    ("INT64", "64"): ("bigint",),
    ("FLOAT", ""): ("real",),
    ("DOUBLE", ""): ("double precision",),
    ("INT32", "date"): ("date",),
}


def _width(logical: str) -> str:
    """Name an integer annotation: bits, with a `u` where unsigned; "" without one.

    >>> _width("Int(bitWidth=16, isSigned=false)"), _width("None"), _width("Date"), _width("Time(isAdjustedToUTC=true)")
    ('u16', '', 'date', 'other')
    """
    match = re.match(r"Int\(bitWidth=(\d+), isSigned=(\w+)\)", logical)
    if match:
        return ("" if match[2] == "true" else "u") + match[1]
    return {"None": "", "Date": "date"}.get(logical, "other")


def _timestamp(logical: str) -> Transport:
    return Transport.NANOSECONDS_MISREAD if "nanoseconds" in logical else Transport.TIMESTAMP


_NAMES = {
    "character varying": "VARCHAR",
    "integer": "INT",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "double precision": "DOUBLE",
    "numeric": "DECIMAL",
}


def redshift_type(target: TargetColumn) -> str:
    """Return the type as Redshift's messages name it.

    >>> redshift_type(TargetColumn("a", "numeric(18,2)"))
    'DECIMAL(18, 2)'
    """
    lengths = re.search(r"\(.*\)", target.type)
    return _NAMES.get(target.base, target.base.upper()) + (lengths[0].replace(",", ", ") if lengths else "")
