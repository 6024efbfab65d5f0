"""What MERGE asks of its parts, and MERGE ... REMOVE DUPLICATES as PostgreSQL reads it. Pure.

Rows of the target that match become the source's row, of several that match one row one is kept, and source rows that
match none are inserted; duplicates in the target that match nothing stay. Of two source rows for one target row the
documentation says nothing for this form: it is the error of the other form.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_MERGE.html
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import Scope, Source, quote, walk

_UNDEFINED_TABLE, _MISMATCH = "42P01", "42804"


def hold_merge(scope: Scope, merge: tree.Merge) -> None:
    """Hold a MERGE to what its page says of the source, the match and SUPER.

    Args:
        scope: the two relations, the target first.
        merge: its tree.

    Raises:
        RedshiftError: the source is the target, nothing of it equals a column of the target, or a part of a SUPER is
            named.
    """
    into, of = scope.sources
    if into.relation == of.relation:
        raise RedshiftError("MERGE: source and target are the same table")
    if not any({id(into), id(of)} <= _sides(scope, each) for each in _conjuncts(merge.on)):
        raise RedshiftError("MERGE: ON compares no column of the source with one of the target by =")
    for node in walk([merge.on, merge.assignments or [], merge.values]):
        if isinstance(node, tree.Navigation) or (isinstance(node, tree.Column) and _is_path(scope, node)):
            raise RedshiftError("Partial reference of SUPER column is not supported in MERGE statement.")


def _conjuncts(node: tree.Expression) -> list[tree.Expression]:
    if isinstance(node, tree.Binary) and node.operator == "and":
        return [*_conjuncts(node.left), *_conjuncts(node.right)]
    return [node]


def _sides(scope: Scope, node: tree.Expression) -> set[int]:
    """Return the relations whose columns stand on both sides of an equality, each side naming one."""
    if not isinstance(node, tree.Binary) or node.operator != "=":
        return set()
    sides = [{id(owner) for each in walk(side) if (owner := _owner(scope, each))} for side in (node.left, node.right)]
    return {owner for side in sides if len(side) == 1 for owner in side}


def _owner(scope: Scope, node: object) -> Source | None:
    if not isinstance(node, tree.Column):
        return None
    found = scope.column(node.name[0]) if len(node.name) == 1 else None
    return found[0] if found else scope.source(node.name[:-1]) or scope.source(node.name[:1])


def _is_path(scope: Scope, node: tree.Column) -> bool:
    """Tell whether a name goes on behind a column."""
    for length in range(len(node.name) - 1, 0, -1):
        if scope.source(node.name[:length]):
            return len(node.name) - length > 1
    return len(node.name) > 1


def merge_without_duplicates(scope: Scope, target: str, source: str, on: str) -> str:
    """Return the statement.

    Args:
        scope: the two relations, the target first.
        target: the target as FROM reads it.
        source: the source as FROM reads it.
        on: what matches.

    Raises:
        RedshiftError: the columns of one are not known, or they have not the same number.
    """
    into, of = scope.sources
    if into.columns is None or of.columns is None:
        unknown = into if into.columns is None else of
        raise RedshiftError(f'relation "{".".join(unknown.name) or unknown.alias}" does not exist', _UNDEFINED_TABLE)
    if len(into.columns) != len(of.columns):
        raise RedshiftError(
            f"MERGE with REMOVE DUPLICATES needs as many columns in the source ({len(of.columns)}) as in the target "
            f"({len(into.columns)})",
            _MISMATCH,
        )
    columns = [quote(name) for name in into.columns]
    values = [f"merged.c{place}" for place in range(len(columns))]
    row, given = quote(of.label), quote(into.label)
    items = "".join(f", {row}.{quote(name)} as c{place}" for place, name in enumerate(of.columns))
    copies = (
        f"select {given}.ctid as place, row_number() over (partition by {row}.source_row order by {given}.ctid) as copy"  # noqa: S608 - of a tree
        f"{items} from (select row_number() over () as source_row, {row}.* from {source}) as {row}"
        f" left join {target} on {on}"
    )
    assigned = ", ".join(f"{name} = {value}" for name, value in zip(columns, values, strict=True))
    return (
        f"merge into {target} using ({copies}) as merged on {given}.ctid = merged.place"  # noqa: S608 - of a tree
        f" when matched and merged.copy > 1 then delete when matched then update set {assigned}"
        f" when not matched then insert ({', '.join(columns)}) values ({', '.join(values)})"
    )
