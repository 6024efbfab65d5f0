"""Calls of aggregates. Pure."""

from __future__ import annotations

from collections.abc import Set

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import Function
from local.redshift.sql.values.casts import number_of, present
from local.redshift.sql.values.decimals import decimal_of
from local.redshift.sql.values.typed import Typed, told
from local.redshift.sql.values.types import DOUBLE, FLOATS, INTEGERS, STRINGS, UNKNOWN, VARCHAR, Type
from local.redshift.sql.write.windows import order_item_sql, ordered, over
from local.redshift.sql.write.writer import Writer

_DATED = frozenset({"date", "timestamp", "timestamptz"})
_WHOLE_PARTITION = "rows between unbounded preceding and unbounded following"


def _write_aggregate(writer: Writer, node: tree.Call, name: str, type_: Type) -> Typed:
    argument = writer.write(node.arguments[0])
    word = "distinct " if node.distinct else ""
    sql = f"{name}({word}{number_of(argument)}){over(writer, node)}"
    return told(sql, type_)


def write_sum(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """SUM of an integer is a BIGINT (r_SUM), over a window that of a BIGINT a NUMERIC (r_WF_SUM)."""
    is_total = node.window is None
    return _write_total(writer, function, node, INTEGERS.keys() if is_total else frozenset({"smallint", "integer"}))


def write_avg(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """AVG of any integer is a BIGINT (r_AVG); of a DECIMAL it is cut to the DECIMAL's scale
    (r_FROM_clause-pivot-unpivot-examples). Over a window that of a BIGINT is a NUMERIC (r_WF_AVG)."""
    decimal = writer.write(node.arguments[0]).type
    if node.window is not None and decimal.name == "bigint":
        raise RedshiftError("AVG of a BIGINT over a window is a NUMERIC of a scale that no page tells: cast the BIGINT")
    if decimal.name != "numeric" or not decimal.precision:
        return _write_total(writer, function, node, INTEGERS.keys())
    average = _write_aggregate(writer, node, function.name, UNKNOWN)
    return told(f"trunc({average.sql}, {decimal.scale})", Type("numeric", 38, decimal.scale))


def _write_total(writer: Writer, function: Function, node: tree.Call, whole: Set[str]) -> Typed:
    """Write SUM or AVG; of the types in `whole` it is a BIGINT."""
    type_ = writer.write(node.arguments[0]).type
    if type_.name in whole:
        return _write_aggregate(writer, node, function.name, Type("bigint"))
    if type_.name in FLOATS:
        return _write_aggregate(writer, node, function.name, DOUBLE)
    decimal = decimal_of(type_)
    return _write_aggregate(writer, node, function.name, Type("numeric", 38, decimal.scale) if decimal else UNKNOWN)


def _hold_sort(writer: Writer, node: tree.Call, items: list[str]) -> None:
    """Hold the aggregates of a query that sort (LISTAGG, PERCENTILE_CONT, MEDIAN) to one order (r_MEDIAN).

    Raises:
        RedshiftError: another one has been written that sorts otherwise.
    """
    if node.window is not None or not items:
        return
    if writer.scope.sorted_by not in ([], items):
        raise RedshiftError("within group ORDER BY clauses for aggregate functions must be the same")
    writer.scope.sorted_by = items


def write_median(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """MEDIAN sorts by what it is given."""
    _hold_sort(writer, node, [writer.sql(node.arguments[0])])
    argument = writer.write(node.arguments[0])
    if argument.type.name in _DATED:
        return _moment(f"median({_microseconds(argument)}){over(writer, node)}", argument.type)
    return write_statistic(writer, function, node)


def _microseconds(value: Typed) -> str:
    """Return a moment as a number, between two of which there are others."""
    return f"(extract(epoch from {value.sql}) * 1000000)::double precision"


def _moment(sql: str, type_: Type) -> Typed:
    """Return such a number as a moment again
    (https://docs.aws.amazon.com/redshift/latest/dg/r_MEDIAN.html, r_PERCENTILE_CONT.html)."""
    epoch = "timestamptz 'epoch'" if type_.name == "timestamptz" else "timestamp 'epoch'"
    return Typed(f"({epoch} + ({sql}) * interval '1 microsecond')::{type_.sql}", type_)


def write_statistic(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """The deviations and variances are DOUBLE PRECISION (r_STDDEV_functions)."""
    return _write_aggregate(writer, node, function.name, DOUBLE)


def write_extreme(writer: Writer, function: Function, node: tree.Call) -> Typed:
    argument = writer.write(node.arguments[0])
    type_ = VARCHAR if argument.type.name in STRINGS else argument.type
    sql = f"{function.name}({present(argument)}){over(writer, node)}"
    return Typed(f"({sql})::{type_.sql}" if type_.name in ("varchar", "numeric", "super") else sql, type_)


def write_listagg(writer: Writer, function: Function, node: tree.Call) -> Typed:
    """LISTAGG is STRING_AGG, which sorts distinct values by the very expression that it aggregates, and takes no
    order and no DISTINCT in a window: there the window's own order does it, and an aggregate of our own.

    Empty strings are none, and trailing blanks do not make values distinct (r_LISTAGG).
    """
    measure = f"nullif(({writer.sql(node.arguments[0])})::text, '')::varchar"
    delimiter = f"({writer.sql(node.arguments[1])})::text" if len(node.arguments) > 1 else "''"
    word = "distinct " if node.distinct else ""
    items = [
        ordered(measure, item)
        if node.distinct and item.expression == node.arguments[0]
        else order_item_sql(writer, item)
        for item in node.within
    ]
    _hold_sort(writer, node, [order_item_sql(writer, item) for item in node.within])
    order = f" order by {', '.join(items)}" if items else ""
    if node.window is None:
        sql = f"pg_catalog.rs_string_agg({word}{measure}, {delimiter}{order})"
    else:
        partition = ", ".join(writer.sql(each) for each in node.window.partition)
        frame = f"{'partition by ' + partition if partition else ''}{order} {_WHOLE_PARTITION}"
        name = "pg_catalog.rs_listagg_distinct" if node.distinct else "string_agg"
        sql = f"{name}({measure}, {delimiter}) over ({frame})"
    return Typed(f"pg_catalog.rs_listagg({sql})", VARCHAR)


def write_percentile(writer: Writer, function: Function, node: tree.Call) -> Typed:
    if len(node.within) != 1:
        raise RedshiftError(f"{function.name} needs WITHIN GROUP (ORDER BY one expression)", SYNTAX_ERROR)
    [item] = node.within
    name, argument = function.name.rsplit(" ", 1)[-1], writer.write(item.expression)
    if name == "percentile_cont":
        _hold_sort(writer, node, [ordered(argument.sql, item)])
    fraction = writer.sql(node.arguments[0])
    is_moment = argument.type.name in _DATED and (name == "percentile_cont" or node.window is not None)
    measure = _microseconds(argument) if is_moment else argument.sql
    if node.window is None:
        order = f"order by {ordered(measure, item)}"
        sql = f"{name}({fraction}) within group ({order})"
    else:
        if item.descending:
            fraction = f"1 - {fraction}"
        sql = f"pg_catalog.rs_{name}(({measure})::double precision, {fraction}){over(writer, node)}"
    if is_moment:
        return _moment(sql, argument.type)
    type_ = argument.type if name == "percentile_disc" else DOUBLE
    return told(sql, type_)
