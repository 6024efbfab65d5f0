"""GATE: each gate lets good data pass and stops bad data before the UPSERT; nothing modeled changes then."""

# ruff: noqa: S608 - the tests' own SQL

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import pytest
from dbt.contracts.graph.nodes import GenericTestNode

from tests.support import parses
from tests.support.model_warehouse import NOTHING, DbtRun, ModelWarehouse, Moment
from tests.support.order_rows import item, items_file, order, orders_file
from tests.support.warehouse_seed import SeedFile

pytestmark = pytest.mark.xdist_group("gate")  # one warehouse, one after the other

GOOD_FILES = 10
BAD_FILES = 10  # so many stop a run of less than four times as many
ORDERS, ITEMS = ("--select", "+orders"), ("--select", "+order_items")
ERROR_GATES = (
    "orders__schema",
    "order_flattened__schema",
    "orders__quarantine_rate",
    "orders__currencies",
    "orders__volume",
    "orders__rows_conserved",
    "orders__unique_key",
    "order_items__referential",
)

Meddling = Callable[[ModelWarehouse], None]


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

    def stopped_by(self, gate: str, select: tuple[str, ...] = ORDERS, meddle: Meddling | None = None) -> DbtRun:
        """Build, meddle with the warehouse just before the gate looks, and assert that it stopped the UPSERT."""
        before = self.state()
        during = {Moment.before(gate): lambda: meddle(self.warehouse)} if meddle else NOTHING
        run = self.warehouse.build(*select, during=during)
        assert not run.success
        assert run.status(gate) == "fail"
        assert run.status(select[-1].removeprefix("+")) == "skipped"
        assert self.state() == before
        return run

    def recorded(self, gate: str) -> tuple[Any, ...]:
        """Return what the last run recorded of a gate, and of itself."""
        last = "select outcome, run_id from ops.runs order by ended_at desc, started_at desc limit 1"
        ((outcome, run_id),) = self.warehouse.transformer.rows(last)
        of_gate = (
            f"select status, severity, failures from ops.gate_results where gate = '{gate}' and run_id = '{run_id}'"
        )
        return (outcome, *self.warehouse.transformer.rows(of_gate))

    def counted(self) -> tuple[int, ...]:
        """Return how many new rows of orders the last run counted as accepted, quarantined and pending."""
        (last,) = self.warehouse.transformer.rows(
            "select accepted, quarantined, pending from ops.checked_rows where entity = 'orders' and run_id = "
            "(select run_id from ops.runs order by ended_at desc, started_at desc limit 1)"
        )
        return tuple(last)

    def take_out(self, *files: SeedFile) -> None:
        """Undo files that were modeled, and build without them."""
        for file in files:
            self.warehouse.loader.undo(file)
        self.warehouse.run_green("--full-refresh", "--select", "int_orders__checked", "orders")


@pytest.fixture(scope="module")
def published(worker_warehouse: ModelWarehouse) -> Published:
    """Good orders and items, landed and modeled."""
    worker_warehouse.reset()
    for number in range(GOOD_FILES):
        worker_warehouse.loader.land(orders_file(f"good-{number}", [order(f"o-{number}")]))
    worker_warehouse.loader.land(items_file("good", [item("i-1", "o-1")]))
    return Published(worker_warehouse, worker_warehouse.build_green(*ITEMS))


def test_every_gate_lets_good_data_pass(published: Published) -> None:
    assert {gate: published.run.status(gate) for gate in ERROR_GATES} == dict.fromkeys(ERROR_GATES, "pass")
    assert len(published.state()[0]) == GOOD_FILES


@pytest.mark.parametrize("column", ["checked_rows.counted_at", "gate_results.executed_at", "runs.ended_at"])
def test_what_runs_recorded_within_one_second_can_be_put_in_order(published: Published, column: str) -> None:
    """The last word of a gate is the newest one, and so is a run's count: whole seconds would leave it to their ids."""
    table, name = column.split(".")
    times = published.warehouse.transformer.rows(f"select {name} from ops.{table}")
    assert times
    assert any(at.microsecond for (at,) in times)


