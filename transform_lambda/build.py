"""MODEL, GATE: run dbt for a plan, or for a part of it. In: the plan. Out: what happened, as JSON.

A failed gate stops what it was to stop. What dbt skipped beside that (another entity that looks up the stopped one,
say) is built by one more invocation, and both are one result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from transform_lambda.dbt_runtime import Query, connected, invoke
from transform_lambda.errors import ConfigError, TransientError
from transform_lambda.examples import explain, unexplained
from transform_lambda.graph import Graph, graph_of
from transform_lambda.merge import Json, merged
from transform_lambda.results import (
    MESSAGE_LIMIT,
    Outcome,
    errors_of,
    failed_gates,
    gates_of,
    models_of,
    outcome_of,
    statuses_of,
    warned_gates,
)
from transform_lambda.row_counts import count_rows
from transform_lambda.validation import count_records

# Events worth a line in the function's log: how each node and hook ended, and what went wrong.
_LOGGED_EVENTS = {"LogModelResult", "LogTestResult", "LogHookEndLine", "LogSkipBecauseError", "SkippingDetails"}
_TABLES_SQL = "select schemaname || '.' || tablename as name from pg_tables where schemaname like '%modeled'"


@dataclass(frozen=True)
class Builder:
    """dbt, on one project."""

    project_dir: Path
    logger: Logger

    def build(self, plan: Mapping[str, Any], part: str | None = None, so_far: Json | None = None) -> dict[str, Any]:
        """Build what the plan selects, or that part of it; `so_far` is the result of the parts before.

        Returns:
            {"run_id", "run_ids", "outcome", "part_outcome", "started_at", "ended_at", "models", "gates", "records",
            "failing", "warning", "errors"}; `part_outcome` is of this part alone.
        """
        done = self._build_part(plan, part) if part else self._build(plan["select"], plan)
        return {**merged(so_far, done), "part_outcome": done["outcome"]}

    def _build_part(self, plan: Mapping[str, Any], part: str) -> dict[str, Any]:
        graph = self.graph()
        selected = graph.downstream(None if plan["whole_project"] else plan["datasets"])
        ids = graph.without(graph.parts(selected).get(part, frozenset()), self._missing(graph))
        return self._build([*graph.selectors(ids), *_EXACTLY], plan) if ids else _nothing()

    def _build(self, select: Sequence[str], plan: Mapping[str, Any]) -> dict[str, Any]:
        statuses, first = self._invoke(select, plan)
        if first["outcome"] != Outcome.GATE_FAILED:
            return first
        graph = self.graph()
        ids = graph.going_on(statuses, self._missing(graph))
        if not ids:
            return first
        self.logger.info("other datasets go on beside the failed gate", extra={"nodes": len(ids)})
        _, second = self._invoke([*graph.selectors(ids), *_EXACTLY], plan)
        return merged(first, second)

    def _invoke(self, select: Sequence[str], plan: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        log = EventLog(self.logger)
        started_at = _now()
        answer = invoke(build_arguments(select, is_full_refresh=plan["full_refresh"]), self.project_dir, log)
        results: Any = getattr(answer.result, "results", None) or []
        errors = errors_of(results)
        if answer.exception is not None:
            errors.append(f"dbt: {answer.exception}"[:MESSAGE_LIMIT])
        findings = self._findings(results, log.invocation_id)
        return statuses_of(results), {
            "run_id": log.invocation_id,
            "run_ids": [log.invocation_id] if log.invocation_id else [],
            "outcome": str(outcome_of((str(result.status) for result in results), is_success=answer.success)),
            "started_at": started_at,
            "ended_at": _now(),
            "models": models_of(results, findings.rows),
            "gates": gates_of(results),
            "records": findings.records,
            "failing": findings.failing,
            "warning": findings.warning,
            "errors": errors,
        }

    def _findings(self, results: Sequence[Any], run_id: str | None) -> Findings:
        if not results or run_id is None:
            return Findings({}, [], [], [])
        failed, warned = failed_gates(results), warned_gates(results)
        rows: Mapping[str, int] = {}
        records: Sequence[dict[str, Any]] = []
        try:
            with connected(self.project_dir) as query:
                rows, records = count_rows(query, results, run_id), count_records(query, results, run_id)
                explained = explain(query, [*failed, *warned])
        except TransientError as error:
            explained = [unexplained(result, str(error)) for result in (*failed, *warned)]
        return Findings(rows, records, explained[: len(failed)], explained[len(failed) :])

    def _missing(self, graph: Graph) -> set[str]:
        with connected(self.project_dir) as query:
            return missing_tables(query, graph)

    def graph(self) -> Graph:
        """Read dbt's graph.

        Raises:
            ConfigError: dbt cannot parse the project.
        """
        answer = invoke(["parse"], self.project_dir, EventLog(self.logger))
        if not answer.success:
            raise ConfigError(f"dbt cannot read its project: {answer.exception or 'see the log'}")
        return graph_of(answer.result)


@dataclass(frozen=True)
class Findings:
    """What the warehouse was asked after the run. When it cannot be asked, dbt's verdict stands without the details."""

    rows: Mapping[str, int]
    records: Sequence[dict[str, Any]]
    failing: Sequence[dict[str, Any]]
    warning: Sequence[dict[str, Any]]


_EXPLAINED = ("failing", "warning")
_EXACTLY = ("--indirect-selection", "empty")  # the nodes named, and no gate beside them


def build_arguments(select: Sequence[str], *, is_full_refresh: bool) -> list[str]:
    """Build dbt's arguments. Unit tests check the SQL, not the data: they ran before the deployment.

    >>> build_arguments(["source:landing.orders+"], is_full_refresh=True)
    ['build', '--exclude-resource-type', 'unit_test', '--full-refresh', '--select', 'source:landing.orders+']
    """
    refresh = ["--full-refresh"] if is_full_refresh else []
    return ["build", "--exclude-resource-type", "unit_test", *refresh, *(["--select", *select] if select else [])]


def missing_tables(query: Query, graph: Graph) -> set[str]:
    """Return the ids of the UPSERTs that have no table yet: their first rows wait behind a gate."""
    tables = {row["name"] for row in query(_TABLES_SQL)}
    return {upsert.id for upsert in graph.upserts if upsert.relation not in tables}


def _nothing() -> dict[str, Any]:
    lists: dict[str, Any] = {name: [] for name in ("run_ids", "models", "gates", "records", *_EXPLAINED, "errors")}
    return {"run_id": None, "outcome": str(Outcome.SUCCEEDED), "started_at": _now(), "ended_at": _now(), **lists}


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
