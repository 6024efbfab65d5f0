"""A burst of files on the whole local stack: nothing lost, in how many loads, in what time; beside it another revision.

    python -m benchmarks.load --files 10000 [--rows 100] [--against REV] [--json FILE]

gives each revision a local stack of its own with the parameters that it deploys with, and uploads the files while the
event source is on: S3 announces each, the queue gathers, the function lands. One in a hundred is corrupt, the events of
one in twenty come twice, and one in fifty is uploaded last though it is the oldest. When the queue is empty every good
file must have landed once, every corrupt one be rejected, and nothing lie on the dead-letter queue; else the benchmark
ends with an error. Loads are counted by the ledger, statements by PostgreSQL's log, processor time and memory in /proc.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np

from benchmarks.changes import scratch_folder
from benchmarks.checkouts import CpuSampler, RunningStack, checked_out, running
from benchmarks.circumstances import circumstances, parquet
from benchmarks.peers.workload import Workload
from benchmarks.processes import cpu_seconds_of_tree
from benchmarks.sampler import Sampler
from benchmarks.server_log import ServerLog
from benchmarks.tables import markdown
from landfall.sizing.assumptions import Limits, Steps
from landfall.sizing.costs import BILLED_SECONDS, Prices, Usage
from landfall.sizing.scene import Settings

DATASET = "burst"
FUNCTION = "landfall-local-ingest"
LOADER = "landfall_loader"
CORRUPT_SHARE, DOUBLED_SHARE, LATE_SHARE = 0.01, 0.05, 0.02
UPLOADS_AT_ONCE = 8
SEED = 13
POLL_SECONDS = 0.5

Measured = dict[str, Any]


@dataclass
class Burst:
    """The files, their numbers in the order of their upload, and which are corrupt or are announced twice."""

    dataset: str
    bodies: Sequence[bytes]
    rows: int
    order: Sequence[int]
    corrupt: frozenset[int]
    doubled: frozenset[int]

    @property
    def good(self) -> int:
        """How many files must land."""
        return len(self.bodies) - len(self.corrupt)


def draw(files: int, rows: int, dataset: str = DATASET) -> Burst:
    """Make a burst, the same each time."""
    chosen = np.random.default_rng(SEED).permutation(files)
    corrupt, late = chosen[: round(files * CORRUPT_SHARE)], chosen[-round(files * LATE_SHARE) :]
    doubled = chosen[: round(files * DOUBLED_SHARE)]
    bodies = [parquet(table) for table in Workload(dataset, files, rows).tables()]
    for number in corrupt:
        bodies[number] = bodies[number][: len(bodies[number]) // 2]
    last = set(late.tolist())
    order = [number for number in range(files) if number not in last] + sorted(last)
    return Burst(dataset, bodies, rows, order, frozenset(corrupt.tolist()), frozenset(doubled.tolist()))


@dataclass
class Peak(Sampler):
    """The most memory that a process of the function has had, read from time to time (VmHWM, in megabytes)."""

    EVERY_SECONDS = POLL_SECONDS
    stack: RunningStack
    megabytes: int = 0

    def sample(self) -> None:
        """Look at each process."""
        for pid in self.stack.workers(FUNCTION):
            self.megabytes = max(self.megabytes, peak_of(pid))


def peak_of(pid: int) -> int:
    """Read the peak of a process's resident memory, in megabytes; 0 if it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


