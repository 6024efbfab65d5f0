"""LAND, warehouse: the folders that table formats own, as the warehouse remembers them.

In: a folder whose log has arrived; or a dataset. Out: a row in `ops.owned_folders`; or the folders of that dataset.

A load asks nothing: its transaction holds the folders that it was planned with against those that are there,
within the statement that enters its files in the ledger (`as_planned`). Where they differ, all of it is
undone, the folders are read, and it is planned again: so a function that has not heard of a log lands nothing either,
and no load of another dataset pays for it. Who records a folder takes the dataset's mutex: loads before it are in the
ledger by then, loads after it see the row.
"""

# ruff: noqa: S608 - building SQL is half of this module's purpose; names and keys go through `literal` and `table`

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ingest_lambda.file_version import FileVersion
from ingest_lambda.table_format import OwnedFolder, TableFormat
from ingest_lambda.warehouse import ddl
from ingest_lambda.warehouse.client import Connection, Row, retry_conflicts
from ingest_lambda.warehouse.copies import is_original
from ingest_lambda.warehouse.statements import literal, lock_dataset, table

NAMED = 10  # files that landed before their folder was known, by name
DIGITS = 15  # of a digest, in hexadecimal: 60 bits


@dataclass(frozen=True)
class LandedBefore:
    """Files of an owned folder whose rows are in landing: how many, and the keys of the last."""

    files: int = 0
    keys: tuple[str, ...] = ()


class OwnedFolders:
    """Remembers the owned folders of each dataset. Of one that was never read, none."""

    def __init__(self, warehouse: Connection) -> None:
        self._warehouse = warehouse
        self._known: dict[str, tuple[OwnedFolder, ...]] = {}

    def of(self, dataset: str) -> tuple[OwnedFolder, ...]:
        """Return what is remembered."""
        return self._known.get(dataset, ())

    def looked_up(self, dataset: str, files: Iterable[FileVersion]) -> tuple[OwnedFolder, ...]:
        """Return what is remembered; ask the warehouse where nothing is, or where one of the files would be refused."""
        return self.looked_again(dataset, files) if dataset in self._known else self.read(dataset)

    def looked_again(self, dataset: str, files: Iterable[FileVersion]) -> tuple[OwnedFolder, ...]:
        """Return what is remembered; ask the warehouse if one of the files lies in it: its log may be gone by now."""
        known = self.of(dataset)
        return self.read(dataset) if any(folder.holds(file) for file in files for folder in known) else known

    def read(self, dataset: str) -> tuple[OwnedFolder, ...]:
        """Ask the warehouse, and remember.

        Raises:
            TransientError, ConfigError: the warehouse does not answer, or denies access.
        """
        self._known[dataset] = read_folders(self._warehouse, dataset)
        return self._known[dataset]

    def knows(self, folder: OwnedFolder) -> bool:
        """Ask the warehouse whether it has this folder: what is remembered may have been freed, and its log is back."""
        return folder.place in {each.place for each in self.read(folder.dataset)}

    def add(self, folder: OwnedFolder) -> None:
        """Record a folder, once, and remember it."""
        record(self._warehouse, folder)
        self.read(folder.dataset)

    def landed_before(self, folder: OwnedFolder) -> LandedBefore:
        """Name what has landed from a folder."""
        return landed_before(self._warehouse, folder)


def read_folders(warehouse: Connection, dataset: str | None = None) -> tuple[OwnedFolder, ...]:
    """Read the owned folders of a dataset, or of all."""
    return tuple(_folder(row) for row in warehouse.query(select_folders(dataset)))


def record(warehouse: Connection, folder: OwnedFolder) -> None:
    """Append a folder to `ops.owned_folders`, unless it is there."""
    exists = bool(warehouse.query(ddl.select_columns(folder.dataset)))
    mutex = lock_dataset(folder.dataset) if exists else ddl.lock_bootstrap()
    retry_conflicts(lambda: warehouse.transaction([mutex, insert_folder(folder)]))


def forget(warehouse: Connection, folder: OwnedFolder) -> None:
    """Take a folder out of `ops.owned_folders`: its log is gone."""
    warehouse.execute(delete_folder(folder))


