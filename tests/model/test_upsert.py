"""MODEL: what the modeled tables hold after runs over files that came in every order."""

from datetime import datetime, timedelta

from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file
from tests.support.warehouse_seed import NOON

HOUR = timedelta(hours=1)


def statuses(warehouse: ModelWarehouse) -> dict[str, str]:
    """Return the status of every modeled order."""
    return dict(warehouse.transformer.rows("select order_id, order_status from modeled.orders"))


def test_an_empty_warehouse_builds_green(warehouse: ModelWarehouse) -> None:
    run = warehouse.dbt("build")

    assert run.success, run.messages
    assert set(run.statuses.values()) <= {"success", "pass", "no-op"}
    assert statuses(warehouse) == {}


def test_a_landed_order_and_its_item_are_modeled(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.loader.land(items_file("one", [item("i-1", "o-1")]))

    assert warehouse.build().success
    assert statuses(warehouse) == {"o-1": "placed"}
    assert warehouse.transformer.rows("select order_item_id, order_id from modeled.order_items") == [("i-1", "o-1")]
    assert warehouse.transformer.rows("select orders, units from marts.fct_daily_orders") == [(1, 2)]
