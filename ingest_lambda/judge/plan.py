"""LAND: the planner.

In: the files of a load, the columns of its landing table, its contract. Out: a `Plan`: what the load's stage holds,
where each of its columns goes, what landing gains, which files are rejected and why. Pure: `landfall plan` prints what
the function would do. docs/schema_change.md is the same in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingest_lambda.arrive.partitions import PathColumn
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.belonging import refuse_foreign, refuse_keyless
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.names import landing_names
from ingest_lambda.judge.partitions import columns_of_path, described
from ingest_lambda.judge.paths import Group, LoadPath, group_by_path
from ingest_lambda.judge.schema_change import FREE_STATEMENTS, LandingColumns, statements_of
from ingest_lambda.judge.table_formats import NOBODY, Ownership, refuse_table_format
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import ddl, statements
from ingest_lambda.warehouse.sqltypes import VARCHAR, SqlType
from ingest_lambda.warehouse.statements import Column, Stage, Target, Widening
from ingest_lambda.warehouse.transport import transport_of

LONGEST_ID = "0" * 64


@dataclass(frozen=True)
class ColumnChange:
    """What a load did to a column of landing: added it (`found` is None), or widened it."""

    column: str
    found: str | None
    into: str


@dataclass(frozen=True)
class PlannedFile:
    """A file that lands: what its columns are called in landing, in the file's order, and why it takes its path.

    `path` are the columns that the folders of its key name; the file may have some of them too.
    """

    inspected: Inspected
    names: tuple[str, ...]
    why: str
    path: tuple[PathColumn, ...] = ()

    @property
    def schema(self) -> tuple[FileColumn, ...]:
        """All of its columns, as files and folders spell them."""
        return (*self.inspected.footer.columns, *(described(said, VARCHAR) for said in self.path))


@dataclass(frozen=True)
class Rejection:
    """A file that does not land."""

    inspected: Inspected
    error: RejectedFileError


@dataclass(frozen=True)
class Plan:
    """What one load does.

    `owned_folders` is how many folders of the dataset table formats are known to own; None where it does not matter.
    `before` are landing's columns before it (or those declared, where it `creates_table`), `new_columns` and
    `widenings` what it changes. `columns` are those that its files bring, of the types that landing has after it.
    `records_paths`: the ledger has a column for what came from the files' paths.
    """

    dataset: str
    path: LoadPath
    files: tuple[PlannedFile, ...]
    rejections: tuple[Rejection, ...]
    before: tuple[Column, ...]
    new_columns: tuple[Column, ...]
    widenings: tuple[Widening, ...]
    columns: tuple[Column, ...]
    creates_table: bool
    owned_folders: int | None = 0
    records_paths: bool = False

    @property
    def after(self) -> tuple[Column, ...]:
        """Landing's columns once the load is done."""
        widened = {widening.column: widening.into for widening in self.widenings}
        return (
            *(Column(column.name, widened.get(column.name, column.type)) for column in self.before),
            *self.new_columns,
        )

    @property
    def changes(self) -> tuple[bool, tuple[Column, ...], tuple[Widening, ...]]:
        """What it does to landing; of equal plans for some of its files and for all, the bad ones leave no trace."""
        return self.creates_table, self.new_columns, self.widenings

    @property
    def column_changes(self) -> tuple[ColumnChange, ...]:
        """Word the changes of a table that existed, or was declared: what is new in it is perhaps not modeled yet."""
        added = (ColumnChange(column.name, None, str(column.type)) for column in self.new_columns if self.before)
        return (
            *added,
            *(ColumnChange(change.column, str(change.found), str(change.into)) for change in self.widenings),
        )

    @property
    def relied_on(self) -> tuple[Column, ...]:
        """The columns that it inserts into and did not make, of the types that they must have for it."""
        used = {column.name for column in self.columns}
        return () if self.creates_table else tuple(column for column in self.before if column.name in used)

    def stage(self, name: str) -> Stage:
        """Describe the stage: as the object itself has its columns, or as the function writes them."""
        if self.path is LoadPath.AS_IS:
            return Stage(name, tuple(column.type for column in _typed(self.files[0])), numbered=False)
        return Stage(name, tuple(transport_of(column.type).stage for column in self.columns), numbered=True)

    def targets(self) -> tuple[Target, ...]:
        """Say where the stage's columns go, in its order; then what the path of a file that goes as it is says."""
        if self.path is LoadPath.AS_IS:
            said = self._said()
            alone = (Target(name, said[name]) for name in said if name not in self.files[0].names)
            return (*self._copied(), *alone)
        return tuple(
            Target(column.name, _restored(f"staged.c{position}", column.type))
            for position, column in enumerate(self.columns, start=1)
        )

    def conditions(self) -> tuple[str, ...]:
        """Ask of every row of a file that goes as it is whether it agrees with the path."""
        if self.path is not LoadPath.AS_IS:
            return ()
        said, types = self._said(), self._types
        copied = (target for target in self._copied() if target.column in said)
        return tuple(statements.equal(each.value, said[each.column], types[each.column]) for each in copied)

    def path_types(self) -> tuple[SqlType, ...]:
        """Type what the path of a file that goes as it is says, for the stage of the facts, with which it travels."""
        return tuple(transport_of(self._types[name]).stage for name in self._said())

    def _copied(self) -> tuple[Target, ...]:
        staged = enumerate(_typed(self.files[0]), start=1)
        return tuple(Target(column.name, _cast(position, column, self._types)) for position, column in staged)

    def _said(self) -> dict[str, str]:
        """Find, by column, the value that the path of a file that goes as it is says."""
        if self.path is not LoadPath.AS_IS:
            return {}
        names = [said.name for said in self.files[0].path]
        return {name: _restored(f"files.p{n}", self._types[name]) for n, name in enumerate(names, start=1)}

    @property
    def _types(self) -> dict[str, SqlType]:
        return {column.name: column.type for column in self.columns}

    @property
    def fits_one_transaction(self) -> bool:
        """Tell whether its statements are few and short enough for the Data API."""
        few = self.creates_table or statements_of(len(self.new_columns), len(self.widenings)) <= FREE_STATEMENTS
        return few and self.largest_statement() <= statements.MAX_STATEMENT_BYTES

    def largest_statement(self) -> int:
        """Measure the longest statement that names columns, in bytes."""
        if not self.files:
            return 0
        stage = self.stage(LONGEST_ID)
        return max(
            statements.size_of(statement)
            for statement in (
                ddl.create_landing(self.dataset, self.after) if self.creates_table else "",
                statements.create_stage(stage),
                statements.insert_rows(self.dataset, LONGEST_ID, stage, LONGEST_ID, self.targets()),
                *ddl.check_types(self.dataset, self.relied_on),
                *ddl.widen_columns(self.dataset, self.widenings),
            )
        )


