"""Computations with two values, to the precision and scale that Redshift gives the result. Pure."""

from __future__ import annotations

from dataclasses import replace

from local.redshift.sql.values import decimals
from local.redshift.sql.values.casts import hold_moment, number_of, to_super
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import FLOATS, INTEGERS, MOMENTS, NUMBERS, SUPER, UNKNOWN, Type


def compute(operator: str, left: Typed, right: Typed) -> Typed:
    """Compute with two values, to the precision and scale that Redshift gives the result."""
    if left.type == SUPER or right.type == SUPER:
        # https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html: what comes out is SUPER
        first, second = number_of(left), number_of(right)
        is_decimal = not {left.type.name, right.type.name} & FLOATS
        sql = (
            f"pg_catalog.rs_super_quotient({first}, {second})"
            if operator == "/" and is_decimal
            else f"{first} {operator} {second}"
        )
        return Typed(f"{to_super(left.type, right.type)}({sql})", SUPER)
    hold_moment(left, right.type)
    hold_moment(right, left.type)
    left, right = beside(left, right), beside(right, left)
    type_ = decimals.arithmetic(operator, left.type, right.type)
    first, second = left.sql, right.sql
    if type_.name == "numeric":
        if operator == "/":  # PostgreSQL chooses a scale by itself, but none below the dividend's
            first = f"round(({first})::numeric, {max(type_.scale, left.type.scale)})"
        return Typed(f"({first} {operator} {second})::{type_.sql}", type_)
    if type_ == UNKNOWN:
        type_ = _moment_type(operator, left.type.name, right.type.name)
    return Typed(f"({first} {operator} {second})", type_)


def _moment_type(operator: str, left: str, right: str) -> Type:
    """Return the type of a sum or difference of moments and intervals."""
    if "interval" in (left, right):
        other = left if right == "interval" else right
        return Type("timestamp" if other == "date" else other) if other in MOMENTS | {"interval"} else UNKNOWN
    if left in MOMENTS and right in MOMENTS and operator == "-":
        return Type("integer" if left == right == "date" else "interval")
    return Type("date") if left == "date" and right in INTEGERS else UNKNOWN


def beside(operand: Typed, other: Typed) -> Typed:
    """Return an operand of a computation: a string literal beside a number counts as a number (see choice.py)."""
    if operand.is_literal and not operand.is_null and other.type.name in NUMBERS:
        return replace(operand, type=decimals.of_string(operand.sql) if other.type.name == "numeric" else other.type)
    return operand
