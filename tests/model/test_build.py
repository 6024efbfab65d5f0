"""MODEL: what has not landed yet is no error: the project builds in a warehouse that holds nothing."""

import pytest

from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import order, orders_file

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other


def test_an_empty_run_models_nothing_and_moves_no_watermark(warehouse: ModelWarehouse) -> None:
    modeled = "select order_id from modeled.orders"
    warehouse.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))

    assert warehouse.dbt("run", "--empty", "--select", "+orders").success
    assert warehouse.transformer.rows(modeled) == []

    warehouse.run_green("--select", "+orders")
    assert warehouse.transformer.rows(modeled) == [("o-1",)]
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("o-2",)]


def test_what_waits_outlasts_an_empty_run(warehouse: ModelWarehouse) -> None:
    """Of the table itself: under `--empty` dbt makes views that show nothing, until the next run."""
    quarantined = "select order_id from gate.int_orders__checked where row_status = 'quarantined'"
    warehouse.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))
    warehouse.run_green("--select", "+orders")

    warehouse.run_green("--empty", "--select", "+orders")
    assert warehouse.transformer.rows(quarantined) == [("o-2",)]

    refused = warehouse.dbt("run", "--empty", "--full-refresh", "--select", "+orders")
    assert refused.status("int_orders__checked") == "error"
    assert "Leave out --full-refresh, or --empty" in refused.messages
    warehouse.run_green("--select", "+orders")
    assert warehouse.transformer.rows(quarantined) == [("o-2",)]
    assert warehouse.transformer.rows("select order_id from modeled.orders") == [("o-1",)]


def test_an_empty_warehouse_builds_green_unit_tests_included(worker_warehouse: ModelWarehouse) -> None:
    run = worker_warehouse.build_everything()

    assert run.success, run.messages
    assert set(run.statuses.values()) <= {"success", "pass", "no-op"}
    assert worker_warehouse.transformer.rows("select * from modeled.orders") == []
