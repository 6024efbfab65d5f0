"""A column's values as the CSV of an external table's rows spells them.

In: an arrow array of one batch and how it travels. Out: an array that arrow writes as CSV. NULL is an empty field, an
empty string is quoted. COPY, which has no other columns beside those of files, sends them in binary (binary_rows.py).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.columnar_values import fitted_text, json_text, microseconds, plain
from local.redshift.parquet_types import ColumnPlan, Transport

# Moments that PostgreSQL and arrow write alike; others (the misread ones, mostly) go through numpy.
_FIRST_PLAIN, _LAST_PLAIN = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999, in microseconds
_DAY = 86_400_000_000


def as_csv(values: pa.Array, plan: ColumnPlan, name: str) -> pa.Array:
    """Return a column's values as their CSV spells them; a text that is too long is cut.

    Args:
        values: of one batch.
        plan: how they travel.
        name: the file's.

    Raises:
        RedshiftError: a value does not fit its column.
    """
    values = plain(values)
    if plan.transport is Transport.JSON:
        return pa.array(json_text(values), pa.string())
    if pa.types.is_date(values.type):
        return _dates(values)
    match plan.transport:
        case Transport.TEXT:
            return fitted_text(values, plan.target, name, None, cuts=True)
        case Transport.BYTES:
            return _hexadecimal(values)
        case Transport.TIMESTAMP | Transport.NANOSECONDS_MISREAD:
            return _timestamps(microseconds(values, plan.transport, name))
    return values


def _hexadecimal(values: pa.Array) -> pa.Array:
    return pa.array([None if value is None else "\\x" + value.hex() for value in values.to_pylist()], pa.string())


def _timestamps(micros: pa.Array) -> pa.Array:
    """Return timestamps as PostgreSQL reads them, to the microsecond, in UTC."""
    low, high = pc.min(micros).as_py(), pc.max(micros).as_py()
    if low is None or (low >= _FIRST_PLAIN and high <= _LAST_PLAIN):
        return micros.cast(pa.timestamp("us"))
    return _spelled(micros, "datetime64[us]")


def _dates(values: pa.Array) -> pa.Array:
    days = values.cast(pa.date32()).view(pa.int32())
    low, high = pc.min(days).as_py(), pc.max(days).as_py()
    first, last = _FIRST_PLAIN // _DAY, _LAST_PLAIN // _DAY
    return values if low is None or (low >= first and high <= last) else _spelled(days, "datetime64[D]")


def _spelled(counts: pa.Array, kind: str) -> pa.Array:
    """Spell moments as PostgreSQL does: the year before 1 is 1 BC, where numpy counts on with 0 and -1."""
    moments = np.asarray(counts.cast(pa.int64()).fill_null(0)).astype(kind).astype(str)
    nulls = counts.is_null().to_pylist()
    return pa.array([None if is_null else _with_era(m) for m, is_null in zip(moments, nulls, strict=True)], pa.string())


def _with_era(moment: str) -> str:
    year, rest = moment[0] + moment[1:].partition("-")[0], "-" + moment[1:].partition("-")[2]
    return str(moment) if int(year) > 0 else f"{1 - int(year):04}{rest} BC"
