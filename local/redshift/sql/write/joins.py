"""Joins: those of FROM, and those that (+) in WHERE means. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_Join_examples.html, r_WHERE_oracle_outer.html.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import no_such_column, quote_names, walk
from local.redshift.sql.write.writer import Writer


def write_join(writer: Writer, join: tree.Join) -> str:
    left = writer.source(join.left)
    before = len(writer.scope.sources)
    right = writer.source(join.right)
    if isinstance(join.right, tree.Join):
        right = f"({right})"
    if join.kind == ",":
        return f"{left}, {right}"
    if join.using:
        writer.scope.merged += [name for name in join.using if name not in writer.scope.merged]
        return f"{left} {join.kind} {right} using {quote_names(join.using)}"
    if join.kind.startswith("natural"):
        _merge_columns(writer, before)
    if join.on is None:
        return f"{left} {join.kind} {right}"
    on = writer.condition(join.on)
    writer.correlations.hold_join(join)
    return f"{left} {join.kind} {right} on {on}"


def _merge_columns(writer: Writer, before: int) -> None:
    """Merge the columns that both sides of a natural join have."""
    sources = writer.scope.sources
    if not writer.scope.is_known:
        return
    theirs = {name for source in sources[before:] for name in source.columns or {}}
    ours = (name for source in sources[:before] for name in source.columns or {})
    writer.scope.merged += [name for name in ours if name in theirs and name not in writer.scope.merged]


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
