"""What landed beside what its writer reads back.

In: a value as the Data API gives it, and the word for the writer's (`words.py`). Out: whether they are the same.
A moment has as many digits as its column keeps; a number of a REAL is as near as 32 bits are.
"""

import json
import math
import struct
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.land.landed_values import moment

NO_TIME = " 00:00:00.000000"
MICROSECOND_DIGITS = len("0001-01-01T00:00:00.000000")
Word = list[Any]


def is_same(landed: Any, told: Word, type_: str) -> bool:
    """Compare a value of a landing column of the type `type_`."""
    kind, value = told
    if type_ == "super":
        if landed is None:
            return bool(kind == "null")
        return is_same_within(json.loads(landed), told)
    if kind == "null" or landed is None:
        return bool(landed is None and kind == "null")
    if kind == "moment":
        return _is_same_landed_moment(landed, value[:MICROSECOND_DIGITS].replace("T", " "), type_)
    if kind == "date":  # pandas and others give a moment for a date
        return bool(str(landed).removesuffix(" 00:00:00") == value)
    if kind == "clock":
        return _clock(landed) == _clock(value)
    if kind == "bytes":
        return isinstance(landed, bytes) and landed.hex() == value
    if kind in ("list", "object"):
        return isinstance(landed, str) and is_same_within(json.loads(landed), told)
    return is_same_within(landed, told, is_real=type_ == "real")


def is_same_within(landed: Any, told: Word, *, is_real: bool = False) -> bool:
    """Compare a value in JSON."""
    kind, value = told
    if kind == "null" or landed is None:
        return bool(landed is None and kind == "null")
    if kind == "list":
        return isinstance(landed, list) and len(landed) == len(value) and all(map(is_same_within, landed, value))
    if kind == "object":
        return (
            isinstance(landed, dict)
            and landed.keys() == value.keys()
            and all(is_same_within(landed[name], value[name]) for name in value)
        )
    if kind == "number":
        return _is_same_number(landed, value, is_real=is_real)
    if kind == "moment":
        return isinstance(landed, str) and _is_same_moment(landed.removesuffix("Z"), value)
    if kind == "clock":
        return isinstance(landed, str) and _clock(landed) == _clock(value)
    if kind == "boolean":
        return landed is value
    return bool(landed == value)  # text; dates and bytes are text in JSON


def _is_same_landed_moment(landed: Any, told: str, type_: str) -> bool:
    if type_ == "date":  # JavaScript has moments for dates too
        return told.endswith(NO_TIME) and moment(landed, "D") == moment(told.removesuffix(NO_TIME), "D")
    return type_.startswith("timestamp") and moment(landed, "us") == moment(told, "us")


def _is_same_number(landed: Any, value: str, *, is_real: bool) -> bool:
    if isinstance(landed, bool):
        return False
    try:
        one, other = Decimal(str(landed)), Decimal(value)
    except InvalidOperation:
        return False
    if one.is_nan() or other.is_nan():
        return one.is_nan() and other.is_nan()
    if is_real and not (math.isinf(one) or math.isinf(other)):
        return _as_real(one) == _as_real(other)
    return one == other


def _as_real(value: Decimal) -> bytes:
    return struct.pack("<f", float(value))


def _is_same_moment(landed: str, told: str) -> bool:
    """Compare to the microsecond, and beyond where the writer's own reader keeps nanoseconds."""
    whole, _, behind = landed.partition(".")
    spelt = f"{whole}.{behind:0<9}"
    return spelt == told or (told.endswith("000") and spelt[:MICROSECOND_DIGITS] == told[:MICROSECOND_DIGITS])


def _clock(text: str) -> str:
    """Spell a time of day without digits that say nothing, and none below a microsecond."""
    whole, _, behind = text.partition(".")
    return f"{whole}.{behind[:6]:0<6}"
