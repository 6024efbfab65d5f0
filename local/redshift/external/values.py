"""Values as text has them, held to their types: those of text files and of partitions. Pure.

PostgreSQL would read more spellings than the pages name (`today`, `yes`), and round.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any

from local.redshift.parquet_types import TargetColumn

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_SPELT = {
    "smallint": r"[+-]?\d+",
    "integer": r"[+-]?\d+",
    "bigint": r"[+-]?\d+",
    "numeric": _NUMBER,
    "real": rf"{_NUMBER}(?:[eE][+-]?\d+)?",
    "double precision": rf"{_NUMBER}(?:[eE][+-]?\d+)?",
    "boolean": r"(?i:true|false)",
    "date": r"\d{4}-\d\d-\d\d",
    "timestamp without time zone": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?",
}
_BITS = {"smallint": 16, "integer": 32, "bigint": 64}
_SIZES = re.compile(r"\((\d+)(?:,(\d+))?\)")


def is_spelt(kind: str) -> bool:
    """Tell whether values of a type (PostgreSQL's) have a spelling; those of text have none."""
    return TargetColumn("", kind).base in _SPELT


def fits(value: str, kind: str) -> bool:
    """Tell whether a text is a value of a type as it is.

    >>> fits("2025-02-28", "date"), fits("2025-02-29", "date"), fits("today", "date"), fits("yes", "boolean")
    (True, False, False, False)
    >>> fits("1.2", "numeric(4,1)"), fits("1.25", "numeric(4,1)"), fits("40000", "smallint")
    (True, False, False)
    """
    return fitting(kind)(value)


@lru_cache
def fitting(kind: str) -> Callable[[str], bool]:
    """Return what tells whether a text is a value of a type as it is."""
    base = TargetColumn("", kind).base
    found = _SIZES.search(kind)
    sizes = [int(size) for size in found.groups() if size] if found else []
    if base not in _SPELT:
        return lambda value: not sizes or len(value.encode()) <= sizes[0]
    spelling = re.compile(_SPELT[base], re.ASCII)
    if base in _BITS:
        limit: int = 2 ** (_BITS[base] - 1)
        return lambda value: bool(spelling.fullmatch(value)) and -limit <= int(value) < limit
    if base == "numeric":
        precision, scale = sizes
        return lambda value: bool(spelling.fullmatch(value)) and _holds(value, precision - scale, scale)
    if base.startswith(("date", "timestamp")):
        return lambda value: bool(spelling.fullmatch(value)) and _is_moment(value)
    return lambda value: bool(spelling.fullmatch(value))


def meant(value: str, kind: str) -> Any:
    """Return what is the same for all texts of one value of a type.

    >>> meant("01", "integer") == meant("+1", "integer"), meant("1.20", "numeric(4,2)") == meant("1.2", "numeric(4,2)")
    (True, True)
    >>> meant("01", "character varying(2)") == meant("1", "character varying(2)")
    False
    """
    base = TargetColumn("", kind).base
    if base not in _SPELT or not fits(value, kind):
        return value
    if base == "boolean":
        return value.lower()
    return dt.datetime.fromisoformat(value) if base.startswith(("date", "timestamp")) else Decimal(value)


def _holds(value: str, before: int, behind: int) -> bool:
    whole, _, fraction = value.lstrip("+-").partition(".")
    return len(whole.lstrip("0")) <= before and len(fraction.rstrip("0")) <= behind


def _is_moment(value: str) -> bool:
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return False
    return True
