"""MODEL: what stands as it was built is left alone; what somebody changed, dropped or retyped is built again."""

# ruff: noqa: S608 - the tests' own SQL

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from local.home import ROOT
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import order, orders_file
from tests.support.warehouse_seed import NOON
from transform_lambda.build import Builder
from transform_lambda.catalog import BuiltRelations, Relation, recorded, standing
from transform_lambda.graph import Graph, Node

SELECTED = ["source:landing.order_summary+"]
PLAN = {
    "select": SELECTED,
    "datasets": ["order_summary"],
    "beside": [],
    "whole_project": False,
    "full_refresh": False,
}
# A deployment's first run builds what all datasets share too; without it no table stands that is made from that.
FIRST = {**PLAN, "select": [*SELECTED, "path:dbt_project/models/staging"], "whole_project": True}
VIEW, STAGED = "gate.quarantine_orders", "staging.stg_orders"


@pytest.fixture
def ready(built_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelWarehouse]:
    """A warehouse in which everything has been built over nothing, and the environment of the function."""
    for name, value in built_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    yield built_warehouse
    # The next test begins with what dbt made, whatever was done here.
    built_warehouse.run_green("--full-refresh", "--select", *SELECTED)


class Runs:
    """Runs of the function's build, one after the other, each of one more order."""

    def __init__(self, warehouse: ModelWarehouse, built: BuiltRelations) -> None:
        self._warehouse = warehouse
        self._builder = Builder(ROOT, Logger(service="test"), built)
        self._count = 0

    def next(self, **changes: Any) -> dict[str, Any]:
        """Land an order and build; return the result."""
        self._count += 1
        name = f"o-{self._count}"
        self._warehouse.loader.land(orders_file(name, [order(name, **changes)]))
        return self._builder.build(PLAN)

    def as_deployed(self) -> None:
        """Build as the first run after a deployment does."""
        assert self._builder.build(FIRST)["outcome"] == "succeeded"

    def stand(self) -> frozenset[str]:
        """Return the ids of the nodes that the next run would find to stand."""
        return self._builder._standing(PLAN).ids

    def statuses(self) -> dict[str, str]:
        """Land an order, build it, and return how each model ended."""
        result = self.next()
        assert (result["outcome"], result["errors"]) == ("succeeded", [])
        modeled = self._warehouse.transformer.value("select count(*) from modeled.orders")
        assert modeled == self._count
        return {model["name"]: model["status"] for model in result["models"]}


@pytest.fixture
def runs(ready: ModelWarehouse, built_relations: BuiltRelations) -> Runs:
    """Runs, the first of which has been made: it has recorded what it built."""
    runs = Runs(ready, built_relations)
    assert runs.statuses()["quarantine_orders"] == "success"
    return runs


def oid(warehouse: ModelWarehouse, relation: str) -> int:
    """Return what identifies a relation."""
    return int(warehouse.admin.value(f"select cast('{relation}'::regclass as bigint)"))


def test_a_view_that_stands_is_left_alone_with_its_grants_and_its_comment(ready: ModelWarehouse, runs: Runs) -> None:
    before = oid(ready, VIEW)
    ready.admin.run(f"grant select on {VIEW} to landfall_reader", f"comment on view {VIEW} is 'asked for by finance'")
    statuses = runs.statuses()
    assert {name for name, status in statuses.items() if status == "unchanged"} >= {"quarantine_orders", "stg_orders"}
    assert statuses["orders"] == statuses["int_orders__checked"] == "success"
    assert oid(ready, VIEW) == before
    assert ready.admin.value(f"select obj_description('{VIEW}'::regclass)") == "asked for by finance"
    assert ready.admin.value(f"select has_table_privilege('landfall_reader', '{VIEW}', 'select')")


def test_the_rows_of_a_view_that_is_left_alone_are_counted_and_its_gates_run(ready: ModelWarehouse, runs: Runs) -> None:
    result = runs.next(order_status="lost")
    counted = {model["name"]: (model["status"], model["rows_affected"]) for model in result["models"]}
    assert counted["quarantine_orders"] == ("unchanged", 1)
    assert {"orders__freshness", "orders__rows_conserved"} <= {gate["name"] for gate in result["gates"]}


def test_views_that_an_earlier_release_left_behind_hinder_no_run(ready: ModelWarehouse, runs: Runs) -> None:
    ready.transformer.run(
        "create table gate.gone (id integer)",
        "create view gate.left_behind as select * from gate.gone with no schema binding",
        "create view gate.left_over as select * from gate.left_behind with no schema binding",
        "drop table gate.gone",
        "create table gate.gone (name varchar(8), id integer)",
    )
    assert runs.statuses()["quarantine_orders"] == "unchanged"
    ready.transformer.run(*(f"drop view gate.{name}" for name in ("left_over", "left_behind")), "drop table gate.gone")


def test_a_view_that_somebody_changed_is_mended_by_the_next_run(ready: ModelWarehouse, runs: Runs) -> None:
    ready.transformer.run(
        f"create or replace view {VIEW} as select * from gate.int_orders__checked where 1 = 0 with no schema binding"
    )
    assert runs.statuses()["quarantine_orders"] == "success"
    result = runs.next(order_status="lost")
    assert {model["name"]: model["rows_affected"] for model in result["models"]}["quarantine_orders"] == 1


