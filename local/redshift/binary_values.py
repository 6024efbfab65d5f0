"""A column's values as the bytes that PostgreSQL's types take in binary.

In: an arrow array of one batch and how it travels. Out: bytes of one length for all values, or of each value's own. All
by numpy and arrow, whole columns at once; what stands for a NULL does not matter, since nobody sends it.
Source: the *_recv function of each type (https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.55.9.4).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.columnar_values import fitted_text, json_text, microseconds, plain
from local.redshift.errors import LoadFault
from local.redshift.parquet_types import CODE_DATA, SPECTRUM, ColumnPlan, Transport

Numbers = npt.NDArray[Any]
# By the column's type: as arrow has it, and as PostgreSQL takes it.
_NUMBERS: dict[str, tuple[pa.DataType, str]] = {
    "boolean": (pa.int8(), "|i1"),
    "smallint": (pa.int16(), ">i2"),
    "integer": (pa.int32(), ">i4"),
    "bigint": (pa.int64(), ">i8"),
    "real": (pa.float32(), ">f4"),
    "double precision": (pa.float64(), ">f8"),
}
# PostgreSQL counts from 2000 on. The first and last that it takes (no number of microseconds since 1970 is too high for
# it), and a number that it refuses.
_EPOCH_DAYS = 10_957
_EPOCH_MICROSECONDS = _EPOCH_DAYS * 86_400_000_000
_FIRST_DAY, _LAST_DAY, _NO_DAY = -2_451_545, 2_145_031_948, -(2**31) + 1
_FIRST_MOMENT, _NO_MOMENT = -211_813_488_000_000_000, -(2**63) + 1
_GROUP, _PAIR = 10_000, 100_000_000  # PostgreSQL's digits of a numeric, and two of them
_NEGATIVE = 0x4000
_LONG_DIGITS = 19  # of a DECIMAL in 64 bits


def in_binary(values: pa.Array, plan: ColumnPlan, name: str, replacement: str | None) -> Numbers | pa.Array:
    """Return a column's values in binary: an array of numpy, where all have one length, or a large_binary of arrow.

    Args:
        values: of one batch.
        plan: how they travel.
        name: the file's.
        replacement: what stands for a character that is not valid, None to fail.

    Raises:
        RedshiftError: a value does not fit its column.
    """
    values = plain(values)
    match plan.transport:
        case Transport.JSON:
            return pa.array(json_text(values), pa.large_string()).cast(pa.large_binary())
        case Transport.TEXT:
            return fitted_text(values, plan.target, name, replacement).cast(pa.large_binary())
        case Transport.BYTES:
            return values.cast(pa.large_binary())
        case Transport.TIMESTAMP | Transport.NANOSECONDS_MISREAD:
            return _moments(raw(microseconds(values, plan.transport, name), np.int64))
    if plan.target.base == "date":
        return _days(raw(values.cast(pa.date32()), np.int32))
    if plan.target.base == "numeric":
        _refuse_overflow(values, plan.target.name, name)
        return decimals(values)
    kind, sent = _NUMBERS[plan.target.base]
    return raw(values.cast(kind), np.dtype(sent).newbyteorder("=")).astype(sent)


def raw(values: pa.Array, kind: npt.DTypeLike) -> Numbers:
    """Return what an array of numbers holds, without a copy; NULLs are whatever stands there.

    >>> raw(pa.array([1, 2, 3], pa.int32())[1:], np.int32).tolist()
    [2, 3]
    """
    size = np.dtype(kind).itemsize
    return np.frombuffer(values.buffers()[1], kind, len(values), values.offset * size)


def _moments(micros: Numbers) -> Numbers:
    """Count from PostgreSQL's epoch; what is out of its range becomes a number that it refuses, and no infinity."""
    fits = micros >= _FIRST_MOMENT + _EPOCH_MICROSECONDS
    counted = micros - _EPOCH_MICROSECONDS
    return (counted if fits.all() else np.where(fits, counted, _NO_MOMENT)).astype(">i8")


