"""A field of a CSV or JSON file as its column takes it, or why it does not fit, in the words of STL_LOAD_ERRORS. Pure.

In: the text of a field and a table's column. Out: the text that PostgreSQL's COPY reads.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-conversion.html,
r_Load_Error_Reference.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation, localcontext

from local.redshift.copy_text import TextOptions
from local.redshift.errors import RedshiftError
from local.redshift.parquet_types import TargetColumn
from local.redshift.super_text import json_spelt, spelt

Convert = Callable[[str], str | None]
TEXTS = ("character varying", "character")
_RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
_BOOLEANS = {**dict.fromkeys(("t", "true", "y", "yes", "1"), "t"), **dict.fromkeys(("f", "false", "n", "no", "0"), "f")}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d?:\d\d:\d\d(?:\.\d{1,6})?")
_OFFSET = re.compile(r"(?:Z|[+-]\d\d(?::?\d\d)?)$")
_BLANKS = " \t\n\v\f\r"
_INVALID = re.compile("[\udc80-\udcff]")


class MisfitError(Exception):
    """A value that does not fit: the code and the reason of STL_LOAD_ERRORS."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def converter(target: TargetColumn, options: TextOptions) -> Convert:
    """Return what makes a field of the column's value; None is NULL. It raises MisfitError.

    Raises:
        RedshiftError: COPY of text into the column's type is not offered here.
    """
    kinds: dict[str, Convert] = {
        **{name: lambda text: _integer(text, _RANGES[target.base], target.base) for name in _RANGES},
        "numeric": lambda text: _decimal(text, target, options),
        "real": _float,
        "double precision": _float,
        "boolean": _boolean,
        "date": lambda text: _or_null(text, options, _date),
        "timestamp without time zone": lambda text: _or_null(text, options, _moment),
        "timestamp with time zone": lambda text: _or_null(text, options, _moment_with_zone),
        "super": _super,
        **{name: lambda text: _text(text, target, options) for name in TEXTS},
    }
    if target.base not in kinds:
        raise RedshiftError(f'COPY of text into column "{target.name}" of type {target.type} is not offered here')
    return kinds[target.base]


def _integer(text: str, limit: int, kind: str) -> str:
    found = re.fullmatch(r"\s*([+-]?\d+)\s*", text)
    if not found:
        place = next((at for at, digit in enumerate(text) if not digit.isdigit() and (at or digit not in "+-")), 0)
        wrong = text[place : place + 1]
        raise MisfitError(1207, f"Invalid digit, Value '{wrong}', Pos {place}, Type: {kind.capitalize()}")
    if not -limit <= int(found[1]) < limit:
        raise MisfitError(1204, f"Overflow (Column value exceeds the range of {kind})")
    return str(int(found[1]))


def _decimal(text: str, target: TargetColumn, options: TextOptions) -> str:
    precision, scale = (int(number) for number in re.findall(r"\d+", target.type))
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite():
        raise MisfitError(1209, "Invalid decimal value")
    with localcontext(prec=200):
        fitted = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP if options.rounds else ROUND_DOWN)
        if abs(fitted) >= Decimal(10) ** (precision - scale):
            raise MisfitError(1204, f"Overflow for NUMERIC({precision},{scale}) (Column value exceeds the precision)")
    return f"{fitted:f}"


def _float(text: str) -> str:
    try:
        return repr(float(text))
    except ValueError:
        raise MisfitError(1208, "Invalid floating point value") from None


def _boolean(text: str) -> str:
    found = _BOOLEANS.get(text.strip().lower())
    if found is None:
        raise MisfitError(1210, "Invalid boolean value")
    return found


def _or_null(text: str, options: TextOptions, read: Callable[[str, TextOptions], str]) -> str | None:
    try:
        return read(text.strip(), options)
    except MisfitError:
        if options.any_date:
            return None
        raise


def _date(text: str, options: TextOptions) -> str:
    try:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return date.fromisoformat(text).isoformat()
        if options.is_date_auto:
            return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        pass
    raise MisfitError(1205, "Invalid Date Format - length must be 10 or more")


def _moment(text: str, options: TextOptions) -> str:
    return _parsed(text, options).replace(tzinfo=None).isoformat(" ")


def _moment_with_zone(text: str, options: TextOptions) -> str:
    moment = _parsed(text, options)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat(" ")


def _parsed(text: str, options: TextOptions) -> datetime:
    try:
        if options.time_format in ("epochsecs", "epochmillisecs"):
            seconds = Decimal(text) / (1 if options.time_format == "epochsecs" else 1000)
            return datetime.fromtimestamp(float(seconds), UTC)
        plain = _OFFSET.sub("", text) if text.count(":") > 1 else text
        if options.time_format == "auto" or _MOMENT.fullmatch(plain):
            return datetime.fromisoformat(text)
    except (ValueError, InvalidOperation, OverflowError, OSError):
        pass
    raise MisfitError(1206, "Invalid timestamp format or value [YYYY-MM-DD HH24:MI:SS]")


def _super(text: str) -> str:
    """Return a value for SUPER: JSON as it is, else a string."""
    try:
        return json_spelt(text)
    except ValueError:
        return spelt(text)


def _text(text: str, target: TargetColumn, options: TextOptions) -> str:
    if "\0" in text or _INVALID.search(text):
        if options.replacement is None:
            raise MisfitError(1220, "String contains invalid or unsupported UTF8 codepoints.")
        text = _INVALID.sub(options.replacement, text).replace("\0", options.replacement)
    if options.trims and target.base == "character varying":
        text = text.rstrip(_BLANKS)
    limit = target.length or 65535
    if len(text.encode()) > limit and len(text.rstrip(" ").encode()) > limit:
        if not options.truncates:
            raise MisfitError(1204, "String length exceeds DDL length")
        text = text.encode()[:limit].decode(errors="ignore")
    return text
