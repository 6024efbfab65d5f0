"""LAND: values of a file as values of a landing column.

In: an arrow array as pyarrow reads it from a file, and the type of the landing column. Out: an array of the column's
transport type that holds the same values, or the first one that the column cannot hold. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.read.meaning import Meaning
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import (
    DAY_MICROSECONDS,
    BadValueError,
    Converted,
    are_within,
    checked,
    refuse,
    refuse_infinity,
    text,
    time_text,
    whole_days,
    whole_microseconds,
)
from ingest_lambda.rewrite.meant import as_meant
from ingest_lambda.rewrite.nested import is_cut, json_text
from ingest_lambda.rewrite.numbers import across, crosses
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import FIRST_DAY, LARGEST_LONG, LAST_DAY, LONG_DIGITS, SqlType
from ingest_lambda.warehouse.transport import transport_of

FIRST_MICROSECOND = FIRST_DAY * DAY_MICROSECONDS
RANGE = "4713 BC to 294276 AD"


def convert(values: pa.Array, landing: SqlType, meaning: Meaning | None = None) -> Converted:
    """Convert `values`, which mean `meaning`, to the transport type of a landing column that their type fits.

    Raises:
        BadValueError: the column cannot hold a value.
    """
    if types.is_null(values.type):
        return Converted(pa.nulls(len(values), transport_of(landing).arrow))
    if landing == sqltypes.SUPER:
        return Converted(json_text(values, meaning), is_cut(values, meaning))
    values = as_meant(values, meaning)
    if landing.name in TEMPORAL:
        return TEMPORAL[landing.name](values)
    was_cut = False
    if types.is_duration(values.type):
        micros = whole_microseconds(values)
        values, was_cut = micros.values, micros.is_cut
    if crosses(values.type, landing):
        try:
            values = across(values, landing)
        except BadValueError as error:
            convert(values[: error.index], landing)  # the cast may refuse one before it, which is the first then
            raise
    return Converted(_PLAIN.get(landing.name, _cast)(values, landing), was_cut)


def _timestamp(values: pa.Array) -> Converted:
    if types.is_date(values.type):
        values = whole_days(values).cast(pa.timestamp("s"))
    elif values.type.unit != "ns":  # where the largest number is a moment of the year 2262, unless DuckDB wrote it
        refuse_infinity(values)
    micros = whole_microseconds(values)
    count = micros.values.view(pa.int64())
    if not are_within(count, FIRST_MICROSECOND, LARGEST_LONG):
        refuse(pc.less(count, FIRST_MICROSECOND), values, Reason.VALUE_OUT_OF_RANGE, RANGE)
    return Converted(count.view(pa.timestamp("us")), micros.is_cut)


def _date(values: pa.Array) -> Converted:
    values = whole_days(values)
    refuse(_beyond_days(values), values, Reason.VALUE_OUT_OF_RANGE, RANGE)
    return Converted(values)


def _beyond_days(values: pa.Array) -> pa.Array:
    days = values.view(pa.int32())
    return pc.or_(pc.less(days, FIRST_DAY), pc.greater(days, LAST_DAY))


def _time(values: pa.Array) -> Converted:
    micros = whole_microseconds(values)
    return Converted(time_text(micros.values), micros.is_cut)


TEMPORAL: dict[str, Callable[[pa.Array], Converted]] = {"TIMESTAMP": _timestamp, "DATE": _date, "TIME": _time}


def _cast(values: pa.Array, landing: SqlType) -> pa.Array:
    """Cast as arrow does, which refuses to lose anything."""
    into = transport_of(landing).arrow
    if values.type == into:
        return values
    return checked(values, lambda some: some.cast(into), Reason.VALUE_OUT_OF_RANGE, f"a value of {landing}")


def _decimal(values: pa.Array, landing: SqlType) -> pa.Array:
    precision, scale = landing.arguments
    if types.is_integer(values.type):
        values = values.cast(pa.decimal128(20, 0))
    if types.is_decimal(values.type):
        _refuse_long(values, landing)
    values = _cast(values, landing)
    if precision == LONG_DIGITS:
        largest = pa.scalar(LARGEST_LONG).cast(pa.decimal128(LONG_DIGITS)).as_py().scaleb(-scale)
        is_bad = pc.greater(pc.abs(values), pa.scalar(largest, values.type))
        refuse(is_bad, values, Reason.VALUE_OUT_OF_RANGE, f"at most {largest} in {landing}")
    return values


def _refuse_long(values: pa.Array, landing: SqlType) -> None:
    """Refuse decimals of more digits before the point than landing's: arrow does not, where its 128 bits overflow.

    Raises:
        BadValueError: there is one.
    """
    precision, scale = landing.arguments
    if values.type.precision - values.type.scale > precision - scale:
        limit = pa.scalar(Decimal(10) ** (precision - scale), values.type)
        is_bad = pc.greater_equal(pc.abs(values), limit)
        refuse(is_bad, values, Reason.VALUE_OUT_OF_RANGE, f"a value of {landing}")


def _varchar(values: pa.Array, landing: SqlType) -> pa.Array:
    return text(values, landing.arguments[0])


def _varbyte(values: pa.Array, landing: SqlType) -> pa.Array:
    limit = landing.arguments[0]
    values = values.cast(pa.large_binary() if types.is_large_binary(values.type) else pa.binary())
    refuse(pc.greater(pc.binary_length(values), limit), values, Reason.OVERSIZE_VALUE, f"at most {limit} bytes")
    return values.cast(pa.binary())


_PLAIN: dict[str, Callable[[pa.Array, SqlType], pa.Array]] = {
    "DECIMAL": _decimal,
    "VARCHAR": _varchar,
    "CHAR": _varchar,
    "VARBYTE": _varbyte,
}
