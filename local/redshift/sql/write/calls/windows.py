"""Calls of functions that look over the rows around. Pure."""

from __future__ import annotations

from dataclasses import replace

from local.redshift.errors import NOT_SUPPORTED, SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import DOUBLE
from local.redshift.sql.write.calls.templates import write_plain
from local.redshift.sql.write.windows import over, window_sql
from local.redshift.sql.write.writer import Writer

# https://docs.aws.amazon.com/redshift/latest/dg/c_Window_functions.html and the pages of the functions it lists
_NO_WINDOWS = frozenset({"any_value", "bit_and", "bit_or", "bool_and", "bool_or", "approximate percentile_disc"})
_UNSORTED = frozenset({"LISTAGG", "MEDIAN", "PERCENTILE", "RATIO"})
_FRAMED = frozenset({"first_value", "last_value", "nth_value"})
_SORTED = frozenset({"lag", "lead"})


def hold_window(function: Function, window: tree.Window) -> None:
    """Hold an OVER clause to what the function's page lets stand in it.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html

    Raises:
        RedshiftError: the function has no window, or none of this kind, or the window sorts by a constant text.
    """
    name, is_framed = function.name, function.kind == "a" or function.name in _FRAMED
    if function.kind not in "aw" or name in _NO_WINDOWS:
        raise RedshiftError(f"{name} is not a window function", "42809")
    if function.template in _UNSORTED and window.order:
        raise RedshiftError(f"{name} takes no ORDER BY and no frame in its OVER clause", SYNTAX_ERROR)
    if window.frame and not is_framed:
        raise RedshiftError(f"{name} takes no frame in its OVER clause", SYNTAX_ERROR)
    if window.order and not window.frame and is_framed:
        raise RedshiftError("Aggregate window functions with an ORDER BY clause require a frame clause")
    if name in _SORTED and not window.order:
        raise RedshiftError(f"{name} requires ORDER BY in its OVER clause", SYNTAX_ERROR)
    # The page rules out any constant; dbt sorts by 1 on Redshift (`date_spine`), and its own tests pass there.
    if any(isinstance(item.expression, tree.Literal) and item.expression.kind == "string" for item in window.order):
        raise RedshiftError("string literals are not supported in the ORDER BY of an OVER clause")
    if any(isinstance(each, tree.Literal) and each.kind == "string" for each in window.partition):
        raise RedshiftError("string literals are not supported in the PARTITION BY of an OVER clause")


def write_neighbour(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """LAG, LEAD, FIRST_VALUE, LAST_VALUE, NTH_VALUE. Without NULLs they are the nth value of a frame from its first or
    last, which an aggregate finds (https://docs.aws.amazon.com/redshift/latest/dg/r_WF_LAG.html)."""
    if function.name in _SORTED and isinstance(node.arguments[-1], tree.Unary) and len(node.arguments) > 1:
        raise RedshiftError(f"{function.name} with an offset that is signed: no page says what a negative one is")
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
