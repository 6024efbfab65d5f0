"""LAND: planning with doubts settled.

In: the files of a load, what is known of its landing table, and two ways to look: into the table, into a file. Out: the
plan that nothing more could change. Most plans leave no doubt, and then nobody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, replace

from ingest_lambda.judge.paths import Group
from ingest_lambda.judge.plan import Plan
from ingest_lambda.judge.table import Table
from ingest_lambda.read.column_values import is_flat
from ingest_lambda.read.footer import Inspected


@dataclass(frozen=True)
class Counted:
    """What counting a landing table has shown: few enough rows to be changed, the empty columns, no row at all."""

    may_change: bool
    empty: frozenset[str]
    is_empty: bool


@dataclass(frozen=True)
class Looks:
    """The two ways to look: `count` says which columns of landing are empty, `into` which of a file have a value.

    `into` takes the file and positions of its columns, and returns it with `has_values` known of these.
    """

    count: Callable[[Set[str]], Counted]
    into: Callable[[Inspected, Set[int]], Inspected]


def settle(group: Group, table: Table, plan_now: Callable[[Group, Table], Plan], looks: Looks) -> Plan:
    """Plan the load of `group` by `plan_now`, and look wherever it would make a difference.

    Raises:
        TransientError, ConfigError: the warehouse or S3 does not answer, or denies access.
    """
    have_looked = False
    while True:
        plan = plan_now(group, table)
        if plan.unsure:
            # if what came to light raises further doubts, all are settled at once
            wanted = {file.file.file_id: unknown(file) for file in group.files} if have_looked else plan.unsure
            group = replace(group, files=tuple(_looked_into(file, wanted, looks) for file in group.files))
            have_looked = True
        elif (
            plan.doubtful
            or (plan.type_changes and table.may_change is None)
            or (plan.is_crowded and table.is_empty is None)
        ):
            counted = looks.count(plan.doubtful)
            table = replace(
                table,
                counted=table.counted | plan.doubtful,
                empty=table.empty | counted.empty,
                may_change=counted.may_change,
                is_empty=counted.is_empty,
            )
        else:
            return plan


def unknown(file: Inspected) -> frozenset[int]:
    """Name the columns of which the file's footer does not tell whether they have a value."""
    columns = enumerate(file.footer.columns)
    return frozenset(number for number, column in columns if column.has_values is None and is_flat(column))


def _looked_into(file: Inspected, wanted: Mapping[str, frozenset[int]], looks: Looks) -> Inspected:
    positions = wanted.get(file.file.file_id)
    return looks.into(file, positions) if positions else file
