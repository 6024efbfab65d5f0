"""LAND: what one load does.

In: the files that a load lands and those that it rejects, landing's columns before and after. Out: a `Plan`: what its
stage holds, where each of the stage's columns goes, whether it fits one transaction. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ingest_lambda.arrive.partitions import PathColumn
from ingest_lambda.clock import Clock
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.clocks import Timestamps
from ingest_lambda.judge.partitions import described
from ingest_lambda.judge.paths import LoadPath
from ingest_lambda.judge.statement_budget import FREE_STATEMENTS, statements_of
from ingest_lambda.read.column_values import brings_values
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.table_format import OwnedFolder
from ingest_lambda.warehouse import clocks, ddl, owned_folders, statements
from ingest_lambda.warehouse.sqltypes import TIMESTAMP, VARCHAR, SqlType
from ingest_lambda.warehouse.statements import ROW_NUMBER, Column, Stage, Target, Widening
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

    `path` are the columns that the folders of its key name; the file may have some of them too. `empty`: the file's own
    columns that are NULL in every row, as its footer says. `is_copy`: its bytes have landed, so it will be skipped.
    """

    inspected: Inspected
    names: tuple[str, ...]
    why: str
    path: tuple[PathColumn, ...] = ()
    is_copy: bool = False

    @property
    def schema(self) -> tuple[FileColumn, ...]:
        """All of its columns, as files and folders spell them."""
        return (*self.inspected.footer.columns, *(described(said, VARCHAR) for said in self.path))

    @cached_property  # asked for once a column, of which there may be 1,600
    def empty(self) -> frozenset[str]:
        footer = self.inspected.footer
        described = zip(self.names, footer.columns, strict=True)
        return frozenset(name for name, column in described if not brings_values(footer, column))

    @property
    def timestamps(self) -> tuple[Timestamps, ...]:
        """Its columns that have timestamps of which it says what they are."""
        return timestamps_of(self.names, self.inspected)


@dataclass(frozen=True)
class Rejection:
    """A file that does not land."""

    inspected: Inspected
    error: RejectedFileError


