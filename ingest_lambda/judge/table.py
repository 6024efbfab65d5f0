"""LAND: a landing table, as far as it is known before a load.

In: what the catalog has, what has been counted, what stands in the way. Out: a `Table`, by which files are judged.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest_lambda.judge.clocks import Known
from ingest_lambda.warehouse.statements import Column


@dataclass(frozen=True)
class Table:
    """What is known of a landing table. `columns` is None where it does not exist yet.

    `counted`: the columns of which it is known whether they hold a value, `empty` those that hold none. `may_change`:
    it has so few rows that a load may rewrite columns of it, `is_empty` that it has none; None where nobody has
    counted. `in_the_way`: the warehouse's words of an object that stands on columns, so that none of them can change.
    `clocks`: what is known of its timestamps.
    """

    columns: tuple[Column, ...] | None
    counted: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    may_change: bool | None = None
    is_empty: bool | None = None
    in_the_way: str | None = None
    clocks: Known = field(default_factory=Known)
