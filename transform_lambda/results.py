"""GATE: from dbt's results to what happened. In: dbt's result objects. Out: outcome, models and gates as plain JSON.

A failing data test of severity error is a gate that did its work (`gate_failed`). Anything else that did not go well is
broken (`error`), and broken outweighs gated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from enum import StrEnum
from typing import Any, TypeVar

from transform_lambda.withheld import withheld

# A payload of the state machine is at most 256 KiB: 2 lists x 200 nodes x about 450 bytes + 40 KB of explained
# gates (examples.py) + 10 errors. ops.gate_results has all of it.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MESSAGE_LIMIT = 300
NODE_LIMIT = 200
ERROR_LIMIT = 10

UNCHANGED = "unchanged"  # the status of a view that stands as it was built

# How macros/model/refuse_gap.sql says that it builds nothing.
_OVER_A_GAP = re.compile(r"those of (\d+) files of (\w+) were removed from landing")
_Node = TypeVar("_Node", bound=Mapping[str, Any])
_BROKEN = {"error", "runtime error", "partial success"}
_COMPILED_AT = re.compile(r"\s*\bcompiled code at \S+\s*$")  # a folder of the function's own, another one each time
_NOT_OF_THE_DATABASE = "Compilation Error"  # what dbt and our macros say of the project: names and remedies, no values


class Outcome(StrEnum):
    """How a run ended."""

    SUCCEEDED = "succeeded"
    GATE_FAILED = "gate_failed"
    ERROR = "error"


def outcome_of(statuses: Iterable[str], *, is_success: bool) -> Outcome:
    """Tell the outcome from the statuses of all nodes and from dbt's own verdict.

    >>> [str(outcome_of(statuses, is_success=False)) for statuses in (["success", "fail"], ["fail", "error"], [])]
    ['gate_failed', 'error', 'error']
    >>> str(outcome_of(["success", "warn", "pass"], is_success=True))
    'succeeded'
    """
    found = set(statuses)
    if found & _BROKEN:
        return Outcome.ERROR
    if "fail" in found:
        return Outcome.GATE_FAILED
    return Outcome.SUCCEEDED if is_success else Outcome.ERROR


def models_of(
    results: Sequence[Any], counted: Mapping[str, int], sensitive: Set[str] = frozenset()
) -> list[dict[str, Any]]:
    """List the models: [{"name", "status", "rows_affected", "message"}].

    Rows are those of `counted` where it has the model, else the adapter's, else None (as of a view). `sensitive`: the
    nodes, by unique id, that read a sensitive dataset; of them no words of the database are kept.
    """
    return [
        {
            "name": result.node.name,
            "status": str(result.status),
            "rows_affected": counted.get(result.node.name, rows_affected(result)),
            **_message(result, sensitive),
        }
        for result in results
        if str(result.node.resource_type) in ("model", "seed", "snapshot")
    ][:NODE_LIMIT]


def statuses_of(results: Sequence[Any]) -> dict[str, str]:
    """Return how each node ended, by its unique id."""
    return {result.node.unique_id: str(result.status) for result in results}


def gates_of(results: Sequence[Any], sensitive: Set[str] = frozenset()) -> list[dict[str, Any]]:
    """List the gates: [{"name", "status", "severity", "failures", "message"}]."""
    gates = [
        {
            "name": result.node.name,
            "status": str(result.status),
            "severity": str(result.node.config.severity).lower(),
            "failures": result.failures,
            **_message(result, sensitive),
        }
        for result in results
        if is_gate(result)
    ]
    return told_first(gates)


def told_first(nodes: Sequence[_Node]) -> list[_Node]:
    """Keep as many nodes as travel: where there are more, gates that passed come last.

    >>> gates = [{"name": "a", "status": "pass"}] * NODE_LIMIT + [{"name": "b", "status": "fail"}]
    >>> told_first(gates)[0]["name"], told_first(gates[-2:])[0]["name"]
    ('b', 'a')
    """
    if len(nodes) <= NODE_LIMIT:
        return list(nodes)
    return sorted(nodes, key=lambda node: str(node.get("status")) == "pass")[:NODE_LIMIT]


def is_gate(result: Any) -> bool:
    """Tell whether the result is of a data test."""
    return str(result.node.resource_type) == "test"


def failed_gates(results: Sequence[Any]) -> list[Any]:
    """List the results of the gates that stopped something, by name: they end in another order each time."""
    return _by_name(result for result in results if is_gate(result) and str(result.status) == "fail")


def warned_gates(results: Sequence[Any]) -> list[Any]:
    """List the results of the gates that can stop something and found too little for it, by name."""
    return _by_name(
        result
        for result in results
        if is_gate(result) and str(result.status) == "warn" and str(result.node.config.severity).lower() == "error"
    )


def _by_name(results: Iterable[Any]) -> list[Any]:
    return sorted(results, key=lambda result: str(result.node.name))


def errors_of(results: Sequence[Any], sensitive: Set[str] = frozenset()) -> list[str]:
    """List what broke, one text a node; of a node that reads a sensitive dataset, not in the database's words.

    >>> from types import SimpleNamespace as Object
    >>> errors_of([Object(status="error", message="no such column", node=Object(name="orders", unique_id="o"))])
    ['orders: no such column']
    """
    broken = [result for result in results if str(result.status) in _BROKEN]
    return [f"{result.node.name}: {_words(result, sensitive)}" for result in broken[:ERROR_LIMIT]]


def over_gap(result: Any) -> tuple[str, int] | None:
    """Return the dataset whose landed rows a node needs that were removed, and of how many files; None if none.

    >>> from types import SimpleNamespace as Object
    >>> said = "would lose rows: those of 3 files of orders were removed from landing, since they are older"
    >>> over_gap(Object(status="error", message=said)), over_gap(Object(status="error", message="no such column"))
    (('orders', 3), None)
    """
    found = _OVER_A_GAP.search(result.message or "") if str(result.status) in _BROKEN else None
    return (found[2], int(found[1])) if found else None


def rows_affected(result: Any) -> int | None:
    """Return the rows of a node's statement, None where the driver was told none.

    >>> from types import SimpleNamespace as Object
    >>> [rows_affected(Object(adapter_response=told)) for told in ({"rows_affected": 3}, {"rows_affected": -1}, {})]
    [3, None, None]
    """
    rows = (result.adapter_response or {}).get("rows_affected")
    return int(rows) if rows is not None and int(rows) >= 0 else None


def _message(result: Any, sensitive: Set[str]) -> dict[str, str]:
    """Keep dbt's message where it explains something, which it does not for what went well or was skipped."""
    said = str(result.status) in _BROKEN | {"fail", "warn"} and result.message
    return {"message": _words(result, sensitive)} if said else {}


def _words(result: Any, sensitive: Set[str]) -> str:
    """Return what dbt says of a node: bounded, and without what may be a value that nobody is to see."""
    text = _short(result.message)
    is_of_database = str(result.status) in _BROKEN and not text.startswith(_NOT_OF_THE_DATABASE)
    if is_of_database and result.node.unique_id in sensitive:
        return withheld(_without_place(result.message), getattr(result.node, "compiled_code", None) or "")
    return text


def _short(text: str | None) -> str:
    """Bound a text, without the place where dbt has put its SQL, which nobody can look at.

    >>> len(_short("x" * 5000)) == MESSAGE_LIMIT
    True
    >>> _short("Database Error\\n  no such column\\n  compiled code at /tmp/dbt-a1/target/run/orders.sql")
    'Database Error\\n  no such column'
    """
    text = _without_place(text)
    return text if len(text) <= MESSAGE_LIMIT else text[: MESSAGE_LIMIT - 1] + "…"


def _without_place(text: str | None) -> str:
    return _COMPILED_AT.sub("", text or "").strip()
