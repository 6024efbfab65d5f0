"""LAND, warehouse: which files make a snapshot, as the warehouse remembers them.

In: the end of a snapshot, the files that it consists of. Out: rows of `ops.snapshot_files`, the end among them. They
may be written twice: `stg_snapshots` takes each file once. A snapshot counts when the
ledger holds all of them, so that nothing is seen of it before its end has been entered there, the last step. Pure.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names and keys go through `literal` and `table`

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ingest_lambda.file_version import FileVersion
from ingest_lambda.warehouse.copies import SKIPPED
from ingest_lambda.warehouse.facts import naive_utc
from ingest_lambda.warehouse.statements import MAX_STATEMENTS, identifier, literal, table

FILES_A_STATEMENT = 300  # rows of 190 to 290 bytes, as long as the dataset's name: below the 100 KB of a statement
ENDS_A_STATEMENT = 1_000  # ids of 64 characters, quoted: 68 KB
COLUMNS = "dataset, end_file_id, ended_at, file_id, recorded_at"
MARKER = "marker"  # the `load_path` of an end that has no rows


@dataclass(frozen=True)
class SnapshotFiles:
    """A snapshot: the file that ends it, when S3 stored that (UTC), and its files; the end may be among them."""

    end: FileVersion
    ended_at: datetime
    files: Sequence[FileVersion]

    @property
    def file_ids(self) -> list[str]:
        """Name its files by id, the end first, each once."""
        return list(dict.fromkeys(file.file_id for file in (self.end, *self.files)))


def insert_lists(dataset: str, snapshots: Iterable[SnapshotFiles]) -> Iterator[list[str]]:
    """List the files of snapshots: the statements of as few transactions as the Data API allows.

    A list is one transaction where it is not too long for one. One that is begins with its end, which must not be in
    the ledger before the last of it is written.
    """
    together: list[str] = []
    for each in snapshots:
        facts = f"{literal(dataset)}, {literal(each.end.file_id)}, {_timestamp(each.ended_at)}"
        rows = [f"({facts}, {literal(file_id)}, sysdate)" for file_id in each.file_ids]
        if len(together) + len(rows) > FILES_A_STATEMENT * MAX_STATEMENTS:
            yield from _inserts(together)
            together = []
        together += rows
    yield from _inserts(together)


def select_listed(dataset: str, end_file_ids: Sequence[str]) -> Iterator[str]:
    """Count the files that are listed of snapshots, by their ends."""
    for start in range(0, len(end_file_ids), ENDS_A_STATEMENT):
        ends = ", ".join(map(literal, end_file_ids[start : start + ENDS_A_STATEMENT]))
        yield (
            "select end_file_id, count(distinct file_id) as files from ops.snapshot_files "
            f"where dataset = {literal(dataset)} and end_file_id in ({ends}) group by end_file_id"
        )


def insert_staged(dataset: str, files: str) -> str:
    """List each file of a load, staged in the temporary table `files`, as a snapshot of its own."""
    return (
        f"insert into ops.snapshot_files ({COLUMNS}) "
        f"select {literal(dataset)}, files.file_id, files.file_modified_at, files.file_id, sysdate "
        f"from {identifier(files)} as files"
    )


def insert_landed(dataset: str) -> str:
    """List each file that landed before its dataset was declared a snapshot, by the time that its rows bear.

    A file without rows bears none: it counts by when it landed. One that was skipped is none: its rows are another's.
    One whose rows were removed is listed when they come back.
    """
    return (
        f"insert into ops.snapshot_files ({COLUMNS}) "
        f"select {literal(dataset)}, files.file_id, coalesce(min(landed._file_modified_at), min(files.loaded_at)), "
        "files.file_id, sysdate "
        f"from {table('ledger', dataset)} as files "
        f"left join {table('landing', dataset)} as landed on landed._file_id = files.file_id "
        f"where files.load_path <> {literal(SKIPPED)} and (files.row_count = 0 or landed._file_id is not null) "
        "and files.file_id not in (select file_id from ops.snapshot_files) group by files.file_id"
    )


def insert_end(dataset: str, end: FileVersion, load_id: str) -> str:
    """Enter a marker in the ledger, a file of no rows, unless it is there; for a transaction that holds the mutex."""
    sequencer = literal(end.sequencer) if end.sequencer else "null"
    event_time = _timestamp(end.event_time) if end.event_time else "null"
    texts = (end.file_id, end.bucket, end.key, end.version_id, end.etag)
    return (
        f'insert into {table("ledger", dataset)} (file_id, bucket, "key", version_id, etag, size_bytes, sequencer, '
        "event_time, row_count, load_path, load_id, load_seq, loaded_at) "
        f"select {', '.join(map(literal, texts))}, {end.size}, {sequencer}, cast({event_time} as timestamp), 0, "
        f"{literal(MARKER)}, {literal(load_id)}, counter.load_seq, sysdate "
        f"from {table('lock', dataset)} as counter "
        f"where not exists (select 1 from {table('ledger', dataset)} where file_id = {literal(end.file_id)})"
    )


def select_end(dataset: str, end: FileVersion) -> str:
    """Read what the ledger says of a marker."""
    return f"select load_id, load_seq, undone_at from {table('ledger', dataset)} where file_id = {literal(end.file_id)}"


def _inserts(rows: Sequence[str]) -> Iterator[list[str]]:
    statements = [
        f"insert into ops.snapshot_files ({COLUMNS}) values {', '.join(rows[start : start + FILES_A_STATEMENT])}"
        for start in range(0, len(rows), FILES_A_STATEMENT)
    ]
    for start in range(0, len(statements), MAX_STATEMENTS):
        yield statements[start : start + MAX_STATEMENTS]


def _timestamp(value: datetime) -> str:
    return f"timestamp '{naive_utc(value)}'"
