"""OPERATE: what happens, as it happens. In: a stack. Out: an event a file, and one for each transform's start and end.

Landing is read from the function's log, which has a line a file; transforms from the state machine. The warehouse is
not asked: it may sleep, and following must not wake it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ingest_lambda.judge.verdict import WITHHELD
from landfall.operate import reports, transforms
from landfall.operate.function_log import FunctionLog
from landfall.timestamps import spell

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef, ExecutionListItemTypeDef

    from landfall.operate.transforms import Run
    from landfall.stack import Stack

    Execution = ExecutionListItemTypeDef | DescribeExecutionOutputTypeDef

RUNS = 100  # of the newest, that are looked at


@dataclass(frozen=True)
class Event:
    """Something that happened: `at` is ISO 8601, `what` an outcome, `subject` a dataset or `transform`."""

    at: str
    what: str
    subject: str
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Spell the event as its JSON face does."""
        return asdict(self)


@dataclass
class Follower:
    """Looks again and again; tells each thing once. `sensitive` datasets are those whose values are nobody's to see."""

    stack: "Stack"
    since: datetime
    dataset: str | None = None
    sensitive: Collection[str] = ()
    _running: set[str] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)
    _untold: list[Event] = field(default_factory=list)
    _log: FunctionLog = field(init=False)

    def __post_init__(self) -> None:
        self._log = FunctionLog(self.stack, self.since)

    def look(self) -> list[Event]:
        """Return what has happened since the last look, in order.

        What was found before a look fails is kept, and returned by the next one.

        Raises:
            ClientError, BotoCoreError: the log or the state machine cannot be asked.
        """
        for events in (self._files(), self._runs()):
            self._untold.extend(events)
        found, self._untold = self._untold, []
        return sorted(found, key=lambda event: event.at)

    def _files(self) -> Iterator[Event]:
        for at, facts in self._log.read():
            if self.dataset in (None, facts.get("dataset")):
                yield Event(spell(at), facts["outcome"], facts.get("dataset") or "-", self._words(facts))

    def _words(self, facts: Mapping[str, Any]) -> str:
        if facts.get("dataset") in self.sensitive and facts.get("reason"):
            reason = str(facts["reason"])
            facts = {**facts, "reason": f"{reason.split(':')[0]}: {WITHHELD}" if ":" in reason else reason}
        return words(facts)

    def _runs(self) -> Iterator[Event]:
        client = self.stack.step_functions
        arn = self.stack.output("StateMachineArn")
        listed = client.list_executions(stateMachineArn=arn, maxResults=RUNS)["executions"]
        long = self._running - {each["executionArn"] for each in listed}  # more have started since than are listed
        runs: list[Execution] = [*(client.describe_execution(executionArn=name) for name in long), *reversed(listed)]
        for each in runs:
            name = each["executionArn"]
            if name in self._ended:
                continue
            if each["status"] == "RUNNING":
                yield from self._begun(each)
                continue
            if name in self._running or each["stopDate"] >= self.since:
                yield from self._end(each)
            self._running.discard(name)
            self._ended.add(name)

    def _begun(self, execution: "Execution") -> Iterator[Event]:
        """Tell of one run at a time: what starts beside it joins it."""
        if not self._running:
            self._running.add(execution["executionArn"])
            yield Event(spell(execution["startDate"]), "running", "transform", "models what has landed, behind gates")

    def _end(self, execution: "Execution") -> Iterator[Event]:
        run, _ = transforms.look(self.stack.step_functions, execution["executionArn"])
        if run.outcome:  # not of one that joined another
            yield Event(spell(execution["stopDate"]), run.outcome, "transform", self._told(run))

    def _told(self, run: "Run") -> str:
        if not run.run_id:
            return end(run)
        is_told = reports.read(self.stack.s3, self.stack.bucket, run.run_id)["is_told"]
        return f"{end(run)}; {'announced' if is_told else 'not announced, the same was told before'}"


def words(facts: Mapping[str, Any]) -> str:
    """Word a file's line of the log.

    >>> words({"file": "s3://b/raw/orders/a.parquet", "outcome": "landed", "rows": 3, "load_seq": 7})
    's3://b/raw/orders/a.parquet: 3 rows, load 7'
    >>> words({"file": "s3://b/a", "outcome": "rejected", "reason": "oversize_value", "column": "n", "detail": "long"})
    's3://b/a: oversize_value, column n: long'
    """
    if facts["outcome"] in {"landed", "duplicate"}:
        return f"{facts['file']}: {facts.get('rows', 0):,} rows, load {facts.get('load_seq')}"
    where = "".join(f", {name} {facts[name]}" for name in ("column", "row") if facts.get(name) is not None)
    detail = f": {facts['detail']}" if facts.get("detail") else ""
    return f"{facts['file']}: {facts.get('reason') or 'no reason given'}{where}{detail}"


def end(run: "Run") -> str:
    """Word how a run ended.

    >>> from landfall.operate.transforms import Run
    >>> models = [{"status": "success"}, {"status": "unchanged"}]
    >>> end(Run("arn", "succeeded", models=models, gates=[{"status": "pass"}]))
    '1 of 2 models built, 1 unchanged, 1 of 1 gates passed'
    >>> end(Run("arn", "succeeded", reason="nothing to build"))
    'nothing to build'
    >>> failing = [{"gate": "g", "remedy": ["landfall undo k", "landfall transform --wait"]}]
    >>> end(Run("arn", "gate_failed", gates=[{"status": "fail"}], failing=failing))
    '0 of 0 models built, 0 of 1 gates passed, 1 failed; g failed: landfall undo k, then landfall transform --wait'
    """
    if not (run.models or run.gates):
        return run.reason or "no model was built"
    built = f"{transforms.models_in_words(run.models)}, {transforms.gates_in_words(run.gates)}"
    failing = "".join(f"; {each['gate']} failed: {', then '.join(each.get('remedy') or ())}" for each in run.failing)
    return f"{built}{failing}" + (f"; {run.reason}" if run.reason else "")
