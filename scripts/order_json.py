"""Sample data: nested JSON documents. In: orders and their items in arrow. Out: one JSON text per order."""

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts.generator_files import Texts, join_texts, json_member, json_object
from scripts.order_rows import OrderBatch

# Where the flat columns stand in a document: the country is nested, and so are the items.
ORDER_FIELDS = ("order_id", "customer_id", "order_status", "currency", "order_total", "ordered_at", "updated_at")
ITEM_FIELDS = ("order_item_id", "product_id", "quantity", "unit_price", "discount_amount", "line_total")


def order_documents(batch: OrderBatch) -> Texts:
    """Write one document per order, its items in it."""
    orders = batch.orders
    shipping = json_object([json_member("country", orders["shipping_country"])])
    members = [json_member(name, orders[name]) for name in ORDER_FIELDS]
    members += [join_texts('"shipping":', shipping), join_texts('"items":', _item_lists(batch))]
    return json_object(members)


def _item_lists(batch: OrderBatch) -> Texts:
    documents_of_items = json_object([json_member(name, batch.items[name]) for name in ITEM_FIELDS])
    ends = np.cumsum(np.bincount(batch.order_of_item.to_numpy(), minlength=len(batch.orders)))
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    flat = (
        documents_of_items.combine_chunks() if isinstance(documents_of_items, pa.ChunkedArray) else documents_of_items
    )
    return join_texts("[", pc.binary_join(pa.ListArray.from_arrays(offsets, flat), ","), "]")
