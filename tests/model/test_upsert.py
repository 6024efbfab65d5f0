"""MODEL: what the modeled tables hold after runs over files that came in every order."""

# ruff: noqa: S608 - the tests' own SQL

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dbt.contracts.graph.nodes import ModelNode

from tests.support import parses
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file
from tests.support.warehouse_seed import NOON

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

HOUR = timedelta(hours=1)
# the models that a run makes anew; the views between them stay
ORDERS = ("--select", "int_orders__checked", "orders")
ITEMS = (*ORDERS, "int_order_items__checked", "order_items")


@pytest.fixture
def warehouse(built_warehouse: ModelWarehouse) -> ModelWarehouse:
    """The worker's warehouse with every model built and nothing in it."""
    return built_warehouse


def statuses(warehouse: ModelWarehouse) -> dict[str, str]:
    """Return the status of every modeled order."""
    return dict(warehouse.transformer.rows("select order_id, order_status from modeled.orders"))


def watermark(warehouse: ModelWarehouse, model: str = "modeled.orders") -> int:
    """Return how far a model has taken its dataset in."""
    return int(warehouse.transformer.value(f"select max(upto_seq) from ops.model_loads where model = '{model}'"))


def test_orders_and_items_that_land_together_are_modeled_in_one_run(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.loader.land(items_file("one", [item("i-1", "o-1")]))

    warehouse.build_green("--select", "+fct_daily_orders")
    assert statuses(warehouse) == {"o-1": "placed"}
    assert warehouse.transformer.rows("select order_item_id, order_id from modeled.order_items") == [("i-1", "o-1")]
    assert warehouse.transformer.rows("select orders, units from marts.fct_daily_orders") == [(1, 2)]


def test_the_newest_version_of_a_key_wins_in_a_batch_and_across_runs(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1", "paid", NOON + HOUR), order("o-1", "placed", NOON)]))
    warehouse.run_green(*ORDERS)
    assert statuses(warehouse) == {"o-1": "paid"}

    newer = orders_file("two", [order("o-1", "shipped", NOON + 2 * HOUR)])
    older = orders_file("three", [order("o-1", "cancelled", NOON - HOUR), order("o-2")])
    warehouse.loader.land(newer, older)
    warehouse.run_green(*ORDERS)
    assert statuses(warehouse) == {"o-1": "shipped", "o-2": "placed"}

    late = orders_file("four", [order("o-1", "delivered", NOON)])
    warehouse.loader.land(late)
    warehouse.run_green(*ORDERS)
    assert statuses(warehouse) == {"o-1": "shipped", "o-2": "placed"}
    assert watermark(warehouse) == 3


def test_a_tie_in_business_time_goes_to_the_file_that_was_written_later(warehouse: ModelWarehouse) -> None:
    written_later = orders_file("later", [order("o-1", "paid")], modified_at=NOON + HOUR)
    written_first = orders_file("first", [order("o-1", "cancelled")], modified_at=NOON)

    for file in (written_later, written_first):
        warehouse.loader.land(file)
        warehouse.run_green(*ORDERS)

    assert statuses(warehouse) == {"o-1": "paid"}


def test_a_row_without_its_first_time_is_as_new_as_its_next_one_says(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1", "paid")]))
    warehouse.loader.land(orders_file("two", [order("o-1", "placed", None, ordered_at=NOON - HOUR)]))

    warehouse.run_green(*ORDERS)
    assert statuses(warehouse) == {"o-1": "paid"}


def test_a_second_run_changes_nothing(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))
    everything = "select * from modeled.orders order by order_id"
    quarantine = "select order_id, reject_reason from gate.quarantine_orders"
    warehouse.run_green(*ORDERS)
    before = warehouse.transformer.rows(everything), warehouse.transformer.rows(quarantine)

    warehouse.run_green(*ORDERS)
    assert (warehouse.transformer.rows(everything), warehouse.transformer.rows(quarantine)) == before
    assert before[1] == [("o-2", "order_status_unknown")]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"incremental_strategy": "append"}, "leaves the older row of a key beside the newer one"),
        (
            {
                "incremental_strategy": "microbatch",
                "event_time": "updated_at",
                "begin": "2025-11-12",
                "batch_size": "day",
            },
            "deletes all rows of a batch's time",
        ),
        ({"incremental_strategy": "merge", "unique_key": None}, "has no unique_key in its config"),
        ({"incremental_strategy": "mine"}, "of which is not known whether it keeps one row of a key"),
    ],
)
def test_an_upsert_whose_config_would_double_or_lose_rows_is_refused_and_leaves_them(
    warehouse: ModelWarehouse, config: dict[str, Any], says: str
) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green("--select", "int_orders__checked", "orders")
    warehouse.loader.land(orders_file("two", [order("o-2")]))
    assert warehouse.manifest is not None
    edited = replace(warehouse, manifest=parses.read(parses.written(warehouse.manifest)))
    assert edited.manifest is not None
    node = edited.manifest.nodes["model.landfall.orders"]
    for name, value in config.items():
        setattr(node.config, name, value)

    run = edited.dbt("run", "--select", "int_orders__checked", "orders")

    assert not run.success
    assert says in run.messages
    assert warehouse.transformer.rows("select order_id from modeled.orders") == [("o-1",)]
    warehouse.run_green("--select", "int_orders__checked", "orders")
    assert warehouse.transformer.rows("select order_id from modeled.orders order by 1") == [("o-1",), ("o-2",)]


