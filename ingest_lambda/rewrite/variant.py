"""LAND, rewrite: a VARIANT's bytes as what JSON has for them.

In: the two byte strings of a VARIANT, metadata (its dictionary of names) and value. Out: what the JSON encoder takes.
Pure. https://github.com/apache/parquet-format/blob/master/VariantEncoding.md

A value means the same whatever integer or decimal type its writer chose for it: a decimal of few digits is a number,
one of many is text. The bytes are hostile: every offset is held against the bytes that are there, nesting against a
bound, and all that a value unfolds to against what a SUPER can hold, since offsets may point to one place many times.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from datetime import date
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import DAY_MICROSECONDS, DOUBLE_DIGITS
from ingest_lambda.rewrite.meant import uuid_text
from ingest_lambda.warehouse import sqltypes

MAX_DEPTH = 200  # as deep as the schema of a file may be nested
VERSION = 1
FORMS = {1: "B", 2: "H", 4: "I"}  # of numbers of so many bytes, as `struct` has them
PRIMITIVE, SHORT_STRING, OBJECT, ARRAY = range(4)
MAX_DIGITS = 38
MAX_SCALE = 38
FIRST_DAY, LAST_DAY = -719_162, 2_932_896  # what Python's own dates can say, in days since 1970: the years 1 to 9999


class VariantError(ValueError):
    """The bytes are no VARIANT, or none that a SUPER can hold; the text says why."""

    def __init__(self, problem: str, reason: Reason = Reason.MALFORMED_VARIANT) -> None:
        super().__init__(problem)
        self.reason = reason


class Names:
    """The dictionary of a VARIANT's metadata."""

    def __init__(self, metadata: bytes) -> None:
        if not metadata:
            raise VariantError("metadata without a byte")
        if metadata[0] & 15 != VERSION:
            raise VariantError(f"metadata of version {metadata[0] & 15}")
        self._data = metadata
        self._width = (metadata[0] >> 6) + 1
        self._count = _number(metadata, 1, self._width)
        self._start = 1 + self._width * (self._count + 2)
        if self._start > len(metadata):
            raise VariantError(f"a dictionary of {self._count} names in {len(metadata)} bytes")
        self._found: dict[int, str] = {}

    def __getitem__(self, number: int) -> str:
        found = self._found.get(number)
        if found is None:
            if number >= self._count:
                raise VariantError(f"name number {number} in a dictionary of {self._count}")
            at = 1 + self._width * (number + 1)
            start, end = (_number(self._data, at + self._width * step, self._width) for step in (0, 1))
            if not start <= end <= len(self._data) - self._start:
                raise VariantError("a name beyond the dictionary's end")
            found = self._found[number] = _text(self._data[self._start + start : self._start + end])
        return found


def decode(names: Names, value: bytes) -> Any:
    """Decode a value whose field names stand in `names`.

    >>> decode(Names(bytes.fromhex("010000")), bytes.fromhex("0c2a"))
    42

    Raises:
        VariantError: the bytes are no value, or unfold to more than a SUPER holds.
    """
    return _Decoder(names, value).value(0, 0)


def decimal_value(unscaled: int, scale: int) -> float | int | str:
    """Give a number where the reader of JSON surely has it, else its digits. Zeros behind the point change nothing.

    >>> decimal_value(250, 2), decimal_value(300, 2), decimal_value(10**20 + 1, 2)
    (2.5, 3, '1000000000000000000.01')
    """
    while scale > 0 and unscaled % 10 == 0:
        unscaled, scale = unscaled // 10, scale - 1
    if scale <= 0 and abs(unscaled) < 2**63:
        return unscaled
    whole, behind = divmod(abs(unscaled), 10**scale)
    text = f"{'-' if unscaled < 0 else ''}{whole}" + (f".{behind:0{scale}}" if scale else "")
    return float(text) if scale and abs(unscaled) < 10**DOUBLE_DIGITS else text


