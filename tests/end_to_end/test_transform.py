"""From landed orders to modeled tables, gates and notifications, by the operator's commands and by dbt's own."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from landfall.demo import sample
from landfall.demo.inbox import Inbox
from scripts.order_rows import OrderBatch, Plan, order_batches
from tests.end_to_end.conftest import Operator, id_range

pytestmark = pytest.mark.xdist_group("end_to_end")

RUN_FACE = {"outcome", "gates", "models"}
GATE_FACE = {"name", "status", "severity", "failures"}
MODEL_FACE = {"name", "status", "rows_affected"}
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
    run: dict[str, Any] = operator.landfall("transform", "--wait", "--timeout", "200", exits=exits)
    assert run.keys() == RUN_FACE
    assert all(gate.keys() == GATE_FACE for gate in run["gates"])
    assert all(model.keys() == MODEL_FACE for model in run["models"])
    return run


def orders(operator: Operator, first: int, count: int) -> sample.Rows:
    """Read the modeled orders of a range."""
    rows = operator.modeled("orders", ORDER_COLUMNS, id_range(first, count))
    return {row["order_id"]: tuple(row[fact] for fact in sample.ORDER_FACTS) for row in rows}


def newest(*batches: OrderBatch) -> sample.Rows:
    """Say what the modeled orders must be."""
    return sample.newest([batch.orders for batch in batches], sample.ORDER_KEY, sample.ORDER_FACTS)


def test_updates_out_of_order_and_twice_end_in_the_newest_state_and_are_announced(
    operator: Operator, inbox: Inbox, tmp_path: Path
) -> None:
    first, count = 1_000_001, 120
    operator.settle()
    new = draw(orders=count, first_order=first)
    updated = draw(orders=count, first_order=first, wave=2, update_share=0.5)
    latest = draw(orders=count, first_order=first, wave=3, update_share=0.3)
    send(operator, tmp_path, "latest", order_summary=latest.orders)
    send(operator, tmp_path, "new", order_summary=new.orders, order_items=new.items)
    send(operator, tmp_path, "updated", order_summary=updated.orders)
    send(operator, tmp_path, "updated_again", order_summary=updated.orders)
    run = transform(operator)
    assert run["outcome"] == "succeeded"
    assert orders(operator, first, count) == newest(new, updated, latest)
    items = operator.modeled("order_items", "count(*) as n, sum(line_total) as total", id_range(first, count))
    assert int(items[0]["n"]) == len(new.items)

    told = inbox.wait_for(lambda each: each.topic == operator.stack.output("SuccessTopicArn"))
    assert told is not None
    assert told.attributes["stage"] == "model"
    assert told.attributes["environment"] == "local"
    assert told.attributes["severity"] in {"info", "low"}
    assert "order_summary" in told.attributes["dataset"]
    assert told.facts["outcome"] == "succeeded"


def test_a_failing_gate_stops_the_upsert_names_the_file_and_undo_is_the_way_out(
    operator: Operator, inbox: Inbox, tmp_path: Path
) -> None:
    first, count = 2_000_001, 60
    operator.settle()
    good = draw(orders=count, first_order=first)
    send(operator, tmp_path, "before", order_summary=good.orders)
    assert transform(operator)["outcome"] == "succeeded"
    before = orders(operator, first, 2 * count)
    assert before == newest(good)

    bad = draw(orders=count, first_order=first + count, bad_rows=count // 2)
    (key,) = send(operator, tmp_path, "bad", order_summary=bad.orders)
    run = transform(operator, exits=1)
    assert run["outcome"] == "gate_failed"
    assert {model["name"]: model["status"] for model in run["models"]}["orders"] == "skipped"
    failed = [gate for gate in run["gates"] if gate["status"] == "fail"]
    assert [gate["name"] for gate in failed] == ["orders__quarantine_rate"]
    assert failed[0]["severity"] == "error"
    assert failed[0]["failures"] == 1
    assert orders(operator, first, 2 * count) == before

    told = inbox.wait_for(lambda each: each.topic == operator.stack.output("FailureTopicArn"))
    assert told is not None
    assert (told.attributes["stage"], told.attributes["severity"]) == ("gate", "high")
    (failing,) = told.facts["failing"]
    assert failing["files"] == [f"s3://{operator.stack.bucket}/{key}"]

    operator.settle()
    undone = operator.landfall("undo", failing["files"][0])
    assert (undone["outcome"], undone["rows"], undone["was_modeled"]) == ("undone", count, False)
    assert transform(operator)["outcome"] == "succeeded"
    assert orders(operator, first, 2 * count) == before


def test_undoing_a_modeled_file_rebuilds_the_tables_without_it(operator: Operator, tmp_path: Path) -> None:
    first, count = 3_000_001, 40
    operator.settle()
    kept = draw(orders=count, first_order=first)
    mistaken = draw(orders=count, first_order=first, wave=2, update_share=1.0)
    send(operator, tmp_path, "kept", order_summary=kept.orders)
    (key,) = send(operator, tmp_path, "mistaken", order_summary=mistaken.orders)
    assert transform(operator)["outcome"] == "succeeded"
    assert orders(operator, first, count) == newest(mistaken)

    operator.settle()
    undone = operator.landfall("undo", key)
    assert (undone["rows"], undone["was_modeled"]) == (count, True)
    assert transform(operator)["outcome"] == "succeeded"
    assert orders(operator, first, count) == newest(kept)


def test_dbt_works_from_the_root_with_the_stacks_environment(operator: Operator) -> None:
    operator.settle()
    for command in (["run"], ["test"], ["source", "freshness"]):
        done = operator.local.run("dbt", *command, timeout_seconds=120)
        assert done.returncode == 0, f"dbt {' '.join(command)}\n{done.stdout}\n{done.stderr}"


def test_the_documentation_is_one_page_with_the_lineage(operator: Operator) -> None:
    page = Path(operator.landfall("docs")["page"]).read_text(encoding="utf-8")
    for node in ("source.landfall.landing.order_summary", "model.landfall.orders", "exposure.landfall."):
        assert node in page
