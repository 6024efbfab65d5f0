"""Statements that hold a query or expressions."""

from __future__ import annotations

from dataclasses import dataclass

from local.redshift.sql.tree.base import CommonTable, Expression, Name, Query, Relation
from local.redshift.sql.tree.relations import Table


@dataclass(slots=True)
class Insert:
    """INSERT of a query, of rows, or of defaults (neither)."""

    table: Name
    columns: list[str]
    query: Query | None
    rows: list[list[Expression | None]]  # None: DEFAULT
    common: list[CommonTable]


@dataclass(slots=True)
class Update:
    """UPDATE."""

    table: Table
    assignments: list[tuple[str, Expression | None]]
    source: Relation | None
    where: Expression | None
    common: list[CommonTable]


@dataclass(slots=True)
class Delete:
    """DELETE."""

    table: Table
    source: Relation | None
    where: Expression | None
    common: list[CommonTable]


@dataclass(slots=True)
class Merge:
    """MERGE: update (None: delete) what matches, insert what does not; or REMOVE DUPLICATES."""

    table: Name
    source: Relation
    on: Expression
    assignments: list[tuple[str, Expression]] | None
    columns: list[str]
    values: list[Expression]
    removes_duplicates: bool = False


Statement = Query | Insert | Update | Delete | Merge
