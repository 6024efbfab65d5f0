"""How long a lone file takes, from its upload until it has landed and until it is modeled; beside it another revision.

    python -m benchmarks.latency [--files 200] [--against REV] [--json benchmarks/results/latency.json]

gives each revision a local stack of its own, has the whole project built, and uploads files of twenty orders, one a
second, while all is on that is on by itself: S3 announces, the queue gathers, the function lands, the event starts the
transform. The revisions take turns, so many files each, so that a machine that slows down slows both. The debouncing
pause is taken out of the deployed state machine: it is a setting, and whole on top. A watcher asks PostgreSQL ten times
a second what is committed. What is missing in the end makes it an error.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types

from benchmarks.changes import scratch_folder
from benchmarks.checkouts import RunningStack, checked_out, running
from benchmarks.circumstances import circumstances, parquet
from benchmarks.sampler import Sampler
from benchmarks.tables import markdown
from scripts.order_rows import Plan, order_batches

DATASET, ENTITY = "order_summary", "orders"
ORDERS_A_FILE = 20
SECONDS_BETWEEN = 1.0
LOOK_SECONDS = 0.1
TURN_FILES = 50  # of one revision, before the other's turn
END_SECONDS = 600.0  # until all is modeled; then it is an error
WARM_UP = 3  # files that come before, and are not counted: tables are made, functions start
DEBOUNCE = "Debounce"

Measured = dict[str, Any]


def seen(number: int, steps: Sequence[tuple[float, int]]) -> float:
    """Say when a load number was first seen, in steps of (moment, highest number by then).

    >>> seen(3, [(1.0, 2), (2.0, 4)])
    2.0

    Raises:
        RuntimeError: it never was.
    """
    moment = next((at for at, highest in steps if highest >= number), None)
    if moment is None:
        raise RuntimeError(f"load {number} was never seen")
    return moment


@dataclass
class Watcher(Sampler):
    """Looks which loads are committed and which are modeled, behind the front's back, which has no work with it."""

    EVERY_SECONDS = LOOK_SECONDS
    stack: RunningStack
    landed: list[tuple[float, int]] = field(default_factory=list)
    modeled: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        facts = self.stack.redshift
        login = {"user": facts["admin_user"], "password": facts["admin_password"], "dbname": facts["database"]}
        self._connection = psycopg2.connect(host="127.0.0.1", port=facts["postgres_port"], **login)
        self._connection.autocommit = True

    def __exit__(self, *error: object) -> None:
        """End."""
        super().__exit__(*error)
        self._connection.close()

    def sample(self) -> None:
        """Ask for the last load of either kind."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"select coalesce((select max(load_seq) from ledger.{DATASET}), 0),"  # noqa: S608 - our own names
                f" coalesce((select max(upto_seq) from ops.model_loads where model = 'modeled.{ENTITY}'"
                f" and dataset = '{DATASET}'), 0)"
            )
            landed, modeled = cursor.fetchone()
        self.landed.append((time.time(), landed))
        self.modeled.append((time.time(), modeled))


class Bench:
    """One revision's stack, its project built over the first files."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.sent: dict[str, float] = {}
        self._s3, self._bucket = stack.client("s3"), str(stack.info["bucket"])
        steps, machine = stack.client("stepfunctions"), stack.output("StateMachineArn")
        definition = json.loads(steps.describe_state_machine(stateMachineArn=machine)["definition"])
        definition["States"][DEBOUNCE]["Seconds"] = 0
        steps.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition))

    def upload(self, body: bytes) -> None:
        """Upload one more file."""
        key = f"raw/{DATASET}/{len(self.sent):06}.parquet"
        self.sent[key] = time.time()
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body)

    def wait(self, watcher: Watcher) -> None:
        """Wait until all that was sent is modeled.

        Raises:
            RuntimeError: it takes too long.
        """
        ends_at = time.time() + END_SECONDS
        while time.time() < ends_at:
            loads = self._loads()
            if len(loads) == len(self.sent) and watcher.modeled and watcher.modeled[-1][1] >= max(loads.values()):
                return
            time.sleep(1)
        raise RuntimeError(f"after {END_SECONDS:.0f} s {len(self._loads())} of {len(self.sent)} files had landed")

    def measure(self, watcher: Watcher) -> Measured:
        """Hold what is modeled to what was sent; return percentiles, the first files left out.

        Raises:
            RuntimeError: orders are missing.
        """
        [found] = json.loads(self.stack.landfall("query", f"select count(*) as n from modeled.{ENTITY}", "--json"))  # noqa: S608 - our own name
        if int(found["n"]) != len(self.sent) * ORDERS_A_FILE:
            raise RuntimeError(f"{found['n']} orders are modeled, expected {len(self.sent) * ORDERS_A_FILE}")
        loads = self._loads()
        counted = list(self.sent)[WARM_UP:]
        landed = [seen(loads[key], watcher.landed) - self.sent[key] for key in counted]
        modeled = [seen(loads[key], watcher.modeled) - self.sent[key] for key in counted]
        return {
            "files": len(counted),
            "loads": len({loads[key] for key in counted}),
            **percentiles("landed", landed),
            **percentiles("modeled", modeled),
            "phases": {},
            "kinds": {},
        }

    def _loads(self) -> dict[str, int]:
        sql = f'select "key", load_seq from ledger.{DATASET}'  # noqa: S608 - our own name
        rows = json.loads(self.stack.landfall("query", sql, "--json", "--limit", "1000000"))
        return {row["key"]: int(row["load_seq"]) for row in rows}


def percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """Name the percentiles of some seconds.

    >>> percentiles("landed", [1.0, 2.0, 3.0])["landed_p50_seconds"]
    2.0
    """
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"{name}_p{each}_seconds": round(cuts[each - 1], 2) for each in (50, 95, 99)}


def measure(revisions: Mapping[str, str | None], files: int) -> dict[str, Measured]:
    """Let every revision have the same files, in turns; return {revision: figures}."""
    with scratch_folder() as scratch, ExitStack() as ends:
        benches: dict[str, tuple[Bench, Watcher]] = {}
        for number, (name, revision) in enumerate(revisions.items()):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            tree = ends.enter_context(checked_out(revision, folder))
            stack = ends.enter_context(running(tree, folder / "stack"))
            stack.landfall("transform", "--wait", "--timeout", "600")
            benches[name] = Bench(stack), ends.enter_context(Watcher(stack))
        bodies = [body(number) for number in range(WARM_UP + files)]
        turns = [bodies[:WARM_UP]] + [bodies[at : at + TURN_FILES] for at in range(WARM_UP, len(bodies), TURN_FILES)]
        for turn in turns:
            for bench, watcher in benches.values():
                for each in turn:
                    due = time.monotonic() + SECONDS_BETWEEN
                    bench.upload(each)
                    time.sleep(max(0.0, due - time.monotonic()))
                bench.wait(watcher)
        return {name: bench.measure(watcher) for name, (bench, watcher) in benches.items()}


def body(number: int) -> bytes:
    """Write the file of some new orders."""
    plan = Plan(orders=ORDERS_A_FILE, first_order=1 + number * ORDERS_A_FILE)
    return b"".join(parquet(batch.orders) for batch in order_batches(plan))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=200, help="default: %(default)s")
    parser.add_argument("--against", metavar="REV", help="a revision to measure too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")
    options = parser.parse_args()
    before = circumstances()
    results = measure({"now": None, **({options.against: options.against} if options.against else {})}, options.files)
    if options.json:
        options.json.write_text(json.dumps({**before, "latency": results}, indent=2) + "\n", encoding="utf-8")
    print(markdown("Latency of lone files", {name: {"one a second": each} for name, each in results.items()}))


if __name__ == "__main__":
    main()
