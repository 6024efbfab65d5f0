"""Comparisons of two values, implicitly cast as Redshift casts them. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Type_conversion.html
"""

from __future__ import annotations

from local.redshift.sql.values.casts import as_super, cast, hold_moment, present
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import BOOLEAN, INTEGERS, MOMENTS, NUMBERS, STRINGS, SUPER, VARCHAR

_SUPER_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def compare(operator: str, left: Typed, right: Typed) -> Typed:
    """Compare two values, implicitly cast as Redshift casts: beside a DECIMAL a string becomes one, beside a string
    any other number becomes a string (https://docs.aws.amazon.com/redshift/latest/dg/r_Type_conversion.html)."""
    operator = "<>" if operator == "!=" else operator
    hold_moment(left, right.type)
    hold_moment(right, left.type)
    first, second = left.type.name, right.type.name
    if SUPER in (left.type, right.type):
        return _compare_super(operator, left, right)
    if first in STRINGS and second in NUMBERS - {"numeric"}:
        right = cast(right, VARCHAR, "varchar")
    elif second in STRINGS and first in NUMBERS - {"numeric"}:
        left = cast(left, VARCHAR, "varchar")
    for kinds in ({"numeric"}, MOMENTS):
        if first in STRINGS and second in kinds:
            left = Typed(f"({left.sql})::{second}", right.type)  # not to its scale: what differs is not equal
        elif second in STRINGS and first in kinds:
            right = Typed(f"({right.sql})::{first}", left.type)
    if "boolean" in (first, second) and {first, second} & INTEGERS.keys():
        # https://docs.aws.amazon.com/redshift/latest/dg/r_logical_condition.html
        left, right = (
            Typed(f"(({each.sql}) <> 0)", BOOLEAN) if each.type.name in INTEGERS else each for each in (left, right)
        )
    if right.is_literal:
        left = as_string(left)
    return Typed(f"({left.sql} {operator} {right.sql})", BOOLEAN)


def as_string(value: Typed) -> Typed:
    """Return a string literal as a VARCHAR, whose trailing blanks do not count; what is none as it is."""
    return Typed(f"{value.sql}::varchar", VARCHAR) if value.is_literal else value


def _compare_super(operator: str, left: Typed, right: Typed) -> Typed:
    """Compare SUPER values: those of two types are not equal, and not ordered, of which NULL comes out; trailing blanks
    of strings do not count (https://docs.aws.amazon.com/redshift/latest/dg/query-super.html)."""
    both = [present(Typed(as_super(side), SUPER)) for side in (left, right)]
    if operator in ("=", "<>"):  # PostgreSQL joins by hash what is compared so
        return Typed(f"({both[0]} {operator} {both[1]})", BOOLEAN)
    sides = ", ".join(both)
    return Typed(f"pg_catalog.rs_super_{_SUPER_COMPARISONS[operator]}({sides})", BOOLEAN)
