"""How what Landfall takes grows: with the files of a burst, rows of history, datasets, columns, and a file's size.

    python -m benchmarks.growth [--only bursts columns] [--bursts 1 10 100] ... [--json benchmarks/results/growth.json]

Each curve is measured by itself and kept beside the others in the file, with when, where and of what commit; those that
are not asked for stay as they are. A run ends with an error where a row is missing. What each needs:

bursts    the whole local stack, as benchmarks/load.py: corrupt, doubled, late files among them; five functions at once
history   a local Redshift, as benchmarks/incremental.py: one batch of 1,000 orders on so many orders modeled before
datasets  the handler alone, as benchmarks/landing.py: 200 files of so many datasets in one batch
columns   the same: one file of 1,000 rows and so many columns
file      the same: one file of so many MB, copied as it is, and rewritten
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from benchmarks import incremental, large_file, load
from benchmarks.changes import scratch_folder
from benchmarks.checkouts import RunningStack, running
from benchmarks.circumstances import circumstances
from benchmarks.landing import draw, run_way, surroundings, task_for
from ingest_lambda.arrive.backlog import BACKLOG_LASTS_SECONDS
from local.home import ROOT
from tests.land.warehouse import Land, new_dataset

FUNCTIONS_AT_ONCE = 5  # as a deployment on AWS has; the local one has two
BURST_ROWS, WARM_UP_FILES = 100, 500
FILES_OF_DATASETS, DATASET_ROWS, COLUMN_ROWS = 200, 100, 1_000
ORDERS_A_LOAD = incremental.ORDERS_A_LOAD

Point = dict[str, Any]
Curve = Callable[[Sequence[int]], Iterator[Point]]


def bursts(sizes: Sequence[int]) -> Iterator[Point]:
    """Give one stack a burst of each size, each of a dataset of its own."""
    with scratch_folder() as scratch, ExitStack() as ends:
        stack = ends.enter_context(running(ROOT, Path(scratch) / "stack"))
        let_functions_run(stack, FUNCTIONS_AT_ONCE)
        bench = load.Bench(stack)
        ends.callback(bench.log.close)
        bench.measure(load.draw(WARM_UP_FILES, BURST_ROWS, "warm_up"))  # all the functions start, and are not counted
        for files in sizes:
            time.sleep(BACKLOG_LASTS_SECONDS)  # each burst by itself: behind one a lone file waits for others
            measured = bench.measure(load.draw(files, BURST_ROWS, f"burst_{files}"))
            yield {name: value for name, value in measured.items() if name not in ("phases", "kinds")}


def let_functions_run(stack: RunningStack, at_once: int) -> None:
    """Let so many ingest functions run at once."""
    client = stack.client("lambda")
    [source] = client.list_event_source_mappings(FunctionName=load.FUNCTION)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=source["UUID"], ScalingConfig={"MaximumConcurrency": at_once})


def history(orders: Sequence[int]) -> Iterator[Point]:
    """Build one batch over each length of history."""
    with incremental.histories() as measure:
        for each in orders:
            yield measure(max(1, each // ORDERS_A_LOAD), 1)


def datasets(numbers: Sequence[int]) -> Iterator[Point]:
    """Land the same files, of so many datasets, in one batch."""
    with surroundings() as land:
        for number in numbers:
            names = [new_dataset("growth") for _ in range(number)]
            files = [
                (name, land.put(f"raw/{name}/{file:06}.parquet", draw(DATASET_ROWS, file)))
                for file, name in enumerate(names[file % number] for file in range(FILES_OF_DATASETS))
            ]
            measured = run_way(land, "landfall", task_for(land, names[0], [file for _, file in files]))
            expect(land, names, FILES_OF_DATASETS * DATASET_ROWS)
            yield {"datasets": number, **measured}


def columns(numbers: Sequence[int]) -> Iterator[Point]:
    """Land one file of so many columns: whole numbers, decimals and texts in turns."""
    with surroundings() as land:
        for number in numbers:
            name = new_dataset("growth")
            file = land.put(f"raw/{name}/wide.parquet", wide(number))
            measured = run_way(land, "landfall", task_for(land, name, [file]))
            expect(land, [name], COLUMN_ROWS)
            yield {"columns": number, **measured}


def wide(columns: int) -> pa.Table:
    """Make a table of so many columns."""
    draws = np.random.default_rng(columns)

    def column(number: int) -> pa.Array:
        values = pa.array(draws.integers(0, 10**6, COLUMN_ROWS))
        if number % 3 == 1:
            return values.cast(pa.decimal128(19, 0)).cast(pa.decimal128(18, 2))
        return values.cast(pa.string()) if number % 3 == 2 else values

    return pa.table({f"column_{number:04}": column(number) for number in range(columns)})


def expect(land: Land, names: Sequence[str], rows: int) -> None:
    """Hold what has landed to what was sent.

    Raises:
        RuntimeError: rows are missing, or there twice.
    """
    counts = " union all ".join(f"select count(*) as n from landing.{name}" for name in names)  # noqa: S608 - our own
    found = sum(int(each["n"]) for each in land.rows(counts))
    if found != rows:
        raise RuntimeError(f"{found} rows of {len(names)} datasets have landed, expected {rows}")


def file(sizes: Sequence[int]) -> Iterator[Point]:
    """Land one file of each size on either load path."""
    with surroundings() as land:
        for megabytes in sizes:
            for path in large_file.UNITS:
                yield {"path": path, **large_file.measure(land, path, megabytes)}


CURVES: Mapping[str, tuple[Curve, Sequence[int], str]] = {
    "bursts": (bursts, (1, 10, 100, 1_000, 10_000), "files"),
    "history": (history, (25_000, 250_000, 2_500_000), "orders modeled before, each with three items"),
    "datasets": (datasets, (1, 5, 10, 20, 50), "datasets"),
    "columns": (columns, (10, 100, 300, 1_000), "columns"),
    "file": (file, (10, 100, 500, 2_000), "megabytes"),
}


def keep(path: Path | None, name: str, before: Mapping[str, Any], points: Sequence[Point]) -> None:
    """Write a curve into the file, beside the others."""
    if path is None:
        return
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[name] = {**before, "points": list(points)}
    path.write_text(json.dumps({each: kept[each] for each in CURVES if each in kept}, indent=2) + "\n", "utf-8")


def main() -> None:
    """Measure the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CURVES, default=list(CURVES))
    for name, (_, sizes, what) in CURVES.items():
        parser.add_argument(f"--{name}", type=int, nargs="+", default=sizes, help=f"{what}; default: {[*sizes]}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the curves in this file")
    options = parser.parse_args()
    for name in options.only:
        before, points = circumstances(), []
        for point in CURVES[name][0](getattr(options, name)):
            print(f"{name}: {json.dumps(point)}", flush=True)
            points.append(point)
            keep(options.json, name, before, points)  # a run that is cut short has kept what it measured


if __name__ == "__main__":
    main()
