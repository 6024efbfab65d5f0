"""MODEL, GATE: run dbt for a plan. In: the plan. Out: what happened, as JSON: outcome, models, gates, failing gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from transform_lambda.dbt_runtime import connected, invoke
from transform_lambda.errors import ConfigError, TransientError
from transform_lambda.examples import explain, unexplained
from transform_lambda.results import MESSAGE_LIMIT, errors_of, failed_gates, gates_of, models_of, outcome_of
from transform_lambda.row_counts import count_rows

# Events worth a line in the function's log: how each node and hook ended, and what went wrong.
_LOGGED_EVENTS = {"LogModelResult", "LogTestResult", "LogHookEndLine", "LogSkipBecauseError", "SkippingDetails"}


def build(plan: Mapping[str, Any], project_dir: Path, logger: Logger) -> dict[str, Any]:
    """Build what the plan selects.

    Returns:
        {"run_id", "outcome", "started_at", "ended_at", "models", "gates", "failing", "errors"}.
    """
    log = EventLog(logger)
    started_at = _now()
    answer = invoke(build_arguments(plan), project_dir, log)
    results: Any = getattr(answer.result, "results", None) or []
    errors = errors_of(results)
    if answer.exception is not None:
        errors.append(f"dbt: {answer.exception}"[:MESSAGE_LIMIT])
    findings = _findings(results, project_dir, log.invocation_id)
    return {
        "run_id": log.invocation_id,
        "outcome": str(outcome_of((str(result.status) for result in results), is_success=answer.success)),
        "started_at": started_at,
        "ended_at": _now(),
        "models": models_of(results, findings.rows),
        "gates": gates_of(results),
        "failing": findings.failing,
        "errors": errors,
    }


@dataclass(frozen=True)
class Findings:
    """What the warehouse was asked after the run. When it cannot be asked, dbt's verdict stands without the details."""

    rows: Mapping[str, int]
    failing: Sequence[dict[str, Any]]


def _findings(results: Sequence[Any], project_dir: Path, run_id: str | None) -> Findings:
    if not results or run_id is None:
        return Findings({}, [])
    failed = failed_gates(results)
    try:
        with connected(project_dir) as query:
            return Findings(count_rows(query, results, run_id), explain(query, failed))
    except TransientError as error:
        return Findings({}, [unexplained(result, str(error)) for result in failed])


def build_arguments(plan: Mapping[str, Any]) -> list[str]:
    """Build dbt's arguments. Unit tests check the SQL, not the data: they ran before the deployment.

    >>> build_arguments({"select": ["source:landing.orders+"], "full_refresh": True})
    ['build', '--exclude-resource-type', 'unit_test', '--select', 'source:landing.orders+', '--full-refresh']
    """
    select = ["--select", *plan["select"]] if plan["select"] else []
    refresh = ["--full-refresh"] if plan["full_refresh"] else []
    return ["build", "--exclude-resource-type", "unit_test", *select, *refresh]


def modeled_datasets(project_dir: Path, logger: Logger) -> list[str]:
    """Return the data sets that a modeled table depends on, from dbt's own graph.

    Raises:
        ConfigError: dbt cannot parse the project.
    """
    selection = ["--resource-type", "source", "--select", "+path:dbt_project/models/modeled", "--output", "name"]
    answer = invoke(["ls", *selection], project_dir, EventLog(logger))
    if not answer.success:
        raise ConfigError(f"dbt cannot read its project: {answer.exception or 'see the log'}")
    names: Any = answer.result or []
    return landing_names(names)


def landing_names(sources: list[str]) -> list[str]:
    """Return the names of the landing sources among dbt's names of sources, `source.table` with or without the project.

    >>> landing_names(["landing.orders", "ops.model_loads", "landfall.landing.items"])
    ['items', 'orders']
    """
    parts = [source.split(".") for source in sources]
    return sorted(part[-1] for part in parts if part[-2:-1] == ["landing"])


class EventLog:
    """Take dbt's events: log those that say how a node ended or what went wrong, and remember the invocation's id."""

    def __init__(self, logger: Logger) -> None:
        self._logger = logger
        self.invocation_id: str | None = None

    def __call__(self, event: Any) -> None:
        """Take one event."""
        self.invocation_id = event.info.invocation_id or self.invocation_id
        if event.info.name in _LOGGED_EVENTS or event.info.level in ("warn", "error"):
            level = self._logger.error if event.info.level == "error" else self._logger.info
            level(event.info.msg, extra={"dbt_event": event.info.name, "run_id": event.info.invocation_id})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