def plan_load(
    dataset: str,
    group: Group,
    landing: Sequence[Column] | None,
    contract: Contract,
    *,
    may_widen: bool = True,
    ownership: Ownership = NOBODY,
    records_paths: bool = False,
) -> Plan:
    """Plan the load of `group` into a landing table of the columns `landing` (None: it does not exist yet).

    `may_widen`: landing has so few rows that a load may rewrite columns of it. `ownership`: which folders table formats
    own. `records_paths`: the dataset was first seen since the folders of keys can be columns, so they are unless its
    contract says otherwise.
    """
    columns = LandingColumns(dataset, landing, contract, may_widen=may_widen)
    has_paths = records_paths if contract.partitions is None else contract.partitions
    known = [column.name.strip() for column in contract.columns or columns.before]
    planned: list[PlannedFile] = []
    rejections: list[Rejection] = []
    for file, why in zip(group.files, group.reasons, strict=True):
        try:
            refuse_table_format(dataset, file, contract, ownership)
            refuse_foreign(file, known)
            names = [] if file.has_no_records else landing_names([column.name for column in file.footer.columns])
            path = columns_of_path(file.file.key) if has_paths and file.footer.row_count != 0 else ()
            refuse_keyless([*names, *(said.name for said in path)], contract.key, file)
            columns.take(names, file.footer.columns, path)
            planned.append(PlannedFile(file, tuple(names), why, path))
        except RejectedFileError as error:
            rejections.append(Rejection(file, error))
    plan = Plan(
        dataset,
        group.path,
        tuple(planned),
        tuple(rejections),
        columns.before,
        columns.new_columns(),
        columns.widenings(),
        columns.used(),
        creates_table=landing is None,
        owned_folders=None if contract.append_only else len(ownership.folders),
        records_paths=records_paths,
    )
    return _too_long(plan, group) if len(planned) == 1 and not plan.fits_one_transaction else plan


def plan_batch(
    dataset: str,
    files: Sequence[Inspected],
    landing: Sequence[Column] | None,
    contract: Contract,
    *,
    may_widen: bool = True,
    ownership: Ownership = NOBODY,
    records_paths: bool = False,
) -> list[Plan]:
    """Plan all loads of a batch, each on what the one before leaves behind: what `landfall plan` shows."""
    plans: list[Plan] = []
    for group in group_by_path(files):
        plan = plan_load(
            dataset,
            group,
            landing,
            contract,
            may_widen=may_widen,
            ownership=ownership,
            records_paths=records_paths,
        )
        plans.append(plan)
        landing = plan.after if plan.files else landing
    return plans


def _too_long(plan: Plan, group: Group) -> Plan:
    """Reject the one file of a plan whose column names make a statement longer than the Data API takes."""
    [file] = plan.files
    error = RejectedFileError(
        Reason.TOO_MANY_COLUMNS,
        f"the columns' names make a statement of {plan.largest_statement()} bytes",
        found=f"{len(file.names)} columns",
        expected=f"statements of at most {statements.MAX_STATEMENT_BYTES} bytes",
    )
    rejections = (*plan.rejections, Rejection(file.inspected, error))
    return replace(plan, files=(), rejections=rejections, new_columns=(), widenings=(), columns=())


def _typed(file: PlannedFile) -> list[Column]:
    """Name and type the columns of a file that COPY reads as it is, in the file's order."""
    described = zip(file.names, file.inspected.footer.columns, strict=True)
    return [Column(name, column.type) for name, column in described if column.type is not None]


def _restored(value: str, type_: SqlType) -> str:
    return statements.restored(value, transport_of(type_).restore, type_)


def _cast(position: int, column: Column, landing: Mapping[str, SqlType]) -> str:
    value, into = f"staged.c{position}", landing[column.name]
    return value if into == column.type else f"cast({value} as {into})"
