"""What names mean at a place of a query: the relations of FROM, the queries around it, aliases. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from local.redshift.errors import RedshiftError
from local.redshift.names import physical
from local.redshift.sql import tree
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import Type

Columns = dict[str, Type]
Outputs = list[tuple[str, Typed]]


@dataclass(frozen=True)
class Relation:
    """A table or view of the catalog: its columns in order; whether it is one of the leader node's.

    `naming`: those of its columns in which names stand that PostgreSQL has shortened (names.py).
    """

    columns: Columns
    is_catalog: bool = False
    is_view: bool = False  # of users
    naming: frozenset[str] = frozenset()
    stored: str = ""  # the temporary table that it is read from
    hidden: frozenset[str] = frozenset()  # columns that `*` does not mean
    query: tree.Query | None = None  # what it stands for, where the front itself reads a view
    is_beside: bool = False  # `stored` holds more rows of it, not all


Catalog = Mapping[tree.Name, Relation]
"""Relations by their names as a query writes them. One that is missing does not exist, or is not seen yet."""


@dataclass(slots=True)
class Source:
    """A relation of FROM under its alias; None for columns not known. An element is an array's (see unnesting)."""

    alias: str
    columns: Columns | None
    name: tree.Name = ()
    label: str = ""  # what it is called in PostgreSQL's query
    is_element: bool = False
    relation: tree.Name = ()  # what it is, whatever its alias
    hidden: frozenset[str] = frozenset()  # columns that `*` does not mean
    is_system: bool = False  # it is a system table
    is_used: bool = False  # a column of it has been named

    def __post_init__(self) -> None:
        """Call it as the query does, unless told otherwise."""
        self.label = self.label or self.alias

    def is_called(self, name: tree.Name) -> bool:
        """Tell whether a qualifier of one or more parts means this relation."""
        if len(name) == 1:
            return name[0] == self.alias
        return len(name) <= len(self.name) and self.name[-len(name) :] == name and self.alias == self.name[-1]


@dataclass
class Scope:
    """The relations that a query sees, and the scope around it."""

    parent: Scope | None = None
    sources: list[Source] = field(default_factory=list)
    merged: dict[str, Typed] = field(default_factory=dict)  # columns of USING, of a type that both sides have in common
    # by the place of the first relation of a join that merges columns: that of the first behind it, and its columns
    merging: dict[int, tuple[int, Outputs]] = field(default_factory=dict)
    aliases: dict[str, Typed] = field(default_factory=dict)  # of the select list so far
    in_where: dict[str, Typed] = field(default_factory=dict)  # of all of it, while WHERE is written
    depth: int = 0  # how many queries it stands in; that of a query in FROM stands in one that it does not see
    outer: list[Source | None] = field(default_factory=list)  # what it refers to of the scopes around it
    sorted_by: list[str] = field(default_factory=list)  # what an aggregate of it sorts by

    @property
    def is_known(self) -> bool:
        """Tell whether the columns of all relations are known."""
        return all(source.columns is not None for source in self.sources)

    def source(self, qualifier: tree.Name) -> Source | None:
        """Return the relation that a qualifier means, of this scope or of one around it."""
        for source in self.sources:
            if source.is_called(qualifier):
                return source
        return self.parent.source(qualifier) if self.parent else None

    def holder(self, source: Source) -> Scope:
        """Return the scope, this one or one around it, that has a relation."""
        return next(scope for scope in self.chain() if any(each is source for each in scope.sources))

    def label(self, alias: str, name: tree.Name = ()) -> str:
        """Return what to call a relation so that `a.t` and `b.t` of one query, or of one in another, stay apart.

        Two of one alias beside each other keep it: that is an error, which PostgreSQL tells.
        """
        around = self.parent.chain() if self.parent else ()
        taken = {source.label for scope in around for source in scope.sources}
        taken |= {source.label for source in self.sources if name and source.name and source.name != name}
        return alias if alias not in taken else f"{alias} {len(taken) + 1}"

    def column(self, name: str) -> tuple[Source, Type] | None:
        """Return the relation of this scope that has a column, and the column's type."""
        for source in self.sources:
            if source.columns is not None and name in source.columns:
                return source, source.columns[name]
        return None

    def chain(self) -> Iterator[Scope]:
        """Yield this scope and those around it."""
        scope: Scope | None = self
        while scope:
            yield scope
            scope = scope.parent

    def star(self, qualifier: tree.Name = ()) -> Outputs | None:
        """Return what `*` or `t.*` stands for, None if it is not known."""
        if not qualifier:
            return self.outputs(0, len(self.sources)) if self.sources and self.is_known else None
        source = self.source(qualifier)
        return None if source is None or source.columns is None else _outputs(source)

    def outputs(self, start: int, end: int) -> Outputs:
        """Return the columns of what FROM has from one place to another: a join that merges some has those first."""
        found: Outputs = []
        while start < end:
            if start in self.merging:
                start, columns = self.merging[start]
                found += columns
            else:
                found += _outputs(self.sources[start])
                start += 1
        return found


def _outputs(source: Source) -> Outputs:
    columns = (source.columns or {}).items()
    return [
        (name, Typed(f"{quote(source.label)}.{quote(name)}", type_))
        for name, type_ in columns
        if name not in source.hidden
    ]


def quote(name: str) -> str:
    """Return an identifier in double quotes: what Redshift does not reserve, PostgreSQL may.

    One that was made of names may be too long for PostgreSQL.
    """
    return '"' + physical(name).replace('"', '""') + '"'


def quote_path(name: tree.Name) -> str:
    """Return a qualified name, each part in double quotes."""
    return ".".join(quote(part) for part in name)


def quote_names(names: Iterable[str]) -> str:
    """Return names in brackets, as of columns that are listed.

    >>> quote_names(["id", "order"])
    '("id", "order")'
    """
    return f"({', '.join(map(quote, names))})"


def no_such_column(column: str) -> RedshiftError:
    """Return the error of a column that no relation has."""
    return RedshiftError(f'column "{column}" does not exist', "42703")


def walk(node: Any) -> Iterator[Any]:
    """Yield the nodes of an expression, but not those of the queries in it."""
    if isinstance(node, list | tuple):
        for item in node:
            yield from walk(item)
    elif dataclasses.is_dataclass(node) and not isinstance(node, tree.Query):
        yield node
        for each in dataclasses.fields(node):
            value = getattr(node, each.name)
            if not isinstance(value, str | bool):
                yield from walk(value)
