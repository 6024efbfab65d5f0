"""Relations: anything that stands in FROM."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.redshift.sql.tree.base import Expression, Item, Name, Query, Relation
from local.redshift.sql.tree.expressions import Call, TypeName


@dataclass(slots=True)
class Table(Relation):
    """A table, view, common table expression, or a path into a SUPER value of a table before it."""

    name: Name
    alias: str = ""
    columns: list[str] = field(default_factory=list)
    at: str = ""  # the name of an array element's index


@dataclass(slots=True)
class Derived(Relation):
    """A query in FROM."""

    query: Query
    alias: str
    columns: list[str]


@dataclass(slots=True)
class FunctionTable(Relation):
    """A function's call in FROM."""

    call: Call
    alias: str
    columns: list[str]
    definitions: list[tuple[str, TypeName]] = field(default_factory=list)


@dataclass(slots=True)
class UnpivotObject(Relation):
    """`unpivot path as value at attribute`: an object's attributes as rows."""

    path: Name
    alias: str
    at: str


@dataclass(slots=True)
class Pivot(Relation):
    """`source pivot (aggregate [as a], ... for column in (value [as b], ...))`."""

    source: Relation
    aggregates: list[Item]
    column: Name
    values: list[Item]
    alias: str


@dataclass(slots=True)
class Unpivot(Relation):
    """`source unpivot [include nulls] (value for name in (column [as label], ...))`."""

    source: Relation
    includes_nulls: bool
    value: str
    label: str
    columns: list[Item]
    alias: str


@dataclass(slots=True)
class Join(Relation):
    """Two relations; the kind is `inner join`, `left join`, `cross join`, `,` ..."""

    kind: str
    left: Relation
    right: Relation
    on: Expression | None = None
    using: list[str] = field(default_factory=list)
