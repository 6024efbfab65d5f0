"""Correlated subqueries: the patterns that Redshift cannot decorrelate, and so refuses. Pure.

In: which column of a query outside a subquery names, and the trees of both. Out: nothing, or Redshift's error. What the
leader node alone runs is not decorrelated: queries of the catalog pass.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_correlated_subqueries.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from local.redshift.errors import INTERNAL_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.sql.scope import Relation, Scope, Source, walk

_SYSTEM = re.compile(r"(?:stl_|stv_|svl_|sys_|svcs_)")
_EXTREMES = frozenset({"min", "max"})
_ANY = frozenset({"any", "some"})


class Correlations:
    """Which queries of a statement refer to a query around them, and to what there."""

    def __init__(self, runs_on_leader: bool = False) -> None:
        self.runs_on_leader = runs_on_leader
        self._found: dict[int, list[Source | None]] = {}  # by the identity of a SELECT's tree

    def note(self, here: Scope, there: Scope, source: Source | None = None) -> None:
        """Note that a query names what another one around it has; `source` is None for an alias of its select list.

        Raises:
            RedshiftError: there is a query between the two.
        """
        if here is there or self.runs_on_leader:
            return
        if here.depth - there.depth > 1:
            raise _unsupported()
        here.outer.append(source)

    def hold_select(self, select: tree.Select, scope: Scope) -> None:
        """Remember what a SELECT refers to outside.

        Raises:
            RedshiftError: it refers to something, and has a window function.
        """
        if not scope.outer:
            return
        self._found[id(select)] = scope.outer
        if any(
            isinstance(node, tree.Call) and node.window for node in walk([select.items, select.order, select.qualify])
        ):
            raise _unsupported()

    def hold_join(self, join: tree.Join) -> None:
        """Refuse a correlated subquery in the ON of an outer join."""
        if join.kind.startswith(("left", "right", "full")):
            self._refuse_any(join.on)

    def hold_group(self, expression: tree.Expression, select: tree.Select, is_column: Callable[[str], bool]) -> None:
        """Refuse an expression of GROUP BY that is, or holds, what a correlated subquery gives.

        Args:
            expression: what stands in GROUP BY.
            select: the query that it groups.
            is_column: whether a relation of FROM has a column of that name, which no alias then means.
        """
        if isinstance(expression, tree.Literal) and expression.text.isdecimal():
            place = int(expression.text)
            waiting = [item.expression for item in select.items[place - 1 : place]]
        else:
            waiting = [expression]
        met: set[str] = set()
        while waiting:
            each = waiting.pop()
            self._refuse_any(each)
            names = {node.name[0] for node in walk(each) if isinstance(node, tree.Column) and len(node.name) == 1} - met
            met |= names
            waiting += [item.expression for item in select.items if item.alias in names and not is_column(item.alias)]

    def hold_predicate(self, node: tree.In | tree.Quantified, negated: bool) -> None:
        """Refuse IN with a correlated query that groups and aggregates, NOT IN with one that means a system table."""
        query = node.among if isinstance(node, tree.In) else node.query
        if not isinstance(query, tree.Query):
            return
        is_in = isinstance(node, tree.In) or (node.operator == "=" and node.quantifier in _ANY)
        for select in _selects(query):
            outer = self._found.get(id(select))
            if outer is None:
                continue
            if is_in and (select.group or select.groups_all) and _aggregates(select):
                raise _unsupported()
            if negated and any(source and source.is_system for source in outer):
                raise _unsupported()

    def _refuse_any(self, expression: tree.Expression | None) -> None:
        for node in walk(expression):
            query = _query_of(node)
            if query is not None and any(id(select) in self._found for select in _selects(query)):
                raise _unsupported()


def is_system(name: tree.Name, relation: Relation | None) -> bool:
    """Tell whether a relation of FROM is a system table: the catalog's, or one that is not there yet, by its name.

    Users may begin their names as those of system tables do.

    >>> is_system(("stl_new",), None), is_system(("marts", "sys_users"), None), is_system(("sys_users",), Relation({}))
    (True, False, False)
    """
    if not _SYSTEM.match(name[-1]):
        return False
    return relation.is_catalog if relation else len(name) == 1 or name[-2] == "pg_catalog"


def _query_of(node: object) -> tree.Query | None:
    if isinstance(node, tree.In):
        return node.among if isinstance(node.among, tree.Query) else None
    return node.query if isinstance(node, tree.Subquery | tree.Exists | tree.Quantified) else None


def _selects(query: tree.Query) -> Iterator[tree.Select]:
    """Yield a SELECT, or those of a set operation."""
    waiting: list[tree.Query] = [query]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tree.Select):
            yield each
        elif isinstance(each, tree.SetOperation):
            waiting += [each.left, each.right]


def _aggregates(select: tree.Select) -> bool:
    """Tell whether a SELECT calls an aggregate other than MIN and MAX."""
    nodes: Sequence[object] = [select.items, select.having]
    calls = (node for node in walk(nodes) if isinstance(node, tree.Call) and node.window is None)
    names = {call.name[-1] for call in calls}
    return any(name in FUNCTIONS and FUNCTIONS[name].kind == "a" and name not in _EXTREMES for name in names)


def _unsupported() -> RedshiftError:
    """Return Redshift's error, whose wording and SQLSTATE users met: https://github.com/SQLMesh/sqlmesh/issues/5342."""
    return RedshiftError(
        "This type of correlated subquery pattern is not supported due to internal error", INTERNAL_ERROR
    )