def test_a_strategy_of_ones_own_upserts_where_its_model_says_that_it_keeps_one_row_of_a_key(
    warehouse: ModelWarehouse,
) -> None:
    assert warehouse.manifest is not None
    edited = replace(warehouse, manifest=parses.read(parses.written(warehouse.manifest)))
    assert edited.manifest is not None
    macros = edited.manifest.macros
    taken = macros["macro.landfall.get_incremental_replace_older_sql"]
    called, upserts = "get_incremental_mine_sql", "{{ return(get_incremental_merge_sql(arg_dict)) }}"
    macros[f"macro.landfall.{called}"] = replace(
        taken,
        name=called,
        unique_id=f"macro.landfall.{called}",
        macro_sql=f"{{% macro {called}(arg_dict) %}}{upserts}{{% endmacro %}}",
    )
    model = edited.manifest.nodes["model.landfall.orders"]
    assert isinstance(model, ModelNode)
    model.config.incremental_strategy = "mine"
    model.config.meta = {**model.config.meta, "keeps_one_row_a_key": True}
    for key in ("one", "two"):
        warehouse.loader.land(orders_file(key, [order("o-1")]))
        edited.run_green("--select", "int_orders__checked", "orders")

    assert warehouse.transformer.rows("select order_id from modeled.orders") == [("o-1",)]


