"""LAND: keeping what was rejected.

In: rejected files with their verdicts. Out: a copy of each under `quarantine/` with its verdict beside it, an alert,
and one row each in `ops.rejected_files`. That row is written last and decides whether a rejection is news: a message
that comes again adds nothing, an alert that was lost is sent when the file comes back, and what is replayed and
rejected again, or rejected for another reason, is told and recorded again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest_lambda.bucket import objects
from ingest_lambda.errors import FileGoneError
from ingest_lambda.file_version import UNVERSIONED
from ingest_lambda.judge.verdict import Verdict
from ingest_lambda.load.outcomes import FileOutcome
from ingest_lambda.same_object import etag_of_verdict
from ingest_lambda.warehouse import ddl, rejections, statements
from ingest_lambda.warehouse.client import retry_conflicts
from ingest_lambda.warehouse.facts import Fact, facts_file, naive_utc
from ingest_lambda.warehouse.sessions import Session, Warehouse

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "quarantine/"
MAX_KEY_BYTES = 1_024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
PARALLEL_COPIES = 16

Tell = Callable[[Sequence[FileOutcome]], None]


@dataclass(frozen=True)
class Quarantine:
    """Where rejected files are kept and recorded; `tell` sends the alert."""

    s3: S3Client
    warehouse: Warehouse
    place: objects.Place
    tell: Tell

    def keep(self, rejected: Sequence[FileOutcome]) -> None:
        """Keep, tell and record what was not recorded before.

        Raises:
            TransientError, ConfigError, ClientError: something could not be done; all of it can be done again.
        """
        name = f"rejected_{uuid.uuid4().hex}"
        stored = objects.put_parquet(self.s3, self.place.bucket, f"staging/{name}.parquet", _facts(rejected))
        try:
            with self.warehouse.session() as session:
                news = [rejected[number] for number in self._unrecorded(session, name, stored)]
                with ThreadPoolExecutor(PARALLEL_COPIES) as pool:
                    list(pool.map(self._keep_one, news))
                if news:
                    self.tell(news)
                _record(session, name)
        finally:
            objects.try_delete(self.s3, self.place.bucket, [stored])

    def _unrecorded(self, session: Session, name: str, stored: objects.Stored) -> list[int]:
        uri = f"s3://{self.place.bucket}/{stored.key}"
        run = [
            rejections.create_rejection_stage(name),
            statements.copy_parquet(name, uri, self.place.copy_role_arn),
            rejections.select_unrecorded(name),
        ]
        return [int(row["file_number"]) for row in session.transaction(run).rows(len(run) - 1)]

    def _keep_one(self, outcome: FileOutcome) -> None:
        copy = quarantine_key(outcome)
        with suppress(FileGoneError):  # nothing to copy any more; the verdict still says what was wrong
            size = outcome.file.size or objects.size_of(self.s3, outcome.file)  # an event may say none
            objects.copy_version(self.s3, outcome.file, size, self.place.bucket, copy)
        verdict = _verdict(outcome).to_json().encode()
        objects.put(self.s3, self.place.bucket, _verdict_key(copy, outcome), verdict, "application/json")


def quarantine_key(outcome: FileOutcome) -> str:
    """Name the copy of a rejected file: its own key under `quarantine/`, or its id where that would be too long.

    That of an object without a version ends with its ETag: the next one of its key leaves it as it is.
    """
    etag = etag_of_verdict(_verdict(outcome).to_json()) if outcome.file.version_id == UNVERSIONED else None
    own = f".{etag}" if etag else ""
    key = f"{PREFIX}{outcome.file.key}{own}"
    return key if len(_verdict_key(key, outcome).encode()) <= MAX_KEY_BYTES else f"{PREFIX}{outcome.file.file_id}{own}"


def _verdict_key(copy: str, outcome: FileOutcome) -> str:
    return f"{copy}.{outcome.file.version_id}.verdict.json"


def _record(session: Session, name: str) -> None:
    """Append the rows that are not there; the bootstrap mutex keeps two functions from appending one twice."""
    run = [ddl.lock_bootstrap(), rejections.record_rejections(name), statements.drop_stages([name])]
    retry_conflicts(lambda: session.transaction(run))


def _facts(rejected: Sequence[FileOutcome]) -> bytes:
    return facts_file(
        rejections.STAGED_REJECTION, [rejection_row(number, outcome) for number, outcome in enumerate(rejected)]
    )


def rejection_row(number: int, outcome: FileOutcome) -> dict[str, Fact]:
    """State a rejection, in the column order of its stage."""
    verdict = _verdict(outcome)
    return {
        "file_number": number,
        "event_time": naive_utc(outcome.file.event_time),
        "file_id": outcome.file.file_id,
        "dataset": verdict.dataset,
        "bucket": outcome.file.bucket,
        "key": outcome.file.key,
        "version_id": outcome.file.version_id,
        "reason": verdict.reason.value,
        "detail": verdict.detail,
        "verdict": verdict.to_json(),
        "quarantine_key": quarantine_key(outcome),
    }


def _verdict(outcome: FileOutcome) -> Verdict:
    if outcome.verdict is None:
        raise ValueError(f"{outcome.file.uri} was not rejected")
    return outcome.verdict
