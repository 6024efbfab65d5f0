"""Common table expressions whose columns PostgreSQL is to compute once a row. Pure.

PostgreSQL puts the expression of a column in place of its name wherever another query takes it, and computes it as
often: a reason that three expressions look at is found three times. It keeps a query apart that has a WITH of its own.
Conditions on that query still reach the table, and what nobody takes from it is still not computed.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from typing import Any

from local.redshift.sql import tree
from local.redshift.sql.scope import walk
from local.redshift.sql.write.sets import is_plain

KEPT_APART = 'with "nothing, to keep a query apart" as (select) '  # by a name that hides no relation of a user's
_PLAIN = (tree.Column, tree.Literal, tree.Star)
# Of these the first argument is evaluated of every row, others of some.
_CHOICES = frozenset({"coalesce", "nvl", "nvl2", "decode"})
_TEXT_CALLS = frozenset({"rtrim", "ltrim", "btrim", "coalesce"})


def is_computed_once(table: tree.CommonTable, query: tree.Query) -> bool:
    """Tell whether a table of a query's WITH is to be kept apart, so that each of its columns is computed once a row.

    It is columns and expressions of a row, which one query without a condition takes from it, an expression more
    than once. None is computed for a row that would be spared it, where it might fail: by an expression that chooses,
    or by a join or a query in a condition of what reads that row. Of the queries around `query` none spares it any:
    PostgreSQL keeps each that has a WITH apart from them.
    """
    inner = table.query
    if (
        not isinstance(inner, tree.Select)
        or not is_plain(inner)
        or not isinstance(inner.source, tree.Table | tree.Join)
    ):
        return False
    if table.columns or inner.distinct or inner.top or inner.into or inner.group or inner.groups_all:
        return False
    if inner.having or inner.qualify:
        return False
    computed = {item.alias: item.expression for item in inner.items if not isinstance(item.expression, _PLAIN)}
    takers = [each for each in selects(query) if table.name in names(each.source)]
    if not computed or "" in computed or len(takers) != 1 or takers[0].where or isinstance(takers[0].source, tree.Join):
        return False
    parts = [getattr(takers[0], name) for name in ("items", "group", "having", "qualify", "order")]
    taken = Counter(name for node in walk(parts) for name in _taken(node, computed))
    always = {name for node in _always(parts) for name in _taken(node, computed)}
    drops = any(map(_may_drop, _readers(table, query)))
    spared = [computed[name] for name in taken if drops or name not in always]
    return any(count > 1 for count in taken.values()) and all(map(_never_fails, spared))


def _readers(table: tree.CommonTable, query: tree.Query) -> Iterator[tree.Select]:
    """Yield the SELECTs of a query that may read a table of its WITH, by way of others too."""
    before = [each is table for each in query.common].index(True) + 1
    cannot = {id(select) for each in query.common[:before] for select in selects(each.query)}
    yield from (select for select in selects(query) if id(select) not in cannot)


def _may_drop(select: tree.Select) -> bool:
    """Tell whether a SELECT takes rows by what is in other tables: other conditions PostgreSQL asks first."""
    if isinstance(select.source, tree.Join):
        return True
    conditions = [select.where, select.having, select.qualify]
    return any(
        isinstance(getattr(node, each.name), tree.Query)
        for node in walk(conditions)
        for each in dataclasses.fields(node)
    )


def selects(query: tree.Query) -> Iterator[tree.Select]:
    """Yield the SELECTs of a query, those in its WITH and FROM too, but not those in expressions."""
    for table in query.common:
        yield from selects(table.query)
    if isinstance(query, tree.SetOperation):
        yield from selects(query.left)
        yield from selects(query.right)
    elif isinstance(query, tree.Select):
        yield query
        for relation in _relations(query.source):
            if isinstance(relation, tree.Derived):
                yield from selects(relation.query)


def _relations(source: tree.Relation | None) -> Iterator[tree.Relation | None]:
    if isinstance(source, tree.Join):
        yield from _relations(source.left)
        yield from _relations(source.right)
    else:
        yield getattr(source, "source", source)  # of PIVOT and UNPIVOT


def names(source: tree.Relation | None) -> list[str]:
    """Return the names without a schema in a FROM."""
    return [each.name[0] for each in _relations(source) if isinstance(each, tree.Table) and len(each.name) == 1]


def _taken(node: Any, computed: dict[str, tree.Expression]) -> set[str]:
    """Return the computed columns that a node names."""
    if isinstance(node, tree.Star):
        return set(computed)
    return computed.keys() & set(node.name) if isinstance(node, tree.Column) else set()


def _always(node: Any) -> Iterator[Any]:
    """Yield the nodes of expressions that are evaluated of every row."""
    if isinstance(node, list | tuple):
        for each in node:
            yield from _always(each)
    elif isinstance(node, tree.Case):
        yield from _always(node.subject or node.branches[0][0])
    elif isinstance(node, tree.Binary) and node.operator in ("and", "or"):
        yield from _always(node.left)
    elif isinstance(node, tree.Call) and node.name[-1] in _CHOICES:
        yield from _always(node.arguments[:1])
    elif dataclasses.is_dataclass(node) and not isinstance(node, tree.Query):
        yield node
        for field in dataclasses.fields(node):
            value = getattr(node, field.name)
            if not isinstance(value, str | bool):
                yield from _always(value)


def _never_fails(node: Any) -> bool:
    """Tell whether an expression has a value whatever the row: texts, put together and compared with literals."""
    if isinstance(node, tree.Case):
        parts = [node.subject, node.otherwise, *(part for branch in node.branches for part in branch)]
        return all(part is None or _never_fails(part) for part in parts)
    if isinstance(node, tree.Binary):
        sides = (node.left, node.right)
        is_known = node.operator in ("and", "or", "||") or any(_is_string(side) for side in sides)
        return is_known and node.operator in ("and", "or", "||", "=", "<>") and all(map(_never_fails, sides))
    if isinstance(node, tree.Call):
        return node.name[-1] in _TEXT_CALLS and all(map(_never_fails, node.arguments))
    if isinstance(node, tree.Is):
        return _never_fails(node.operand)
    return isinstance(node, tree.Column | tree.Literal)


def _is_string(node: tree.Expression) -> bool:
    return isinstance(node, tree.Literal) and node.kind == "string"
