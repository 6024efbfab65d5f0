"""GATE: each gate lets good data pass and stops bad data before the UPSERT; nothing modeled changes then."""

# ruff: noqa: S608 - the tests' own SQL

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.model_warehouse import DbtRun, ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file
from tests.support.warehouse_seed import SeedFile

pytestmark = pytest.mark.xdist_group("gate")  # one warehouse, one after the other

GOOD_FILES = 10
ERROR_GATES = (
    "orders__schema",
    "orders__quarantine_rate",
    "orders__currencies",
    "orders__volume",
    "orders__rows_conserved",
    "orders__unique_key",
    "order_items__referential",
)


@dataclass(frozen=True)
class Published:
    """A warehouse in which good files have been modeled, and what that run said."""

    warehouse: ModelWarehouse
    run: DbtRun

    def state(self) -> tuple[Any, ...]:
        """Return what a stopped run must not change: the modeled tables and the watermarks."""
        query = self.warehouse.transformer.rows
        return (
            query("select * from modeled.orders order by order_id"),
            query("select * from modeled.order_items order by order_item_id"),
            query("select model, max(upto_seq) from ops.model_loads group by model order by model"),
        )


@pytest.fixture(scope="module")
def published(worker_warehouse: ModelWarehouse) -> Published:
    """Good orders and items, landed and modeled."""
    worker_warehouse.reset()
    for number in range(GOOD_FILES):
        worker_warehouse.loader.land(orders_file(f"good-{number}", [order(f"o-{number}")]))
    worker_warehouse.loader.land(items_file("good", [item("i-1", "o-1")]))
    return Published(worker_warehouse, worker_warehouse.build_green())


def test_every_gate_lets_good_data_pass(published: Published) -> None:
    gates = {name: status for name, status in published.run.statuses.items() if "__" in name and name in ERROR_GATES}

    assert gates == dict.fromkeys(ERROR_GATES, "pass")
    assert len(published.state()[0]) == GOOD_FILES


def mostly_bad() -> SeedFile:
    """Return a file with more than a quarter of its rows, and at least ten, in quarantine."""
    bad = [order(f"bad-{number}", "unheard of") for number in range(10)]
    return orders_file("mostly-bad", [*bad, *(order(f"new-{number}") for number in range(20))])


def unknown_currency() -> SeedFile:
    """Return a file with a currency that nobody has decided to trade in."""
    return orders_file("unknown-currency", [order("new-1"), order("new-2", currency="XQQ")])


def whole_history() -> SeedFile:
    """Return a file more than a hundred times as large as those before it."""
    return orders_file("whole-history", [order(f"new-{number}") for number in range(101)])


@pytest.mark.parametrize(
    ("bad_file", "gate"),
    [
        (mostly_bad, "orders__quarantine_rate"),
        (unknown_currency, "orders__currencies"),
        (whole_history, "orders__volume"),
    ],
)
def test_a_bad_file_stops_the_upsert_until_it_is_undone(
    published: Published, bad_file: Callable[[], SeedFile], gate: str
) -> None:
    warehouse, file, before = published.warehouse, bad_file(), published.state()
    warehouse.loader.land(file)

    stopped = warehouse.build("--select", "+orders")

    assert not stopped.success
    assert stopped.status(gate) == "fail"
    assert stopped.status("orders") == "skipped"
    assert published.state() == before
    assert files_named_by(warehouse, gate, stopped) == {file.source}
    recorded = "select status, severity from ops.gate_results where gate = '{}' order by executed_at desc limit 1"
    assert warehouse.transformer.rows(recorded.format(gate)) == [("fail", "error")]
    assert warehouse.transformer.value("select outcome from ops.runs order by ended_at desc limit 1") == "gate_failed"

    warehouse.loader.undo(file)
    assert warehouse.build_green("--select", "+orders").status("orders") == "success"
    assert published.state()[:2] == before[:2]
    assert warehouse.transformer.rows("select * from gate.quarantine_orders") == []


def test_a_gate_of_orders_stops_its_items_too_but_nothing_else(published: Published) -> None:
    warehouse, before = published.warehouse, published.state()
    file = orders_file("another-currency", [order("new-1", currency="XQQ")])
    warehouse.loader.land(file)

    run = warehouse.build()

    assert run.status("orders__currencies") == "fail"
    assert run.status("orders") == "skipped"
    assert run.status("order_items") == "skipped"
    assert run.status("stg_order_items") == "success"
    assert published.state() == before
    warehouse.loader.undo(file)


def test_few_bad_rows_are_quarantined_and_the_good_ones_flow(published: Published) -> None:
    warehouse = published.warehouse
    file = orders_file("some-bad", [order("bad-1", "unheard of"), order("new-1"), order("new-2")])
    warehouse.loader.land(file)

    run = warehouse.build_green("--select", "+orders")

    assert run.status("orders__quarantine_rate") == "pass"
    assert warehouse.transformer.value("select count(*) from modeled.orders where order_id like 'new-%'") == 2
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("bad-1",)]

    warehouse.loader.undo(file)
    warehouse.build_green("--select", "+orders")
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == []
    # the rows that had been modeled leave with a rebuild
    warehouse.build_green("--full-refresh", "--select", "+orders")
    assert warehouse.transformer.value("select count(*) from modeled.orders") == GOOD_FILES


