"""LAND, reconcile: what the bucket holds.

In: a bucket, a prefix, the rules for keys. Out: the object versions that should land, in chunks, and those that should
not, with the reason of each. Keys alone decide: no object is opened. Every version counts, replaced ones too: each of
them lands once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.owned import owned_folder
from ingest_lambda.arrive.routing import PREFIX, Ignored, Rules, route
from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.table_format import OwnedFolder

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectVersionTypeDef

CHUNK = 10_000  # versions a look at the ledgers, each of which reads a column of them whole
LISTED = 100_000  # versions between two marks of how far the listing has come, where few of them are asked for
# Classes that answer no GET before a restore: https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
OFFLINE_CLASSES = {"GLACIER", "DEEP_ARCHIVE"}


@dataclass(frozen=True)
class Scope:
    """Which object versions to look at. Those stored after `stored_before` may still be on their way: left out.

    `rules` say which of them are data files. Of those stored before `compared_before` the warehouse is asked for those
    alone whose ids begin with `digit`: the others were compared on an earlier night. The listing, which S3 gives by key
    and not by time, begins behind the key and version of `behind`.
    """

    bucket: str
    prefix: str = PREFIX
    rules: Rules = field(default_factory=Rules)
    dataset: str | None = None
    stored_before: datetime | None = None
    compared_before: datetime | None = None
    digit: str = ""
    behind: tuple[str, str] | None = None

    def was_compared(self, file: FileVersion, stored_at: datetime) -> bool:
        """Tell whether a version was compared on an earlier night, and has not its turn tonight."""
        is_old = self.compared_before is not None and stored_at < self.compared_before
        return is_old and not file.file_id.startswith(self.digit)


@dataclass(frozen=True)
class Listed:
    """An object version of a dataset; `offline` ones must be restored before anything can read them.

    `by_bytes`: its name does not say what it is, so that it lands if its bytes are parquet's, and is ignored else.
    """

    file: FileVersion
    dataset: str
    offline: bool = False
    by_bytes: bool = False
    stored_at: datetime | None = None


@dataclass(frozen=True)
class PassedOver:
    """An object version that is ignored, and why."""

    file: FileVersion
    why: Ignored
    stored_at: datetime


@dataclass
class Chunk:
    """Some versions of the listing: those that should land, and how many should not, by reason.

    `ignored` are those that are no data files, and `tables` the folders of table formats whose logs are among them, by
    place: both of the scope's dataset, where it names one. `last`: key and version of the last one that was looked at.
    """

    files: list[Listed] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    ignored: list[PassedOver] = field(default_factory=list)
    tables: dict[tuple[str, str], OwnedFolder] = field(default_factory=dict)
    last: tuple[str, str] | None = None

    @property
    def listed(self) -> int:
        """Count the versions that were looked at."""
        return len(self.files) + self.passed_over.total()


def chunks(s3: S3Client, scope: Scope) -> Iterator[Chunk]:
    """List the versions of a scope, `CHUNK` to look at at a time, and up to `LISTED` with those that are passed over.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html

    Raises:
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    chunk = Chunk()
    for version in _versions(s3, scope):
        _sort(version, scope, chunk)
        chunk.last = (version["Key"], version["VersionId"])
        if len(chunk.files) + len(chunk.ignored) == CHUNK or chunk.listed == LISTED:
            yield chunk
            chunk = Chunk()
    if chunk.listed:
        yield chunk


def _versions(s3: S3Client, scope: Scope) -> Iterator[ObjectVersionTypeDef]:
    behind = dict(zip(("KeyMarker", "VersionIdMarker"), scope.behind, strict=True)) if scope.behind else {}
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=scope.bucket,
        Prefix=scope.prefix,
        OptionalObjectAttributes=["RestoreStatus"],
        **behind,  # type: ignore[arg-type]  # both are texts
    )
    try:
        for page in pages:
            yield from page.get("Versions", [])
    except ClientError as error:
        raise s3_error(error, FileVersion(scope.bucket, scope.prefix, "any")) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not list {scope.bucket}: {error}") from error


def _sort(version: ObjectVersionTypeDef, scope: Scope, chunk: Chunk) -> None:
    routed = route(version["Key"], scope.rules)
    if isinstance(routed, Ignored):
        folder = owned_folder(scope.bucket, version["Key"], scope.rules) if version["IsLatest"] else None
        if folder and scope.dataset in (None, folder.dataset):
            chunk.tables.setdefault(folder.place, folder)
        chunk.passed_over["no data file"] += 1
        if scope.dataset in (None, routed.dataset):
            chunk.ignored.append(PassedOver(_file(scope.bucket, version), routed, version["LastModified"]))
    elif scope.dataset not in (None, routed.dataset):
        chunk.passed_over["of another dataset"] += 1
    elif scope.stored_before is not None and version["LastModified"] > scope.stored_before:
        chunk.passed_over["stored just now"] += 1
    else:
        offline = _is_offline(version)
        file = _file(scope.bucket, version)
        if scope.was_compared(file, version["LastModified"]):
            chunk.passed_over["compared before"] += 1
            return
        chunk.files.append(Listed(file, routed.dataset, offline, routed.by_bytes, version["LastModified"]))


def _is_offline(version: ObjectVersionTypeDef) -> bool:
    """Tell whether a version answers no GET: a restore leaves its class as it is, and gives it a copy for some days.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html
    """
    restore = version.get("RestoreStatus", {})
    expires_at = restore.get("RestoreExpiryDate")
    is_restored = expires_at is not None and not restore.get("IsRestoreInProgress") and expires_at > datetime.now(UTC)
    return version.get("StorageClass") in OFFLINE_CLASSES and not is_restored


def _file(bucket: str, version: ObjectVersionTypeDef) -> FileVersion:
    return FileVersion(
        bucket=bucket,
        key=version["Key"],
        version_id=version["VersionId"],
        etag=version["ETag"].strip('"'),
        size=version["Size"],
    )


def by_dataset(files: Iterable[Listed]) -> dict[str, list[str]]:
    """Group the files' ids by their datasets."""
    ids: dict[str, list[str]] = {}
    for listed in files:
        ids.setdefault(listed.dataset, []).append(listed.file.file_id)
    return ids
