"""OPERATE: the command line's verbs as functions. In: a stack, or what the environment names. Out: typed results.

Each does what the command of its name does, with its defaults, and returns what that prints as JSON: `to_dict()` of a
result is the command's JSON. Where the command's exit code says no to what it found, the function raises
`UnsuccessfulError`, which bears the result, so that a task that nobody looks at does not pass; `check=False` returns
the result instead.

Every function raises `ConfigError` for what an operator must correct, and `TransientError` for a fault that passes;
AWS's own errors come as one of the two, and are its `__cause__`.
"""

import functools
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from ingest_lambda.errors import ConfigError, TransientError
from landfall import failures
from landfall.operate import (
    declared,
    ends,
    files,
    gaps,
    marking,
    queries,
    reconciling,
    replays,
    standing,
    transforms,
    undos,
    unloading,
    uploads,
    waiting,
)
from landfall.operate import gates as gate_results
from landfall.operate.files import NOT_LANDING, FileLine
from landfall.operate.gates import GateLine, Score
from landfall.operate.reconciling import FILES_A_SECOND, GRACE_SECONDS, Reconciliation
from landfall.operate.replays import Replay
from landfall.operate.standing import Status
from landfall.operate.transforms import Run
from landfall.operate.undos import Undo
from landfall.operate.unloading import Export
from landfall.operate.uploads import Upload
from landfall.stack import STACK_VARIABLE, Stack
from local import faces
from local.errors import LocalStackError
from local.home import home_from_environment

__all__ = [  # the types of what its functions take and return; landfall/__init__.py lists all that people import
    "ConfigError",
    "Export",
    "FileLine",
    "GateLine",
    "Reconciliation",
    "Replay",
    "Run",
    "Score",
    "Stack",
    "Status",
    "TransientError",
    "Undo",
    "Upload",
]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
logger = logging.getLogger("landfall")


class UnsuccessfulError(Exception):
    """The answer is no, or there was none in time; `result` is what the function would have returned."""

    def __init__(self, message: str, result: Any) -> None:
        super().__init__(message)
        self.result = result


