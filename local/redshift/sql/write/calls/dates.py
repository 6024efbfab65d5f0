"""Calls of functions of dates and times, whose first argument is a part of a date. Pure."""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.casts import hold_moment
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import DOUBLE, STRINGS, Type
from local.redshift.sql.words import DATE_PARTS
from local.redshift.sql.write.writer import Writer

_NO_SPANS = frozenset({"epoch", "dow", "doy", "timezone", "timezone_hour", "timezone_minute"})
_TIMESTAMP = Type("timestamp")


def _part_of(node: tree.Expression) -> str:
    """Return the part of a date that a call names, as PostgreSQL's text."""
    if isinstance(node, tree.Column) and len(node.name) == 1:
        word = node.name[0]
    elif isinstance(node, tree.Literal) and node.kind == "string":
        word = node.text.strip("'").lower()
    else:
        raise RedshiftError("a part of a date is a word or a string", SYNTAX_ERROR)
    if word not in DATE_PARTS:
        raise RedshiftError(f'"{word}" is no part of a date', "22023")
    return f"'{DATE_PARTS[word]}'"


def _span_of(node: tree.Expression) -> str:
    """Return the part of a date that a call counts or cuts by, which is a span of time
    (https://docs.aws.amazon.com/redshift/latest/dg/r_Dateparts_for_datetime_functions.html)."""
    part = _part_of(node)
    if part.strip("'") in _NO_SPANS:
        raise RedshiftError(f"{part} is a part for EXTRACT and DATE_PART alone", "22023")
    return part


def _moment_of(writer: Writer, node: tree.Expression) -> Typed:
    argument = writer.write(node)
    hold_moment(argument, _TIMESTAMP)
    if argument.is_literal or argument.type.name in STRINGS:
        return Typed(f"({argument.sql})::timestamp", _TIMESTAMP)
    return argument


def write_date_part(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """Write DATE_PART, which is DOUBLE PRECISION, or EXTRACT, which is so of a TIMESTAMPTZ alone."""
    argument, part = _moment_of(writer, node.arguments[1]), _part_of(node.arguments[0])
    if function.name != "extract":
        return Typed(f"pg_catalog.rs_date_part({part}, date_part({part}, {argument.sql}))", DOUBLE)
    type_ = DOUBLE if argument.type.name == "timestamptz" else Type("integer")
    return Typed(f"pg_catalog.rs_extract({part}, {argument.sql})", type_)


def write_date_trunc(writer: Writer, function: Function, node: tree.Call) -> Typed:
    argument = _moment_of(writer, node.arguments[1])
    if argument.type.name in ("time", "timetz"):
        raise RedshiftError(f"function date_trunc(..., {argument.type.name}) does not exist", "42883")
    type_ = argument.type if argument.type.name in ("timestamptz", "interval") else Type("timestamp")
    return Typed(f"date_trunc({_span_of(node.arguments[0])}, {argument.sql})", type_)


def write_date_add(writer: Writer, function: Function, node: tree.Call) -> Typed:
    argument = _moment_of(writer, node.arguments[2])
    kept = argument.type.name in ("timestamptz", "time", "timetz")
    amount = f"({writer.sql(node.arguments[1])})::bigint"
    sql = f"pg_catalog.dateadd({_span_of(node.arguments[0])}, {amount}, {argument.sql})"
    return Typed(sql, argument.type if kept else Type("timestamp"))


def write_convert_timezone(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """CONVERT_TIMEZONE([from,] to, timestamp): a string is a TIMESTAMP (CONVERT_TIMEZONE)."""
    *zones, moment = node.arguments
    written = ", ".join([*(writer.write(zone).operand for zone in zones), _moment_of(writer, moment).sql])
    return Typed(f"convert_timezone({written})", Type("timestamp"))


def write_date_diff(writer: Writer, function: Function, node: tree.Call) -> Typed:
    first, second = (_moment_of(writer, argument).sql for argument in node.arguments[1:])
    return Typed(f"pg_catalog.datediff({_span_of(node.arguments[0])}, {first}, {second})", Type("bigint"))
