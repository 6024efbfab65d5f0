"""Sample data: the rows of the orders domain. In: a `Plan`. Out: arrow tables in the contract's types, batch by batch.

Totals hold by construction: line_total = quantity * unit_price - discount_amount, order_total = the sum of its lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts.order_draws import Integers, identifiers, instants, integers, money, pick, uniform
from scripts.order_schema import CUSTOMERS, ORDER_ITEMS, ORDER_SUMMARY, PRODUCTS, flatten

BATCH_ORDERS = 25_000  # bounds the memory at work, whatever the number of orders
MOST_ITEMS = 5

SECOND = 1_000_000
DAY = 86_400 * SECOND
FIRST_DAY = 20_371 * DAY  # 2025-10-10: fixed, so that the same seed gives the same bytes on every day
DAYS = 30

PROGRESS = ["placed", "paid", "shipped", "delivered"]
CANCELLED_SHARE, RETURNED_SHARE = 0.05, 0.03
COUNTRIES = ["DE", "DE", "FR", "GB", "US", "US", "US", "NL", "JP", "BR"]
CURRENCIES = ["EUR", "EUR", "EUR", "GBP", "USD", "USD", "JPY"]
CATEGORIES = ["books", "garden", "kitchen", "music", "outdoor", "toys"]
ADJECTIVES = ["Calm", "Bright", "Sturdy", "Quiet", "Golden", "Little", "Grand", "Swift"]
THINGS = ["Kettle", "Lantern", "Atlas", "Fiddle", "Spade", "Tent", "Puzzle", "Teapot"]
FIRST_NAMES = ["Ada", "Björn", "Chloé", "Dmitri", "Emeka", "Fatima", "Grace", "Hiroshi", "Inês", "Zoë"]
LAST_NAMES = ["Adeyemi", "Bauer", "Castillo", "Dubois", "Ekström", "Fischer", "Novák", "O'Brien", "Sato", "Yildiz"]

# How a row can break a rule and still be a row of the right types; they take turns.
FAULTS = ("unknown_status", "negative_total", "malformed_currency", "missing_key", "future_order")


@dataclass(frozen=True)
class Plan:
    """What to generate. Wave 1 is new orders; wave n > 1 a share of the same orders, n - 1 steps further on."""

    orders: int
    seed: int = 1
    first_order: int = 1
    wave: int = 1
    update_share: float = 0.2
    bad_rows: int = 0
    customers: int = 0
    products: int = 500

    @property
    def customer_count(self) -> int:
        """How many customers there are: one for ten orders unless told."""
        return self.customers or max(1, self.orders // 10)


@dataclass(frozen=True)
class OrderBatch:
    """Some orders with their items; `order_of_item` is the position of each item's order."""

    orders: pa.Table
    items: pa.Table
    order_of_item: pa.Array

    def flattened(self) -> pa.Table:
        """One row per item with its order's columns beside it."""
        return flatten(self.orders, self.items, self.order_of_item)


def order_batches(plan: Plan) -> Iterator[OrderBatch]:
    """Generate the orders in batches of bounded size, in the order of their numbers."""
    left = plan.bad_rows
    for start in range(plan.first_order, plan.first_order + plan.orders, BATCH_ORDERS):
        numbers = np.arange(start, min(start + BATCH_ORDERS, plan.first_order + plan.orders), dtype=np.int64)
        if plan.wave > 1:
            numbers = numbers[uniform(plan.seed, f"in wave {plan.wave}", numbers) < plan.update_share]
        if len(numbers):
            bad = min(left, len(numbers))
            left -= bad
            yield _batch(plan, numbers, bad)


def customer_batches(plan: Plan) -> Iterator[pa.Table]:
    """Generate the customers that the orders name."""
    for numbers in _ranges(plan.customer_count):
        created = FIRST_DAY - integers(plan.seed, "customer age", numbers, 1, 1000 * 86_400) * SECOND
        ids = identifiers("CUS-", numbers)
        first = pick(plan.seed, "first name", numbers, FIRST_NAMES)
        last = pick(plan.seed, "last name", numbers, LAST_NAMES)
        columns = [
            ids,
            pc.binary_join_element_wise(first, last, " "),
            pc.binary_join_element_wise(pc.ascii_lower(ids), "@example.com", ""),
            pick(plan.seed, "customer country", numbers, COUNTRIES),
            instants(created),
            instants(created),
        ]
        yield pa.table(columns, schema=CUSTOMERS)


def product_batches(plan: Plan) -> Iterator[pa.Table]:
    """Generate the products that the items name."""
    for numbers in _ranges(plan.products):
        adjective = pick(plan.seed, "adjective", numbers, ADJECTIVES)
        thing = pick(plan.seed, "thing", numbers, THINGS)
        columns = [
            identifiers("PRO-", numbers, width=6),
            pc.binary_join_element_wise(adjective, thing, " "),
            pick(plan.seed, "category", numbers, CATEGORIES),
            money(_price_cents(plan, numbers)),
            pa.array(["EUR"] * len(numbers), pa.string()),
            pa.array(uniform(plan.seed, "active", numbers) < 0.95),
            instants(np.full(len(numbers), FIRST_DAY, dtype=np.int64)),
        ]
        yield pa.table(columns, schema=PRODUCTS)


