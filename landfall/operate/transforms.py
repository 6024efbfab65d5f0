"""OPERATE: runs of the transform state machine. In: its name. Out: an execution's outcome, with gates and models."""

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH = 0.5, 3.0, 1.2  # seconds between two looks at an execution

# What other tools may count on, whatever else an execution tells.
GATE_FACE = ("name", "status", "severity", "failures")
MODEL_FACE = ("name", "status", "rows_affected")

# What may become of a gate that does not pass, in dbt's words and in ours.
_ENDS = {"warn": "warned", "fail": "failed", "error": "ended with an error", "skipped": "skipped"}


@dataclass(frozen=True)
class Run:
    """What an execution came to: succeeded, gate_failed or error; None while it runs.

    `unmarked`: why files could not be marked as modeled in S3, which changes nothing of what is modeled.
    """

    execution: str
    outcome: str | None
    reason: str | None = None
    gates: Sequence[Mapping[str, Any]] = ()
    models: Sequence[Mapping[str, Any]] = ()
    failing: Sequence[Mapping[str, Any]] = ()
    run_id: str | None = None
    unmarked: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Spell the run as its JSON face does."""
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "unmarked": self.unmarked,
            "gates": [{name: gate.get(name) for name in GATE_FACE} for gate in self.gates],
            "models": [{name: model.get(name) for name in MODEL_FACE} for model in self.models],
        }


def start(client: "SFNClient", state_machine: str, *, full_refresh: bool = False) -> str:
    """Start an execution; return its ARN. One that joins another hands the request for a full refresh on to it."""
    request = json.dumps({"full_refresh": True} if full_refresh else {})
    return client.start_execution(stateMachineArn=state_machine, input=request)["executionArn"]


def follow(
    client: "SFNClient",
    execution: str,
    timeout_seconds: float,
    progress: Callable[[str], None] = lambda _: None,
) -> Run:
    """Wait for an execution's outcome; where it joined one that was under way, for that one's.

    The one that it joined goes round once more for it, so its outcome holds for what had landed at the start.
    """
    deadline = time.monotonic() + timeout_seconds
    pause = FIRST_PAUSE
    while True:
        run, holder = look(client, execution)
        if holder:
            progress(f"joined {holder.rsplit(':', 1)[-1]}, which is under way")
            execution = holder
        elif run.outcome or time.monotonic() >= deadline:
            return run
        else:
            time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
            pause = min(pause * PAUSE_GROWTH, LONGEST_PAUSE)


def look(client: "SFNClient", execution: str) -> tuple[Run, str | None]:
    """Look once: the run so far, and the execution that it joined, if it did."""
    description = client.describe_execution(executionArn=execution)
    status = description["status"]
    if status == "RUNNING":
        return Run(execution, None), None
    if status != "SUCCEEDED":
        reason = f"{description.get('error') or status}: {description.get('cause') or 'no cause given'}"
        return Run(execution, "error", reason), None
    result = json.loads(description.get("output") or "{}")
    if result.get("status") == "joined":
        return Run(execution, None), result["holder"]
    return read(execution, {**result, **_whole(result)}), None


def _whole(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a result that was cut, for a state's output is bounded, is in the run's report."""
    place = result.get("shortened_from")
    if not place:
        return {}
    import boto3

    report = json.loads(boto3.client("s3").get_object(**place)["Body"].read())
    build: Mapping[str, Any] = report["build"]
    return build


def read(execution: str, result: Mapping[str, Any]) -> Run:
    """Read the output of an execution that ran to its end.

    >>> read("arn", {"status": "done", "outcome": "succeeded", "reason": "nothing to build"}).outcome
    'succeeded'
    """
    return Run(
        execution=execution,
        outcome=str(result.get("outcome") or "error"),
        reason=result.get("reason") or "; ".join(result.get("errors") or ()) or None,
        gates=result.get("gates") or (),
        models=result.get("models") or (),
        failing=result.get("failing") or (),
        run_id=result.get("run_id"),
        unmarked=result.get("unmarked"),
    )


def of_report(report: Mapping[str, Any]) -> Run:
    """Read a run's report, which has what its execution has told.

    >>> of_report({"execution": "arn", "build": {"outcome": "succeeded"}, "archive": {"error": "denied"}}).unmarked
    'denied'
    """
    return read(report["execution"], {**report["build"], "unmarked": (report.get("archive") or {}).get("error")})


def recent(client: "SFNClient", state_machine: str) -> list[str]:
    """List the newest 100 executions, the oldest of them first."""
    page = client.list_executions(stateMachineArn=state_machine, maxResults=100)["executions"]
    return [each["executionArn"] for each in reversed(page)]


def is_idle(client: "SFNClient", state_machine: str) -> bool:
    """Tell whether no execution is under way."""
    running = client.list_executions(stateMachineArn=state_machine, statusFilter="RUNNING", maxResults=1)
    return not running["executions"]


def models_in_words(models: Sequence[Mapping[str, Any]]) -> str:
    """Say how many of a run's models it built; a view that stands as it was is not built.

    >>> models_in_words([{"status": "success"}, {"status": "unchanged"}, {"status": "skipped"}])
    '1 of 3 models built, 1 unchanged'
    """
    ends = Counter(str(model.get("status")) for model in models)
    unchanged = f", {ends['unchanged']:,} unchanged" if ends["unchanged"] else ""
    return f"{ends['success']:,} of {len(models):,} models built{unchanged}"


def gates_in_words(gates: Sequence[Mapping[str, Any]]) -> str:
    """Say how many of a run's gates passed, and what became of the others.

    >>> gates_in_words([{"status": "pass"}] * 71 + [{"status": "warn"}]), gates_in_words([{"status": "pass"}])
    ('71 of 72 gates passed, 1 warned', '1 of 1 gates passed')
    """
    ends = Counter(str(gate.get("status")) for gate in gates)
    others = "".join(f", {ends[status]:,} {said}" for status, said in _ENDS.items() if ends[status])
    return f"{ends['pass']:,} of {len(gates):,} gates passed{others}"
