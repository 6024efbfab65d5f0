"""UNION, INTERSECT and EXCEPT as PostgreSQL reads them, and what follows any query. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNION.html.
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import Scope, quote
from local.redshift.sql.values.choice import column_type
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import Type
from local.redshift.sql.write.windows import order_sql
from local.redshift.sql.write.writer import Output, Writer


def write_set_operation(writer: Writer, query: tree.SetOperation) -> tuple[str, Output | None]:
    """Return a set operation, and its columns where they are known.

    Each query gives what all have in common. A recursion has the types of its first query alone: whether Redshift
    takes another DECIMAL in the next is not documented.

    Raises:
        RedshiftError: a recursion's queries have DECIMALs of several scales, or a query has a LIMIT or OFFSET.
    """
    queries = _chain(query)
    if any(each.limit is not None or each.offset is not None for each in queries):
        raise RedshiftError("LIMIT may not be used within input to set operations.")
    written = [writer.query(each) for each in queries]
    columns = written[0][1]
    if columns:
        values = [_values(each, found, len(columns)) for each, (_, found) in zip(queries, written, strict=True)]
        places = [column_type(list(of_place)) for of_place in zip(*values, strict=True)]
        if writer.recursions.get(id(query)) in writer.named_common:
            _hold_recursion(columns, places)
        else:
            casts = zip(*(casts for _, casts in places), strict=True)
            written = [_cast(sql, found, to) for (sql, found), to in zip(written, casts, strict=True)]
        columns = [(name, type_) for (name, _), (type_, _) in zip(columns, places, strict=True)]
    writer.scope = Scope()  # whose ORDER BY names what comes out, and nothing else
    return f" {query.operator} ".join(f"({sql})" for sql, _ in written) + tail(writer, query), columns


def first_of(query: tree.Query) -> tree.Query:
    """Return the first query of `a union b union c`, the query itself if it is none."""
    return _chain(query)[0] if isinstance(query, tree.SetOperation) else query


def is_plain(query: tree.Query) -> bool:
    """Tell whether a query has neither WITH nor ORDER BY, LIMIT and OFFSET."""
    return not query.common and not query.order and query.limit is None and query.offset is None


def tail(writer: Writer, query: tree.Query) -> str:
    """Return ORDER BY, LIMIT and OFFSET."""
    parts = [order_sql(writer, query.order)] if query.order else []
    if query.limit is not None:
        parts.append(f"limit {writer.sql(query.limit)}")
    if query.offset is not None:
        parts.append(f"offset {writer.sql(query.offset)}")
    return "".join(f" {part}" for part in parts)


def _chain(query: tree.SetOperation) -> list[tree.Query]:
    """Return the queries of `a union b union c`, which is one of one and another: hundreds would be too deep."""
    left, chain = query.left, [query.right]
    while isinstance(left, tree.SetOperation) and left.operator == query.operator and is_plain(left):
        chain.append(left.right)
        left = left.left
    return [left, *reversed(chain)]


def _values(query: tree.Query, columns: Output | None, count: int) -> list[Typed]:
    """Return what a query gives in each of its columns: its type, or the literal without one."""
    if columns is None or len(columns) != count:
        return [Typed("")] * count
    literals = _literals(query)
    return [literals.get(place) or Typed("", type_) for place, (_, type_) in enumerate(columns)]


def _literals(query: tree.Query) -> dict[int, Typed]:
    """Return the literals without a type in a select list; where `*` is before them, their places are not known."""
    if not isinstance(query, tree.Select) or not is_plain(query) or query.distinct or query.qualify is not None:
        return {}
    expressions = [item.expression for item in query.items]
    if any(isinstance(each, tree.Star) for each in expressions):
        return {}
    return {
        place: Typed(each.text, is_literal=True)
        for place, each in enumerate(expressions)
        if isinstance(each, tree.Literal) and each.kind in ("string", "null")
    }


def _cast(sql: str, columns: Output | None, casts: tuple[str, ...]) -> tuple[str, Output | None]:
    """Return a query whose columns are cast, to '' where one is left as it is."""
    if columns is None or len(columns) != len(casts) or not any(casts):
        return sql, columns
    names = [f"c{place}" for place in range(len(columns))]
    items = [
        f"{name}{'::' + to if to else ''} as {quote(column)}"
        for name, (column, _), to in zip(names, columns, casts, strict=True)
    ]
    return f"select {', '.join(items)} from ({sql}) as cast_({', '.join(names)})", columns  # noqa: S608 - of a tree


def _hold_recursion(columns: Output, places: list[tuple[Type, list[str]]]) -> None:
    for (name, first), (type_, _) in zip(columns, places, strict=True):
        if type_ != first and "numeric" in (first.name, type_.name):
            raise RedshiftError(
                f'column "{name}" of a recursive query is {first.sql or "of no known type"} in its first part and'
                f" {type_.sql or 'of no known type'} with the next: cast both parts to one DECIMAL",
                "42804",
            )
