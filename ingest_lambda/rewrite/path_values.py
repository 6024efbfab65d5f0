"""LAND: what a file's path says of its rows, as values of landing columns.

In: the columns that its folders name, and those of landing. Out: a value each, in its transport type, or the rejection
of the file; and whether the rows of a file that has such a column too agree. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.arrive.partitions import REMEDY, PathColumn
from ingest_lambda.clock import Clock
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import REMEDIES, Reason
from ingest_lambda.rewrite.checks import BadValueError, shown
from ingest_lambda.rewrite.texts import convert_text
from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.statements import Column


@dataclass(frozen=True)
class PathValue:
    """What a folder says of every row of a file: an array of the one value; and what it is, if it is a timestamp."""

    folder: str
    value: pa.Array
    clocks: frozenset[Clock] = frozenset()

    def repeated(self, length: int) -> pa.Array:
        """Say it of `length` rows."""
        return pa.repeat(self.value[0], length)

    def check(self, values: pa.Array, column: str, rows_before: int) -> None:
        """Compare every value of a file's own column with it; NULL is the same as NULL.

        Raises:
            RejectedFileError: one differs.
        """
        index = pc.index(self._differs_from(values), True).as_py()
        if index >= 0:
            row = rows_before + index + 1
            raise RejectedFileError(
                Reason.PARTITION_MISMATCH,
                f"row {row} has another value than the folder {self.folder} of the key says",
                column=column,
                found=_worded(values, index),
                expected=_worded(self.value, 0),
                row=row,
                remedy=f"{REMEDIES[Reason.PARTITION_MISMATCH]}; or {REMEDY}",
            )

    def _differs_from(self, values: pa.Array) -> pa.Array:
        expected = self.value[0]
        if not expected.is_valid:
            return values.is_valid()
        if types.is_floating(expected.type) and pc.is_nan(expected).as_py():
            return pc.invert(pc.fill_null(pc.is_nan(values), False))
        return pc.fill_null(pc.not_equal(values, expected), True)


def path_values(said: Sequence[PathColumn], columns: Sequence[Column]) -> dict[str, PathValue]:
    """Convert what a path says to landing's columns; by column, in the path's order.

    Raises:
        RejectedFileError: a landing column cannot hold what its folder says.
    """
    landing = {column.name: column.type for column in columns}
    return {column.name: _value(column, landing[column.name]) for column in said}


def clocks_of(said: Mapping[str, PathValue], own: Container[str]) -> frozenset[tuple[str, Clock]]:
    """Say what the timestamps are that a path alone has; of the file's `own` columns its footer says that."""
    return frozenset((name, clock) for name, value in said.items() if name not in own for clock in value.clocks)


def _value(said: PathColumn, landing: SqlType) -> PathValue:
    text = None if said.value is None else said.value.encode()
    try:
        converted = convert_text(pa.array([text], pa.binary()), landing)
        return PathValue(said.folder, converted.values, converted.clocks)
    except BadValueError as error:
        raise RejectedFileError(
            error.reason,
            f"the folder {said.folder} of the key has no value for the landing column of type {landing}",
            column=said.name,
            found=error.found,
            expected=error.expected,
            remedy=REMEDY,
        ) from error


def _worded(values: pa.Array, index: int) -> str:
    return shown(values, index) if values[index].is_valid else "NULL"
