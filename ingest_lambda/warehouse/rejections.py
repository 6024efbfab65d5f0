"""LAND, warehouse: the SQL of `ops.rejected_files`, which keeps what was rejected.

In: names of stages. Out: statements that record each rejection once. Pure.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `identifier`

from __future__ import annotations

from ingest_lambda.same_object import is_same_rejected
from ingest_lambda.warehouse.statements import declared, identifier, named

REJECTION_FACTS: tuple[tuple[str, str], ...] = (
    ("file_id", "VARCHAR(64)"),
    ("dataset", "VARCHAR(128)"),
    ("bucket", "VARCHAR(63)"),
    ("key", "VARCHAR(4096)"),
    ("version_id", "VARCHAR(1024)"),
    ("reason", "VARCHAR(64)"),
    ("detail", "VARCHAR(65535)"),
    ("verdict", "VARCHAR(65535)"),
    ("quarantine_key", "VARCHAR(4096)"),
)
STAGED_REJECTION = (("file_number", "INTEGER"), ("event_time", "TIMESTAMP"), *REJECTION_FACTS)
# A rejection is known if that version was rejected for that reason since the event: a message that is delivered again
# is no news, while an event of its own (a replay, a backfill) wants an answer. So does another object of its key, which
# has the same id where the bucket keeps no versions.
UNRECORDED = (
    "not exists (select 1 from ops.rejected_files as known "
    "where known.file_id = staged.file_id and known.reason = staged.reason "
    f"and {is_same_rejected('known', 'staged')} "
    "and known.rejected_at >= coalesce(staged.event_time, known.rejected_at))"
)


def create_rejection_stage(name: str) -> str:
    """Create the temporary table that rejections are copied into."""
    return f"create temp table {identifier(name)} ({declared(STAGED_REJECTION)})"


def select_unrecorded(name: str) -> str:
    """Find the staged rejections that are news to `ops.rejected_files`."""
    return f"select staged.file_number from {identifier(name)} as staged where {UNRECORDED}"


def record_rejections(name: str) -> str:
    """Append the staged rejections to `ops.rejected_files`, but for those that it has."""
    facts = ", ".join(f"staged.{identifier(column)}" for column, _ in REJECTION_FACTS)
    return (
        f"insert into ops.rejected_files ({named(REJECTION_FACTS)}, rejected_at) "
        f"select {facts}, sysdate from {identifier(name)} as staged where {UNRECORDED}"
    )
