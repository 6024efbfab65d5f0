"""Queries: a SELECT, or several with an operator between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.redshift.sql.tree.base import Expression, Item, Query, Relation
from local.redshift.sql.tree.relations import Table


@dataclass(slots=True)
class Select(Query):
    """SELECT."""

    distinct: bool = False
    top: Expression | None = None
    items: list[Item] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    into: Table | None = None
    into_temporary: bool = False
    source: Relation | None = None
    where: Expression | None = None
    group: list[Expression] = field(default_factory=list)
    groups_all: bool = False
    having: Expression | None = None
    qualify: Expression | None = None


@dataclass(slots=True)
class SetOperation(Query):
    """UNION, INTERSECT, EXCEPT of two queries."""

    operator: str = ""
    left: Query = field(default_factory=Query)
    right: Query = field(default_factory=Query)