def _days(days: Numbers) -> Numbers:
    counted = days.astype(np.int64) - _EPOCH_DAYS
    fits = (counted >= _FIRST_DAY) & (counted <= _LAST_DAY)
    return (counted if fits.all() else np.where(fits, counted, _NO_DAY)).astype(">i4")


def _refuse_overflow(values: pa.Array, column: str, name: str) -> None:
    """Hold DECIMALs to their precision, which a file's writer may have declared too small: arrow does not look.

    One of 19 digits is kept in 64 bits (https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html).
    """
    precision = values.type.precision
    largest = Decimal(f"{2**63 - 1 if precision == _LONG_DIGITS else 10**precision - 1}e{-values.type.scale}")
    extremes = pc.min_max(values).as_py()
    for value in (extremes["min"], extremes["max"]):
        if value is not None and value.copy_abs() > largest:
            context = f"numeric field overflow: {value:f} is no {values.type} (file/column: {name}/{column})"
            raise LoadFault(SPECTRUM, CODE_DATA, context, file=name, column=column).to_error()


def decimals(values: pa.Array) -> Numbers:
    """Return DECIMALs that fit their precision: how many digits of 10,000, the first one's weight, sign, scale, digits.

    >>> from decimal import Decimal
    >>> sent = decimals(pa.array([Decimal("-12345.678"), Decimal("0.001")], pa.decimal128(9, 3)))
    >>> sent.view(">i2").reshape(2, -1).tolist()
    [[3, 1, 16384, 3, 1, 2345, 6780], [3, 1, 0, 3, 0, 0, 10]]
    """
    precision, scale = values.type.precision, values.type.scale
    halves = raw(values.cast(pa.decimal128(precision, scale)), np.dtype([("low", "<u8"), ("high", "<i8")]))
    whole, fraction = -(-(precision - scale) // 4), -(-scale // 4)
    count = whole + fraction
    sent = np.empty((len(values), 4 + count), ">i2")
    is_negative = halves["high"] < 0
    sent[:, :4] = (count, whole - 1, 0, scale)
    sent[:, 2] = is_negative * np.int16(_NEGATIVE)
    limbs = _limbs(halves, is_negative, 10 ** (4 * fraction - scale), wide=precision > 18)
    for place in range(count - 1, -1, -2):
        pair: Numbers = np.zeros(len(values), np.uint64)
        for i, limb in enumerate(limbs):
            dividend = (pair << np.uint64(32)) | limb
            limbs[i] = dividend // np.uint64(_PAIR)
            pair = dividend - limbs[i] * np.uint64(_PAIR)
        sent[:, 4 + place] = pair % np.uint64(_GROUP)
        if place:
            sent[:, 3 + place] = pair // np.uint64(_GROUP)
    return sent.view(f"V{2 * (4 + count)}")[:, 0]


def _limbs(halves: Numbers, is_negative: Numbers, factor: int, *, wide: bool) -> list[Numbers]:
    """Return absolute values of 128 bits times a factor below 2^32 as limbs of 32 bits, the highest first."""
    low = np.where(is_negative, ~halves["low"] + np.uint64(1), halves["low"])
    high = halves["high"].view(np.uint64) if halves["high"].flags.c_contiguous else halves["high"].astype(np.uint64)
    high = np.where(is_negative, ~high + (low == 0), high)
    half, mask = np.uint64(32), np.uint64(0xFFFFFFFF)
    limbs = [high >> half, high & mask] if wide else []
    limbs += [low >> half, low & mask]
    carry = np.zeros(len(halves), np.uint64)
    for i in range(len(limbs) - 1, -1, -1):
        product = limbs[i] * np.uint64(factor) + carry
        limbs[i], carry = product & mask, product >> half
    return [carry, *limbs]


def lengths(values: pa.Array) -> Numbers:
    """Return the bytes of each value of a large_binary, -1 for NULL, as a field's length is sent."""
    return raw(pc.fill_null(pc.binary_length(values), -1), np.int64).astype(">i4")
