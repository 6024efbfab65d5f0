"""ALERT: what the operator's page shows of what was stopped: rejected files, rows in quarantine. In: answers. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from transform_lambda.page.asking import Project, Row, Source
from transform_lambda.page.figures import json_object, number, share
from transform_lambda.page.shown import Held, Rejected

WITHHELD = "(withheld: the dataset is sensitive)"
_PLACED = frozenset({"table_format", "foreign_file", "partition_mismatch"})  # whose remedy says where it belongs


def held_of(rows: Sequence[Row], subject: str, counted: str) -> list[Held]:
    most = max((number(row[counted]) for row in rows), default=0)
    found = [
        Held(
            str(row[subject]),
            str(row["dataset"]),
            str(row["reason"]),
            str(row["producer"]),
            number(row[counted]),
            share(number(row[counted]), most),
        )
        for row in rows
    ]
    return sorted(found, key=lambda held: (-held.count, held.subject, held.reason, held.producer))


def rejected_of(rows: Sequence[Row], project: Project) -> list[Rejected]:
    newest_first = sorted(rows, key=lambda row: str(row["rejected_at"]), reverse=True)
    return [_one_rejected(row, project.sources.get(str(row["dataset"]))) for row in newest_first]


def _one_rejected(row: Row, source: Source | None) -> Rejected:
    """Read a verdict; of a sensitive dataset, which may not have been one by then, neither value nor text."""
    verdict = json_object(row["verdict"])
    remedy = verdict.get("remedy")
    is_replayed = remedy is not None and "replay" in remedy
    is_sensitive = source is not None and source.is_sensitive
    key = str(row["object_key"])
    return Rejected(
        dataset=str(row["dataset"]),
        key=key,
        reason=str(row["reason"]),
        detail=WITHHELD if is_sensitive else str(row["detail"] or ""),
        at=str(row["rejected_at"]),
        column=verdict.get("column"),
        row=verdict.get("row"),
        found=WITHHELD if is_sensitive and verdict.get("found") else verdict.get("found"),
        expected=verdict.get("expected"),
        remedy=remedy,
        command=replay_command(key) if is_replayed else None,
        is_uploaded=bool(remedy) and not is_replayed and str(row["reason"]) not in _PLACED,
    )


def replay_command(key: str) -> str:
    r"""Say how to send a file again; a key that no line of a terminal holds goes with all that are rejected.

    >>> replay_command("raw/orders/a b.parquet"), replay_command("raw/orders/a\nrm -rf .parquet")
    ("landfall replay 'raw/orders/a b.parquet'", 'landfall replay --rejected')
    """
    return f"landfall replay {shlex.quote(key)}" if key.isprintable() else "landfall replay --rejected"
