"""LAND: files of one dataset, from their plan to their ends.

In: readable files of one dataset that are loaded together. Out: one outcome a file. What one load cannot do is done in
several: the halves of too large a group, files that are judged by what others bring, a file that COPY could not read.
Where the table changed meanwhile, or something stands on a column, it is planned anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ingest_lambda.bucket.objects import Place
from ingest_lambda.errors import (
    CatalogChangedError,
    ObjectInTheWayError,
    StagedDataError,
    TransientError,
    UnexpectedValueError,
)
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.paths import Group, LoadPath, canonical
from ingest_lambda.judge.plan import Plan, PlannedFile
from ingest_lambda.load.outcomes import AddedAhead, FileOutcome, Status, unloaded_outcome
from ingest_lambda.load.planning import Planning
from ingest_lambda.load.staging import Staged, numbered
from ingest_lambda.load.transaction import Load
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.presence import known
from ingest_lambda.warehouse import clocks, ddl
from ingest_lambda.warehouse.failures import key_in_the_way
from ingest_lambda.warehouse.landed import read_landed
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PLAN_ATTEMPTS = 3


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
        self._planning = Planning(s3, warehouse, contracts, widen_row_limit)
        self.owned = self._planning.owned
        self._untold: list[AddedAhead] = []

    def contract(self, dataset: str) -> Contract:
        """Say what is declared of a dataset; nothing, if it is not."""
        return self._planning.contract(dataset)

    def landed(self, dataset: str, files: Sequence[FileVersion]) -> dict[str, tuple[str, int]]:
        """Name the load, and its number, of those files whose rows are in landing, by file id.

        Raises:
            TransientError, ConfigError: the warehouse does not answer, or denies access.
        """
        tables = self._planning.tables(dataset)
        if tables.columns is None:
            return {}
        with self._warehouse.session() as session:
            return read_landed(session, dataset, files, restores=tables.restores)

    def take_untold(self) -> list[AddedAhead]:
        """Return, once, the columns that landing has got for loads which have then landed nothing."""
        untold, self._untold = self._untold, []
        return untold

    def land(self, dataset: str, group: Group) -> list[FileOutcome]:
        """Land the files of `group`, each a different version.

        Raises:
            TransientError: the load may be tried again, whole; nothing of it can be half there.
            ConfigError: a right or a resource is missing.
        """
        try:
            return self._land_as_planned(dataset, group)
        except ObjectInTheWayError as error:  # what needs no column changed lands all the same
            in_the_way = f"{error}{'' if key_in_the_way(str(error)) else self._bound_to(dataset)}"
            with self._planning.changing_no_column(dataset, in_the_way):
                return self._land_as_planned(dataset, group)

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
                self._planning.forget(dataset)
                self.owned.read(dataset)
                self._planning.read_clocks(dataset)
        return self._land(dataset, group)

    def _land(self, dataset: str, group: Group) -> list[FileOutcome]:
        plan = self._planning.plan(dataset, group)
        if plan.has_clocks and not plan.records_clocks:
            clocks.keep_kinds(self._warehouse, dataset)
            self._planning.forget(dataset)
            plan = self._planning.plan(dataset, group)
        if not plan.fits_one_transaction:
            return [outcome for half in group.halves() for outcome in self.land(dataset, half)]
        outcomes = [unloaded_outcome(entry.inspected.file, dataset, entry.error) for entry in plan.rejections]
        outcomes += self._load(plan) if plan.files else []
        if plan.aside:
            self._planning.read_clocks(dataset)
            outcomes += self.land(dataset, _group_of(group, [entry.inspected for entry in plan.aside]))
        return outcomes

    def _load(self, plan: Plan) -> list[FileOutcome]:
        load = Load(self._s3, self._warehouse, self._place, plan, self.contract(plan.dataset))
        try:
            staged, later = self._judge_texts(load, load.stage())
            files = dict(numbered(plan.files))
            lost = [unloaded_outcome(files[n].inspected.file, plan.dataset, error) for n, error in staged.lost.items()]
            rest = [file for number, file in files.items() if number in staged.rows]
            if not rest:
                return lost
            if (lost or later) and self._planning.plan(plan.dataset, _group(plan.path, rest)).changes != plan.changes:
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
            self._untold += load.added_ahead()
        self._planning.remember(plan, rest)
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
                self._planning.read_clocks(plan.dataset)
            outcomes += self.land(plan.dataset, _group(plan.path, files)) if files else []
        return outcomes

    def _judge_texts(self, load: Load, staged: Staged) -> tuple[Staged, list[PlannedFile]]:
        """Judge texts by what they turned out to bring.

        Returns:
            What stays of the stage, and files that are to land after it.
        """
        if not staged.clocks:
            return staged, []
        judged = self._planning.judge_texts(load.plan, staged)
        files = tuple(replace(file, is_copy=n in judged.copies) for n, file in numbered(load.plan.files))
        load.plan = replace(load.plan, files=files, clocks=judged.brought, mixed=judged.mixed)
        rows = {n: count for n, count in staged.rows.items() if n not in judged.refused and n not in judged.later}
        return (
            replace(staged, rows=rows, lost={**staged.lost, **judged.refused}),
            [load.plan.files[number - 1] for number in sorted(judged.later)],
        )

    def _may_have_been_removed(self, dataset: str) -> bool:
        """Look whether the ledger says by now whose rows were removed; one that is known may be such a file."""
        return self.contract(dataset).retention_days is not None and self._planning.tables(dataset).restores


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
