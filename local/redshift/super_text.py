"""A value as SUPER keeps it: JSON in the one spelling that Redshift prints (prelude/12_super.sql). Pure.

In: a value of Python's. Out: its text: no blanks between tokens, no escapes that JSON does not ask for, attributes in
their order, and an exponent where a number is a FLOAT, and nowhere else.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import Any

from local.redshift.errors import RedshiftError


class Digits(float):
    """A number of a JSON text that is no integer, with its digits."""

    text: str


def digits(text: str) -> Digits:
    """Return a number with its digits, as the `parse_float` of a JSON decoder."""
    number = Digits(text)
    number.text = text
    return number


def spelt(value: Any) -> str:
    """Return a value as JSON; what JSON does not have (dates, times, a DECIMAL inside of others) is a text.

    >>> spelt({"b": [1, None, True], "a": "é\\n", "f": 2.22}), spelt(digits("1.50")), spelt(digits("1E5"))
    ('{"b":[1,null,true],"a":"é\\\\n","f":2.22e+0}', '1.50', '1e+5')
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join([f"{encode_basestring(str(key))}:{spelt(each)}" for key, each in value.items()]) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join([spelt(each) for each in value]) + "]"
    if isinstance(value, Digits) and "e" not in value.text.lower():
        return value.text if float(value) else value.text.lstrip("-")
    return float_text(value) if isinstance(value, float) else encode_basestring(str(value))


def float_text(value: float) -> str:
    """Return a FLOAT by the fewest digits that are read as the same number, and an exponent.

    >>> [float_text(value) for value in (2.22, -0.00012, 1e22, 100.0, 0.0)]
    ['2.22e+0', '-1.2e-4', '1e+22', '1e+2', '0e+0']

    Raises:
        RedshiftError: JSON does not have it.
    """
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if not whole.isdecimal():
        raise RedshiftError(f"SUPER has no {value}, as JSON has none", "22P02")
    figures = (whole + fraction).lstrip("0")
    exponent = int(power or 0) + len(figures) - len(fraction) - 1 if figures.rstrip("0") else 0
    figures = figures.rstrip("0") or "0"
    return f"{'-' if value < 0 else ''}{figures[0]}{'.' if figures[1:] else ''}{figures[1:]}e{exponent:+d}"


def json_spelt(text: str) -> str:
    """Return a JSON text in that spelling.

    >>> json_spelt('{"b": [1.0, -0, 1e5], "a": "\\\\u00e9"}')
    '{"b":[1.0,0,1e+5],"a":"é"}'

    Raises:
        ValueError: it is none.
    """
    return spelt(json.loads(text, parse_float=digits, parse_constant=_refuse))


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
