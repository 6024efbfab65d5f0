"""LAND: which type a column gets when a file brings another one.

In: the type of a landing column and that of a file's. Out: whether the column holds the file's values, as they are or
value by value; the smallest type that holds every value of both; the type that an operator may choose. Pure.

The order is SMALLINT < INTEGER < BIGINT < DECIMAL, REAL < DOUBLE PRECISION, DATE < TIMESTAMP, and a longer VARCHAR. No
column turns from whole numbers or decimals to floating-point ones by itself, nor back: a DOUBLE PRECISION holds all
integers up to 2**53 only. But what a column holds exactly it takes, whichever of the two the file has.
"""

from __future__ import annotations

from enum import Enum, auto

from ingest_lambda.warehouse.sqltypes import (
    BIGINT,
    DOUBLE,
    INTEGER,
    INTEGER_DIGITS,
    MAX_PRECISION,
    REAL,
    SMALLINT,
    SqlType,
    decimal,
    fits,
)

FLOATING = {"REAL", "DOUBLE PRECISION"}
EXACT = {*INTEGER_DIGITS, "DECIMAL"}
# Integers of so few bits that every one of them is a number of the floating-point type (24 bits, 53 bits).
FEW_BITS = {(SMALLINT, REAL), (SMALLINT, DOUBLE), (INTEGER, DOUBLE)}


class Fit(Enum):
    """Whether a column of one type holds the values of another, unchanged."""

    ALWAYS = auto()
    BY_VALUE = auto()  # some of them: each must be looked at
    NEVER = auto()


def fit(found: SqlType, into: SqlType) -> Fit:
    """Tell whether a column of type `into` holds values of type `found`.

    >>> fit(INTEGER, DOUBLE), fit(BIGINT, DOUBLE), fit(DOUBLE, INTEGER), fit(DOUBLE, REAL)
    (<Fit.ALWAYS: 1>, <Fit.BY_VALUE: 2>, <Fit.BY_VALUE: 2>, <Fit.NEVER: 3>)
    >>> fit(BIGINT, decimal(38, 20)), fit(BIGINT, decimal(18, 2))  # the latter can be given more digits
    (<Fit.BY_VALUE: 2>, <Fit.NEVER: 3>)
    """
    if fits(found, into) or (found, into) in FEW_BITS:
        return Fit.ALWAYS
    crosses = (found.name in FLOATING and into.name in EXACT) or (found.name in EXACT and into.name in FLOATING)
    too_long = {found.name, into.name} <= EXACT and wider(into, found) is None
    return Fit.BY_VALUE if crosses or too_long else Fit.NEVER


def wider(landing: SqlType, found: SqlType) -> SqlType | None:
    """Find the smallest type that holds every value of both; None where only a person can decide.

    >>> from ingest_lambda.warehouse.sqltypes import DATE, TIMESTAMP
    >>> print(wider(INTEGER, BIGINT), wider(decimal(5, 2), INTEGER), wider(TIMESTAMP, DATE), wider(BIGINT, DOUBLE))
    BIGINT DECIMAL(12,2) TIMESTAMP None
    """
    if fits(found, landing):
        return landing
    if fits(landing, found):
        return found if found.name != "VARBYTE" else None
    return _common_decimal(landing, found)


WITH_A_TEXT = {*EXACT, *FLOATING, "DATE", "TIME", "TIMESTAMP", "VARCHAR"}


def to_evolve(landing: SqlType, found: SqlType) -> SqlType | None:
    """Suggest the type that an operator may give the column, so that the file lands: the file's own.

    None where no value of one is a value of the other (numbers are judged one by one). `landfall evolve` refuses it if
    a value that has landed would change by it.

    >>> from ingest_lambda.warehouse.sqltypes import BOOLEAN, DATE, VARCHAR
    >>> print(to_evolve(BIGINT, VARCHAR), to_evolve(VARCHAR, DATE), to_evolve(BIGINT, DATE), to_evolve(BIGINT, BOOLEAN))
    VARCHAR(65535) DATE None None
    """
    both = {landing.name, found.name}
    return found if "VARCHAR" in both and both <= WITH_A_TEXT else None


def to_hold_whole(landing: SqlType) -> SqlType:
    """Suggest the type that an operator may give a column so that it holds any whole number of 64 bits too.

    >>> print(to_hold_whole(SMALLINT), to_hold_whole(decimal(5, 2)), to_hold_whole(decimal(38, 30)))
    BIGINT DECIMAL(21,2) DOUBLE PRECISION
    """
    return wider(landing, BIGINT) or DOUBLE


def _common_decimal(one: SqlType, other: SqlType) -> SqlType | None:
    """Find the decimal with as many digits on either side of the point as the longer of the two has."""
    if not all(type_.name in EXACT for type_ in (one, other)):
        return None
    digits = [_digits(type_) for type_ in (one, other)]
    whole, scale = (max(side) for side in zip(*digits, strict=True))
    return decimal(whole + scale, scale) if whole + scale <= MAX_PRECISION else None


def _digits(type_: SqlType) -> tuple[int, int]:
    """Count the digits before and behind the point."""
    if type_.name == "DECIMAL":
        precision, scale = type_.arguments
        return precision - scale, scale
    return INTEGER_DIGITS[type_.name], 0
