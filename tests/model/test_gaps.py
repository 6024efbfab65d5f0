"""MODEL: of a dataset whose old rows have left landing nothing is built from the first row, and all else goes on."""

# ruff: noqa: S608 - the tests' own SQL

from collections.abc import Mapping
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from local.home import ROOT
from tests.support.model_warehouse import ModelWarehouse, Moment
from tests.support.order_rows import item, items_file, order, orders_file
from transform_lambda import retaining
from transform_lambda.build import Builder
from transform_lambda.dbt_runtime import connected
from transform_lambda.facts import read_facts
from transform_lambda.facts_sql import WHO_SQL, ledgers_of
from transform_lambda.plan import decide

BUILDER = Builder(ROOT, Logger(service="test"))
ORDERS, ITEMS = "order_summary", "order_items"
SELECTED = ("--select", "source:landing.order_summary+", "--exclude", "resource_type:test")


@pytest.fixture
def ready(built_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch) -> ModelWarehouse:
    """Return a warehouse in which everything has been built over nothing, and the environment of the function."""
    for name, value in built_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    built_warehouse.loader.may_remove(ORDERS, ITEMS)
    return built_warehouse


def plan(*, full_refresh: bool = False) -> dict[str, Any]:
    """Plan as the function does."""
    graph = BUILDER.graph()
    with connected() as query:
        facts = read_facts(query, graph.readers, ledgers_of(query(WHO_SQL)))
    read_with = {name: graph.read_with(name) for name in graph.readers}
    decided = decide(facts.datasets, project_changed=False, full_refresh=full_refresh, read_with=read_with)
    return decided.to_json(1_000, [])


def modeled(warehouse: ModelWarehouse) -> dict[str, str]:
    return dict(warehouse.transformer.rows("select order_id, order_status from modeled.orders"))


def outcomes(warehouse: ModelWarehouse) -> set[str]:
    """Name how runs have ended, as they are recorded."""
    return {outcome for (outcome,) in warehouse.transformer.rows("select outcome from ops.runs")}


def answer(dataset: str) -> Mapping[str, Any]:
    """Ask what models need of a dataset, as the function is asked."""
    with connected() as query:
        said: Mapping[str, Any] = retaining.answer(query, BUILDER.graph(), [dataset])["datasets"][dataset]
    return said


def test_an_undo_over_a_gap_waits_and_is_told_while_everything_else_goes_on(ready: ModelWarehouse) -> None:
    old, wrong = orders_file("old", [order("o-1")]), orders_file("wrong", [order("o-9")])
    ready.loader.land(old)
    ready.loader.land(wrong)
    assert BUILDER.build(plan())["outcome"] == "succeeded"
    ready.loader.remove(old)
    assert plan()["build"] is False  # a gap alone asks for nothing
    ready.loader.undo(wrong)
    ready.loader.land(orders_file("new", [order("o-2")]))
    ready.loader.land(items_file("items", [item("i-1", "o-2")]))

    waiting = plan()
    assert (waiting["rebuilt"], waiting["full_refresh"]) == ((), False)
    result = BUILDER.build(waiting)
    assert result["outcome"] == "gate_failed"
    [told] = result["failing"]
    assert told["gate"] == "rebuild of order_summary: rows were removed from landing"
    assert told["remedy"][0] == "landfall backfill raw/ --dataset order_summary --removed"
    assert modeled(ready) == dict.fromkeys(("o-1", "o-2", "o-9"), "placed")  # nothing lost, and the new one modeled
    assert ready.transformer.rows("select order_item_id from modeled.order_items") == [("i-1",)]
    again = plan()
    assert (again["build"], again["select"]) == (True, [])
    assert BUILDER.build(again)["failing"] == [told]

    ready.loader.bring_back(old)
    mended = plan()
    assert (mended["rebuilt"], mended["blocked"]) == ((ORDERS,), [])
    assert BUILDER.build(mended)["outcome"] == "succeeded"
    assert modeled(ready) == dict.fromkeys(("o-1", "o-2"), "placed")
    assert plan()["build"] is False


def test_a_rebuild_that_waits_is_not_forgotten_where_a_run_reads_its_load_once_more(ready: ModelWarehouse) -> None:
    old, wrong = orders_file("old", [order("o-1")]), orders_file("wrong", [order("o-9")])
    for file in (old, wrong):
        ready.loader.land(file)
        assert BUILDER.build(plan())["outcome"] == "succeeded"
    ready.loader.remove(old)
    ready.loader.undo(wrong)
    waiting = plan()["blocked"]
    assert [each["gate"].partition(":")[0] for each in waiting] == ["rebuild of order_summary"]
    # As of an entity whose history lags behind its table: the table takes in again what the history lacks.
    ready.transformer.run(
        f"insert into ops.run_bounds (run_id, dataset, upto_seq, frozen_at) values ('again', '{ORDERS}', 2, getdate())",
        "insert into ops.model_loads (model, dataset, from_seq, upto_seq, run_id, loaded_at) "
        f"values ('modeled.orders', '{ORDERS}', 1, 2, 'again', getdate())",
    )
    assert plan()["blocked"] == waiting
    ready.loader.bring_back(old)
    mended = plan()
    assert (mended["rebuilt"], mended["blocked"]) == ((ORDERS,), [])
    assert BUILDER.build(mended)["outcome"] == "succeeded"
    assert modeled(ready) == {"o-1": "placed"}
    assert plan()["build"] is False


