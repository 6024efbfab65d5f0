"""Calls of functions that look over the rows around. Pure."""

from __future__ import annotations

from dataclasses import replace

from local.redshift.errors import NOT_SUPPORTED, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import DOUBLE
from local.redshift.sql.write.calls.templates import write_plain
from local.redshift.sql.write.windows import over, window_sql
from local.redshift.sql.write.writer import Writer


def write_neighbour(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """LAG, LEAD, FIRST_VALUE, LAST_VALUE, NTH_VALUE. Without NULLs they are the nth value of a frame from its first or
    last, which an aggregate finds (https://docs.aws.amazon.com/redshift/latest/dg/r_WF_LAG.html)."""
    if node.nulls != "ignore" or node.window is None:
        alike = replace(function, template="")
        return write_plain(writer, alike, tree.Call(node.name, node.arguments, window=node.window))
    argument, window = writer.write(node.arguments[0]), node.window
    place = _place(node.arguments[1]) if len(node.arguments) > 1 else "1"
    is_last = function.name in ("last_value", "lag")
    if function.name in ("lag", "lead"):
        frame = "unbounded preceding and 1 preceding" if is_last else "1 following and unbounded following"
        window = tree.Window(window.partition, window.order, f"rows between {frame}")
    over_sql = f"({argument.sql}) over {window_sql(writer, window)}"
    if place == "1":
        return Typed(f"pg_catalog.rs_{'last' if is_last else 'first'}{over_sql}", argument.type)
    return Typed(f"pg_catalog.rs_pick(pg_catalog.rs_values{over_sql}, {'- ' if is_last else ''}{place})", argument.type)


def _place(argument: tree.Expression) -> str:
    """Return how many values away it is; of the row itself, or the other side, no page says what is ignored."""
    if not isinstance(argument, tree.Literal) or argument.kind != "number" or not argument.text.isdigit():
        raise RedshiftError("IGNORE NULLS with an offset that is no whole number", NOT_SUPPORTED)
    if int(argument.text) == 0:
        raise RedshiftError("IGNORE NULLS with an offset of 0", NOT_SUPPORTED)
    return argument.text


def write_ratio(writer: Writer, function: Function, node: tree.Call) -> Typed:
    argument = writer.sql(node.arguments[0])
    share = f"({argument})::double precision / nullif(sum({argument}){over(writer, node)}, 0)::double precision"
    return Typed(f"({share})", DOUBLE)
