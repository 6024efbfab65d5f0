"""What the rewriting of files costs the function's processor, a megabyte and a file, beside another revision.

    python -m benchmarks.rewrite_cpu [--against REV] [--json FILE]

rewrites four sets of files in turns, in a process of its own each time: one of 60 MB in a single row group, 200 of
100 KB, 500 of 100 rows. S3 answers from memory, so that what is counted is the function's own work; in the fourth set,
2,000 of 100 KB, each request takes 20 ms, of which the wall clock tells whether the function waits for one after the
other. Printed is the least of the runs, since a busy machine makes the same work dearer and never cheaper.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

# Rows a file, files, unit of the times, seconds an S3 request: what COPY would misread in nanoseconds is rewritten
# whatever its size.
SETS = {
    "one of 60 MB": (1_000_000, 1, "ns", 0.0),
    "200 of 100 KB": (1_700, 200, "us", 0.0),
    "500 of 100 rows": (100, 500, "us", 0.0),
    "2,000 of 100 KB, 20 ms a request": (1_700, 2_000, "us", 0.02),
}
KEPT_BYTES = 64 * 1024**2  # of small files, from the reading of their footers, as the function keeps them
RUNS = 3
HERE = Path(__file__)


class Memory:
    """Objects in memory, asked as S3 is."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.seconds_a_request = 0.0

    def get_object(self, Key: str, Range: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 - S3's own words
        """Answer with all of an object, or its last bytes."""
        time.sleep(self.seconds_a_request)
        whole = self.objects[Key]
        body = whole[-min(int(Range.rpartition("-")[2]), len(whole)) :] if Range else whole
        told = {"ETag": '"none"', "LastModified": datetime.now(UTC), "ContentLength": len(body)}
        span = f"bytes {len(whole) - len(body)}-{len(whole) - 1}/{len(whole)}"
        return {**told, "Body": Body(body), "ContentRange": span}

    def put_object(self, **_: Any) -> dict[str, Any]:
        """Take an object, and keep nothing of it."""
        time.sleep(self.seconds_a_request)
        return {}


class Body(io.BytesIO):
    """The bytes of an answer, as botocore streams them."""

    def iter_chunks(self, size: int) -> Any:
        """Give them chunk by chunk."""
        return iter(lambda: self.read(size), b"")


def seconds_of(rows: int, files: int, unit: str, seconds_a_request: float) -> tuple[float, float, float]:
    """Rewrite such files with whatever revision is imported; return megabytes, and seconds of CPU and of the clock."""
    from benchmarks import rewrite_memory
    from ingest_lambda.file_version import FileVersion
    from ingest_lambda.read.footer import Budget, inspect
    from ingest_lambda.rewrite.rewrite import Source, rewrite
    from ingest_lambda.warehouse.statements import Column

    s3: Any = Memory()
    budget = Budget(KEPT_BYTES)
    sources = []
    for number in range(1, files + 1):
        sink = io.BytesIO()
        pq.write_table(rewrite_memory.rows(rows, number, unit), sink, row_group_size=rows)
        s3.objects[str(number)] = sink.getvalue()
        inspected = inspect(s3, FileVersion("memory", str(number), "1", size=len(sink.getvalue())), budget)
        sources.append(Source(inspected, number, tuple(column.name for column in inspected.footer.columns)))
    columns = [Column(column.name, column.type) for column in inspected.footer.columns if column.type]
    s3.seconds_a_request = seconds_a_request
    cpu, clock = time.process_time(), time.perf_counter()
    rewrite(s3, "memory", "staging/", sources, columns)
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    return sum(map(len, s3.objects.values())) / 1e6, cpu, clock


def measure(trees: Mapping[str, Path]) -> dict[str, dict[str, dict[str, float]]]:
    """Let each revision rewrite each set, in turns; return {revision: {set: figures}}."""
    results: dict[str, dict[str, dict[str, float]]] = {name: {} for name in trees}
    for title, (_, files, *_others) in SETS.items():
        for _ in range(RUNS):
            for name, tree in trees.items():
                done = subprocess.run(  # noqa: S603 - ourselves
                    [sys.executable, str(HERE), "--set", title],
                    cwd=tree,
                    env={**os.environ, "PYTHONPATH": str(tree)},
                    stdout=subprocess.PIPE,
                    check=True,
                )
                megabytes, seconds, wall = json.loads(done.stdout)
                found = results[name].setdefault(
                    title, {"milliseconds_a_megabyte": float("inf"), "wall_seconds": float("inf")}
                )
                found["wall_seconds"] = min(found["wall_seconds"], round(wall, 2))
                if seconds / megabytes * 1_000 < found["milliseconds_a_megabyte"]:
                    found["milliseconds_a_megabyte"] = round(seconds / megabytes * 1_000, 1)
                    found["milliseconds_a_file"] = round(seconds / files * 1_000, 2)
                    found["megabytes"] = round(megabytes, 1)
    return results


def main() -> None:
    """Run the benchmark, or one set of it in this process."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", metavar="REV", help="a revision to measure too")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")
    parser.add_argument("--set", choices=SETS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.set:
        print(json.dumps(seconds_of(*SETS[options.set])))
        return
    from benchmarks.changes import revisions
    from benchmarks.circumstances import circumstances
    from benchmarks.tables import markdown

    before = circumstances()
    with revisions(options.against) as trees:
        results = measure(trees)
    if options.json:
        options.json.write_text(json.dumps({**before, "rewrite": results}, indent=2) + "\n", encoding="utf-8")
    print(markdown("Rewriting", {name: _shown(found) for name, found in results.items()}))


def _shown(found: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, Any]]:
    """Say that there is nothing to tell apart by phases or statements."""
    return {title: {**figures, "phases": {}, "kinds": {}} for title, figures in found.items()}


if __name__ == "__main__":
    main()
