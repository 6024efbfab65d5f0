"""MODEL: the UPSERT is one transaction behind the entity's mutex, whoever else is at work."""

# ruff: noqa: S608 - the tests' own SQL

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import order, orders_file
from tests.support.warehouse_seed import NOON

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

HOUR = timedelta(hours=1)
PATIENCE_SECONDS = 60.0


def start_dbt(warehouse: ModelWarehouse, target: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start dbt in a process of its own."""
    environment = {**warehouse.environment, "DBT_TARGET_PATH": str(target)}
    command = [sys.executable, "-m", "dbt.cli.main", *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603 - the tests' own command


def wait_until_someone_waits_for_the_mutex(warehouse: ModelWarehouse) -> None:
    """Return once a session stands at `lock._model_orders`."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    waiting = "select count(*) from pg_locks where not granted"
    while warehouse.admin.value(waiting) == 0:
        assert time.monotonic() < deadline, "nobody took the mutex"
        time.sleep(0.05)


def test_lock_select_merge_and_watermark_are_one_transaction(warehouse: ModelWarehouse) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green("--select", "+orders")
    warehouse.loader.land(orders_file("two", [order("o-1", "paid", NOON + HOUR)]))

    sent = warehouse.run_green("--select", "+orders").sent_by("orders")

    begin = sent.index("BEGIN")
    transaction = sent[begin : sent.index("COMMIT") + 1]
    assert transaction[1] == 'lock "landfall"."lock"."_model_orders"'
    temp, merge, load = (
        next(number for number, sql in enumerate(transaction) if word in sql)
        for word in ("create temporary table", "merge into", '"model_loads"')
    )
    assert 1 < temp < merge < load == len(transaction) - 2
    assert sent.count("COMMIT") == sent.count("BEGIN") == 1


def test_a_run_that_waited_for_the_mutex_sees_what_was_committed_meanwhile(
    warehouse: ModelWarehouse, tmp_path: Path
) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    warehouse.run_green("--select", "+orders")
    warehouse.loader.land(orders_file("two", [order("o-1", "paid", NOON + HOUR)]))

    warehouse.admin.run("begin", "lock lock._model_orders")
    late = start_dbt(warehouse, tmp_path, "run", "--select", "+orders")
    wait_until_someone_waits_for_the_mutex(warehouse)
    # a newer version is modeled by somebody else while dbt waits
    warehouse.admin.run(
        f"update modeled.orders set order_status = 'delivered', _business_at = timestamp '{NOON + 2 * HOUR}'",
        "commit",
    )

    output, _ = late.communicate(timeout=PATIENCE_SECONDS)
    assert late.returncode == 0, output
    assert warehouse.transformer.rows("select order_id, order_status from modeled.orders") == [("o-1", "delivered")]


def test_two_builds_at_once_end_like_one(warehouse: ModelWarehouse, tmp_path: Path) -> None:
    warehouse.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))
    warehouse.run_green("--select", "+orders")
    warehouse.loader.land(orders_file("two", [order("o-1", "paid", NOON + HOUR), order("o-3")]))

    arguments = ("run", "--select", "+orders")
    builds = [start_dbt(warehouse, tmp_path / name, *arguments) for name in ("first", "second")]
    for build in builds:
        build.communicate(timeout=PATIENCE_SECONDS)

    # dbt swaps views under fixed names, at which a run beside another may fail: no harm may come of it
    warehouse.run_green("--select", "+orders")
    statuses = "select order_id, order_status from modeled.orders order by order_id"
    assert warehouse.transformer.rows(statuses) == [("o-1", "paid"), ("o-3", "placed")]
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("o-2",)]
