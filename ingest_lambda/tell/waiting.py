"""LAND, tell: files that are tried again and again.

In: a file that comes back, and why. Out: a small object under `staging/waiting/`, which `landfall history` and `status`
show until the file has landed or been rejected. The warehouse is not asked: it may be what is away. The bucket's rule
for staging/ removes the object after days.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest_lambda.arrive.events import Message
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.verdict import WITHHELD, bounded
from ingest_lambda.load.outcomes import FileOutcome, Status

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "staging/waiting/"
TRIES_UNSEEN = 2  # what passes by itself is nobody's business


@dataclass(frozen=True)
class Waiting:
    """A file that waits to be tried again: how often it was, when last (ISO 8601, UTC), and the words of the error."""

    file: FileVersion
    dataset: str
    tries: int
    reason: str
    tried_at: str

    def to_json(self) -> str:
        """Spell it for the object in the bucket."""
        facts = {"bucket": self.file.bucket, "key": self.file.key, "version_id": self.file.version_id}
        more = {"dataset": self.dataset, "tries": self.tries, "reason": self.reason, "tried_at": self.tried_at}
        return json.dumps(facts | more, ensure_ascii=False)


def read_waiting(text: str) -> Waiting:
    """Read what `to_json` has written.

    Raises:
        ValueError, KeyError, TypeError: it is no such text.
    """
    said = json.loads(text)
    file = FileVersion(said["bucket"], said["key"], said["version_id"])
    return Waiting(file, said["dataset"], int(said["tries"]), said["reason"], said["tried_at"])


def waiting(
    messages: Iterable[Message], outcomes: Mapping[str, FileOutcome], is_sensitive: Mapping[str, bool]
) -> list[Waiting]:
    """Pick the files that have been tried more often than what passes by itself."""
    found: dict[str, Waiting] = {}
    for message in messages:
        for file in message.files if message.receive_count > TRIES_UNSEEN else ():
            outcome = outcomes[file.file_id]
            if outcome.status is Status.RETRIED and outcome.dataset:
                words = bounded(outcome.reason or "")
                reason = f"{words.split(':')[0]}: {WITHHELD}" if is_sensitive.get(outcome.dataset) else words
                tried_at = datetime.now(UTC).isoformat(timespec="seconds")
                found[file.file_id] = Waiting(file, outcome.dataset, message.receive_count, reason, tried_at)
    return list(found.values())


def note(s3: S3Client, bucket: str, found: Iterable[Waiting]) -> None:
    """Write an object for each.

    Raises:
        ClientError, BotoCoreError: S3 does not take one.
    """
    for each in found:
        s3.put_object(Bucket=bucket, Key=f"{PREFIX}{each.file.file_id}.json", Body=each.to_json().encode())
