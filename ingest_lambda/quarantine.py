"""LAND: keeping what was rejected.

In: rejected files with their verdicts. Out: a copy of each under `quarantine/` with its verdict beside it, and one row
each in `ops.rejected_files`, which decides whether the rejection is news: a version that is delivered again adds
neither a row nor an alert.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from ingest_lambda import objects, statements
from ingest_lambda.errors import FileGoneError
from ingest_lambda.outcomes import FileOutcome
from ingest_lambda.plan import MAX_FILES
from ingest_lambda.verdict import Verdict
from ingest_lambda.warehouse import Session, Warehouse, retry_conflicts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "quarantine/"
MAX_KEY_BYTES = 1_024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html


def keep(s3: S3Client, warehouse: Warehouse, bucket: str, rejected: Sequence[FileOutcome]) -> list[FileOutcome]:
    """Quarantine `rejected` and record it; return those that were not recorded before.

    Raises:
        TransientError, ConfigError: something of it could not be done; all of it can be done again.
    """
    news: list[FileOutcome] = []
    with warehouse.session() as session:
        for start in range(0, len(rejected), MAX_FILES):
            news += _keep_some(s3, session, bucket, rejected[start : start + MAX_FILES])
    return news


def _keep_some(s3: S3Client, session: Session, bucket: str, rejected: Sequence[FileOutcome]) -> list[FileOutcome]:
    known = _known(session, rejected)
    unknown = [outcome for outcome in rejected if outcome.file.file_id not in known]
    for outcome in unknown:
        _quarantine(s3, bucket, outcome)
    return _record(session, unknown) if unknown else []


def quarantine_key(outcome: FileOutcome) -> str:
    """Name the copy of a rejected file: its own key under `quarantine/`, or its id where that would be too long."""
    key = f"{PREFIX}{outcome.file.key}"
    return key if len(_verdict_key(key, outcome).encode()) <= MAX_KEY_BYTES else f"{PREFIX}{outcome.file.file_id}"


def _verdict_key(copy: str, outcome: FileOutcome) -> str:
    return f"{copy}.{outcome.file.version_id}.verdict.json"


def _known(session: Session, rejected: Sequence[FileOutcome]) -> set[str]:
    return {row["file_id"] for row in session.query(statements.select_rejected([o.file.file_id for o in rejected]))}


def _quarantine(s3: S3Client, bucket: str, outcome: FileOutcome) -> None:
    copy = quarantine_key(outcome)
    with suppress(FileGoneError):  # nothing to copy any more; the verdict still says what was wrong
        objects.copy_version(s3, outcome.file, outcome.file.size, bucket, copy)
    verdict = _verdict(outcome).to_json().encode()
    objects.put(s3, bucket, _verdict_key(copy, outcome), verdict, "application/json")


def _record(session: Session, rejected: Sequence[FileOutcome]) -> list[FileOutcome]:
    """Append the rows that are not there; the bootstrap mutex keeps two functions from appending one twice."""
    inserts = [statements.insert_rejection(_values(outcome)) for outcome in rejected]
    recorded = retry_conflicts(lambda: session.transaction([statements.lock_bootstrap(), *inserts]))
    return [outcome for number, outcome in enumerate(rejected, start=1) if recorded.count(number)]


def _values(outcome: FileOutcome) -> dict[str, str]:
    verdict = _verdict(outcome)
    return {
        "file_id": outcome.file.file_id,
        "dataset": verdict.dataset,
        "bucket": outcome.file.bucket,
        "key": outcome.file.key,
        "version_id": outcome.file.version_id,
        "reason": verdict.reason,
        "detail": verdict.detail,
        "verdict": verdict.to_json(),
        "quarantine_key": quarantine_key(outcome),
    }


def _verdict(outcome: FileOutcome) -> Verdict:
    if outcome.verdict is None:
        raise ValueError(f"{outcome.file.uri} was not rejected")
    return outcome.verdict
