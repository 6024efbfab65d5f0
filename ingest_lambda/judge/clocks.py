"""LAND: instants and wall clocks, which must not share a column unsaid.

In: what the files that stand have brought, what the dataset declares, one file after the other. Out: what the load
brings; or the rejection of a file whose timestamps are something else than those that have landed; or that it has to
wait for the files before it. Pure.

Both land in one TIMESTAMP, in which nothing tells them apart: from one file to the next, values would be hours off. A
file is held against files that have landed, never against those that may: who differs from an earlier one of its own
load is judged once that has landed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from ingest_lambda.clock import Clock
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse.clocks import Memory, token

MEANS = {
    Clock.INSTANT: "instants (stored in UTC)",
    Clock.WALL: "wall clocks (without a zone)",
}
PLAIN_YAML = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True)
class Known:
    """What is known when a load is planned: what the files that stand have brought, and which of its files landed.

    `files` are the ids of files that the ledger holds: their events come again, and they bring nothing. Nor do
    `copies`, of which it holds the bytes, and which the dataset skips.
    """

    memory: Memory = field(default_factory=dict)
    files: Set[str] = frozenset()
    copies: Set[str] = frozenset()


@dataclass(frozen=True)
class Timestamps:
    """A column of a file whose timestamps are `clock`; `found` words its type."""

    column: str
    clock: Clock
    found: str


@dataclass(frozen=True)
class Contradiction:
    """The column of a file, as landing calls it, whose timestamps are something else; and the verdict on it."""

    column: str
    error: RejectedFileError


class ColumnClocks:
    """What the timestamps of a dataset's columns are, while the files of a load are taken in."""

    def __init__(self, dataset: str, known: Known, contract: Contract) -> None:
        self._dataset = dataset
        self._known = known
        self._declared = contract.utc_wall_clocks
        self._brought: dict[str, dict[Clock, str]] = {}

    def contradicted(self, file: FileVersion, brings: Sequence[Timestamps]) -> Contradiction | None:
        """Find the column of a file whose timestamps are something else than those that have landed."""
        for each in self._judged(file, brings):
            landed = self._landed(each.column)
            if landed and each.clock not in landed:
                return Contradiction(each.column, self._verdict(each, landed))
        return None

    def differing(self, file: FileVersion, brings: Sequence[Timestamps]) -> Contradiction | None:
        """Find the column of a file whose timestamps are something else than those of a file before it in the load."""
        for each in self._judged(file, brings):
            brought = self._brought.get(each.column, {})
            if brought and each.clock not in {**brought, **self._landed(each.column)}:
                return Contradiction(each.column, self._verdict(each, brought))
        return None

    def first_of(self, file: FileVersion, brings: Sequence[Timestamps]) -> list[str]:
        """Name the columns of a file to whose timestamps others will be held: none has brought any to them."""
        judged = self._judged(file, brings)
        return [each.column for each in judged if not self._landed(each.column) and each.column not in self._brought]

    def take(self, file: FileVersion, brings: Sequence[Timestamps]) -> None:
        """Take in the columns of a file that lands."""
        for each in self._judged(file, brings):
            self._brought.setdefault(each.column, {}).setdefault(each.clock, file.key)

    def brought(self) -> Mapping[str, frozenset[Clock]]:
        """Say what the load brings, by column; of what is declared it does not matter."""
        return {column: frozenset(clocks) for column, clocks in self._brought.items()}

    def mixed(self) -> frozenset[str]:
        """Name the columns that the load brings, and of which files that stand say both."""
        return frozenset(column for column in self._brought if len(self._landed(column)) == len(Clock))

    def _landed(self, column: str) -> Mapping[Clock, str]:
        return self._known.memory.get(token(column), {})

    def _judged(self, file: FileVersion, brings: Sequence[Timestamps]) -> list[Timestamps]:
        if file.file_id in self._known.files or file.file_id in self._known.copies:
            return []
        return [each for each in brings if each.column not in self._declared]

    def _verdict(self, each: Timestamps, others: Mapping[Clock, str]) -> RejectedFileError:
        [(other, key)] = others.items()
        return RejectedFileError(
            Reason.CLOCK_MISMATCH,
            f"its timestamps are {MEANS[each.clock]}, those that have landed are {MEANS[other]}: in one column, "
            "which tells neither, one of the two could be hours off",
            column=each.column,
            found=f"{MEANS[each.clock]}, as {each.found}",
            expected=f"{MEANS[other]}, as of {key}",
            remedy=remedy(self._dataset, each.column),
        )


def remedy(dataset: str, column: str) -> str:
    """Say what to do where a column's timestamps are now instants and now wall clocks.

    >>> print(remedy("orders", "placed_at")[:96])
    if its wall clocks are in UTC: declare config: {meta: {wall_clocks: {placed_at: UTC}}} in the da
    """
    name = column if PLAIN_YAML.fullmatch(column) else json.dumps(column)
    return (
        f"if its wall clocks are in UTC: declare config: {{meta: {{wall_clocks: {{{name}: UTC}}}}}} in the dataset's "
        f"source YAML, landfall deploy, then landfall replay --rejected --dataset {dataset} "
        f"--reason {Reason.CLOCK_MISMATCH}; if not: write the column as it was, or under another name"
    )
