"""LAND, warehouse: which files have landed, although nobody heard of it.

In: files whose message has come before. Out: the loads that landed them: the answer to a commit may have been lost.
"""

# ruff: noqa: S608 - building SQL is half of this module's purpose; names and ids go through `literal` and `table`

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ingest_lambda.warehouse.client import Connection, Row
from ingest_lambda.warehouse.copies import is_original
from ingest_lambda.warehouse.owned_folders import IDS_A_STATEMENT
from ingest_lambda.warehouse.removals import REMOVED_AT
from ingest_lambda.warehouse.statements import literal, table


def read_landed(
    warehouse: Connection, dataset: str, file_ids: Sequence[str], *, restores: bool
) -> dict[str, tuple[str, int]]:
    """Name the load, and its number, of those files whose rows are in landing.

    `restores`: the ledger says whose rows were removed.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    found: list[Row] = []
    for start in range(0, len(file_ids), IDS_A_STATEMENT):
        some = file_ids[start : start + IDS_A_STATEMENT]
        found += warehouse.query(select_landed(dataset, some, restores=restores))
    return {row["file_id"]: (row["load_id"], int(row["load_seq"])) for row in found}


def select_landed(dataset: str, file_ids: Iterable[str], *, restores: bool) -> str:
    """Ask which of some files have their rows in landing."""
    is_there = f" and files.{REMOVED_AT} is null" if restores else ""
    return (
        f"select file_id, load_id, load_seq from {table('ledger', dataset)} as files "
        f"where file_id in ({', '.join(map(literal, file_ids))}) and {is_original('files')}{is_there}"
    )
