"""MODEL, GATE: run dbt for a plan, or for a part of it. In: the plan. Out: what happened, as JSON.

A failed gate stops what it was to stop. What dbt skipped beside that (another entity that looks up the stopped one,
say) is built by one more invocation, and both are one result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from transform_lambda.catalog import (
    NOTHING,
    BuiltRelations,
    Catalog,
    Known,
    catalog_of,
    catalog_sql,
    recorded,
    relations_of,
    standing,
)
from transform_lambda.dbt_runtime import connected, invoke, manifest_of, missing_tables
from transform_lambda.errors import TransientError, UnreadableError
from transform_lambda.event_log import EventLog
from transform_lambda.examples import explain, unexplained
from transform_lambda.graph import Graph
from transform_lambda.manifest import graph_of
from transform_lambda.merge import (
    Json,
    failed_in,
    merged,
    nothing,
    refused_over_gap,
    repeated,
    with_next_run,
    with_skipped,
    worst,
)
from transform_lambda.results import (
    MESSAGE_LIMIT,
    UNCHANGED,
    Outcome,
    errors_of,
    failed_gates,
    gates_of,
    models_of,
    outcome_of,
    over_gap,
    statuses_of,
    warned_gates,
)
from transform_lambda.row_counts import count_rows
from transform_lambda.validation import count_records


@dataclass(frozen=True)
class Builder:
    """dbt, on one project."""

    project_dir: Path
    logger: Logger
    built: BuiltRelations | None = None  # without it everything is built and compared, as by dbt alone

    def build(
        self,
        plan: Mapping[str, Any],
        part: str | None = None,
        so_far: Json | None = None,
        before: Json | None = None,
    ) -> dict[str, Any]:
        """Build what the plan selects, or that part of it.

        `so_far` is the result of the parts before; `before`, of a build that is repeated, what the attempt before has
        come to.

        Returns:
            {"run_id", "run_ids", "outcome", "part_outcome", "started_at", "ended_at", "models", "gates", "records",
            "failing", "warning", "errors"}; `part_outcome` is of this part alone.
        """
        if part:
            done = self._build_part(plan, part, so_far)
        elif plan.get("rebuilt"):
            done = self._build_apart(plan)
        elif plan.get("select") or plan.get("whole_project", True):
            done = self._build(plan["select"], plan)
        else:
            done = nothing(_now())
        if so_far is None and plan.get("blocked"):
            done["failing"] = [*plan["blocked"], *done["failing"]]
            done["outcome"] = worst((done["outcome"], Outcome.GATE_FAILED))
        # What a build has modeled that was split after it, each part is told of by what the parts before have come to.
        before = before or (so_far if part else None)
        run = repeated(before, so_far, done, self._added(plan)) if before else merged(so_far, done)
        return {**with_next_run(run, plan), "part_outcome": done["outcome"]}

    def _added(self, plan: Mapping[str, Any]) -> dict[str, str]:
        """Name the models to which each run of a plan adds rows of its own: those not built from the first row."""
        graph = self.graph()
        anew = graph.downstream(None if plan["full_refresh"] else plan.get("rebuilt") or ())
        entities = [upsert.entity for upsert in graph.upserts if upsert.entity and upsert.id not in anew]
        return {name: entity for entity in entities for name in (entity, f"int_{entity}__checked")}

    def _build_part(self, plan: Mapping[str, Any], part: str, so_far: Json | None) -> dict[str, Any]:
        graph = self.graph()
        ids = graph.parts(graph.selected(plan)).get(part, frozenset())
        done = None
        for some, as_planned in _apart(graph, ids, plan):
            before = merged(so_far, done) if done else so_far
            going = self._going(graph, some, before)
            stands = self._standing(as_planned)
            stands, built = replace(stands, left=stands.views & going), going - stands.views
            if built:
                select = [*graph.selectors(built), *_EXACTLY]
                _, result = self._invoke(select, as_planned, stands, before["outcome"] if before else None)
                done = merged(done, result)
            done = with_skipped(graph, done or nothing(_now()), some - going)
        return done or nothing(_now())

    def _build_apart(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """Build what goes on as on any day first, since the rest may look it up; then the rest from the first row."""
        graph = self.graph()
        done = None
        for some, as_planned in _apart(graph, graph.buildable(graph.selected(plan)), plan):
            ids = self._going(graph, some, done) if done else some
            if ids:
                select = [*graph.selectors(ids), *_EXACTLY]
                done = merged(done, self._build(select, as_planned, ids, done["outcome"] if done else None))
            done = with_skipped(graph, done or nothing(_now()), some - ids)
        return done or nothing(_now())

    def _going(self, graph: Graph, ids: frozenset[str], before: Json | None) -> frozenset[str]:
        """Leave out what failed gates were to stop, of what was built before, and what looks up tables not there."""
        return graph.without(graph.beside(ids, failed_in(before)), missing_tables(graph))

    def _build(
        self,
        select: Sequence[str],
        plan: Mapping[str, Any],
        selected: frozenset[str] | None = None,
        before: str | None = None,
    ) -> dict[str, Any]:
        """Build a selection, of which `selected` names the nodes if not all that the plan has."""
        stands = self._standing(plan)
        if stands.views:
            if selected is None:
                selected = self.graph().buildable(self.graph().selected(plan))
            select = [*self.graph().selectors(selected - stands.views), *_EXACTLY]
            stands = replace(stands, left=stands.views & selected)
        statuses, first = self._invoke(select, plan, stands, before)
        if first["outcome"] != Outcome.GATE_FAILED:
            return first
        graph = self.graph()
        ids = graph.going_on(statuses, missing_tables(graph))
        if not ids:
            return first
        self.logger.info("other datasets go on beside the failed gate", extra={"nodes": len(ids)})
        _, second = self._invoke([*graph.selectors(ids), *_EXACTLY], plan, stands, first["outcome"])
        return merged(first, second)

    def _invoke(
        self, select: Sequence[str], plan: Mapping[str, Any], stands: Standing, before: str | None = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        log = EventLog(self.logger)
        started_at = _now()
        manifest = manifest_of(self.project_dir, EventLog(self.logger))
        arguments = build_arguments(select, is_full_refresh=plan["full_refresh"])
        answer = invoke(arguments, self.project_dir, log, manifest, stands.known, before)
        results: Any = getattr(answer.result, "results", None) or []
        refused = {result.node.unique_id: found for result in results if (found := over_gap(result))}
        sensitive = self.graph().sensitive
        errors = errors_of([result for result in results if result.node.unique_id not in refused], sensitive)
        if answer.exception is not None:
            errors.append(f"dbt: {answer.exception}"[:MESSAGE_LIMIT])
        # Nothing broke: it is stopped as by a gate of its own, with a way out, and everything else goes on.
        statuses = {**statuses_of(results), **dict.fromkeys(refused, "fail")}
        self._record(stands, statuses)
        waiting = {node.name: node.relation for node in map(self.graph().nodes.__getitem__, stands.left)}
        findings = self._findings(results, log.invocation_id, waiting)
        left = [{"name": name, "status": UNCHANGED, "rows_affected": findings.rows.get(name)} for name in waiting]
        return statuses, {
            "run_id": log.invocation_id,
            "run_ids": [log.invocation_id] if log.invocation_id else [],
            "outcome": str(outcome_of(statuses.values(), is_success=answer.success)),
            "started_at": started_at,
            "ended_at": _now(),
            "models": [*models_of(results, findings.rows, sensitive), *left],
            "gates": gates_of(results, sensitive),
            "records": findings.records,
            "failing": [*(refused_over_gap(id_, *found) for id_, found in refused.items()), *findings.failing],
            "warning": findings.warning,
            "errors": errors,
        }

    def _standing(self, plan: Mapping[str, Any]) -> Standing:
        """Find out what need not be built or compared; nothing of it, where all is built anew."""
        if self.built is None or plan["whole_project"] or plan["full_refresh"]:
            return Standing()
        graph, record, catalog = self.graph(), self.built.read(), self._catalog()
        ids = standing(graph, record, catalog)
        views = frozenset(id_ for id_ in ids if catalog[graph.nodes[id_].relation].is_view)
        return Standing(ids, views, Known.of(graph, catalog, ids))

    def _record(self, stands: Standing, statuses: Mapping[str, str]) -> None:
        """Record what dbt has built and did not stand before."""
        built = {id_ for id_, status in statuses.items() if status == "success"} - stands.ids
        if self.built is None or not built:
            return
        try:
            self.built.write(recorded(self.graph(), self.built.read(), self._catalog(), built))
        except TransientError as error:
            self.logger.warning("what was built is not recorded", extra={"error": str(error)})

    def _catalog(self) -> Catalog:
        """Read the catalog. Where that fails, nothing is known to stand: dbt builds and compares all, as it would."""
        from redshift_connector.error import ProgrammingError

        try:
            with connected() as query:
                return catalog_of(query(catalog_sql(relations_of(self.graph()))))
        except (ProgrammingError, UnreadableError) as error:  # a view is being dropped
            self.logger.warning("the catalog cannot be read", extra={"error": str(error)})
            return {}

    def _findings(self, results: Sequence[Any], run_id: str | None, waiting: Mapping[str, str]) -> Findings:
        if not results or run_id is None:
            return Findings({}, [], [], [])
        failed, warned = failed_gates(results), warned_gates(results)
        sensitive = self.graph().sensitive
        rows: Mapping[str, int] = {}
        records: Sequence[dict[str, Any]] = []
        try:
            with connected() as query:
                rows, records = count_rows(query, results, run_id, waiting), count_records(query, results, run_id)
                explained = explain(query, [*failed, *warned], sensitive)
        except TransientError as error:
            explained = [unexplained(result, str(error), sensitive) for result in (*failed, *warned)]
        return Findings(rows, records, explained[: len(failed)], explained[len(failed) :])

    def graph(self) -> Graph:
        """Read dbt's graph.

        Raises:
            ConfigError: dbt cannot parse the project.
        """
        return graph_of(manifest_of(self.project_dir, EventLog(self.logger)))


@dataclass(frozen=True)
class Standing:
    """What stands as it was built: nodes, the views among them, and of those what this run leaves alone."""

    ids: frozenset[str] = frozenset()
    views: frozenset[str] = frozenset()
    known: Known = NOTHING
    left: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Findings:
    """What the warehouse was asked after the run. When it cannot be asked, dbt's verdict stands without the details."""

    rows: Mapping[str, int]
    records: Sequence[dict[str, Any]]
    failing: Sequence[dict[str, Any]]
    warning: Sequence[dict[str, Any]]


_EXACTLY = ("--indirect-selection", "empty")  # the nodes named, and no gate beside them


def _apart(
    graph: Graph, ids: frozenset[str], plan: Mapping[str, Any]
) -> list[tuple[frozenset[str], Mapping[str, Any]]]:
    """Set apart what is built from the first row; first comes the rest, none of which is built from that."""
    anew = ids & graph.downstream(plan.get("rebuilt") or ())
    parts = [(ids - anew, {**plan, "rebuilt": ()}), (anew, {**plan, "rebuilt": (), "full_refresh": True})]
    return [(some, as_planned) for some, as_planned in parts if some]


def build_arguments(select: Sequence[str], *, is_full_refresh: bool) -> list[str]:
    """Build dbt's arguments. Unit tests check the SQL, not the data: they ran before the deployment.

    >>> build_arguments(["source:landing.orders+"], is_full_refresh=True)
    ['build', '--exclude-resource-type', 'unit_test', '--full-refresh', '--select', 'source:landing.orders+']
    """
    refresh = ["--full-refresh"] if is_full_refresh else []
    return ["build", "--exclude-resource-type", "unit_test", *refresh, *(["--select", *select] if select else [])]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
