"""LAND: the object that ends a snapshot, a marker or a manifest (docs/decisions/0010).

In: one that has arrived. Out: the files that its folder held when it was stored, or that it lists, in
`ops.snapshot_files`; then the object itself in the ledger, as a file of no rows: what is entered last makes the list
count. However late it is done, the list is the same, since S3 says what there was *then*; but for a long upload, which
S3 dates by its beginning. So it is made once.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.routing import Route, Rules, route
from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.bucket.versions import Version, list_settled, newest_of_each
from ingest_lambda.errors import FileGoneError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.snapshots import End
from ingest_lambda.load.outcomes import FileOutcome, Status, rejection_outcome
from ingest_lambda.read.manifests import MAX_BYTES, Entry, parse_manifest, unreadable
from ingest_lambda.warehouse import ddl, ledger, snapshot_files
from ingest_lambda.warehouse.client import Row, retry_conflicts
from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.snapshot_files import SnapshotFiles
from ingest_lambda.warehouse.statements import advance_counter, lock_dataset

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAMED = 3
PATIENCE = timedelta(days=1)  # with a manifest whose files are not there


@dataclass(frozen=True)
class Markers:
    """Lands markers and manifests."""

    s3: S3Client
    warehouse: Warehouse
    contracts: Mapping[str, Contract]
    rules: Rules

    def land(self, dataset: str, marker: FileVersion) -> FileOutcome:
        """Land a marker, or a manifest, once.

        Raises:
            TransientError, ConfigError: S3 or the warehouse does not answer, or denies access, or an object that a
                manifest lists is not there yet; it can be done again.
        """
        if not self.warehouse.query(ddl.select_columns(dataset)):
            columns = self.contracts.get(dataset, Contract()).landing_columns
            self.warehouse.transaction(ledger.create_statements(dataset, columns))
        known = self.warehouse.query(snapshot_files.select_end(dataset, marker))
        if known:  # its list stands: what S3 says by now may be more, since it dates a long upload by its beginning
            return self._outcome(dataset, marker, known[0])
        try:
            listed = self._listed(dataset, marker)
        except FileGoneError as error:
            return FileOutcome(marker, Status.GONE, dataset, str(error))
        except RejectedFileError as error:
            return rejection_outcome(marker, dataset, error)
        for statements in snapshot_files.insert_lists(dataset, [listed]):
            self.warehouse.transaction(statements)
        load_id = uuid.uuid4().hex
        run = [
            lock_dataset(dataset),
            advance_counter(dataset),
            snapshot_files.insert_end(dataset, marker, load_id),
            snapshot_files.select_end(dataset, marker),
        ]
        [said] = retry_conflicts(lambda: self.warehouse.transaction(run)).rows(len(run) - 1)
        return self._outcome(dataset, marker, said, load_id)

    def _outcome(self, dataset: str, marker: FileVersion, said: Row, load_id: str | None = None) -> FileOutcome:
        """Say what the ledger says of a marker; `load_id` is the load that was to enter it."""
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

    def _listed(self, dataset: str, marker: FileVersion) -> SnapshotFiles:
        snapshot = self.contracts[dataset].snapshot
        if snapshot is not None and snapshot.end is End.MANIFEST:
            return files_of_manifest(self.s3, marker, dataset, self.rules)
        return folder_as_of(self.s3, marker, dataset, self.rules)


def folder_as_of(s3: S3Client, marker: FileVersion, dataset: str, rules: Rules) -> SnapshotFiles:
    """Say what a marker's folder held when it was stored: the dataset's files, and the marker itself.

    Of each key the newest version that is no newer than the marker; none of those that were deleted by then.

    Raises:
        FileGoneError: that version of the marker exists no more.
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    every = list_settled(s3, marker.bucket, marker.key.rpartition("/")[0] + "/")
    end = _own(every, marker)
    then = newest_of_each(version for version in every if version.stored_at <= end.stored_at)
    return SnapshotFiles(end.file, end.stored_at, [file for file in then if is_data(file.key, dataset, rules)])


def files_of_manifest(s3: S3Client, manifest: FileVersion, dataset: str, rules: Rules) -> SnapshotFiles:
    """Say which file versions a manifest lists, and the manifest itself.

    Of each object the newest version that is no newer than the manifest, where that has the size which the manifest
    says, and else the first one after it: a manifest may be stored before its files.

    Raises:
        RejectedFileError: it is no manifest, or lists an object that is no file of the dataset, or one that does not
            come within PATIENCE.
        FileGoneError: that version of the manifest exists no more.
        TransientError: an object that it lists is not there yet, or S3 does not answer.
        ConfigError: S3 denies access.
    """
    entries = parse_manifest(_read(s3, manifest), manifest.bucket)
    for entry in entries:
        if not is_data(entry.key, dataset, rules):
            raise unreadable(f"it lists {entry.key!r}", expected=f"a file that lands in {dataset}")
    end = _own(list_settled(s3, manifest.bucket, manifest.key), manifest)
    every: dict[str, list[Version]] = {}
    prefix = os.path.commonprefix([entry.key for entry in entries])  # noqa: RUF071 - S3's prefixes are letters, no folders
    for version in list_settled(s3, manifest.bucket, prefix) if entries else ():
        every.setdefault(version.file.key, []).append(version)
    found = [(entry, _meant(entry, every.get(entry.key, []), end)) for entry in entries]
    if absent := [entry.key for entry, file in found if file is None]:
        named = ", ".join(absent[:NAMED]) + (" ..." if len(absent) > NAMED else "")
        detail = f"{len(absent)} of {len(entries)} files are not there, or not of the size that it says: {named}"
        if datetime.now(UTC) - end.stored_at > PATIENCE:
            raise unreadable(detail, expected="files that are stored within a day of their manifest")
        raise TransientError(detail)
    return SnapshotFiles(end.file, end.stored_at, [file for _, file in found if file])


def is_data(key: str, dataset: str, rules: Rules) -> bool:
    """Tell whether an object lands as a file of rows of the dataset."""
    routed = route(key, rules)
    return isinstance(routed, Route) and routed.dataset == dataset and not routed.is_marker


def _meant(entry: Entry, versions: Sequence[Version], end: Version) -> FileVersion | None:
    """Choose the version that a manifest means, of the object's, oldest first."""
    before = [version for version in versions if version.stored_at <= end.stored_at]
    after = [version for version in versions if version.stored_at > end.stored_at]
    for version in (*before[-1:], *after):
        if not version.is_deletion and entry.size in (None, version.file.size):
            return version.file
    return None


def _own(versions: Sequence[Version], marker: FileVersion) -> Version:
    for version in versions:
        if version.file.file_id == marker.file_id and not version.is_deletion:
            return version
    raise FileGoneError(f"{marker.uri} has no version {marker.version_id}")


def _read(s3: S3Client, manifest: FileVersion) -> bytes:
    try:
        stored = s3.get_object(Bucket=manifest.bucket, Key=manifest.key, VersionId=manifest.version_id)
        if stored["ContentLength"] > MAX_BYTES:
            raise unreadable(f"it has {stored['ContentLength']} bytes", expected=f"at most {MAX_BYTES}")
        return stored["Body"].read()
    except ClientError as error:
        raise s3_error(error, manifest) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not answer for {manifest.uri}: {error}") from error
