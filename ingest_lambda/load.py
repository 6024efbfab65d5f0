"""LAND: the load. Stage first, then lock briefly.

In: readable files of one dataset. Out: one outcome a file. What is staged is seen by nobody and locks nothing; then
one transaction takes the dataset's mutex, counts itself, adds columns, inserts the rows of the files that the ledger
does not hold, and enters them in the ledger. Rows and ledger commit together or not at all, so redelivered,
concurrent and late events are no-ops, and a statement that outlives its function is harmless.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda import ledger, objects, statements
from ingest_lambda.catalog import Catalog
from ingest_lambda.contracts import Contract
from ingest_lambda.errors import (
    CatalogChangedError,
    FileGoneError,
    RejectedFileError,
    StagedDataError,
    TransientError,
)
from ingest_lambda.events import FileVersion
from ingest_lambda.footer import Inspected
from ingest_lambda.outcomes import FileOutcome, Status
from ingest_lambda.plan import Plan, PlannedFile, plan_load
from ingest_lambda.schema import fingerprint
from ingest_lambda.verdict import Reason, verdict_of
from ingest_lambda.warehouse import Row, Session, Warehouse, retry_conflicts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PLAN_ATTEMPTS = 3

_FIRST_FILE_STATEMENT = 2  # after the file stage's own create and copy
_STATEMENTS_PER_FILE = 2


@dataclass(frozen=True)
class Place:
    """Where staged objects go, and the role that COPY reads them with."""

    bucket: str
    copy_role_arn: str


class Loader:
    """Lands files of one dataset at a time. Kept while the function is warm, for its catalog and its session."""

    def __init__(
        self,
        s3: S3Client,
        warehouse: Warehouse,
        place: Place,
        contracts: Mapping[str, Contract],
    ) -> None:
        self._s3 = s3
        self._warehouse = warehouse
        self._place = place
        self._contracts = contracts
        self._catalog = Catalog(warehouse)

    def land(self, dataset: str, files: Sequence[Inspected]) -> list[FileOutcome]:
        """Land `files`, each a different version.

        Raises:
            TransientError: the load may be tried again, whole; nothing of it can be half there.
            ConfigError: a right or a resource is missing.
        """
        for _ in range(PLAN_ATTEMPTS - 1):
            try:
                return self._land(dataset, files)
            except CatalogChangedError:
                self._catalog.forget(dataset)
        return self._land(dataset, files)

    def _land(self, dataset: str, files: Sequence[Inspected]) -> list[FileOutcome]:
        plan = self._plan(dataset, files)
        if not plan.fits_one_transaction:
            half = len(files) // 2
            return self.land(dataset, files[:half]) + self.land(dataset, files[half:])
        rejected = [rejection_outcome(entry.inspected.file, dataset, entry.error) for entry in plan.rejections]
        if not plan.files:
            return rejected
        outcomes = _Load(self._s3, self._warehouse, self._place, plan).run()
        if plan.creates_table or plan.new_columns:
            self._catalog.forget(dataset)
        return rejected + outcomes

    def _plan(self, dataset: str, files: Sequence[Inspected]) -> Plan:
        contract = self._contracts.get(dataset, Contract())
        remembered = self._catalog.remembers(dataset)
        landing = self._catalog.columns(dataset)
        plan = plan_load(dataset, files, landing, contract)
        if plan.rejections and remembered:  # perhaps for columns that are no longer so
            self._catalog.forget(dataset)
            return plan_load(dataset, files, self._catalog.columns(dataset), contract)
        return plan


class _Load:
    """One load: its objects under `staging/<load_id>/`, its temporary tables, its transaction."""

    def __init__(self, s3: S3Client, warehouse: Warehouse, place: Place, plan: Plan) -> None:
        self._s3 = s3
        self._warehouse = warehouse
        self._place = place
        self._plan = plan
        self._load_id = uuid.uuid4().hex
        self._files_table = f"files_{self._load_id}"
        self._staged: list[objects.Stored] = []
        self._outcomes: list[FileOutcome] = []

    def run(self) -> list[FileOutcome]:
        try:
            files = self._copy_objects()
            with self._warehouse.session() as session:
                files = self._stage(session, files)
                if files:
                    self._commit(session, files)
            return self._outcomes
        finally:
            self._clean_up()

    def _copy_objects(self) -> list[PlannedFile]:
        """Copy the exact versions, since COPY cannot name a version, and write the batch's ledger file."""
        present = [file for file in self._plan.files if self._copy_object(file)]
        if present:
            self._put_for_copy("ledger", ledger.ledger_file([_ledger_entry(file) for file in present]))
        return present

    def _copy_object(self, planned: PlannedFile) -> bool:
        inspected = planned.inspected
        key = self._key(inspected.file.file_id, "parquet")
        try:
            stored = objects.copy_version(self._s3, inspected.file, inspected.size, self._place.bucket, key)
            self._staged.append(stored)
        except FileGoneError as error:
            self._outcomes.append(FileOutcome(inspected.file, Status.GONE, self._plan.dataset, str(error)))
            return False
        self._put_manifest(inspected.file.file_id, key, inspected.size)
        return True

    def _put_for_copy(self, name: str, data: bytes) -> None:
        key = self._key(name, "parquet")
        self._staged.append(objects.put(self._s3, self._place.bucket, key, data, "application/vnd.apache.parquet"))
        self._put_manifest(name, key, len(data))

    def _put_manifest(self, name: str, key: str, size: int) -> None:
        manifest = objects.manifest(f"s3://{self._place.bucket}/{key}", size)
        key = self._key(name, "manifest")
        self._staged.append(objects.put(self._s3, self._place.bucket, key, manifest, "application/json"))

    def _stage(self, session: Session, files: list[PlannedFile]) -> list[PlannedFile]:
        """Copy every file into a stage of its own, leaving out those that COPY cannot read."""
        while files:
            try:
                staged = session.transaction(self._staging_statements(files))
                counts = staged.rows(len(files) * _STATEMENTS_PER_FILE + _FIRST_FILE_STATEMENT)
                return self._with_true_counts(
                    files, {int(row["stage_number"]): int(row["row_count"]) for row in counts}
                )
            except StagedDataError as error:
                position = (error.index - _FIRST_FILE_STATEMENT) // _STATEMENTS_PER_FILE
                if not 0 <= position < len(files):
                    raise TransientError(f"load {self._load_id}: {error}") from error
                self._reject(files[position], _copy_rejection(error))
                files = files[:position] + files[position + 1 :]
        return files

    def _staging_statements(self, files: Sequence[PlannedFile]) -> list[str]:
        run = [statements.create_file_stage(self._files_table), self._copy(self._files_table, "ledger")]
        for file in files:
            run += [
                statements.create_stage(self._stage_of(file), file.stage_types),
                self._copy(self._stage_of(file), file.inspected.file.file_id),
            ]
        return [*run, statements.count_staged([self._stage_of(file) for file in files])]

    def _copy(self, stage: str, name: str) -> str:
        uri = f"s3://{self._place.bucket}/{self._key(name, 'manifest')}"
        return statements.copy_parquet(stage, uri, self._place.copy_role_arn)

    def _with_true_counts(self, files: Sequence[PlannedFile], counts: Mapping[int, int]) -> list[PlannedFile]:
        """Keep the files of which as many rows arrived as their footers promise."""
        kept: list[PlannedFile] = []
        for position, file in enumerate(files):
            expected = file.inspected.footer.row_count
            if counts[position] == expected:
                kept.append(file)
                continue
            self._reject(
                file,
                RejectedFileError(
                    Reason.ROW_COUNT_MISMATCH,
                    "the footer promises another number of rows than the data holds",
                    found=f"{counts[position]} rows",
                    expected=f"{expected} rows",
                ),
            )
        return kept

    def _commit(self, session: Session, files: Sequence[PlannedFile]) -> None:
        run = self._transaction_statements(files)
        committed = retry_conflicts(lambda: session.transaction(run))
        # Before the last statement, which drops the stages, stands the one that reads what the ledger says.
        said = {row["file_id"]: row for row in committed.rows(len(run) - 2)}
        self._outcomes += [self._outcome(file, said[file.inspected.file.file_id]) for file in files]

    def _transaction_statements(self, files: Sequence[PlannedFile]) -> list[str]:
        dataset, load_id, table = self._plan.dataset, self._load_id, self._files_table
        staged = [
            statements.StagedFile(self._stage_of(file), file.inspected.file.file_id, file.columns) for file in files
        ]
        return [
            *self._schema_statements(files),
            statements.advance_counter(dataset),
            *(statements.insert_rows(dataset, load_id, table, file) for file in staged),
            statements.insert_ledger(dataset, load_id, table, [file.file_id for file in staged]),
            statements.select_outcomes(dataset, table),
            statements.drop_stages([table, *(file.stage for file in staged)]),
        ]

    def _schema_statements(self, files: Sequence[PlannedFile]) -> list[str]:
        """Take the mutex, and give landing the columns that the files need.

        A dataset's first load creates its tables. Where another load has just done so, this one fails, and is planned
        again for the columns that are there now: to insert into columns of unexpected types could change values.
        """
        dataset, added = self._plan.dataset, self._plan.added_by(files)
        if self._plan.creates_table:
            columns = (*self._plan.columns, *added)
            return [*ledger.create_statements(dataset, columns, if_missing=False), statements.lock_dataset(dataset)]
        return [statements.lock_dataset(dataset), *(statements.add_column(dataset, column) for column in added)]

    def _outcome(self, planned: PlannedFile, said: Row) -> FileOutcome:
        landed = said["load_id"] == self._load_id
        return FileOutcome(
            planned.inspected.file,
            Status.LANDED if landed else Status.DUPLICATE,
            self._plan.dataset,
            reason=None if landed else ("undone" if said["undone_at"] else "already landed"),
            rows=int(said["row_count"]) if landed else 0,
            size=planned.inspected.size,
            load_id=said["load_id"],
            load_seq=int(said["load_seq"]),
            load_path=planned.path,
        )

    def _reject(self, planned: PlannedFile, error: RejectedFileError) -> None:
        self._outcomes.append(rejection_outcome(planned.inspected.file, self._plan.dataset, error))

    def _stage_of(self, planned: PlannedFile) -> str:
        return f"stage_{self._load_id}_{planned.inspected.file.file_id[:16]}"

    def _key(self, name: str, extension: str) -> str:
        return f"staging/{self._load_id}/{name}.{extension}"

    def _clean_up(self) -> None:
        """Remove the staged objects; what cannot be removed now, the bucket's lifecycle rule removes."""
        try:
            objects.delete(self._s3, self._place.bucket, self._staged)
        except (ClientError, BotoCoreError):
            return


def rejection_outcome(file: FileVersion, dataset: str, error: RejectedFileError) -> FileOutcome:
    """Turn a rejection into the file's outcome, verdict included."""
    return FileOutcome(
        file,
        Status.REJECTED,
        dataset,
        reason=error.reason,
        size=file.size,
        verdict=verdict_of(error, file, dataset),
    )


def _copy_rejection(error: StagedDataError) -> RejectedFileError:
    reason = Reason.OVERSIZE_VALUE if error.oversize else Reason.UNREADABLE_DATA
    return RejectedFileError(reason, f"Redshift's COPY says: {' '.join(error.text.split())}")


def _ledger_entry(planned: PlannedFile) -> ledger.LedgerEntry:
    inspected = planned.inspected
    return ledger.LedgerEntry(
        file=inspected.file,
        etag=inspected.etag,
        size=inspected.size,
        modified_at=inspected.modified_at,
        row_count=inspected.footer.row_count,
        schema_fingerprint=fingerprint(inspected.footer.columns),
        load_path=planned.path,
    )
