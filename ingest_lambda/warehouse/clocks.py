"""LAND, warehouse: what the timestamps of a dataset's columns are, as its ledger remembers.

In: a dataset; or what the files of a load bring. Out: what the files that stand have brought, or the statements that
ask for it and hold a load against it. The memory is the ledger itself: each file's row names its columns of timestamps
(`timestamp_kinds`), so that what was undone counts no more, whatever the order in which files came.

A load asks nothing: a statement of its transaction fails where a file that stands says other of a column
(`as_planned`). All of it is undone then, the memory is read, and it is planned again. A ledger that an earlier
release has made gets the column when the first file with timestamps comes; of files before that nothing is known.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `table`, texts through `literal`

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from functools import partial

from ingest_lambda.clock import Clock
from ingest_lambda.errors import CatalogChangedError
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.statements import CLOCK_FACT, declared, identifier, literal, lock_dataset, table

KINDS = identifier(CLOCK_FACT[0])
MARKS = {Clock.INSTANT: "i", Clock.WALL: "w"}
# Names stand for themselves where they are so short and plain; so 1,594 of them fit the fact, and a statement.
PLAIN = re.compile(r"[a-z_][a-z0-9_]{0,23}")
DIGEST_LETTERS = 16
TOGETHER = 50  # conditions of a chain
CONDITION_BYTES = 10_000  # of one condition of a statement, so that two statements can share them evenly
LEDGER_BYTES = 95_000  # of all of those of one statement, beside its own words

# By the token of a column: what its timestamps are, and the key of a file that has such.
Memory = Mapping[str, Mapping[Clock, str]]


def token(column: str) -> str:
    """Name a column of landing within a fact.

    >>> token("placed_at"), token("Placed at")
    ('placed_at', '~509be3845ff3e81d')
    """
    if PLAIN.fullmatch(column):
        return column
    return "~" + hashlib.sha256(column.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST_LETTERS]


def fact(clocks: Iterable[tuple[str, Clock]]) -> str | None:
    """Word what the timestamps of a file's columns are; None where it has none.

    >>> fact([("shipped_at", Clock.WALL), ("placed_at", Clock.INSTANT)])
    ' i:placed_at w:shipped_at '
    """
    words = sorted({_word(column, clock) for column, clock in clocks})
    return f" {' '.join(words)} " if words else None


def select_memory(dataset: str) -> str:
    """Ask what the files that stand have said, and for a key of each kind of them."""
    return (
        f'select {KINDS}, max("key") as "key" from {table("ledger", dataset)} '
        f"where {_stands()} group by {KINDS} order by {KINDS}"
    )


def read_memory(warehouse: Connection, dataset: str) -> Memory:
    """Ask what the files that stand have said; nothing is known where the ledger cannot say it."""
    try:
        rows = warehouse.query(select_memory(dataset))
    except CatalogChangedError:
        return {}
    memory: dict[str, dict[Clock, str]] = {}
    clocks = {mark: clock for clock, mark in MARKS.items()}
    for row in rows:
        for word in str(row[CLOCK_FACT[0]]).split():
            mark, _, column = word.partition(":")
            memory.setdefault(column, {})[clocks[mark]] = str(row["key"])
    return memory


def as_planned(dataset: str, brought: Mapping[str, Set[Clock]], mixed: Set[str] = frozenset()) -> list[str]:
    """Fail, dividing by zero, where a file that stands says other of a column than a load brings.

    `mixed`: columns of which the load knows that files say both, which is as good as a declaration while they do.

    >>> [check] = as_planned("orders", {"at": {Clock.INSTANT}})
    >>> print(check.partition(" from ")[2][-42:])
    as known where (strpos(k,' w:at ')>0)) = 1
    """
    known = f"from (select distinct {KINDS} as k from {table('ledger', dataset)} where {_stands()}) as known"
    others = [
        f"{_place(column, clock)}>0"
        for column, clocks in sorted(brought.items())
        for clock in Clock
        if column not in mixed and clocks != {clock}
    ]
    both = [f"max({_place(column, clock)})>0" for column in sorted(mixed) for clock in Clock]
    return [
        *(
            f"(select 1 / case when count(*) = 0 then 1 else 0 end {known} where {_joined('or', some)}) = 1"
            for some in _parts(others)
        ),
        *(f"(select 1 / case when {_joined('and', some)} then 1 else 0 end {known}) = 1" for some in _parts(both)),
    ]


def shared_out(conditions: Iterable[str]) -> tuple[list[str], list[str]]:
    """Share the conditions of a load out to two of its statements, the first of which has all where they fit it.

    A table of 1,594 columns of timestamps, each of them mixed, has 170 KB of them, and a statement 100.
    """
    shares: tuple[list[str], list[str]] = ([], [])
    size = 0
    for condition in conditions:
        size += len(condition)
        shares[0 if size <= LEDGER_BYTES else 1].append(condition)
    return shares


def keep_kinds(warehouse: Connection, dataset: str) -> None:
    """Let the ledger of a dataset say what timestamps are; again is no harm."""
    try:
        retry_conflicts(partial(warehouse.transaction, add_kinds(dataset)))
    except CatalogChangedError:  # somebody has added it meanwhile: who has planned without it looks again
        return


def add_kinds(dataset: str) -> list[str]:
    """Give a ledger the column: the statements of one transaction.

    >>> for sql in add_kinds("orders"): print(sql)
    lock table lock."orders"
    alter table ledger."orders" add column "timestamp_kinds" VARCHAR(65535)
    """
    return [lock_dataset(dataset), f"alter table {table('ledger', dataset)} add column {declared([CLOCK_FACT])}"]


def _joined(operator: str, conditions: Sequence[str]) -> str:
    """Join conditions in groups: a chain of a thousand is nested as deep for a parser.

    >>> _joined("or", ["a", "b"])
    '(a or b)'
    """
    groups = [conditions[start : start + TOGETHER] for start in range(0, len(conditions), TOGETHER)]
    return f" {operator} ".join(f"({f' {operator} '.join(group)})" for group in groups)


def _parts(conditions: Sequence[str]) -> list[list[str]]:
    parts: list[list[str]] = []
    size = CONDITION_BYTES
    for condition in conditions:
        if size + len(condition) > CONDITION_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(condition)
        size += len(condition) + len(" and ")
    return parts


def _stands() -> str:
    return f"undone_at is null and {KINDS} is not null"


def _place(column: str, clock: Clock) -> str:
    return f"strpos(k,{literal(f' {_word(column, clock)} ')})"


def _word(column: str, clock: Clock) -> str:
    return f"{MARKS[clock]}:{token(column)}"
