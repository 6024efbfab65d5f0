"""LAND, tell: files that are tried again.

In: a file that comes back, and why. Out: a small object under `staging/waiting/`, which `landfall history` and `status`
show until the file has landed or been rejected. The warehouse is not asked: it may be what is away. The bucket's rule
for staging/ removes the object after days.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from ingest_lambda.arrive.events import Message
from ingest_lambda.arrive.retry import longest_seconds
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.verdict import WITHHELD, bounded
from ingest_lambda.load.outcomes import FileOutcome, Status

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "staging/waiting/"
PARALLEL_REQUESTS = 16
# The ends that no ledger tells. What the warehouse says of a rejection may be older than the last try.
WITHOUT_LEDGER = frozenset({Status.GONE, Status.IGNORED, Status.REJECTED})


@dataclass(frozen=True)
class Waiting:
    """A file that waits to be tried again: how often it was, when last, and the words of the error.

    `again_by`: when it is tried again at the latest, if it is not given up. Times are ISO 8601, in UTC.
    """

    file: FileVersion
    dataset: str
    tries: int
    reason: str
    tried_at: str
    again_by: str | None = None  # notes of earlier releases do not say

    def to_json(self) -> str:
        """Spell it for the object in the bucket."""
        facts = {"bucket": self.file.bucket, "key": self.file.key, "version_id": self.file.version_id}
        facts["etag"] = self.file.etag
        more = {"dataset": self.dataset, "tries": self.tries, "reason": self.reason}
        times = {"tried_at": self.tried_at, "again_by": self.again_by}
        return json.dumps(facts | more | times, ensure_ascii=False)


def read_waiting(text: str) -> Waiting:
    """Read what `to_json` has written.

    Raises:
        ValueError, KeyError, TypeError: it is no such text.
    """
    said = json.loads(text)
    # notes of earlier releases say no ETag
    file = FileVersion(said["bucket"], said["key"], said["version_id"], said.get("etag", ""))
    return Waiting(file, said["dataset"], int(said["tries"]), said["reason"], said["tried_at"], said.get("again_by"))


def waiting(
    messages: Iterable[Message], outcomes: Mapping[str, FileOutcome], is_sensitive: Mapping[str, bool]
) -> list[Waiting]:
    """Pick the files that have been tried, and come back."""
    found: dict[str, Waiting] = {}
    now = datetime.now(UTC)
    for message in messages:
        again_by = now + timedelta(seconds=longest_seconds(message.receive_count))
        for file in message.files:
            outcome = outcomes[file.file_id]
            if outcome.status is Status.RETRIED and outcome.dataset:
                words = bounded(outcome.reason or "")
                reason = f"{words.split(':')[0]}: {WITHHELD}" if is_sensitive.get(outcome.dataset) else words
                times = [each.isoformat(timespec="seconds") for each in (now, again_by)]
                found[file.file_id] = Waiting(file, outcome.dataset, message.receive_count, reason, *times)
    return list(found.values())


def ended(messages: Iterable[Message], outcomes: Mapping[str, FileOutcome]) -> list[FileVersion]:
    """Pick the files that were tried before, and have ended in a way that no ledger tells: nothing waits for them.

    One that was given up may be announced again by somebody, in a message of its own, which lacks what S3 alone says.
    """
    tried_before = (
        file for message in messages for file in message.files if message.receive_count > 1 or not file.sequencer
    )
    return [file for file in tried_before if outcomes[file.file_id].status in WITHOUT_LEDGER]


def forget(s3: S3Client, bucket: str, files: Iterable[FileVersion], seconds: float) -> int:
    """Delete the object of each, as `note` writes them.

    Raises:
        ClientError, BotoCoreError: S3 does not delete one.
    """
    keys = [_key(file) for file in files]
    return _left_of([partial(s3.delete_object, Bucket=bucket, Key=key) for key in keys], seconds)


def note(s3: S3Client, bucket: str, found: Iterable[Waiting], seconds: float) -> int:
    """Write an object for each, several at once; return how many were left after so many seconds.

    Raises:
        ClientError, BotoCoreError: S3 does not take one.
    """
    notes = [(_key(each.file), each.to_json().encode()) for each in found]
    return _left_of([partial(s3.put_object, Bucket=bucket, Key=key, Body=body) for key, body in notes], seconds)


def _key(file: FileVersion) -> str:
    return f"{PREFIX}{file.file_id}.json"


def _left_of(requests: Sequence[Callable[[], object]], seconds: float) -> int:
    """Make requests until one fails or the time is up, and wait for none that hangs; tell how many were left."""
    pool = ThreadPoolExecutor(PARALLEL_REQUESTS)
    made = [pool.submit(request) for request in requests]
    done, left = wait(made, timeout=max(seconds, 0.0), return_when=FIRST_EXCEPTION)
    pool.shutdown(wait=False, cancel_futures=True)
    for each in done:
        each.result()
    return len(left)
