"""What it takes to land many small files, beside other ways to load them.

    python -m benchmarks.landing --files 500 --rows 100 [--rewritten] [--against REV]

starts a local AWS and a local Redshift of its own, uploads the files, lets each way of benchmarks/ways.py load them in
a process of its own, checks that every row is there once, and prints what it took: the median of the runs, as a table
or with --json. The ways take turns, so that a machine that slows down slows all of them. With --against, the function
of another revision is one of the ways.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from benchmarks.checkouts import checked_out
from benchmarks.processes import cpu_seconds_of_tree
from benchmarks.ways import WAYS, Task
from ingest_lambda.file_version import FileVersion
from local.home import ROOT
from tests.land import warehouse
from tests.land.function_process import environment_of
from tests.land.warehouse import Land, message, new_dataset, notification, target
from tests.support import run_folder

COLUMNS = "id bigint, customer varchar(65535), amount decimal(18, 2), is_paid boolean, updated_at timestamp"
DEFAULT_WAYS = ["landfall", "copy_each", "merge_each", "copy_all"]
Measured = dict[str, float]


def draw(rows: int, seed: int) -> pa.Table:
    """Draw orders; ids start anew in each file's own range."""
    draw = np.random.default_rng(seed)
    return pa.table(
        {
            "id": pa.array(np.arange(rows) + seed * rows),
            "customer": pa.array(draw.integers(0, 2**40, rows)).cast(pa.string()),
            "amount": pa.array(draw.integers(0, 10**6, rows)).cast(pa.decimal128(19, 0)).cast(pa.decimal128(18, 2)),
            "is_paid": pa.array(draw.integers(0, 2, rows).astype(bool)),
            "updated_at": pa.array(draw.integers(0, 2**50, rows)).cast(pa.timestamp("us")),
        }
    )


@contextmanager
def surroundings() -> Iterator[Land]:
    """Start what the function lives in, and end it."""
    run_folder.begin()
    try:
        with warehouse.land() as land:
            yield land
    finally:
        run_folder.end(run_folder.folder())


def task_for(land: Land, dataset: str, files: list[FileVersion]) -> Task:
    """Word the task of landing the files."""
    return Task(
        records=[message(notification([file])) for file in files],
        urls=[file.uri for file in files],
        table=f"landing.{dataset}",
        columns=COLUMNS,
        role=land.settings.copy_role_arn,
        login=target(land.settings).arguments(),
    )


def measure(land: Land, way: str, files: int, rows: int, folder: Path = ROOT, unit: str = "us") -> Measured:
    """Upload files of a new dataset and let the way of the checkout in `folder` load them.

    `unit`: of their timestamps. COPY misreads "ns", so that Landfall's function rewrites them.

    Raises:
        RuntimeError: not every row is there once.
    """
    dataset = new_dataset("bench")
    schema = draw(1, 0).schema
    schema = schema.set(schema.get_field_index("updated_at"), pa.field("updated_at", pa.timestamp(unit)))
    tables = (draw(rows, number).cast(schema) for number in range(files))
    uploaded = [land.put(f"raw/{dataset}/{number:06}.parquet", table) for number, table in enumerate(tables)]
    task = task_for(land, dataset, uploaded)
    if way != "landfall":  # which makes its tables itself
        land.warehouse.execute(f"create table {task.table} ({task.columns})")
    measured = run_way(land, way, task, folder)
    [found] = land.rows(f"select count(*) as n, count(distinct id) as ids from {task.table}")  # noqa: S608 - our name
    if (found["n"], found["ids"]) != (files * rows, files * rows):
        raise RuntimeError(f"{way}: {found}, expected {files * rows} rows")
    return measured


def run_way(land: Land, way: str, task: Task, folder: Path = ROOT) -> Measured:
    """Run one way of the checkout in `folder` in a process of its own; add what the database's processes used."""
    postgres = int(land.services.redshift["postgres_pid"])
    before = cpu_seconds_of_tree(postgres)
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "benchmarks.ways", way],
        input=json.dumps(asdict(task)),
        text=True,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=land.services.env | environment_of(land) | {"PYTHONPATH": str(folder)},
        check=True,
    )
    measured: Measured = json.loads(done.stdout.splitlines()[-1])  # before it, the function's log
    return measured | {"database_cpu_seconds": round(cpu_seconds_of_tree(postgres) - before, 2)}


def median(runs: list[Measured]) -> Measured:
    """Take the median of every figure."""
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def as_table(results: dict[str, Measured]) -> str:
    """Write results as a Markdown table, one row a way."""
    names = list(next(iter(results.values())))
    lines = [["way", *(name.replace("_", " ") for name in names)], ["---"] * (len(names) + 1)]
    lines += [[f"`{way}`", *(f"{measured[name]:.10g}" for name in names)] for way, measured in results.items()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--rows", type=int, default=100, help="rows a file")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=DEFAULT_WAYS)
    parser.add_argument("--against", metavar="REV", help="measure the function of this revision too")
    parser.add_argument("--rewritten", action="store_true", help="files that COPY would misread: for Landfall alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.rewritten and options.ways != ["landfall"]:
        parser.error("--rewritten needs `--ways landfall`: the others do not read such files")
    unit = "ns" if options.rewritten else "us"
    with ExitStack() as cleanup:
        land = cleanup.enter_context(surroundings())
        ways = {way: (way, ROOT) for way in options.ways}
        if options.against:
            folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
            tree = cleanup.enter_context(checked_out(options.against, folder))
            ways[f"landfall of {options.against}"] = ("landfall", tree)
        runs = [
            {name: measure(land, way, options.files, options.rows, tree, unit) for name, (way, tree) in ways.items()}
            for _ in range(options.runs)
        ]
    results = {way: median([run[way] for run in runs]) for way in ways}
    print(json.dumps(results, indent=2) if options.json else as_table(results))


if __name__ == "__main__":
    main()
