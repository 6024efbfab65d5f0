"""UNION, INTERSECT and EXCEPT as PostgreSQL reads them. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNION.html.
"""

from __future__ import annotations

from local.redshift.sql import tree, types
from local.redshift.sql.scope import Scope, quote
from local.redshift.sql.types import CODE, FLOATS, INTEGERS, MOMENTS, Type
from local.redshift.sql.write_source import SourceWriter

Output = list[tuple[str, Type]]
_TAKEN = FLOATS | INTEGERS.keys() | MOMENTS | {"numeric", "boolean", "interval", CODE.name}


class SetWriter(SourceWriter):
    """Writes set operations."""

    bare: frozenset[int] = frozenset()  # the places of a select list whose literals stay without a type

    def set_operation(self, query: tree.SetOperation, outer: Scope) -> tuple[str, Output | None]:
        """Return a set operation, and its columns where they are known.

        A string literal has no type of its own: it becomes what the other queries have in its column.
        """
        queries = _chain(query)
        written = [self.subquery(each) for each in queries]
        literals = [_literals(each) for each in queries]
        typed: frozenset[int] = frozenset()
        if any(literals):
            typed = _typed_elsewhere(literals, [columns for _, columns in written])
            for index, places in enumerate(literals):
                if places & typed:
                    self.bare = places & typed
                    written[index] = self.subquery(queries[index])
        bare = typed & frozenset().union(*literals)
        columns, differ = written[0][1], False
        for _, other in written[1:]:
            if columns is None or other is None or len(columns) != len(other):
                continue
            differ = differ or _differ(columns, other)
            pairs = zip(columns, other, strict=True)
            columns = [(name, types.common([type_, second])) for (name, type_), (_, second) in pairs]
        sql = f" {query.operator} ".join(f"({each})" for each, _ in written)
        if columns and bare:  # of a literal the scale is not known
            columns = [
                (name, Type("numeric") if place in bare and type_.name == "numeric" else type_)
                for place, (name, type_) in enumerate(columns)
            ]
        if columns and differ:
            sql = _as_common(sql, columns)
        self.scope = Scope(outer)
        return sql + self.tail(query), columns

    def tail(self, query: tree.Query) -> str:
        """Return ORDER BY, LIMIT and OFFSET."""
        parts = [self.order(query.order)] if query.order else []
        if query.limit is not None:
            parts.append(f"limit {self.sql(query.limit)}")
        if query.offset is not None:
            parts.append(f"offset {self.sql(query.offset)}")
        return "".join(f" {part}" for part in parts)


def is_plain(query: tree.Query) -> bool:
    """Tell whether a query has neither WITH nor ORDER BY, LIMIT and OFFSET."""
    return not query.common and not query.order and query.limit is None and query.offset is None


def _chain(query: tree.SetOperation) -> list[tree.Query]:
    """Return the queries of `a union b union c`, which is one of one and another: hundreds would be too deep."""
    left, chain = query.left, [query.right]
    while isinstance(left, tree.SetOperation) and left.operator == query.operator and is_plain(left):
        chain.append(left.right)
        left = left.left
    return [left, *reversed(chain)]


def _literals(query: tree.Query) -> frozenset[int]:
    """Return the places of a select list that hold a string literal; where `*` is before them, they are not known."""
    if not isinstance(query, tree.Select) or not is_plain(query) or query.distinct or query.qualify is not None:
        return frozenset()
    expressions = [item.expression for item in query.items]
    if any(isinstance(each, tree.Star) for each in expressions):
        return frozenset()
    return frozenset(
        place for place, each in enumerate(expressions) if isinstance(each, tree.Literal) and each.kind == "string"
    )


def _typed_elsewhere(literals: list[frozenset[int]], outputs: list[Output | None]) -> frozenset[int]:
    """Return the places at which another query has a type that a string literal can become."""
    return frozenset(
        place
        for places, columns in zip(literals, outputs, strict=True)
        for place, (_, type_) in enumerate(columns or ())
        if place not in places and type_.name in _TAKEN
    )


def _differ(first: Output, second: Output) -> bool:
    pairs = zip(first, second, strict=True) if len(first) == len(second) else ()
    return any("numeric" in (one.name, other.name) and one != other for (_, one), (_, other) in pairs)


def _as_common(sql: str, columns: Output) -> str:
    """Give DECIMAL columns of two queries the precision and scale that they have in common."""
    names = [f"c{index}" for index in range(len(columns))]
    items = [
        f"{name}{'::' + type_.sql if type_.precision else ''} as {quote(column)}"
        for name, (column, type_) in zip(names, columns, strict=True)
    ]
    return f"select {', '.join(items)} from ({sql}) as united({', '.join(names)})"  # noqa: S608 - of a tree
