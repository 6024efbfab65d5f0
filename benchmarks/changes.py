"""What a batch of changes takes on an entity that is large already, and beside it the same of another revision.

    python -m benchmarks.changes --rows 1000000 --changes 10000 [--against REV | --history] [--runs 3] [--json FILE]

gives each revision a local stack of its own, lands so many customers, has the whole project built, and then measures,
in turns, a transform of one more file of changes: eight in ten update a customer, one in ten is a new one, one in ten
deletes one. The first batch is left out: it is the first to read what the build wrote. Counted as
benchmarks/transform.py counts; printed are medians. With --history it is the same rows in a dataset that `landfall
new-dataset` writes, once with a history of every version and once without.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from benchmarks.checkouts import RunningStack, checked_out, running
from benchmarks.tables import markdown
from benchmarks.transform import Bench, Measured, median
from local.home import ROOT

FIRST_MOMENT = datetime(2025, 11, 1, tzinfo=UTC)
COUNTRIES = ("DE", "FR", "GB", "US")
WARM_UP = 1
NEW_DATASET = "accounts"


@dataclass(frozen=True)
class Load:
    """How many rows are modeled before, how many changes a batch has, and how many batches are measured."""

    rows: int
    changes: int
    runs: int


def customers(numbers: np.ndarray, operations: np.ndarray, version: int) -> pa.Table:
    """Make one change of each of the customers with these numbers, all of a version later than the one before."""
    text = pa.array(numbers).cast(pa.string())
    created = pa.scalar(int(FIRST_MOMENT.timestamp() * 1e6), pa.int64())
    updated = np.full(len(numbers), created.as_py() + version * 60_000_000) + np.arange(len(numbers))
    return pa.table(
        {
            "customer_id": joined("customer-", text),
            "customer_name": joined(f"Customer of version {version}, number ", text),
            "email": joined("", text, "@example.com"),
            "country": pa.array(np.array(COUNTRIES)[numbers % len(COUNTRIES)]),
            "created_at": pa.array(np.full(len(numbers), created.as_py())).cast(pa.timestamp("us")),
            "updated_at": pa.array(updated).cast(pa.timestamp("us")),
            "op": pa.array(operations),
        }
    )


def joined(before: str, text: pa.Array, after: str = "") -> pa.Array:
    """Put words before and after every text."""
    return pa.array([f"{before}{each}{after}" for each in text.to_pylist()])


def write(folder: Path, dataset: str, table: pa.Table) -> Path:
    """Write a file of the dataset to a folder of its own, as `landfall upload` takes it; return the folder."""
    place = folder / dataset
    place.mkdir(parents=True)
    pq.write_table(table, place / f"{folder.name}.parquet")
    return folder


def changes(rows: int, count: int, batch: int) -> pa.Table:
    """Draw a batch of changes, the same for the same arguments: no key twice."""
    draw = np.random.default_rng(batch)
    new = count // 10
    known = draw.choice(rows, count - new, replace=False)
    numbers = np.concatenate([known, rows + batch * new + np.arange(new)])
    operations = np.concatenate([np.repeat(["U", "D"], [count - 2 * new, new]), np.repeat("I", new)])
    return customers(numbers, operations, batch + 1)


def measure(trees: Mapping[str, Path], dataset: str, load: Load) -> dict[str, Measured]:
    """Measure every checkout, side by side; return {name: {case: figures}}."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(scratch_folder()))
        benches = {}
        for number, (name, tree) in enumerate(trees.items()):
            benches[name] = Bench(ends.enter_context(running(tree, folder / f"stack-{number}")))
            ends.callback(benches[name].log.close)
        first = customers(np.arange(load.rows), np.repeat("I", load.rows), 0)
        history = write(folder / "history", dataset, first)
        for bench in benches.values():
            bench.prepare(history)
        found: dict[str, list[Measured]] = {name: [] for name in benches}
        for run in range(WARM_UP + load.runs):
            batch = write(folder / f"batch-{run}", dataset, changes(load.rows, load.changes, run))
            for name, bench in benches.items():  # in turns: a machine that slows down slows all of them
                bench.stack.landfall("upload", "--wait", str(batch))
                found[name].append(bench.measure())
    return {name: {f"{load.changes:,} changes": median(several[WARM_UP:])} for name, several in found.items()}


def scratch_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder that ends with the benchmark, beside what else is made here."""
    scratch = ROOT / ".landfall" / "benchmark"
    scratch.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=scratch)


@contextmanager
def revisions(against: str | None) -> Iterator[dict[str, Path]]:
    """Yield this checkout and that of another revision."""
    with scratch_folder() as folder, checked_out(against, Path(folder)) as tree:
        yield {"now": ROOT} | ({against: tree} if against else {})


@contextmanager
def with_and_without_history() -> Iterator[dict[str, Path]]:
    """Yield two checkouts of the last commit with a new dataset of changes, one of which keeps every version."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(scratch_folder()))
        sample = write(folder / "sample", NEW_DATASET, customers(np.arange(10), np.repeat("I", 10), 0))
        [file] = sample.rglob("*.parquet")
        trees = {}
        for number, (name, options) in enumerate({"with --history": ["--history"], "without": []}.items()):
            place = folder / str(number)
            place.mkdir()
            trees[name] = ends.enter_context(checked_out("HEAD", place))
            declared = ["--from", str(file), "--key", "customer_id", "--time", "updated_at", *options]
            RunningStack(trees[name], place).landfall("new-dataset", NEW_DATASET, *declared)
        yield trees


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="customers modeled before")
    parser.add_argument("--changes", type=int, default=10_000, help="changes in a batch")
    beside = parser.add_mutually_exclusive_group()
    beside.add_argument("--against", metavar="REV", help="also measure this revision, and print the ratios to it")
    beside.add_argument("--history", action="store_true", help="an entity that keeps its history, and one without")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file too")
    options = parser.parse_args()
    load = Load(options.rows, options.changes, options.runs)
    if options.history:
        with with_and_without_history() as trees:
            results = measure(trees, NEW_DATASET, load)
    else:
        with revisions(options.against) as trees:
            results = measure(trees, "customers", load)
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(markdown(f"{options.rows:,} rows before", results))


if __name__ == "__main__":
    main()
