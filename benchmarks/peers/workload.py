"""Files of orders as producers send them: most rows new, some that change what came before, some that come too late.

In: how many files of how many rows. Out: the files' tables, the order in which their events arrive, and the right
answer: of each order the version that its source changed last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

# As redshift would declare them; the names and their order are the files'.
COLUMNS = {
    "id": "bigint",
    "version": "bigint",
    "customer": "varchar(256)",
    "amount": "decimal(18, 2)",
    "is_paid": "boolean",
    "updated_at": "timestamp",
}
KEY, TIME = "id", "updated_at"
CHANGED_SHARE = 0.20  # of a file's rows: a newer version of an order of an earlier file
LATE_SHARE = 0.02  # of a file's rows: an older version of such an order than the one that came
REPEATED_SHARE = 0.01  # of a file's rows: one more version of an order of the same file
DOUBLED_SHARE = 0.01  # of the events: they come twice
_FIRST_MICROSECOND = 1_762_000_000_000_000  # in November 2025
_SEED = 20


@dataclass(frozen=True)
class Answer:
    """A table of orders in four numbers, none of which is right by accident."""

    rows: int
    keys: int
    versions: int  # the sum
    cents: int  # the sum


@dataclass(frozen=True)
class Workload:
    """So many files of so many rows."""

    name: str
    files: int
    rows: int

    def tables(self) -> Iterator[pa.Table]:
        """Make the files' tables, one after another; the same each time."""
        yield from self._tables

    @cached_property
    def _tables(self) -> Sequence[pa.Table]:
        draw = np.random.default_rng(_SEED)
        known = 0
        tables = []
        for number in range(self.files):
            old = 0 if number == 0 else round(self.rows * (CHANGED_SHARE + LATE_SHARE))
            late = 0 if number == 0 else round(self.rows * LATE_SHARE)
            repeated = round(self.rows * REPEATED_SHARE)
            new = np.arange(known, known + self.rows - old - repeated)
            ids = np.concatenate([draw.choice(known, old, replace=False) if old else [], new, new[:repeated]])
            # A version is a moment too: later files have later ones, but for what is late, which is older than all.
            versions = np.arange(number * self.rows, (number + 1) * self.rows)
            versions[:late] -= self.files * self.rows
            known += len(new)
            tables.append(_table(ids.astype(np.int64), versions, draw))
        return tables

    def arrivals(self) -> list[int]:
        """Number the files as their events come: in order, but that some come again at the end."""
        draw = np.random.default_rng(_SEED)
        again = draw.choice(self.files, max(1, round(self.files * DOUBLED_SHARE)), replace=False)
        return [*range(self.files), *(int(number) for number in sorted(again))]

    def landed(self) -> Answer:
        """Add up every row of every file, once."""
        return _add_up(pa.concat_tables(self._tables))

    def answer(self) -> Answer:
        """Find the newest version of each order, with neither a database nor the product."""
        rows = pa.concat_tables(self._tables)
        newest = rows.group_by(KEY).aggregate([("version", "max")])
        return _add_up(rows.join(newest, ["id", "version"], ["id", "version_max"], join_type="inner"))


def _add_up(rows: pa.Table) -> Answer:
    cents = pc.sum(pc.multiply(rows["amount"], 100).cast(pa.int64())).as_py()
    return Answer(len(rows), len(pc.unique(rows[KEY])), pc.sum(rows["version"]).as_py(), cents)


def _table(ids: np.ndarray, versions: np.ndarray, draw: np.random.Generator) -> pa.Table:
    count = len(ids)
    return pa.table(
        {
            "id": ids,
            "version": versions,
            "customer": pa.array(draw.integers(0, 2**40, count)).cast(pa.string()),
            "amount": pa.array(draw.integers(0, 10**6, count)).cast(pa.decimal128(19, 0)).cast(pa.decimal128(18, 2)),
            "is_paid": pa.array(draw.integers(0, 2, count).astype(bool)),
            "updated_at": pa.array(_FIRST_MICROSECOND + versions).cast(pa.timestamp("us")),
        }
    )
