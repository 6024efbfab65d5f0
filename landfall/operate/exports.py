"""OPERATE, unload: what stands under `exports/`, a folder an attempt.

In: a model's name. Out: which folders are complete, and what is taken away. An attempt's name sorts as attempts began.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.bucket.objects import Stored, delete
from ingest_lambda.errors import TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EXPORTS = "exports"
# Whoever queries a folder passes over names that begin with `_`:
# https://docs.aws.amazon.com/athena/latest/ug/tables-location-format.html
SUCCESS, MANIFEST = "_SUCCESS", "_manifest"
UNLOADED_MANIFEST = "manifest"  # as UNLOAD calls it
LONGEST = timedelta(hours=24)  # that the Data API lets a statement run: until then an attempt may be under way


def new_folder(model: str, began: datetime | None = None) -> str:
    """Name the folder of an attempt."""
    began = began or datetime.now(UTC)
    return f"{EXPORTS}/{model}/{began.strftime('%Y%m%dT%H%M%S%f')}Z-{uuid.uuid4().hex[:8]}/"


def verified(s3: S3Client, bucket: str, folder: str) -> list[dict[str, Any]]:
    """Read the entries of the manifest, and hold the folder to it: a query of the folder reads whatever lies there.

    Raises:
        TransientError: the folder holds other files than the manifest lists.
    """
    own = f"{folder}{UNLOADED_MANIFEST}"
    entries: list[dict[str, Any]] = []  # of no rows UNLOAD may write nothing at all
    if _exists(s3, bucket, own):
        entries = json.loads(s3.get_object(Bucket=bucket, Key=own)["Body"].read())["entries"]
    listed = {str(entry["url"]): int(entry["meta"]["content_length"]) for entry in entries}
    found = {f"s3://{bucket}/{key}": size for key, size in _objects(s3, bucket, folder) if key != own}
    if listed != found:
        strange = min(listed.items() ^ found.items())[0]
        raise TransientError(f"UNLOAD's manifest and its folder differ ({strange}), so that the export is not complete")
    return entries


def complete(s3: S3Client, bucket: str, folder: str, found: Mapping[str, Any]) -> None:
    """Hide the manifest, which no query may take for data; then, last of all, say that the export is complete."""
    own = f"{folder}{UNLOADED_MANIFEST}"
    if _exists(s3, bucket, own):
        s3.copy_object(Bucket=bucket, Key=f"{folder}{MANIFEST}", CopySource={"Bucket": bucket, "Key": own})
        s3.delete_object(Bucket=bucket, Key=own)
    body = json.dumps({**found, "exported_at": datetime.now(UTC).isoformat(timespec="seconds")}, indent=2)
    s3.put_object(Bucket=bucket, Key=f"{folder}{SUCCESS}", Body=body.encode(), ContentType="application/json")


def folders(s3: S3Client, bucket: str, model: str) -> tuple[list[str], list[str]]:
    """List the folders of a model's exports, the oldest first: those that are complete, and the others."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{EXPORTS}/{model}/", Delimiter="/")
    found = sorted(str(each["Prefix"]) for page in pages for each in page.get("CommonPrefixes", []))
    done = [folder for folder in found if _exists(s3, bucket, f"{folder}{SUCCESS}")]
    return done, [folder for folder in found if folder not in done]


def tidy(s3: S3Client, bucket: str, model: str, keep: int, spared: Collection[str] = ()) -> list[str]:
    """Take away complete exports but the newest, and attempts that cannot be under way any more; return their folders.

    A model that is exported again and again so needs no more room than `keep` exports (1 or more), and what a kill
    left goes too. `spared`: folders that stay in any case, since the catalog points there, or somebody was just told.
    """
    done, unfinished = folders(s3, bucket, model)
    latest = new_folder(model, datetime.now(UTC) - LONGEST)
    old = sorted({*done[:-keep], *(folder for folder in unfinished if folder < latest)} - set(spared))
    for folder in old:
        remove(s3, bucket, folder)
    return old


def remove(s3: S3Client, bucket: str, folder: str) -> None:
    """Take a folder away, its mark first: what is half gone is not complete."""
    delete(s3, bucket, [Stored(f"{folder}{SUCCESS}", None)])
    delete(s3, bucket, [Stored(key, None) for key, _ in _objects(s3, bucket, folder)])


def _exists(s3: S3Client, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            return False
        raise
    return True


def _objects(s3: S3Client, bucket: str, folder: str) -> Iterator[tuple[str, int]]:
    """Yield the key and the size in bytes of every object in a folder."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    for page in pages:
        for each in page.get("Contents", []):
            yield each["Key"], each["Size"]