def float_value(value: float) -> float | str:
    """Give what JSON has for a float."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def date_text(days: int) -> str:
    """Write a date, in days since 1970, as arrow does.

    Raises:
        VariantError: its year is one that arrow does not write.
    """
    if FIRST_DAY <= days <= LAST_DAY:
        return date.fromordinal(days - FIRST_DAY + 1).isoformat()
    written = str(pa.scalar(days, pa.int32()).cast(pa.date32()).cast(pa.string()))
    if written.startswith("<"):
        raise VariantError("a date beyond the year 32767", Reason.VALUE_OUT_OF_RANGE)
    return written


def moment_text(count: int, digits: int, zone: str) -> str:
    """Write an instant, counted since 1970 in units of so many `digits` behind a second, with its zone."""
    seconds, rest = divmod(count, 10**digits)
    days, second = divmod(seconds, 86_400)
    return f"{date_text(days)}T{_clock(second)}.{rest:0{digits}}{zone}"


def time_of_day(micros: int) -> str:
    """Write microseconds since midnight.

    Raises:
        VariantError: they are no time of day.
    """
    if not 0 <= micros <= DAY_MICROSECONDS:
        raise VariantError(f"a time of {micros} microseconds since midnight", Reason.VALUE_OUT_OF_RANGE)
    return f"{_clock(micros // 1_000_000)}.{micros % 1_000_000:06}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class _Decoder:
    """Decodes one value; counts what it unfolds to."""

    def __init__(self, names: Names, data: bytes) -> None:
        self._names = names
        self._data = data
        self._left = sqltypes.MAX_VARBYTE

    def value(self, at: int, depth: int) -> Any:
        """Decode the value at a position."""
        if depth > MAX_DEPTH:
            raise VariantError(f"values nested more than {MAX_DEPTH} deep")
        header = self._take(at, 1)[0]
        self._spend(1)
        kind, header = header & 3, header >> 2
        if kind == PRIMITIVE:
            return self._primitive(header, at + 1)
        if kind == SHORT_STRING:
            return self._string(at + 1, header)
        return self._object(header, at + 1, depth) if kind == OBJECT else self._array(header, at + 1, depth)

    def _primitive(self, kind: int, at: int) -> Any:
        if kind in CONSTANTS:
            return CONSTANTS[kind]
        if kind in (STRING, BINARY):
            size = _number(self._take(at, 4), 0, 4)
            if kind == STRING:
                return self._string(at + 4, size)
            self._spend(2 * size)
            return self._take(at + 4, size).hex()
        if kind not in FIXED:
            raise VariantError(f"a value of type {kind}, which is not known")
        size, read = FIXED[kind]
        self._spend(size)
        return read(self._take(at, size))

    def _string(self, at: int, size: int) -> str:
        self._spend(size)
        return _text(self._take(at, size))

    def _object(self, header: int, at: int, depth: int) -> dict[str, Any]:
        count, at = self._count(header >> 4 & 1, at)
        width = (header >> 2 & 3) + 1
        ids = self._numbers(at, count, width)
        found: dict[str, Any] = {}
        for number, child in zip(ids, self._children(header & 3, at + width * count, count), strict=True):
            name = self._names[number]
            self._spend(len(name) + 2)
            if name in found:
                raise VariantError(f"an object with two fields {name[:MAX_DEPTH]!r}")
            found[name] = self.value(child, depth + 1)
        return found

    def _array(self, header: int, at: int, depth: int) -> list[Any]:
        count, at = self._count(header >> 2 & 1, at)
        found = []
        for child in self._children(header & 3, at, count):  # no comprehension: it would cost a frame a level
            found.append(self.value(child, depth + 1))
        return found

    def _count(self, is_large: int, at: int) -> tuple[int, int]:
        width = 4 if is_large else 1
        return _number(self._take(at, width), 0, width), at + width

    def _children(self, width: int, at: int, count: int) -> list[int]:
        """Tell where the values within start."""
        offsets = self._numbers(at, count + 1, width + 1)
        start = at + (width + 1) * (count + 1)
        end = start + offsets.pop()
        if end > len(self._data):
            raise VariantError("values beyond the end of the one that holds them")
        return [start + offset for offset in offsets]

    def _numbers(self, at: int, count: int, width: int) -> list[int]:
        data = self._take(at, width * count)
        if width in FORMS:
            return list(struct.unpack(f"<{count}{FORMS[width]}", data))
        return [_number(data, position, width) for position in range(0, len(data), width)]

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise VariantError("a value that unfolds to more than a SUPER holds", Reason.OVERSIZE_VALUE)

    def _take(self, at: int, size: int) -> bytes:
        if at + size > len(self._data):
            raise VariantError("a value that ends before its end")
        return self._data[at : at + size]


def _number(data: bytes, at: int, width: int) -> int:
    if at + width > len(data):
        raise VariantError("a number beyond the end")
    return int.from_bytes(data[at : at + width], "little")


def _text(data: bytes) -> str:
    """Decode text that a SUPER can hold."""
    if len(data) > sqltypes.MAX_VARCHAR:
        raise VariantError(f"a text of {len(data)} bytes", Reason.OVERSIZE_VALUE)
    if b"\0" in data:
        raise VariantError("a text with a NUL character", Reason.INVALID_TEXT)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise VariantError("a text that is not UTF-8", Reason.INVALID_TEXT) from error


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)


def _decimal(data: bytes) -> float | int | str:
    scale, unscaled = data[0], _integer(data[1:])
    if scale > MAX_SCALE or abs(unscaled) >= 10**MAX_DIGITS:
        raise VariantError(f"a decimal of scale {scale} with more than {MAX_DIGITS} digits")
    return decimal_value(unscaled, scale)


def _floating(form: str) -> Callable[[bytes], float | str]:
    return lambda data: float_value(struct.unpack(form, data)[0])


def _moment(digits: int, zone: str) -> Callable[[bytes], str]:
    return lambda data: moment_text(_integer(data), digits, zone)


CONSTANTS = {0: None, 1: True, 2: False}
BINARY, STRING = 15, 16
# The other primitive types by their number: how many bytes they have, and what is made of them.
FIXED: dict[int, tuple[int, Callable[[bytes], Any]]] = {
    3: (1, _integer),
    4: (2, _integer),
    5: (4, _integer),
    6: (8, _integer),
    7: (8, _floating("<d")),
    8: (5, _decimal),
    9: (9, _decimal),
    10: (17, _decimal),
    11: (4, lambda data: date_text(_integer(data))),
    12: (8, _moment(6, "Z")),
    13: (8, _moment(6, "")),
    14: (4, _floating("<f")),
    17: (8, lambda data: time_of_day(_integer(data))),
    18: (8, _moment(9, "Z")),
    19: (8, _moment(9, "")),
    20: (16, uuid_text),
}
