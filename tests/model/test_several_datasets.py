"""MODEL: an entity that comes in several datasets has a watermark for each, and one total order over all."""

from datetime import timedelta

import pytest

from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import flattened, flattened_file, item, order, orders_file
from tests.support.warehouse_seed import NOON

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

HOUR = timedelta(hours=1)
RUN_ORDERS = ("--select", "int_orders__checked", "orders")
RUN_ITEMS = (*RUN_ORDERS, "int_order_items__checked", "order_items")


def test_orders_and_items_come_flattened_too_and_the_newest_wins(built_warehouse: ModelWarehouse) -> None:
    paid = order("o-1", "paid", NOON + HOUR)
    rows = [
        flattened(paid, item("i-1", "o-1")),
        flattened(paid, item("i-2", "o-1")),
        flattened(order("o-2"), item("i-3", "o-2")),
    ]
    built_warehouse.loader.land(flattened_file("all", rows))
    built_warehouse.loader.land(orders_file("summary", [order("o-1", "placed"), order("o-2", "shipped", NOON + HOUR)]))
    built_warehouse.run_green(*RUN_ITEMS)

    orders = "select order_id, order_status from modeled.orders order by 1"
    assert built_warehouse.transformer.rows(orders) == [("o-1", "paid"), ("o-2", "shipped")]
    items = "select order_item_id, order_id, updated_at from modeled.order_items order by 1"
    assert built_warehouse.transformer.rows(items) == [("i-1", "o-1", NOON), ("i-2", "o-1", NOON), ("i-3", "o-2", NOON)]


def test_each_dataset_has_a_watermark_of_its_own(built_warehouse: ModelWarehouse) -> None:
    for number in range(3):
        built_warehouse.loader.land(orders_file(f"summary-{number}", [order(f"o-{number}")]))
    built_warehouse.loader.land(flattened_file("one", [flattened(order("o-3"), item("i-3", "o-3"))]))
    built_warehouse.run_green(*RUN_ORDERS)
    # load 2 of its dataset: below the other dataset's watermark, and new all the same
    built_warehouse.loader.land(flattened_file("two", [flattened(order("o-4"), item("i-4", "o-4"))]))
    built_warehouse.run_green(*RUN_ORDERS)

    modeled = [order_id for (order_id,) in built_warehouse.transformer.rows("select order_id from modeled.orders")]
    assert sorted(modeled) == ["o-0", "o-1", "o-2", "o-3", "o-4"]
    watermarks = (
        "select dataset, max(upto_seq) from ops.model_loads where model = 'modeled.orders' group by 1 order by 1"
    )
    assert built_warehouse.transformer.rows(watermarks) == [("order_flattened", 2), ("order_summary", 3)]


def test_a_quarantined_row_leaves_when_its_key_is_modeled_in_a_newer_version(built_warehouse: ModelWarehouse) -> None:
    bad = [order("o-1", "unheard of"), order("o-2", "unheard of")]
    built_warehouse.loader.land(orders_file("bad", bad))
    built_warehouse.run_green(*RUN_ORDERS)
    quarantine = "select order_id from gate.quarantine_orders order by 1"
    assert built_warehouse.transformer.rows(quarantine) == [("o-1",), ("o-2",)]

    newer, older = order("o-1", "paid", NOON + HOUR), order("o-2", "paid", NOON - HOUR)
    built_warehouse.loader.land(orders_file("good", [newer, older]))
    built_warehouse.run_green(*RUN_ORDERS)
    built_warehouse.run_green(*RUN_ORDERS)

    # the other one is newer than what is modeled of it, and so still to be mended
    assert built_warehouse.transformer.rows(quarantine) == [("o-2",)]
    assert built_warehouse.transformer.rows("select order_id from modeled.orders order by 1") == [("o-1",), ("o-2",)]
