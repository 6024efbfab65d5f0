"""What nodes of every kind hold: expressions, relations, queries, and what these have in common."""

from __future__ import annotations

from dataclasses import dataclass, field

Name = tuple[str, ...]


class Expression:
    """Anything that has a value."""


class Relation:
    """Anything that stands in FROM."""


@dataclass(slots=True)
class OrderItem:
    """One expression of ORDER BY."""

    expression: Expression
    descending: bool
    nulls: str  # '', 'first' or 'last'


@dataclass(slots=True)
class Item:
    """One expression of a select list, and the name it is given ('' if none)."""

    expression: Expression
    alias: str


@dataclass(slots=True)
class CommonTable:
    """One query of WITH."""

    name: str
    columns: list[str]
    query: Query


@dataclass(slots=True)
class Query:
    """What a query has whether it is a SELECT or a set operation."""

    common: list[CommonTable] = field(default_factory=list)
    is_recursive: bool = False
    order: list[OrderItem] = field(default_factory=list)
    limit: Expression | None = None
    offset: Expression | None = None
