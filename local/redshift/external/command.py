"""The commands of external schemas and tables, read (statement.py, create_table.py) and to be done (perform.py)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Command:
    """A command and the name of its schema; `words`, what errors call it; `within`, the database if it is named."""

    schema: str
    words: str
    within: str = field(default="", kw_only=True)

    @property
    def place(self) -> tuple[str, ...]:
        """A name in the schema."""
        return (self.within, self.schema, "") if self.within else (self.schema, "")


@dataclass(frozen=True)
class Unoffered(Command):
    """What is not offered, if the schema is an external one, and why."""

    reason: str


@dataclass(frozen=True)
class CreateSchema(Command):
    """CREATE EXTERNAL SCHEMA."""

    database: str
    role: str
    region: str
    unless_there: bool
    creates_database: bool
    is_there: bool = False


@dataclass(frozen=True)
class DropSchema(Command):
    """DROP SCHEMA."""

    if_there: bool
    drops_database: bool
    cascades: bool


@dataclass(frozen=True)
class CreateTable(Command):
    """CREATE EXTERNAL TABLE; columns and partition columns with the catalog's types."""

    table: str
    columns: tuple[tuple[str, str], ...]
    keys: tuple[tuple[str, str], ...]
    form: str
    location: str
    delimiter: str | None = None
    properties: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DropTable(Command):
    """DROP TABLE."""

    table: str
    if_there: bool


@dataclass(frozen=True)
class AddPartitions(Command):
    """ALTER TABLE ADD PARTITION: values by partition column, and a location, of each."""

    table: str
    added: tuple[tuple[dict[str, str], str], ...]
    unless_there: bool


@dataclass(frozen=True)
class DropPartition(Command):
    """ALTER TABLE DROP PARTITION."""

    table: str
    values: dict[str, str]
