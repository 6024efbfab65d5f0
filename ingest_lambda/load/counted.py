"""LAND: snapshots that are complete when so many files have been stored (docs/decisions/0010).

In: files that have arrived, whether they will land or be rejected. Out: the snapshots that they are part of, in
`ops.snapshot_files`, before any of them is in the ledger. The list of one is made from S3, from what was stored until
the last of its files was, and so is the same for whichever of them it is made: in whatever order they land, the list is
there before the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.bucket.versions import list_settled
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.snapshots import End, Parts, counted, parts_of
from ingest_lambda.load.markers import is_data
from ingest_lambda.warehouse import snapshot_files
from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.snapshot_files import SnapshotFiles

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LISTED_AT_ONCE = 16


@dataclass(frozen=True)
class Counted:
    """Lists the snapshots of datasets whose files are counted."""

    s3: S3Client
    warehouse: Warehouse
    contracts: Mapping[str, Contract]
    rules: Rules

    def record_snapshots(self, dataset: str, files: Sequence[FileVersion]) -> None:
        """Write down which files make a snapshot with one of `files`, where all of them have been stored.

        Raises:
            TransientError, ConfigError: S3 or the warehouse does not answer, or denies access; it can be done again.
        """
        contract = self.contracts.get(dataset)
        if contract is None or contract.snapshot is None or contract.snapshot.end is not End.COUNT:
            return
        places = {(file.bucket, parts) for file in files if (parts := parts_of(file.key, contract.snapshot))}
        with ThreadPoolExecutor(LISTED_AT_ONCE) as pool:
            found = pool.map(lambda place: self._whole(dataset, *place), places)
            whole = {listed.end.file_id: listed for listed in found if listed}
        ids = {file.file_id for file in files}
        mine = {end: listed for end, listed in whole.items() if not ids.isdisjoint(listed.file_ids)}
        if not mine:
            return
        known = {
            str(row["end_file_id"]): int(row["files"])
            for sql in snapshot_files.select_listed(dataset, list(mine))
            for row in self.warehouse.query(sql)
        }
        new = [listed for end, listed in mine.items() if known.get(end) != len(listed.file_ids)]
        for statements in snapshot_files.insert_lists(dataset, new):
            self.warehouse.transaction(statements)

    def _whole(self, dataset: str, bucket: str, parts: Parts) -> SnapshotFiles | None:
        versions = list_settled(self.s3, bucket, parts.prefix)
        found = counted([each for each in versions if is_data(each.file.key, dataset, self.rules)], parts)
        return found and SnapshotFiles(found[0].file, found[0].stored_at, found[1])