def landed_before(warehouse: Connection, folder: OwnedFolder) -> LandedBefore:
    """Name the files of a folder whose rows are in landing, the last first; none where the dataset has no tables."""
    if not warehouse.query(ddl.select_columns(folder.dataset)):
        return LandedBefore()
    run = select_landed_within(folder.dataset, folder.bucket, folder.prefix, NAMED)
    outcome = warehouse.transaction(run)
    [counted] = outcome.rows(0)
    return LandedBefore(int(counted["files"]), tuple(row["key"] for row in outcome.rows(1)))


def _folder(row: Row) -> OwnedFolder:
    return OwnedFolder(row["dataset"], row["bucket"], row["prefix"], TableFormat(row["format"]), row["log_key"])


def select_folders(dataset: str | None = None) -> str:
    """Read the owned folders of a dataset, or of all."""
    of_dataset = f" where dataset = {literal(dataset)}" if dataset else ""
    return (
        f"select dataset, bucket, prefix, format, log_key from ops.owned_folders{of_dataset} order by dataset, prefix"
    )


def insert_folder(folder: OwnedFolder) -> str:
    """Append a folder, unless it is there; for a transaction that holds a mutex."""
    facts = (folder.dataset, folder.bucket, folder.prefix, folder.format.value, folder.log_key)
    return (
        "insert into ops.owned_folders (dataset, bucket, prefix, format, log_key, seen_at) "
        f"select {', '.join(map(literal, facts))}, sysdate "
        f"where not exists (select 1 from ops.owned_folders where {_is(folder)})"
    )


def delete_folder(folder: OwnedFolder) -> str:
    """Take a folder out."""
    return f"delete from ops.owned_folders where {_is(folder)}"


def as_planned(dataset: str, folders: Collection[OwnedFolder]) -> str:
    """Fail, dividing by zero, unless a dataset has the owned folders that its load was planned with.

    They are told by the sum of their digests, which is as long for a thousand as for one
    (https://docs.aws.amazon.com/redshift/latest/dg/r_STRTOL.html, of 64 bits with their sign). The sum of a BIGINT is
    one, too short for that of eight (https://docs.aws.amazon.com/redshift/latest/dg/r_SUM.html).

    >>> as_planned("orders", [])[:63]
    '(select 1 / case when count(*) = 0 then 1 else 0 end from ops.o'
    >>> as_planned("orders", [OwnedFolder("orders", "b", "raw/orders/", TableFormat.DELTA, "k")])[22:123]
    "count(*) = 1 and sum(cast(strtol(left(md5(bucket || '/' || prefix), 15), 16) as decimal(38,0))) = 102"
    """
    digests = sum(int(_digest(folder)[:DIGITS], 16) for folder in folders)
    digest = f"cast(strtol(left(md5(bucket || '/' || prefix), {DIGITS}), 16) as decimal(38,0))"
    same = f" and sum({digest}) = {digests}" if folders else ""
    counted = f"select 1 / case when count(*) = {len(folders)}{same} then 1 else 0 end from ops.owned_folders"
    return f"({counted} where dataset = {literal(dataset)}) = 1"


def _digest(folder: OwnedFolder) -> str:
    return hashlib.md5(f"{folder.bucket}/{folder.prefix}".encode(), usedforsecurity=False).hexdigest()


def select_landed_within(dataset: str, bucket: str, prefix: str, named: int) -> list[str]:
    """Count the files of a folder whose rows are in landing, and name the last."""
    within = (
        f"from {table('ledger', dataset)} as files where {is_original('files')} and bucket = {literal(bucket)} "
        f'and strpos("key", {literal(prefix)}) = 1'
    )
    return [
        f"select count(*) as files {within}",
        f'select "key" {within} order by load_seq desc, "key" limit {named}',
    ]


def _is(folder: OwnedFolder) -> str:
    return (
        f"dataset = {literal(folder.dataset)} and bucket = {literal(folder.bucket)} "
        f"and prefix = {literal(folder.prefix)}"
    )
