"""LAND: texts as values of a landing column.

In: an array of texts (UTF-8 bytes), and the type of the landing column. Out: the values in their transport type, or the
first text that is no value of that type. Pure.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.clock import Clock
from ingest_lambda.read.characters import KEPT, UTF_8, as_bytes
from ingest_lambda.read.encodings import not_in_encoding
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import DOUBLE_DIGITS, BadValueError, Converted, checked, refuse, shown, text
from ingest_lambda.rewrite.values import convert
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.transport import transport_of

LONGEST_BIGINT = len(str(-(2**63)))
# Strings of a JSON text, so that no digit within one is taken for a number, and numbers.
NUMBERS = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?')
# Digits that every text has again when it is read back, the least and the most of the numbers that have so many.
FLOATS = {
    sqltypes.REAL: (6, 2.0**-126, float(2**128 - 2**104)),
    sqltypes.DOUBLE: (DOUBLE_DIGITS, sys.float_info.min, sys.float_info.max),
}
ZONE = r"(Z|[+-]\d\d(:?\d\d)?)$"
HAS_TIME = r"\d\d:\d\d"


@dataclass(frozen=True)
class TextSource:
    """What the texts come from: files of a kind (csv, json) in an encoding."""

    kind: str = "csv"
    encoding: str = UTF_8


def convert_text(values: pa.Array, landing: SqlType, source: TextSource | None = None) -> Converted:
    """Read texts as values of a landing column.

    Dates and times are ISO 8601; a timestamp without a zone is in UTC. Bytes are hexadecimal, a SUPER is JSON, a
    boolean true, false, 1 or 0. A number is decimal, and none is rounded: of a fraction for a REAL or DOUBLE PRECISION
    every digit that is written must be one of the number that lands, as those of 0.1 are, and those of 1e400 are not.

    >>> convert_text(pa.array([b"2025-11-13T09:05:01+02:00", None]), sqltypes.TIMESTAMP).values.to_pylist()
    [datetime.datetime(2025, 11, 13, 7, 5, 1), None]

    Raises:
        BadValueError: a text is none, or the column cannot hold it.
    """
    try:
        return _convert(values, landing)
    except BadValueError as error:
        raise _with_encoding(error, values, source or TextSource()) from error


def _convert(values: pa.Array, landing: SqlType) -> Converted:
    if landing.name in ("VARCHAR", "CHAR"):
        return convert(values, landing)
    if landing == sqltypes.SUPER:
        return Converted(_each(text(values, sqltypes.MAX_VARBYTE), _document, landing))
    texts = text(values, sqltypes.MAX_VARBYTE * 2)
    if landing.name == "VARBYTE":
        return convert(_each(texts, bytes.fromhex, landing), landing)
    if landing == sqltypes.TIMESTAMP:
        return replace(convert(_timestamps(texts), landing), clocks=_clocks(texts))
    if landing == sqltypes.TIME:
        return convert(checked(texts, _times, Reason.INVALID_VALUE, f"a value of {landing}"), landing)
    if landing in FLOATS:
        return convert(_floating(texts, landing), landing)
    if types.is_integer(transport_of(landing).arrow):
        is_hexadecimal = pc.match_substring_regex(texts, "[xX]")  # arrow reads 0x10 as 16
        refuse(is_hexadecimal, texts, Reason.INVALID_VALUE, f"a value of {landing}")
    return convert(_cast(texts, transport_of(landing).arrow, landing), landing)


def _floating(texts: pa.Array, landing: SqlType) -> pa.Array:
    """Read floating-point numbers. Arrow takes the nearest, which is infinite for 1e400 and 16777216 for 16777217."""
    numbers = _cast(texts, transport_of(landing).arrow, landing)
    digits, least, most = FLOATS[landing]
    size = pc.abs(numbers)
    is_normal = pc.and_(pc.greater_equal(size, least), pc.less_equal(size, most))
    is_short = pc.less_equal(pc.utf8_length(texts), digits)
    is_shortest = pc.equal(numbers.cast(pa.string()), texts)
    is_sure = pc.fill_null(pc.or_(pc.and_(is_normal, is_short), is_shortest), True)
    unsure = pc.indices_nonzero(pc.invert(is_sure))
    looked_at = (unsure.to_pylist(), numbers.take(unsure).to_pylist(), texts.take(unsure).to_pylist())
    for index, number, said in zip(*looked_at, strict=True):
        if not _has_digits(number, said):
            expected = f"a number of which {landing} keeps every digit"
            raise BadValueError(Reason.INVALID_VALUE, index, shown(texts, index), expected)
    return numbers


def _has_digits(number: float, said: str) -> bool:
    """Tell whether a number differs by less than one of the last digit from what was written. Zeros at its end, as a
    database pads a DECIMAL of 18 places, promise nothing.

    >>> _has_digits(0.1, "1.000000000000000055e-01"), _has_digits(2.0**53, "9007199254740993"), _has_digits(0.0, "1e-9")
    (True, False, False)
    >>> _has_digits(19.99, "19.990000000000000000"), _has_digits(0.1, "0.10000000000000000001")
    (True, False)
    """
    if not math.isfinite(number):
        return not any(map(str.isdigit, said))
    if f"{number:.17g}" == said:  # as many programs write it, and found ten times faster than by Decimal
        return True
    try:
        written = Decimal(said.rstrip("0") if "." in said and "e" not in said.lower() else said)
        unit = Decimal((0, (1,), int(written.as_tuple().exponent)))
        return bool(written) == bool(number) and abs(Decimal(number) - written) < unit
    except ArithmeticError:  # an exponent that no Decimal has
        return False


def _with_encoding(error: BadValueError, values: pa.Array, source: TextSource) -> BadValueError:
    """Say of a text that is not in its file's encoding in which one it may be."""
    content = values[error.index].as_py() if error.reason is Reason.INVALID_TEXT else b""
    content = as_bytes(content.decode("utf-8", KEPT))
    if b"\0" in content or error.reason is not Reason.INVALID_TEXT:
        return error
    verdict = not_in_encoding(content, source.encoding, source.kind)
    found, expected = verdict.found or error.found, f"{source.encoding} without NUL characters"
    return BadValueError(error.reason, error.index, found, expected, verdict.remedy)


