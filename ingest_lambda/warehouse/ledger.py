"""LAND: a dataset's bookkeeping.

In: a dataset and its columns, or the files of a batch. Out: the statements that create the dataset's three tables, and
the batch's ledger rows as one small parquet file, so that the number of statements does not depend on the number of
facts; and the question where its files come from. Pure.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `table`, texts through `literal`

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ingest_lambda.file_version import FileVersion
from ingest_lambda.warehouse import ddl, statements
from ingest_lambda.warehouse.copies import is_original
from ingest_lambda.warehouse.facts import Fact, facts_file, naive_utc
from ingest_lambda.warehouse.snapshot_files import MARKER
from ingest_lambda.warehouse.statements import Column, literal, table

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

MAX_FOLDERS = 100


@dataclass(frozen=True)
class LedgerEntry:
    """What the ledger keeps of one file: its version, `row_count`, how it was read. `modified_at` is S3's, in UTC.

    `number` is the file's in its load: it ties the staged rows to this entry. `path_columns` names the columns whose
    values are its path's, `timestamp_kinds` says what the timestamps of its columns are (`clocks.fact`).
    """

    number: int
    file: FileVersion
    etag: str
    size: int
    modified_at: datetime
    row_count: int
    schema_fingerprint: str
    load_path: str
    path_columns: Sequence[str] = ()
    timestamp_kinds: str | None = None


def create_statements(dataset: str, columns: Iterable[Column], *, if_missing: bool = True) -> list[str]:
    """Create the three tables of `dataset`; the statements stand in one transaction.

    They can be run again, unless `if_missing` is False: then a landing table that exists is an error, for a load that
    has planned its columns and must not find others.

    >>> for statement in create_statements("orders", [])[:3]:
    ...     print(statement.split(" (")[0])
    lock table lock._bootstrap
    create table if not exists landing."orders"
    create table if not exists ledger."orders"
    """
    return [
        ddl.lock_bootstrap(),
        ddl.create_landing(dataset, columns, if_missing=if_missing),
        ddl.create_ledger(dataset),
        ddl.create_lock(dataset),
        ddl.seed_lock(dataset),
    ]


def select_ledger(dataset: str) -> str:
    """Ask whether a dataset has a ledger (https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLES.html)."""
    return f"select table_name from svv_tables where table_schema = 'ledger' and table_name = {literal(dataset)}"


def select_folders(dataset: str, parts: str, not_below: Iterable[str] = ()) -> str:
    """List the folders that the ledger's keys stand in, up to `MAX_FOLDERS`, each once.

    Folders that `parts` matches (a POSIX pattern of whole folders) are left out of them, and so are keys below one of
    the prefixes `not_below`, files that were undone or skipped, and ends of snapshots, of which no row has landed.
    https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_REPLACE.html

    >>> print(select_folders("orders", "[0-9]+", ["raw/shop/"]).split(" <> 'skipped' ")[1])
    and files.load_path <> 'marker' and left("key", 9) <> 'raw/shop/' limit 100
    """
    folders = f"""regexp_replace(regexp_replace("key", '[^/]*$', ''), {literal(f"/(({parts})/)+")}, '/')"""
    others = "".join(f' and left("key", {len(prefix)}) <> {literal(prefix)}' for prefix in not_below)
    return (
        f"select distinct {folders} as folder from {table('ledger', dataset)} as files "
        f"where {is_original('files')} and files.load_path <> {literal(MARKER)}{others} limit {MAX_FOLDERS}"
    )


def select_ends_below(dataset: str, prefix: str) -> str:
    """Ask whether an end of a snapshot has landed from below a prefix."""
    return (
        f"select 1 as is_there from {table('ledger', dataset)} as files where {is_original('files')} "
        f'and files.load_path = {literal(MARKER)} and left("key", {len(prefix)}) = {literal(prefix)} limit 1'
    )


def ledger_file(entries: Sequence[LedgerEntry], said: Sequence[pa.Array] = ()) -> bytes:
    """Write the ledger rows of a load as a parquet file in the column order of the stage that COPY fills.

    `said`: what the path of a single file says, a value each, in the types that they travel in.
    """
    return facts_file(statements.STAGED_FACTS, [_row(entry) for entry in entries], said)


def _row(entry: LedgerEntry) -> dict[str, Fact]:
    return {
        "file_number": entry.number,
        "file_id": entry.file.file_id,
        "bucket": entry.file.bucket,
        "key": entry.file.key,
        "version_id": entry.file.version_id,
        "etag": entry.etag,
        "size_bytes": entry.size,
        "sequencer": entry.file.sequencer or None,
        "event_time": naive_utc(entry.file.event_time),
        "row_count": entry.row_count,
        "schema_fingerprint": entry.schema_fingerprint,
        "load_path": entry.load_path,
        "path_columns": json.dumps(list(entry.path_columns), ensure_ascii=False) if entry.path_columns else None,
        "timestamp_kinds": entry.timestamp_kinds,
        "file_modified_at": naive_utc(entry.modified_at),
        "source_file": entry.file.uri,
    }