def test_too_many_quarantined_rows_in_a_file_stop_the_upsert_until_it_is_undone(published: Published) -> None:
    warehouse, before = published.warehouse, published.state()
    bad = [order(f"bad-{number}", "unheard of") for number in range(10)]
    file = orders_file("mostly-bad", [*bad, *(order(f"new-{number}") for number in range(20))])
    warehouse.loader.land(file)

    run = published.stopped_by("orders__quarantine_rate")

    assert published.recorded("orders__quarantine_rate") == ("gate_failed", ("fail", "error", 10))
    shown = found_by(warehouse, "orders__quarantine_rate", run)
    assert {(row["_source_file"], row["reject_reason"]) for row in shown} == {(file.source, "order_status_unknown")}
    assert {row["order_id"] for row in shown} == {f"bad-{number}" for number in range(10)}

    warehouse.loader.undo(file)
    assert warehouse.build_green(*ORDERS).status("orders") == "success"
    assert published.state()[:2] == before[:2]
    assert warehouse.transformer.rows("select * from gate.quarantine_orders") == []


def test_a_currency_nobody_decided_on_stops_orders_and_their_items_and_nothing_else(published: Published) -> None:
    warehouse = published.warehouse
    file = orders_file("unknown-currency", [order("new-1"), order("new-2", currency="XQQ")])
    warehouse.loader.land(file)

    run = published.stopped_by("orders__currencies", ITEMS)

    assert run.status("orders") == "skipped"
    assert run.status("stg_order_items") == "success"
    shown = found_by(warehouse, "orders__currencies", run)
    assert [(row["order_id"], row["currency"], row["_source_file"]) for row in shown] == [("new-2", "XQQ", file.source)]
    warehouse.loader.undo(file)


def test_a_file_far_larger_than_those_before_it_stops_the_upsert(published: Published) -> None:
    file = orders_file("whole-history", [order(f"new-{number}") for number in range(101)])
    published.warehouse.loader.land(file)

    run = published.stopped_by("orders__volume")

    (shown,) = found_by(published.warehouse, "orders__volume", run)
    assert (shown["_source_file"], shown["row_count"], shown["average_rows"]) == (file.source, 101, 1)
    published.warehouse.loader.undo(file)


def test_volume_judges_the_entity_that_is_named_and_says_where_there_is_none(published: Published) -> None:
    warehouse = published.warehouse
    assert warehouse.manifest is not None
    edited = replace(warehouse, manifest=parses.read(parses.written(warehouse.manifest)))
    assert edited.manifest is not None
    nodes = edited.manifest.nodes
    nodes["model.landfall.int_orders__checked"].config.meta = {}
    edited.manifest.build_flat_graph()
    [gate] = [each for each in nodes.values() if isinstance(each, GenericTestNode) and each.name == "orders__volume"]
    needs = "orders__volume, a gate of int_orders__checked, needs an entity of the project: "

    for named, says in (({}, "its model has none in config.meta"), ({"entity": "unknown"}, "there is no unknown")):
        gate.test_metadata.kwargs.update(named)
        refused = edited.dbt("test", "--select", "orders__volume")
        assert refused.status("orders__volume") == "error"
        assert needs + says in refused.messages

    gate.test_metadata.kwargs["entity"] = "orders"
    assert edited.dbt("test", "--select", "orders__volume").status("orders__volume") == "pass"


def test_a_lost_row_stops_the_upsert(published: Published) -> None:
    def lose_a_row(warehouse: ModelWarehouse) -> None:
        warehouse.transformer.run("delete from gate.int_orders__checked where order_id = 'new-1'")

    file = orders_file("conserved", [order("new-1"), order("new-2")])
    published.warehouse.loader.land(file)

    run = published.stopped_by("orders__rows_conserved", meddle=lose_a_row)

    (shown,) = found_by(published.warehouse, "orders__rows_conserved", run)
    assert (shown["_source_file"], shown["landed_rows"], shown["new_rows"]) == (file.source, 2, 1)
    published.warehouse.loader.undo(file)


def test_a_file_of_which_no_row_was_checked_is_named(published: Published) -> None:
    def lose_the_file(warehouse: ModelWarehouse) -> None:
        warehouse.transformer.run("delete from gate.int_orders__checked where order_id in ('new-1', 'new-2')")

    file = orders_file("lost", [order("new-1"), order("new-2")])
    published.warehouse.loader.land(file)

    run = published.stopped_by("orders__rows_conserved", meddle=lose_the_file)

    (shown,) = found_by(published.warehouse, "orders__rows_conserved", run)
    assert (shown["_source_file"], shown["landed_rows"], shown["new_rows"]) == (file.source, 2, 0)
    published.warehouse.loader.undo(file)


