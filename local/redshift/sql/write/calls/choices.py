"""Calls of functions that choose among their arguments by a comparison. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.casts import hold_moment, present
from local.redshift.sql.values.choice import case_of
from local.redshift.sql.values.comparisons import as_string, compare
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import STRINGS, UNKNOWN, VARCHAR
from local.redshift.sql.write.writer import Writer


def write_nvl2(writer: Writer, function: Function, node: tree.Call) -> Typed:
    subject, filled, empty = (writer.write(argument) for argument in node.arguments)
    return case_of([f"{present(subject)} is not null"], [filled, empty])


def write_nullif(writer: Writer, function: Function, node: tree.Call) -> Typed:
    first, second = (writer.write(argument) for argument in node.arguments)
    hold_moment(first, second.type)
    hold_moment(second, first.type)
    type_ = VARCHAR if first.is_literal or first.type.name in STRINGS else first.type
    sql = f"nullif({as_string(first).sql}, {second.sql})"
    if second.type not in (first.type, UNKNOWN):  # to be cast in the comparison alone
        sql = f"case when {compare('=', first, second).sql} then null else {first.sql} end"
    return Typed(f"({sql})::{type_.sql}" if type_ != UNKNOWN else f"({sql})", type_)


def write_decode(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """DECODE(expression, search, result, ... [, default]); NULL equals NULL in it."""
    subject, *rest = (writer.write(argument) for argument in node.arguments)
    literal, subject = subject, as_string(subject)
    default = [rest.pop()] if len(rest) % 2 else []
    for search in rest[::2]:
        hold_moment(search, subject.type)
        hold_moment(literal, search.type)
    conditions = [f"{subject.sql} is not distinct from {search.sql}" for search in rest[::2]]
    return case_of(conditions, [*rest[1::2], *default])
