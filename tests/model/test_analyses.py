"""MODEL: every analysis is run, over the models on the local Redshift, over the files by DuckDB in place of Athena."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from local.home import ROOT
from scripts import claim_generator, claim_rows, order_generator, order_rows
from scripts.generator_files import Naming
from tests.support.claim_rows import claim, file_of, patient, provider
from tests.support.fx_rows import rate, rates_file
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import customer, customers_file, item, items_file, order, orders_file
from tests.support.warehouse_seed import NOON, Warehouse

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

FOLDER = ROOT / "dbt_project" / "analyses"
OVER_MODELS = sorted(path.stem for path in FOLDER.glob("*/*.sql") if path.parent.name != "raw")
OVER_FILES = sorted(path.stem for path in (FOLDER / "raw").glob("*.sql"))


def land_a_day(warehouse: ModelWarehouse) -> None:
    """Land and build a few rows of everything; an order is cancelled, one rejected, an item and a claim wait."""
    loader = warehouse.loader
    loader.land(customers_file("one", [customer("customer-1")]))
    loader.land(
        orders_file("one", [order("o-1"), order("o-2", status="cancelled"), order(None), order("o-3", currency="EUR")])
    )
    loader.land(items_file("one", [item("i-1", "o-1"), item("i-2", "o-2"), item("i-9", "o-9")]))
    loader.land(rates_file("one", [rate(NOON.date() - timedelta(days=1), "EUR", "1.1")]))
    loader.land(file_of("providers", "one", [provider("provider-1")]))
    loader.land(file_of("patients", "one", [patient("patient-1")]))
    loader.land(file_of("claims", "one", [claim("c-1"), claim("c-2", provider_id="provider-2")]))
    warehouse.run_green()


def test_every_analysis_over_the_models_answers(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    land_a_day(warehouse)
    compiled = warehouse.dbt("compile", "--select", "resource_type:analysis").compiled
    assert set(compiled) == {*OVER_MODELS, *OVER_FILES}
    answers: dict[str, list[tuple[Any, ...]]] = {
        name: warehouse.transformer.rows(compiled[name]) for name in OVER_MODELS
    }

    assert len(OVER_MODELS) >= 20
    assert {row[:2] for row in answers["quarantined_by_reason"]} == {("orders", "order_id_missing")}
    assert {row[0] for row in answers["rows_that_wait_for_a_parent"]} == {"order_items", "claims"}
    assert answers["cancellations_by_month"][0][1:3] == (3, 1)
    assert {row[0]: row[2] for row in answers["landed_by_day"]}["order_summary"] == 1
    assert {row[4] for row in answers["what_is_not_modeled_yet"]} == {0}
    assert answers["claims_paid_by_specialty"][0][:2] == ("cardiology", 1)
    assert [row[0] for row in answers["rates_and_their_change"]] == ["EUR", "USD"]


def test_what_nobody_reads_is_told_to_who_sees_all_statements(built_warehouse: ModelWarehouse) -> None:
    compiled = built_warehouse.dbt("compile", "--select", "tables_nobody_reads").compiled["tables_nobody_reads"]

    def unread(warehouse: Warehouse) -> dict[tuple[str, str], int]:
        rows = warehouse.rows(compiled)
        assert len({row[3:] for row in rows}) == 1
        return {(schema, table): users for schema, table, _, _, users in rows}

    before = unread(built_warehouse.admin)
    schema, table = max(before)
    built_warehouse.admin.rows(f"select count(*) from {schema}.{table}")  # noqa: S608 - our own names
    built_warehouse.transformer.rows("select count(*) from marts.fct_orders")
    after = unread(built_warehouse.admin)
    assert set(before) - set(after) == {(schema, table)}
    assert min(after.values()) > 1
    assert set(unread(built_warehouse.transformer).values()) == {1}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Files of producers, a folder a dataset, as they lie under raw/."""
    naming = Naming(tmp_path_factory.mktemp("raw"))
    written = order_generator.generate(order_rows.Plan(50), naming, "parquet")
    written += claim_generator.generate(claim_rows.Plan(30), naming, "parquet")
    return {each.dataset: each.path for each in written}


@pytest.mark.parametrize("name", OVER_FILES)
def test_every_analysis_over_the_files_answers(name: str, files: Mapping[str, Path]) -> None:
    database = duckdb.connect()
    for dataset, path in files.items():
        database.execute(f"create view {dataset} as select * from read_parquet('{path}')")  # noqa: S608 - our own names
    rows = database.execute((FOLDER / "raw" / f"{name}.sql").read_text(encoding="utf-8")).fetchall()
    columns = [column[0] for column in database.description or ()]
    assert len(columns) == len(set(columns)) > 1
    if name in {"raw_orders_by_day", "raw_missing_values", "raw_claims_by_status"}:
        assert rows


def test_every_analysis_is_described() -> None:
    for folder in FOLDER.iterdir():
        described = (folder / f"_{folder.name}__analyses.yml").read_text(encoding="utf-8")
        for path in folder.glob("*.sql"):
            assert f"- name: {path.stem}\n    description:" in described
