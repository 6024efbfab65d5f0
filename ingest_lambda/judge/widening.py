"""LAND: which type a column gets when a file brings a wider one.

In: the type of a landing column and that of a file's. Out: the smallest type that holds every value of both, unchanged,
or None where only a person can decide. Pure.

The order is SMALLINT < INTEGER < BIGINT < DECIMAL, REAL < DOUBLE PRECISION, DATE < TIMESTAMP, and a longer VARCHAR.
Whole numbers never become floating-point ones: a DOUBLE PRECISION holds integers up to 2**53 only.
"""

from __future__ import annotations

from ingest_lambda.warehouse.sqltypes import DOUBLE, INTEGER_DIGITS, MAX_PRECISION, VARCHAR, SqlType, decimal, fits


def wider(landing: SqlType, found: SqlType) -> SqlType | None:
    """Find the smallest type that holds both.

    >>> from ingest_lambda.warehouse.sqltypes import BIGINT, DATE, INTEGER, TIMESTAMP
    >>> print(wider(INTEGER, BIGINT), wider(decimal(5, 2), INTEGER), wider(TIMESTAMP, DATE), wider(BIGINT, DOUBLE))
    BIGINT DECIMAL(12,2) TIMESTAMP None
    """
    if fits(found, landing):
        return landing
    if fits(landing, found):
        return found if found.name != "VARBYTE" else None
    return _common_decimal(landing, found)


NUMBERS = {*INTEGER_DIGITS, "DECIMAL", "REAL", "DOUBLE PRECISION"}
WITH_A_TEXT = {*NUMBERS, "DATE", "TIME", "TIMESTAMP", "VARCHAR"}


def holds_both(landing: SqlType, found: SqlType) -> SqlType | None:
    """Suggest the type that an operator may choose where none holds both unchanged: rounded numbers, or their texts.

    >>> from ingest_lambda.warehouse.sqltypes import BIGINT, BOOLEAN
    >>> print(holds_both(BIGINT, DOUBLE), holds_both(BIGINT, VARCHAR), holds_both(BIGINT, BOOLEAN))
    DOUBLE PRECISION VARCHAR(65535) None
    """
    if {landing.name, found.name} <= NUMBERS:
        return DOUBLE
    return VARCHAR if {landing.name, found.name} <= WITH_A_TEXT else None


def _common_decimal(one: SqlType, other: SqlType) -> SqlType | None:
    """Find the decimal with as many digits on either side of the point as the longer of the two has."""
    if not all(type_.name == "DECIMAL" or type_.name in INTEGER_DIGITS for type_ in (one, other)):
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
