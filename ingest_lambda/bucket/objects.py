"""LAND: writing to the bucket. In: object versions, bytes. Out: copies, staged objects. Reads by VersionId only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, ObjectIdentifierTypeDef

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html; above it, the copy goes in parts.
MAX_SINGLE_COPY_BYTES = 5 * 1024**3
MAX_DELETE = 1_000


@dataclass(frozen=True)
class Place:
    """Where staged objects go, and the role that COPY reads them with."""

    bucket: str
    copy_role_arn: str


@dataclass(frozen=True)
class Stored:
    """An object that was written: its key, and its version (None where S3 did not say)."""

    key: str
    version_id: str | None


def copy_version(s3: S3Client, file: FileVersion, size: int, bucket: str, key: str) -> Stored:
    """Copy exactly this version to `key`, inside S3.

    Raises:
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    source: CopySourceTypeDef = {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id}
    with _our_errors(file):
        if size <= MAX_SINGLE_COPY_BYTES:
            return Stored(key, s3.copy_object(Bucket=bucket, Key=key, CopySource=source).get("VersionId"))
        s3.copy(source, bucket, key)
        return Stored(key, None)


def size_of(s3: S3Client, file: FileVersion) -> int:
    """Ask how many bytes exactly this version has.

    Raises:
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    with _our_errors(file):
        return s3.head_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)["ContentLength"]


def put(s3: S3Client, bucket: str, key: str, body: bytes | IO[bytes], content_type: str) -> Stored:
    """Write an object.

    Raises:
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    with _our_errors(FileVersion(bucket, key, "new")):
        stored = s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    return Stored(key, stored.get("VersionId"))


def put_parquet(s3: S3Client, bucket: str, key: str, body: bytes) -> Stored:
    """Write a parquet object, as `put`."""
    return put(s3, bucket, key, body, "application/vnd.apache.parquet")


def try_delete(s3: S3Client, bucket: str, stored: Iterable[Stored]) -> None:
    """Delete what was staged, if S3 lets us now; else the bucket's lifecycle rule removes it."""
    try:
        delete(s3, bucket, stored)
    except (ClientError, BotoCoreError):
        return


def delete(s3: S3Client, bucket: str, stored: Iterable[Stored]) -> None:
    """Delete what a load staged, the very versions, so that nothing of it stays behind in a versioned bucket.

    What is left after a failure, the bucket's lifecycle rule removes.
    """
    names = [_identifier(entry) for entry in stored]
    for start in range(0, len(names), MAX_DELETE):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": names[start : start + MAX_DELETE], "Quiet": True})


def _identifier(stored: Stored) -> ObjectIdentifierTypeDef:
    return {"Key": stored.key, "VersionId": stored.version_id} if stored.version_id else {"Key": stored.key}


def manifest(listed: Iterable[tuple[str, int]]) -> bytes:
    """List objects (URI, bytes) for COPY, which needs their exact lengths for parquet.

    https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html

    >>> manifest([("s3://b/staging/1/2.parquet", 12)])
    b'{"entries": [{"url": "s3://b/staging/1/2.parquet", "mandatory": true, "meta": {"content_length": 12}}]}'
    """
    entries = [{"url": uri, "mandatory": True, "meta": {"content_length": size}} for uri, size in listed]
    return json.dumps({"entries": entries}).encode()


@contextmanager
def _our_errors(file: FileVersion) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise s3_error(error, file) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not answer for {file.uri}: {error}") from error
