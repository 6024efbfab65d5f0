"""Sample data: customers, products, orders and order items, as files in a folder. In: options. Out: files.

    python -m scripts.order_generator --orders 10000 --format json --out build/orders

JSON has one nested document per order; CSV and parquet have a file per dataset, parquet in the types of the landing
contracts. The same options give the same bytes. A second wave updates a share of the same orders:

    python -m scripts.order_generator --orders 10000 --wave 2 --format json --out build/updates
"""

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import csv
from pyarrow import parquet as pq

from scripts.order_json import Texts, documents, order_documents
from scripts.order_rows import Plan, customer_batches, order_batches, product_batches
from scripts.order_schema import CUSTOMERS, ORDER_FLATTENED, ORDER_ITEMS, ORDER_SUMMARY, PRODUCTS

FORMATS = ("json", "jsonl", "csv", "parquet")
SCHEMAS = {
    "order_summary": ORDER_SUMMARY,
    "order_items": ORDER_ITEMS,
    "order_flattened": ORDER_FLATTENED,
    "customers": CUSTOMERS,
    "products": PRODUCTS,
}


@dataclass(frozen=True)
class Naming:
    """How files are called: `<dataset>_<date>_<sequence>.<extension>`."""

    folder: Path
    date: str = "20251113"
    sequence: int = 1

    def path(self, dataset: str, extension: str) -> Path:
        """Name the file of a dataset."""
        return self.folder / f"{dataset}_{self.date}_{self.sequence:03d}.{extension}"


@dataclass(frozen=True)
class Written:
    """One file that was written: the dataset (or `orders`, for nested documents), where, and how many rows it has."""

    dataset: str
    path: Path
    rows: int


class _Writer(Protocol):
    def write(self, table: pa.Table) -> None: ...
    def close(self) -> None: ...


def generate(plan: Plan, naming: Naming, format_: str) -> list[Written]:
    """Generate the files of a plan, streaming; customers and products come with the first wave only.

    Raises:
        ValueError: no such format.
    """
    if format_ not in FORMATS:
        raise ValueError(f"format {format_!r} is none of {', '.join(FORMATS)}")
    naming.folder.mkdir(parents=True, exist_ok=True)
    nested = format_ in ("json", "jsonl")
    written = _nested(plan, naming, format_) if nested else _tables(plan, naming, format_)
    if plan.wave == 1:
        entities = {"customers": customer_batches(plan), "products": product_batches(plan)}
        for dataset, tables in entities.items():
            path = naming.path(dataset, format_)
            rows = _write_json(path, map(documents, tables)) if nested else _write_table(path, dataset, tables)
            written.append(Written(dataset, path, rows))
    return written


def _nested(plan: Plan, naming: Naming, format_: str) -> list[Written]:
    path = naming.path("orders", format_)
    return [Written("orders", path, _write_json(path, map(order_documents, order_batches(plan))))]


def _tables(plan: Plan, naming: Naming, format_: str) -> list[Written]:
    """Write orders, items and (parquet only, since only it lands) both side by side, in one pass over the batches."""
    datasets = ["order_summary", "order_items", *(["order_flattened"] if format_ == "parquet" else [])]
    paths = {dataset: naming.path(dataset, format_) for dataset in datasets}
    writers = {dataset: _open(path, dataset) for dataset, path in paths.items()}
    rows = dict.fromkeys(datasets, 0)
    try:
        for batch in order_batches(plan):
            tables = {"order_summary": batch.orders, "order_items": batch.items}
            if "order_flattened" in writers:
                tables["order_flattened"] = batch.flattened()
            for dataset, table in tables.items():
                writers[dataset].write(table)
                rows[dataset] += len(table)
    finally:
        for writer in writers.values():
            writer.close()
    return [Written(dataset, paths[dataset], rows[dataset]) for dataset in datasets]


def _write_table(path: Path, dataset: str, tables: Iterable[pa.Table]) -> int:
    writer = _open(path, dataset)
    rows = 0
    try:
        for table in tables:
            writer.write(table)
            rows += len(table)
    finally:
        writer.close()
    return rows


def _open(path: Path, dataset: str) -> _Writer:
    schema = SCHEMAS[dataset]
    writer: _Writer = csv.CSVWriter(path, schema) if path.suffix == ".csv" else pq.ParquetWriter(path, schema)
    return writer


def _write_json(path: Path, batches: Iterable[Texts]) -> int:
    """Write documents a line each; `.json` is an array of them, `.jsonl` the lines alone."""
    is_array = path.suffix == ".json"
    rows = 0
    with path.open("wb") as file:
        file.write(b"[\n" if is_array else b"")
        for lines in _joined(batches, ",\n" if is_array else "\n"):
            if rows:
                file.write(b",\n" if is_array else b"\n")
            file.write(lines[0])
            rows += lines[1]
        file.write(b"\n]\n" if is_array else b"\n" if rows else b"")
    return rows


def _joined(batches: Iterable[Texts], joint: str) -> Iterator[tuple[bytes, int]]:
    for texts in batches:
        flat = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        all_of_them = pa.ListArray.from_arrays(pa.array([0, len(flat)], pa.int32()), flat)
        yield pc.binary_join(all_of_them, joint)[0].as_buffer().to_pybytes(), len(flat)


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, help="folder for the files (made if missing)")
    options.add_argument("--orders", type=_positive, default=1_000, help="how many orders (default 1000)")
    options.add_argument("--format", choices=FORMATS, default="json", help="default json: nested documents")
    options.add_argument("--seed", type=int, default=1, help="another seed, other data (default 1)")
    options.add_argument("--first-order", type=_positive, default=1, help="number of the first order (default 1)")
    options.add_argument("--wave", type=_positive, default=1, help="1: new orders; n: updates of them (default 1)")
    options.add_argument("--update-share", type=float, default=0.2, help="share of orders that a wave updates")
    options.add_argument("--bad-rows", type=int, default=0, help="orders that break a business rule (default 0)")
    options.add_argument("--customers", type=int, default=0, help="how many customers (default: orders / 10)")
    options.add_argument("--products", type=_positive, default=500, help="how many products (default 500)")
    options.add_argument("--date", default="20251113", help="date in the files' names (default 20251113)")
    options.add_argument("--sequence", type=_positive, default=1, help="number in the files' names (default 1)")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def main(arguments: list[str] | None = None) -> None:
    """Generate from the command line; print each file with its rows."""
    options = parser().parse_args(arguments)
    plan = Plan(
        orders=options.orders,
        seed=options.seed,
        first_order=options.first_order,
        wave=options.wave,
        update_share=options.update_share,
        bad_rows=options.bad_rows,
        customers=options.customers,
        products=options.products,
    )
    for written in generate(plan, Naming(options.out, options.date, options.sequence), options.format):
        print(f"{written.path}  {written.rows:,} rows")


if __name__ == "__main__":
    main()
