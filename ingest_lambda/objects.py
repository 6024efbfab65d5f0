"""LAND: writing to the bucket. In: object versions, bytes. Out: copies, staged objects. Reads by VersionId only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.errors import TransientError
from ingest_lambda.events import FileVersion
from ingest_lambda.footer import s3_error

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html; above it, the copy goes in parts.
MAX_SINGLE_COPY_BYTES = 5 * 1024**3
MAX_DELETE = 1_000


def copy_version(s3: S3Client, file: FileVersion, size: int, bucket: str, key: str) -> None:
    """Copy exactly this version to `key`, inside S3.

    Raises:
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    source: CopySourceTypeDef = {"Bucket": file.bucket, "Key": file.key, "VersionId": file.version_id}
    with _our_errors(file):
        if size <= MAX_SINGLE_COPY_BYTES:
            s3.copy_object(Bucket=bucket, Key=key, CopySource=source)
        else:
            s3.copy(source, bucket, key)


def put(s3: S3Client, bucket: str, key: str, body: bytes, content_type: str) -> None:
    """Write an object.

    Raises:
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    with _our_errors(FileVersion(bucket, key, "new")):
        s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)


def delete(s3: S3Client, bucket: str, keys: Iterable[str]) -> None:
    """Delete what a load staged. What is left after a failure, the bucket's lifecycle rule removes."""
    names = list(keys)
    for start in range(0, len(names), MAX_DELETE):
        chunk = names[start : start + MAX_DELETE]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in chunk], "Quiet": True})


def manifest(uri: str, size: int) -> bytes:
    """List one object for COPY, which needs its exact length for parquet.

    https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html

    >>> manifest("s3://b/staging/1/2.parquet", 12)
    b'{"entries": [{"url": "s3://b/staging/1/2.parquet", "mandatory": true, "meta": {"content_length": 12}}]}'
    """
    return json.dumps({"entries": [{"url": uri, "mandatory": True, "meta": {"content_length": size}}]}).encode()


@contextmanager
def _our_errors(file: FileVersion) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise s3_error(error, file) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not answer for {file.uri}: {error}") from error
