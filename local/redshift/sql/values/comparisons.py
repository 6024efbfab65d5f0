"""Comparisons of two values, implicitly cast as Redshift casts them. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Type_conversion.html
"""

from __future__ import annotations

from local.redshift.sql.values.casts import as_super
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import BOOLEAN, MOMENTS, NUMBERS, STRINGS, SUPER, VARCHAR


def compare(operator: str, left: Typed, right: Typed) -> Typed:
    """Compare two values, implicitly cast as Redshift casts them
    (https://docs.aws.amazon.com/redshift/latest/dg/r_Type_conversion.html)."""
    operator = "<>" if operator == "!=" else operator
    first, second = left.type.name, right.type.name
    if SUPER in (left.type, right.type):
        return _compare_super(operator, left, right)
    for kinds in (NUMBERS, MOMENTS):
        if first in STRINGS and second in kinds:
            left = Typed(f"({left.sql})::{second}", right.type)  # not to its scale: what differs is not equal
        elif second in STRINGS and first in kinds:
            right = Typed(f"({right.sql})::{first}", left.type)
    if left.is_literal and right.is_literal:
        left = Typed(f"{left.sql}::varchar", VARCHAR)
    return Typed(f"({left.sql} {operator} {right.sql})", BOOLEAN)


def _compare_super(operator: str, left: Typed, right: Typed) -> Typed:
    """Compare SUPER values: of two types they are neither equal nor ordered, NULL comes out."""
    first, second = (as_super(side) for side in (left, right))
    return Typed(
        f"(case when jsonb_typeof({first}) = jsonb_typeof({second}) then {first} {operator} {second} end)", BOOLEAN
    )