def test_an_accepted_row_that_loses_its_key_stops_the_upsert(published: Published) -> None:
    def lose_the_keys(warehouse: ModelWarehouse) -> None:
        warehouse.transformer.run("update gate.int_orders__checked set order_id = null where order_id like 'new-%'")

    file = orders_file("keyless", [order("new-1"), order("new-2")])
    published.warehouse.loader.land(file)

    run = published.stopped_by("orders__unique_key", meddle=lose_the_keys)

    shown = found_by(published.warehouse, "orders__unique_key", run)
    assert [(row["order_id"], row["copies"], row["_source_file"]) for row in shown] == [(None, 1, file.source)] * 2
    published.warehouse.loader.undo(file)


def test_a_key_that_is_left_twice_stops_the_upsert(published: Published) -> None:
    def keep_every_version(warehouse: ModelWarehouse) -> None:
        warehouse.transformer.run("update gate.int_orders__checked set _version_rank = 1 where order_id = 'new-1'")

    file = orders_file("twice", [order("new-1"), order("new-1", "paid")])
    published.warehouse.loader.land(file)

    run = published.stopped_by("orders__unique_key", meddle=keep_every_version)

    shown = found_by(published.warehouse, "orders__unique_key", run)
    assert [(row["order_id"], row["copies"], row["_source_file"]) for row in shown] == [("new-1", 2, file.source)] * 2
    published.warehouse.loader.undo(file)


def test_an_accepted_item_without_its_order_stops_the_upsert(published: Published) -> None:
    def lose_the_order(warehouse: ModelWarehouse) -> None:
        warehouse.transformer.run("update modeled.orders set order_id = 'moved' where order_id = 'o-2'")

    def bring_it_back() -> None:
        published.warehouse.transformer.run("update modeled.orders set order_id = 'o-2' where order_id = 'moved'")

    file = items_file("orphan", [item("i-2", "o-2")])
    published.warehouse.loader.land(file)
    during = {Moment.before("order_items__referential"): lambda: lose_the_order(published.warehouse)}

    run = published.warehouse.build(*ITEMS, during=during)

    assert (run.status("order_items__referential"), run.status("order_items")) == ("fail", "skipped")
    (shown,) = found_by(published.warehouse, "order_items__referential", run)
    assert (shown["order_item_id"], shown["order_id"], shown["_source_file"]) == ("i-2", "o-2", file.source)
    bring_it_back()
    published.warehouse.loader.undo(file)


def test_a_landing_table_of_another_shape_stops_the_upsert(published: Published) -> None:
    loader = published.warehouse.loader
    loader.run("alter table landing.order_summary rename column item_count to items")

    run = published.stopped_by("orders__schema")

    (shown,) = found_by(published.warehouse, "orders__schema", run)
    assert shown == {"column_name": "item_count", "declared_type": "integer", "found_type": "no such column"}
    loader.run("alter table landing.order_summary rename column items to item_count")


def test_few_bad_rows_are_quarantined_and_the_good_ones_flow(published: Published) -> None:
    warehouse = published.warehouse
    file = orders_file("some-bad", [order("bad-1", "unheard of"), order("new-1"), order("new-2")])
    warehouse.loader.land(file)

    run = warehouse.build_green(*ORDERS)

    assert run.status("orders__quarantine_rate") == "pass"
    assert warehouse.transformer.value("select count(*) from modeled.orders where order_id like 'new-%'") == 2
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("bad-1",)]

    # the rows that had been modeled leave with a rebuild
    warehouse.loader.undo(file)
    warehouse.run_green("--full-refresh", "--select", "int_orders__checked", "orders")
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == []
    assert warehouse.transformer.value("select count(*) from modeled.orders") == GOOD_FILES


def test_a_file_whose_only_row_is_bad_warns_once_names_itself_and_holds_nothing_back(published: Published) -> None:
    warehouse = published.warehouse
    bad, good = orders_file("all-bad", [order("bad-1", "unheard of")]), orders_file("good", [order("new-1")])
    warehouse.loader.land(bad)
    warehouse.loader.land(good)

    run = warehouse.build_green(*ORDERS)

    assert (run.status("orders__quarantine_rate"), run.status("orders")) == ("warn", "success")
    assert published.recorded("orders__quarantine_rate") == ("succeeded", ("warn", "error", 1))
    (shown,) = found_by(warehouse, "orders__quarantine_rate", run)
    assert (shown["_source_file"], shown["reject_reason"]) == (bad.source, "order_status_unknown")
    assert (shown["bad_files_in_run"], shown["files_in_run"]) == (1, 2)
    assert warehouse.transformer.value("select count(*) from modeled.orders where order_id = 'new-1'") == 1
    assert published.counted() == (1, 1, 0)

    assert warehouse.build_green(*ORDERS).status("orders__quarantine_rate") == "pass"  # it is not news any more
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("bad-1",)]
    published.take_out(bad, good)


