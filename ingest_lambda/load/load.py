"""LAND: the load. Stage first, then lock briefly.

In: readable files of one dataset that are loaded together. Out: one outcome a file. What is staged is seen by nobody
and locks nothing; then one transaction takes the dataset's mutex, counts itself, changes landing's columns, inserts the
rows of the files that the ledger does not hold, and enters them in the ledger. Rows and ledger commit together or not
at all, so redelivered, concurrent and late events are no-ops, and a statement that outlives its function is harmless.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ingest_lambda.bucket.objects import Place
from ingest_lambda.errors import (
    CatalogChangedError,
    FileGoneError,
    ObjectInTheWayError,
    RejectedFileError,
    StagedDataError,
    TransientError,
    UnexpectedValueError,
)
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.clocks import Known
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.paths import Group, LoadPath, canonical
from ingest_lambda.judge.plan import Plan, PlannedFile
from ingest_lambda.judge.planner import plan_load
from ingest_lambda.judge.schema_change import Table
from ingest_lambda.judge.settle import Counted, Looks, settle
from ingest_lambda.judge.staged_clocks import judge_staged
from ingest_lambda.judge.table_formats import Ownership
from ingest_lambda.judge.verdict import verdict_of
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.load.staging import Staged, Staging, numbered
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.presence import known, look_into
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import clocks, copies, ddl, ledger, owned_folders, removals, snapshot_files, statements
from ingest_lambda.warehouse.catalog import Catalog, Tables, count_values
from ingest_lambda.warehouse.client import Row, Session, Warehouse, retry_conflicts
from ingest_lambda.warehouse.failures import key_in_the_way
from ingest_lambda.warehouse.landed import read_landed
from ingest_lambda.warehouse.owned_folders import OwnedFolders
from ingest_lambda.warehouse.statements import Column

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PLAN_ATTEMPTS = 3
COLUMNS_AHEAD = statements.MAX_STATEMENTS - 2  # in one transaction, beside the mutex and the record
BY_THE_LEDGER = frozenset({Reason.CLOCK_MISMATCH})  # of a file that the ledger holds, its event has come again


class Loader:
    """Lands files of one dataset at a time. Kept while the function is warm, for its catalog and its session."""

    def __init__(
        self,
        s3: S3Client,
        warehouse: Warehouse,
        place: Place,
        contracts: Mapping[str, Contract],
        widen_row_limit: int,
    ) -> None:
        self._s3 = s3
        self._warehouse = warehouse
        self._place = place
        self.contracts = contracts
        self._catalog = Catalog(warehouse)
        self.owned = OwnedFolders(warehouse)
        self._widen_row_limit = widen_row_limit
        self._in_the_way: dict[str, str] = {}
        self._clocks: dict[str, clocks.Memory] = {}  # of the datasets where that has mattered

    def contract(self, dataset: str) -> Contract:
        """Say what is declared of a dataset; nothing, if it is not."""
        return self.contracts.get(dataset, Contract())

    def landed(self, dataset: str, file_ids: Sequence[str]) -> dict[str, tuple[str, int]]:
        """Name the load, and its number, of those files whose rows are in landing.

        Raises:
            TransientError, ConfigError: the warehouse does not answer, or denies access.
        """
        self._catalog.forget(dataset)
        tables = self._catalog.tables(dataset)
        if tables.columns is None:
            return {}
        with self._warehouse.session() as session:
            return read_landed(session, dataset, file_ids, restores=tables.restores)

    def land(self, dataset: str, group: Group) -> list[FileOutcome]:
        """Land the files of `group`, each a different version.

        Raises:
            TransientError: the load may be tried again, whole; nothing of it can be half there.
            ConfigError: a right or a resource is missing.
        """
        try:
            return self._land_as_planned(dataset, group)
        except ObjectInTheWayError as error:  # what needs no column changed lands all the same
            self._in_the_way[dataset] = f"{error}{'' if key_in_the_way(str(error)) else self._bound_to(dataset)}"
            try:
                return self._land_as_planned(dataset, group)
            finally:
                del self._in_the_way[dataset]

    def _bound_to(self, dataset: str) -> str:
        """Name the views that stand on the landing table."""
        with self._warehouse.session() as session:
            rows = session.query(ddl.select_dependents(dataset))
        views = ", ".join(f"{row['view_schema']}.{row['view_name']}" for row in rows)
        return f"; bound to the table: {views}" if views else ""

    def _land_as_planned(self, dataset: str, group: Group) -> list[FileOutcome]:
        for _ in range(PLAN_ATTEMPTS - 1):
            try:
                return self._land(dataset, group)
            except CatalogChangedError:
                self._catalog.forget(dataset)
                self.owned.read(dataset)
                self._read_clocks(dataset)
        return self._land(dataset, group)

    def _land(self, dataset: str, group: Group) -> list[FileOutcome]:
        plan = self._plan(dataset, group)
        if plan.has_clocks and not plan.records_clocks:
            clocks.keep_kinds(self._warehouse, dataset)
            self._catalog.forget(dataset)
            plan = self._plan(dataset, group)
        if not plan.fits_one_transaction:
            return [outcome for half in group.halves() for outcome in self.land(dataset, half)]
        outcomes = [_unloaded(entry.inspected.file, dataset, entry.error) for entry in plan.rejections]
        outcomes += self._load(plan) if plan.files else []
        if plan.aside:
            self._read_clocks(dataset)
            outcomes += self.land(dataset, _group_of(group, [entry.inspected for entry in plan.aside]))
        return outcomes

    def _load(self, plan: Plan) -> list[FileOutcome]:
        load = _Load(self._s3, self._warehouse, self._place, plan, self.contract(plan.dataset))
        try:
            staged, later = self._judge_texts(load, load.stage())
            files = dict(numbered(plan.files))
            lost = [_unloaded(files[n].inspected.file, plan.dataset, error) for n, error in staged.lost.items()]
            rest = [file for number, file in files.items() if number in staged.rows]
            if not rest:
                return lost
            if (lost or later) and self._plan(plan.dataset, _group(plan.path, rest)).changes != plan.changes:
                return lost + self._land_in_turn(plan, rest, later)
            outcomes = load.commit(staged)
        except UnexpectedValueError as error:
            return self.land(plan.dataset, _corrected(plan, error))
        except StagedDataError as error:
            if plan.path is not LoadPath.AS_IS:
                raise TransientError(f"COPY does not read what was written for it: {error}") from error
            [file] = plan.files
            return self.land(plan.dataset, canonical(file.inspected, f"COPY could not read it: {error}"))
        finally:
            load.clean_up()
        self._catalog.remember(plan.dataset, self._tables_after(plan))
        self._catalog.add_values(plan.dataset, _with_values(rest))
        known = [file for file, each in zip(rest, outcomes, strict=True) if each.status is not Status.LANDED]
        if known and not plan.restores and self._may_have_been_removed(plan.dataset):
            landed = [each for each in outcomes if each.status is Status.LANDED]
            lost += landed
            outcomes = self.land(plan.dataset, _group(plan.path, known))
        return lost + outcomes + self._land_in_turn(plan, [], later)

    def _land_in_turn(self, plan: Plan, *turns: list[PlannedFile]) -> list[FileOutcome]:
        """Land files of a plan, and then others, which are judged by what has landed by then."""
        outcomes: list[FileOutcome] = []
        for number, files in enumerate(turns):
            if files and number:
                self._read_clocks(plan.dataset)
            outcomes += self.land(plan.dataset, _group(plan.path, files)) if files else []
        return outcomes

    def _judge_texts(self, load: _Load, staged: Staged) -> tuple[Staged, list[PlannedFile]]:
        """Hold what texts turned out to bring against what has landed, and against the files before them in the load.

        Returns:
            What stays of the stage, and files that are to land after it.
        """
        if not staged.clocks:
            return staged, []
        dataset, contract = load.plan.dataset, self.contract(load.plan.dataset)
        judged = judge_staged(load.plan, staged.rows, staged.clocks, Known(self._clocks.get(dataset, {})), contract)
        if judged.refused:  # what is remembered may have been undone, and an event that comes again brings nothing
            self._read_clocks(dataset)
            ids = {load.plan.files[number - 1].inspected.file.file_id for number in judged.refused}
            known = Known(self._clocks[dataset], self.owned.in_ledger(dataset, sorted(ids)))
            judged = judge_staged(load.plan, staged.rows, staged.clocks, known, contract)
        load.plan = replace(load.plan, clocks=judged.brought, mixed=judged.mixed)
        rows = {n: count for n, count in staged.rows.items() if n not in judged.refused and n not in judged.later}
        return (
            replace(staged, rows=rows, lost={**staged.lost, **judged.refused}),
            [load.plan.files[number - 1] for number in sorted(judged.later)],
        )

    def _tables_after(self, plan: Plan) -> Tables:
        return Tables(plan.after, plan.records_paths, plan.restores, plan.records_clocks)

    def _read_clocks(self, dataset: str) -> None:
        self._clocks[dataset] = clocks.read_memory(self._warehouse, dataset)

    def _may_have_been_removed(self, dataset: str) -> bool:
        """Look whether the ledger says by now whose rows were removed; one that is known may be such a file."""
        if self.contract(dataset).retention_days is None:
            return False
        self._catalog.forget(dataset)
        return self._catalog.tables(dataset).restores

    def _plan(self, dataset: str, group: Group) -> Plan:
        """Plan with what is remembered of the table; look again before anything that depends on what it is."""
        if self._catalog.remembers(dataset):
            plan = self._plan_now(dataset, group, self._table(dataset))
            if not (plan.rejections or plan.type_changes or plan.is_crowded or plan.doubtful or plan.unsure):
                return plan
            self._catalog.forget(dataset)
        if dataset in self._clocks:
            self._read_clocks(dataset)
        looks = Looks(partial(self._count, dataset), partial(look_into, self._s3))
        table, plan_now = self._table(dataset), partial(self._plan_now, dataset)
        plan = settle(group, table, plan_now, looks)
        refused = [entry.inspected.file.file_id for entry in plan.rejections if entry.error.reason in BY_THE_LEDGER]
        landed = self.owned.in_ledger(dataset, refused) if refused else set()
        if not landed:
            return plan
        return settle(group, replace(table, clocks=replace(table.clocks, files=landed)), plan_now, looks)

    def _plan_now(self, dataset: str, group: Group, table: Table) -> Plan:
        return plan_load(
            dataset,
            group,
            table,
            self.contract(dataset),
            ownership=self._ownership(dataset, group, has_landed=table.columns is not None),
            records_paths=self._catalog.tables(dataset).records_paths,
            restores=self._catalog.tables(dataset).restores,
            records_clocks=self._catalog.tables(dataset).records_clocks,
        )

    def _table(self, dataset: str) -> Table:
        known = Known(self._clocks.get(dataset, {}))
        table = Table(self._catalog.tables(dataset).columns, self._catalog.with_values(dataset), clocks=known)
        in_the_way = self._in_the_way.get(dataset)
        return replace(table, may_change=True, in_the_way=in_the_way) if in_the_way else table

    def _ownership(self, dataset: str, group: Group, *, has_landed: bool) -> Ownership:
        """Say which folders table formats own; what landed from them is asked only where a file lies in one."""
        known = Ownership(self.owned.of(dataset))
        folders = {file.file.file_id: folder for file in group.files if (folder := known.folder_of(file.file))}
        if not folders or not has_landed or self.contract(dataset).append_only:
            return known
        landed = {folder: self.owned.landed_before(folder) for folder in set(folders.values())}
        return Ownership(known.folders, landed, self.owned.in_ledger(dataset, list(folders)))

    def _count(self, dataset: str, columns: Set[str]) -> Counted:
        with self._warehouse.session() as session:
            row_count, empty = count_values(session, dataset, columns)
        self._catalog.add_values(dataset, columns - empty)
        return Counted(row_count <= self._widen_row_limit, empty, is_empty=row_count == 0)


class _Load:
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

    def stage(self) -> Staged:
        return self._staging.stage(self.plan)

    def clean_up(self) -> None:
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
            for columns in self._columns_ahead():
                retry_conflicts(partial(session.transaction, columns))
            run = self._transaction()
            committed = retry_conflicts(lambda: session.transaction(run))
            asked = run.index(self._select_outcomes())
            said = {int(row["file_number"]): row for row in committed.rows(asked)}
        return [self._outcome(file, said[number], staged.cut.get(number, ())) for number, file in files.items()]

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
        dataset = self.plan.dataset
        return [
            *self._schema_statements(),
            statements.advance_counter(dataset),
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
                self._only_if(),
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

    def _columns_ahead(self) -> list[list[str]]:
        """Give an empty table the columns that are too many for the load's transaction, in some of their own."""
        dataset, ahead = self.plan.dataset, self.plan.ahead
        return [
            [
                statements.lock_dataset(dataset),
                *(ddl.add_column(dataset, column) for column in some),
                *self._record_of_changes(_names(some)),
            ]
            for some in (ahead[start : start + COLUMNS_AHEAD] for start in range(0, len(ahead), COLUMNS_AHEAD))
        ]

    def _record_of_changes(self, columns: Set[str]) -> list[str]:
        changes = [
            (change.column, change.found, change.into)
            for change in self.plan.column_changes
            if change.column in columns
        ]
        return [statements.record_schema_changes(self.plan.dataset, changes, self._load_id)] if changes else []

    def _only_if(self) -> list[str]:
        """Undo the load where the log of a table format has arrived, or timestamps of another kind have landed."""
        folders = self.plan.owned_folders
        as_planned = [] if folders is None else [owned_folders.as_planned(self.plan.dataset, folders)]
        return [*as_planned, *self.plan.clocks_as_planned()]

    def _outcome(self, planned: PlannedFile, said: Row, cut: tuple[str, ...]) -> FileOutcome:
        status, reason = self._standing(said)
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
        if said["load_path"] == copies.SKIPPED:
            return Status.SKIPPED, f"same bytes as load {said['load_seq']}"
        is_back = said.get("removed_at") and not said["undone_at"]
        if said["load_id"] == self._load_id or is_back:
            return Status.LANDED, None
        return Status.DUPLICATE, "undone" if said["undone_at"] else "already landed"


