"""How much memory and time the rewriting of files takes: large files, and many small ones.

    eval "$(landfall local env)" && python -m benchmarks.rewrite_memory --megabytes 500 1000 2000

writes files of these sizes and 500 small ones to the stack's bucket, rewrites each set as the ingest function does, in
a process of its own, and prints that process's peak of resident memory and its time as JSON (on Linux). The files have
nanoseconds, decimals, long distinct strings and few distinct ones. Of each size there are two: one in a single row
group, the worst case for a reader; and a file of changes in row groups of a million rows, which COPY would read right
and which is rewritten so that its rows keep their positions.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.footer import Budget, inspect
from ingest_lambda.rewrite.rewrite import Source, rewrite
from ingest_lambda.warehouse.sqltypes import BIGINT
from ingest_lambda.warehouse.statements import ROW_NUMBER, Column

BYTES_PER_ROW = 56  # of `rows`, compressed
SMALL_ROWS = 100
ROW_GROUP_ROWS = 1_000_000
CHANGES = "changes with positions"
BUDGET_BYTES = 64 * 1024 * 1024
PREFIX = "raw/rewrite_memory/"


def rows(count: int, seed: int, unit: str = "ns") -> pa.Table:
    """Draw `count` rows with times of the unit."""
    draw = np.random.default_rng(seed)
    ids = draw.integers(0, 2**62, count)
    return pa.table(
        {
            "id": pa.array(ids).cast(pa.string()),
            "amount": pa.array(draw.integers(0, 10**9, count)).cast(pa.decimal128(19, 0)),
            "rate": draw.random(count),
            "at": pa.array(draw.integers(0, 2**50, count)).cast(pa.timestamp(unit)),
            "status": pa.array(np.array(["placed", "paid", "shipped"])[draw.integers(0, 3, count)]),
            "note": pa.array(draw.integers(0, 2**62, count)).cast(pa.string()),
        }
    )


def write_large(path: Path, megabytes: int) -> None:
    """Write a file of about `megabytes` in one row group."""
    count = megabytes * 1_000_000 // BYTES_PER_ROW
    pieces = list(pieces_of(count, "ns"))
    pq.write_table(pa.concat_tables(pieces), path, row_group_size=count)


def write_changes(path: Path, megabytes: int) -> None:
    """Write a file of about `megabytes` that COPY reads right, in many row groups."""
    with pq.ParquetWriter(path, rows(1, 0, "us").schema) as writer:
        for piece in pieces_of(megabytes * 1_000_000 // BYTES_PER_ROW, "us"):
            writer.write_table(piece)


def pieces_of(count: int, unit: str) -> Iterator[pa.Table]:
    """Draw `count` rows, piece by piece."""
    for start in range(0, count, ROW_GROUP_ROWS):
        yield rows(min(ROW_GROUP_ROWS, count - start), start, unit)


def upload(s3: Any, bucket: str, sizes: Sequence[int], small_files: int) -> Iterator[tuple[str, list[FileVersion]]]:
    """Store set after set of files; yield the name and the versions of each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.parquet"

        def stored(name: str) -> FileVersion:
            with path.open("rb") as body:
                version = s3.put_object(Bucket=bucket, Key=PREFIX + name, Body=body)["VersionId"]
            return FileVersion(bucket, PREFIX + name, version, size=path.stat().st_size)

        def small() -> Iterator[FileVersion]:
            for number in range(small_files):
                pq.write_table(rows(SMALL_ROWS, number), path)
                yield stored(f"small_{number:05}.parquet")

        yield "small", list(small())
        for megabytes in sizes:
            write_large(path, megabytes)
            yield f"one row group, {megabytes} MB", [stored(f"large_{megabytes}.parquet")]
            write_changes(path, megabytes)
            yield f"{CHANGES}, {megabytes} MB", [stored(f"changes_{megabytes}.parquet")]


def measure(files: list[FileVersion], keeps_positions: bool) -> dict[str, Any]:
    """Rewrite `files` in this process; tell its peak in megabytes, before and after."""
    s3 = boto3.client("s3")
    before = _peak_megabytes()
    started, started_cpu = time.monotonic(), time.process_time()
    budget = Budget(BUDGET_BYTES)
    inspected = [inspect(s3, file, budget) for file in files]
    sources = [
        Source(one, number, tuple(column.name for column in one.footer.columns), keeps_positions=keeps_positions)
        for number, one in enumerate(inspected, start=1)
    ]
    columns = [Column(column.name, column.type) for column in inspected[0].footer.columns if column.type]
    if keeps_positions:
        columns.append(Column(ROW_NUMBER, BIGINT))
    rewritten = rewrite(s3, files[0].bucket, "staging/rewrite_memory/", sources, columns)
    return {
        "files": len(files),
        "megabytes": round(sum(file.size for file in files) / 1e6, 1),
        "rows": sum(rewritten.rows.values()),
        "objects": len(rewritten.objects),
        "seconds": round(time.monotonic() - started, 1),
        "cpu_seconds": round(time.process_time() - started_cpu, 1),
        "start_megabytes": before,
        "peak_megabytes": _peak_megabytes(),
    }


def _peak_megabytes() -> int:
    """Read this process's own peak; `ru_maxrss` would start with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024


def measure_apart(files: list[FileVersion], keeps_positions: bool) -> dict[str, Any]:
    """Measure in a process of its own, which has drawn no rows."""
    listed = json.dumps([[file.bucket, file.key, file.version_id, file.size] for file in files])
    command = [sys.executable, "-m", "benchmarks.rewrite_memory", "--measure"]
    if keeps_positions:
        command.append("--positions")
    done = subprocess.run(command, input=listed, text=True, stdout=subprocess.PIPE, check=True)  # noqa: S603 - ourselves
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def main() -> None:
    """Run the benchmark, or one measurement of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bucket", help="default: the bucket of the stack LANDFALL_STACK")
    parser.add_argument("--megabytes", type=int, nargs="+", default=[1_000], help="sizes of the large files")
    parser.add_argument("--small-files", type=int, default=500)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--positions", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        listed = json.load(sys.stdin)
        files = [FileVersion(bucket, key, version, size=size) for bucket, key, version, size in listed]
        print(json.dumps(measure(files, arguments.positions)))
        return
    bucket = arguments.bucket or _stack_bucket()
    sets = upload(boto3.client("s3"), bucket, arguments.megabytes, arguments.small_files)
    measured = {name: measure_apart(files, name.startswith(CHANGES)) for name, files in sets}
    print(json.dumps(measured, indent=2))


def _stack_bucket() -> str:
    stack = boto3.client("cloudformation").describe_stacks(StackName=os.environ["LANDFALL_STACK"])["Stacks"][0]
    return next(entry["OutputValue"] for entry in stack["Outputs"] if entry["OutputKey"] == "BucketName")


if __name__ == "__main__":
    main()