def test_too_many_files_of_bad_rows_alone_stop_the_upsert_until_they_are_undone(published: Published) -> None:
    warehouse, before = published.warehouse, published.state()
    bad = [orders_file(f"bad-{number}", [order(f"bad-{number}", "unheard of")]) for number in range(BAD_FILES)]
    good = [orders_file(f"beside-{number}", [order(f"new-{number}")]) for number in range(2 * BAD_FILES)]
    for file in (*bad, *good):
        warehouse.loader.land(file)

    run = published.stopped_by("orders__quarantine_rate")

    shown = found_by(warehouse, "orders__quarantine_rate", run)
    assert {row["_source_file"] for row in shown} == {file.source for file in bad}
    assert {(row["bad_files_in_run"], row["files_in_run"]) for row in shown} == {(BAD_FILES, 3 * BAD_FILES)}
    assert published.counted() == (2 * BAD_FILES, BAD_FILES, 0)

    warehouse.loader.undo(bad[0])  # one fewer than stop it: the others warn
    run = warehouse.build_green(*ORDERS)
    assert (run.status("orders__quarantine_rate"), run.status("orders")) == ("warn", "success")
    assert len(published.state()[0]) == len(before[0]) + 2 * BAD_FILES
    published.take_out(*bad[1:], *good)


def test_many_small_files_of_mostly_bad_rows_stop_the_upsert_and_one_fewer_only_warns(published: Published) -> None:
    warehouse = published.warehouse
    mostly_bad = [
        orders_file(
            f"mostly-bad-{number}",
            [*(order(f"bad-{number}-{row}", "unheard of") for row in range(8)), order(f"new-{number}")],
        )
        for number in range(BAD_FILES)
    ]
    for file in mostly_bad:
        warehouse.loader.land(file)

    run = published.stopped_by("orders__quarantine_rate")

    shown = found_by(warehouse, "orders__quarantine_rate", run)
    assert {row["_source_file"] for row in shown} == {file.source for file in mostly_bad}
    assert {row["row_status"] for row in shown} == {"quarantined"}

    warehouse.loader.undo(mostly_bad[0])
    run = warehouse.build_green(*ORDERS)
    assert (run.status("orders__quarantine_rate"), run.status("orders")) == ("warn", "success")
    assert published.counted() == (BAD_FILES - 1, 8 * (BAD_FILES - 1), 0)
    published.take_out(*mostly_bad[1:])


def test_as_many_files_of_bad_rows_among_many_good_ones_only_warn(published: Published) -> None:
    bad = [orders_file(f"some-bad-{number}", [order(f"bad-{number}", "unheard of")]) for number in range(BAD_FILES)]
    good = [orders_file(f"many-good-{number}", [order(f"new-{number}")]) for number in range(3 * BAD_FILES)]
    for file in (*bad, *good):
        published.warehouse.loader.land(file)

    assert published.warehouse.build_green(*ORDERS).status("orders__quarantine_rate") == "warn"

    published.take_out(*bad, *good)


def test_a_row_that_waits_for_another_one_warns_after_a_week_and_stops_nothing(published: Published) -> None:
    warehouse, gate = published.warehouse, "order_items__no_long_waits"
    assert published.run.status(gate) == "pass"
    young, old = items_file("young", [item("i-young", "o-none")]), items_file("old", [item("i-old", "o-none")])
    warehouse.loader.land(young)
    assert warehouse.build_green(*ITEMS).status(gate) == "pass"
    warehouse.loader.land(old)
    warehouse.loader.run(
        f"update landing.order_items set _loaded_at = dateadd(day, -8, _loaded_at) where _source_file = '{old.source}'"
    )

    run = warehouse.build(*ITEMS)

    assert run.success
    assert (run.status(gate), run.status("order_items")) == ("warn", "success")
    assert {row["order_item_id"] for row in found_by(warehouse, gate, run)} == {"i-old"}
    for file in (young, old):
        warehouse.loader.undo(file)
    assert warehouse.build_green(*ITEMS).status(gate) == "pass"


