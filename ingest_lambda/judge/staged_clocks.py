"""LAND: what texts, and folders, turned out to bring once they were read: instants, wall clocks, or both.

In: a plan, the files of it that could be read, what their texts bring, what is known of the dataset. Out: which of them
may land now. Of parquet the footer says it before, and it is judged with the plan; here all are held against each
other, in the order of the load. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ingest_lambda.clock import Clock
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.judge.clocks import ColumnClocks, Known, Timestamps
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.plan import Plan

TEXT = "text"


@dataclass
class Judged:
    """By the files' numbers: those that are refused; those that are to land after the others, and their verdict then.

    `brought` and `mixed` are what the others bring, as a plan has it; `copies` those of them that are to be skipped.
    """

    refused: dict[int, RejectedFileError] = field(default_factory=dict)
    later: dict[int, RejectedFileError] = field(default_factory=dict)
    brought: Mapping[str, frozenset[Clock]] = field(default_factory=dict)
    mixed: frozenset[str] = frozenset()
    copies: set[int] = field(default_factory=set)


def judge_staged(
    plan: Plan,
    readable: Collection[int],
    texts: Mapping[int, Collection[tuple[str, Clock]]],
    known: Known,
    contract: Contract,
) -> Judged:
    """Judge the readable files of a plan, of which `texts` are known to bring what they bring."""
    clocks, judged = ColumnClocks(plan.dataset, known, contract), Judged()
    for number, planned in enumerate(plan.files, start=1):
        if number not in readable:
            continue
        written = [Timestamps(column, clock, TEXT) for column, clock in sorted(texts.get(number, ()))]
        brings, file = [*planned.timestamps, *written], planned.inspected.file
        if planned.is_copy or file.file_id in known.copies:
            judged.copies.add(number)
        if refused := clocks.contradicted(file, brings):
            judged.refused[number] = refused.error
        elif later := clocks.differing(file, brings):
            judged.later[number] = later.error
        else:
            clocks.take(file, brings)
    judged.brought, judged.mixed = clocks.brought(), clocks.mixed()
    return judged
