"""TRY_CAST: which pairs of types it takes, and what it makes of a value that the cast would fail at. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_TRY_CAST.html
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql.values.casts import cast
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import (
    ARRAY,
    BOOLEAN,
    CODE,
    FLOATS,
    INTEGERS,
    MOMENTS,
    NUMBERS,
    STRINGS,
    SUPER,
    UNKNOWN,
    Type,
)

_ANY = frozenset({UNKNOWN, SUPER, ARRAY, CODE})
_TEXTS = STRINGS | {"super"}
_PAIRS = {
    "boolean": INTEGERS.keys() | {"super"},
    **dict.fromkeys(INTEGERS, NUMBERS | _TEXTS | {"boolean"}),
    **dict.fromkeys(FLOATS | {"numeric"}, NUMBERS | _TEXTS),
    **dict.fromkeys(STRINGS, NUMBERS | _TEXTS | MOMENTS),
    "timestamp": STRINGS | {"timestamptz", "date", "time"},
    "timestamptz": STRINGS | {"timestamp", "date", "time", "timetz"},
    "date": STRINGS | {"timestamp", "timestamptz"},
    "time": STRINGS | {"timetz"},
    "timetz": STRINGS | {"time"},
}


def try_cast(operand: Typed, type_: Type, sql: str) -> Typed:
    """Cast a value, NULL where the cast would fail.

    >>> try_cast(Typed('"a"', BOOLEAN), Type("integer"), "integer").sql
    '("a")::integer'

    Raises:
        RedshiftError: the page does not list the pair of types.
    """
    source = "varchar" if operand.is_literal and not operand.is_null else operand.type.name
    is_known = source == "varchar" or operand.type not in _ANY
    if is_known and not operand.is_null and source != type_.name and type_.name not in _PAIRS.get(source, ()):
        raise RedshiftError(f"cannot cast type {source} to {type_.name}", "42846")
    if operand.type in (BOOLEAN, SUPER) or type_ in (BOOLEAN, SUPER):
        return cast(operand, type_, sql)
    if source in STRINGS and type_.name in STRINGS:
        return cast(operand, type_, sql)  # which cuts
    is_rounded = source in FLOATS | {"numeric"} and type_.name in INTEGERS
    tried = f"round(({operand.sql})::numeric)::text" if is_rounded else f"({operand.sql})::text"
    # the cast stands outside: PostgreSQL evaluates that of a constant as it plans, in a branch not taken too
    value = operand.sql if source in NUMBERS else f"({operand.sql})::text"
    return cast(Typed(f"(case when pg_input_is_valid({tried}, '{sql}') then {value} end)", operand.type), type_, sql)