def _batch(plan: Plan, numbers: Integers, bad: int) -> OrderBatch:
    counts = 1 + (uniform(plan.seed, "items", numbers) ** 2 * MOST_ITEMS).astype(np.int64)
    order_of_item = np.repeat(np.arange(len(numbers)), counts)
    first_items = np.cumsum(counts) - counts
    lines = np.arange(len(order_of_item)) - np.repeat(first_items, counts) + 1
    item_numbers = numbers[order_of_item] * 10 + lines

    product_numbers = integers(plan.seed, "product", item_numbers, 1, plan.products)
    quantities = integers(plan.seed, "quantity", item_numbers, 1, 4)
    quantities[first_items] += _steps(plan) * (uniform(plan.seed, "changes mind", numbers) < 0.3)
    prices = _price_cents(plan, product_numbers)
    discounts = _discount_cents(plan, item_numbers, quantities * prices)
    totals = quantities * prices - discounts
    ordered, updated = _times(plan, numbers)

    order_ids = identifiers("ORD-", numbers)
    orders = pa.table(
        [
            order_ids,
            identifiers("CUS-", integers(plan.seed, "customer", numbers, 1, plan.customer_count)),
            _statuses(plan, numbers),
            pick(plan.seed, "currency", numbers, CURRENCIES),
            pick(plan.seed, "country", numbers, COUNTRIES),
            pa.array(counts, pa.int32()),
            money(np.add.reduceat(totals, first_items)),
            instants(ordered),
            instants(updated),
        ],
        schema=ORDER_SUMMARY,
    )
    item_ids = pc.binary_join_element_wise(order_ids.take(pa.array(order_of_item)), pa.array(lines).cast("string"), "-")
    if bad:
        orders = _spoil(orders, bad)
    items = pa.table(
        [
            item_ids,
            orders["order_id"].combine_chunks().take(pa.array(order_of_item)),
            identifiers("PRO-", product_numbers, width=6),
            pa.array(quantities, pa.int32()),
            money(prices),
            money(discounts),
            money(totals),
            instants(updated[order_of_item]),
        ],
        schema=ORDER_ITEMS,
    )
    return OrderBatch(orders, items, pa.array(order_of_item))


def _steps(plan: Plan) -> int:
    return plan.wave - 1


def _price_cents(plan: Plan, product_numbers: Integers) -> Integers:
    return integers(plan.seed, "price", product_numbers, 99, 49_999)


def _discount_cents(plan: Plan, item_numbers: Integers, gross: Integers) -> Integers:
    percent = integers(plan.seed, "percent off", item_numbers, 5, 20)
    has_discount = uniform(plan.seed, "discounted", item_numbers) < 0.2
    return np.where(has_discount, gross * percent // 100, 0)


def _times(plan: Plan, numbers: Integers) -> tuple[Integers, Integers]:
    ordered = FIRST_DAY + integers(plan.seed, "ordered", numbers, 0, DAYS * 86_400 - 1) * SECOND
    handled = integers(plan.seed, "handled", numbers, 60, 36_000) * SECOND
    return ordered, ordered + handled + _steps(plan) * DAY


def _statuses(plan: Plan, numbers: Integers) -> pa.Array:
    stage = np.minimum(integers(plan.seed, "stage", numbers, 0, 2) + _steps(plan), len(PROGRESS) - 1)
    fate = uniform(plan.seed, "fate", numbers)
    statuses = pa.array(PROGRESS).take(pa.array(stage))
    cancelled = (fate < CANCELLED_SHARE) & (stage > 0)
    returned = (fate > 1 - RETURNED_SHARE) & (stage == len(PROGRESS) - 1)
    statuses = pc.if_else(pa.array(cancelled), "cancelled", statuses)
    return pc.if_else(pa.array(returned), "returned", statuses)


def _spoil(orders: pa.Table, bad: int) -> pa.Table:
    """Break a rule in `bad` of the orders, evenly spread; the faults take turns."""
    positions = np.linspace(0, len(orders) - 1, bad).astype(np.int64)

    def hit(fault: str) -> pa.Array:
        mask = np.zeros(len(orders), dtype=bool)
        mask[positions[FAULTS.index(fault) :: len(FAULTS)]] = True
        return pa.array(mask)

    far = pa.scalar(FIRST_DAY + 365_000 * DAY).cast(ORDER_SUMMARY.field("ordered_at").type)
    changes = {
        "order_status": pc.if_else(hit("unknown_status"), "misplaced", orders["order_status"]),
        "order_total": pc.if_else(hit("negative_total"), pc.negate(orders["order_total"]), orders["order_total"]),
        "currency": pc.if_else(hit("malformed_currency"), pc.ascii_lower(orders["currency"]), orders["currency"]),
        "order_id": pc.if_else(hit("missing_key"), pa.scalar(None, pa.string()), orders["order_id"]),
        "ordered_at": pc.if_else(hit("future_order"), far, orders["ordered_at"]),
    }
    for name, column in changes.items():
        orders = orders.set_column(orders.column_names.index(name), ORDER_SUMMARY.field(name), column)
    return orders


def _ranges(count: int) -> Iterator[Integers]:
    for start in range(1, count + 1, BATCH_ORDERS):
        yield np.arange(start, min(start + BATCH_ORDERS, count + 1), dtype=np.int64)
