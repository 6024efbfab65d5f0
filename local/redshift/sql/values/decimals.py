"""DECIMALs: the precision and scale that Redshift gives a number. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_numeric_computations201.html, r_Numeric_types201.html.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from local.redshift.errors import RedshiftError
from local.redshift.sql.values.lengths import PLAIN_STRING
from local.redshift.sql.values.types import FLOATS, INTEGERS, NUMBERS, UNKNOWN, Type

MAX_PRECISION, MAX_SCALE, LEAST_SCALE = 38, 37, 4
LONG_DIGITS, LARGEST_LONG = 19, 2**63 - 1  # a DECIMAL of up to 19 digits is kept in 64 bits
_NUMBER = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
_PLACES = re.compile(r"(?:FM|PL|MI|SG|PR|[09.,DGLS$ ])*")


def hold_decimal(precision: int, scale: int) -> None:
    """Hold a DECIMAL to the largest (https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html).

    Raises:
        RedshiftError: it is larger.
    """
    if not 1 <= precision <= MAX_PRECISION:
        raise RedshiftError(f"DECIMAL precision {precision} must be between 1 and {MAX_PRECISION}", "22023")
    if scale > min(MAX_SCALE, precision):
        raise RedshiftError(f"DECIMAL scale {scale} must be between 0 and {min(MAX_SCALE, precision)}", "22023")


def decimal_of(type_: Type) -> Type | None:
    """Return the DECIMAL that a number counts as in a computation, None if it is none."""
    if type_.name == "numeric":
        return type_ if type_.precision else None
    digits = INTEGERS.get(type_.name)
    return Type("numeric", digits, 0) if digits else None


def arithmetic(operator: str, left: Type, right: Type) -> Type:
    """Return the type of a computation.

    >>> arithmetic("/", Type("numeric", 8, 2), Type("numeric", 8, 2)).sql
    'numeric(17, 9)'
    >>> arithmetic("*", Type("integer"), Type("bigint")).sql
    'bigint'
    """
    if left.name in FLOATS or right.name in FLOATS:
        both = left.name == right.name == "real"
        return Type("real" if both else "double precision") if {left.name, right.name} <= NUMBERS else UNKNOWN
    if left.name in INTEGERS and right.name in INTEGERS:
        return left if INTEGERS[left.name] >= INTEGERS[right.name] else right
    first, second = decimal_of(left), decimal_of(right)
    if first is None or second is None:
        return UNKNOWN
    p1, s1, p2, s2 = first.precision, first.scale, second.precision, second.scale
    if operator in ("+", "-"):
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + 1 + scale
    elif operator == "*":
        scale, precision = s1 + s2, p1 + p2 + 1
    elif operator == "/":
        scale = max(LEAST_SCALE, s1 + p2 - s2 + 1)
        precision = p1 - s1 + s2 + scale
        if precision > MAX_PRECISION:
            scale = max(MAX_PRECISION + scale - precision, LEAST_SCALE)
    else:
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + scale
    return Type("numeric", min(precision, MAX_PRECISION), min(scale, MAX_SCALE))


def rounded(type_: Type, places: int | None) -> Type:
    """Return the type of a DECIMAL or integer that is rounded, up or down, to decimal places; None: not known which.

    Its values have PostgreSQL's scale, as those of the pages' examples, which says that 28.05 becomes 28.1 and 28.

    >>> rounded(Type("numeric", 8, 2), 0).sql, rounded(Type("numeric", 8, 2), 4).sql, rounded(Type("integer"), 1).sql
    ('numeric(7, 0)', 'numeric(10, 4)', 'numeric(11, 1)')
    """
    decimal = decimal_of(type_)
    if decimal is None or places is None:
        return UNKNOWN
    scale = min(max(places, 0), MAX_SCALE)
    whole = decimal.precision - decimal.scale + (1 if places < decimal.scale else 0)  # 9.9 may become 10
    return Type("numeric", min(max(whole + scale, 1), MAX_PRECISION), scale)


def of_number_format(text: str) -> Type:
    """Return the type of what TO_NUMBER reads by a format: it has as many digits as the format has places.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_formating.html

    >>> of_number_format("99G999D9S").sql, of_number_format("RN").sql
    ('numeric(6, 1)', '')
    """
    whole, _, fraction = text.upper().replace("D", ".").partition(".")
    if not _PLACES.fullmatch(text.upper()):
        return UNKNOWN
    digits = [sum(part.count(place) for place in "09") for part in (whole, fraction)]
    return Type("numeric", sum(digits), digits[1]) if 1 <= sum(digits) <= MAX_PRECISION else UNKNOWN


def of_digits(text: str) -> Type:
    """Return the DECIMAL that digits have: as many as are written, but for zeros in front.

    >>> of_digits("007.50").sql, of_digits("0.05").sql, of_digits("-1.5e3").sql, of_digits("9223372036854775808").sql
    ('numeric(3, 2)', 'numeric(2, 2)', 'numeric(4, 0)', 'numeric(20, 0)')

    Raises:
        RedshiftError: there are more than a DECIMAL has.
    """
    _, digits, exponent = Decimal(text).as_tuple()
    scale = max(-int(exponent), 0)
    precision = max(len(digits) + int(exponent), 0) + scale
    if precision == LONG_DIGITS and abs(Fraction(text)) * 10**scale > LARGEST_LONG:
        precision += 1  # no page tells what such digits are; a DECIMAL of 19 does not hold them
    hold_decimal(max(precision, 1), scale)
    return Type("numeric", max(precision, 1), scale)


def of_string(text: str) -> Type:
    """Return the DECIMAL that a string literal spells; UNKNOWN where a backslash may escape.

    >>> of_string("' 3.14159'").sql
    'numeric(6, 5)'

    Raises:
        RedshiftError: it spells no number, or one of more digits than a DECIMAL has.
    """
    match = PLAIN_STRING.fullmatch(text)
    if not match:
        return UNKNOWN
    if not _NUMBER.fullmatch(match[1]):
        raise RedshiftError(f'invalid input syntax for type numeric: "{match[1]}"', "22P02")
    return of_digits(match[1].strip())
