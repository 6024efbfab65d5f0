"""LAND: the marker that ends a snapshot (docs/decisions/0010).

In: a marker that has arrived. Out: the files that its folder held when it was stored, listed in `ops.snapshot_files`;
then the marker itself in the ledger, as a file of no rows: what is entered last makes the list count. Whenever it is
done, however late or often, the list is the same: S3 says what the folder held *then*.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.routing import Route, Rules, route
from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import FileGoneError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.warehouse import ddl, ledger, snapshot_files
from ingest_lambda.warehouse.client import Warehouse, retry_conflicts
from ingest_lambda.warehouse.statements import MAX_STATEMENTS, advance_counter, lock_dataset

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class Markers:
    """Lands markers."""

    s3: S3Client
    warehouse: Warehouse
    rules: Rules

    def land(self, dataset: str, marker: FileVersion) -> FileOutcome:
        """Land a marker, once.

        Raises:
            TransientError, ConfigError: S3 or the warehouse does not answer, or denies access; it can be done again.
        """
        try:
            stored_at, members = folder_as_of(self.s3, marker, dataset, self.rules)
        except FileGoneError as error:
            return FileOutcome(marker, Status.GONE, dataset, str(error))
        if not self.warehouse.query(ddl.select_columns(dataset)):
            self.warehouse.transaction(ledger.create_statements(dataset, ()))
        lists = list(snapshot_files.insert_files(dataset, marker, stored_at, [file.file_id for file in members]))
        for start in range(0, len(lists), MAX_STATEMENTS):
            self.warehouse.transaction(lists[start : start + MAX_STATEMENTS])
        load_id = uuid.uuid4().hex
        run = [
            lock_dataset(dataset),
            advance_counter(dataset),
            snapshot_files.insert_end(dataset, marker, load_id),
            snapshot_files.select_end(dataset, marker),
        ]
        [said] = retry_conflicts(lambda: self.warehouse.transaction(run)).rows(len(run) - 1)
        landed = said["load_id"] == load_id
        return FileOutcome(
            marker,
            Status.LANDED if landed else Status.DUPLICATE,
            dataset,
            reason=None if landed else ("undone" if said["undone_at"] else "already landed"),
            rows=0,
            size=marker.size,
            load_id=said["load_id"],
            load_seq=int(said["load_seq"]),
            load_path=snapshot_files.MARKER,
        )


def folder_as_of(s3: S3Client, marker: FileVersion, dataset: str, rules: Rules) -> tuple[datetime, list[FileVersion]]:
    """Return when a marker was stored, and what its folder held then: the marker, and the dataset's files.

    Of each key the newest version that is no newer than the marker; none of those that were deleted by then.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html: newest first.

    Raises:
        FileGoneError: that version of the marker exists no more.
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    every = list(_versions(s3, marker))
    stored_at = next(
        (each["LastModified"] for each in every if (each["Key"], each["VersionId"]) == (marker.key, marker.version_id)),
        None,
    )
    if stored_at is None:
        raise FileGoneError(f"{marker.uri} has no version {marker.version_id}")
    then: dict[str, Mapping[str, Any]] = {}
    for each in sorted(
        every, key=lambda each: each["LastModified"], reverse=True
    ):  # stable: newest first within a second
        if each["LastModified"] <= stored_at:
            then.setdefault(each["Key"], each)
    files = [FileVersion(marker.bucket, key, each["VersionId"]) for key, each in then.items() if "ETag" in each]
    return stored_at, [marker, *(file for file in files if _is_data(file.key, dataset, rules))]


def _is_data(key: str, dataset: str, rules: Rules) -> bool:
    routed = route(key, rules)
    return isinstance(routed, Route) and routed.dataset == dataset and not routed.is_marker


def _versions(s3: S3Client, marker: FileVersion) -> Iterator[Mapping[str, Any]]:
    """List the versions below a marker's folder, deletions among them (they have no ETag)."""
    prefix = marker.key.rpartition("/")[0] + "/"
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=marker.bucket, Prefix=prefix):
            entries: Sequence[Mapping[str, Any]] = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            yield from entries
    except ClientError as error:
        raise s3_error(error, marker) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not list {marker.bucket}/{prefix}: {error}") from error
