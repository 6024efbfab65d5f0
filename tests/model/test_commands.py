"""MODEL: the other commands that dbt's users type work too, and write outside the source tree."""

# ruff: noqa: S608 - the tests' own SQL

import json
from dataclasses import replace
from pathlib import Path

import pytest

from landfall.deploy.bootstrap import missing_column_statements
from tests.support import parses
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import order, orders_file

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other


def test_docs_tell_the_lineage_from_dataset_to_exposure(built_warehouse: ModelWarehouse) -> None:
    assert built_warehouse.dbt("docs", "generate", write_json=True, by_hand=True).success
    target = Path(built_warehouse.environment["DBT_TARGET_PATH"])
    assert (target / "index.html").exists()
    catalog = (target / "catalog.json").read_text(encoding="utf-8")
    assert '"model.landfall.orders"' in catalog
    assert '"source.landfall.landing.order_summary"' in catalog


def test_compile_shows_what_a_run_would_look_at_and_runs_nothing(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green("--select", "int_orders__checked", "orders")
    warehouse.loader.land(orders_file("two", [order("o-2")]))
    runs = warehouse.transformer.value("select count(*) from ops.runs")

    run = warehouse.dbt("compile", "--select", "int_orders__checked", by_hand=True)

    assert "_load_seq > 1\n        and _load_seq <= 2" in run.compiled["int_orders__checked"]
    assert warehouse.transformer.value("select count(*) from ops.runs") == runs


def test_a_run_records_how_long_its_stages_took_and_a_stock_adapter_no_statements(
    built_warehouse: ModelWarehouse,
) -> None:
    built_warehouse.loader.land(orders_file("one", [order("o-1")]))
    assert built_warehouse.dbt("run", "--select", "int_orders__checked", "orders", by_hand=True).success
    ((statements, phases),) = built_warehouse.transformer.rows("select statements, phases from ops.runs")
    assert statements is None
    seconds = json.loads(phases)
    assert set(seconds) == {"gate", "modeled"}
    assert all(value > 0 for value in seconds.values())


def test_a_run_before_the_deployment_has_come_to_the_warehouse_is_recorded_without_them(
    built_warehouse: ModelWarehouse,
) -> None:
    loader = built_warehouse.loader
    loader.run("alter table ops.runs drop column statements", "alter table ops.runs drop column phases")
    try:
        loader.land(orders_file("one", [order("o-1")]))
        built_warehouse.run_green("--select", "int_orders__checked", "orders")
        assert built_warehouse.transformer.rows("select outcome, models from ops.runs") == [("succeeded", 2)]
    finally:
        columns = loader.rows("select table_name, column_name from svv_columns where table_schema = 'ops'")
        loader.run(*missing_column_statements({(name, column) for name, column in columns}))


def test_what_is_cloned_into_its_own_place_is_refused_and_keeps_its_rows(
    built_warehouse: ModelWarehouse, tmp_path: Path
) -> None:
    warehouse = built_warehouse
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green("--select", "int_orders__checked", "orders")
    assert warehouse.manifest is not None
    warehouse.manifest.write(str(tmp_path / "manifest.json"))
    whole = parses.read(parses.written(warehouse.manifest))  # a clone notes in the manifest what it reads

    names = ("stg_orders", "int_orders__checked", "orders")
    cloning = replace(warehouse, manifest=whole)
    run = cloning.dbt("clone", "--full-refresh", "--state", str(tmp_path), "--select", *names, by_hand=True)

    assert {run.status(name) for name in names} == {"error"}
    assert "Clone into schemas of your own" in run.messages
    for relation in ("staging.stg_orders", "gate.int_orders__checked", "modeled.orders"):
        assert warehouse.transformer.rows(f"select order_id from {relation}") == [("o-1",)]


def test_freshness_of_sources_passes_when_data_are_fresh_and_warns_when_there_are_none(
    built_warehouse: ModelWarehouse,
) -> None:
    warehouse = built_warehouse
    warehouse.loader.land(orders_file("one", [order("o-1")]))

    run = warehouse.dbt("source", "freshness", by_hand=True)

    assert run.success, run.messages
    assert warehouse.transformer.value("select count(*) from ops.runs") == 0
    assert run.status("order_summary") == "pass"
    assert run.status("order_items") == "warn"


def test_the_sql_keeps_the_house_style(built_warehouse: ModelWarehouse) -> None:
    built_warehouse.lint("dbt_project")
