"""LAND: one version of one object, the unit that lands once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

# An object that was stored before its bucket was versioned has the version "null", and events leave it out
# (https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html).
UNVERSIONED = "null"


@dataclass(frozen=True)
class FileVersion:
    """One version of one object: the unit that lands once. `size` in bytes, `event_time` in UTC."""

    bucket: str
    key: str
    version_id: str
    etag: str = ""
    size: int = 0
    sequencer: str = ""
    event_time: datetime | None = None

    @cached_property
    def file_id(self) -> str:
        """The identity: a digest of bucket, key and version (JSON, so that no two triples read alike)."""
        return hashlib.sha256(json.dumps([self.bucket, self.key, self.version_id]).encode()).hexdigest()

    @property
    def uri(self) -> str:
        """`s3://bucket/key`, the key as it is (not URL-encoded)."""
        return f"s3://{self.bucket}/{self.key}"
