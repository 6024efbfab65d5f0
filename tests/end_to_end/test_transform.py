"""From landed orders to modeled tables, gates and notifications, by the operator's commands and by dbt's own."""

from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from landfall.demo import sample
from landfall.demo.inbox import Inbox
from scripts.order_rows import OrderBatch, Plan, order_batches
from tests.end_to_end.conftest import Operator, id_range

pytestmark = pytest.mark.xdist_group("end_to_end")

RUN_FACE = {"outcome", "reason", "gates", "models", "unmarked"}
GATE_FACE = {"name", "status", "severity", "failures"}
MODEL_FACE = {"name", "status", "rows_affected"}
FIRST, COUNT = 1_000_001, 120
ORDER_COLUMNS = "order_id, order_status, currency, item_count, order_total, updated_at"


def draw(**plan: Any) -> OrderBatch:
    """Draw one batch of sample orders."""
    (batch,) = order_batches(Plan(**plan))
    return batch


def send(operator: Operator, folder: Path, label: str, **tables: pa.Table) -> list[str]:
    """Upload tables, a file a dataset, and wait until they have landed; return their keys."""
    keys = []
    for dataset, table in tables.items():
        path = folder / f"{dataset}_{label}_1.parquet"
        pq.write_table(table, path)
        key = f"raw/{dataset}/{path.name}"
        uploaded = operator.upload(path, key)
        assert (uploaded.outcome, uploaded.rows) == ("landed", len(table))
        keys.append(key)
    return keys


def transform(operator: Operator, exits: int = 0) -> dict[str, Any]:
    """Run the transform to its outcome; check its JSON face."""
    run: dict[str, Any] = operator.landfall("transform", "--wait", "--timeout", "500", exits=exits)
    assert run.keys() == RUN_FACE
    assert all(gate.keys() == GATE_FACE for gate in run["gates"])
    assert all(model.keys() == MODEL_FACE for model in run["models"])
    return run


def orders(operator: Operator) -> sample.Rows:
    """Read the modeled orders of this test's range."""
    rows = operator.modeled("orders", ORDER_COLUMNS, id_range(FIRST, COUNT + 100))
    return {row["order_id"]: tuple(row[fact] for fact in sample.ORDER_FACTS) for row in rows}


def newest(*batches: OrderBatch) -> sample.Rows:
    """Say what the modeled orders must be."""
    return sample.newest([batch.orders for batch in batches], sample.ORDER_KEY, sample.ORDER_FACTS)


