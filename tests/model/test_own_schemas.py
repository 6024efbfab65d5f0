"""MODEL: whoever builds into schemas of his own leaves production's tables, results and plans as they are."""

# ruff: noqa: S608 - the tests' own SQL

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local.home import ROOT
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import customer, customers_file, order, orders_file
from tests.support.warehouse_seed import NOON
from transform_lambda.facts_sql import facts_sql
from transform_lambda.page.asking import Project, common_tables, relations
from transform_lambda.page.questions import DAYS, questions

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

DEVELOPER = "dbt_developer"
MINE = "dbt_cloud_pr_1_2"
ORDERS = ("--select", "int_orders__checked", "quarantine_orders", "orders")
# All of it that needs no dataset but orders'.
WITH_STAGING = (*ORDERS, "stg_landed_files", "stg_model_loads", "stg_orders")


def documented_statements() -> list[str]:
    """Read what the page has the administrator run."""
    page = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```sql\n(create user dbt_developer .*?)```", page, re.DOTALL)
    return [statement.strip() for statement in block.split(";") if statement.strip()]


@pytest.fixture
def mine(built_warehouse: ModelWarehouse, tmp_path: Path) -> Iterator[ModelWarehouse]:
    """dbt as a developer whose target has a schema of its own."""
    password = f"Aa1{secrets.token_hex(12)}"
    admin = built_warehouse.admin
    made = documented_statements()
    admin.run(*made, f"alter user {DEVELOPER} password '{password}'")
    profiles = (ROOT / "profiles.yml").read_text(encoding="utf-8")
    own, changed = re.subn(r"(?m)^(\s+schema:) .*$", rf"\1 {MINE}", profiles)
    assert changed == 1
    (tmp_path / "profiles.yml").write_text(own, encoding="utf-8")
    said = {
        "DBT_PROFILES_DIR": str(tmp_path),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
        "LANDFALL_REDSHIFT_USER": DEVELOPER,
        "DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD": password,
    }
    developer = replace(built_warehouse, environment={**built_warehouse.environment, **said}, manifest=None)
    yield developer
    for (schema,) in admin.rows(f"select nspname from pg_namespace where nspname like '{MINE}%'"):
        admin.run(f"drop schema {schema} cascade")
    for (table,) in admin.rows(f"select tablename from pg_tables where tableowner = '{DEVELOPER}'"):
        admin.run(f"drop table lock.{table}")
    admin.run(*(_revoked(each) for each in made if "grant " in each), f"drop user {DEVELOPER}")


def _revoked(granted: str) -> str:
    return granted.replace("grant ", "revoke ").replace(f" to {DEVELOPER}", f" from {DEVELOPER}")


def standing(warehouse: ModelWarehouse) -> dict[str, Any]:
    """Read what production's plan goes by, and its tables."""
    readers = {"order_summary": {"modeled.orders"}}
    facts = warehouse.transformer.rows(facts_sql(readers))
    common = common_tables(relations(sorted(readers), []), Project(readers, {}), DAYS)
    page = [each.sql(common) for each in questions() if each.name in ("runs", "gates", "latency")]
    return {
        "facts": sorted(facts, key=str),
        "page": [sorted(warehouse.transformer.rows(sql), key=str) for sql in page],
        "checked": warehouse.transformer.rows("select * from gate.int_orders__checked order by order_id"),
        "orders": warehouse.transformer.rows("select * from modeled.orders order by order_id"),
    }


def test_a_view_is_cloned_into_schemas_of_ones_own_and_what_is_upserted_is_refused_with_the_way_to_have_it(
    built_warehouse: ModelWarehouse, mine: ModelWarehouse, tmp_path: Path
) -> None:
    built_warehouse.loader.land(orders_file("one", [order("o-1")]))
    assert built_warehouse.manifest is not None
    built_warehouse.manifest.write(str(tmp_path / "manifest.json"))
    mine.parse()

    run = mine.dbt("clone", "--state", str(tmp_path), "--select", "stg_orders", "orders", by_hand=True)

    assert (run.status("stg_orders"), run.status("orders")) == ("success", "error")
    assert "dbt build --select +orders; or read the other one where it is" in run.messages
    made = f"""select viewname from pg_views where schemaname like '{MINE}%'
    union all select tablename from pg_tables where schemaname like '{MINE}%'"""
    assert built_warehouse.admin.rows(made) == [("stg_orders",)]


def test_a_sample_is_built_of_marts_alone_in_schemas_of_ones_own(mine: ModelWarehouse) -> None:
    mine.parse()
    mine.run_green("--select", "int_customers__checked", "customers", "stg_customers")
    mine.run_green("--sample", "3 days", "--select", "dim_customers")
    with pytest.raises(RuntimeError, match="--sample would build int_customers__checked from a part of the rows"):
        mine.dbt("run", "--sample", "3 days", "--select", "int_customers__checked", "dim_customers")


def test_an_empty_run_empties_a_mart_in_schemas_of_ones_own_alone(
    built_warehouse: ModelWarehouse, mine: ModelWarehouse
) -> None:
    built_warehouse.loader.land(customers_file("one", [customer("c-1")]))
    built_warehouse.run_green("--select", "+dim_customers")
    mine.parse()
    mine.run_green("--select", "stg_customers", "int_customers__checked", "customers", "dim_customers")
    count = f"select count(*) from {MINE}_marts.dim_customers"
    assert built_warehouse.admin.value(count) == 1

    mine.run_green("--empty", "--select", "dim_customers")

    assert built_warehouse.admin.value(count) == 0
    assert built_warehouse.admin.value("select count(*) from marts.dim_customers") == 1


def test_a_run_in_schemas_of_ones_own_models_there_and_settles_nothing_of_productions(
    built_warehouse: ModelWarehouse, mine: ModelWarehouse
) -> None:
    production = built_warehouse
    production.loader.land(orders_file("good", [order(f"o-{number}") for number in range(20)]))
    production.run_green(*ORDERS)
    bad = orders_file("bad", [order(f"b-{number}", "lost") for number in range(20)], NOON + timedelta(hours=1))
    production.loader.land(bad)
    assert production.build(*ORDERS).status("orders__quarantine_rate") == "fail"
    production.loader.undo(bad)
    before = standing(production)

    run = mine.dbt("build", "--exclude-resource-type", "unit_test", *WITH_STAGING, by_hand=True)

    assert run.success, run.messages
    assert production.admin.value(f"select count(*) from {MINE}_modeled.orders") == 20
    assert standing(production) == before
