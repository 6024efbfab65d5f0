"""Sample data: the rows of the orders domain. In: a `Plan`. Out: arrow tables in the contract's types, batch by batch.

Totals hold by construction: line_total = quantity * unit_price - discount_amount, order_total = the sum of its lines.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts.generator_draws import (
    DAY,
    FIRST_DAY,
    SECOND,
    Integers,
    identifiers,
    instants,
    integers,
    money,
    pick,
    ranges,
    uniform,
)
from scripts.generator_waves import OPERATION, Fault, Generation, becomes, spoil
from scripts.order_schema import CUSTOMERS, ORDER_FLATTENED, ORDER_ITEMS, ORDER_SUMMARY, PRODUCTS, flatten

MOST_ITEMS = 5
START = FIRST_DAY * DAY
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

FAULTS = {
    "unknown_status": Fault("order_status", becomes("misplaced")),
    "negative_total": Fault("order_total", pc.negate),
    "malformed_currency": Fault("currency", pc.ascii_lower),
    "missing_key": Fault("order_id", becomes(None)),
    "future_order": Fault("ordered_at", becomes(datetime(3024, 1, 1, tzinfo=UTC))),
}


@dataclass(frozen=True)
class Plan(Generation):
    """What to generate: so many orders, with their items, customers and products."""

    orders: int
    first_order: int = 1
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
        operation = [field for field in self.items.schema if field == OPERATION]
        return flatten(self.orders, self.items, self.order_of_item, pa.schema([*ORDER_FLATTENED, *operation]))


def order_batches(plan: Plan) -> Iterator[OrderBatch]:
    """Generate the orders in batches of bounded size, in the order of their numbers."""
    left = plan.bad_rows
    for everyone in ranges(plan.first_order, plan.orders):
        numbers = plan.members("", everyone)
        if len(numbers):
            bad = min(left, len(numbers))
            left -= bad
            yield _batch(plan, numbers, bad)


def customer_batches(plan: Plan) -> Iterator[pa.Table]:
    """Generate the customers that the orders name."""
    for numbers in ranges(1, plan.customer_count):
        created = START - integers(plan.seed, "customer age", numbers, 1, 1000 * 86_400) * SECOND
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
    for numbers in ranges(1, plan.products):
        adjective = pick(plan.seed, "adjective", numbers, ADJECTIVES)
        thing = pick(plan.seed, "thing", numbers, THINGS)
        columns = [
            identifiers("PRO-", numbers, width=6),
            pc.binary_join_element_wise(adjective, thing, " "),
            pick(plan.seed, "category", numbers, CATEGORIES),
            money(_price_cents(plan, numbers)),
            pa.array(["EUR"] * len(numbers), pa.string()),
            pa.array(uniform(plan.seed, "active", numbers) < 0.95),
            instants(np.full(len(numbers), START, dtype=np.int64)),
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
    quantities[first_items] += plan.steps * (uniform(plan.seed, "changes mind", numbers) < 0.3)
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
    deleted = plan.deleted("", numbers)
    orders = spoil(orders, bad, FAULTS, spared=deleted)
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
    return OrderBatch(
        plan.with_operations(orders, deleted, kept=("order_id", "updated_at")),
        plan.with_operations(items, deleted[order_of_item], kept=("order_item_id", "order_id", "updated_at")),
        pa.array(order_of_item),
    )


def _price_cents(plan: Plan, product_numbers: Integers) -> Integers:
    return integers(plan.seed, "price", product_numbers, 99, 49_999)


def _discount_cents(plan: Plan, item_numbers: Integers, gross: Integers) -> Integers:
    percent = integers(plan.seed, "percent off", item_numbers, 5, 20)
    has_discount = uniform(plan.seed, "discounted", item_numbers) < 0.2
    return np.where(has_discount, gross * percent // 100, 0)


def _times(plan: Plan, numbers: Integers) -> tuple[Integers, Integers]:
    ordered = START + integers(plan.seed, "ordered", numbers, 0, DAYS * 86_400 - 1) * SECOND
    handled = integers(plan.seed, "handled", numbers, 60, 36_000) * SECOND
    return ordered, ordered + handled + plan.steps * DAY


def _statuses(plan: Plan, numbers: Integers) -> pa.Array:
    stage = np.minimum(integers(plan.seed, "stage", numbers, 0, 2) + plan.steps, len(PROGRESS) - 1)
    fate = uniform(plan.seed, "fate", numbers)
    statuses = pa.array(PROGRESS).take(pa.array(stage))
    cancelled = (fate < CANCELLED_SHARE) & (stage > 0)
    returned = (fate > 1 - RETURNED_SHARE) & (stage == len(PROGRESS) - 1)
    statuses = pc.if_else(pa.array(cancelled), "cancelled", statuses)
    return pc.if_else(pa.array(returned), "returned", statuses)
