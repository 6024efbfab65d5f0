"""OPERATE: the command line's verbs as functions. In: a stack, or what the environment names. Out: typed results.

Each does what the command of its name does, with its defaults, and returns what that prints as JSON: `to_dict()` of a
result is the command's JSON. Where a command exits 1 or 2 the function raises `UnsuccessfulError`, which bears the
result, so that a task that nobody looks at does not pass; `check=False` returns the result instead.

Every function raises `ConfigError` for what an operator must correct, and `TransientError` for a fault that passes:
nothing is half done then, and the call can be made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from ingest_lambda.errors import ConfigError, TransientError
from landfall import environment
from landfall.operate import (
    declared,
    files,
    marking,
    queries,
    reconciling,
    replays,
    standing,
    transforms,
    undos,
    uploads,
    waiting,
)
from landfall.operate import gates as gate_results
from landfall.operate.files import FileLine
from landfall.operate.gates import GateLine, Score
from landfall.operate.reconciling import FILES_A_SECOND, GRACE_SECONDS, Reconciliation
from landfall.operate.replays import Replay
from landfall.operate.standing import Status
from landfall.operate.transforms import Run
from landfall.operate.undos import Undo
from landfall.operate.uploads import Upload
from landfall.stack import STACK_VARIABLE, Stack

__all__ = [
    "ConfigError",
    "FileLine",
    "GateLine",
    "GateReport",
    "Reconciliation",
    "Replay",
    "Run",
    "Score",
    "Stack",
    "Status",
    "TransientError",
    "Undo",
    "UnsuccessfulError",
    "Upload",
    "connect",
    "gates",
    "history",
    "query",
    "reconcile",
    "replay",
    "replay_rejected",
    "status",
    "transform",
    "undo",
    "upload",
]

NOT_LANDING = {"rejected", "ignored"}


class UnsuccessfulError(Exception):
    """The answer is no, or there was none in time; `result` is what the function would have returned."""

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


@dataclass(frozen=True)
class GateReport:
    """What every gate said last, those that stop something first, and each subject's score, the worst first."""

    gates: Sequence[GateLine]
    scores: Sequence[Score]

    @property
    def stopping(self) -> list[GateLine]:
        """List the gates that stop an UPSERT now."""
        return [line for line in self.gates if line.stops]

    def to_dict(self) -> dict[str, Any]:
        """Spell it as the JSON face of `landfall gates` does."""
        return {"gates": [line.to_dict() for line in self.gates], "scores": [asdict(score) for score in self.scores]}


def connect(name: str | None = None) -> Stack:
    """Open a deployed stack by its name; without one, that which LANDFALL_STACK names, else the local one that runs.

    A stack may be kept and given to every function; without one, each of them opens it anew. Region and credentials are
    those of boto3's default session.

    Raises:
        ConfigError: no such stack is deployed in this account and Region, or none is named and none runs here.
    """
    return Stack.from_environment({STACK_VARIABLE: name}) if name else environment.stack()


def upload(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    dataset: str | None = None,
    key: str | None = None,
    *,
    wait: bool = False,
    timeout: float = 300.0,
    check: bool = True,
    stack: Stack | None = None,
) -> list[Upload]:
    """Upload files and folders of them; with `wait`, for so many seconds, for what becomes of each.

    Raises:
        UnsuccessfulError: a file was rejected or ignored, or had no outcome in time.
        ConfigError: a path does not exist, or no dataset can be told from it. Nothing was uploaded then.
    """
    stack = stack or connect()
    given = [paths] if isinstance(paths, str | PathLike) else paths
    rules = declared.rules(stack.route_pattern)
    plans = uploads.plan_uploads([Path(path) for path in given], dataset, key, rules)
    done = [uploads.put(stack, plan) for plan in plans]
    if wait:
        done = uploads.wait(stack, done, timeout)
    bad = [each for each in done if each.outcome in NOT_LANDING or (wait and each.outcome is None)]
    if check and bad:
        raise UnsuccessfulError(_told([f"{each.plan.key}: {each.outcome or ''} {each.reason}" for each in bad]), done)
    return done


def history(dataset: str | None = None, *, outcome: str | None = None, stack: Stack | None = None) -> list[FileLine]:
    """List what has become of every file version, what is tried again first, then the newest.

    `outcome`: only landed, undone, rejected, resolved or waiting ones.
    """
    stack = stack or connect()
    waits = [waiting.line(each) for each in waiting.still_waiting(stack, dataset)]
    lines = [*waits, *files.history(stack.warehouse, dataset)]
    return [line for line in lines if outcome in (None, line.outcome)]


def status(dataset: str | None = None, *, stack: Stack | None = None) -> Status:
    """Count what has landed, a dataset each, and what waits."""
    return standing.status(stack or connect(), dataset)


