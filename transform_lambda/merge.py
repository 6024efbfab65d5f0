"""GATE: join the results of several dbt invocations into those of one run. Pure: plain JSON in, plain JSON out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from transform_lambda.results import ERROR_LIMIT, NODE_LIMIT, Outcome

Json = Mapping[str, Any]

_WORSE = (Outcome.SUCCEEDED, Outcome.GATE_FAILED, Outcome.ERROR)


def merged(earlier: Json | None, later: dict[str, Any]) -> dict[str, Any]:
    """Join the result of a later invocation to what a run has come to so far.

    A node that was skipped first and built later is as it ended later. `run_id` stays that of the first invocation.
    """
    if earlier is None:
        return later
    return {
        **later,
        "run_id": earlier["run_id"] or later["run_id"],
        "run_ids": [*earlier["run_ids"], *later["run_ids"]],
        "outcome": worst((earlier["outcome"], later["outcome"])),
        "started_at": earlier["started_at"],
        "models": latest(earlier["models"], later["models"]),
        "gates": latest(earlier["gates"], later["gates"]),
        "records": latest(earlier["records"], later["records"], ("dataset", "entity")),
        "failing": [*earlier["failing"], *later["failing"]],
        "warning": [*earlier["warning"], *later["warning"]],
        "errors": [*earlier["errors"], *later["errors"]][:ERROR_LIMIT],
    }


def failed_in(so_far: Json | None) -> frozenset[str]:
    """Name the gates that have failed so far; both lists are bounded.

    >>> sorted(failed_in({"gates": [{"name": "a", "status": "fail"}], "failing": [{"gate": "b"}]}))
    ['a', 'b']
    """
    if so_far is None:
        return frozenset()
    failed = {gate["name"] for gate in so_far["gates"] if gate["status"] == "fail"}
    return frozenset(failed | {gate["gate"] for gate in so_far["failing"]})


def worst(outcomes: Iterable[str]) -> str:
    """Return the worst outcome.

    >>> worst(["succeeded", "gate_failed"]), worst(["error", "gate_failed"])
    ('gate_failed', 'error')
    """
    return str(max((Outcome(outcome) for outcome in outcomes), key=_WORSE.index))


def latest(earlier: Sequence[Json], later: Sequence[Json], key: Sequence[str] = ("name",)) -> list[Json]:
    """List the nodes of both, each as it ended last.

    >>> latest([{"name": "a", "status": "skipped"}, {"name": "b"}], [{"name": "a", "status": "success"}])
    [{'name': 'a', 'status': 'success'}, {'name': 'b'}]
    """
    found = {tuple(node[name] for name in key): node for node in (*earlier, *later)}
    return list(found.values())[:NODE_LIMIT]
