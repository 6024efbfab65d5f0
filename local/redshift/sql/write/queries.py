"""Queries as PostgreSQL reads them. Pure.

What Redshift has and PostgreSQL lacks becomes what both have: QUALIFY a query around, TOP a LIMIT, GROUP BY ALL the
items without an aggregate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.sql.scope import Scope, quote, walk
from local.redshift.sql.values.types import Type
from local.redshift.sql.write.common_tables import write_common_tables
from local.redshift.sql.write.grouping import hold_grouping_sets
from local.redshift.sql.write.joins import with_outer_joins
from local.redshift.sql.write.paths import Paths
from local.redshift.sql.write.select_list import Items, write_items
from local.redshift.sql.write.sets import tail, write_set_operation
from local.redshift.sql.write.windows import ordered
from local.redshift.sql.write.writer import Output, Writer


def write_query(writer: Writer, query: tree.Query, into: Iterable[Type] | None = None) -> tuple[str, Output | None]:
    """Return a query, and its columns where they are known.

    Args:
        writer: what shall be written, and where.
        query: the query's tree.
        into: the types of the columns that its rows go to, from which a literal of its select list gets its own.
    """
    outer, common, recurs, depth = writer.scope, writer.common, writer.recurs, writer.depth
    paths, writer.paths = writer.paths, None
    writer.common = dict(common)
    try:
        with_ = write_common_tables(writer, query)
        if isinstance(query, tree.Select):
            sql, columns = _write_select(writer, query, outer, into)
            writer.correlations.hold_select(query, writer.scope)
        elif isinstance(query, tree.SetOperation):
            sql, columns = write_set_operation(writer, query)
        else:
            raise RedshiftError("no query")
        return with_ + sql, columns
    finally:
        writer.scope, writer.common, writer.recurs, writer.depth = outer, common, recurs, depth
        writer.paths = paths


def _write_select(
    writer: Writer, select: tree.Select, outer: Scope, into: Iterable[Type] | None
) -> tuple[str, Output | None]:
    if select.into is not writer.into and select.into is not None:
        raise RedshiftError("SELECT ... INTO is not allowed here", SYNTAX_ERROR)
    writer.depth += 1
    writer.scope = Scope(outer, depth=writer.depth)
    select = with_outer_joins(writer, select)
    source = f" from {writer.source(select.source)}" if select.source else ""
    paths = writer.paths = _paths(writer, select)
    items = write_items(writer, select, into)
    writer.paths = None  # rows are filtered first
    where = _where(writer, select)
    writer.paths = paths
    columns = (
        None
        if any(typed is None for _, _, typed in items)
        else [(name, typed.type) for name, _, typed in items if typed]
    )
    aliases, writer.scope.aliases = writer.scope.aliases, {}
    group = _group(writer, select)
    having = f" having {writer.condition(select.having)}" if select.having else ""
    if select.top is not None:
        if select.limit is not None:
            raise RedshiftError("TOP and LIMIT cannot be used together", SYNTAX_ERROR)
        select = _limited(select)
    rest = f"{source}{paths.place if paths else ''}{where}{group}{having}"
    word = "select distinct " if select.distinct else "select "
    if select.qualify is None:
        sql = f"{word}{', '.join(sql for _, sql, _ in items if sql)}{rest}{tail(writer, select)}"
        return paths.taken(sql) if paths else sql, columns
    if columns is None:
        raise RedshiftError("the columns of a query with QUALIFY are not known: a relation does not exist", "42P01")
    writer.scope.aliases = aliases
    sql = _qualified(writer, select, items, columns, rest)
    return paths.taken(sql) if paths else sql, columns


def _paths(writer: Writer, select: tree.Select) -> Paths | None:
    """Return what takes paths together; not where `*` is all of FROM, or they are compared with a group's."""
    is_all = any(isinstance(item.expression, tree.Star) and not item.expression.qualifier for item in select.items)
    if select.source is None or select.group or select.groups_all or is_all:
        return None
    writer.selects += 1
    return Paths(writer.selects)


