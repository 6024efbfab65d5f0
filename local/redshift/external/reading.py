"""What a statement reads of an external table: which columns, and which partitions its conditions leave. Pure.

In: a statement's tree. Out: names of columns, and whether rows of a partition may be asked for. Only conditions that
compare a partition column with a literal count; a partition is left out where such conditions alone say that none of
its rows can pass. PostgreSQL holds every row to all conditions anyway.
Source: https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html (partitioning)
"""

from __future__ import annotations

import dataclasses
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from local.redshift.masking import unquote
from local.redshift.sql import tree

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "<>": operator.ne, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NUMBERS = ("smallint", "integer", "bigint", "numeric")


@dataclass(frozen=True)
class Occurrence:
    """A place of FROM where a table stands: its names there, the conditions on it, aliases of the select list."""

    names: tuple[tree.Name, ...]
    conditions: tuple[tree.Expression, ...]
    aliases: frozenset[str] = frozenset()


def nodes(node: Any) -> Iterator[Any]:
    """Yield all nodes of a tree, those of the queries in it too."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from nodes(item)
    elif dataclasses.is_dataclass(node):
        yield node
        for each in dataclasses.fields(node):
            value = getattr(node, each.name)
            if not isinstance(value, str | bool):
                yield from nodes(value)


def reads_all(statement: Any) -> bool:
    """Tell whether a statement may mean columns that it does not name."""
    return any(
        isinstance(node, tree.Star | tree.Unpivot | tree.Pivot)
        or (isinstance(node, tree.Join) and node.kind.startswith("natural"))
        or (isinstance(node, tree.Table) and bool(node.columns))  # its columns have other names, by place
        for node in nodes(statement)
    )


def names_read(statement: Any) -> frozenset[str]:
    """Return every name that may be a column's.

    >>> from local.redshift.sql.translate import statement_tree
    >>> sorted(names_read(statement_tree("select t.a from s.t where b = 1")))
    ['a', 'b', 's', 't']
    """
    found: set[str] = set()
    for node in nodes(statement):
        match node:
            case tree.Join(using=using):
                found.update(using)
            case tree.Column(name=name) | tree.UnpivotObject(path=name) | tree.Table(name=name):
                found.update(name)  # a table's may be a path into a column
    return frozenset(found)


def occurrences(statement: Any, table: tree.Name) -> list[Occurrence] | None:
    """Return the places where a table stands with what holds there, None where that is not known for each."""
    found = []
    standing = [node for node in nodes(statement) if _is_table(node, table)]
    if any(node.columns for node in standing):
        return None  # what a name means there is told by its place
    for node in nodes(statement):
        if not isinstance(node, tree.Select | tree.Update | tree.Delete) or node.source is None:
            continue
        aliases = _renamed(node) if isinstance(node, tree.Select) else frozenset()
        for each in _tables(node.source):
            if each.name == table:
                names = ((each.alias,),) if each.alias else tuple(table[-n:] for n in range(1, len(table) + 1))
                found.append(Occurrence(names, tuple(_conjuncts(node.where)), aliases))
    return found if len(found) == len(standing) else None


def _is_table(node: Any, table: tree.Name) -> bool:
    return isinstance(node, tree.Table) and node.name == table


def _renamed(query: tree.Select) -> frozenset[str]:
    """Return the aliases that do not stand for a column of the same name."""
    return frozenset(
        item.alias
        for item in query.items
        if item.alias and not (isinstance(item.expression, tree.Column) and item.expression.name[-1] == item.alias)
    )


def _tables(relation: tree.Relation) -> Iterator[tree.Table]:
    if isinstance(relation, tree.Table):
        yield relation
    elif isinstance(relation, tree.Join):
        yield from _tables(relation.left)
        yield from _tables(relation.right)


def _conjuncts(node: tree.Expression | None) -> list[tree.Expression]:
    if node is None:
        return []
    if isinstance(node, tree.Binary) and node.operator == "and":
        return [*_conjuncts(node.left), *_conjuncts(node.right)]
    return [node]


def is_asked_for(found: Sequence[Occurrence] | None, values: Mapping[str, tuple[str, str]]) -> bool:
    """Tell whether rows of a partition may be asked for.

    Args:
        found: where its table stands.
        values: the partition's text and type (PostgreSQL's) by column.
    """
    if found is None:
        return True
    return any(all(_truth(each, place, values) is not False for each in place.conditions) for place in found)


def _truth(node: tree.Expression, place: Occurrence, values: Mapping[str, tuple[str, str]]) -> bool | None:
    """Return what a condition is for all rows of the partition, None where that depends, or is not known here."""
    match node:
        case tree.Binary(operator="and", left=left, right=right):
            both = _truth(left, place, values), _truth(right, place, values)
            return False if False in both else None if None in both else True
        case tree.Binary(operator="or", left=left, right=right):
            both = _truth(left, place, values), _truth(right, place, values)
            return True if True in both else None if None in both else False
        case tree.Unary(operator="not", operand=operand):
            inner = _truth(operand, place, values)
            return None if inner is None else not inner
        case tree.Binary(operator=sign, left=left, right=right) if sign in _COMPARED:
            found = _compared(sign, left, right, place, values)
            return found if found is not None else _compared(_MIRRORED.get(sign, sign), right, left, place, values)
        case tree.Between(operand=operand, low=low, high=high, negated=negated):
            bounds = _compared(">=", operand, low, place, values), _compared("<=", operand, high, place, values)
            inside = False if False in bounds else None if None in bounds else True
            return None if inside is None else inside != negated
        case tree.In(operand=operand, among=list(among), negated=negated):
            each = [_compared("=", operand, item, place, values) for item in among]
            inside = True if True in each else None if None in each else False
            return None if inside is None else inside != negated
    return None


def _compared(
    sign: str,
    column: tree.Expression,
    literal: tree.Expression,
    place: Occurrence,
    values: Mapping[str, tuple[str, str]],
) -> bool | None:
    if not isinstance(column, tree.Column) or not _is_of(column.name, place):
        return None
    text, kind = values.get(column.name[-1], ("", ""))
    if not kind or text == NULL_PARTITION:
        return None
    one, other = _value(text, kind), _literal_value(literal, kind)
    return None if one is None or other is None else _COMPARED[sign](one, other)


def _is_of(name: tree.Name, place: Occurrence) -> bool:
    """Tell whether a name is a column of the table there: a bare one is, or is ambiguous, unless it is an alias."""
    return name[:-1] in place.names or (len(name) == 1 and name[0] not in place.aliases)


def _literal_value(node: tree.Expression, kind: str) -> Any:
    if isinstance(node, tree.Cast) and node.to.name == "date" and kind == "date":
        node = node.operand
    if isinstance(node, tree.Unary) and node.operator == "-" and isinstance(node.operand, tree.Literal):
        node = tree.Literal(node.operand.kind, f"-{node.operand.text}")
    if not isinstance(node, tree.Literal) or node.kind not in ("number", "string"):
        return None
    if node.kind == "number":
        return _value(node.text, kind) if _is_number(kind) else None
    return _value(unquote(node.text), kind)


def _is_number(kind: str) -> bool:
    return kind.startswith(_NUMBERS)


def _value(text: str, kind: str) -> Any:
    """Return a value that compares as PostgreSQL's of this type does, None for what is not compared here."""
    if _is_number(kind):
        try:
            number = Decimal(text.strip())
        except InvalidOperation:
            return None
        return number if number.is_finite() else None  # PostgreSQL orders NaN, Python does not
    if kind.startswith("character"):
        return text.rstrip(" ").encode()
    return text if kind == "date" and _DATE.fullmatch(text) else None