def test_a_lost_row_fails_rows_conserved(published: Published) -> None:
    warehouse = published.warehouse
    file = orders_file("conserved", [order("new-1"), order("new-2")])
    warehouse.loader.land(file)
    warehouse.dbt("run", "--select", "int_orders__checked")
    assert gate_alone(warehouse, "orders__rows_conserved").success

    warehouse.transformer.run("delete from gate.int_orders__checked where order_id = 'new-1'")

    failed = gate_alone(warehouse, "orders__rows_conserved")
    assert failed.status("orders__rows_conserved") == "fail"
    assert files_named_by(warehouse, "orders__rows_conserved", failed) == {file.source}
    latest = "select command, outcome, gates, failed from ops.runs order by ended_at desc, started_at desc limit 1"
    assert warehouse.transformer.rows(latest) == [("test", "gate_failed", 1, 1)]
    warehouse.loader.undo(file)


def test_a_key_that_is_left_twice_fails_unique_key(published: Published) -> None:
    warehouse = published.warehouse
    file = orders_file("twice", [order("new-1"), order("new-1", "paid")])
    warehouse.loader.land(file)
    warehouse.dbt("run", "--select", "int_orders__checked")
    assert gate_alone(warehouse, "orders__unique_key").success

    warehouse.transformer.run(
        "drop view gate.int_orders__deduplicated",
        "create view gate.int_orders__deduplicated as select * from gate.int_orders__accepted with no schema binding",
    )

    failed = gate_alone(warehouse, "orders__unique_key")
    assert failed.status("orders__unique_key") == "fail"
    warehouse.loader.undo(file)


def test_an_accepted_item_without_its_order_fails_referential(published: Published) -> None:
    warehouse = published.warehouse
    file = items_file("orphan", [item("i-2", "o-2")])
    warehouse.loader.land(file)
    warehouse.dbt("run", "--select", "int_order_items__checked")
    assert gate_alone(warehouse, "order_items__referential").success

    warehouse.transformer.run("delete from modeled.orders where order_id = 'o-2'")

    failed = gate_alone(warehouse, "order_items__referential")
    assert failed.status("order_items__referential") == "fail"
    assert files_named_by(warehouse, "order_items__referential", failed) == {file.source}
    warehouse.loader.undo(file)
    warehouse.build_green("--full-refresh")


def test_a_landing_table_of_another_shape_fails_schema(published: Published) -> None:
    warehouse, before = published.warehouse, published.state()
    warehouse.loader.run("alter table landing.order_summary rename column item_count to items")

    stopped = warehouse.build("--select", "+orders")

    assert stopped.status("orders__schema") == "fail"
    assert stopped.status("orders") == "skipped"
    assert published.state() == before
    warehouse.loader.run("alter table landing.order_summary rename column items to item_count")
    warehouse.build_green("--select", "+orders")


def test_stale_data_warn_and_flow_on(published: Published) -> None:
    warehouse = published.warehouse
    assert gate_alone(warehouse, "orders__freshness").status("orders__freshness") == "pass"
    newest = warehouse.loader.value("select max(_loaded_at) from landing.order_summary")
    warehouse.loader.run("update landing.order_summary set _loaded_at = dateadd(day, -30, _loaded_at)")

    run = warehouse.build("--select", "+orders")

    assert run.success
    assert (run.status("orders__freshness"), run.status("orders")) == ("warn", "success")
    warehouse.loader.run(f"update landing.order_summary set _loaded_at = timestamp '{newest}'")


def test_an_ungated_run_says_so_and_can_be_refused(published: Published) -> None:
    warehouse, before = published.warehouse, published.state()

    warned = warehouse.dbt("run", "--select", "+orders")
    assert warned.success
    assert "upserted without 6 of its gates (orders__currencies, orders__quarantine_rate" in warned.messages

    refused = warehouse.dbt("run", "--select", "+orders", "--vars", "landfall_refuse_ungated: true", fresh_parse=True)
    assert refused.status("orders") == "error"
    assert published.state()[:2] == before[:2]


def gate_alone(warehouse: ModelWarehouse, gate: str) -> DbtRun:
    """Run one gate with `dbt test`."""
    return warehouse.dbt("test", "--select", gate)


def files_named_by(warehouse: ModelWarehouse, gate: str, run: DbtRun) -> set[str]:
    """Return the files in the rows that a gate's query returns."""
    return {
        file for (file,) in warehouse.transformer.rows(f"select _source_file from ({run.compiled[gate]}) as failing")
    }
