"""ALERT: what a run's message says to people, line by line. In: a run. Out: what happened, and what fixes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from transform_lambda.announced import Json, Run
from transform_lambda.legible import visible
from transform_lambda.plan import FULL_REFRESH, WITHDRAW, next_run
from transform_lambda.results import Outcome
from transform_lambda.row_counts import is_waiting

NAME_LIMIT = 20
OTHER_WAY_OUT = (
    "Where the gate is what is wrong: change it in dbt_project/models, in the YAML that has its name, and deploy."
)
TOO_FEW = "Found, and too few to stop the batch:"  # of a gate that has no words of its own for it
_NOT_PASSED = {"fail", "warn", "error", "runtime error"}


def lines(run: Run) -> list[str]:
    """Compose the text for people, line by line."""
    told = {Outcome.SUCCEEDED: _success, Outcome.GATE_FAILED: _gate_failure, Outcome.ERROR: _error}[run.outcome]
    return [*told(run), *_unmarked(run.archive), *_owed(run.plan), "", *_where_to_look(run)]


def _owed(plan: Json) -> list[str]:
    """Tell of a full refresh that has not succeeded, and that this run was not.

    >>> _owed({"owed_refresh_since": "2026-01-31T12:00:00+00:00"})[2]
    '  landfall transform --full-refresh --wait'
    >>> _owed({"owed_refresh_since": None})
    []
    """
    if not (since := plan.get("owed_refresh_since")):
        return []
    return [
        "",
        f"A full refresh of {since} has not succeeded yet. What it was to take out or make anew is as it was before:",
        f"  {FULL_REFRESH}",
        f"Where it is not wanted any more: {WITHDRAW}",
    ]


def _unmarked(archive: Json) -> list[str]:
    """Tell of files that could not be marked as modeled, which changes nothing of what is modeled.

    >>> _unmarked({"marked": 2, "after": None})
    []
    """
    if not archive.get("error"):
        return []
    return [
        "",
        f"Files of this run could not be marked as modeled in S3: {archive['error']}",
        "What is modeled is not concerned, and no file is lost: they only stay in the storage class that they are in.",
        "After the cause is fixed, all files that are modeled are marked by: landfall transform --full-refresh --wait",
        "Where rows have left landing, being old, it is refused: bring them back first, or leave the files.",
    ]


def _success(run: Run) -> list[str]:
    waiting = [model for model in run.build["models"] if is_waiting(model["name"]) and model["rows_affected"]]
    built = [model for model in run.build["models"] if not is_waiting(model["name"])]
    return [
        "The models are up to date.",
        "",
        *(f"Why: {reason}" for reason in run.plan["reasons"][:NAME_LIMIT]),
        f"Built: {_counted(built)}",
        f"Held back, each row with its reason: {_counted(waiting) or 'nothing'}",
        f"Gates: {_tally(run.build['gates'])}",
        *(_not_passed(gate) for gate in run.build["gates"] if gate["status"] in _NOT_PASSED),
        *_found(run),
    ]


def _gate_failure(run: Run) -> list[str]:
    failing: Sequence[Json] = run.build["failing"]
    skipped = listed(model["name"] for model in run.build["models"] if model["status"] == "skipped")
    built = listed(model["name"] for model in run.build["models"] if model["status"] == "success")
    # A model that is not built over a gap is a gate with a node of its own: it stops itself.
    if not skipped and not any("node" in gate for gate in failing):
        return [
            f"{len(failing)} gate(s) failed that are asked after a table is built, and stopped nothing: {built}.",
            "The tables have the rows that these gates found.",
            *_found(run),
        ]
    return [
        f"{len(failing)} gate(s) failed. What lies behind them was not updated: {skipped}.",
        "Nothing is lost: the rows wait in the landing tables, and a later run takes them in.",
        *([f"All else went on: {built}."] if built else []),
        *_found(run),
    ]


def _found(run: Run) -> list[str]:
    """Tell what gates have found, and what fixes it."""
    failing, warning = run.build["failing"], run.build["warning"]
    if not (failing or warning):
        return []
    return [
        *(line for gate in failing for line in _explained_gate(gate)),
        *_warnings(warning),
        *_to_fix([*failing, *warning]),
    ]


def _warnings(gates: Sequence[Json]) -> list[str]:
    """Tell of what stops nothing, so that nobody would see it: in words of its gate, if it has any."""
    return [
        line
        for says in dict.fromkeys(gate.get("says", TOO_FEW) for gate in gates)
        for line in (
            "",
            says,
            *(line for gate in gates if gate.get("says", TOO_FEW) == says for line in _explained_gate(gate)),
        )
    ]


def _explained_gate(gate: Json) -> list[str]:
    return [
        "",
        f"Gate {gate['gate']}: {gate['failures']} failing row(s)",
        *(f"  file: {visible(file)}" for file in gate["files"]),
        *(f"  example: {visible(json.dumps(example, ensure_ascii=False))}" for example in gate["examples"]),
        *([f"  {gate['note']}"] if gate.get("note") else []),
    ]


def _to_fix(failing: Iterable[Json]) -> list[str]:
    """List every command once, in the order of the gates; the run that shows that it worked comes last.

    >>> _to_fix([{"remedy": ["undo a", "run"]}, {"remedy": ["undo b", "run"]}])[2:-1]
    ['  undo a', '  undo b', '  run']
    """
    commands = [command for gate in failing for command in gate["remedy"]]
    if not commands:
        return ["", OTHER_WAY_OUT]
    last_places = {command: place for place, command in enumerate(commands)}
    return [
        "",
        "To fix it (undo takes a file's rows out again; the file itself stays):",
        *(f"  {visible(command)}" for command, _ in sorted(last_places.items(), key=lambda item: item[1])),
        OTHER_WAY_OUT,
    ]


def _error(run: Run) -> list[str]:
    failing = run.build["failing"]
    stopped = f"Beside that, {len(failing)} gate(s) failed, which stays when the cause of the error is fixed."
    return [
        "dbt could not do its work. Models that failed are as they were.",
        *(f"  {error}" for error in run.build["errors"]),
        "",
        "After the cause is fixed, everything that landed meanwhile is built by:",
        f"  {next_run(run.plan)}",
        *(["", stopped] if failing else []),
        *_found(run),
    ]


def _where_to_look(run: Run) -> list[str]:
    anchor = {Outcome.SUCCEEDED: "succeeded", Outcome.GATE_FAILED: "gate-failed", Outcome.ERROR: "error"}[run.outcome]
    return [
        f"Environment: {run.environment}",
        f"Run: {run.build['run_id']}",
        f"Report: {run.report}",
        f"Runbook: docs/runbook.md#{anchor}",
    ]


def _not_passed(gate: Json) -> str:
    return f"  {gate['status']}: {gate['name']} ({gate['failures']} rows)"


def _counted(models: Iterable[Json]) -> str:
    """List models with their rows.

    >>> _counted([{"name": "orders", "rows_affected": 1200}, {"name": "stg_orders", "rows_affected": None}])
    'orders 1,200 rows, stg_orders'
    """
    texts = [
        model["name"] if model["rows_affected"] is None else f"{model['name']} {model['rows_affected']:,} rows"
        for model in models
    ]
    return listed(texts)


def listed(names: Iterable[str]) -> str:
    """Join names, at most 20 of them.

    >>> listed(f"m{number}" for number in range(22))[-12:]
    ' m19, 2 more'
    """
    every = list(names)
    more = [f"{len(every) - NAME_LIMIT} more"] if len(every) > NAME_LIMIT else []
    return ", ".join([*every[:NAME_LIMIT], *more])


def _tally(gates: Sequence[Json]) -> str:
    """Say how many of the gates passed, and how many warned.

    >>> _tally([{"status": "pass"}, {"status": "warn"}]), _tally([{"status": "pass"}])
    ('1 of 2 passed, 1 warned', '1 of 1 passed')
    """
    ends = Counter(gate["status"] for gate in gates)
    warned = f", {ends['warn']} warned" if ends["warn"] else ""
    return f"{ends['pass']} of {len(gates)} passed{warned}"
