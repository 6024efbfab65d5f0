"""Sample data: customers, products, orders and order items, as files in a folder. In: options. Out: files.

    python -m scripts.order_generator --orders 10000 --format json --out build/orders

JSON has one nested document per order; CSV and parquet have a file per dataset, parquet in the types of the landing
contracts. The same options give the same bytes. A second wave updates a share of the same orders:

    python -m scripts.order_generator --orders 10000 --wave 2 --format json --out build/updates
"""

import argparse
from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts import generator_options
from scripts.generator_files import JsonWriter, Late, Naming, Written, write_tables
from scripts.order_json import order_documents
from scripts.order_rows import Plan, customer_batches, order_batches, product_batches
from scripts.order_schema import CUSTOMERS, ORDER_FLATTENED, ORDER_ITEMS, ORDER_SUMMARY, PRODUCTS

SCHEMAS = {
    "order_summary": ORDER_SUMMARY,
    "order_items": ORDER_ITEMS,
    "order_flattened": ORDER_FLATTENED,
    "customers": CUSTOMERS,
    "products": PRODUCTS,
}
NESTED = ("json", "jsonl")


def generate(plan: Plan, naming: Naming, format_: str, late: Late | None = None) -> list[Written]:
    """Generate the files of a plan, streaming; customers and products come with the first wave only.

    Raises:
        ValueError: no such format, or deletes or late rows in nested documents, which have no place for them.
    """
    if format_ in NESTED:
        if plan.delete_share or (late and late.share):
            raise ValueError("nested documents have neither deletes nor late rows: take csv or parquet")
        written = [_nested(plan, naming, format_)]
    else:
        written = write_tables(_tables(plan, format_), _schemas(plan, format_), naming, format_, late)
    if plan.wave == 1:
        entities = {"customers": customer_batches(plan), "products": product_batches(plan)}
        for dataset, tables in entities.items():
            batches = ({dataset: table} for table in tables)
            written += write_tables(batches, {dataset: SCHEMAS[dataset]}, naming, format_)
    return written


def _nested(plan: Plan, naming: Naming, format_: str) -> Written:
    path = naming.path("orders", format_)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with closing(JsonWriter(path, order_documents)) as writer:
        for batch in order_batches(plan):
            writer.write(batch)
            rows += len(batch.orders)
    return Written("orders", path, rows)


def _schemas(plan: Plan, format_: str) -> dict[str, pa.Schema]:
    """Return orders, items and (parquet only, since only it lands) both side by side."""
    datasets = ["order_summary", "order_items", *(["order_flattened"] if format_ == "parquet" else [])]
    return {dataset: plan.schema(SCHEMAS[dataset]) for dataset in datasets}


def _tables(plan: Plan, format_: str) -> Iterator[dict[str, pa.Table]]:
    for batch in order_batches(plan):
        flattened = {"order_flattened": batch.flattened()} if format_ == "parquet" else {}
        yield {"order_summary": batch.orders, "order_items": batch.items} | flattened


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    options = generator_options.base_parser(__doc__, "orders", default_format="json")
    options.add_argument("--orders", type=generator_options.positive, default=1_000, help="how many (default 1000)")
    options.add_argument(
        "--first-order", type=generator_options.positive, default=1, help="number of the first (default 1)"
    )
    options.add_argument("--customers", type=int, default=0, help="how many customers (default: orders / 10)")
    options.add_argument("--products", type=generator_options.positive, default=500, help="how many (default 500)")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Generate from the command line; print each file with its rows."""
    command = parser()
    options = command.parse_args(arguments)
    plan = Plan(
        orders=options.orders,
        first_order=options.first_order,
        customers=options.customers,
        products=options.products,
        **generator_options.generation_of(options),
    )
    try:
        files = generate(plan, generator_options.naming_of(options), options.format, generator_options.late_of(options))
    except ValueError as error:
        command.error(str(error))
    generator_options.tell(files)


if __name__ == "__main__":
    main()