def _where(writer: Writer, select: tree.Select) -> str:
    """Return WHERE, in which a name that no column has is an alias of the select list.

    No page says so, but what dbt-utils runs on Redshift needs it (redshift__get_tables_by_pattern_sql of 1.4.1).
    """
    if not select.where:
        return ""
    aliases, writer.scope.aliases = writer.scope.aliases, {}
    writer.scope.in_where = aliases
    where = f" where {writer.condition(select.where)}"
    writer.scope.aliases, writer.scope.in_where = aliases, {}
    return where


def _limited(select: tree.Select) -> tree.Select:
    """Return the query with its TOP as a LIMIT."""
    return replace(select, limit=select.top, top=None)


def _qualified(writer: Writer, select: tree.Select, items: Items, columns: Output, rest: str) -> str:
    """Filter rows by QUALIFY in a query around the SELECT, which brings what it sorts by along."""
    names = [f"c{index}" for index in range(len(columns))]
    inner = [typed.sql for _, _, typed in items if typed]
    order = []
    for item in select.order:
        expression = item.expression
        place = _place(expression, columns)
        if place is None:
            inner.append(writer.sql(expression))
            place = len(inner) - 1
            names.append(f"o{place}")
        order.append(ordered(names[place], item))
    condition = writer.condition(select.qualify) if select.qualify else "true"
    outputs = [f"{name} as {quote(column)}" for name, (column, _) in zip(names, columns, strict=False)]
    word = "select distinct " if select.distinct else "select "
    limited = tail(writer, tree.Query(limit=select.limit, offset=select.offset))
    sorted_by = f" order by {', '.join(order)}" if order else ""
    return (
        f"{word}{', '.join(outputs)} from (select {', '.join([*inner, condition])}{rest})"
        f" as qualified({', '.join([*names, 'is_kept'])}) where is_kept{sorted_by}{limited}"
    )


def _place(expression: tree.Expression, columns: Output) -> int | None:
    """Return the place of the column that an expression of ORDER BY names by its name or number."""
    if isinstance(expression, tree.Literal) and expression.text.isdigit():
        if not 1 <= int(expression.text) <= len(columns):
            raise RedshiftError(f"ORDER BY position {expression.text} is not in select list", "42P10")
        return int(expression.text) - 1
    if isinstance(expression, tree.Column) and len(expression.name) == 1:
        return next((index for index, (name, _) in enumerate(columns) if name == expression.name[0]), None)
    return None


def _group(writer: Writer, select: tree.Select) -> str:
    if select.groups_all:
        places = [
            str(place)
            for place, item in enumerate(select.items, 1)
            if not any(isinstance(node, tree.Call) and _is_aggregate(node) for node in walk(item.expression))
        ]
        for place in places:
            _hold_group(writer, tree.Literal("number", place), select)
        return f" group by {', '.join(places)}" if places else ""
    hold_grouping_sets(select.group)
    written = [writer.sql(each) for each in select.group]
    for each in select.group:
        for leaf in _leaves(each):
            _hold_group(writer, leaf, select)
    return f" group by {', '.join(written)}" if written else ""


def _hold_group(writer: Writer, expression: tree.Expression, select: tree.Select) -> None:
    writer.correlations.hold_group(expression, select, lambda name: writer.scope.column(name) is not None)


def _leaves(group: tree.Expression) -> Iterator[tree.Expression]:
    """Yield the expressions of one item of GROUP BY."""
    if isinstance(group, tree.Grouping | tree.Row):
        for item in group.items:
            yield from _leaves(item)
    else:
        yield group


def _is_aggregate(call: tree.Call) -> bool:
    """Tell whether a call is of an aggregate, or looks over other rows."""
    function = FUNCTIONS.get(call.name[-1])
    return function is not None and function.kind in "aw"
