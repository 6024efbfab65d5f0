"""LAND, bucket: what a prefix has held, and when. In: a prefix. Out: every version below it, deletions among them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Version:
    """A version of an object, or its deletion, and when S3 stored it (UTC); S3 tells that in seconds."""

    file: FileVersion
    stored_at: datetime
    is_deletion: bool = False


def list_settled(s3: S3Client, bucket: str, prefix: str) -> list[Version]:
    """List the versions below a prefix, oldest first, of all seconds that are over.

    None comes before them any more, but for what is uploaded in parts: S3 dates that by its beginning
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html). Within a second they are in the order of
    their keys, and of one key in their own. What was stored in the second that is running is waited for.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html

    Raises:
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    versions, now = _list(s3, bucket, prefix)
    if any(version.stored_at >= now for version in versions):
        time.sleep(SECOND.total_seconds())
        versions, _ = _list(s3, bucket, prefix)
    return [version for version in versions if version.stored_at < now + SECOND]


def newest_of_each(versions: Iterable[Version]) -> list[FileVersion]:
    """Return the newest version of each key, of those that were not deleted last; `versions` are oldest first."""
    newest = {version.file.key: version for version in versions}
    return [version.file for version in newest.values() if not version.is_deletion]


def _list(s3: S3Client, bucket: str, prefix: str) -> tuple[list[Version], datetime]:
    """List the versions below a prefix, and say which second it was to S3 when it began."""
    found: list[Version] = []
    now: datetime | None = None
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            now = now or parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])
            found += [
                Version(FileVersion(bucket, each["Key"], each["VersionId"], size=each["Size"]), each["LastModified"])
                for each in page.get("Versions", [])
            ]
            found += [
                Version(FileVersion(bucket, each["Key"], each["VersionId"]), each["LastModified"], is_deletion=True)
                for each in page.get("DeleteMarkers", [])
            ]
    except ClientError as error:
        raise s3_error(error, FileVersion(bucket, prefix, "any")) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not list {bucket}/{prefix}: {error}") from error
    found.reverse()  # S3 lists the newest of a key first
    return sorted(found, key=lambda version: (version.stored_at, version.file.key)), now or datetime.now(UTC)
