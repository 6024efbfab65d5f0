"""What one transform takes, from "landed" to "message sent", and beside it the same of another revision.

    python -m benchmarks.transform [--against REV] [--history 1 10] [--runs 3] [--json FILE]

gives each revision a local stack of its own, lands a history, has the whole project built, and then measures, in turns:
a transform of 1,000 new orders with their items, which landed in two files; a transform that finds nothing to do, and
one more after it; and a transform of as many orders again in a function that has just been started. Connections and
statements are counted in PostgreSQL's log, transactions in its write-ahead log, processor time in /proc; the times are
those of Step Functions' history, without the debouncing pause. Printed are medians.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.checkouts import CpuSampler, RunningStack, checked_out, running
from benchmarks.processes import cpu_seconds_of_tree
from benchmarks.server_log import Asked, ServerLog
from benchmarks.tables import markdown
from local.home import ROOT

USER = "landfall_transformer"
FUNCTION = "landfall-local-transform"
ORDERS = 1_000
# Redshift joins large tables on equal columns by hash or merge. PostgreSQL, whose statistics know nothing yet of the
# rows that a run has just written, would compare each with each.
JOINS = {"enable_nestloop": "off"}
PHASES = ("Plan", "Build", "Archive", "Report", "TellOutcome", "Remember")
PAUSES = ("Debounce",)
BATCH, NOTHING, NOTHING_AGAIN, COLD = "a batch", "nothing to do", "nothing to do, again", "a batch, cold start"

Measured = dict[str, Any]


@dataclass(frozen=True)
class Span:
    """When a state of the state machine was entered and left, in seconds since 1970."""

    state: str
    entered: float
    left: float


def generate(folder: Path, orders: int, first: int) -> Path:
    """Make the files of some orders, the same for the same arguments."""
    options = ["--orders", str(orders), "--first-order", str(first), "--sequence", str(first), "--format", "parquet"]
    command = [sys.executable, "-m", "scripts.order_generator", "--out", str(folder), *options]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ourselves
    return folder


class Bench:
    """One revision's stack, its project built over a history."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.log = ServerLog(stack.home / "redshift", stack.redshift)
        self.log.configure(JOINS)
        self.machine = stack.output("StateMachineArn")
        # One transform for both files, begun by us.
        stack.client("events").disable_rule(Name="landfall-local-dataset-landed")

    def prepare(self, history: Path) -> None:
        """Land the history and build everything."""
        self.stack.landfall("upload", "--wait", str(history))
        self.transform()
        self.log.analyze()

    def land(self, batch: Path) -> None:
        """Land orders and items, a file each."""
        files = [str(path) for path in sorted(batch.rglob("order_*.parquet"))]
        self.stack.landfall("upload", "--wait", *files)

    def restart_function(self) -> None:
        """End the function's processes: the next call is a cold start."""
        for pid in self.stack.workers(FUNCTION):
            os.kill(pid, signal.SIGKILL)

    def transform(self) -> list[Span]:
        """Run the state machine once; return its states as its history tells them."""
        client = self.stack.client("stepfunctions")
        execution = client.start_execution(stateMachineArn=self.machine, input="{}")["executionArn"]
        while (described := client.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.1)
        result = json.loads(described.get("output") or "{}")
        if result.get("outcome") != "succeeded":
            raise RuntimeError(f"the transform ended as {described['status']}: {described.get('output')}")
        events = client.get_execution_history(executionArn=execution, maxResults=1000)["events"]
        return list(spans(events))

    def measure(self) -> Measured:
        """Run the state machine once, and count."""
        postgres = int(self.stack.redshift["postgres_pid"])
        database = cpu_seconds_of_tree(postgres)
        asked = self.log.begin(USER)
        with CpuSampler(self.stack, FUNCTION) as cpu:
            states = self.transform()
        told = asked()
        return totals(told, states, cpu) | {
            "database_cpu_seconds": round(cpu_seconds_of_tree(postgres) - database, 2),
            "phases": {span.state: of_phase(told, span, cpu) for span in states if span.state in PHASES},
            "kinds": told.by_kind(),
        }


