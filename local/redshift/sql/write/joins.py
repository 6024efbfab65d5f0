"""Joins: those of FROM, and those that (+) in WHERE means. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_Join_examples.html, r_WHERE_oracle_outer.html.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import Scope, no_such_column, quote, quote_names, walk
from local.redshift.sql.values.choice import common
from local.redshift.sql.values.typed import Typed, told
from local.redshift.sql.values.types import UNKNOWN, Type
from local.redshift.sql.write.writer import Writer


def write_join(writer: Writer, join: tree.Join) -> str:
    start = len(writer.scope.sources)
    left = writer.source(join.left)
    before = len(writer.scope.sources)
    right = writer.source(join.right)
    if isinstance(join.right, tree.Join):
        right = f"({right})"
    if join.kind == ",":
        return f"{left}, {right}"
    kind, names = join.kind, join.using
    if kind.startswith("natural") and writer.scope.is_known:
        ours, theirs = _sides(writer.scope, start, before)
        names = [name for name in ours if name in theirs]
    if names:
        alias = _merge(writer.scope, names, start, before)
        return f"{left} {kind.removeprefix('natural ')} {right} using {quote_names(names)} as {alias}"
    if join.on is None:
        return f"{left} {join.kind} {right}"
    on = writer.condition(join.on)
    writer.correlations.hold_join(join)
    return f"{left} {join.kind} {right} on {on}"


def _sides(scope: Scope, start: int, before: int) -> tuple[dict[str, Type], dict[str, Type]]:
    """Return the columns of both sides of a join, by name."""
    ours, theirs = (
        {name: typed.type for name, typed in scope.outputs(*places)}
        for places in ((start, before), (before, len(scope.sources)))
    )
    return ours, theirs


def _merge(scope: Scope, names: list[str], start: int, before: int) -> str:
    """Merge columns of both sides of a join: one of each name remains, of the type that a UNION of the two would have.

    Return what to call them as a relation, apart from columns of relations that stand beside the join.

    Raises:
        RedshiftError: they have no type in common, as where a UNION fails.
    """
    ours, theirs = _sides(scope, start, before)
    end = len(scope.sources)
    alias = quote(f"merged {start} {end}")  # no other join has both: one on its left begins where it does
    others = [(name, typed) for name, typed in scope.outputs(start, end) if name not in names]
    merged = []
    for name in names:
        type_ = _merged_type(ours.get(name, UNKNOWN), theirs.get(name, UNKNOWN))
        is_cast = ours.get(name) != theirs.get(name)
        sql = quote(name), f"{alias}.{quote(name)}"
        scope.merged[name], output = (told(each, type_) if is_cast else Typed(each, type_) for each in sql)
        merged.append((name, output))
    scope.merging[start] = end, [*merged, *others]
    return alias


def _merged_type(first: Type, second: Type) -> Type:
    if UNKNOWN in (first, second) or first == second:
        return first if first == second else UNKNOWN
    type_ = common([first, second])
    if type_ == UNKNOWN:
        raise RedshiftError(f"JOIN/USING types {first.name} and {second.name} cannot be matched", "42804")
    return type_


def with_outer_joins(writer: Writer, select: tree.Select) -> tree.Select:
    """Return a query with LEFT JOINs for its joins by (+) in WHERE
    (https://docs.aws.amazon.com/redshift/latest/dg/r_WHERE_oracle_outer.html).

    The tree that was parsed stays as it is, for whose catalog it is written next.
    """
    if select.where is None or select.source is None or not any(map(_is_outer, walk(select.where))):
        return select
    relations, kept = _flat(select.source), []
    on: dict[str, list[tree.Expression]] = {}
    for condition in _conjuncts(select.where):
        owners = {_owner_of(writer, node, relations) for node in walk(condition) if _is_outer(node)}
        if len(owners) > 1:
            raise RedshiftError("a predicate may mark columns of one table only with (+)", SYNTAX_ERROR)
        if owners:
            on.setdefault(owners.pop(), []).append(condition)
        else:
            kept.append(condition)
    outer = [relation for relation in relations if _alias(relation) in on]
    source = _joined([relation for relation in relations if _alias(relation) not in on])
    for relation in outer:
        source = tree.Join("left join", source, relation, _all(on[_alias(relation)]))
    return replace(select, source=source, where=_all(kept) if kept else None)


def _owner_of(writer: Writer, column: tree.Column, relations: list[tree.Relation]) -> str:
    if len(column.name) > 1:
        return column.name[-2]
    for relation in relations:
        known = writer.catalog.get(relation.name) if isinstance(relation, tree.Table) else None
        if known and column.name[0] in known.columns:
            return _alias(relation)
    raise no_such_column(column.name[0])


def _is_outer(node: Any) -> bool:
    return isinstance(node, tree.Column) and node.is_outer


def _flat(relation: tree.Relation) -> list[tree.Relation]:
    if isinstance(relation, tree.Join):
        if relation.kind != ",":
            raise RedshiftError("(+) cannot be used together with JOIN in FROM", SYNTAX_ERROR)
        return [*_flat(relation.left), *_flat(relation.right)]
    return [relation]


def _joined(relations: list[tree.Relation]) -> tree.Relation:
    if not relations:
        raise RedshiftError("every table of the query is marked with (+)", SYNTAX_ERROR)
    source, *rest = relations
    for relation in rest:
        source = tree.Join("cross join", source, relation)
    return source


def _alias(relation: tree.Relation) -> str:
    alias: str = getattr(relation, "alias", "")
    return alias or (relation.name[-1] if isinstance(relation, tree.Table) else "")


def _conjuncts(node: tree.Expression) -> list[tree.Expression]:
    if isinstance(node, tree.Binary) and node.operator == "and":
        return [*_conjuncts(node.left), *_conjuncts(node.right)]
    return [node]


def _all(conditions: list[tree.Expression]) -> tree.Expression:
    found, *rest = conditions
    for condition in rest:
        found = tree.Binary("and", found, condition)
    return found
