"""LAND, rewrite: numbers that land in a column of the other kind, exactly or not at all.

In: floating-point numbers for a column of whole numbers or decimals, or the other way round. Out: the same numbers, in
a type that casts to the column's without a loss; or the first one that the column does not hold exactly. Pure.

A whole number that was written as a DOUBLE (as pandas does where an integer column has a NULL) is taken up to 2**53:
beyond, a double may stand for several of them, and which one was meant is lost.
"""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.judge.widening import EXACT, FLOATING, to_hold_whole
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import MAX_SHOWN, BadValueError, shown
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType

# Bits of the significand: below 2 to so many, no two whole numbers have one floating-point number.
BITS = {pa.float16(): 11, pa.float32(): 24, pa.float64(): 53}
MOST_DIGITS = 76  # of arrow's widest decimal


def crosses(found: Any, landing: SqlType) -> bool:
    """Tell whether values of the arrow type `found` are numbers, and those of `landing` of the other kind.

    >>> crosses(pa.float64(), sqltypes.BIGINT), crosses(pa.int8(), sqltypes.REAL), crosses(pa.int8(), sqltypes.BIGINT)
    (True, True, False)
    """
    if types.is_floating(found):
        return landing.name in EXACT
    return (types.is_integer(found) or types.is_decimal(found)) and landing.name in FLOATING


def across(values: pa.Array, landing: SqlType) -> pa.Array:
    """Take numbers as the other kind; which of them are within the column's range is for the cast to say.

    >>> across(pa.array([3.0, None]), sqltypes.INTEGER).to_pylist(), across(pa.array([3]), sqltypes.REAL).to_pylist()
    ([3, None], [3.0])

    Raises:
        BadValueError: the column does not hold one exactly.
    """
    return _to_exact(values, landing) if types.is_floating(values.type) else _to_floating(values, landing)


def _to_exact(values: pa.Array, landing: SqlType) -> pa.Array:
    """Take floating-point numbers as whole numbers, or decimals with as many digits behind the point as landing's."""
    bits = BITS[values.type]
    scale = landing.arguments[1] if landing.name == "DECIMAL" else 0
    doubles = values.cast(pa.float64())
    # a fraction of two has as many decimal digits as it has binary ones; the multiplication is exact
    shifted = pc.multiply(doubles, float(2**scale))
    is_bad = pc.or_(pc.greater(pc.abs(doubles), float(2**bits)), pc.not_equal(pc.floor(shifted), shifted))
    index = pc.index(is_bad, True).as_py()
    if index >= 0:
        kind = "a whole number" if scale == 0 else f"a number that {landing} holds exactly,"
        expected = f"{kind} of at most 2^{bits}"
        raise BadValueError(
            Reason.VALUE_OUT_OF_RANGE, index, _digits(values[index]), expected, evolve_to=sqltypes.DOUBLE
        )
    is_whole = pc.all(pc.equal(pc.floor(doubles), doubles)).as_py() is not False
    if is_whole:
        return _within(doubles.cast(pa.int64()), landing)
    exact = [None if value is None else Decimal(value) for value in doubles.to_pylist()]
    return pa.array(exact, pa.decimal256(MOST_DIGITS, scale))


def _within(values: pa.Array, landing: SqlType) -> pa.Array:
    """Name the type that would hold them, where whole numbers are beyond a column's range."""
    if landing.name == "DECIMAL":
        whole = landing.arguments[0] - landing.arguments[1]
        least, most = -(10**whole) + 1, 10**whole - 1
    else:
        bits = {"SMALLINT": 15, "INTEGER": 31}.get(landing.name, 63)
        least, most = -(2**bits), 2**bits - 1
    if most < 2**53:
        index = pc.index(pc.or_(pc.less(values, least), pc.greater(values, most)), True).as_py()
        if index >= 0:
            expected = f"a value of {landing}"
            larger = to_hold_whole(landing)
            raise BadValueError(Reason.VALUE_OUT_OF_RANGE, index, shown(values, index), expected, evolve_to=larger)
    return values


def _to_floating(values: pa.Array, landing: SqlType) -> pa.Array:
    arrow = pa.float32() if landing == sqltypes.REAL else pa.float64()
    if types.is_integer(values.type) and _are_small(values, BITS[arrow]):
        return values.cast(arrow)
    numbers = values.to_pylist()
    for index, number in enumerate(numbers):
        if number is not None and not _is_exact(number, arrow):
            in_double = all(each is None or _is_exact(each, pa.float64()) for each in numbers)
            larger = sqltypes.DOUBLE if in_double else _own_type(values.type)
            expected = f"a number that {landing} holds exactly"
            raise BadValueError(Reason.VALUE_OUT_OF_RANGE, index, shown(values, index), expected, evolve_to=larger)
    return pa.array([None if number is None else float(number) for number in numbers], pa.float64()).cast(arrow)


def _are_small(values: pa.Array, bits: int) -> bool:
    ends = pc.min_max(values)
    least, most = ends["min"].as_py(), ends["max"].as_py()
    return least is None or (least >= -(2**bits) and most <= 2**bits)


def _is_exact(number: int | Decimal, arrow: Any) -> bool:
    """Tell whether a floating-point number of the type `arrow` is this very number; Python compares them exactly."""
    try:
        found = float(number)
        return (struct.unpack("<f", struct.pack("<f", found))[0] if arrow == pa.float32() else found) == number
    except OverflowError:
        return False


def _own_type(arrow: Any) -> SqlType:
    if types.is_decimal(arrow):
        return sqltypes.decimal(min(arrow.precision, sqltypes.MAX_PRECISION), min(arrow.scale, sqltypes.MAX_SCALE))
    return sqltypes.decimal(20, 0) if types.is_uint64(arrow) else sqltypes.BIGINT


def _digits(value: Any) -> str:
    """Write a floating-point number, and what it is exactly where that is something else.

    >>> _digits(pa.scalar(0.1)), _digits(pa.scalar(0.5))
    ('0.1, which is 0.1000000000000000055511151231257827021181583404541015625', '0.5')
    """
    number = value.as_py()
    written = str(number)
    exact = format(Decimal(number), "f")
    is_same = not Decimal(number).is_finite() or Decimal(written) == Decimal(number)
    return written if is_same or len(exact) > MAX_SHOWN else f"{written}, which is {exact}"