def _group(path: LoadPath, files: list[PlannedFile]) -> Group:
    return Group(path, tuple(file.inspected for file in files), tuple(file.why for file in files))


def _group_of(group: Group, files: Collection[Inspected]) -> Group:
    """Take some files out of a group."""
    wanted = {file.file.file_id for file in files}
    chosen = [each for each in zip(group.files, group.reasons, strict=True) if each[0].file.file_id in wanted]
    return Group(group.path, tuple(file for file, _ in chosen), tuple(why for _, why in chosen))


def _corrected(plan: Plan, error: UnexpectedValueError) -> Group:
    """Put the files of a plan together again, one of them with a column that has values after all."""
    files = list(plan.files)
    wrong = files[error.number - 1]
    files[error.number - 1] = replace(wrong, inspected=known(wrong.inspected, {error.position}))
    return _group(plan.path, files)


def _names(columns: Iterable[Column]) -> set[str]:
    return {column.name for column in columns}


def _with_values(files: Iterable[PlannedFile]) -> set[str]:
    """Name the columns of which the files' footers say that they have a value."""
    return {
        name
        for file in files
        for name, column in zip(file.names, file.inspected.footer.columns, strict=True)
        if column.has_values
    }


def _unloaded(file: FileVersion, dataset: str, error: RejectedFileError | FileGoneError) -> FileOutcome:
    """Say why a file is not loaded."""
    if isinstance(error, FileGoneError):
        return FileOutcome(file, Status.GONE, dataset, str(error))
    return rejection_outcome(file, dataset, error)


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
