"""The objects that a COPY names, brought from S3 into temporary files.

In: a CopyStatement and an S3 client that acts as the COPY's role. Out: SourceFiles, or Redshift's words for what is missing.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from local.redshift.copy_statement import CopyStatement
from local.redshift.errors import LoadFault, RedshiftError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

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


def client_for_role(role: str) -> S3Client:
    """Return an S3 client with the credentials of `role`, as Redshift assumes it for a COPY.

    Raises:
        RedshiftError: the role cannot be assumed, or S3 and STS cannot be reached.
    """
    session = boto3.session.Session(region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))
    try:
        answer = session.client("sts").assume_role(RoleArn=role, RoleSessionName="RedshiftCopy")
    except EndpointConnectionError as error:
        raise _s3_fault(f"S3 cannot be reached: {error}") from error
    except (BotoCoreError, ClientError) as error:
        raise RedshiftError(f"User is not authorized to assume IAM Role {role}", "XX000", str(error)) from error
    credentials = answer["Credentials"]
    return session.client(
        "s3",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def find_files(client: S3Client, statement: CopyStatement) -> list[SourceFile]:
    """List the objects of a COPY: those of its manifest, or those under its key prefix.

    Names that start with `_` or `.` are unseen.

    Raises:
        RedshiftError: nothing there, or the manifest is wrong.
    """
    try:
        if statement.manifest:
            return _manifest_files(client, statement)
        found = list(_prefix_files(client, statement))
    except (BotoCoreError, ClientError) as error:
        raise _s3_fault(str(error)) from error
    if not found:
        context = f"The specified S3 prefix '{statement.key}' does not exist"
        raise LoadFault(context, 8001, "", "s3_utility.cpp:582").to_error()
    return found


def _visible(key: str) -> bool:
    return not key.rpartition("/")[2].startswith(("_", "."))


def _prefix_files(client: S3Client, statement: CopyStatement) -> Iterator[SourceFile]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=statement.bucket, Prefix=statement.key)
    for page in pages:
        for entry in page.get("Contents", []):
            if _visible(entry["Key"]) and not entry["Key"].endswith("/"):
                yield SourceFile(statement.bucket, entry["Key"], entry["Size"])


def _manifest_files(client: S3Client, statement: CopyStatement) -> list[SourceFile]:
    try:
        body = client.get_object(Bucket=statement.bucket, Key=statement.key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        raise LoadFault(f"Problem reading manifest file - S3ServiceException:The specified key does not exist.,Status 404,Key {statement.key}", 8001, "", "s3_utility.cpp:299").to_error() from error
    try:
        entries = json.loads(body)["entries"]
        urls = [(entry["url"], entry) for entry in entries]
    except (ValueError, KeyError, TypeError) as error:
        raise LoadFault("Manifest file is not in correct json format", 8001, str(statement.source)).to_error() from error
    files = [_manifest_file(client, url, entry) for url, entry in urls]
    return [file for file in files if file is not None]


def _manifest_file(client: S3Client, url: str, entry: dict[str, Any]) -> SourceFile | None:
    """Check one manifest entry against S3; None for an object that is missing and not mandatory, or unseen."""
    length = entry.get("meta", {}).get("content_length") if isinstance(entry.get("meta"), dict) else None
    if length is None:
        # https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
        context = f"File has no content_length in meta: {url}"
        raise LoadFault("COPY with MANIFEST parameter requires full path of an S3 object and meta.content_length.", 15003, context).to_error()
    bucket, _, key = url.removeprefix("s3://").partition("/")
    try:
        size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in _MISSING:
            raise
        if not entry.get("mandatory", False):
            return None
        raise LoadFault(f"The specified S3 prefix '{key}' does not exist", 8001, f"Mandatory url: {url}", "s3_utility.cpp:582").to_error() from error
    if size != length:
        context = f"S3 error: Requested Range Not Satisfiable, HTTP status 416. content_length {length}, object {size}: {url}"
        raise LoadFault("Spectrum Scan Error", 15001, context).to_error()
    return SourceFile(bucket, key, size) if _visible(key) else None


@contextmanager
def downloaded(client: S3Client, file: SourceFile, folder: Path) -> Iterator[Path]:
    """Hold the object's bytes in a temporary file for the length of a `with`.

    Raises:
        RedshiftError: S3 does not give the object.
    """
    handle, name = tempfile.mkstemp(dir=folder, suffix=".parquet")
    os.close(handle)
    path = Path(name)
    try:
        try:
            with path.open("wb") as output:
                client.download_fileobj(file.bucket, file.key, output)
        except (BotoCoreError, ClientError) as error:
            raise _s3_fault(f"{error}: {file.url}") from error
        yield path
    finally:
        path.unlink(missing_ok=True)


def _s3_fault(text: str) -> RedshiftError:
    return LoadFault(f"S3ServiceException:{text}", 8001, text, "s3_utility.cpp:582").to_error()
