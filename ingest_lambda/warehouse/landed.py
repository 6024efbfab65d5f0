"""LAND, warehouse: which files the ledger holds, although their events have come again.

In: files whose message has come before, or which would be refused. Out: those that it holds; the loads that landed
them: the answer to a commit may have been lost.
"""

# ruff: noqa: S608 - building SQL is half of this module's purpose; names and ids go through `literal` and `table`

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest_lambda.file_version import FileVersion
from ingest_lambda.same_object import is_same_etag, unversioned_etags
from ingest_lambda.warehouse.client import Connection, Row
from ingest_lambda.warehouse.copies import is_original
from ingest_lambda.warehouse.removals import REMOVED_AT
from ingest_lambda.warehouse.statements import literal, table

IDS_A_STATEMENT = 1_000  # ids of 64 characters, quoted: 68 KB of the 100 KB that a statement may have


def read_landed(
    warehouse: Connection, dataset: str, files: Sequence[FileVersion], *, restores: bool
) -> dict[str, tuple[str, int]]:
    """Name the load, and its number, of those files whose rows are in landing, by file id.

    What has landed under the id of an object without a version is another one, unless it has that one's ETag.
    `restores`: the ledger says whose rows were removed.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    etags = unversioned_etags(files)
    found: list[Row] = []
    for start in range(0, len(files), IDS_A_STATEMENT):
        some = [file.file_id for file in files[start : start + IDS_A_STATEMENT]]
        found += warehouse.query(select_landed(dataset, some, restores=restores))
    return {
        row["file_id"]: (row["load_id"], int(row["load_seq"]))
        for row in found
        if is_same_etag(etags.get(row["file_id"]), row["etag"])
    }


def read_known(warehouse: Connection, dataset: str, file_ids: Sequence[str]) -> set[str]:
    """Tell which of some files the dataset's ledger holds, undone ones too.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    parts = [file_ids[start : start + IDS_A_STATEMENT] for start in range(0, len(file_ids), IDS_A_STATEMENT)]
    return {row["file_id"] for part in parts for row in warehouse.query(select_known(dataset, part))}


def select_known(dataset: str, file_ids: Iterable[str]) -> str:
    """Ask which of some files the dataset's ledger holds."""
    return f"select file_id from {table('ledger', dataset)} where file_id in ({', '.join(map(literal, file_ids))})"


def select_landed(dataset: str, file_ids: Iterable[str], *, restores: bool) -> str:
    """Ask which of some files have their rows in landing."""
    is_there = f" and files.{REMOVED_AT} is null" if restores else ""
    return (
        f"select file_id, etag, load_id, load_seq from {table('ledger', dataset)} as files "
        f"where file_id in ({', '.join(map(literal, file_ids))}) and {is_original('files')}{is_there}"
    )