def spans(events: list[dict[str, Any]]) -> Iterator[Span]:
    """Read the states out of an execution's history."""
    entered: dict[str, float] = {}
    for event in events:
        at = event["timestamp"].timestamp()
        if details := event.get("stateEnteredEventDetails"):
            entered[details["name"]] = at
        elif details := event.get("stateExitedEventDetails"):
            yield Span(details["name"], entered[details["name"]], at)


def totals(asked: Asked, states: list[Span], cpu: CpuSampler) -> Measured:
    """Sum up a run; it ends with the message, and where none is sent with its last state."""
    paused = sum(span.left - span.entered for span in states if span.state in PAUSES)
    end = max((span.left for span in states if span.state == "TellOutcome"), default=states[-1].left)
    return {
        "connections": len(asked.connections),
        "statements": len(asked.statements),
        "writing_transactions": asked.writing_transactions,
        "client_cpu_seconds": round(cpu.until(time.time()), 2),
        "wall_seconds": round(end - states[0].entered - paused, 2),
    }


def of_phase(asked: Asked, span: Span, cpu: CpuSampler) -> Measured:
    """Count what belongs to one state."""
    part = asked.between(datetime.fromtimestamp(span.entered, UTC), datetime.fromtimestamp(span.left, UTC))
    return {
        "connections": len(part.connections),
        "statements": len(part.statements),
        "client_cpu_seconds": round(cpu.until(span.left) - cpu.until(span.entered), 2),
        "wall_seconds": round(span.left - span.entered, 2),
        "kinds": part.by_kind(),
    }


def median(values: list[Any]) -> Any:
    """Take the median of every figure in results of one shape; what a run has not counts as 0."""
    if isinstance(values[0], Mapping):
        names = list(dict.fromkeys(name for value in values for name in value))
        shape = {name: next(value[name] for value in values if name in value) for name in names}
        empty: Measured = {name: {} if isinstance(shape[name], Mapping) else 0 for name in names}
        return {name: median([value.get(name, empty[name]) for value in values]) for name in names}
    return round(statistics.median(values), 2)


def measure_history(revisions: Mapping[str, str | None], orders: int, runs: int) -> dict[str, Measured]:
    """Measure every revision, side by side, over a history of so many orders; return {revision: {case: figures}}."""
    scratch = ROOT / ".landfall" / "benchmark"
    scratch.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(dir=scratch)))
        benches = {}
        for number, (name, revision) in enumerate(revisions.items()):
            own = folder / str(number)
            own.mkdir()
            tree = ends.enter_context(checked_out(revision, own))
            benches[name] = Bench(ends.enter_context(running(tree, own / "stack")))
            ends.callback(benches[name].log.close)
        history = generate(folder / "history", orders, 1)
        for bench in benches.values():
            bench.prepare(history)
        found: dict[str, dict[str, list[Measured]]] = {name: {} for name in benches}
        for run in range(runs):
            first = orders + 1 + 2 * run * ORDERS
            warm, cold = (generate(folder / f"batch-{start}", ORDERS, start) for start in (first, first + ORDERS))
            for name, bench in benches.items():  # in turns: a machine that slows down slows all of them
                for case, measured in cases(bench, warm, cold):
                    found[name].setdefault(case, []).append(measured)
    return {name: {case: median(several) for case, several in results.items()} for name, results in found.items()}


def cases(bench: Bench, warm: Path, cold: Path) -> Iterator[tuple[str, Measured]]:
    """Measure a transform in each state that it can find."""
    bench.land(warm)
    yield BATCH, bench.measure()
    yield NOTHING, bench.measure()
    yield NOTHING_AGAIN, bench.measure()
    bench.land(cold)
    bench.restart_function()
    yield COLD, bench.measure()


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="REV", help="also measure this revision, and print the ratios to it")
    parser.add_argument("--history", type=int, nargs="+", default=[1], help="thousands of orders that landed before")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")
    options = parser.parse_args()
    revisions = {"now": None} | ({options.against: options.against} if options.against else {})
    results = {
        f"{thousands},000 orders before": measure_history(revisions, thousands * ORDERS, options.runs)
        for thousands in options.history
    }
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print("\n\n".join(markdown(history, measured) for history, measured in results.items()))


if __name__ == "__main__":
    main()
