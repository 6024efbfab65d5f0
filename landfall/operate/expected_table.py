"""OPERATE: a landing table as it will be while the loads of a batch are planned one after the other.

In: the table as it is, the plans. Out: what the next plan is to know of it; where it asks, the warehouse and the files
are looked into as the function does.
"""

from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.clocks import Known
from ingest_lambda.judge.plan import Plan
from ingest_lambda.judge.settle import Counted
from ingest_lambda.judge.table import Table
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.presence import known, look_into, with_known_values
from ingest_lambda.warehouse.catalog import count_values
from ingest_lambda.warehouse.clocks import token
from ingest_lambda.warehouse.statements import Column
from landfall.operate.inspecting import LOCAL

if TYPE_CHECKING:
    from landfall.stack import Stack

LIMIT_VARIABLE = "LANDFALL_WIDEN_ROW_LIMIT"


class ExpectedTable:
    """A landing table as it will be while one load of a batch is planned after the other."""

    def __init__(
        self, stack: "Stack | None", dataset: str, landed: tuple[Column, ...] | None, clocks: Known | None = None
    ) -> None:
        self._stack = stack
        self._dataset = dataset
        self._exists = landed is not None
        self._landed = {column.name for column in landed or ()}
        self._columns = landed
        self._brought: set[str] = set()
        self._known = clocks or Known()
        self._clocks = {column: dict(kinds) for column, kinds in self._known.memory.items()}

    def table(self) -> Table:
        """Say what is known of it."""
        return Table(self._columns, frozenset(self._brought), clocks=replace(self._known, memory=self._clocks))

    def add(self, plan: Plan) -> None:
        """Take in what a load will leave behind."""
        if plan.files:
            self._columns = plan.after
            self._brought |= {column.name for column in plan.columns}
        for file in (each for each in plan.files if not each.is_copy):
            for each in file.timestamps:
                self._clocks.setdefault(token(each.column), {}).setdefault(each.clock, file.inspected.file.key)

    def count(self, columns: Set[str]) -> Counted:
        """Look which columns are empty, how many rows there are, and whether a load may change so many."""
        is_empty = not self._brought
        if self._stack is None or not self._exists:
            return Counted(may_change=True, empty=frozenset(columns), is_empty=is_empty)
        row_count, empty = count_values(self._stack.warehouse, self._dataset, columns & self._landed)
        return Counted(
            row_count <= widen_row_limit(self._stack),
            empty | (columns - self._landed),
            is_empty=is_empty and row_count == 0,
        )

    def look_into(self, file: Inspected, positions: Set[int]) -> Inspected:
        """Look which columns of a file have a value."""
        if file.file.bucket != LOCAL and self._stack is not None:
            return look_into(self._stack.s3, file, positions)
        try:
            return with_known_values(file, Path(file.file.version_id), positions)
        except RejectedFileError:
            return known(file, positions)


def widen_row_limit(stack: "Stack") -> int:
    """Ask the function up to how many rows a table may have for a load to rewrite columns of it."""
    function = stack.lambda_.get_function_configuration(FunctionName=stack.output("IngestFunctionName"))
    return int(function["Environment"]["Variables"][LIMIT_VARIABLE])