def test_a_small_file_of_bad_rows_is_not_named_for_the_larger_one_that_stops_the_upsert(published: Published) -> None:
    small = orders_file("small", [order("bad-0", "unheard of")])
    large = orders_file("large", [order(f"bad-{number}", "unheard of") for number in range(10)])
    published.warehouse.loader.land(small)
    published.warehouse.loader.land(large)

    run = published.stopped_by("orders__quarantine_rate")

    shown = found_by(published.warehouse, "orders__quarantine_rate", run)
    assert {row["_source_file"] for row in shown} == {large.source}
    published.take_out(small, large)


def test_stale_data_warn_and_flow_on(published: Published) -> None:
    warehouse = published.warehouse
    select = ("--select", "stg_orders", "int_orders__checked", "orders")
    newest = warehouse.loader.value("select max(_loaded_at) from landing.order_summary")
    assert published.run.status("orders__freshness") == "pass"
    warehouse.loader.run("update landing.order_summary set _loaded_at = dateadd(day, -30, _loaded_at)")

    run = warehouse.build(*select)

    assert run.success
    assert (run.status("orders__freshness"), run.status("orders")) == ("warn", "success")
    warehouse.loader.run(f"update landing.order_summary set _loaded_at = timestamp '{newest}'")


def test_an_ungated_run_says_so_and_can_be_refused(published: Published) -> None:
    warehouse, before = published.warehouse, published.state()
    select = ("--select", "int_orders__checked", "orders")

    warned = warehouse.dbt("run", *select)
    assert warned.success
    assert "upserted without 7 of its gates (order_flattened__schema, orders__currencies" in warned.messages

    refused = warehouse.dbt("run", *select, "--vars", "landfall_refuse_ungated: true")
    assert refused.status("orders") == "error"
    assert published.state()[:2] == before[:2]


def found_by(warehouse: ModelWarehouse, gate: str, run: DbtRun) -> list[dict[str, Any]]:
    """Return the rows that a gate's query returns."""
    with warehouse.transformer.connection.cursor() as cursor:
        cursor.execute(run.compiled[gate])
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize(
    ("value", "in_sql"),
    [
        (r"'a\\b'", "'a' || chr(92) || 'b'"),
        (r"'\\'", "chr(92)"),
        (r"'it\'s'", "'it''s'"),
        ("'x' * 300", "repeat('x', 300)"),
        ("1", "'1'"),
    ],
)
def test_a_known_value_is_compared_as_it_is(warehouse: ModelWarehouse, value: str, in_sql: str) -> None:
    """A backslash that became a slash, or a text that was cut, would be a value that no row has."""
    query = f"select count(*) from (select {in_sql} as word) as found where word in ({{{{ sql_value({value}) }}}})"
    [sql] = warehouse.dbt("compile", "--inline", query).compiled.values()
    assert warehouse.transformer.value(sql) == 1


def test_reasons_are_those_whose_conditions_hold_whatever_the_others_say(warehouse: ModelWarehouse) -> None:
    """True, false and NULL in every mixture, behind reasons that are known already and behind none."""
    rules = {"one": "a", "two": "b or c", "three": "not c"}
    macros = f"{{{{ join_reasons({rules}) }}}} as alone, {{{{ join_reasons({rules}, first='known') }}}} as behind"
    truths = (True, False, None)
    cases = list(product(("", "zero", "zero, more"), truths, truths, truths))
    words = {True: "true", False: "false", None: "null"}
    rows = " union all ".join(
        f"select {number} as n, cast('{known}' as varchar(99)) as known, cast({words[a]} as boolean) as a,"
        f" cast({words[b]} as boolean) as b, cast({words[c]} as boolean) as c"
        for number, (known, a, b, c) in enumerate(cases)
    )
    [sql] = warehouse.dbt("compile", "--inline", f"select {macros} from ({rows}) as cases order by n").compiled.values()

    def hold(a: bool | None, b: bool | None, c: bool | None) -> list[str]:
        return [reason for reason, holds in (("one", a), ("two", b or c), ("three", c is False)) if holds]

    expected = [
        (", ".join(hold(a, b, c)), ", ".join(([known] if known else []) + hold(a, b, c))) for known, a, b, c in cases
    ]
    assert warehouse.transformer.rows(sql) == expected