def gates(days: int = 30, *, check: bool = True, stack: Stack | None = None) -> GateReport:
    """Return what every gate said last within so many days.

    Raises:
        UnsuccessfulError: a gate stops something now.
        ConfigError: no transform has run yet.
    """
    warehouse = (stack or connect()).warehouse_as("ReaderSecretArn")
    report = GateReport(gate_results.last_results(warehouse, days), gate_results.scores(warehouse, days))
    if check and report.stopping:
        raise UnsuccessfulError(_told([f"{each.gate}: {each.failures} rows" for each in report.stopping]), report)
    return report


def transform(
    *,
    wait: bool = False,
    full_refresh: bool = False,
    timeout: float = 1800.0,
    check: bool = True,
    stack: Stack | None = None,
) -> Run:
    """Start the transform; with `wait`, for so many seconds, for its outcome.

    Runs are single: where one is under way it goes round once more for this request, and `wait` follows that one.

    Raises:
        UnsuccessfulError: a gate failed, the run broke, or the time was up.
    """
    stack = stack or connect()
    client, machine = stack.step_functions, stack.output("StateMachineArn")
    execution = transforms.start(client, machine, full_refresh=full_refresh)
    if not wait:
        return Run(execution, None)
    run = transforms.follow(client, execution, timeout)
    if check and run.outcome != "succeeded":
        failing = [f"{each['gate']} failed" for each in run.failing]
        said = [f"{run.outcome or f'no outcome within {timeout:g} s'}", *failing, *([run.reason] if run.reason else [])]
        raise UnsuccessfulError(_told(said), run)
    return run


def reconcile(
    dataset: str | None = None,
    *,
    repair: bool = True,
    grace: float = GRACE_SECONDS,
    rate: float = FILES_A_SECOND,
    check: bool = True,
    stack: Stack | None = None,
) -> Reconciliation:
    """Compare bucket and warehouse; with `repair`, announce what is missing again, at most `rate` files a second.

    Files younger than `grace` seconds are left out.

    Raises:
        UnsuccessfulError: files are missing and stay so, or rows do not match the ledger.
    """
    found = reconciling.reconcile(stack or connect(), dataset, repair=repair, grace_seconds=grace, rate=rate)
    if check and (found.is_missing or found.mismatches):
        missing, archived = len(found.tally.missing), len(found.tally.offline)
        said = f"{missing} files are missing, {archived} archived, {len(found.mismatches)} do not match their rows"
        raise UnsuccessfulError(said, found)
    return found


def replay(
    key: str,
    version: str | None = None,
    *,
    undone: bool = False,
    check: bool = True,
    stack: Stack | None = None,
) -> list[Replay]:
    """Announce the versions of one file that have not landed; with `undone`, land its content again as a new version.

    Raises:
        UnsuccessfulError: a version was left out, as it is undone.
        ConfigError: there is no such file or version.
    """
    stack = stack or connect()
    with marking.changing(stack):
        done = replays.replay_key(stack, *undos.locate(key, stack.bucket), version, undone=undone)
    left_out = [each for each in done if each.action == replays.UNDONE]
    if check and left_out:
        raise UnsuccessfulError(_told([f"{each.file.uri}: {each.reason}" for each in left_out]), done)
    return done


def replay_rejected(
    dataset: str | None = None,
    reason: str | None = None,
    *,
    rate: float = FILES_A_SECOND,
    stack: Stack | None = None,
) -> list[Replay]:
    """Announce the rejected files again, of one dataset or reason or of all, at most `rate` files a second."""
    stack = stack or connect()
    with marking.changing(stack):
        return replays.replay_rejected(stack, dataset, reason, rate)


def undo(key: str, version: str | None = None, *, stack: Stack | None = None) -> Undo:
    """Take the rows of one landed file out of landing; the next transform rebuilds what was modeled of them.

    It changes what has landed, so that the stack must be given, or named by LANDFALL_STACK.

    Raises:
        ConfigError: no stack is named, or no such file or version has landed.
    """
    stack = stack or environment.named_stack()
    with marking.changing(stack):
        return undos.undo(stack.warehouse, *undos.locate(key, stack.bucket), version)


def query(sql: str, limit: int = 100, *, stack: Stack | None = None) -> list[Mapping[str, Any]]:
    """Return the rows that one SELECT finds, at most `limit` unless it has a LIMIT of its own, a mapping each.

    The values of datasets that are declared sensitive are withheld outside of modeled, marts and alert.

    Raises:
        ConfigError: it is no SELECT, the warehouse refuses it, or two columns have one name.
    """
    question = queries.read(sql)
    sensitive = [name for name, contract in declared.contracts().items() if contract.sensitive]
    return [*queries.records(queries.ask(stack or connect(), question, limit, sensitive))]


def _told(lines: Sequence[str], most: int = 5) -> str:
    """Word a few lines as one message.

    >>> _told(["a", "b", "c"], most=2)
    'a; b; and 1 more'
    """
    rest = [f"and {len(lines) - most} more"] if len(lines) > most else []
    return "; ".join([*lines[:most], *rest])
