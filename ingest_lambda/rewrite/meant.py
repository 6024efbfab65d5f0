"""LAND, rewrite: values as they are meant.

In: an array as pyarrow reads it from a file, and its `Meaning`. Out: an array of the type that the values have. Pure.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.read.meaning import Kind, Meaning
from ingest_lambda.rewrite.checks import plain, refuse_infinity, text
from ingest_lambda.rewrite.julian import in_either_calendar, in_todays_calendar
from ingest_lambda.warehouse import sqltypes


def as_meant(values: pa.Array, meaning: Meaning | None) -> pa.Array:
    """Take the values of a leaf column as what they are.

    >>> as_meant(pa.array([b"red"]), Meaning(Kind.TEXT)).to_pylist()
    ['red']

    Raises:
        BadValueError: a value is not what its column says.
    """
    values = plain(values)
    found = KINDS[meaning.kind](values, meaning) if meaning and meaning.kind in KINDS else values
    return found.cast(pa.timestamp(found.type.unit, "UTC")) if meaning and meaning.is_instant else found


def _text(values: pa.Array, _: Meaning) -> pa.Array:
    return text(values, sqltypes.MAX_VARCHAR)


def _uuid(values: pa.Array, _: Meaning) -> pa.Array:
    return pa.array([None if value is None else uuid_text(value) for value in values.to_pylist()], pa.string())


def uuid_text(value: bytes) -> str:
    """Write 16 bytes as the 36 characters of a UUID."""
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _original(values: pa.Array, meaning: Meaning) -> pa.Array:
    return values.view(meaning.original)


def _endless(values: pa.Array, _: Meaning) -> pa.Array:
    refuse_infinity(values)
    return values


KINDS: dict[Kind, Callable[[pa.Array, Meaning], pa.Array]] = {
    Kind.TEXT: _text,
    Kind.UUID: _uuid,
    Kind.JULIAN: in_todays_calendar,
    Kind.EITHER_CALENDAR: in_either_calendar,
    Kind.ENDLESS: _endless,
    Kind.ORIGINAL: _original,
}
