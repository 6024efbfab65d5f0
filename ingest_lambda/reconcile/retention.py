"""LAND, reconcile: rows leave landing when they are older than their dataset keeps them, and no model needs them.

In: the contracts, what the transform function says of the models. Out: fewer rows, each removal in one transaction with
its record in the ledger. What was removed comes back by `landfall backfill --removed`; until then nothing is built from
its first row. A dataset that declares no `retention_days` is not asked about.
"""

# ruff: noqa: S608 - our own names, and a whole number

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.reconcile.ledger import datasets, packed
from ingest_lambda.warehouse import removals
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.removals import Removable
from ingest_lambda.warehouse.statements import literal, table

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from ingest_lambda.judge.contracts import Contract

# So long rows stay beyond their days: removals are few and large, and a round needs no schedule of its own.
SLACK_DAYS = 7
# A run that began so long ago and has not ended died: the transform's own limit is far below.
UNDER_WAY_HOURS = 6
# A developer's reads landed rows too, but is cancelled often, and then never ends.
DEVELOPERS_HOURS = 1
# Asks the transform function about datasets; returns its answer.
Ask = Callable[[Sequence[str]], Mapping[str, Any]]


@dataclass(frozen=True)
class Removal:
    """What became of a dataset's old rows: removed, would_remove (`dry_run`), nothing to remove, or refused and why."""

    dataset: str
    outcome: str
    days: int
    files: int = 0
    rows: int = 0
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Spell it as its JSON face does."""
        return asdict(self)


def keep_house(
    warehouse: Connection,
    contracts: Mapping[str, Contract],
    ask: Ask,
    *,
    dataset: str | None = None,
    slack_days: int = 0,
    dry_run: bool = False,
) -> list[Removal]:
    """Remove the rows that are older than their datasets keep them, where any is older by `slack_days`.

    Raises:
        TransientError, ConfigError: the warehouse or the transform function does not answer, or denies access. What was
            removed stays so, with its record.
    """
    days = {name: each.retention_days for name, each in contracts.items() if each.retention_days is not None}
    if not days:
        return []
    names = [name for name in landed_datasets(warehouse, dataset) if name in days]
    prepared = {str(row["dataset"]) for row in warehouse.query(removals.select_ledgers())}
    oldest = [
        f"select {literal(name)} as dataset, files from "
        f"({removals.select_oldest(name, days[name] + slack_days, has_columns=name in prepared)}) as counted"
        for name in names
    ]
    rows = [row for sql in packed(oldest, " union all ") for row in warehouse.query(sql)]
    due = sorted(str(row["dataset"]) for row in rows if int(row["files"]))
    done = [Removal(name, "nothing", days[name]) for name in names if name not in due]
    if not due:
        return done
    ledgers = [] if dry_run else datasets(warehouse)
    before = _newest(warehouse, ledgers)
    said = ask(due)["datasets"]
    refused = {name: said[name]["refused"] or _other_than_deployed(contracts[name], said[name]) for name in due}
    if not dry_run:
        for name in due:
            if name not in prepared and not refused[name]:
                retry_conflicts(partial(warehouse.transaction, removals.add_columns(name)))
                prepared.add(name)
    # After the columns were there: a run that does not see them has frozen its bounds before, and is found here.
    meanwhile = None if dry_run else _meanwhile(warehouse, ledgers, before)
    for name in due:
        removable = Removable(
            name,
            days[name],
            int(said[name]["upto_seq"]),
            tuple(said[name]["kept"]),
            is_snapshot=contracts[name].lists_each_file,
            has_columns=name in prepared,
        )
        why = refused[name] or meanwhile
        done.append(Removal(name, "refused", days[name], reason=why) if why else _remove(warehouse, removable, dry_run))
    return sorted(done, key=lambda each: each.dataset)


def _other_than_deployed(contract: Contract, said: Mapping[str, Any]) -> str | None:
    """Refuse to go by a declaration that the deployed functions do not know: a load takes removed files for landed."""
    here = {"retention_days": contract.retention_days, "lists_each_file": contract.lists_each_file}
    deployed = said.get("declared")
    return None if deployed == here else f"{here} is declared here, and {deployed} is deployed: landfall deploy"


def _meanwhile(warehouse: Connection, ledgers: Sequence[str], before: frozenset[tuple[str, ...]]) -> str | None:
    """Say why what the models said that they need may have changed since they were asked."""
    if running := warehouse.query(select_under_way()):
        return f"run {running[0]['run_id']} is under way; try again after it"
    if _newest(warehouse, ledgers) != before:
        return "a run began, or a file was undone, while the models were asked what they need; try again"
    return None


def _newest(warehouse: Connection, ledgers: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Ask for the newest run and the newest undo of each dataset, which change what models need."""
    return frozenset(
        (str(row["dataset"]), str(row["undone"]), str(row["newest"]))
        for sql in packed(select_newest(ledgers) if ledgers else [], " union all ")
        for row in warehouse.query(sql)
    )


