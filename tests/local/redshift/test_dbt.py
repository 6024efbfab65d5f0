"""Unmodified dbt-redshift: every materialization and command that the product's users run, with 4 threads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner

from tests.local.redshift.support import Client

PROJECT = Path(__file__).parent / "dbt_project"


class Dbt:
    """Runs dbt on the test project, in this process: dbt takes longer to import than to run."""

    def __init__(self, folder: Path) -> None:
        self.target = folder / "target"
        self._arguments = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--quiet"]
        self._arguments += ["--log-path", str(folder / "logs"), "--target-path", str(self.target)]

    def run(self, *command: str) -> None:
        """Run one command that must succeed."""
        done = dbtRunner().invoke([*command, *self._arguments])
        assert done.success, done.exception or done.result

    def statuses(self) -> dict[str, str]:
        """Return the status of each node of the last run."""
        results = self.artifact("run_results")["results"]
        return {result["unique_id"]: result["status"] for result in results}

    def artifact(self, name: str) -> Any:
        """Return what dbt wrote to a JSON file of its target folder."""
        return json.loads((self.target / f"{name}.json").read_text())


@pytest.fixture
def source(administrator: Client, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The project's source table and reader; the environment that its profile reads."""
    names = {
        "HOST": "host",
        "PORT": "wire_port",
        "DATABASE": "database",
        "USER": "admin_user",
        "PASSWORD": "admin_password",
    }
    for variable, fact in names.items():
        monkeypatch.setenv(f"TEST_REDSHIFT_{variable}", str(facts[fact]))
    clean = [f"drop schema if exists {name} cascade" for name in ("shop", "dbt", "dbt_models")]
    administrator.run(*clean, "drop user if exists dbt_reader")
    administrator.run(
        "create schema shop",
        "create user dbt_reader password 'Abcdefg1'",
        "create table shop.orders (order_id bigint, status varchar(16), amount decimal(18,2), country varchar(2), "
        "loaded_at timestamp)",
        "insert into shop.orders values (1, 'placed', 10.5, null, '2025-01-01'), (2, 'paid', 5, 'CI', '2025-01-02')",
    )
    yield administrator
    administrator.run(*clean, "drop user dbt_reader")


def test_dbt_builds_updates_measures_and_documents(source: Client, tmp_path: Path) -> None:
    dbt = Dbt(tmp_path)
    dbt.run("build")
    assert set(dbt.statuses().values()) == {"success", "pass"}
    assert len(dbt.statuses()) == 13
    orders = "select order_id, status from dbt_models.{} order by 1"
    assert source.run(orders.format("orders_merge")) == [(1, "placed"), (2, "paid")]
    assert source.run("select order_ids from dbt_models.status_totals where status = 'paid'") == [("2",)]

    source.run("insert into shop.orders values (1, 'paid', 11, 'DE', getdate()), (3, 'placed', 7, 'DE', getdate())")
    dbt.run("build")
    assert set(dbt.statuses().values()) == {"success", "pass"}
    merged = source.run("select order_id, status, amount::varchar from dbt_models.orders_merge order by 1")
    assert merged == [(1, "paid", "11.00"), (2, "paid", "5.00"), (3, "placed", "7.00")]
    assert source.run(orders.format("orders_delete_insert")) == [(1, "paid"), (2, "paid"), (3, "placed")]
    history = "select status, dbt_valid_to is null from dbt_models.orders_snapshot where order_id = 1 order by 2"
    assert source.run(history) == [("placed", False), ("paid", True)]
    readable = "select relation_name from svv_relation_privileges where identity_name = 'dbt_reader'"
    assert source.run(readable) == [("orders_table",)]

    dbt.run("source", "freshness")
    assert dbt.artifact("sources")["results"][0]["status"] == "pass"

    dbt.run("docs", "generate")
    columns = dbt.artifact("catalog")["nodes"]["model.local_redshift.stg_orders"]["columns"]
    assert {name: column["type"] for name, column in columns.items()} == {
        "order_id": "bigint",
        "status": "character varying(16)",
        "amount": "numeric(18,2)",
        "country_code": "character varying(2)",
        "loaded_at": "timestamp without time zone",
    }
