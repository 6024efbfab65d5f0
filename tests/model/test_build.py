"""MODEL: what has not landed yet is no error: the project builds in a warehouse that holds nothing."""

import pytest

from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import customer, customers_file, order, orders_file

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other


def test_an_empty_run_models_nothing_and_moves_no_watermark(warehouse: ModelWarehouse) -> None:
    modeled = "select order_id from modeled.orders"
    warehouse.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))

    assert warehouse.dbt("run", "--empty", "--select", "+orders").success
    assert warehouse.transformer.rows(modeled) == []

    warehouse.run_green("--select", "+orders")
    assert warehouse.transformer.rows(modeled) == [("o-1",)]
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("o-2",)]


def test_what_waits_outlasts_an_empty_run_and_so_do_the_views(warehouse: ModelWarehouse) -> None:
    quarantined = "select order_id from gate.quarantine_orders"
    warehouse.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))
    warehouse.run_green("--select", "+orders")

    warehouse.run_green("--empty", "--select", "+orders")
    assert warehouse.transformer.rows(quarantined) == [("o-2",)]
    assert warehouse.transformer.value("select count(*) from staging.stg_orders") == 2

    refused = warehouse.dbt("run", "--empty", "--full-refresh", "--select", "+orders")
    assert refused.status("int_orders__checked") == "error"
    assert "Leave out --full-refresh, or --empty" in refused.messages
    warehouse.loader.land(orders_file("two", [order("o-3")]))
    warehouse.run_green("--select", "int_orders__checked", "orders")  # over the view as the empty run has left it
    assert warehouse.transformer.rows(quarantined) == [("o-2",)]
    assert warehouse.transformer.rows("select order_id from modeled.orders order by 1") == [("o-1",), ("o-3",)]


def test_an_empty_run_takes_no_rows_from_a_mart_and_makes_one_that_is_not_there(warehouse: ModelWarehouse) -> None:
    count = "select count(*) from marts.dim_customers"
    warehouse.loader.land(customers_file("one", [customer("c-1")]))

    warehouse.run_green("--empty", "--select", "+dim_customers")
    assert warehouse.transformer.value(count) == 0
    warehouse.run_green("--empty", "--select", "dim_customers")  # nothing is lost

    warehouse.run_green("--select", "+dim_customers")
    refused = warehouse.dbt("run", "--empty", "--select", "dim_customers")
    assert refused.status("dim_customers") == "error"
    assert "which has rows of its inputs. Leave out --empty" in refused.messages
    assert warehouse.transformer.value(count) == 1


def test_an_empty_run_of_everything_is_repeated_until_a_mart_has_rows_of_its_inputs(
    worker_warehouse: ModelWarehouse,
) -> None:
    worker_warehouse.reset()
    constant = "select ccy, as_of_date::varchar from marts.dim_fx"
    worker_warehouse.run_green("--empty")
    worker_warehouse.run_green("--empty")
    assert worker_warehouse.transformer.rows(constant) == [("USD", "1970-01-01")]

    worker_warehouse.transformer.run(
        "update marts.dim_fx set rate_to_usd = 2"
    )  # as many rows, of which one would be lost
    refused = worker_warehouse.dbt("run", "--empty", "--select", "dim_fx")
    assert refused.status("dim_fx") == "error"
    assert worker_warehouse.transformer.value("select rate_to_usd from marts.dim_fx") == 2


def test_a_sample_of_what_outlasts_the_run_is_refused_before_anything_is_done(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    with pytest.raises(RuntimeError, match="--sample would build int_orders__checked, orders from a part of the rows"):
        warehouse.dbt("run", "--sample", "3 days", "--select", "int_orders__checked", "orders")
    assert warehouse.transformer.value("select count(*) from ops.model_loads") == 0
    assert warehouse.transformer.rows("select tablename from pg_tables where schemaname in ('gate', 'modeled')") == []

    warehouse.run_green("--select", "+orders")
    assert warehouse.transformer.rows("select order_id from modeled.orders") == [("o-1",)]


def test_an_empty_warehouse_builds_green_unit_tests_included(worker_warehouse: ModelWarehouse) -> None:
    run = worker_warehouse.build_everything()

    assert run.success, run.messages
    assert set(run.statuses.values()) <= {"success", "pass", "no-op"}
    assert worker_warehouse.transformer.rows("select * from modeled.orders") == []
