"""What the Data Catalog of AWS Glue tells: schemas, tables, columns and partitions, and what a statement reads of them.

In: descriptions, as glue.py finds them. Out: what they mean here. Pure.
Source: https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.redshift.external.hive_types import postgres_type
from local.redshift.external.stored import Stored, hold_apart, stored_apart
from local.redshift.external.values import meant

PARTITIONS_AT_ONCE = 100  # r_ALTER_TABLE.html
PATH, SIZE = "$path", "$size"
PSEUDO = {PATH: "character varying(65535)", SIZE: "bigint"}


@dataclass(frozen=True)
class ExternalSchema:
    """A schema, the catalog's database that it shows, the role that reads it, and the Region ('' for its own)."""

    name: str
    database: str
    role: str
    region: str = ""
    shown_in: str = ""  # the warehouse's database


@dataclass(frozen=True)
class ExternalColumn:
    """A column: its name, its type in the catalog, and in Redshift (None: not offered here)."""

    name: str
    kind: str

    @property
    def type(self) -> str | None:
        """The type as PostgreSQL's format_type() prints it."""
        return postgres_type(self.kind)


@dataclass(frozen=True)
class Partition:
    """The values of a table's partition columns, as text, where the files are, and what the catalog tells of them."""

    values: tuple[str, ...]
    location: str
    described: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ExternalTable:
    """A table as the catalog describes it."""

    schema: ExternalSchema
    name: str
    columns: tuple[ExternalColumn, ...]
    keys: tuple[ExternalColumn, ...]
    location: str
    stored: Stored

    def hold(self) -> None:
        """Hold it to the formats that are offered, and the properties.

        Raises:
            RedshiftError: another one, or a property that is not offered.
        """
        self.stored.hold(self.full_name)

    def hold_partition(self, partition: Partition) -> None:
        """Hold a partition to what the table is.

        Raises:
            RedshiftError: its own description differs.
        """
        name = f"partition {shown(partition.values)} of {self.full_name}"
        hold_apart(self.stored, stored_apart(self.stored, partition.described), name)

    def meant(self, values: Sequence[str]) -> tuple[Any, ...]:
        """Return what is the same for all texts of one partition's values."""
        return tuple(meant(value, key.type or "") for key, value in zip(self.keys, values, strict=True))

    @property
    def full_name(self) -> str:
        """Its name with its schema's."""
        return f"{self.schema.name}.{self.name}"


@dataclass(frozen=True)
class Scan:
    """What one statement reads: of a table, some partitions (None: it has none) and columns, and pseudo columns."""

    table: ExternalTable
    partitions: tuple[Partition, ...] | None
    columns: frozenset[str]
    pseudo: tuple[str, ...] = ()


def shown(values: Sequence[str]) -> str:
    """Return a partition's values as errors tell them."""
    return f"({', '.join(values)})"