def test_an_item_waits_for_its_order_and_is_modeled_once_it_came(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(items_file("one", [item("i-1", "o-1"), item("i-2", "o-1", quantity=0)]))
    warehouse.run_green(*ITEMS)
    assert warehouse.transformer.rows("select order_item_id from modeled.order_items") == []
    assert warehouse.transformer.rows("select order_item_id from gate.pending_order_items") == [("i-1",)]

    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green(*ITEMS)
    assert warehouse.transformer.rows("select order_item_id from modeled.order_items") == [("i-1",)]
    assert warehouse.transformer.rows("select order_item_id from gate.pending_order_items") == []
    assert warehouse.transformer.rows("select order_item_id from gate.quarantine_order_items") == [("i-2",)]


def test_an_item_that_a_failed_gate_held_back_is_not_lost(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(items_file("early", [item("i-1", "o-1")]))
    warehouse.build_green("--select", "+order_items")
    bad = items_file("bad", [item(f"bad-{number}", "o-1", quantity=0) for number in range(10)])
    warehouse.loader.land(bad)
    warehouse.loader.land(orders_file("one", [order("o-1")]))

    # its order has come, so the item is accepted; but the gate stops the UPSERT
    stopped = warehouse.build("--select", "+order_items")
    assert stopped.status("order_items__quarantine_rate") == "fail"
    accepted = "select order_item_id from gate.int_order_items__checked where row_status = 'accepted'"
    assert warehouse.transformer.rows(accepted) == [("i-1",)]
    assert warehouse.transformer.rows("select order_item_id from modeled.order_items") == []

    warehouse.loader.undo(bad)
    warehouse.build_green("--select", "+order_items")
    assert warehouse.transformer.rows("select order_item_id from modeled.order_items") == [("i-1",)]


def test_rows_that_land_during_a_run_wait_for_the_next_one(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green(*ORDERS)
    bounds = warehouse.transformer.rows("select max(upto_seq) from ops.run_bounds where dataset = 'order_summary'")

    warehouse.loader.land(orders_file("two", [order("o-2")]))
    # the modeled table follows what its own run checked, not what has landed since
    alone = warehouse.dbt("run", "--select", "orders")
    assert alone.status("orders") == "error"
    assert "nothing to upsert into" in alone.messages
    assert "dbt build --select +orders+" in alone.messages
    assert statuses(warehouse) == {"o-1": "placed"}
    assert (bounds, watermark(warehouse)) == ([(1,)], 1)

    warehouse.run_green(*ORDERS)
    assert statuses(warehouse) == {"o-1": "placed", "o-2": "placed"}


def test_a_retry_of_an_upsert_alone_does_not_end_as_if_its_rows_were_modeled(
    warehouse: ModelWarehouse, tmp_path: Path
) -> None:
    retried = replace(warehouse, environment={**warehouse.environment, "DBT_TARGET_PATH": str(tmp_path)})
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.transformer.run("revoke insert on modeled.orders from landfall_transformer")
    try:
        broken = retried.dbt("run", *ORDERS, write_json=True)
        assert (broken.status("int_orders__checked"), broken.status("orders")) == ("success", "error")
    finally:
        warehouse.transformer.run("grant insert on modeled.orders to landfall_transformer")

    retry = retried.dbt("retry", write_json=True)
    assert retry.status("orders") == "error"
    assert "nothing to upsert into" in retry.messages
    assert "is upserted without" not in retry.messages
    warehouse.run_green(*ORDERS)
    assert statuses(warehouse) == {"o-1": "placed"}


def test_a_full_refresh_ends_like_the_runs_before_it(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1", "paid", NOON + HOUR), order("o-2")]))
    warehouse.run_green(*ITEMS)
    warehouse.loader.land(orders_file("two", [order("o-1", "placed"), order("o-3", "unheard of")]))
    warehouse.loader.land(items_file("one", [item("i-1", "o-2")]))
    warehouse.run_green(*ITEMS)
    tables = ("modeled.orders", "modeled.order_items")
    before = [warehouse.transformer.rows(f"select * from {table} order by 1") for table in tables]

    warehouse.run_green("--full-refresh", *ITEMS)
    assert [warehouse.transformer.rows(f"select * from {table} order by 1") for table in tables] == before
    assert warehouse.transformer.value("select min(from_seq) from ops.model_loads where upto_seq = 2") == 0


def test_building_a_table_anew_without_its_checked_rows_is_refused(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green(*ORDERS)

    run = warehouse.dbt("run", "--full-refresh", "--select", "orders")

    assert run.status("orders") == "error"
    assert "would lose rows" in run.messages
    assert "dbt build --full-refresh --select +orders+" in run.messages
    assert statuses(warehouse) == {"o-1": "placed"}


def test_a_modeled_table_that_was_dropped_is_rebuilt_whole(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green(*ORDERS)
    warehouse.transformer.run("drop table modeled.orders")
    warehouse.loader.land(orders_file("two", [order("o-2")]))

    warehouse.run_green(*ORDERS)
    assert statuses(warehouse) == {"o-1": "placed", "o-2": "placed"}
