"""Values as the writers of the matrix read them back, worded so that they can be compared with what landed.

Runs where the writers are installed, with the standard library alone. A value is a pair of its kind and what it is:
a number's digits, a text, bytes in hexadecimal, a moment, date or clock in ISO 8601, a list, an object.
"""

import datetime as dt
import math
import uuid
from decimal import Decimal
from typing import Any

Word = tuple[str, Any]
NULL: Word = ("null", None)
EPOCH = dt.datetime(1970, 1, 1)


def word(value: Any) -> Word:
    """Word a value as Python has it; those of numpy, pandas and pyarrow by what they call themselves."""
    kind = type(value).__name__
    if value is None or kind in ("NaTType", "NAType"):
        return NULL
    if kind in NAMED:
        found: Word = NAMED[kind](value)
        return found
    if hasattr(value, "tolist") or hasattr(value, "to_list"):  # numpy's, and a series of polars
        return word(value.tolist() if hasattr(value, "tolist") else value.to_list())
    for is_kind, say in KINDS:
        if isinstance(value, is_kind):
            said: Word = say(value)
            return said
    raise TypeError(f"a {kind} has no word: {value!r}")


def number(value: Any) -> Word:
    """Word a number by its digits."""
    if isinstance(value, float) and not math.isfinite(value):
        return "number", "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    return "number", format(Decimal(repr(value)) if isinstance(value, float) else Decimal(value), "f")


def moment(value: dt.datetime, nanoseconds: int = 0) -> Word:
    """Word a moment, in UTC where it has a zone."""
    if value.tzinfo:
        value = value.astimezone(dt.UTC).replace(tzinfo=None)
    return "moment", f"{value.isoformat(timespec='microseconds')}{nanoseconds:03}"


def nanosecond_moment(count: int) -> Word:
    """Word a moment that is counted in nanoseconds since 1970."""
    micros, nanoseconds = divmod(count, 1000)
    return moment(EPOCH + dt.timedelta(microseconds=micros), nanoseconds)


def clock(value: dt.time) -> Word:
    """Word a time of day, in UTC where it has an offset."""
    if value.tzinfo and value.utcoffset():
        value = (dt.datetime.combine(EPOCH, value.replace(tzinfo=None)) - value.utcoffset()).time()  # type: ignore[operator]  # it has one
    return "clock", value.replace(tzinfo=None).isoformat(timespec="microseconds")


def _timedelta(value: dt.timedelta) -> Word:
    return "number", str(value // dt.timedelta(microseconds=1))


def _sequence(value: Any) -> Word:
    return "list", [word(item) for item in value]


def _object(value: dict[Any, Any]) -> Word:
    return "object", {str(word(key)[1]): word(item) for key, item in value.items()}


KINDS: tuple[tuple[type, Any], ...] = (
    (bool, lambda value: ("boolean", value)),
    (int, number),
    (float, number),
    (Decimal, number),
    (str, lambda value: ("text", value)),
    (bytes, lambda value: ("bytes", value.hex())),
    (bytearray, lambda value: ("bytes", value.hex())),
    (uuid.UUID, lambda value: ("text", str(value))),
    (dt.datetime, moment),
    (dt.date, lambda value: ("date", value.isoformat())),
    (dt.time, clock),
    (dt.timedelta, _timedelta),
    (list, _sequence),
    (tuple, _sequence),
    (dict, _object),
)
NAMED: dict[str, Any] = {
    "Timestamp": lambda value: moment(value.to_pydatetime(warn=False), value.nanosecond),
    "Timedelta": lambda value: ("number", str(value.value // 1000)),
    "datetime64": lambda value: nanosecond_moment(int(value.astype("datetime64[ns]").astype("int64"))),
    "bool": lambda value: ("boolean", bool(value)),
    "bool_": lambda value: ("boolean", bool(value)),
    "Period": lambda value: ("text", str(value)),
    "Interval": lambda value: ("object", {"left": word(value.left), "right": word(value.right)}),
    "MonthDayNano": lambda value: ("interval", list(value)),
}
