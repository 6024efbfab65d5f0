"""The AWS that an ingest function sees, in memory: S3 with versions, and what takes messages.

In: the calls of boto3's clients that landing and reconcile make. Out: boto3's answers, and its errors. It keeps S3's
contract (strong consistency, immutable versions, delete markers, times in whole seconds) and nothing else.
"""

from __future__ import annotations

import io
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import IO, Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody


def refuse(code: str, operation: str, message: str = "") -> ClientError:
    """Word an error as boto3 raises it."""
    return ClientError({"Error": {"Code": code, "Message": message or code}}, operation)


@dataclass(frozen=True)
class Version:
    """A version of an object; a delete marker has no body. `modified_at` in UTC."""

    key: str
    version_id: str
    body: bytes | None
    modified_at: datetime

    @property
    def etag(self) -> str:
        """Return a tag of the content, as S3 quotes it."""
        return f'"{hash(self.body) & 0xFFFFFFFF:08x}"'


@dataclass
class MemoryS3:
    """A versioned bucket, whatever it is called; `clock` says when it is."""

    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    versions: dict[str, list[Version]] = field(default_factory=lambda: defaultdict(list))
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put_object(self, *, Key: str, Body: bytes | IO[bytes], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        return self._add(Key, Body if isinstance(Body, bytes) else Body.read())

    def copy_object(self, *, Key: str, CopySource: Mapping[str, str], **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self._version(CopySource["Key"], CopySource.get("VersionId"), "CopyObject")
        return self._add(Key, found.body)

    def get_object(self, *, Key: str, VersionId: str | None = None, Range: str | None = None, **_: Any) -> Any:  # noqa: N803
        found = self._version(Key, VersionId, "GetObject")
        body, said = found.body or b"", dict[str, str]()
        if Range:
            start, end = _range(Range, len(body))
            said["ContentRange"] = f"bytes {start}-{end}/{len(body)}"
            body = body[start : end + 1]
        return self._facts(found, len(body)) | said | {"Body": StreamingBody(io.BytesIO(body), len(body))}

    def head_object(self, *, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        found = self._version(Key, VersionId, "HeadObject")
        return self._facts(found, len(found.body or b""))

    def delete_object(self, *, Key: str, VersionId: str | None = None, **_: Any) -> dict[str, Any]:  # noqa: N803
        if VersionId is None:
            self._add(Key, None)
        else:
            self.versions[Key] = [each for each in self.versions[Key] if each.version_id != VersionId]
        return {}

    def delete_objects(self, *, Delete: Mapping[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        for each in Delete["Objects"]:
            self.delete_object(**each)
        return {}

    def clear(self) -> None:
        """Take away all versions of all objects."""
        self.versions.clear()

    def list_objects_v2(self, *, Prefix: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        newest = [found[-1] for key, found in sorted(self.versions.items()) if key.startswith(Prefix) and found]
        there = [{"Key": each.key, "Size": len(each.body)} for each in newest if each.body is not None]
        return {"KeyCount": len(there), "Contents": there}

    def get_paginator(self, operation: str) -> MemoryPaginator:
        return MemoryPaginator(getattr(self, operation))

    def list_object_versions(self, *, Prefix: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        found = [each for key in sorted(self.versions) if key.startswith(Prefix) for each in self.versions[key][::-1]]
        said = [
            {"Key": each.key, "VersionId": each.version_id, **self._facts(each, len(each.body or b""))}
            for each in found
        ]
        return {
            "ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(self.clock(), usegmt=True)}},
            "Versions": [
                facts | {"Size": facts["ContentLength"]}
                for facts, each in zip(said, found, strict=True)
                if each.body is not None
            ],
            "DeleteMarkers": [facts for facts, each in zip(said, found, strict=True) if each.body is None],
        }

    def _add(self, key: str, body: bytes | None) -> dict[str, Any]:
        with self._lock:
            self._count += 1
            version = Version(key, f"v{self._count:06}", body, self.clock().replace(microsecond=0))
            self.versions[key].append(version)
        return {"VersionId": version.version_id, "ETag": version.etag}

    def _version(self, key: str, version_id: str | None, operation: str) -> Version:
        of_key = self.versions.get(key) or []
        found = of_key[-1:] if version_id is None else [each for each in of_key if each.version_id == version_id]
        if not found or (found[0].body is None and version_id is None):
            raise refuse("NoSuchVersion" if version_id else "NoSuchKey", operation)
        if found[0].body is None:
            raise refuse("MethodNotAllowed", operation)
        return found[0]

    def _facts(self, found: Version, size: int) -> dict[str, Any]:
        return {
            "ContentLength": size,
            "ETag": found.etag,
            "LastModified": found.modified_at,
            "StorageClass": "STANDARD",
        }


def _range(wanted: str, size: int) -> tuple[int, int]:
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    if size == 0:
        raise refuse("InvalidRange", "GetObject")
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last), size - 1)


@dataclass(frozen=True)
class MemoryPaginator:
    """Pages of a listing: one."""

    operation: Callable[..., dict[str, Any]]

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        yield self.operation(**request)


@dataclass
class MemoryQueue:
    """SQS as its senders see it: what was sent waits in `bodies` until somebody takes it."""

    bodies: list[str] = field(default_factory=list)

    def send_message_batch(self, *, Entries: list[dict[str, str]], **_: Any) -> dict[str, Any]:  # noqa: N803
        self.bodies += [entry["MessageBody"] for entry in Entries]
        return {}

    def take(self) -> list[str]:
        """Take what was sent."""
        taken, self.bodies = self.bodies, []
        return taken


class MemoryTopics:
    """SNS, EventBridge and DynamoDB as landing sees them: they take what they are given (`weather.Log` has it)."""

    def publish(self, **_: Any) -> dict[str, Any]:
        return {"MessageId": "m"}

    def put_events(self, **_: Any) -> dict[str, Any]:
        return {"FailedEntryCount": 0}

    def update_item(self, **_: Any) -> dict[str, Any]:
        return {}
