"""Sample data: waves. In: what a generator makes, and of which wave. Out: who is in it, its deletes, its bad rows.

Wave 1 is new entities. Wave n > 1 is a share of the same entities, n - 1 steps further on; some of them it deletes, and
what is deleted comes in no later wave. Bad rows break a business rule and still have the right types.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from numpy.typing import NDArray

from scripts.generator_draws import Integers, uniform

Mask = NDArray[np.bool_]
OPERATION = pa.field("op", pa.string())  # I, U or D, as a change data capture writes it


@dataclass(frozen=True, kw_only=True)
class Generation:
    """Which wave of which data; `delete_share` is of the entities that the wave holds."""

    seed: int = 1
    wave: int = 1
    update_share: float = 0.2
    delete_share: float = 0.0
    bad_rows: int = 0

    @property
    def steps(self) -> int:
        """How many times the entities may have changed before."""
        return self.wave - 1

    def members(self, entity: str, numbers: Integers) -> Integers:
        """Keep the entities that the wave holds: all in the first, in later ones a share of those still there."""
        if self.wave == 1:
            return numbers
        gone = np.zeros(len(numbers), dtype=bool)
        for wave in range(2, self.wave):
            gone |= self._is_in(wave, entity, numbers) & self._is_deleted(wave, entity, numbers)
        return numbers[self._is_in(self.wave, entity, numbers) & ~gone]

    def deleted(self, entity: str, members: Integers) -> Mask:
        """Tell which members this wave deletes; a first wave deletes nothing."""
        if self.wave == 1:
            return np.zeros(len(members), dtype=bool)
        return self._is_deleted(self.wave, entity, members)

    def with_operations(self, table: pa.Table, deleted: Mask, kept: tuple[str, ...]) -> pa.Table:
        """Say of each row what happened to it; a delete has the `kept` columns alone. No deletes, no such column."""
        if not self.delete_share:
            return table
        operation = pc.if_else(pa.array(deleted), "D", "I" if self.wave == 1 else "U")
        for position, field in enumerate(table.schema):
            if field.name not in kept:
                column = pc.if_else(pa.array(deleted), pa.scalar(None, field.type), table[field.name])
                table = table.set_column(position, field, column)
        return table.append_column(OPERATION, operation)

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """Return the schema of the wave's files."""
        return schema.append(OPERATION) if self.delete_share else schema

    def _is_in(self, wave: int, entity: str, numbers: Integers) -> Mask:
        return uniform(self.seed, f"{entity}in wave {wave}", numbers) < self.update_share

    def _is_deleted(self, wave: int, entity: str, numbers: Integers) -> Mask:
        return uniform(self.seed, f"{entity}deleted in wave {wave}", numbers) < self.delete_share


@dataclass(frozen=True)
class Fault:
    """A way in which a row can break a rule: the column, and what becomes of its values."""

    column: str
    spoil: Callable[[pa.ChunkedArray], Any]


def becomes(value: Any) -> Callable[[pa.ChunkedArray], pa.Scalar]:
    """Make a fault that puts one value in the place of any."""
    return lambda column: pa.scalar(value, column.type)


def spoil(table: pa.Table, bad: int, faults: Mapping[str, Fault], spared: Mask | None = None) -> pa.Table:
    """Break a rule in `bad` of the rows that are not spared, evenly spread; the faults take turns.

    >>> faults = {"negative": Fault("n", pc.negate), "missing": Fault("n", becomes(None))}
    >>> spoil(pa.table({"n": [1, 2, 3, 4]}), 2, faults)["n"].to_pylist()
    [-1, 2, 3, None]
    """
    candidates = np.arange(len(table)) if spared is None else np.flatnonzero(~spared)
    if not len(candidates):
        return table
    positions = candidates[np.linspace(0, len(candidates) - 1, bad).astype(np.int64)]
    for turn, fault in enumerate(faults.values()):
        hit = np.zeros(len(table), dtype=bool)
        hit[positions[turn :: len(faults)]] = True
        column = table[fault.column]
        index = table.column_names.index(fault.column)
        table = table.set_column(
            index, table.schema.field(index), pc.if_else(pa.array(hit), fault.spoil(column), column)
        )
    return table