def test_a_view_that_is_gone_is_made_and_so_is_what_stands_on_it(ready: ModelWarehouse, runs: Runs) -> None:
    ready.transformer.run(f"drop view {STAGED}")
    statuses = runs.statuses()
    assert statuses["stg_orders"] == "success"
    assert runs.statuses()["stg_orders"] == "unchanged"


def test_a_view_on_a_table_that_was_made_anew_or_retyped_is_made_anew(ready: ModelWarehouse, runs: Runs) -> None:
    ready.transformer.run("drop table gate.int_orders__checked")
    assert runs.next()["outcome"] == "succeeded"
    before = oid(ready, STAGED)
    ready.loader.run("alter table landing.order_summary add column note varchar(16)")
    try:
        statuses = {model["name"]: model["status"] for model in runs.next()["models"]}
        assert statuses["stg_orders"] == "success"
        assert oid(ready, STAGED) != before
    finally:
        ready.loader.run("alter table landing.order_summary drop column note")


def test_a_column_that_somebody_dropped_from_a_modeled_table_comes_back(ready: ModelWarehouse, runs: Runs) -> None:
    ready.transformer.run("alter table modeled.orders drop column shipping_country")
    result = runs.next()
    assert (result["outcome"], result["errors"]) == ("succeeded", [])
    countries = dict(ready.transformer.rows("select order_id, shipping_country from modeled.orders"))
    assert countries["o-2"] == "DE"


def test_a_column_of_somebody_s_own_keeps_its_values_run_after_run(ready: ModelWarehouse, runs: Runs) -> None:
    """The second run after it came knows the table with the column, which its own rows do not have."""
    runs.as_deployed()
    ready.transformer.run(
        "alter table modeled.orders add column remark varchar(16)", "update modeled.orders set remark = 'ours'"
    )
    try:
        for _ in range(3):
            assert runs.statuses()["orders"] == "success"
            assert "model.landfall.orders" in runs.stand()
        paid = order("o-1", "paid", at=NOON + timedelta(hours=1))
        ready.loader.land(orders_file("again", [paid]))
        assert runs.statuses()["orders"] == "success"
        found = ready.transformer.rows("select order_id, order_status, remark from modeled.orders order by 1")
        assert found[0] == ("o-1", "paid", "ours")
        assert {remark for _, _, remark in found[1:]} == {None}
    finally:
        ready.transformer.run("alter table modeled.orders drop column remark")


def test_nothing_stands_for_another_version_of_the_project_or_without_a_record(
    ready: ModelWarehouse, runs: Runs, built_relations: BuiltRelations
) -> None:
    assert built_relations.read()
    other = BuiltRelations(built_relations._s3, built_relations._place["Bucket"], "f2")
    assert other.read() == {}
    statuses = {
        model["name"]: model["status"] for model in Builder(ROOT, Logger(service="t"), other).build(PLAN)["models"]
    }
    assert "unchanged" not in statuses.values()
    whole = {**PLAN, "whole_project": True}
    result = Builder(ROOT, Logger(service="test"), other).build(whole)
    assert "unchanged" not in {model["status"] for model in result["models"]}


TABLE, OTHER = Relation(1, "", (("a", "integer"),)), Relation(1, "", (("a", "bigint"),))
GRAPH = Graph(
    {
        "s": Node("s", "source", relation="landing.s"),
        "v1": Node("v1", "model", parents=frozenset({"s"}), relation="staging.v1"),
        "v2": Node("v2", "model", parents=frozenset({"v1"}), relation="staging.v2"),
        "t": Node("t", "model", parents=frozenset({"v2"}), relation="modeled.t"),
    }
)
CATALOG = {
    "landing.s": TABLE,
    "staging.v1": Relation(2, "d1"),
    "staging.v2": Relation(3, "d2"),
    "modeled.t": Relation(4, "", (("a", "integer"),)),
}
RECORD = recorded(GRAPH, {}, CATALOG, ["v1", "v2", "t"])


@pytest.mark.parametrize(
    ("name", "relation", "stands"),
    [
        ("landing.s", TABLE, {"v1", "v2", "t"}),
        ("landing.s", OTHER, set()),  # retyped: nor do the views on it, and on those
        ("landing.s", Relation(9, "", TABLE.columns), set()),  # made anew
        ("staging.v1", Relation(2, "by hand"), set()),
        ("staging.v2", Relation(9, "d2"), {"v1"}),
        ("modeled.t", Relation(9, "", TABLE.columns), {"v1", "v2", "t"}),  # swapped, with the same columns
        ("modeled.t", Relation(4, "", OTHER.columns), {"v1", "v2"}),
    ],
)
def test_what_stands_is_what_is_as_it_was_with_all_that_it_stands_on(
    name: str, relation: Relation, stands: set[str]
) -> None:
    assert standing(GRAPH, RECORD, CATALOG | {name: relation}) == stands


def test_what_is_not_there_or_was_never_recorded_does_not_stand() -> None:
    assert standing(GRAPH, RECORD, {name: found for name, found in CATALOG.items() if name != "staging.v1"}) == set()
    assert standing(GRAPH, recorded(GRAPH, {}, CATALOG, ["v2", "t"]), CATALOG) == set()
