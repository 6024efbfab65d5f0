"""Sample data: nested orders to parquet. In: JSON (lines). Out: order_summary, order_items, order_flattened files.

    python -m scripts.json_to_parquet build/orders/orders_20251113_001.json --out build/parquet

Streams: a row group per 25,000 orders. Types are the landing contracts': exact decimals, UTC microseconds. A value that
does not fit ends the conversion with the record, the field and the value, and leaves no file behind.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import parquet as pq

from scripts.json_records import BadRecordError, read_documents, shorten
from scripts.order_schema import ORDER_FLATTENED, ORDER_ITEMS, ORDER_SUMMARY, flatten

ORDERS_A_ROW_GROUP = 25_000

SCHEMAS = {"order_summary": ORDER_SUMMARY, "order_items": ORDER_ITEMS, "order_flattened": ORDER_FLATTENED}
# Where a column stands in a document, when not under its own name.
NESTED = {"shipping_country": ("shipping", "country")}
ORDER_COLUMNS = [name for name in ORDER_SUMMARY.names if name != "item_count"]
ITEM_COLUMNS = [name for name in ORDER_ITEMS.names if name not in ("order_id", "updated_at")]
ORDER_MEMBERS = {*ORDER_COLUMNS, "item_count", "items", "shipping"}
ITEM_MEMBERS = {*ORDER_ITEMS.names}

EXPECTED = {
    "string": "a text",
    "int32": "a whole number of at most 32 bits",
    "decimal128(18, 2)": "a number with at most 16 digits before the point and 2 after it",
    "timestamp[us, tz=UTC]": "a time in ISO 8601 with its zone, at most microseconds, such as 2025-11-13T10:00:00Z",
}


@dataclass
class Conversion:
    """What was converted: rows a dataset, and members of documents that no column takes, with how often."""

    paths: dict[str, Path]
    rows: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)


@dataclass
class _Chunk:
    """The values of some orders and their items, a list a column, and where each came from."""

    orders: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in ORDER_SUMMARY.names})
    items: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in ORDER_ITEMS.names})
    order_records: list[int] = field(default_factory=list)
    order_of_item: list[int] = field(default_factory=list)


def convert(source: Path, folder: Path, date: str = "20251113", sequence: int = 1) -> Conversion:
    """Convert a file of order documents to three parquet files `<dataset>_<date>_<sequence>.parquet` in `folder`.

    Raises:
        BadRecordError: a document cannot be converted; no file is left behind.
        OSError: the source cannot be read, or the folder not written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {dataset: folder / f"{dataset}_{date}_{sequence:03d}.parquet" for dataset in SCHEMAS}
    partial = {dataset: path.with_suffix(".partial") for dataset, path in paths.items()}
    conversion = Conversion(paths)
    try:
        _write(source, partial, conversion)
        for dataset, path in partial.items():
            path.replace(paths[dataset])
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)
    return conversion


def _write(source: Path, paths: dict[str, Path], conversion: Conversion) -> None:
    writers = {dataset: pq.ParquetWriter(path, SCHEMAS[dataset]) for dataset, path in paths.items()}
    try:
        for chunk in _chunks(read_documents(source), conversion.unknown):
            for dataset, table in _tables(chunk).items():
                writers[dataset].write_table(table, row_group_size=max(1, len(table)))
                conversion.rows[dataset] += len(table)
    finally:
        for writer in writers.values():
            writer.close()


def _chunks(documents: Iterable[tuple[int, dict[str, Any]]], unknown: Counter[str]) -> Iterator[_Chunk]:
    remaining = iter(documents)
    while taken := list(islice(remaining, ORDERS_A_ROW_GROUP)):
        chunk = _Chunk()
        for record, document in taken:
            _add(chunk, record, document, unknown)
        yield chunk