def _remove(warehouse: Connection, removable: Removable, dry_run: bool) -> Removal:
    [found] = warehouse.query(removals.select_removable(removable))
    files, rows, last_seq = int(found["files"]), int(found["row_count"]), int(found["last_seq"])
    removal = Removal(removable.dataset, "nothing", removable.days)
    if not files:
        return replace(removal, reason="older rows are of files that have open rows, or are not modeled yet")
    [landed] = warehouse.query(removals.count_rows(removable, found["as_of"], last_seq))
    if int(landed["row_count"]) != rows:
        why = f"landing has {landed['row_count']} rows of {files} old files, and the ledger says {rows}"
        return replace(removal, outcome="refused", reason=f"{why}: landfall reconcile --dataset {removable.dataset}")
    if not dry_run:
        steps = removals.remove(removable, found["as_of"], last_seq)
        retry_conflicts(partial(warehouse.transaction, steps))
    return replace(removal, outcome="would_remove" if dry_run else "removed", files=files, rows=rows)


def select_under_way() -> str:
    """Look for a run that has frozen its bounds and has not ended; a developer's names datasets below a prefix."""
    return (
        "select bounds.run_id from ops.run_bounds as bounds left join ops.runs as runs on runs.run_id = bounds.run_id "
        "where runs.run_id is null and bounds.frozen_at > case when strpos(bounds.dataset, '/') > 0 "
        f"then dateadd(hour, -{DEVELOPERS_HOURS:d}, getdate()) else dateadd(hour, -{UNDER_WAY_HOURS:d}, getdate()) end "
        "limit 1"
    )


def select_newest(ledgers: Sequence[str]) -> list[str]:
    """Ask when production's last run began, and which undo was the last of each dataset: the parts of a union.

    >>> for sql in select_newest(["orders"]): print(sql)
    select '' as dataset, 0 as undone, max(frozen_at) as newest from ops.run_bounds where strpos(dataset, '/') = 0
    select 'orders' as dataset, count(undone_at) as undone, max(undone_at) as newest from ledger."orders"
    """
    return [
        "select '' as dataset, 0 as undone, max(frozen_at) as newest from ops.run_bounds "
        "where strpos(dataset, '/') = 0",
        *(
            f"select {literal(name)} as dataset, count(undone_at) as undone, max(undone_at) as newest "
            f"from {table('ledger', name)}"
            for name in ledgers
        ),
    ]


def ask_transform(client: LambdaClient, function: str, datasets: Sequence[str]) -> Mapping[str, Any]:
    """Ask the transform function what its models need of datasets.

    Raises:
        TransientError: the warehouse cannot be reached from there.
        ConfigError: the function cannot tell; one of an earlier release does not know the question.
    """
    payload = json.dumps({"action": "retention", "execution": "housekeeping", "datasets": list(datasets)})
    answer = client.invoke(FunctionName=function, Payload=payload)
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if "read_with" not in said:
        kind, message = said.get("errorType"), f"{function} cannot say what models need: {said.get('errorMessage')}"
        raise TransientError(message) if kind == "TransientError" else ConfigError(message)
    return said
