"""LAND: the plans of loads, with what is known of a dataset from one load to the next.

In: files that are loaded together. Out: their `Plan`. What is remembered of the dataset's tables and timestamps serves
as long as nothing depends on it; before a file is rejected, or a column changed, the warehouse is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ingest_lambda.judge.clocks import Known
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.paths import Group
from ingest_lambda.judge.plan import Plan, PlannedFile
from ingest_lambda.judge.planner import plan_load
from ingest_lambda.judge.settle import Counted, Looks, settle
from ingest_lambda.judge.staged_clocks import Judged, judge_staged
from ingest_lambda.judge.table import Table
from ingest_lambda.judge.table_formats import Ownership
from ingest_lambda.load.staging import Staged
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.presence import look_into
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import clocks, copies
from ingest_lambda.warehouse.catalog import Catalog, Tables, count_values
from ingest_lambda.warehouse.landed import IDS_A_STATEMENT, read_known
from ingest_lambda.warehouse.owned_folders import OwnedFolders
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BY_THE_LEDGER = frozenset({Reason.CLOCK_MISMATCH})  # of a file that the ledger holds, its event has come again


class Planning:
    """Plans loads. Kept while the function is warm, for what it remembers: the catalog, and what timestamps are."""

    def __init__(
        self, s3: S3Client, warehouse: Warehouse, contracts: Mapping[str, Contract], widen_row_limit: int
    ) -> None:
        self._s3 = s3
        self._warehouse = warehouse
        self._contracts = contracts
        self._widen_row_limit = widen_row_limit
        self._catalog = Catalog(warehouse)
        self.owned = OwnedFolders(warehouse)
        self._in_the_way: dict[str, str] = {}
        self._clocks: dict[str, clocks.Memory] = {}  # of the datasets where that has mattered

    def contract(self, dataset: str) -> Contract:
        """Say what is declared of a dataset; nothing, if it is not."""
        return self._contracts.get(dataset, Contract())

    def plan(self, dataset: str, group: Group) -> Plan:
        """Plan with what is remembered of the table; look again before anything that depends on what it is.

        Raises:
            TransientError, ConfigError: the warehouse or S3 does not answer, or denies access.
        """
        if not self.contract(dataset).append_only:
            self.owned.looked_again(dataset, (file.file for file in group.files))
        if self._catalog.remembers(dataset):
            tables = self._catalog.tables(dataset)
            plan = self._plan_now(dataset, tables, group, self._table(dataset, tables))
            if not (plan.rejections or plan.type_changes or plan.is_crowded or plan.doubtful or plan.unsure):
                return plan
            self._catalog.forget(dataset)
        if dataset in self._clocks:
            self.read_clocks(dataset)
        looks = Looks(partial(self._count, dataset), partial(look_into, self._s3))
        tables = self._catalog.tables(dataset)  # once: it is not remembered of a dataset that has no table yet
        table, plan_now = self._table(dataset, tables), partial(self._plan_now, dataset, tables)
        plan = settle(group, table, plan_now, looks)
        refused = [entry.inspected for entry in plan.rejections if entry.error.reason in BY_THE_LEDGER]
        known = self._with_landed(dataset, table.clocks, refused)
        return plan if known == table.clocks else settle(group, replace(table, clocks=known), plan_now, looks)

    def judge_texts(self, plan: Plan, staged: Staged) -> Judged:
        """Hold what texts turned out to bring against what has landed, and against the files before them in the load.

        What is remembered may have been undone, and an event that comes again brings nothing: so before a file is
        refused, the warehouse is asked again.
        """
        dataset, contract = plan.dataset, self.contract(plan.dataset)
        judged = judge_staged(plan, staged.rows, staged.clocks, Known(self._clocks.get(dataset, {})), contract)
        if not judged.refused:
            return judged
        self.read_clocks(dataset)
        refused = [plan.files[number - 1].inspected for number in judged.refused]
        known = self._with_landed(dataset, Known(self._clocks[dataset]), refused)
        return judge_staged(plan, staged.rows, staged.clocks, known, contract)

    def tables(self, dataset: str) -> Tables:
        """Read afresh what is there of a dataset."""
        self._catalog.forget(dataset)
        return self._catalog.tables(dataset)

    def forget(self, dataset: str) -> None:
        """Read the dataset's tables again at the next plan."""
        self._catalog.forget(dataset)

    def read_clocks(self, dataset: str) -> None:
        """Read what the dataset's timestamps are."""
        self._clocks[dataset] = clocks.read_memory(self._warehouse, dataset)

    def remember(self, plan: Plan, landed: Iterable[PlannedFile]) -> None:
        """Take the tables as a load has left them, and the columns that its files have values for."""
        tables = Tables(plan.after, plan.records_paths, plan.restores, plan.records_clocks)
        self._catalog.remember(plan.dataset, tables)
        self._catalog.add_values(plan.dataset, _with_values(landed))

    @contextmanager
    def changing_no_column(self, dataset: str, in_the_way: str) -> Iterator[None]:
        """Reject meanwhile the files for which a column of the dataset must change: something stands on it."""
        self._in_the_way[dataset] = in_the_way
        try:
            yield
        finally:
            del self._in_the_way[dataset]

    def _plan_now(self, dataset: str, tables: Tables, group: Group, table: Table) -> Plan:
        return plan_load(
            dataset,
            group,
            table,
            self.contract(dataset),
            ownership=self._ownership(dataset, group, has_landed=table.columns is not None),
            records_paths=tables.records_paths,
            restores=tables.restores,
            records_clocks=tables.records_clocks,
        )

    def _table(self, dataset: str, tables: Tables) -> Table:
        known = Known(self._clocks.get(dataset, {}))
        table = Table(tables.columns, self._catalog.with_values(dataset), clocks=known)
        in_the_way = self._in_the_way.get(dataset)
        return replace(table, may_change=True, in_the_way=in_the_way) if in_the_way else table

    def _ownership(self, dataset: str, group: Group, *, has_landed: bool) -> Ownership:
        """Say which folders table formats own; what landed from them is asked only where a file lies in one."""
        known = Ownership(self.owned.of(dataset))
        folders = {file.file.file_id: folder for file in group.files if (folder := known.folder_of(file.file))}
        if not folders or not has_landed or self.contract(dataset).append_only:
            return known
        landed = {folder: self.owned.landed_before(folder) for folder in set(folders.values())}
        return Ownership(known.folders, landed, read_known(self._warehouse, dataset, list(folders)))

    def _with_landed(self, dataset: str, known: Known, files: Sequence[Inspected]) -> Known:
        """Find out which of some files bring nothing: the ledger holds them, or their bytes if copies are skipped."""
        if not files:
            return known
        held = read_known(self._warehouse, dataset, [file.file.file_id for file in files])
        others = [file for file in files if file.file.file_id not in held]
        if not others or not self.contract(dataset).skips_copies:
            return replace(known, files=held)
        etags = sorted({file.etag for file in others})
        landed = {
            (row["etag"], int(row["size_bytes"]), row["place"])
            for start in range(0, len(etags), IDS_A_STATEMENT)
            for row in self._warehouse.query(copies.select_bytes(dataset, etags[start : start + IDS_A_STATEMENT]))
        }
        alike = {file.file.file_id for file in others if (file.etag, file.size, _place(file)) in landed}
        return replace(known, files=held, copies=alike)

    def _count(self, dataset: str, columns: Set[str]) -> Counted:
        with self._warehouse.session() as session:
            row_count, empty = count_values(session, dataset, columns)
        self._catalog.add_values(dataset, columns - empty)
        return Counted(row_count <= self._widen_row_limit, empty, is_empty=row_count == 0)


def _place(file: Inspected) -> str:
    folder = copies.place_of(file.file.key)
    return f"{folder}/" if folder else ""


def _with_values(files: Iterable[PlannedFile]) -> set[str]:
    """Name the columns of which the files' footers say that they have a value."""
    return {
        name
        for file in files
        for name, column in zip(file.names, file.inspected.footer.columns, strict=True)
        if column.has_values
    }