def _add(chunk: _Chunk, record: int, document: dict[str, Any], unknown: Counter[str]) -> None:
    items = document.get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadRecordError(f"record {record}, field items: expected a list of objects, found {shorten(items)}")
    unknown.update(document.keys() - ORDER_MEMBERS)
    for name in ORDER_COLUMNS:
        chunk.orders[name].append(_member(document, name, record))
    chunk.orders["item_count"].append(len(items))
    position = len(chunk.order_records)
    chunk.order_records.append(record)
    for item in items:
        unknown.update(f"items.{name}" for name in item.keys() - ITEM_MEMBERS)
        for name in ITEM_COLUMNS:
            chunk.items[name].append(item.get(name))
        chunk.items["order_id"].append(document.get("order_id"))
        chunk.items["updated_at"].append(item.get("updated_at", document.get("updated_at")))
        chunk.order_of_item.append(position)


def _member(document: dict[str, Any], name: str, record: int) -> Any:
    if name not in NESTED or name in document:
        return document.get(name)
    parent, child = NESTED[name]
    value = document.get(parent) or {}
    if not isinstance(value, dict):
        raise BadRecordError(f"record {record}, field {parent}: expected an object, found {shorten(value)}")
    return value.get(child)


def _tables(chunk: _Chunk) -> dict[str, pa.Table]:
    item_records = [chunk.order_records[position] for position in chunk.order_of_item]
    orders = _table(chunk.orders, ORDER_SUMMARY, chunk.order_records, "")
    items = _table(chunk.items, ORDER_ITEMS, item_records, "items.")
    flattened = flatten(orders, items, pa.array(chunk.order_of_item, pa.int64()))
    return {"order_summary": orders, "order_items": items, "order_flattened": flattened}


def _table(columns: dict[str, list[Any]], schema: pa.Schema, records: list[int], prefix: str) -> pa.Table:
    arrays = [_column(columns[column.name], column, records, prefix) for column in schema]
    return pa.table(arrays, schema=schema)


def _column(values: list[Any], column: pa.Field, records: list[int], prefix: str) -> pa.Array:
    try:
        return _typed(values, column.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        for record, value in zip(records, values, strict=True):
            _refuse_unfit(value, column, record, prefix)
        raise


def _refuse_unfit(value: Any, column: pa.Field, record: int, prefix: str) -> None:
    try:
        _typed([value], column.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        expected = EXPECTED[str(column.type)]
        message = f"record {record}, field {prefix}{column.name}: expected {expected}, found {shorten(value)}"
        raise BadRecordError(message) from error


def _typed(values: list[Any], type_: pa.DataType) -> pa.Array:
    """Convert decoded JSON values; texts are parsed where the type is not text itself.

    >>> _typed(["12.50", 3, None], pa.decimal128(18, 2)).to_pylist()
    [Decimal('12.50'), Decimal('3.00'), None]
    """
    if any(isinstance(value, bool) for value in values):
        raise pa.ArrowTypeError("a boolean is no value of this column")
    if pa.types.is_decimal(type_):
        numbers = [str(value) if isinstance(value, int) else value for value in values]
        return pa.array(numbers, pa.string()).cast(type_)
    if pa.types.is_timestamp(type_):
        return pa.array(values, pa.string()).cast(type_)
    return pa.array(values, type_)


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("source", type=Path, help="JSON array or JSON lines of nested orders")
    options.add_argument("--out", type=Path, required=True, help="folder for the parquet files (made if missing)")
    options.add_argument("--date", default="20251113", help="date in the files' names (default 20251113)")
    options.add_argument("--sequence", type=int, default=1, help="number in the files' names (default 1)")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Convert from the command line; print each file with its rows."""
    options = parser().parse_args(arguments)
    try:
        conversion = convert(options.source, options.out, options.date, options.sequence)
    except (BadRecordError, OSError) as error:
        sys.exit(f"{options.source}: {error}")
    for dataset, path in conversion.paths.items():
        print(f"{path}  {conversion.rows[dataset]:,} rows")
    for name, times in sorted(conversion.unknown.items()):
        print(f"warning: {name} is no column and was left out of {times:,} records", file=sys.stderr)


if __name__ == "__main__":
    main()
