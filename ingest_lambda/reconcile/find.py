"""LAND, reconcile: files that the warehouse has never heard of.

In: a scope of the bucket, the warehouse. Out: a tally of every object version in it, with those that are missing. The
event of such a file was lost, or never sent: the file is older than the trigger, or its message was given up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ingest_lambda.arrive.routing import Kind, Rules
from ingest_lambda.reconcile import ledger, listing
from ingest_lambda.reconcile.ledger import Standing
from ingest_lambda.reconcile.listing import Chunk, Listed, PassedOver, Scope
from ingest_lambda.same_object import unversioned_etags
from ingest_lambda.table_format import OwnedFolder
from ingest_lambda.warehouse.client import Connection
from ingest_lambda.warehouse.owned_folders import read_folders

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

OF_A_TABLE = "of a table format"
IGNORED_NAMED = 1_000  # in a tally of many chunks; `landfall history --ignored` names all


@dataclass
class Tally:
    """Object versions, counted by what they are. `missing` ones can land; so can `offline` ones, once restored.

    `unread` ones do not say what they are by their names: parquet whose event was lost, or files that were ignored for
    their bytes. Nothing tells the two apart but reading, which is landing's. `ignored` counts what is no data file, by
    kind; `passed_by` names the first of them.

    `tables` are the folders of table formats whose logs are in the listing, by place; `recorded` those that the
    warehouse knew before it. What lies in either would be refused, and is not missing. `last` is where a chunk ends.
    """

    listed: int = 0
    known: Counter[Standing] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    missing: list[Listed] = field(default_factory=list)
    offline: list[Listed] = field(default_factory=list)
    unread: list[Listed] = field(default_factory=list)
    ignored: Counter[Kind] = field(default_factory=Counter)
    passed_by: list[PassedOver] = field(default_factory=list)
    tables: dict[tuple[str, str], OwnedFolder] = field(default_factory=dict)
    recorded: tuple[OwnedFolder, ...] = ()
    last: tuple[str, str] | None = None

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.listed += other.listed
        self.known += other.known
        self.passed_over += other.passed_over
        self.missing += other.missing
        self.offline += other.offline
        self.unread += other.unread
        self.ignored += other.ignored
        self.tables = {**other.tables, **self.tables}
        self.recorded = other.recorded
        self.passed_by += other.passed_by[: max(0, IGNORED_NAMED - len(self.passed_by))]


def find(s3: S3Client, warehouse: Connection, scope: Scope) -> Iterator[Tally]:
    """Compare the bucket with the warehouse, a tally a chunk of the listing.

    The listing comes first and the warehouse is asked afterwards, so a file that lands meanwhile is known.

    Raises:
        TransientError, ConfigError: S3 or the warehouse does not answer, or denies access.
    """
    recorded = read_folders(warehouse)
    tables: dict[tuple[str, str], OwnedFolder] = {}
    for chunk in listing.chunks(s3, scope):
        tables |= chunk.tables
        etags = unversioned_etags(listed.file for listed in chunk.files)
        standings = ledger.standings(warehouse, listing.by_dataset(chunk.files), etags)
        yield replace(judge(chunk, standings, (*recorded, *tables.values()), scope.rules), recorded=recorded)


def judge(
    chunk: Chunk, standings: dict[str, Standing], owned: Collection[OwnedFolder] = (), rules: Rules | None = None
) -> Tally:
    """Sort the versions of a chunk by what the warehouse says of them; `owned` folders are table formats'. Pure."""
    tally = Tally(
        listed=chunk.listed,
        passed_over=chunk.passed_over,
        passed_by=chunk.ignored,
        tables=chunk.tables,
        last=chunk.last,
    )
    folders = [folder for folder in owned if rules is None or folder.dataset not in rules.append_only]
    tally.ignored.update(each.why.kind for each in chunk.ignored)
    for listed in chunk.files:
        standing = standings.get(listed.file.file_id)
        if standing is not None:
            tally.known[standing] += 1
        elif any(folder.holds(listed.file) for folder in folders):
            tally.passed_over[OF_A_TABLE] += 1
        elif listed.by_bytes:
            tally.unread.append(listed)
        elif listed.offline:
            tally.offline.append(listed)
        else:
            tally.missing.append(listed)
    return tally
