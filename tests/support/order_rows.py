"""Rows of the orders domain that break no rule, unless a test says so."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.support.warehouse_seed import NOON, Row, SeedFile


def order(order_id: str | None, status: str = "placed", at: datetime | None = NOON, **changes: Any) -> Row:
    """Return one row of `order_summary`."""
    return {
        "order_id": order_id,
        "customer_id": "customer-1",
        "order_status": status,
        "currency": "EUR",
        "shipping_country": "DE",
        "item_count": 1,
        "order_total": Decimal("10.00"),
        "ordered_at": NOON,
        "updated_at": at,
        "op": None,
    } | changes


def item(order_item_id: str | None, order_id: str | None, at: datetime | None = NOON, **changes: Any) -> Row:
    """Return one row of `order_items`."""
    return {
        "order_item_id": order_item_id,
        "order_id": order_id,
        "product_id": "product-1",
        "quantity": 2,
        "unit_price": Decimal("5.00"),
        "discount_amount": Decimal("0.00"),
        "line_total": Decimal("10.00"),
        "updated_at": at,
        "op": None,
    } | changes


def flattened(of_order: Row, of_item: Row) -> Row:
    """Return one row of `order_flattened`: an item with its order beside it."""
    times = {"order_updated_at": of_order["updated_at"], "item_updated_at": of_item["updated_at"]}
    both = {**of_item, **of_order, **times}
    return {name: value for name, value in both.items() if name not in ("updated_at", "op")}


def customer(customer_id: str | None, at: datetime | None = NOON, **changes: Any) -> Row:
    """Return one row of `customers`."""
    return {
        "customer_id": customer_id,
        "customer_name": "Ada Example",
        "email": "ada@example.com",
        "country": "DE",
        "created_at": NOON,
        "updated_at": at,
        "op": None,
    } | changes


def orders_file(name: str, rows: Sequence[Row], modified_at: datetime = NOON) -> SeedFile:
    """Return a file of orders."""
    return SeedFile("order_summary", f"raw/order_summary/{name}.parquet", rows, modified_at)


def items_file(name: str, rows: Sequence[Row], modified_at: datetime = NOON) -> SeedFile:
    """Return a file of order items."""
    return SeedFile("order_items", f"raw/order_items/{name}.parquet", rows, modified_at)


def flattened_file(name: str, rows: Sequence[Row], modified_at: datetime = NOON) -> SeedFile:
    """Return a file of items with their orders."""
    return SeedFile("order_flattened", f"raw/order_flattened/{name}.parquet", rows, modified_at)


def customers_file(name: str, rows: Sequence[Row], modified_at: datetime = NOON) -> SeedFile:
    """Return a file of customers."""
    return SeedFile("customers", f"raw/customers/{name}.parquet", rows, modified_at)
