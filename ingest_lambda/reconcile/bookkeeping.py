"""LAND, reconcile: what runs have recorded in `ops` is let go when nobody asks for it any more.

In: how many days it stays. Out: fewer rows. Every plan reads what the gates said and what was told, and these tables
grow with every run. What decides anything stays, however old: the ledgers; how far models have come (`model_loads`);
when a run began that took a file in, without which its undo would not rebuild the model (`run_bounds`); what each gate
said last; what was told last. Of a developer's schemas only age counts, since no plan goes by them.
"""

# ruff: noqa: S608 - our own names, and a whole number

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ingest_lambda.warehouse.client import Connection

TABLES = ("gate_results", "checked_rows", "runs", "run_bounds", "model_loads", "alerts")


def prune(warehouse: Connection, days: int) -> dict[str, int]:
    """Delete what is older than so many days, in one transaction; return how many rows left each table of `ops`.

    Raises:
        TransactionConflictError: it lost against another transaction; nothing is deleted, and the next night does it.
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    done = warehouse.transaction(prune_statements(days))
    return {table: done.count(index) for index, table in enumerate(TABLES)}


def prune_statements(days: int) -> list[str]:
    """Spell the deletions, one a table of TABLES.

    >>> [statement.split()[2] for statement in prune_statements(400)] == [f"ops.{table}" for table in TABLES]
    True
    """
    then = f"dateadd(day, -{days:d}, getdate())"
    return [
        # a gate whose severity has changed has said something as each
        "delete from ops.gate_results using ("
        "select gate, severity, max(executed_at) as executed_at from ops.gate_results "
        "where status <> 'skipped' group by gate, severity) as newest "
        "where gate_results.gate = newest.gate and gate_results.severity = newest.severity "
        f"and gate_results.executed_at < newest.executed_at and gate_results.executed_at < {then}",
        f"delete from ops.checked_rows where counted_at < {then}",
        f"delete from ops.runs where started_at < {then}",
        "delete from ops.run_bounds using ("
        # what a developer's run has looked at below a prefix of its own (`<prefix>/<dataset>`), no plan goes by
        "select dataset, case when strpos(dataset, '/') > 0 then getdate() else max(frozen_at) end as frozen_at "
        "from ops.run_bounds group by dataset) as newest "
        "where run_bounds.dataset = newest.dataset and run_bounds.frozen_at < newest.frozen_at "
        f"and run_bounds.frozen_at < {then} and not exists (select 1 from ops.model_loads as loads "
        "where loads.dataset = run_bounds.dataset and loads.run_id = run_bounds.run_id)",
        # a developer's tables (`dbt_alice_modeled.orders`); one that is still there is read again from the first load
        f"delete from ops.model_loads where strpos(model, 'modeled.') <> 1 and loaded_at < {then}",
        # the last failure, and the last message, of each kind
        "delete from ops.alerts using ("
        "select kind, fingerprint = '' as is_good, max(sent_at) as sent_at from ops.alerts "
        "group by kind, fingerprint = '') as newest "
        "where alerts.kind = newest.kind and (alerts.fingerprint = '') = newest.is_good "
        f"and alerts.sent_at < newest.sent_at and alerts.sent_at < {then}",
    ]