@dataclass(frozen=True)
class Plan:
    """What one load does.

    `owned_folders` are the folders of the dataset that table formats are known to own; None where it does not matter.
    `before` are landing's columns before it (or those declared, where it `creates_table`), `new_columns`, `widenings`
    and `retypings` (of columns that hold nothing but NULLs) what it changes. `columns` are those that its files bring
    values for, of the types that landing has after it. `records_paths`: the ledger has a column for what came from the
    files' paths. `restores`: it says whose rows were removed, and the load brings those of its files back.
    `keeps_positions`: among the columns is that of the rows' places in their file, which the function
    writes. `free_statements`: by how many statements it may change landing. `is_empty`: landing has no row; None where
    nobody has counted.

    `aside` are files whose timestamps are something else than those of a file before them, with the verdict if that has
    landed; they are judged then. `clocks` is what timestamps the load brings, `mixed` the columns of which files that
    stand say both; `records_clocks`: the ledger has a column for it.

    `doubtful` and `unsure` are what it could not know and would have made a difference: whether columns of landing, and
    columns of files (their positions by file id), have a value.
    """

    dataset: str
    path: LoadPath
    files: tuple[PlannedFile, ...]
    rejections: tuple[Rejection, ...]
    before: tuple[Column, ...]
    new_columns: tuple[Column, ...]
    widenings: tuple[Widening, ...]
    retypings: tuple[Widening, ...]
    columns: tuple[Column, ...]
    creates_table: bool
    owned_folders: tuple[OwnedFolder, ...] | None = ()
    records_paths: bool = False
    restores: bool = False
    keeps_positions: bool = False
    free_statements: int = FREE_STATEMENTS
    aside: tuple[Rejection, ...] = ()
    clocks: Mapping[str, frozenset[Clock]] = field(default_factory=dict)
    mixed: frozenset[str] = frozenset()
    records_clocks: bool = False
    is_empty: bool | None = None
    doubtful: frozenset[str] = frozenset()
    unsure: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def has_clocks(self) -> bool:
        """Whether a file of it says of a column what its timestamps are; a text may do so, and a folder."""
        moments = {column.name for column in self.columns if column.type == TIMESTAMP}
        return any(
            file.timestamps
            or (moments and file.inspected.text is not None)
            or any(said.name in moments for said in file.path)
            for file in self.files
        )

    def only_if(self) -> tuple[list[str], list[str]]:
        """Say what must be so when it commits: for its statement on the ledger, and what is too long for that one."""
        folders = [] if self.owned_folders is None else [owned_folders.as_planned(self.dataset, self.owned_folders)]
        kinds = clocks.as_planned(self.dataset, self.clocks, self.mixed) if self.records_clocks else []
        return clocks.shared_out([*folders, *kinds])

    @property
    def type_changes(self) -> tuple[Widening, ...]:
        """The columns of landing that get another type."""
        return (*self.widenings, *self.retypings)

    @property
    def after(self) -> tuple[Column, ...]:
        """Landing's columns once the load is done."""
        changed = {change.column: change.into for change in self.type_changes}
        return (
            *(Column(column.name, changed.get(column.name, column.type)) for column in self.before),
            *self.new_columns,
        )

    @property
    def changes(self) -> tuple[bool, tuple[Column, ...], tuple[Widening, ...]]:
        """What it does to landing; of equal plans for some of its files and for all, the bad ones leave no trace."""
        return self.creates_table, self.new_columns, self.type_changes

    @property
    def is_crowded(self) -> bool:
        """Tell whether it changes landing by more statements than a transaction takes."""
        changes = statements_of(len(self.new_columns), len(self.widenings), len(self.retypings))
        return not self.creates_table and changes > self.free_statements

    @property
    def ahead(self) -> tuple[Column, ...]:
        """The new columns that landing gets before the load's transaction, since that cannot take all of them.

        Of an empty table alone, such as a deployment makes for a declared dataset: no model has seen a row without
        them, and where the load fails the next one finds columns of no value, which may still take any type.
        """
        return self.new_columns if self.is_crowded and self.is_empty else ()

    @property
    def column_changes(self) -> tuple[ColumnChange, ...]:
        """Word the changes of a table that existed, or was declared: what is new in it is perhaps not modeled yet."""
        new = (column for column in self.new_columns if self.before and column.name != ROW_NUMBER)
        added = (ColumnChange(column.name, None, str(column.type)) for column in new)
        return (
            *added,
            *(ColumnChange(change.column, str(change.found), str(change.into)) for change in self.type_changes),
        )

    @property
    def relied_on(self) -> tuple[Column, ...]:
        """The columns that its transaction inserts into and did not make, of the types that they must have for it."""
        used = {column.name for column in self.columns}
        there = () if self.creates_table else (*self.before, *self.ahead)
        return tuple(column for column in there if column.name in used)

    def stage(self, name: str) -> Stage:
        """Describe the stage: as the object itself has its columns, or as the function writes them."""
        if self.path is LoadPath.AS_IS:
            return Stage(name, tuple(column.type for column in _typed(self.files[0])), numbered=False)
        return Stage(name, tuple(transport_of(column.type).stage for column in self.columns), numbered=True)

    def targets(self) -> tuple[Target, ...]:
        """Say where the stage's columns go, in its order; then what the path of a file that goes as it is says."""
        if self.path is LoadPath.AS_IS:
            copied, said = self._copied(), self._said()
            names = {target.column for target in copied}
            return (*copied, *(Target(name, said[name]) for name in said if name not in names))
        return tuple(
            Target(column.name, _restored(f"staged.c{position}", column.type))
            for position, column in enumerate(self.columns, start=1)
        )

    def conditions(self) -> tuple[str, ...]:
        """Ask of every row of a file that goes as it is whether it agrees with the path, and with the footer.

        A column of which the footer says that all values are NULL lands as NULL whatever its type, so it must be that.
        """
        if self.path is not LoadPath.AS_IS:
            return ()
        [file] = self.files
        said, types = self._said(), self._types
        agrees = [
            statements.equal(each.value, said[each.column], types[each.column])
            for each in self._copied()
            if each.column in said
        ]
        is_null = [f"staged.c{n} is null" for n, name in enumerate(file.names, start=1) if name in file.empty]
        return (*agrees, *is_null, *(f"{said[name]} is null" for name in said if name in file.empty))

    def path_types(self) -> tuple[SqlType, ...]:
        """Type what the path of a file that goes as it is says, for the stage of the facts, with which it travels."""
        return tuple(transport_of(self._types[name]).stage for name in self._said())

    def _copied(self) -> tuple[Target, ...]:
        [file], types = self.files, self._types
        with_values = [
            (position, column)
            for position, column in enumerate(_typed(file), start=1)
            if column.name in types and column.name not in file.empty
        ]
        return tuple(Target(column.name, _cast(position, column, types)) for position, column in with_values)

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
        few = not self.is_crowded or (
            self.is_empty and statements_of(0, len(self.widenings), len(self.retypings)) <= self.free_statements
        )
        return bool(few) and self.is_short

    @property
    def is_short(self) -> bool:
        """Tell whether each of its statements is as short as the Data API takes."""
        return self.largest_statement() <= statements.MAX_STATEMENT_BYTES

    def largest_statement(self) -> int:
        """Measure the longest statement that names columns, in bytes."""
        if not self.files:
            return 0
        stage, (held, also_held) = self.stage(LONGEST_ID), self.only_if()
        return max(
            statements.size_of(statement)
            for statement in (
                ddl.create_landing(self.dataset, self.after) if self.creates_table else "",
                statements.create_stage(stage),
                statements.insert_rows(
                    self.dataset, LONGEST_ID, stage, LONGEST_ID, self.targets(), restores=self.restores
                ),
                statements.insert_ledger(self.dataset, LONGEST_ID, LONGEST_ID, held),
                statements.advance_counter(self.dataset, also_held),
                *ddl.check_types(self.dataset, self.relied_on),
                *(*ddl.widen_columns(self.dataset, self.widenings), *ddl.retype_columns(self.dataset, self.retypings)),
            )
        )


def timestamps_of(names: Sequence[str], inspected: Inspected) -> tuple[Timestamps, ...]:
    """List the columns of a file that bring timestamps of which it says what they are, as landing calls them."""
    return tuple(
        Timestamps(name, column.clock, column.found)
        for name, column in zip(names, inspected.footer.columns, strict=True)
        if column.clock is not None and brings_values(inspected.footer, column)
    )


def _typed(file: PlannedFile) -> list[Column]:
    """Name and type the columns of a file that COPY reads as it is, in the file's order."""
    described = zip(file.names, file.inspected.footer.columns, strict=True)
    return [Column(name, column.type) for name, column in described if column.type is not None]


def _restored(value: str, type_: SqlType) -> str:
    return statements.restored(value, transport_of(type_).restore, type_)


def _cast(position: int, column: Column, landing: Mapping[str, SqlType]) -> str:
    value, into = f"staged.c{position}", landing[column.name]
    return value if into == column.type else f"cast({value} as {into})"
