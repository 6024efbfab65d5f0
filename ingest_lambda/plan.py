"""LAND: the planner.

In: the footers of a dataset's files, the columns of its landing table, its contract. Out: a `Plan`: how each file is
read, what its columns become, which columns landing gains, which files are rejected and why. Pure: `landfall plan`
can print what the function would do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ingest_lambda import statements
from ingest_lambda.contracts import Contract, SchemaChange
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.footer import Inspected
from ingest_lambda.names import landing_names
from ingest_lambda.schema import FileColumn
from ingest_lambda.sqltypes import SqlType, fits
from ingest_lambda.statements import Column, StagedColumn
from ingest_lambda.verdict import Reason

# A transaction has 40 statements: lock, counter, ledger, outcomes, drop; the rest is for files and new columns.
FIXED_STATEMENTS = 5
MAX_FILES = 16
FREE_STATEMENTS = statements.MAX_STATEMENTS - FIXED_STATEMENTS


class LoadPath(StrEnum):
    """How the rows of a file reach the warehouse."""

    AS_IS = "as_is"  # the object itself is copied


@dataclass(frozen=True)
class PlannedFile:
    """A file that lands: the types of its stage in the file's column order, and where each column goes."""

    inspected: Inspected
    path: LoadPath
    stage_types: tuple[SqlType, ...]
    columns: tuple[StagedColumn, ...]


@dataclass(frozen=True)
class Rejection:
    """A file that does not land."""

    inspected: Inspected
    error: RejectedFileError


@dataclass(frozen=True)
class Plan:
    """What one load does. `columns` are landing's before it, or declared; `new_columns` are those that it adds.

    `creates_table`: landing does not exist yet, so the columns come with the table, and need no statement each.
    """

    dataset: str
    files: tuple[PlannedFile, ...]
    rejections: tuple[Rejection, ...]
    columns: tuple[Column, ...]
    new_columns: tuple[Column, ...]
    creates_table: bool

    @property
    def fits_one_transaction(self) -> bool:
        """Tell whether its statements fit one transaction; a plan of one file always does."""
        added = 0 if self.creates_table else len(self.new_columns)
        return len(self.files) <= MAX_FILES and len(self.files) + added <= FREE_STATEMENTS

    def added_by(self, files: Iterable[PlannedFile]) -> tuple[Column, ...]:
        """Name the new columns that `files` bring: a file that fails to load leaves no column behind."""
        used = {column.name for file in files for column in file.columns}
        return tuple(column for column in self.new_columns if column.name in used)


def plan_load(dataset: str, files: Sequence[Inspected], landing: Sequence[Column] | None, contract: Contract) -> Plan:
    """Plan the load of `files` into a landing table of the columns `landing` (None: it does not exist yet)."""
    columns_before = tuple(contract.columns if landing is None else landing)
    existing = {column.name: column.type for column in columns_before}
    accepted: list[tuple[Inspected, list[Column]]] = []
    rejections: list[Rejection] = []
    for file in files:
        try:
            columns = _checked_columns(file, existing, contract)
            if landing is not None:
                _check_number_of_new(columns, existing)
            accepted.append((file, columns))
        except RejectedFileError as error:
            rejections.append(Rejection(file, error))

    new = _new_columns((columns for _, columns in accepted), existing)
    planned: list[PlannedFile] = []
    for file, columns in accepted:
        try:
            planned.append(_planned(dataset, file, columns, {**existing, **new}))
        except RejectedFileError as error:
            rejections.append(Rejection(file, error))

    added = tuple(Column(name, type_) for name, type_ in new.items())
    return Plan(dataset, tuple(planned), tuple(rejections), columns_before, added, creates_table=landing is None)


