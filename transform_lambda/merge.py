"""GATE: make one result of several dbt invocations, and of what was left out. Pure: plain JSON in, plain JSON out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from transform_lambda.graph import Graph
from transform_lambda.plan import NEXT_RUN, Blocked, next_run
from transform_lambda.results import ERROR_LIMIT, UNCHANGED, Outcome, told_first

Json = Mapping[str, Any]

_EXPLAINED = ("failing", "warning")
_STANDS = {"success", UNCHANGED}
_PASSED = {"pass", "warn"}
_NOTHING_WRONG: Mapping[str, Sequence[Json]] = {"failing": (), "errors": ()}
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


def repeated(before: Json, so_far: Json | None, later: dict[str, Any], added: Mapping[str, str]) -> dict[str, Any]:
    """Join the result of a build that was repeated after an error to that of its first attempt, `before`.

    What the first attempt has modeled is no news to the second one, which finds neither its rows nor a file of bad
    ones: both are one run. Of what stopped or broke the first attempt the second one tells by itself. `so_far`: the
    result of the parts before, which is in `before`, and is all of it where this part is built for the first time since
    the build was split: it has what the attempt at the whole has modeled of every part. `added`: the models that a run
    adds its own rows to, and whose entity they are; their counts are added up where the first attempt has ended with
    the entity's UPSERT.
    """
    base = so_far or {"run_id": None, "outcome": Outcome.SUCCEEDED, "models": [], "gates": [], **_NOTHING_WRONG}
    done = {model["name"]: model for model in before["models"] if model["status"] in _STANDS}
    committed = {entity for model, entity in added.items() if model == entity and model in done}
    warning = [gate for gate in before["warning"] if not any(_tells_of(gate, other) for other in later["warning"])]
    warned = {gate["gate"] for gate in warning}
    gates = [gate for gate in before["gates"] if gate["status"] in _PASSED]
    asked = [gate for gate in later["gates"] if gate["name"] not in warned or gate["status"] not in _PASSED]
    first = {
        **before,
        **{name: base[name] for name in ("run_id", "outcome", *_NOTHING_WRONG)},
        "models": latest(base["models"], list(done.values())),
        "gates": latest(base["gates"], gates),
        "warning": warning,
    }
    models = [
        {**model, "rows_affected": _sum(done[model["name"]]["rows_affected"], model["rows_affected"])}
        if model["name"] in done and added.get(model["name"]) in committed
        else model
        for model in later["models"]
    ]
    records = [_with_those_of(before["records"], record, committed) for record in later["records"]]
    return merged(first, {**later, "models": models, "gates": asked, "records": records})


def _tells_of(earlier: Json, later: Json) -> bool:
    """Tell whether a later warning is the earlier one again: of the same files, or of no file.

    >>> _tells_of({"gate": "g", "files": ["a"]}, {"gate": "g", "files": ["b"]})
    False
    """
    is_of_files = earlier["files"] and later["files"]
    return earlier["gate"] == later["gate"] and bool(not is_of_files or {*earlier["files"]} & {*later["files"]})


def _sum(earlier: int | None, later: int | None) -> int | None:
    return later if earlier is None else earlier + (later or 0)


def _with_those_of(earlier: Sequence[Json], record: Json, committed: Set[str]) -> Json:
    """Add what the attempt before has counted of the same rows' dataset, if those are modeled."""
    for found in earlier:
        is_same = (found["dataset"], found["entity"]) == (record["dataset"], record["entity"])
        if is_same and record["entity"] in committed:
            return {**record, **{name: found[name] + record[name] for name in ("total", "valid", "error")}}
    return record


def failed_in(so_far: Json | None) -> frozenset[str]:
    """Name the gates that have failed so far, and by their ids the models that were refused; both lists are bounded.

    >>> failing = [{"gate": "b"}, {"gate": "c from the first row: rows were removed", "node": "model.landfall.c"}]
    >>> sorted(failed_in({"gates": [{"name": "a", "status": "fail"}], "failing": failing}))
    ['a', 'b', 'model.landfall.c']
    """
    if so_far is None:
        return frozenset()
    failed = {gate["name"] for gate in so_far["gates"] if gate["status"] == "fail"}
    return frozenset(failed | {gate.get("node", gate["gate"]) for gate in so_far["failing"]})


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
    return told_first(list(found.values()))


def with_skipped(graph: Graph, done: dict[str, Any], ids: frozenset[str]) -> dict[str, Any]:
    """Say of what was left out that it was skipped, as dbt does of what is behind a gate of its own invocation."""
    names = [node.name for node in map(graph.nodes.__getitem__, sorted(ids)) if node.kind != "test"]
    skipped = [{"name": name, "status": "skipped", "rows_affected": None} for name in names]
    return {**done, "models": latest(done["models"], skipped)}


def with_next_run(run: dict[str, Any], plan: Mapping[str, Any]) -> dict[str, Any]:
    """Let the remedies of a full refresh that was stopped end with another one: no other run takes out what it was to.

    >>> gate = {"gate": "g", "remedy": ["landfall undo k", NEXT_RUN]}
    >>> run = {"outcome": "gate_failed", "failing": [gate], "warning": []}
    >>> with_next_run(run, {"full_refresh": True})["failing"][0]["remedy"]
    ['landfall undo k', 'landfall transform --full-refresh --wait']
    """
    if run["outcome"] == Outcome.SUCCEEDED:
        return run

    def told(gate: Mapping[str, Any]) -> dict[str, Any]:
        remedy = [next_run(plan) if command == NEXT_RUN else command for command in gate["remedy"]]
        return {**gate, "remedy": remedy}

    return {**run, **{kind: [told(gate) for gate in run[kind]] for kind in _EXPLAINED}}


def refused_over_gap(id_: str, dataset: str, files: int) -> dict[str, Any]:
    """Tell of a model that is not built over a gap, with its id: what is built later is told by it what to leave."""
    return {**Blocked(f"{id_.rpartition('.')[2]} from the first row", {dataset: files}).failing(), "node": id_}


def nothing(at: str) -> dict[str, Any]:
    """Return the result of an invocation that was not needed, at a time."""
    lists: dict[str, Any] = {name: [] for name in ("run_ids", "models", "gates", "records", *_EXPLAINED, "errors")}
    return {"run_id": None, "outcome": str(Outcome.SUCCEEDED), "started_at": at, "ended_at": at, **lists}
