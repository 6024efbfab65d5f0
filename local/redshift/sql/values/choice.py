"""What CASE, COALESCE, NVL2, DECODE, GREATEST, LEAST and the set operations make of values of several types. Pure.

In: values. Out: the type that they have in common, and how each is written to be of it.

- NULL has no say.
- A string literal has no type of its own: it takes that of the others, and fails where it is none of it
  (the last example of https://docs.aws.amazon.com/redshift/latest/dg/r_NVL_function.html). No page says which precision
  it gets beside a DECIMAL: here that of the number that it spells, so that nothing is rounded.
- REAL beside another number is DOUBLE PRECISION before one is chosen, as in a computation
  (https://docs.aws.amazon.com/redshift/latest/dg/r_numeric_computations201.html): REAL holds 6 digits.
- What has a type that is not known (a parameter) keeps its value: PostgreSQL finds the type of all, and none is told.
"""

from __future__ import annotations

from collections.abc import Iterable

from local.redshift.sql.values.casts import as_super, hold_moment
from local.redshift.sql.values.decimals import LONG_DIGITS, MAX_PRECISION, decimal_of, of_string
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import (
    ARRAY,
    CODE,
    DOUBLE,
    FLOATS,
    INTEGERS,
    MOMENTS,
    NUMBERS,
    STRINGS,
    SUPER,
    UNKNOWN,
    VARCHAR,
    Type,
)

_TAKEN = NUMBERS | MOMENTS | {"boolean", "interval", CODE.name}
_CAST = frozenset({"varchar", "numeric", "super", "varbyte"})  # what a choice among values would not be by itself


def common(types: Iterable[Type]) -> Type:
    """Return the type that values of several types have in common.

    One that is not known may be any number or moment, so that beside those there is none; beside others PostgreSQL
    takes no other.

    >>> common([Type("numeric", 8, 2), Type("integer")]).sql, common([Type("numeric", 8, 2), UNKNOWN]) == UNKNOWN
    ('numeric(12, 2)', True)
    """
    all_types = set(types)
    known = list(all_types - {UNKNOWN, ARRAY})
    names = {type_.name for type_ in known}
    if not known or (len(known) < len(all_types) and names & (NUMBERS | MOMENTS)):
        return UNKNOWN
    if names <= STRINGS:
        return Type(known[0].name if len(names) == 1 else "varchar")  # of which length no page says
    if len(known) == 1:
        return known[0]
    if names <= NUMBERS:
        if names & FLOATS:
            return DOUBLE
        if "numeric" not in names:
            return Type(max(names, key=INTEGERS.__getitem__))
        decimals = [decimal_of(type_) for type_ in known]
        if any(decimal is None for decimal in decimals):
            return Type("numeric")
        scale = max(decimal.scale for decimal in decimals if decimal)
        whole = max(decimal.precision - decimal.scale for decimal in decimals if decimal)
        return _held([decimal for decimal in decimals if decimal], whole + scale, scale)
    if names <= {"date", "timestamp"}:
        return Type("timestamp")
    if names <= {"date", "timestamp", "timestamptz"}:
        return Type("timestamptz")
    return UNKNOWN


def _held(decimals: list[Type], precision: int, scale: int) -> Type:
    """Return the DECIMAL of several: that of 64 bits where all are kept in so many, else that of 128.

    Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_UNION.html, r_numeric_computations201.html

    >>> common([Type("numeric", 18, 6), Type("bigint")]).sql, common([Type("numeric", 20, 6), Type("bigint")]).sql
    ('numeric(19, 6)', 'numeric(25, 6)')
    """
    is_long = all(decimal.precision <= LONG_DIGITS for decimal in decimals)
    most = LONG_DIGITS if is_long else MAX_PRECISION
    return Type("numeric", min(precision, most), min(scale, most - 1))


def common_type(values: Iterable[Typed]) -> Type:
    """Return the type that values have in common.

    >>> common_type([Typed("n", Type("numeric", 8, 2)), Typed("'3.14159'", is_literal=True)]).sql
    'numeric(11, 5)'
    >>> common_type([Typed("n", Type("numeric", 8, 2)), Typed("$1")]) == UNKNOWN
    True

    Raises:
        RedshiftError: a string literal beside a DECIMAL spells no number.
    """
    counted = [value for value in values if not value.is_null]
    strings = [value.sql for value in counted if value.is_literal]
    if strings and len(strings) == len(counted):
        return VARCHAR
    others = [value.type for value in counted if not value.is_literal]
    known = common(type_ for type_ in others if type_ != UNKNOWN)
    if known.name == "numeric":
        others += [of_string(text) for text in strings]
    return common(others)


def agreed(values: list[Typed]) -> tuple[Type, list[str]]:
    """Return the type that values have in common, and each of them as one of it.

    >>> agreed([Typed("r", Type("real")), Typed("i", Type("integer"))])[1]
    ['(r)::double precision', '(i)::double precision']
    """
    type_ = common_type(values)
    for value in values:
        hold_moment(value, type_)
    return type_, [
        as_super(value)
        if type_ == SUPER
        else f"({value.sql})::{type_.sql}"
        if type_ == DOUBLE != value.type and not value.is_literal
        else value.sql
        for value in values
    ]


def chosen(sql: str, type_: Type) -> Typed:
    """Return a choice among values that have a type in common."""
    return Typed(f"({sql})::{type_.sql}" if type_.name in _CAST else f"({sql})", type_)


def case_of(conditions: list[str], values: list[Typed]) -> Typed:
    """Return the value whose condition is true; one more than there are conditions is for where none is."""
    type_, written = agreed(values)
    return chosen(case_words(conditions, written), type_)


def case_words(conditions: list[str], values: list[str]) -> str:
    """Return a CASE; one more value than there are conditions is for where none is true."""
    words = ["case", *(f"when {condition} then {value}" for condition, value in zip(conditions, values, strict=False))]
    if len(values) > len(conditions):
        words.append(f"else {values[-1]}")
    return " ".join([*words, "end"])


def column_type(values: list[Typed]) -> tuple[Type, list[str]]:
    """Return the type of a set operation's column, and what each query's is to be cast to, '' where to nothing.

    A string literal is cast to what the others are, also where PostgreSQL alone knows the type of one of them.

    >>> column_type([Typed("", Type("date")), Typed("'2020-02-12'", is_literal=True)])[1]
    ['', 'date']
    """
    type_ = common_type(values)
    known = common(value.type for value in values if value.type != UNKNOWN)
    for value in values:
        hold_moment(value, known)
    return type_, [_cast_in_column(value, type_, known) for value in values]


def _cast_in_column(value: Typed, type_: Type, known: Type) -> str:
    if type_.name in ("numeric", "double precision"):
        return type_.sql if value.type != type_ else ""
    takes = value.is_literal and not value.is_null and known.name in _TAKEN
    return (known.name if type_ == UNKNOWN else type_.sql) if takes else ""
