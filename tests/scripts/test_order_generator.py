"""The order generator: repeatable, consistent, bounded, in every format."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import csv
from pyarrow import parquet as pq

from scripts import order_generator
from scripts.generator_draws import BATCH_ROWS
from scripts.generator_files import Naming
from scripts.order_generator import SCHEMAS, generate
from scripts.order_rows import Plan, order_batches

CENT = Decimal("0.01")
plans = st.builds(
    Plan,
    orders=st.integers(1, 200),
    seed=st.integers(0, 2**40),
    first_order=st.integers(1, 10**10),
    wave=st.integers(1, 4),
    update_share=st.floats(0.1, 1),
)


def orders_and_items(plan: Plan) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    batches = list(order_batches(plan))
    return (
        [row for batch in batches for row in batch.orders.to_pylist()],
        [row for batch in batches for row in batch.items.to_pylist()],
    )


@given(plans)
@settings(max_examples=40, deadline=None)
def test_every_total_is_the_sum_of_its_lines(plan: Plan) -> None:
    orders, items = orders_and_items(plan)
    totals: Counter[Any] = Counter()
    counts: Counter[Any] = Counter()
    for item in items:
        assert item["line_total"] == item["quantity"] * item["unit_price"] - item["discount_amount"]
        totals[item["order_id"]] += item["line_total"]
        counts[item["order_id"]] += 1
    assert {order["order_id"]: order["order_total"] for order in orders} == dict(totals)
    assert {order["order_id"]: order["item_count"] for order in orders} == dict(counts)


@given(plans)
@settings(max_examples=20, deadline=None)
def test_the_same_plan_gives_the_same_rows(plan: Plan) -> None:
    assert orders_and_items(plan) == orders_and_items(plan)


@given(st.integers(1, 1_000), st.integers(1, 50), st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_an_order_is_the_same_in_whatever_range_it_is_drawn(first: int, count: int, seed: int) -> None:
    alone, _ = orders_and_items(Plan(count, seed=seed, first_order=first, customers=10))
    among, _ = orders_and_items(Plan(first + count + 10, seed=seed, customers=10))
    assert alone == among[first - 1 : first - 1 + count]


def test_batches_are_bounded_and_leave_no_order_out() -> None:
    sizes = [len(batch.orders) for batch in order_batches(Plan(2 * BATCH_ROWS + 1))]
    assert sizes == [BATCH_ROWS, BATCH_ROWS, 1]


def test_another_seed_gives_other_orders() -> None:
    assert orders_and_items(Plan(20, seed=1)) != orders_and_items(Plan(20, seed=2))


def test_a_later_wave_updates_a_share_of_the_same_orders_and_only_moves_on() -> None:
    before = {order["order_id"]: order for order in orders_and_items(Plan(1_000))[0]}
    updates, _ = orders_and_items(Plan(1_000, wave=2, update_share=0.25))
    assert 150 < len(updates) < 350
    for update in updates:
        order = before[update["order_id"]]
        assert update["updated_at"] > order["updated_at"]
        assert update["ordered_at"] == order["ordered_at"]
    assert any(update["order_total"] != before[update["order_id"]]["order_total"] for update in updates)
    assert any(update["order_status"] != before[update["order_id"]]["order_status"] for update in updates)


def test_bad_rows_are_as_many_as_asked_for_and_the_others_untouched() -> None:
    clean, _ = orders_and_items(Plan(100))
    spoilt, _ = orders_and_items(Plan(100, bad_rows=10))
    changed = [after for before, after in zip(clean, spoilt, strict=True) if before != after]
    assert len(changed) == 10
    assert sum(order["order_id"] is None for order in changed) == 2
    assert sum(order["order_status"] == "misplaced" for order in changed) == 2
    assert sum(order["order_total"] < 0 for order in changed) == 2


def test_more_bad_rows_than_orders_spoil_every_order() -> None:
    clean, _ = orders_and_items(Plan(3))
    spoilt, _ = orders_and_items(Plan(3, bad_rows=50))
    assert all(before != after for before, after in zip(clean, spoilt, strict=True))


def test_parquet_has_a_file_per_dataset_in_the_contracts_types(tmp_path: Path) -> None:
    written = generate(Plan(30), Naming(tmp_path), "parquet")
    assert {each.dataset for each in written} == set(SCHEMAS)
    for each in written:
        table = pq.read_table(each.path)
        assert table.schema == SCHEMAS[each.dataset]
        assert len(table) == each.rows > 0


def test_items_name_customers_and_products_that_exist(tmp_path: Path) -> None:
    tables = {each.dataset: pq.read_table(each.path) for each in generate(Plan(200), Naming(tmp_path), "parquet")}
    products = set(tables["products"]["product_id"].to_pylist())
    customers = set(tables["customers"]["customer_id"].to_pylist())
    assert set(tables["order_items"]["product_id"].to_pylist()) <= products
    assert set(tables["order_summary"]["customer_id"].to_pylist()) <= customers


def test_csv_holds_the_same_rows_as_parquet(tmp_path: Path) -> None:
    paths = {each.dataset: each.path for each in generate(Plan(30), Naming(tmp_path), "csv")}
    parquet = {each.dataset: each.path for each in generate(Plan(30), Naming(tmp_path), "parquet")}
    for dataset, path in paths.items():
        types = csv.ConvertOptions(column_types=SCHEMAS[dataset])
        assert csv.read_csv(path, convert_options=types).equals(pq.read_table(parquet[dataset]))


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_json_has_a_nested_document_per_order(tmp_path: Path, format_: str) -> None:
    plan = Plan(30, bad_rows=5)
    path = generate(plan, Naming(tmp_path), format_)[0].path
    text = path.read_text(encoding="utf-8")
    documents = json.loads(text) if format_ == "json" else [json.loads(line) for line in text.splitlines()]
    orders, items = orders_and_items(plan)
    assert [document["order_id"] for document in documents] == [order["order_id"] for order in orders]
    assert [len(document["items"]) for document in documents] == [order["item_count"] for order in orders]
    assert [item["order_item_id"] for document in documents for item in document["items"]] == [
        item["order_item_id"] for item in items
    ]


def test_json_text_is_escaped() -> None:
    from scripts.generator_files import documents

    names = ['say "hi"', "back\\slash", "ünï", None]
    texts = documents(pa.table({"customer_name": pa.array(names, pa.string())}))
    assert [json.loads(text)["customer_name"] for text in texts.to_pylist()] == names


def test_a_later_wave_without_a_changed_order_gives_whole_files(tmp_path: Path) -> None:
    plan = Plan(5, wave=2, update_share=0.0)
    assert json.loads(generate(plan, Naming(tmp_path), "json")[0].path.read_text()) == []
    assert [each.rows for each in generate(plan, Naming(tmp_path), "parquet")] == [0, 0, 0]


def test_the_command_line_names_the_files_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order_generator.main(["--orders", "7", "--format", "jsonl", "--out", str(tmp_path), "--date", "20251231"])
    assert f"{tmp_path / 'orders_20251231_001.jsonl'}  7 rows" in capsys.readouterr().out


def test_the_command_line_refuses_what_it_cannot_make(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        order_generator.main(["--orders", "0", "--out", str(tmp_path)])
    assert stopped.value.code == 2
    assert "--orders" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
