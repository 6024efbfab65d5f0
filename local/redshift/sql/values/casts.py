"""What a value becomes where another type is wanted: by a cast, or by where it stands. Pure."""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql.values.decimals import LONG_DIGITS
from local.redshift.sql.values.lengths import fits_varchar
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import (
    BOOLEAN,
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

_OF_SUPER = frozenset({"boolean", *INTEGERS, *FLOATS, *MOMENTS})  # see prelude/25_super.sql
_NO_TEXTS = frozenset({"boolean", "super", "varbyte", "interval"})  # but by a cast, or not at all
# PostgreSQL's special moments that r_Date_and_time_literals does not list: now, today, tomorrow, yesterday alone.
_NO_MOMENTS = frozenset({"infinity", "+infinity", "-infinity", "epoch", "allballs"})
_STRING_NAMES = {"varchar": "character varying", "char": "character"}


def cast(operand: Typed, type_: Type, sql: str) -> Typed:
    """Cast a value. A SUPER value gives up the scalar that it holds; what becomes SUPER is a scalar of it."""
    hold_moment(operand, type_)
    if operand.type == SUPER and type_ != SUPER:
        value = operand.scalar or operand.sql
        if type_.name in STRINGS:
            return Typed(f"pg_catalog.rs_super_varchar({value})::{sql}", type_)
        if type_.name == "numeric" and type_.precision:
            beyond = f"1e{type_.precision - type_.scale}::numeric"
            return Typed(f"pg_catalog.rs_super_numeric({value}, {type_.scale}, {beyond})::{sql}", type_)
        if type_.name in _OF_SUPER:
            return Typed(f"pg_catalog.rs_super_{type_.name.replace(' ', '_')}({value})::{sql}", type_)
        text = f"pg_catalog.rs_super_scalar({value})"
        return Typed(f"(case when pg_input_is_valid({text}, '{type_.sql}') then {text} end)::{sql}", type_)
    if type_.name in STRINGS and operand.type == BOOLEAN:
        # https://docs.aws.amazon.com/redshift/latest/dg/r_Boolean_type.html
        raise RedshiftError(f"cannot cast type boolean to {_STRING_NAMES[type_.name]}", "42846")
    if type_ == SUPER and operand.type != SUPER:
        return Typed(f"({as_super(operand)})::super", type_)
    if type_.name == "numeric" and type_.precision == LONG_DIGITS and operand.type != type_:
        return Typed(f"pg_catalog.rs_long_decimal(({operand.sql})::{sql}, {type_.scale})::{sql}", type_)
    fitting = f"({operand.sql})::varchar" if fits_varchar(operand.type, sql) else ""
    return Typed(f"({operand.sql})::{sql}", type_, fitting=fitting)


def kept(operand: Typed, to: Type) -> Typed:
    """Return what a cast keeps of a DECIMAL of more scale, which is cut unless `enable_numeric_rounding` is on
    (https://docs.aws.amazon.com/redshift/latest/dg/r_enable_numeric_rounding.html)."""
    if operand.type.name != "numeric" or not (to.name == "numeric" or to.name in INTEGERS):
        return operand
    if operand.type.precision and operand.type.scale <= to.scale:
        return operand
    return Typed(f"pg_catalog.rs_kept({operand.sql}, {to.scale})", operand.type)


def as_super(value: Typed) -> str:
    """Return a value as SUPER.

    Raises:
        RedshiftError: it is a date or time (https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html).
    """
    if value.type == SUPER:
        return value.sql
    if value.type.name in MOMENTS:
        raise RedshiftError(f"cannot cast type {value.type.name} to super", "42846")
    if value.is_null:
        return "null::json"
    sql = f"{value.sql}::varchar" if value.is_literal else value.sql
    return f"{to_super(value.type)}({sql})"


def hold_assigned(type_: Type, to: Type) -> None:
    """Hold what goes into a column to the types that become the column's by themselves: PostgreSQL gives a text of any.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html

    Raises:
        RedshiftError: the page does not list the pair of types.
    """
    if to.name in STRINGS and type_.name in _NO_TEXTS:
        words = f"column is of type {_STRING_NAMES[to.name]} but expression is of type {type_.name}"
        raise RedshiftError(words, "42804")


def hold_moment(value: Typed, to: Type) -> None:
    """Hold a literal that becomes a date or time to the special ones that Redshift has.

    Raises:
        RedshiftError: PostgreSQL alone has it.
    """
    if value.is_literal and to.name in MOMENTS and (text := value.sql.strip("'").strip()).lower() in _NO_MOMENTS:
        raise RedshiftError(f'invalid input syntax for type {to.name}: "{text}"', "22007")


def stored(value: Typed, to: Type) -> str:
    """Return a value as it goes into a column: for SUPER a string is a string, whatever it spells
    (https://docs.aws.amazon.com/redshift/latest/dg/ingest-super.html)."""
    hold_moment(value, to)
    hold_assigned(value.type, to)
    is_string = value.is_literal and not value.is_null
    return as_super(value) if to == SUPER and (is_string or value.type not in (SUPER, UNKNOWN)) else value.sql


def to_super(*types: Type) -> str:
    """Return the function that makes a SUPER of what is computed of values of these types."""
    may_be_float = any(type_ == UNKNOWN or type_.name in FLOATS for type_ in types)
    return "pg_catalog.rs_float_super" if may_be_float else "to_json"


def truth(value: Typed) -> str:
    """Return a value as a condition; of a number zero alone is false
    (https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html)."""
    if value.type.name in INTEGERS:
        return f"({value.sql} <> 0)"
    return cast(value, BOOLEAN, "boolean").sql if value.type == SUPER else value.sql


def number_of(operand: Typed) -> str:
    """Return an operand of arithmetic: a SUPER value counts as the number it holds, NULL where it holds none
    (https://docs.aws.amazon.com/redshift/latest/dg/operators-functions.html)."""
    return f"pg_catalog.rs_super_number({operand.scalar or operand.sql})" if operand.type == SUPER else operand.sql


def text_of(operand: Typed) -> str:
    """Return an operand of `||` or LIKE: a SUPER value counts as the string it holds, a number or moment as its text
    (https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html#r_Type_conversion)."""
    if operand.type in (SUPER, BOOLEAN) or operand.type.name in NUMBERS | MOMENTS:
        return cast(operand, VARCHAR, "varchar").sql
    return operand.operand


def present(value: Typed) -> str:
    """Return a value of which a JSON null is NULL, as IS NULL finds it."""
    if value.type != SUPER:
        return value.sql
    return f"pg_catalog.rs_known_json(nullif(({value.sql})::text, 'null'), -1, false)"
