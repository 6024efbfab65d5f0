"""Sample data: the columns and types of the orders domain's files."""

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts.generator_draws import INSTANT, MONEY

ORDER_SUMMARY = pa.schema(
    [
        ("order_id", pa.string()),
        ("customer_id", pa.string()),
        ("order_status", pa.string()),
        ("currency", pa.string()),
        ("shipping_country", pa.string()),
        ("item_count", pa.int32()),
        ("order_total", MONEY),
        ("ordered_at", INSTANT),
        ("updated_at", INSTANT),
    ]
)

ORDER_ITEMS = pa.schema(
    [
        ("order_item_id", pa.string()),
        ("order_id", pa.string()),
        ("product_id", pa.string()),
        ("quantity", pa.int32()),
        ("unit_price", MONEY),
        ("discount_amount", MONEY),
        ("line_total", MONEY),
        ("updated_at", INSTANT),
    ]
)

# One row per item, with its order's columns; the two `updated_at` are told apart.
ORDER_FLATTENED = pa.schema(
    [
        *[field for field in ORDER_SUMMARY if field.name != "updated_at"],
        pa.field("order_updated_at", INSTANT),
        *[field for field in ORDER_ITEMS if field.name not in ("order_id", "updated_at")],
        pa.field("item_updated_at", INSTANT),
    ]
)

CUSTOMERS = pa.schema(
    [
        ("customer_id", pa.string()),
        ("customer_name", pa.string()),
        ("email", pa.string()),
        ("country", pa.string()),
        ("created_at", INSTANT),
        ("updated_at", INSTANT),
    ]
)

PRODUCTS = pa.schema(
    [
        ("product_id", pa.string()),
        ("product_name", pa.string()),
        ("category", pa.string()),
        ("unit_price", MONEY),
        ("currency", pa.string()),
        ("is_active", pa.bool_()),
        ("updated_at", INSTANT),
    ]
)


def flatten(
    orders: pa.Table, items: pa.Table, order_of_item: pa.Array, schema: pa.Schema = ORDER_FLATTENED
) -> pa.Table:
    """Put each item's order beside it; `order_of_item` is the position of an item's order in `orders`."""
    columns = dict(zip(orders.column_names, orders.take(order_of_item).columns, strict=True))
    columns["order_updated_at"] = columns.pop("updated_at")
    columns |= {name: items[name] for name in items.column_names if name not in ("order_id", "updated_at")}
    columns["item_updated_at"] = items["updated_at"]
    return pa.table([columns[field.name] for field in schema], schema=schema)
