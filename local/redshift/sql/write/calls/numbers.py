"""Calls of functions whose result is a number of another precision and scale. Pure."""

from __future__ import annotations

from dataclasses import replace

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values import decimals
from local.redshift.sql.values.casts import number_of, text_of
from local.redshift.sql.values.typed import Typed, told
from local.redshift.sql.values.types import FLOATS, INTEGERS, SUPER, UNKNOWN, VARCHAR, Type
from local.redshift.sql.write.calls.templates import write_plain
from local.redshift.sql.write.writer import Writer


def write_rounded(writer: Writer, function: Function, node: tree.Call) -> Typed:
    arguments = [writer.write(argument) for argument in node.arguments]
    if arguments[0].type == SUPER:
        return _of_super(function, arguments)
    first = arguments[0].type
    sql = f"{function.name}({', '.join(argument.sql for argument in arguments)})"
    if first.name in INTEGERS:  # r_ROUND, r_TRUNC: what comes out is of the type that goes in
        return Typed(f"({arguments[0].sql})", first) if len(arguments) == 1 else told(sql, first)
    if first.name in ("timestamp", "timestamptz", "date"):
        return Typed(sql, Type("date"))
    if first.name in FLOATS:
        return Typed(sql, first)
    type_ = decimals.rounded(first, _whole(node.arguments[1]) if len(arguments) > 1 else 0)
    return told(sql, type_)


def write_text_to_numeric(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """TEXT_TO_NUMERIC_ALT(text [, precision, scale]) is a DECIMAL, by itself of 38 digits (r_TEXT_TO_NUMERIC_ALT)."""
    text, *limits = node.arguments
    digits = [_whole(each) for each in limits] or [decimals.MAX_PRECISION, 0]
    if len(digits) != 2 or digits[0] is None or digits[1] is None:
        raise RedshiftError("the local Redshift takes TEXT_TO_NUMERIC_ALT without a format, its digits written down")
    precision, scale = digits[0], digits[1]
    decimals.hold_decimal(precision, scale)
    number = f"pg_catalog.rs_teradata_number({text_of(writer.write(text))})"
    return told(f"pg_catalog.rs_round_to_even({number}, {scale})", Type("numeric", precision, scale))


def write_to_hex(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """TO_HEX takes an INTEGER or a BIGINT (r_TO_HEX)."""
    number = writer.write(node.arguments[0])
    sql = f"({number.sql})::integer" if number.type.name == "smallint" else number.sql
    return told(f"to_hex({sql})", VARCHAR)


def write_mod(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """MOD is an INTEGER where one of two integers is (r_MOD)."""
    remainder = write_plain(writer, replace(function, template=""), node)
    names = {writer.write(argument).type.name for argument in node.arguments}
    if names == {"smallint", "bigint"}:
        raise RedshiftError("function mod(smallint, bigint) does not exist", "42883")
    return told(remainder.sql, Type("integer")) if names == {"integer", "bigint"} else remainder


def write_absolute(writer: Writer, function: Function, node: tree.Call) -> Typed:
    argument = writer.write(node.arguments[0])
    if argument.type == SUPER:
        return _of_super(function, [argument])
    return write_plain(writer, replace(function, template=""), node)


def _of_super(function: Function, arguments: list[Typed]) -> Typed:
    """Write a function of a SUPER value, which gives one, NULL where it is no number (operators-functions)."""
    listed = ", ".join([number_of(arguments[0]), *(argument.sql for argument in arguments[1:])])
    return Typed(f"to_json({function.name}({listed}))", SUPER)


def write_ceiling(writer: Writer, function: Function, node: tree.Call) -> Typed:
    return (
        write_rounded(writer, function, node)
        if writer.write(node.arguments[0]).type.name in ("numeric", "super", *INTEGERS)
        else (write_plain(writer, replace(function, template=""), node))
    )


def write_to_number(writer: Writer, function: Function, node: tree.Call) -> Typed:
    text, format_ = (writer.write(argument) for argument in node.arguments)
    type_ = decimals.of_number_format(format_.sql.strip("'")) if format_.is_literal else UNKNOWN
    sql = f"to_number({text.operand}, {format_.operand})"
    return told(sql, type_)


def _whole(node: tree.Expression) -> int | None:
    """Return the whole number that an argument is, None where it is none that is written down."""
    sign, node = (-1, node.operand) if isinstance(node, tree.Unary) and node.operator == "-" else (1, node)
    return sign * int(node.text) if isinstance(node, tree.Literal) and node.text.isdecimal() else None
