"""ALERT: a data set that goes silent is told once; one that has never delivered is not silent."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace as Object
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from local.home import ROOT
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file
from transform_lambda import freshness
from transform_lambda.alerts import LastAlert
from transform_lambda.build import Builder

LOGGER = Logger(service="test", level="CRITICAL")
HOURS = 24


def result(dataset: str, status: str, hours: float = 30, at: datetime | None = None) -> Any:
    """Return what dbt answers for one source."""
    newest = at or datetime(2025, 11, 13, 12, tzinfo=UTC)
    return Object(node=Object(name=dataset), status=status, age=hours * 3600, max_loaded_at=newest)


LATE = freshness.stale([result("orders", "warn"), result("items", "pass")])


def test_what_is_late_is_listed_longest_first_and_what_never_came_is_not() -> None:
    never = result("claims", "error", 1e7, datetime(1, 1, 1, tzinfo=UTC))
    found = freshness.stale([result("orders", "warn", 30), never, result("items", "error", 90), result("fx", "pass")])
    assert [(each["dataset"], each["hours"]) for each in found] == [("items", 90.0), ("orders", 30.0)]


def test_the_message_says_what_since_when_and_what_to_ask() -> None:
    told = freshness.finding("dev", LATE, None, HOURS)
    text = json.loads(told["message"]["body"])["default"]
    assert "orders: last at 2025-11-13T12:00:00+00:00, 30.0 hours ago" in text
    assert "landfall history --dataset orders" in text
    assert "docs/runbook.md#stale" in text
    assert told["message"]["subject"] == "[landfall dev] nothing new of orders"
    assert json.loads(json.loads(told["message"]["body"])["sqs"])["stale"] == LATE
    attributes = {name: value["StringValue"] for name, value in told["message"]["attributes"].items()}
    assert attributes == {"severity": "medium", "stage": "land", "environment": "dev", "dataset": '["orders"]'}


def test_nothing_is_told_when_everything_delivers() -> None:
    told = freshness.finding("dev", [], LastAlert("f", 0), HOURS)
    assert told == {"result": {"status": "done", "outcome": "succeeded", "stale": []}, "message": None, "alert": None}


def test_the_same_silence_is_told_once_until_a_reminder_and_a_worse_one_at_once() -> None:
    same = freshness.fingerprint_of(LATE)
    worse = freshness.stale([result("orders", "error", 60)])
    assert freshness.finding("dev", LATE, LastAlert(same, HOURS * 60 - 1), HOURS)["message"] is None
    assert freshness.finding("dev", LATE, LastAlert(same, HOURS * 60), HOURS)["message"] is not None
    assert freshness.finding("dev", worse, LastAlert(same, 0), HOURS)["alert"]["severity"] == "high"


def test_dbt_finds_what_is_stale_in_the_landing_tables(
    worker_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in worker_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    worker_warehouse.loader.run("delete from landing.order_items")
    worker_warehouse.loader.land(orders_file("fresh", [order("o-1")]))
    worker_warehouse.loader.land(items_file("fresh", [item("i-1", "o-1")]))
    sources = Builder(ROOT, LOGGER).graph().landing
    assert freshness.check(ROOT, LOGGER, sources, {}) == []
    worker_warehouse.loader.run("update landing.order_items set _loaded_at = dateadd(day, -400, getdate())")
    (found,) = freshness.check(ROOT, LOGGER, sources, {})
    assert found["dataset"] == "order_items"
    assert found["hours"] == pytest.approx(400 * 24, abs=1)