def choose_path(columns: Iterable[FileColumn]) -> LoadPath:
    """Choose how a file is read. COPY reads it as it is unless a column stands in the way.

    A path that rewrites files enters here: it takes the files that are rejected now.

    Raises:
        RejectedFileError: COPY would misread or refuse a column; the first such column is named.
    """
    for column in columns:
        if column.obstacle is not None:
            raise RejectedFileError(
                column.obstacle,
                "COPY cannot read this type right",
                column=column.name,
                found=column.found,
                expected=EXPECTED.get(column.obstacle, "a type that Redshift reads from parquet"),
            )
    return LoadPath.AS_IS


EXPECTED = {
    Reason.NANOSECOND_TIMESTAMPS: "timestamps in microseconds or milliseconds",
    Reason.NESTED_TYPE: "a column of single values",
}


def _checked_columns(file: Inspected, existing: Mapping[str, SqlType], contract: Contract) -> list[Column]:
    """Name and type a file's columns for the warehouse, and check them against the columns that exist."""
    names = landing_names([column.name for column in file.footer.columns])
    choose_path(file.footer.columns)
    columns = [
        Column(name, column.type) for name, column in zip(names, file.footer.columns, strict=True) if column.type
    ]
    for column in columns:
        _check_type(column, existing)
        if contract.schema_change is SchemaChange.FREEZE and column.name not in existing:
            raise RejectedFileError(
                Reason.SCHEMA_FROZEN,
                "the dataset takes no new columns",
                column=column.name,
                found=str(column.type),
                expected="one of: " + ", ".join(existing),
            )
    return columns


def _check_number_of_new(columns: Sequence[Column], existing: Mapping[str, SqlType]) -> None:
    new = sum(column.name not in existing for column in columns)
    if new > FREE_STATEMENTS - 1:
        raise RejectedFileError(
            Reason.TOO_MANY_NEW_COLUMNS,
            "a load adds one column a statement, within one transaction",
            found=f"{new} new columns",
            expected=f"at most {FREE_STATEMENTS - 1}",
        )


def _check_type(column: Column, existing: Mapping[str, SqlType]) -> None:
    into = existing.get(column.name)
    if into is not None and not fits(column.type, into):
        raise RejectedFileError(
            Reason.INCOMPATIBLE_TYPE,
            f"values of type {column.type} do not fit the landing column of type {into}",
            column=column.name,
            found=str(column.type),
            expected=str(into),
        )


def _new_columns(files: Iterable[Sequence[Column]], existing: Mapping[str, SqlType]) -> dict[str, SqlType]:
    """Collect the columns that landing has not; of two types that files bring, the one that holds the other."""
    new: dict[str, SqlType] = {}
    for columns in files:
        for column in columns:
            if column.name not in existing and fits(new.get(column.name, column.type), column.type):
                new[column.name] = column.type
    return new


def _planned(dataset: str, file: Inspected, columns: Sequence[Column], landing: Mapping[str, SqlType]) -> PlannedFile:
    for column in columns:
        _check_type(column, landing)
    staged = tuple(
        StagedColumn(position, column.name, None if landing[column.name] == column.type else landing[column.name])
        for position, column in enumerate(columns, start=1)
    )
    types = tuple(column.type for column in columns)
    _check_size(dataset, file, columns, staged)
    return PlannedFile(file, LoadPath.AS_IS, types, staged)


def _check_size(dataset: str, file: Inspected, columns: Sequence[Column], staged: tuple[StagedColumn, ...]) -> None:
    """Reject a file whose columns make a statement longer than the Data API takes."""
    longest_id = "0" * 64
    largest = max(
        statements.size_of(statements.create_landing(dataset, columns)),
        statements.size_of(
            statements.insert_rows(
                dataset, longest_id, longest_id, statements.StagedFile(longest_id, file.file.file_id, staged)
            )
        ),
    )
    if largest > statements.MAX_STATEMENT_BYTES:
        raise RejectedFileError(
            Reason.TOO_MANY_COLUMNS,
            f"the columns' names make a statement of {largest} bytes",
            found=f"{len(columns)} columns",
            expected=f"statements of at most {statements.MAX_STATEMENT_BYTES} bytes",
        )
