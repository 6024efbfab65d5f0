"""What a statement needs of an external table: found in the catalog for it, then read into a temporary table.

In: a relation that a statement names, and the trees of all that it reads. Out: the columns of the temporary table, and
its rows when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.redshift.errors import RedshiftError
from local.redshift.external.catalog import PSEUDO, ExternalSchema, ExternalTable, Partition, Scan
from local.redshift.external.partition_values import hold_values
from local.redshift.external.reading import Occurrence, is_asked_for, names_read, occurrences, reads_all
from local.redshift.external.told import TOLD, is_beside, told_rows
from local.redshift.names import physical, true_name
from local.redshift.roles import Roles
from local.redshift.sql import tree
from local.redshift.sql.scope import quote
from local.redshift.sql.translate import RECORD, STORED, STORED_BESIDE, STORED_CATALOG, UNIT
from local.redshift.stop import Stop

if TYPE_CHECKING:
    from local.redshift.external.glue import DataCatalog

_UNREAD = "character varying(65535)"  # a column that no statement can read
_SPECTRUM_OID = "$spectrum_oid"


@dataclass(frozen=True)
class Reader:
    """What one statement reads with: its roles, and what ends it."""

    roles: Roles = field(default_factory=Roles)
    stop: Stop = field(default_factory=Stop)


@dataclass(frozen=True)
class Wanted:
    """A relation that a statement names, where its rows are put, and the trees of what reads it.

    `schemas`: those that a system view tells of; of a table its own.
    """

    name: tree.Name
    schemas: tuple[ExternalSchema, ...]
    trees: tuple[Any, ...]
    stored: str

    @property
    def is_told(self) -> bool:
        """Tell whether it is a system view."""
        return self.name[-1] in TOLD


@dataclass(frozen=True)
class Found:
    """A relation as it is now: its columns with their types, and how it is read."""

    wanted: Wanted
    columns: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...] = ()
    scan: Scan | None = None
    left_out: list[str] = field(default_factory=list)  # warnings, of when its rows have been read

    @property
    def creation(self) -> str:
        """The temporary table, without its end."""
        columns = ", ".join(f"{quote(name)} {kind}" for name, kind in self.columns)
        return f'create temporary table "{self.wanted.stored}" ({columns})'

    @property
    def answer(self) -> tuple[str, str, str]:
        """What the translation is told of it."""
        kind = STORED_CATALOG if self.wanted.is_told else STORED
        kind = STORED_BESIDE if is_beside(self.wanted.name) else kind
        columns = RECORD.join(f"{name}{UNIT}{type_}" for name, type_ in self.columns)
        return UNIT.join(self.wanted.name), UNIT.join((kind, self.wanted.stored, *self.hidden)), columns

    def chunks(self, folder: Path, reader: Reader) -> Iterator[bytes]:
        """Yield its rows as CSV.

        Raises:
            RedshiftError: they cannot be read.
        """
        if self.scan is None:
            return told_rows(self.wanted.name[-1], self.wanted.schemas, reader.roles, self.left_out)
        # here, in the thread that reads: pyarrow and botocore take longer to load than a session to begin
        from local.redshift.external.glue import DataCatalog
        from local.redshift.external.scan import scan_chunks

        catalog = DataCatalog(self.scan.table.schema, reader.roles)
        return scan_chunks(catalog, self.scan, folder, reader.stop)


def find(wanted: Wanted, reader: Reader) -> Found | None:
    """Return what there is of a relation, None if the catalog has no such table.

    Raises:
        RedshiftError: the role may not see it, it is of a kind that is not offered, or the statement is canceled.
    """
    reader.stop.hold()
    if wanted.is_told:
        return Found(wanted, TOLD[wanted.name[-1]].columns)
    from local.redshift.external.glue import DataCatalog  # here: botocore takes longer to load than a session to begin

    catalog = DataCatalog(wanted.schemas[0], reader.roles)
    table = catalog.table(true_name(wanted.name[-1]))
    if table is None:
        return None
    table.hold()
    own = (*table.columns, *table.keys)
    read = frozenset().union(*map(names_read, wanted.trees))
    if _SPECTRUM_OID in read:
        raise RedshiftError(f'the pseudo column "{_SPECTRUM_OID}" is not offered by the local Redshift')
    hidden = tuple(name for name in PSEUDO if name in read)
    is_all = any(reads_all(each) for each in wanted.trees)
    columns = frozenset(column.name for column in own if is_all or physical(column.name) in read)
    scan = Scan(table, _partitions(catalog, table, wanted), columns, hidden)
    kinds = [(physical(column.name), column.type or _UNREAD) for column in own]
    return Found(wanted, (*kinds, *((name, PSEUDO[name]) for name in hidden)), hidden, scan)


def schemas_asked(
    name: tree.Name, schemas: tuple[ExternalSchema, ...], trees: tuple[Any, ...]
) -> tuple[ExternalSchema, ...]:
    """Return the schemas that conditions of what reads a system view leave."""
    known = _places(name, trees)
    column = TOLD[name[-1]].schema_column
    return tuple(each for each in schemas if is_asked_for(known, {column: (true_name(each.name), _UNREAD)}))


def _places(name: tree.Name, trees: tuple[Any, ...]) -> list[Occurrence] | None:
    places = [occurrences(each, name) for each in trees]
    return None if None in places else [place for some in places for place in some or ()]


def _partitions(catalog: DataCatalog, table: ExternalTable, wanted: Wanted) -> tuple[Partition, ...] | None:
    if not table.keys:
        return None
    known = _places(wanted.name, wanted.trees)
    kept = []
    for partition in catalog.partitions(table.name):
        hold_values(table, partition.values)
        values = {
            physical(key.name): (value, key.type or "") for key, value in zip(table.keys, partition.values, strict=True)
        }
        if is_asked_for(known, values):
            table.hold_partition(partition)
            kept.append(partition)
    return tuple(kept)