def test_a_rebuild_that_reads_a_dataset_with_a_gap_waits_and_one_that_does_not_goes_on(ready: ModelWarehouse) -> None:
    orders, items = orders_file("one", [order("o-1")]), items_file("items", [item("i-1", "o-1")])
    wrong_order, wrong_item = orders_file("wrong", [order("o-9")]), items_file("bad", [item("i-9", "o-1")])
    for file in (orders, wrong_order, items, wrong_item):
        ready.loader.land(file)
    BUILDER.build(plan())
    ready.loader.remove(items)
    ready.loader.undo(wrong_order)  # items look their orders up, so that both would be built from the first row
    assert [each["gate"].partition(":")[0] for each in plan()["blocked"]] == ["rebuild of order_summary"]
    ready.loader.bring_back(items)
    ready.loader.remove(orders)
    assert [each["gate"].partition(":")[0] for each in plan()["blocked"]] == ["rebuild of order_summary"]
    ready.loader.bring_back(orders)
    assert BUILDER.build(plan())["outcome"] == "succeeded"
    ready.loader.remove(orders)
    ready.loader.undo(wrong_item)
    after = plan()
    assert (after["rebuilt"], after["blocked"]) == ((ITEMS,), [])
    assert BUILDER.build(after)["outcome"] == "succeeded"
    assert ready.transformer.rows("select order_item_id from modeled.order_items") == [("i-1",)]
    assert modeled(ready) == {"o-1": "placed"}


def test_a_full_refresh_over_a_gap_is_refused_by_the_plan_and_by_dbt_itself(ready: ModelWarehouse) -> None:
    old = orders_file("old", [order("o-1")])
    ready.loader.land(old)
    BUILDER.build(plan())
    ready.loader.remove(old)
    asked = plan(full_refresh=True)
    assert (asked["full_refresh"], asked["select"]) == (False, [])
    assert BUILDER.build(asked)["outcome"] == "gate_failed"
    run = ready.dbt("build", "--full-refresh", *SELECTED)
    assert (run.success, run.status("int_orders__checked"), run.status("orders")) == (False, "error", "skipped")
    assert "landfall backfill raw/ --dataset order_summary --removed" in run.messages
    assert outcomes(ready) == {"succeeded", "gate_failed"}
    assert modeled(ready) == {"o-1": "placed"}
    ready.loader.land(orders_file("new", [order("o-2")]))
    assert BUILDER.build(plan())["outcome"] == "succeeded"
    ready.loader.bring_back(old)
    assert ready.dbt("build", "--full-refresh", *SELECTED).success
    assert modeled(ready) == dict.fromkeys(("o-1", "o-2"), "placed")


@pytest.mark.parametrize("in_parts", [False, True])
def test_a_reshaped_entity_over_a_gap_is_stopped_and_told_and_what_looks_it_up_goes_on(
    ready: ModelWarehouse, in_parts: bool
) -> None:
    old = orders_file("old", [order("o-1")])
    ready.loader.land(old)
    assert BUILDER.build(plan())["outcome"] == "succeeded"
    ready.loader.remove(old)
    ready.transformer.run("alter table modeled.orders drop column shipping_country")
    ready.loader.land(orders_file("new", [order("o-2")]))
    ready.loader.land(items_file("items", [item("i-1", "o-1")]))
    planned, graph = plan(), BUILDER.graph()
    parts: list[str | None] = [*graph.parts(graph.selected(planned))] if in_parts else [None]
    result: dict[str, Any] | None = None
    for part in parts:
        result = BUILDER.build(planned, part, result)
    assert result is not None
    assert (result["outcome"], result["errors"]) == ("gate_failed", [])
    [told] = result["failing"]
    assert told["gate"] == "int_orders__checked from the first row: rows were removed from landing"
    assert (told["failures"], told["remedy"][0]) == (1, "landfall backfill raw/ --dataset order_summary --removed")
    assert outcomes(ready) == {"succeeded", "gate_failed"}
    assert modeled(ready) == {"o-1": "placed"}
    assert ready.transformer.rows("select order_item_id from modeled.order_items") == [("i-1",)]

    ready.loader.bring_back(old)
    assert BUILDER.build(plan())["outcome"] == "succeeded"
    assert modeled(ready) == dict.fromkeys(("o-1", "o-2"), "placed")
    assert ready.transformer.value("select count(*) from modeled.orders where shipping_country is not null") == 2