@pytest.fixture(scope="module")
def modeled(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> OrderBatch:
    """Return orders that have landed and been modeled."""
    operator.settle()
    new = draw(orders=COUNT, first_order=FIRST)
    send(operator, tmp_path_factory.mktemp("new"), "new", order_summary=new.orders, order_items=new.items)
    assert transform(operator)["outcome"] == "succeeded"
    assert orders(operator) == newest(new)
    return new


def test_updates_out_of_order_and_twice_end_in_the_newest_state_until_one_is_undone(
    operator: Operator, modeled: OrderBatch, inbox: Inbox, tmp_path: Path
) -> None:
    operator.settle()
    updated = draw(orders=COUNT, first_order=FIRST, wave=2, update_share=0.5)
    latest = draw(orders=COUNT, first_order=FIRST, wave=3, update_share=0.3)
    (latest_key,) = send(operator, tmp_path, "latest", order_summary=latest.orders)
    send(operator, tmp_path, "updated", order_summary=updated.orders)
    send(operator, tmp_path, "updated_again", order_summary=updated.orders)
    assert transform(operator)["outcome"] == "succeeded"
    assert orders(operator) == newest(modeled, updated, latest)
    (items,) = operator.modeled("order_items", "count(*) as n, sum(line_total) as total", id_range(FIRST, COUNT))
    assert int(items["n"]) == len(modeled.items)
    assert items["total"] == str(sum(modeled.items["line_total"].to_pylist()))

    told = inbox.wait_for(lambda each: each.topic == operator.stack.output("SuccessTopicArn"))
    assert told is not None
    assert told.attributes["stage"] == "model"
    assert told.attributes["environment"] == "local"
    assert told.attributes["severity"] in {"info", "low"}
    assert "order_summary" in told.attributes["dataset"]
    assert told.facts["outcome"] == "succeeded"

    operator.settle()
    undone = operator.landfall("undo", latest_key, "--wait", "--timeout", "500")
    assert (undone["rows"], undone["was_modeled"]) == (len(latest.orders), True)
    assert undone["transform"]["outcome"] == "succeeded"
    assert orders(operator) == newest(modeled, updated)


def test_a_failing_gate_stops_the_upsert_names_the_file_and_undo_is_the_way_out(
    operator: Operator, modeled: OrderBatch, inbox: Inbox, tmp_path: Path
) -> None:
    operator.settle()
    before = orders(operator)
    good = draw(orders=10, first_order=FIRST + COUNT)
    bad = draw(orders=60, first_order=FIRST + COUNT + 10, bad_rows=30)
    (bad_key,) = send(operator, tmp_path, "bad", order_summary=bad.orders)
    send(operator, tmp_path, "good", order_summary=good.orders)
    run = transform(operator, exits=1)
    assert run["outcome"] == "gate_failed"
    assert {model["name"]: model["status"] for model in run["models"]}["orders"] == "skipped"
    failed = [gate for gate in run["gates"] if gate["status"] == "fail"]
    assert failed == [{"name": "orders__quarantine_rate", "status": "fail", "severity": "error", "failures": 30}]
    assert orders(operator) == before

    told = inbox.wait_for(lambda each: each.topic == operator.stack.output("FailureTopicArn"))
    assert told is not None
    assert (told.attributes["stage"], told.attributes["severity"]) == ("gate", "high")
    (failing,) = told.facts["failing"]
    assert failing["files"] == [f"s3://{operator.stack.bucket}/{bad_key}"]

    operator.settle()
    undone = operator.landfall("undo", failing["files"][0])
    assert (undone["outcome"], undone["rows"], undone["was_modeled"]) == ("undone", 60, False)
    assert transform(operator)["outcome"] == "succeeded"
    assert orders(operator) == before | newest(good)


def test_a_file_of_bad_rows_alone_is_told_to_business_and_support_and_holds_nothing_back(
    operator: Operator, modeled: OrderBatch, inbox: Inbox, tmp_path: Path
) -> None:
    operator.settle()
    before = orders(operator)
    bad = draw(orders=1, first_order=FIRST + COUNT + 80, bad_rows=1)
    good = draw(orders=1, first_order=FIRST + COUNT + 90)
    (bad_key,) = send(operator, tmp_path, "lone_bad", order_summary=bad.orders)
    send(operator, tmp_path, "lone_good", order_summary=good.orders)

    assert transform(operator)["outcome"] == "succeeded"

    assert orders(operator) == before | newest(good)
    topics = {operator.stack.output("SuccessTopicArn"), operator.stack.output("FailureTopicArn")}
    while topics:
        told = inbox.wait_for(lambda each: each.topic in topics and bool(each.facts.get("warning")))
        assert told is not None, topics
        topics.remove(told.topic)
        assert told.attributes["severity"] == "medium"
        (warning,) = told.facts["warning"]
        assert warning["files"] == [f"s3://{operator.stack.bucket}/{bad_key}"]
        assert warning["remedy"] == [f"landfall undo {bad_key}", "landfall transform --wait"]
    scores = operator.landfall("gates")["scores"]
    assert 0 < next(score["score"] for score in scores if score["subject"] == "orders") < 100

    operator.settle()
    assert operator.landfall("undo", bad_key, "--wait", "--timeout", "500")["transform"]["outcome"] == "succeeded"
    assert orders(operator) == before | newest(good)


def test_dbt_works_from_the_root_with_the_stacks_environment(operator: Operator) -> None:
    operator.settle()
    orders = ("--select", "+orders")  # the other domains are built by the tests of the models
    for command in (["run", *orders], ["test", *orders], ["source", "freshness"]):
        done = operator.local.dbt(*command)
        assert done.returncode == 0, f"dbt {' '.join(command)}\n{done.stdout}\n{done.stderr}"


def test_the_documentation_is_one_page_with_the_lineage(
    operator: Operator, modeled: OrderBatch, tmp_path: Path
) -> None:
    said = operator.landfall("docs", "--output", str(tmp_path))
    assert said["page"] == str(tmp_path / "index.html")
    assert said["opened"] is False
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for node in ("source.landfall.landing.order_summary", "model.landfall.orders", "exposure.landfall."):
        assert node in page
    assert '"has_stats"' in page  # the catalog is in it too: what the warehouse knows of the tables
