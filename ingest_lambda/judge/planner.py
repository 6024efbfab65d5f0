"""LAND: the planner.

In: the files of a load, what is known of its landing table, its contract. Out: a `Plan`: what the load's stage holds,
where each of its columns goes, what landing gains, which files are rejected and why. Pure: `landfall plan` prints what
the function would do. docs/schema_change.md is the same in words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ingest_lambda.errors import OverLimitError, RejectedFileError
from ingest_lambda.judge.belonging import refuse_foreign, refuse_keyless
from ingest_lambda.judge.clocks import ColumnClocks
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.names import landing_names
from ingest_lambda.judge.partitions import columns_of_path
from ingest_lambda.judge.paths import Group, LoadPath
from ingest_lambda.judge.plan import Plan, PlannedFile, Rejection, timestamps_of
from ingest_lambda.judge.schema_change import LandingColumns
from ingest_lambda.judge.statement_budget import free_statements
from ingest_lambda.judge.table import Table
from ingest_lambda.judge.table_formats import NOBODY, Ownership, refuse_table_format
from ingest_lambda.judge.verdict import WITHHELD
from ingest_lambda.judge.widening import Fit, fit
from ingest_lambda.read.footer import Inspected
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import statements
from ingest_lambda.warehouse.statements import Column

KEEPS_POSITIONS = "its rows keep their places in the file, which COPY does not tell"


def plan_load(
    dataset: str,
    group: Group,
    table: Table,
    contract: Contract,
    *,
    ownership: Ownership = NOBODY,
    records_paths: bool = False,
    restores: bool = False,
    records_clocks: bool = False,
) -> Plan:
    """Plan the load of `group` into a landing table of which `table` is known.

    `ownership`: which folders table formats own. `records_paths`: the dataset was first seen since the folders of keys
    can be columns, so they are unless its contract says otherwise. `restores`: rows may have been removed, which the
    load brings back. `records_clocks`: the ledger has a column for what timestamps are.
    """
    free = free_statements(contract, restores=restores)
    columns, clocks = LandingColumns(dataset, table, contract, free), ColumnClocks(dataset, table.clocks, contract)
    has_paths = records_paths if contract.partitions is None else contract.partitions
    keeps_positions = contract.keeps_positions
    known = [column.name.strip() for column in contract.columns or table.columns or ()]
    planned: list[PlannedFile] = []
    rejections: list[Rejection] = []
    aside: list[Rejection] = []
    unsure: dict[str, frozenset[int]] = {}
    for file, why in zip(group.files, group.reasons, strict=True):
        columns.unsure = set()
        try:
            if group.path is LoadPath.CANONICAL and file.over_limit is not None:
                raise _unread(file.over_limit, why, contract)
            refuse_table_format(dataset, file, contract, ownership)
            refuse_foreign(file, known)
            names = _names(file, keeps_positions=keeps_positions)
            has_path = has_paths and file.footer.row_count != 0
            path = columns_of_path(file.file.key, keeps_positions=keeps_positions) if has_path else ()
            refuse_keyless([*names, *(said.name for said in path)], contract.key, file)
            brings = timestamps_of(names, file)
            refused = clocks.contradicted(file.file, brings)
            later = refused or clocks.differing(file.file, brings)
            for column in [later.column] if later else clocks.first_of(file.file, brings):
                columns.doubt_value(names.index(column), file.footer)  # of NULLs alone nothing is known
            if refused:
                raise refused.error
            if later:
                aside.append(Rejection(file, later.error))
            else:
                columns.take(names, file.footer, path)
                clocks.take(file.file, brings)
                planned.append(PlannedFile(file, tuple(names), why, path, file.file.file_id in table.clocks.copies))
        except RejectedFileError as error:
            rejections.append(Rejection(file, error))
        if columns.unsure:
            unsure[file.file.file_id] = frozenset(columns.unsure)
    plan = Plan(
        dataset,
        group.path,
        tuple(planned),
        tuple(rejections),
        columns.before(),
        columns.new_columns(),
        columns.widenings(),
        columns.retypings(),
        columns.used(),
        creates_table=table.columns is None,
        owned_folders=None if contract.append_only else ownership.folders,
        records_paths=records_paths,
        restores=restores,
        keeps_positions=keeps_positions,
        aside=tuple(aside),
        clocks=clocks.brought(),
        mixed=clocks.mixed(),
        records_clocks=records_clocks,
        free_statements=free,
        is_empty=table.is_empty,
        doubtful=frozenset(columns.doubtful),
        unsure=unsure,
    )
    plan = _to_be_read(plan, contract)
    return _too_long(plan, group) if len(planned) == 1 and not plan.is_short else plan


def _unread(limit: OverLimitError, why: str, contract: Contract) -> OverLimitError:
    """Say of a file that the function cannot read also why COPY does not read it; its words may quote a value."""
    cause, colon, _ = why.partition(": ")
    return OverLimitError(f"{limit.detail}; and {f'{cause}{colon}{WITHHELD}' if colon and contract.sensitive else why}")


def _names(file: Inspected, *, keeps_positions: bool) -> list[str]:
    if file.has_no_records:
        return []
    return landing_names([column.name for column in file.footer.columns], keeps_positions=keeps_positions)


def _to_be_read(plan: Plan, contract: Contract) -> Plan:
    """Send a file that COPY would read as it is through the function, if there is more to it than COPY can do."""
    if plan.path is not LoadPath.AS_IS or not plan.files:
        return plan
    [file] = plan.files
    why = KEEPS_POSITIONS if plan.keeps_positions else _why_to_read(file, plan.columns)
    if why and file.inspected.over_limit is not None:
        return _rejected(plan, _unread(file.inspected.over_limit, why, contract))
    return replace(plan, path=LoadPath.CANONICAL, files=(replace(file, why=why),)) if why else plan


def _why_to_read(file: PlannedFile, columns: Sequence[Column]) -> str | None:
    landing = {column.name: column.type for column in columns}
    if file.inspected.footer.row_count == 0:
        return "it has no rows to copy"
    for name, column in zip(file.names, file.inspected.footer.columns, strict=True):
        if column.type is None:
            return f"column {column.name} has no type that COPY reads"
        if name in landing and name not in file.empty and fit(column.type, landing[name]) is Fit.BY_VALUE:
            return f"each value of column {column.name}, {column.type}, must be one of {landing[name]} exactly"
    return None


def _too_long(plan: Plan, group: Group) -> Plan:
    """Reject the one file of a plan whose column names make a statement longer than the Data API takes."""
    [file] = plan.files
    error = RejectedFileError(
        Reason.TOO_MANY_COLUMNS,
        f"the columns' names make a statement of {plan.largest_statement()} bytes",
        found=f"{len(file.names)} columns",
        expected=f"statements of at most {statements.MAX_STATEMENT_BYTES} bytes",
    )
    return _rejected(plan, error)


def _rejected(plan: Plan, error: RejectedFileError) -> Plan:
    """Reject the one file of a plan."""
    [file] = plan.files
    rejections = (*plan.rejections, Rejection(file.inspected, error))
    return replace(plan, files=(), rejections=rejections, new_columns=(), widenings=(), retypings=(), columns=())