class Bench:
    """One revision's stack."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack = stack
        self.log = ServerLog(stack.home / "redshift", stack.redshift)
        self.queue, self.dead = (stack.output(f"{name}QueueUrl") for name in ("Landing", "DeadLetter"))
        # What is measured is landing; transforms would take its processors.
        stack.client("events").disable_rule(Name="landfall-local-dataset-landed")

    def measure(self, burst: Burst) -> Measured:
        """Upload a burst, wait until all of it has come to an end, and count."""
        asked, database = self.log.begin(LOADER), self._database_seconds()
        with Peak(self.stack) as peak, CpuSampler(self.stack, FUNCTION) as cpu:
            started = time.time()
            self._upload(burst)
            uploaded = time.time()
            self._drain()
            ended = time.time()
        counts = asked()
        loads = self._check(burst)
        course = self._course(burst.dataset, started)
        lags = [landed - arrived for arrived, landed in course]
        return {
            "files": len(burst.bodies),
            "megabytes": round(sum(map(len, burst.bodies)) / 1024**2, 1),
            "loads": loads,
            "statements": len(counts.statements),
            "copies": counts.by_kind().get("copy", 0),
            "writing_transactions": counts.writing_transactions,
            "upload_seconds": round(uploaded - started, 1),
            "drain_seconds": round(ended - started, 1),
            "seconds_after_the_last_upload": round(ended - uploaded, 1),
            "lag_p50_seconds": round(statistics.median(lags), 1),
            "lag_p95_seconds": round(float(np.percentile(lags, 95)), 1),
            "lag_most_seconds": round(max(lags), 1),
            "function_cpu_seconds": round(cpu.until(ended), 1),
            "database_cpu_seconds": round(self._database_seconds() - database, 1),
            "function_peak_megabytes": peak.megabytes,
            "usd_by_formula": round(cost(burst, loads, ended - started), 3),
            "phases": {},
            "kinds": counts.by_kind(),
            "waiting": waiting(course),
        }

    def _database_seconds(self) -> float:
        return cpu_seconds_of_tree(int(self.stack.redshift["postgres_pid"]))

    def _upload(self, burst: Burst) -> None:
        s3, sqs, bucket = self.stack.client("s3"), self.stack.client("sqs"), str(self.stack.info["bucket"])

        def put(number: int) -> None:
            key, body = f"raw/{burst.dataset}/{number:06}.parquet", burst.bodies[number]
            stored = s3.put_object(Bucket=bucket, Key=key, Body=body)
            if number in burst.doubled:
                sqs.send_message(QueueUrl=self.queue, MessageBody=announcement(bucket, key, stored, len(body)))

        with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
            for _ in pool.map(put, burst.order):
                pass

    def _drain(self) -> None:
        """Wait until nobody has a message any more: neither the queue nor the function."""
        names = [f"ApproximateNumberOfMessages{kind}" for kind in ("", "NotVisible", "Delayed")]
        sqs, quiet = self.stack.client("sqs"), 0
        while quiet < 3:  # three looks in a row: a message on its way is in none of the numbers
            told = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
            quiet = quiet + 1 if not any(int(told[name]) for name in names) else 0
            time.sleep(POLL_SECONDS)

    def _check(self, burst: Burst) -> int:
        """Hold what is there to what was sent; return the loads.

        Raises:
            RuntimeError: a file is missing, or has landed twice.
        """
        [found] = self._ask(
            f"select count(*) as files, count(distinct file_id) as once, count(distinct load_id) as loads,"  # noqa: S608 - our own names
            f" sum(row_count) as rows, (select count(*) from landing.{burst.dataset}) as landed,"
            f" (select count(distinct file_id) from ops.rejected_files where dataset = '{burst.dataset}') as rejected"
            f" from ledger.{burst.dataset}"
        )
        expected = {
            "files": burst.good,
            "once": burst.good,
            "rows": burst.good * burst.rows,
            "landed": burst.good * burst.rows,
            "rejected": len(burst.corrupt),
        }
        dead = self.stack.client("sqs").get_queue_attributes(
            QueueUrl=self.dead, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]["ApproximateNumberOfMessages"]
        is_as_sent = {name: int(found[name]) for name in expected} == expected
        if not is_as_sent or dead != "0":
            raise RuntimeError(f"expected {expected}, found {found}, and {dead} dead letters")
        return int(found["loads"])

    def _course(self, dataset: str, began: float) -> list[tuple[float, float]]:
        """Return of each file when it came and when it had landed, in seconds since the burst began."""
        epoch = datetime.fromtimestamp(began, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        found = self._ask(
            f"select datediff(millisecond, timestamp '{epoch}', event_time) as arrived,"  # noqa: S608 - our own names
            f" datediff(millisecond, timestamp '{epoch}', loaded_at) as landed from ledger.{dataset}"
        )
        return [(int(row["arrived"]) / 1_000, int(row["landed"]) / 1_000) for row in found]

    def _ask(self, sql: str) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = json.loads(self.stack.landfall("query", sql, "--json", "--limit", "1000000"))
        return found


def waiting(course: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Say of a hundred moments how many files had come, and how many had landed: [[second, came, landed]]."""
    arrivals, landings = (sorted(moments) for moments in zip(*course, strict=True))
    end = math.ceil(landings[-1])
    seconds = range(0, end + 1, max(1, end // 100))
    return [[second, bisect_right(arrivals, second), bisect_right(landings, second)] for second in (*seconds, end)]


def announcement(bucket: str, key: str, stored: Mapping[str, Any], size: int) -> str:
    """Write the notification that S3 sends for an object."""
    told = {
        "key": quote_plus(key),
        "size": size,
        "eTag": stored["ETag"].strip('"'),
        "versionId": stored["VersionId"],
        "sequencer": "0055AED6DCD90281E5",
    }
    moment = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    return json.dumps(
        {
            "Records": [
                {
                    "eventName": "ObjectCreated:Put",
                    "eventTime": moment,
                    "s3": {"bucket": {"name": bucket}, "object": told},
                }
            ]
        }
    )


def cost(burst: Burst, loads: int, seconds: float) -> float:
    """Say what such a burst costs in US dollars by the formula of docs/costs.md, in as many loads as were counted."""
    megabytes = sum(map(len, burst.bodies)) / 1e6
    steps, processor = Steps(), Settings().ingest_memory_megabytes / Limits().function_cpu_megabytes
    reading = (len(burst.bodies) * steps.file_cpu + megabytes * steps.megabyte_cpu) / processor
    used = Usage(
        files=len(burst.bodies),
        loads=loads,
        awake_seconds=max(BILLED_SECONDS, seconds),
        landing_gigabyte_seconds=reading + loads * (2 * steps.copy + steps.insert + steps.commit),
    )
    return sum(used.usd(Settings().base_rpu, Prices()).values())


def compare(revisions: Mapping[str, str | None], burst: Burst) -> Iterator[tuple[str, Measured]]:
    """Give each revision the burst, one after another; yield {name: figures}."""
    with scratch_folder() as scratch:
        for number, (name, revision) in enumerate(revisions.items()):
            with ExitStack() as ends:
                folder = Path(scratch) / str(number)
                folder.mkdir()
                tree = ends.enter_context(checked_out(revision, folder))
                stack = ends.enter_context(running(tree, folder / "stack"))
                bench = Bench(stack)
                ends.callback(bench.log.close)
                measured = bench.measure(burst)
                print(f"{name}: {json.dumps(measured)}", flush=True)
                yield name, measured


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1_000, help="default: %(default)s")
    parser.add_argument("--rows", type=int, default=100, help="rows a file; default: %(default)s")
    parser.add_argument("--against", metavar="REV", help="a revision to measure too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")
    options = parser.parse_args()
    before = circumstances()
    burst = draw(options.files, options.rows)
    revisions = {"now": None, **({options.against: options.against} if options.against else {})}
    results = dict(compare(revisions, burst))
    if options.json:
        options.json.write_text(json.dumps({**before, "burst": results}, indent=2) + "\n", encoding="utf-8")
    print(markdown(f"A burst of {options.files:,} files", {name: {DATASET: each} for name, each in results.items()}))


if __name__ == "__main__":
    main()