def test_rows_that_leave_while_a_run_reads_them_fail_it_and_lose_nothing(ready: ModelWarehouse) -> None:
    old = orders_file("old", [order("o-1")])
    ready.loader.land(old)
    BUILDER.build(plan())
    amid = {Moment.amid("int_orders__checked"): lambda: ready.loader.remove(old)}
    run = ready.dbt("build", "--full-refresh", *SELECTED, during=amid)
    assert (run.status("int_orders__checked"), run.status("orders")) == ("error", "skipped")
    assert modeled(ready) == {"o-1": "placed"}


def test_rows_that_come_back_while_a_run_begins_are_built(ready: ModelWarehouse) -> None:
    old = orders_file("old", [order("o-1")])
    ready.loader.land(old)
    BUILDER.build(plan())
    ready.loader.remove(old)
    # It has asked what is missing by then, and asks how much of it when it is about to refuse.
    back = {Moment.at_statement("int_orders__checked", 2): lambda: ready.loader.bring_back(old)}
    run = ready.dbt("build", "--full-refresh", *SELECTED, during=back)
    assert "removed_at is not null" in run.sent_by("int_orders__checked")[1]
    assert run.success, run.messages
    assert modeled(ready) == {"o-1": "placed"}


def test_gates_that_are_asked_alone_do_not_take_removed_rows_for_lost(ready: ModelWarehouse) -> None:
    old, kept = orders_file("old", [order("o-1")]), orders_file("kept", [order("o-2")])
    ready.loader.land(old)
    ready.loader.land(kept)
    assert ready.dbt("build", "--full-refresh", *SELECTED).success
    ready.loader.remove(old)
    assert ready.dbt("test", "--select", "orders__rows_conserved").success
    ready.transformer.run("delete from gate.int_orders__checked where order_id = 'o-2'")
    assert ready.dbt("test", "--select", "orders__rows_conserved").status("orders__rows_conserved") == "fail"


def test_models_say_which_rows_nobody_asks_for_again(ready: ModelWarehouse) -> None:
    assert answer(ORDERS)["refused"] == "its models have not taken it in yet"
    good, bad = (
        orders_file("good", [order("o-1")]),
        orders_file("bad", [order("o-2", order_status="lost"), order("o-3")]),
    )
    ready.loader.land(good)
    ready.loader.land(bad)
    BUILDER.build(plan())
    declared = {"retention_days": None, "lists_each_file": False}
    assert answer(ORDERS) == {"upto_seq": 2, "kept": [bad.file_id], "refused": None, "declared": declared}
    stopped = orders_file("stopped", [order(f"bad-{number}", order_status="lost") for number in range(20)])
    ready.loader.land(stopped)
    assert BUILDER.build(plan())["outcome"] == "gate_failed"
    held = answer(ORDERS)
    assert (held["upto_seq"], set(held["kept"])) == (2, {bad.file_id, stopped.file_id})
    waits = items_file("items", [item("i-1", "o-404")])
    ready.loader.land(waits)
    BUILDER.build(plan())
    assert answer(ITEMS)["kept"] == [waits.file_id]
    ready.loader.undo(good)
    with connected() as query:
        said = retaining.answer(query, BUILDER.graph(), [ORDERS, ITEMS], [ORDERS])
        unbuilt = retaining.answer(query, BUILDER.graph(), [ITEMS], is_built=False)["datasets"]
    assert "was not built" in unbuilt[ITEMS]["refused"]
    assert "first row" in said["datasets"][ORDERS]["refused"]
    assert "first row" in said["datasets"][ITEMS]["refused"]
    assert ITEMS in said["read_with"][ORDERS]
    assert ORDERS not in said["read_with"][ITEMS]
    ready.transformer.run("drop table gate.int_order_items__checked cascade")
    assert "gate.int_order_items__checked is not there" in answer(ITEMS)["refused"]


def test_what_reads_landed_rows_beside_the_checks_is_named() -> None:
    graph = BUILDER.graph()
    # The identities of patients are kept nowhere but in landing, so that their view reads it.
    assert [name for name in graph.readers if graph.beside_the_checks(name)] == ["patients"]
    mart = next(node for node in graph.nodes.values() if node.selector.startswith("fqn:landfall.marts."))
    staged = next(node for node in graph.nodes.values() if node.name == "stg_orders")
    nodes = {**graph.nodes, mart.id: type(mart)(**{**mart.__dict__, "parents": mart.parents | {staged.id}})}
    beside = type(graph)(nodes).beside_the_checks(ORDERS)
    assert mart.name in beside