def _clocks(texts: pa.Array) -> frozenset[Clock]:
    """Say what timestamps are; a day alone is neither."""
    has_zone, has_time = _has_zone(texts), pc.match_substring_regex(texts, HAS_TIME)
    found = {Clock.INSTANT: has_zone, Clock.WALL: pc.and_not(has_time, has_zone)}
    return frozenset(clock for clock, is_it in found.items() if pc.any(is_it).as_py())


def _has_zone(texts: pa.Array) -> pa.Array:
    return pc.and_(pc.match_substring_regex(texts, ZONE), pc.match_substring_regex(texts, HAS_TIME))


def _timestamps(texts: pa.Array) -> pa.Array:
    has_zone = _has_zone(texts)
    nothing = pa.scalar(None, pa.string())
    instants = _cast(pc.if_else(has_zone, texts, nothing), pa.timestamp("us", "UTC"), sqltypes.TIMESTAMP)
    clock = _cast(pc.if_else(has_zone, nothing, texts), pa.timestamp("us"), sqltypes.TIMESTAMP)
    return pc.if_else(has_zone, instants.cast(pa.timestamp("us")), clock)


def _times(texts: pa.Array) -> pa.Array:
    moments = pc.binary_join_element_wise("1970-01-01T", texts, "").cast(pa.timestamp("us"))
    return moments.view(pa.int64()).view(pa.time64("us"))


def _cast(texts: pa.Array, arrow: pa.DataType, landing: SqlType) -> pa.Array:
    return checked(texts, lambda some: some.cast(arrow), Reason.INVALID_VALUE, f"a value of {landing}")


def _each(texts: pa.Array, work: Callable[[Any], bytes], landing: SqlType) -> pa.Array:
    found: list[bytes | None] = []
    for index, value in enumerate(texts.to_pylist()):
        try:
            found.append(None if value is None else work(value))
        except ValueError:
            raise BadValueError(Reason.INVALID_VALUE, index, shown(texts, index), f"a value of {landing}") from None
    return pa.array(found, pa.binary())


def _document(value: str) -> bytes:
    """Check a JSON text: what JSON_PARSE refuses would fail a whole load.

    A number that neither a BIGINT nor a DOUBLE PRECISION holds as it is written becomes a string.

    >>> _document('{"a": [9007199254740993, 0.1, 1e400]}')
    b'{"a": [9007199254740993, 0.1, "1e400"]}'
    """
    wide: list[str] = []

    def number(said: str) -> float | str:
        if _is_exact(said):
            return 0
        wide.append(said)
        return said

    try:
        found = json.loads(value, parse_constant=_refuse, parse_int=number, parse_float=number)
        _check_strings(found)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    written = NUMBERS.sub(_quoted, value) if wide else value
    if len(written.encode()) > sqltypes.MAX_VARBYTE:
        raise ValueError(f"more than {sqltypes.MAX_VARBYTE} bytes")
    return written.encode()


def _is_exact(number: str) -> bool:
    """Tell whether a BIGINT or a DOUBLE PRECISION holds a number of a JSON text as it is written."""
    if len(number) <= DOUBLE_DIGITS and "e" not in number.lower():
        return True
    if number.lstrip("-").isdecimal():
        return len(number) <= LONGEST_BIGINT and -(2**63) <= int(number) < 2**63
    held = float(number)
    try:
        return math.isfinite(held) and Decimal(repr(held)) == Decimal(number)
    except InvalidOperation:  # an exponent that no Decimal has
        return False


def _quoted(match: re.Match[str]) -> str:
    said = match[0]
    return said if said.startswith('"') or _is_exact(said) else f'"{said}"'


def _check_strings(value: Any) -> None:
    if isinstance(value, str) and ("\0" in value or len(value.encode()) > sqltypes.MAX_VARCHAR):
        raise ValueError("a string that no SUPER holds")
    for item in value if isinstance(value, list) else [*value, *value.values()] if isinstance(value, dict) else ():
        _check_strings(item)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
