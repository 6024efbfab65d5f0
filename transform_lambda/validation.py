"""GATE: how many records of each dataset a run looked at, and what became of them; a validation report a dataset.

In: dbt's results and a query function. Out: [{"dataset", "entity", "total", "valid", "error", "is_stopped"}], and from
that the report object that S3 holds: {"validation_status", "summary": {"total_records", "valid_records",
"error_records"}, "report_location"}. A record that becomes rows of several entities counts in each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from transform_lambda.dbt_runtime import Query
from transform_lambda.results import UNCHANGED

FOLDER = "reports/validation/"


def count_records(query: Query, results: Sequence[Any], run_id: str) -> list[dict[str, Any]]:
    """Count the newly landed records that a run checked, by dataset and entity."""
    stopped = {_meta(result.node, "entity") for result in results if _is_upsert(result) and not _went_well(result)}
    entities = sorted({_meta(result.node, "entity") for result in results if _is_checked(result)})
    rows = query(records_sql(entities, run_id)) if entities else []
    return [{**_counts(row), "entity": row["entity"], "is_stopped": row["entity"] in stopped} for row in rows]


def _counts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"dataset": row["dataset"], **{name: int(row[name]) for name in ("total", "valid", "error")}}


def _is_checked(result: Any) -> bool:
    return str(result.status) == "success" and result.node.name.endswith("__checked")


def _went_well(result: Any) -> bool:
    return str(result.status) in ("success", UNCHANGED)


def _is_upsert(result: Any) -> bool:
    return str(result.node.resource_type) == "model" and result.node.fqn[1] == "modeled"


def _meta(node: Any, name: str) -> Any:
    return (node.config.meta or {}).get(name)


def records_sql(entities: Sequence[str], run_id: str) -> str:
    """Build the query of what the run has counted itself as it ended; pending records are in the total alone.

    >>> print(records_sql(["items", "orders"], "r-1"))
    select
        entity,
        dataset,
        accepted + quarantined + pending as total,
        accepted as valid,
        quarantined as error
    from ops.checked_rows
    where run_id = 'r-1' and entity in ('items', 'orders')
    """
    names = "', '".join(entities)
    return f"""select
    entity,
    dataset,
    accepted + quarantined + pending as total,
    accepted as valid,
    quarantined as error
from ops.checked_rows
where run_id = '{run_id}' and entity in ('{names}')"""  # noqa: S608 - names of dbt's own graph


def summed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Add up the entities that a dataset's records became.

    >>> row = {"dataset": "orders", "entity": "orders", "total": 3, "valid": 2, "error": 1, "is_stopped": False}
    >>> summed([row, row | {"entity": "items", "is_stopped": True}])
    [{'dataset': 'orders', 'total': 6, 'valid': 4, 'error': 2, 'is_stopped': True}]
    """
    sums: dict[str, dict[str, Any]] = {}
    for row in rows:
        of = sums.setdefault(
            row["dataset"], {"dataset": row["dataset"], "total": 0, "valid": 0, "error": 0, "is_stopped": False}
        )
        of.update({name: of[name] + row[name] for name in ("total", "valid", "error")})
        of["is_stopped"] = of["is_stopped"] or row["is_stopped"]
    return [sums[name] for name in sorted(sums)]


def validation_report(records: Mapping[str, Any], report_location: str) -> dict[str, Any]:
    """Build a dataset's report: `failed` if it was not modeled, `warning` if records were quarantined, else `passed`.

    What is not modeled a gate has stopped, or its UPSERT broke.

    >>> counted = {"dataset": "claims", "total": 10, "valid": 9, "error": 1, "is_stopped": False}
    >>> validation_report(counted, "s3://bucket/reports/transform/r-1.json")["validation_status"]
    'warning'
    """
    status = "failed" if records["is_stopped"] else "warning" if records["error"] else "passed"
    return {
        "validation_status": status,
        "summary": {
            "total_records": records["total"],
            "valid_records": records["valid"],
            "error_records": records["error"],
        },
        "report_location": report_location,
    }
