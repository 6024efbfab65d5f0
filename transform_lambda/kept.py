"""MODEL, ALERT: what runs and checks leave for later ones. In and out: small objects in S3.

Two let the check of freshness go by them while the warehouse sleeps; losing one costs one question to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

FOLDER = "reports/transform/state/"
RENEWED_AFTER = timedelta(days=1)  # of the 30 days that reports stay at least
# what If-Match answers where the object is another one, is gone, or is being written or deleted:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_CHANGED_MEANWHILE = {"PreconditionFailed", "412", "NoSuchKey", "404", "ConditionalRequestConflict", "409"}


class _Kept:
    """A JSON object in S3 that may not be there."""

    name: str

    def __init__(self, s3: Any, bucket: str) -> None:
        self._s3 = s3
        self._place = {"Bucket": bucket, "Key": f"{FOLDER}{self.name}.json"}

    def _read(self) -> Any:
        try:
            return json.loads(self._s3.get_object(**self._place)["Body"].read())
        except self._s3.exceptions.NoSuchKey:
            return None

    def _write(self, content: Mapping[str, str], **conditions: str) -> None:
        body = json.dumps(content).encode()
        self._s3.put_object(**self._place, Body=body, ContentType="application/json", **conditions)


class Landings(_Kept):
    """When each data set's newest rows landed, as a plan that found nothing to do has read it."""

    name = "newest-landings"

    def read(self) -> dict[str, datetime] | None:
        """Return the times (UTC) by data set; None where no plan has kept them."""
        kept = self._read()
        return None if kept is None else {name: datetime.fromisoformat(at) for name, at in kept.items()}

    def write(self, newest: Mapping[str, datetime]) -> None:
        """Keep the times, which the warehouse gives in UTC and without a zone."""
        self._write({name: at.replace(tzinfo=UTC).isoformat() for name, at in newest.items()})


class ToldStale(_Kept):
    """What was told last about silent data sets, and when; `ops.alerts` has every message."""

    name = "told-stale"

    def read(self) -> tuple[str, datetime] | None:
        """Return the message's fingerprint, and when it was sent."""
        kept = self._read()
        return None if kept is None else (kept["fingerprint"], datetime.fromisoformat(kept["sent_at"]))

    def write(self, fingerprint: str, sent_at: datetime) -> None:
        """Keep it."""
        self._write({"fingerprint": fingerprint, "sent_at": sent_at.isoformat()})


class OwedRefresh(_Kept):
    """A full refresh that was begun and has not succeeded: a gate has stopped it, or it broke.

    No run does it by itself: a gate that only old rows fail would keep all that lands from being modeled meanwhile.
    """

    name = "owed-full-refresh"

    def read(self) -> datetime | None:
        """Return since when it is owed; None where none is."""
        kept = self._read()
        return None if kept is None else datetime.fromisoformat(kept["since"])

    def renew(self, now: datetime) -> datetime | None:
        """Return since when it is owed, and write it anew after a day: it lies where reports expire."""
        try:
            found = self._s3.get_object(**self._place)
        except self._s3.exceptions.NoSuchKey:
            return None
        kept = json.loads(found["Body"].read())
        since = datetime.fromisoformat(kept["since"])
        if now - datetime.fromisoformat(kept.get("kept_at", kept["since"])) <= RENEWED_AFTER:
            return since
        try:
            self._write(_owed(since, now), IfMatch=found["ETag"])
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in _CHANGED_MEANWHILE:
                raise
            return self.read()  # withdrawn meanwhile, or begun anew
        return since

    def write(self, since: datetime, now: datetime) -> None:
        """Keep that it is owed."""
        self._write(_owed(since, now))

    def clear(self) -> None:
        """Forget it: a full refresh has succeeded."""
        self._s3.delete_object(**self._place)


def _owed(since: datetime, now: datetime) -> dict[str, str]:
    return {"since": since.isoformat(), "kept_at": now.isoformat()}
