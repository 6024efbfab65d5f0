"""ALERT: notice that nothing comes any more. In: when data sets landed last. Out: the stale datasets, and a message.

The limits are those of the dataset's source YAML, and what they are compared with is the ledger's newest landing: rows
leave landing when they are old, all of them where no more come. Where nothing has landed since the last plan, what that
has read is compared, and the warehouse sleeps on. Of a source that asks in its own way `dbt source freshness` tells. A
dataset that never landed anything is not stale: nobody has begun to deliver it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from transform_lambda.alerts import Alert, LastAlert, digest, is_due
from transform_lambda.dbt_runtime import invoke, manifest_of
from transform_lambda.errors import TransientError
from transform_lambda.event_log import EventLog
from transform_lambda.graph import Node
from transform_lambda.publish import SUBJECT_LIMIT, body_of, plain_ascii
from transform_lambda.wording import NAME_LIMIT

KIND = "freshness"
STALE_LIMIT = 100  # of the longest silent: a message and a state's output are bounded
_FIRST_YEAR = 1970  # dbt gives an empty table the year 1
_SEVERITIES = {"error": "high", "warn": "medium"}

Stale = dict[str, Any]


def check(project_dir: Path, logger: Logger, sources: Sequence[Node], newest: Mapping[str, datetime]) -> list[Stale]:
    """List which of some sources, one at least, are stale by dbt, the longest silent first.

    One that has no row to go by is judged as `late` does.

    Raises:
        TransientError: the warehouse could not be asked.
    """
    manifest = manifest_of(project_dir, EventLog(logger))
    names = [f"source:landing.{source.dataset}" for source in sources]
    answer = invoke(["source", "freshness", "--select", *names], project_dir, EventLog(logger), manifest)
    results: Any = getattr(answer.result, "results", None) or []
    broken = [result for result in results if str(result.status) == "runtime error"]
    if answer.exception is not None or broken:
        raise TransientError(f"freshness cannot be checked: {answer.exception or broken[0].message}")
    late_ones = [result for result in results if str(result.status) in _SEVERITIES]
    empty = {result.node.name for result in late_ones if result.max_loaded_at.year < _FIRST_YEAR}
    by_ledger = late((source for source in sources if source.dataset in empty), newest, datetime.now(UTC))
    return longest_first([*stale(results), *by_ledger])


def late(sources: Iterable[Node], newest: Mapping[str, datetime], now: datetime) -> list[Stale]:
    """List the stale datasets, the longest silent first, by when each one's newest rows landed (UTC).

    >>> source = Node("s", "source", dataset="orders", warn_after=3600.0)
    >>> noon = datetime(2025, 11, 13, 12, tzinfo=UTC)
    >>> late([source], {"orders": noon}, noon.replace(hour=13)), late([source], {}, noon)
    ([], [])
    >>> late([source], {"orders": noon}, noon.replace(hour=14))[0]["status"]
    'warn'
    """
    found = []
    for source in sources:
        at = newest.get(source.dataset or "")
        age = (now - at).total_seconds() if at else 0.0
        status = next((name for name, limit in _limits(source) if limit is not None and age > limit), None)
        if at and status:
            found.append(_stale(str(source.dataset), status, at, age))
    return longest_first(found)


def _limits(source: Node) -> tuple[tuple[str, float | None], ...]:
    return ("error", source.error_after), ("warn", source.warn_after)


def stale(results: Iterable[Any]) -> list[Stale]:
    """Read dbt's results: [{"dataset", "status", "newest_at", "hours"}] of what is stale, and has a row to go by."""
    return longest_first(
        _stale(result.node.name, str(result.status), result.max_loaded_at, result.age)
        for result in results
        if str(result.status) in _SEVERITIES and result.max_loaded_at.year >= _FIRST_YEAR
    )


def _stale(dataset: str, status: str, newest_at: datetime, seconds: float) -> Stale:
    newest = newest_at.astimezone(UTC).isoformat(timespec="seconds")
    return {"dataset": dataset, "status": status, "newest_at": newest, "hours": round(seconds / 3600, 1)}


def longest_first(found: Iterable[Stale]) -> list[Stale]:
    """Sort what is stale."""
    return sorted(found, key=lambda each: -each["hours"])


def finding(environment: str, found: Sequence[Stale], last: LastAlert | None, reminder_hours: int) -> dict[str, Any]:
    """Return the check's result, the message (None: nothing to tell) and the alert to record afterwards."""
    fingerprint = fingerprint_of(found)
    is_told = bool(found) and is_due(last, fingerprint, reminder_hours)
    composed = message(environment, found) if is_told else None
    alert = Alert(KIND, fingerprint, severity_of(found), composed["subject"], None, "") if composed else None
    result = {"status": "done", "outcome": "stale" if found else "succeeded", "stale": list(found)[:STALE_LIMIT]}
    return {"result": result, "message": composed, "alert": alert.to_json() if alert else None}


def severity_of(found: Sequence[Stale]) -> str:
    """Return the worst severity.

    >>> severity_of([{"status": "warn"}]), severity_of([{"status": "warn"}, {"status": "error"}])
    ('medium', 'high')
    """
    return "high" if any(each["status"] == "error" for each in found) else "medium"


def fingerprint_of(found: Sequence[Stale]) -> str:
    """Digest what is stale: a dataset that begins to be late, or worse, or delivers and stops again, is news."""
    return digest(sorted([each["dataset"], each["status"], each["newest_at"]] for each in found))


def message(environment: str, found: Sequence[Stale]) -> dict[str, Any]:
    """Compose the message: {"subject", "body", "attributes"}."""
    names, longest = [each["dataset"] for each in found], list(found)[:STALE_LIMIT]
    subject = plain_ascii(f"[landfall {environment}] nothing new of {', '.join(names)}")[:SUBJECT_LIMIT]
    facts = {"kind": "freshness", "environment": environment, "severity": severity_of(found), "stage": "land"}
    return {
        "subject": subject,
        "body": body_of(lines(environment, found), facts | {"outcome": "stale", "stale": longest}, subject),
        "attributes": {
            "severity": {"DataType": "String", "StringValue": severity_of(found)},
            "stage": {"DataType": "String", "StringValue": "land"},
            "environment": {"DataType": "String", "StringValue": environment},
            "dataset": {"DataType": "String.Array", "StringValue": json.dumps(names[:NAME_LIMIT])},
        },
    }


def lines(environment: str, found: Sequence[Stale]) -> list[str]:
    """Compose the text for people, line by line."""
    return [
        f"{len(found)} dataset(s) have not landed anything for longer than their source YAML allows.",
        "",
        *(f"  {each['dataset']}: last at {each['newest_at']}, {each['hours']:,} hours ago" for each in found),
        "",
        "Ask the producer whether files were delivered. If they were:",
        "  landfall status       (do they wait in the queue, or on the dead-letter queue?)",
        f"  landfall history --dataset {found[0]['dataset']}       (were they rejected?)",
        "",
        f"Environment: {environment}",
        "Runbook: docs/runbook.md#stale",
    ]
