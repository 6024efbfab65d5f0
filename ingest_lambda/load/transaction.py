"""LAND: one load. Stage first, then lock briefly.

In: a plan. Out: one outcome a file. What is staged is seen by nobody and locks nothing; then one transaction takes the
dataset's mutex, counts itself, changes landing's columns, inserts the rows of the files that the ledger does not hold,
and enters them in the ledger. Rows and ledger commit together or not at all, so redelivered, concurrent and late events
are no-ops, and a statement that outlives its function is harmless.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Set
from functools import partial
from typing import TYPE_CHECKING

from ingest_lambda.bucket.objects import Place
from ingest_lambda.errors import StagedDataError
from ingest_lambda.file_version import UNVERSIONED
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.plan import Plan, PlannedFile
from ingest_lambda.load.outcomes import AddedAhead, FileOutcome, Status, overwritten, rejection_outcome
from ingest_lambda.load.staging import Staged, Staging, numbered
from ingest_lambda.warehouse import copies, ddl, ledger, removals, snapshot_files, statements
from ingest_lambda.warehouse.client import Row, retry_conflicts
from ingest_lambda.warehouse.sessions import Session, Warehouse
from ingest_lambda.warehouse.statements import Column

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

COLUMNS_AHEAD = statements.MAX_STATEMENTS - 2  # in one transaction, beside the mutex and the record


class Load:
    """One load: its objects, its two temporary tables, its transaction."""

    def __init__(self, s3: S3Client, warehouse: Warehouse, place: Place, plan: Plan, contract: Contract) -> None:
        self._contract = contract
        self._warehouse = warehouse
        self._place = place
        self.plan = plan
        self._load_id = uuid.uuid4().hex
        self._staging = Staging(s3, place, self._load_id, warehouse.check_time)
        self._rows = plan.stage(f"rows_{self._load_id}")
        self._files = f"files_{self._load_id}"
        self._added: set[str] = set()

    def stage(self) -> Staged:
        """Write what COPY reads, as `Staging.stage`."""
        return self._staging.stage(self.plan)

    def clean_up(self) -> None:
        """Remove what was written."""
        self._staging.clean_up()

    def commit(self, staged: Staged) -> list[FileOutcome]:
        """Copy what is staged, and make it one transaction.

        Raises:
            StagedDataError: COPY cannot read it, or finds another number of rows.
            CatalogChangedError, TransientError, ConfigError: as the warehouse says; all of it can be done again.
        """
        files = {number: file for number, file in numbered(self.plan.files) if number in staged.rows}
        with self._warehouse.session() as session:
            self._copy(session, staged, files)
            self._add_ahead(session)
            run = self._transaction()
            committed = retry_conflicts(lambda: session.transaction(run))
            asked = run.index(self._select_outcomes())
            said = {int(row["file_number"]): row for row in committed.rows(asked)}
        outcomes = [self._outcome(file, said[number], staged.cut.get(number, ())) for number, file in files.items()]
        if any(outcome.status is Status.LANDED for outcome in outcomes):
            self._added.clear()  # those tell of them
        return outcomes

    def added_ahead(self) -> list[AddedAhead]:
        """Name the columns that landing has got for it, of which none of its outcomes tells."""
        changes = tuple(change for change in self.plan.column_changes if change.column in self._added)
        return [AddedAhead(self.plan.dataset, self._load_id, changes)] if changes else []

    def _copy(self, session: Session, staged: Staged, files: Mapping[int, PlannedFile]) -> None:
        role = self._place.copy_role_arn
        facts = self._staging.put_ledger(files, staged, self.plan)
        rows = staged.source
        run = [
            statements.create_file_stage(self._files, self.plan.path_types()),
            statements.copy_parquet(self._files, facts.uri, role),
            statements.create_stage(self._rows),
            *([statements.copy_parquet(self._rows.name, rows.uri, role, manifest=rows.manifest)] if rows else []),
            statements.select_miscounted(self._rows, self._files, self.plan.conditions()),
        ]
        miscounted = session.transaction(run).rows(len(run) - 1)
        if miscounted:
            promised, found = miscounted[0]["promised"], miscounted[0]["found"]
            raise StagedDataError(f"{promised} rows promised, {found} found that its path does not contradict")

    def _transaction(self) -> list[str]:
        dataset, (held, also_held) = self.plan.dataset, self.plan.only_if()
        if any(file.is_copy for file in self.plan.files):
            held = [*held, copies.as_planned(dataset, self._files)]
        return [
            *self._schema_statements(),
            statements.advance_counter(dataset, also_held),
            *self._skipped_copies(),
            statements.insert_rows(
                dataset,
                self._load_id,
                self._rows,
                self._files,
                self.plan.targets(),
                restores=self.plan.restores,
            ),
            *([snapshot_files.insert_staged(dataset, self._files)] if self._contract.lists_each_file else []),
            statements.insert_ledger(
                dataset,
                self._load_id,
                self._files,
                held,
                records_paths=self.plan.records_paths,
                records_clocks=self.plan.records_clocks,
            ),
            self._select_outcomes(),
            *([removals.restore(dataset, self._files)] if self.plan.restores else []),
            statements.drop_stages([self._rows.name, self._files]),
        ]

    def _select_outcomes(self) -> str:
        return statements.select_outcomes(self.plan.dataset, self._files, restores=self.plan.restores)

    def _skipped_copies(self) -> list[str]:
        if not self._contract.skips_copies:
            return []
        return copies.insert_copies(
            self.plan.dataset, self._load_id, self._files, records_paths=self.plan.records_paths
        )

    def _schema_statements(self) -> list[str]:
        """Take the mutex, and give landing the columns that the files need.

        A dataset's first load creates its tables. Where another load has just done so, this one fails, and so does one
        whose columns have other types by now: it is planned again for those that are there, since to insert into
        columns of unexpected types could change values.
        """
        dataset, plan = self.plan.dataset, self.plan
        if plan.creates_table:
            return [*ledger.create_statements(dataset, plan.after, if_missing=False), statements.lock_dataset(dataset)]
        return [
            statements.lock_dataset(dataset),
            *ddl.check_types(dataset, plan.relied_on),
            *ddl.retype_columns(dataset, plan.retypings),
            *ddl.widen_columns(dataset, plan.widenings),
            *([] if plan.ahead else (ddl.add_column(dataset, column) for column in plan.new_columns)),
            *self._record_of_changes({change.column for change in plan.column_changes} - _names(plan.ahead)),
        ]

    def _add_ahead(self, session: Session) -> None:
        """Give an empty table the columns that are too many for the load's transaction, in some of their own."""
        dataset, ahead = self.plan.dataset, self.plan.ahead
        for some in (ahead[start : start + COLUMNS_AHEAD] for start in range(0, len(ahead), COLUMNS_AHEAD)):
            run = [
                statements.lock_dataset(dataset),
                *(ddl.add_column(dataset, column) for column in some),
                *self._record_of_changes(_names(some)),
            ]
            retry_conflicts(partial(session.transaction, run))
            self._added |= _names(some)

    def _record_of_changes(self, columns: Set[str]) -> list[str]:
        changes = [
            (change.column, change.found, change.into)
            for change in self.plan.column_changes
            if change.column in columns
        ]
        return [statements.record_schema_changes(self.plan.dataset, changes, self._load_id)] if changes else []

    def _outcome(self, planned: PlannedFile, said: Row, cut: tuple[str, ...]) -> FileOutcome:
        status, reason = self._standing(said)
        inspected = planned.inspected
        if inspected.file.version_id == UNVERSIONED and said["etag"] != inspected.etag:
            error = overwritten(said["load_seq"], said["etag"], inspected.etag)
            return rejection_outcome(inspected.file, self.plan.dataset, error)
        landed = status is Status.LANDED
        return FileOutcome(
            planned.inspected.file,
            status,
            self.plan.dataset,
            reason=reason,
            rows=int(said["row_count"]) if landed else 0,
            size=planned.inspected.size,
            load_id=said["load_id"],
            load_seq=int(said["load_seq"]),
            load_path=self.plan.path,
            cut=cut,
            schema_changes=self.plan.column_changes if landed else (),
            is_first=landed and self.plan.creates_table,
        )

    def _standing(self, said: Row) -> tuple[Status, str | None]:
        """Say what the ledger says of a file, and why it did not land if it did not."""
        if said["load_path"] == copies.SKIPPED and not said["undone_at"]:
            return Status.SKIPPED, f"same bytes as load {said['load_seq']}"
        is_back = said.get("removed_at") and not said["undone_at"]
        if said["load_id"] == self._load_id or is_back:
            return Status.LANDED, None
        return Status.DUPLICATE, "undone" if said["undone_at"] else "already landed"


def _names(columns: Iterable[Column]) -> set[str]:
    return {column.name for column in columns}