def _in_our_words(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Raise what the SDK raises as what the command line would call it."""

    @functools.wraps(function)
    def wrapped(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        try:
            return function(*arguments, **named)
        except (ConfigError, TransientError, UnsuccessfulError):
            raise
        except Exception as error:
            words, code = failures.explain(error)
            if code == failures.CONFIGURATION:
                raise ConfigError(words) from error
            if code == failures.TRANSIENT:
                raise TransientError(words) from error
            raise

    return wrapped


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


@_in_our_words
def connect(name: str | None = None) -> Stack:
    """Open a deployed stack by its name; without one, that which LANDFALL_STACK names.

    A stack may be kept and given to every function; without one, each of them opens it anew. Region and credentials are
    those of boto3's default session.

    Raises:
        ConfigError: no such stack is deployed in this account and Region, or none is named.
    """
    return Stack.from_environment({STACK_VARIABLE: name} if name else os.environ)


def connect_local() -> Stack:
    """Open the local stack that this checkout runs: set this process's variables to it, as `landfall local env` says.

    Everything that asks AWS in this process asks the local stack from then on.

    Raises:
        ConfigError: none runs.
    """
    try:
        os.environ.update(faces.environment(home_from_environment()))
    except LocalStackError as error:
        raise ConfigError(str(error)) from error
    return connect()


@_in_our_words
def upload(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    dataset: str | None = None,
    key: str | None = None,
    *,
    wait: bool = False,
    timeout: float = 300.0,
    reuse: bool = False,
    check: bool = True,
    stack: Stack | None = None,
) -> list[Upload]:
    """Upload files and folders of them; with `wait`, for so many seconds, for what becomes of each.

    Each upload makes a version of its own, which lands. With `reuse` a file that an earlier call with `reuse` has
    uploaded stays that version: so a task that is tried again uploads what is missing, and waits for the rest; one that
    was undone since stays out, and is said to be undone. What of a folder is no data is not uploaded; the logger
    `landfall` warns of each.

    Raises:
        UnsuccessfulError: a file was rejected, ignored or undone, is gone, or had no outcome in time.
        ConfigError: a path does not exist, or no dataset can be told from it. Nothing was uploaded then.
    """
    stack = stack or connect()
    given = [paths] if isinstance(paths, str | PathLike) else paths
    rules = declared.rules(stack.route_pattern)
    plans = uploads.plan_uploads([Path(path) for path in given], dataset, key, rules, _warn)
    done = [uploads.put(stack, plan, reuse=reuse) for plan in plans]
    if wait:
        done = _wait(stack, done, timeout)
    bad = [each for each in done if each.outcome in NOT_LANDING or (wait and each.outcome is None)]
    if check and bad:
        raise UnsuccessfulError(_told([f"{each.plan.key}: {each.outcome or ''} {each.reason}" for each in bad]), done)
    return done


def _warn(path: Path, why: str) -> None:
    logger.warning("not uploaded: %s: %s", path, why)


def _wait(stack: Stack, done: list[Upload], timeout: float) -> list[Upload]:
    """Wait for the outcomes; where they cannot be asked for, say so of each that has none."""
    try:
        return uploads.wait(stack, done, timeout)
    except TransientError as error:
        reason = f"uploaded, and lands by itself; its outcome cannot be asked for now: {error}"
        return [each if each.outcome else replace(each, reason=reason) for each in done]


@_in_our_words
def history(dataset: str | None = None, *, outcome: str | None = None, stack: Stack | None = None) -> list[FileLine]:
    """List what has become of every file version, what is tried again first, then the newest.

    `outcome`: only landed, undone, rejected, resolved or waiting ones.
    """
    stack = stack or connect()
    waits = [waiting.line(each) for each in waiting.still_waiting(stack, dataset)]
    lines = [*waits, *files.history(stack.warehouse, dataset)]
    return [line for line in lines if outcome in (None, line.outcome)]


@_in_our_words
def status(dataset: str | None = None, *, stack: Stack | None = None) -> Status:
    """Count what has landed, a dataset each, and what waits."""
    return standing.status(stack or connect(), dataset)


@_in_our_words
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


@_in_our_words
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
    if full_refresh:
        gaps.refuse_rebuild(stack, "a full refresh")
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


@_in_our_words
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
        missing, archived = (0 if found.sent else len(found.tally.missing)), len(found.tally.offline)
        said = f"{missing} files are missing, {archived} archived, {len(found.mismatches)} do not match their rows"
        raise UnsuccessfulError(said, found)
    return found


@_in_our_words
def replay(
    key: str,
    version: str | None = None,
    *,
    undone: bool = False,
    wait: bool = False,
    timeout: float = 300.0,
    check: bool = True,
    stack: Stack | None = None,
) -> list[Replay]:
    """Announce the versions of one file that have not landed; with `undone`, the newest one that was undone, too.

    With `wait`, for so many seconds, for what becomes of each.

    Raises:
        UnsuccessfulError: a version was left out, as it is undone or archived; with `wait`, one was rejected or
            ignored, is gone, or had no outcome in time.
        ConfigError: there is no such file or version.
    """
    stack, since = stack or connect(), datetime.now(UTC)
    with marking.changing(stack):
        done = replays.replay_key(stack, *undos.locate(key, stack.bucket), version, undone=undone)
    done = ends.wait(stack, done, since, timeout) if wait else done
    left_out = replays.UNREADABLE if undone else {*replays.UNREADABLE, replays.UNDONE}
    bad = [each for each in done if each.action in left_out or (wait and _stays_out(each))]
    if check and bad:
        raise UnsuccessfulError(_told([f"{each.file.uri}: {each.outcome or ''} {each.reason}" for each in bad]), done)
    return done


@_in_our_words
def replay_rejected(
    dataset: str | None = None,
    reason: str | None = None,
    *,
    rate: float = FILES_A_SECOND,
    wait: bool = False,
    timeout: float = 300.0,
    check: bool = True,
    stack: Stack | None = None,
) -> list[Replay]:
    """Announce the rejected files again, of one dataset or reason or of all, at most `rate` files a second.

    With `wait`, for so many seconds, for what becomes of each.

    Raises:
        UnsuccessfulError: with `wait`, a file was rejected or ignored, is gone, or had no outcome in time.
    """
    stack, since = stack or connect(), datetime.now(UTC)
    with marking.changing(stack):
        done = replays.replay_rejected(stack, dataset, reason, rate)
    done = ends.wait(stack, done, since, timeout) if wait else done
    bad = [each for each in done if wait and _stays_out(each)]
    if check and bad:
        raise UnsuccessfulError(_told([f"{each.file.uri}: {each.outcome or ''} {each.reason}" for each in bad]), done)
    return done


def _stays_out(replay: Replay) -> bool:
    """Tell whether a file that was announced has not landed."""
    return replay.awaited is not None and (replay.outcome is None or replay.outcome in NOT_LANDING)


@_in_our_words
def undo(key: str, version: str | None = None, dataset: str | None = None, *, stack: Stack | None = None) -> Undo:
    """Take the rows of one landed file out of landing; the next transform rebuilds what was modeled of them.

    Raises:
        ConfigError: no stack is named, no such file or version has landed, several have and it is not said which is
            meant, or rows are missing that the rebuild needs.
    """
    stack = stack or connect()
    with marking.changing(stack):
        guard = gaps.undo_guard(stack)
        return undos.undo(stack.warehouse, *undos.locate(key, stack.bucket), version, guard, dataset)


@_in_our_words
def unload(model: str, partition_by: str | Sequence[str] = (), keep: int = 2, *, stack: Stack | None = None) -> Export:
    """Write a modeled table to S3 as parquet, whole or not at all, and register it in the catalog.

    Its newest `keep` complete exports stay, 1 at least.

    Raises:
        ConfigError: the reader sees no such model, no partition can be made of a column, or a right is missing.
    """
    if keep < 1:
        raise ConfigError(f"keep={keep}: the export that is made stays, so that it is 1 at least")
    columns = [partition_by] if isinstance(partition_by, str) else partition_by
    return unloading.unload(stack or connect(), model, columns, keep, declared.restricted_columns(model))


@_in_our_words
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
