"""The target of a statement that changes rows, which its FROM or USING may name again. Pure.

In an UPDATE a table of FROM that is the target by another name is the target itself, so that only the rows that are
joined change; a statement that tells the target's columns apart by its own name joins it to itself.
Sources: https://docs.aws.amazon.com/redshift/latest/dg/c_Examples_of_UPDATE_statements.html, r_UPDATE.html,
r_DELETE.html, r_CREATE_VIEW.html.
"""

from __future__ import annotations

from local.redshift.errors import NOT_SUPPORTED, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import Scope, Source, quote, walk
from local.redshift.sql.write.sources import write_table
from local.redshift.sql.write.writer import Writer

_OUTER = ("left", "right", "full", "natural left", "natural right", "natural full")


def write_target(writer: Writer, table: tree.Table, does: str) -> str:
    """Return the target as the statement names it; it is in scope from now on, alone."""
    hold_no_view(writer, table.name, does)
    writer.scope = Scope()
    return write_table(writer, tree.Table(table.name, table.alias))


def hold_no_view(writer: Writer, name: tree.Name, does: str) -> None:
    """Hold what a statement changes to tables.

    Raises:
        RedshiftError: it is a view.
    """
    relation = writer.catalog.get(name)
    if relation is not None and relation.is_view:
        raise RedshiftError(f"cannot {does} a view", NOT_SUPPORTED)


def hold_joins(source: tree.Relation | None, where: tree.Expression | None) -> None:
    """Hold the FROM of an UPDATE to inner joins.

    Raises:
        RedshiftError: it has an outer join.
    """
    marked = any(isinstance(node, tree.Column) and node.is_outer for node in walk(where))
    if marked or (source is not None and _has_outer_join(source)):
        raise RedshiftError("Target table must be part of an equijoin predicate")


def _has_outer_join(relation: tree.Relation) -> bool:
    if not isinstance(relation, tree.Join):
        return False
    return relation.kind.startswith(_OUTER) or _has_outer_join(relation.left) or _has_outer_join(relation.right)


def is_target(writer: Writer) -> str:
    """Return the condition by which a table of FROM is the target, '' where none is.

    It is called when all that may name the target's columns is written.

    Raises:
        RedshiftError: more tables than one may be it.
    """
    target, *others = writer.scope.sources
    again = [source for source in others if _may_be(writer, source, target)]
    if not again or target.is_used:
        return ""
    if len(again) > 1 or again[0].relation != target.relation:
        raise RedshiftError(
            f'the local Redshift takes the target "{".".join(target.relation)}" once more in FROM, by the same name '
            "and an alias (https://docs.aws.amazon.com/redshift/latest/dg/c_Examples_of_UPDATE_statements.html)"
        )
    return f"{quote(target.label)}.ctid = {quote(again[0].label)}.ctid"


def hold_self_join(writer: Writer) -> None:
    """Hold a DELETE whose USING names the target again to a join of the two.

    Raises:
        RedshiftError: nothing joins the target, whose rows would all go.
    """
    target, *others = writer.scope.sources
    if not target.is_used and any(_may_be(writer, source, target) for source in others):
        raise RedshiftError(
            f'the local Redshift deletes from "{".".join(target.relation)}", which USING names again, only what a '
            "condition joins to it (https://docs.aws.amazon.com/redshift/latest/dg/r_DELETE.html)"
        )


def _may_be(writer: Writer, source: Source, target: Source) -> bool:
    """Tell whether a relation of FROM may be the target: one of the two names may tell no schema."""
    if not source.relation or (len(source.relation) == 1 and source.relation[0] in writer.common):
        return False
    length = min(len(source.relation), len(target.relation))
    return source.relation[-length:] == target.relation[-length:]
