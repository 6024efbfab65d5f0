"""LAND: how the values of a landing type travel through COPY.

In: the type of a landing column. Out: its `Transport`: the arrow type that the canonical object holds, the type of the
stage's column that COPY reads it into, and how INSERT makes the landing value of it. Pure.

Only types that COPY reads right from parquet travel
(https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html, VARBYTE:
https://docs.aws.amazon.com/redshift/latest/dg/copy-usage-varbyte.html). It reads no TIME and
no SUPER without loss: a time travels as text, which Redshift casts
(https://docs.aws.amazon.com/redshift/latest/dg/r_CAST_function.html), and a nested value as JSON in bytes, since a
VARCHAR ends at 65,535 and JSON_PARSE takes a VARBYTE too
(https://docs.aws.amazon.com/redshift/latest/dg/JSON_PARSE.html).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import Restore, SqlType

TIME_TEXT = SqlType("VARCHAR", (len("24:00:00.000000"),))


@dataclass(frozen=True)
class Transport:
    """The arrow type in the canonical object, the type of the stage's column, and the way back."""

    arrow: pa.DataType
    stage: SqlType
    restore: Restore = Restore.NONE


ARROW_TYPES = {
    "BOOLEAN": pa.bool_(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "REAL": pa.float32(),
    "DOUBLE PRECISION": pa.float64(),
    "VARCHAR": pa.string(),
    "CHAR": pa.string(),
    "VARBYTE": pa.binary(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
}


def transport_of(landing: SqlType) -> Transport:
    """Choose how values of the type `landing` travel.

    >>> transport_of(sqltypes.decimal(18, 2)).arrow
    Decimal128Type(decimal128(18, 2))
    >>> str(transport_of(sqltypes.TIME).stage), transport_of(sqltypes.TIME).restore.value
    ('VARCHAR(15)', 'cast')

    Raises:
        ValueError: no column of a file lands in this type.
    """
    if landing.name == "DECIMAL":
        return Transport(pa.decimal128(*landing.arguments), landing)
    if landing == sqltypes.TIME:
        return Transport(pa.string(), TIME_TEXT, Restore.CAST)
    if landing == sqltypes.SUPER:
        return Transport(pa.binary(), sqltypes.VARBYTE, Restore.JSON)
    if landing.name not in ARROW_TYPES:
        raise ValueError(f"no column of a file lands as {landing}")
    return Transport(ARROW_TYPES[landing.name], landing)


def travels(landing: SqlType) -> bool:
    """Tell whether values of the type `landing` travel at all."""
    return landing.name == "DECIMAL" or landing in (sqltypes.TIME, sqltypes.SUPER) or landing.name in ARROW_TYPES
