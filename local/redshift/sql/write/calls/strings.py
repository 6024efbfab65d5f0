"""Calls of functions that take VARBYTE as well as strings. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.casts import text_of
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import STRINGS, VARBYTE, VARCHAR
from local.redshift.sql.write.calls.templates import write_plain
from local.redshift.sql.write.writer import Writer

_MARK = re.compile(r"\$[\d&{]")


def write_substring(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """SUBSTRING(string, start [, characters]): of a VARBYTE it counts bytes, and is one (r_SUBSTRING)."""
    value, *places = (writer.write(argument) for argument in node.arguments)
    if any((place.is_literal and not place.is_null) or place.type.name in STRINGS for place in places):
        raise RedshiftError("function substring(..., character varying) does not exist", "42883")
    type_ = VARBYTE if value.type == VARBYTE else VARCHAR
    listed = ", ".join([text_of(value), *(place.operand for place in places)])
    return Typed(f"(substring({listed}))::{type_.sql}", type_)


def write_regexp_replace(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """REGEXP_REPLACE(string, pattern [, replacement ...]): no page says what a dollar sign in the replacement means
    (REGEXP_REPLACE), which PostgreSQL takes as it is."""
    replacement = node.arguments[2] if len(node.arguments) > 2 else None
    if isinstance(replacement, tree.Literal) and _MARK.search(replacement.text):
        raise RedshiftError("REGEXP_REPLACE with $ and what may be a group's number, which no page explains")
    return write_plain(writer, replace(function, template="pg_catalog.rs_regexp_replace({*})"), node)


def write_concat(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """CONCAT(string, string), or of two VARBYTEs (r_CONCAT)."""
    left, right = (writer.write(argument) for argument in node.arguments)
    return joined(left, right)


def joined(left: Typed, right: Typed) -> Typed:
    """Return two strings, or two VARBYTEs, one behind the other."""
    if VARBYTE in (left.type, right.type):
        return Typed(f"({left.sql} || {right.sql})::varbyte", VARBYTE)
    return Typed(f"({text_of(left)} || {text_of(right)})::varchar", VARCHAR)
