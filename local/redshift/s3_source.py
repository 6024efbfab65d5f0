"""The objects that a COPY names.

In: a CopyStatement and an S3 client that acts as the COPY's role. Out: SourceFiles, or Redshift's words for what is
missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from local.redshift.copy_statement import CopyStatement
from local.redshift.errors import LoadFault, RedshiftError
from local.redshift.s3_clients import CODE_S3, LOCATION, region_of, s3_fault
from local.redshift.stop import Stop

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

READERS = 8  # requests of one COPY at a time; boto3's client keeps 10 connections
_MISSING = {"404", "NoSuchKey", "NotFound", "NoSuchBucket"}


@dataclass(frozen=True)
class SourceFile:
    """An object to load; `size` is its length in bytes as S3 tells it."""

    bucket: str
    key: str
    size: int

    @property
    def url(self) -> str:
        """The object's s3:// address."""
        return f"s3://{self.bucket}/{self.key}"


def find_files(client: S3Client, statement: CopyStatement, stop: Stop) -> list[SourceFile]:
    """List the objects of a COPY: those of its manifest, or those under its key prefix.

    Names that start with `_`, `.` or `#`, or end with `~`, are unseen.

    Raises:
        RedshiftError: nothing there, the manifest is wrong, or a bucket is in another Region.
    """
    try:
        if statement.manifest:
            found = _manifest_files(client, statement, stop)
        else:
            found = list(_prefix_files(client, statement, stop))
        if not found and not statement.manifest:
            raise _missing(statement.key, "")
        for bucket in {file.bucket for file in found}:
            refuse_other_region(client, bucket)
    except (BotoCoreError, ClientError) as error:
        raise s3_fault(str(error)) from error
    return found


def refuse_other_region(client: S3Client, bucket: str, named: str | None = None) -> None:
    """Hold COPY of columnar files to buckets in the warehouse's own Region; REGION does not help them.

    UNLOAD writes to a bucket of the Region that it names (https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html).

    Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
    """
    region = region_of(bucket)
    if region != (named or client.meta.region_name):
        raise s3_fault(f"The S3 bucket '{bucket}' is in '{region}',Status 301,Error PermanentRedirect")


def visible(key: str) -> bool:
    """Tell whether Spectrum, which reads columnar files for COPY, sees a file of this name.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html
    """
    name = key.rpartition("/")[2]
    return not name.startswith(("_", ".", "#")) and not name.endswith("~")


def _prefix_files(client: S3Client, statement: CopyStatement, stop: Stop) -> Iterator[SourceFile]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=statement.bucket, Prefix=statement.key)
    for page in pages:
        stop.hold()
        for entry in page.get("Contents", []):
            # An empty object holds no rows: AWS's own SDK for pandas has its tests load prefixes that hold such.
            if (statement.text or (visible(entry["Key"]) and entry["Size"])) and not entry["Key"].endswith("/"):
                yield SourceFile(statement.bucket, entry["Key"], entry["Size"])


def _manifest_files(client: S3Client, statement: CopyStatement, stop: Stop) -> list[SourceFile]:
    try:
        body = client.get_object(Bucket=statement.bucket, Key=statement.key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        text = f"S3ServiceException:The specified key does not exist.,Status 404,Key {statement.key}"
        raise LoadFault(f"Problem reading manifest file - {text}", CODE_S3, "").to_error() from error
    try:
        entries = [(entry["url"], entry) for entry in json.loads(body)["entries"]]
    except (ValueError, KeyError, TypeError) as error:
        raise LoadFault("Manifest file is not in correct json format", CODE_S3, statement.source).to_error() from error
    is_columnar = statement.text is None

    def found(entry: tuple[str, dict[str, Any]]) -> SourceFile | None:
        stop.hold()
        return _manifest_file(client, *entry, is_columnar=is_columnar)

    with ThreadPoolExecutor(READERS) as pool:
        try:
            files = list(pool.map(found, entries))
        finally:
            pool.shutdown(cancel_futures=True)  # the first error ends the COPY
    return [file for file in files if file is not None]


def _manifest_file(client: S3Client, url: str, entry: dict[str, Any], *, is_columnar: bool) -> SourceFile | None:
    """Check one manifest entry against S3; None for an object that is missing and not mandatory, or unseen.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
    """
    meta = entry.get("meta")
    length = meta.get("content_length") if isinstance(meta, dict) else None
    if length is None and is_columnar:
        text = "COPY with MANIFEST parameter requires full path of an S3 object and meta.content_length."
        raise LoadFault(text, 15003, f"File has no content_length in meta: {url}").to_error()
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        if not entry.get("mandatory", False):
            return None
        raise _missing(key, f"Mandatory url: {url}") from error
    if is_columnar and size != length:
        text = f"HTTP response error code: 416 Message: InvalidRange content_length {length}, object {size}: {url}"
        raise LoadFault("S3 Query Exception (Fetch)", 15001, text).to_error()
    return SourceFile(bucket, key, size) if visible(key) or not is_columnar else None


def _missing(key: str, context: str) -> RedshiftError:
    return LoadFault(f"The specified S3 prefix '{key}' does not exist", CODE_S3, context, LOCATION).to_error()


def read_text(client: S3Client, url: str) -> str:
    """Return a small object's text.

    Raises:
        RedshiftError: S3 does not give it.
    """
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read().decode(errors="replace")
    except (BotoCoreError, ClientError) as error:
        raise s3_fault(f"{error}: {url}") from error
