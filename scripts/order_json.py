"""Sample data: nested JSON documents, one an order. In: orders and their items in arrow. Out: one JSON text per order.

The texts are put together column by column in arrow, since `json.dumps` of a million documents takes minutes.
"""

from typing import TypeAlias

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts.order_rows import OrderBatch

Texts: TypeAlias = pa.Array | pa.ChunkedArray

# Where the flat columns stand in a document: the country is nested, and so are the items.
ORDER_FIELDS = ("order_id", "customer_id", "order_status", "currency", "order_total", "ordered_at", "updated_at")
ITEM_FIELDS = ("order_item_id", "product_id", "quantity", "unit_price", "discount_amount", "line_total")


def order_documents(batch: OrderBatch) -> Texts:
    """Write one document per order, its items in it."""
    orders = batch.orders
    shipping = _object([_member("country", orders["shipping_country"])])
    members = [_member(name, orders[name]) for name in ORDER_FIELDS]
    members += [_text('"shipping":', shipping), _text('"items":', _item_lists(batch))]
    return _object(members)


def documents(table: pa.Table) -> Texts:
    """Write one flat document per row."""
    return _object([_member(name, table[name]) for name in table.column_names])


def _item_lists(batch: OrderBatch) -> Texts:
    documents_of_items = _object([_member(name, batch.items[name]) for name in ITEM_FIELDS])
    ends = np.cumsum(np.bincount(batch.order_of_item.to_numpy(), minlength=len(batch.orders)))
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    flat = (
        documents_of_items.combine_chunks() if isinstance(documents_of_items, pa.ChunkedArray) else documents_of_items
    )
    return _text("[", pc.binary_join(pa.ListArray.from_arrays(offsets, flat), ","), "]")


def _object(members: list[Texts]) -> Texts:
    return _text("{", pc.binary_join_element_wise(*members, ","), "}")


def _member(name: str, values: Texts) -> Texts:
    return _text(f'"{name}":', pc.coalesce(_value(values), pa.scalar("null")))


def _value(values: Texts) -> Texts:
    if pa.types.is_timestamp(values.type):
        return _text('"', pc.strftime(values, format="%Y-%m-%dT%H:%M:%SZ"), '"')
    if pa.types.is_string(values.type):
        escaped = pc.replace_substring(pc.replace_substring(values, "\\", "\\\\"), '"', '\\"')
        return _text('"', escaped, '"')
    return pc.cast(values, pa.string())


def _text(*parts: str | Texts) -> Texts:
    return pc.binary_join_element_wise(*parts, "")
