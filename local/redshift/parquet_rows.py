"""Rows of a columnar file as the CSV that PostgreSQL's COPY FROM STDIN takes.

In: an open file and its ColumnPlans. Out: chunks of bytes. NULL is an empty field, an empty string is quoted.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.columnar import ColumnarFile
from local.redshift.errors import LoadFault
from local.redshift.parquet_types import CODE_DATA, SPECTRUM, ColumnPlan, TargetColumn, Transport

_CSV = pa_csv.WriteOptions(include_header=False)
# Moments that PostgreSQL and arrow write alike; others (the misread ones, mostly) go through numpy.
_FIRST_PLAIN, _LAST_PLAIN = -62_135_596_800_000_000, 253_402_300_799_999_999  # years 1 to 9999, in microseconds
_DAY = 86_400_000_000


def csv_chunks(file: ColumnarFile, plans: list[ColumnPlan], width: int, replacement: str | None) -> Iterator[bytes]:
    """Yield the file's rows as CSV of `width` fields, one chunk a batch; the last fields, without a plan, are NULL.

    Raises:
        RedshiftError: a value does not fit its column.
    """
    for batch in file.batches([plan.index for plan in plans]):
        columns = [as_csv(batch.column(i), plan, file.name, replacement) for i, plan in enumerate(plans)]
        columns += [pa.nulls(len(batch), pa.string())] * (width - len(plans))
        output = io.BytesIO()
        pa_csv.write_csv(pa.table(columns, names=[str(i) for i in range(width)]), output, _CSV)
        yield output.getvalue()


def as_csv(
    values: pa.Array, plan: ColumnPlan, name: str, replacement: str | None = None, *, cuts: bool = False
) -> pa.Array:
    """Return a column's values as their CSV spells them.

    Args:
        values: of one batch.
        plan: how they travel.
        name: the file's.
        replacement: what stands for a character that is not valid, None to fail.
        cuts: whether a text that is too long is cut, as for external tables, instead of failing.

    Raises:
        RedshiftError: a value does not fit its column.
    """
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if plan.transport is Transport.JSON:
        return pa.array([_json(value) for value in values.to_pylist()], pa.string())
    if pa.types.is_date(values.type):
        return _dates(values)
    match plan.transport:
        case Transport.TEXT:
            return _text(values, plan.target, name, replacement, cuts)
        case Transport.BYTES:
            return _hexadecimal(values)
        case Transport.TIMESTAMP:
            return _timestamps(values)
        case Transport.NANOSECONDS_MISREAD:
            # Redshift reads an INT64 nanosecond timestamp without an error and wrongly: the model here is that it takes
            # the number for microseconds, so that 2025 becomes a year past 50000.
            return _timestamps(values.view(pa.int64()).cast(pa.timestamp("us")))
    return values


def _json(value: Any) -> str | None:
    """Return a value as SUPER reads it: dates and times are texts there, as documented of ORC.

    >>> _json("a"), _json([1, None]), _json(Decimal("1.50")), _json(None)
    ('"a"', '[1, null]', '1.50', None)
    """
    if value is None:
        return None
    return format(value, "f") if isinstance(value, Decimal) else json.dumps(value, default=str)


def _text(values: pa.Array, target: TargetColumn, name: str, replacement: str | None, cuts: bool) -> pa.Array:
    values = _valid_utf8(values, target, name, replacement)
    limit = target.length
    longest = pc.max(pc.binary_length(values)).as_py()
    if limit is not None and longest is not None and longest > limit:
        if cuts:
            return pa.array([cut(value, limit) for value in values.to_pylist()], pa.large_string())
        context = (
            f"The length of the data column {target.name} is longer than the length defined in the table. "
            f"Table: {limit}, Data: {longest} (file/column: {name}/{target.name})"
        )
        raise LoadFault(SPECTRUM, CODE_DATA, context, file=name, column=target.name).to_error()
    return values


def cut(value: str | None, limit: int) -> str | None:
    """Return a text of at most so many bytes, of whole characters.

    >>> cut("éé", 3), cut("ab", 3)
    ('é', 'ab')
    """
    return None if value is None else value.encode()[:limit].decode(errors="ignore")


def _valid_utf8(values: pa.Array, target: TargetColumn, name: str, replacement: str | None) -> pa.Array:
    binary = values.cast(pa.large_binary())
    try:
        text = binary.cast(pa.large_string())
        if not pc.any(pc.match_substring(text, "\0")).as_py():
            return text
    except pa.ArrowInvalid:
        pass
    if replacement is None:
        context = f"Invalid UTF8 or NUL byte in column {target.name} (file: {name})"
        raise LoadFault(SPECTRUM, CODE_DATA, context, file=name, column=target.name).to_error()
    repaired = [_repair(value, replacement) for value in binary.to_pylist()]
    return pa.array(repaired, pa.large_string())


def _repair(value: bytes | None, replacement: str) -> str | None:
    if value is None:
        return None
    return value.decode(errors="replace").replace("\ufffd", replacement).replace("\0", replacement)


def _hexadecimal(values: pa.Array) -> pa.Array:
    return pa.array([None if value is None else "\\x" + value.hex() for value in values.to_pylist()], pa.string())


def _timestamps(values: pa.Array) -> pa.Array:
    """Return timestamps as PostgreSQL reads them, to the microsecond, in UTC."""
    micros = values.cast(pa.timestamp("us", values.type.tz), safe=False).view(pa.int64())
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
