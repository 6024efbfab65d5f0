"""MODEL: count what dbt's adapter cannot: the rows of tables that are built anew, and those that wait.

In: dbt's results and a query function. Out: {model: rows}. The driver reports a row count for INSERT, by which an
UPSERT ends, and none for MERGE and CREATE TABLE AS (`_commands_with_count` in redshift_connector's core.py), and a view
has none: so the warehouse is asked. Of the rows that a run offered to a modeled table, those count that it holds now,
and not those that lost against a newer row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transform_lambda.dbt_runtime import Query
from transform_lambda.results import rows_affected

_ROW_IDENTITY = {"_file_id", "_row_digest"}


@dataclass(frozen=True)
class Upsert:
    """A modeled table, the checked rows, whose newest accepted ones it is offered, and the key that both share."""

    model: str
    table: str
    offered: str
    key: tuple[str, ...]


def count_rows(query: Query, results: Sequence[Any], run_id: str, left: Mapping[str, str]) -> dict[str, int]:
    """Count, for every UPSERT of the run that was done, and for every model of waiting rows, in one statement.

    `left` are the views that the run left alone: their relations by name.
    """
    upserts = [count_sql(upsert, run_id) for upsert in upserts_of(results)]
    views = {**left} | {node.name: node.relation_name for node in _done(results)}
    waiting = [waiting_sql(name, relation) for name, relation in views.items() if is_waiting(name)]
    counted = query("\nunion all\n".join([*upserts, *waiting])) if upserts or waiting else []
    return {row["model"]: row["row_count"] for row in counted}


def is_waiting(model: str) -> bool:
    """Tell whether a model holds rows that are not modeled (yet).

    >>> is_waiting("quarantine_orders"), is_waiting("pending_order_items"), is_waiting("orders")
    (True, True, False)
    """
    return model.startswith(("quarantine_", "pending_"))


def waiting_sql(model: str, relation: str) -> str:
    """Build the count of all rows that wait, whichever run brought them.

    >>> waiting_sql("quarantine_orders", "gate.quarantine_orders")
    "select 'quarantine_orders' as model, count(*) as row_count from gate.quarantine_orders"
    """
    return f"select '{model}' as model, count(*) as row_count from {relation}"  # noqa: S608 - of dbt's own graph


def upserts_of(results: Sequence[Any]) -> list[Upsert]:
    """Find the UPSERTs that were done and whose rows nobody has told.

    They are models with a unique key, behind an `int_<entity>__checked` of this run.
    """
    nodes = {result.node.name: result.node for result in results}
    return [
        Upsert(node.name, node.relation_name, nodes[offered].relation_name, _key(node))
        for node in _done([result for result in results if rows_affected(result) is None])
        if (offered := f"int_{node.name}__checked") in nodes and _key(node) and node.columns.keys() >= _ROW_IDENTITY
    ]


def _done(results: Sequence[Any]) -> list[Any]:
    return [result.node for result in results if str(result.status) == "success"]


def _key(node: Any) -> tuple[str, ...]:
    key = getattr(node.config, "unique_key", None) or ()
    return (key,) if isinstance(key, str) else tuple(key)


def count_sql(upsert: Upsert, run_id: str) -> str:
    """Build the query of one count. A row is known by its key, its file and the digest of its business columns.

    >>> print(count_sql(Upsert("orders", "modeled.orders", "gate.checked", ("order_id",)), "r-1"))
    select 'orders' as model, count(*) as row_count
    from gate.checked as offered
    inner join modeled.orders as held
        on offered.order_id = held.order_id
        and offered._file_id = held._file_id
        and offered._row_digest = held._row_digest
    where offered.row_status = 'accepted' and offered._version_rank = 1 and offered._run_id = 'r-1'
    """
    columns = (*upsert.key, "_file_id", "_row_digest")
    matches = "\n    and ".join(f"offered.{column} = held.{column}" for column in columns)
    return (
        f"select '{upsert.model}' as model, count(*) as row_count\nfrom {upsert.offered} as offered\n"
        f"inner join {upsert.table} as held\n    on {matches}\n"
        f"where offered.row_status = 'accepted' and offered._version_rank = 1 and offered._run_id = '{run_id}'"
    )
