"""Nested orders to parquet: nothing lost, nothing invented, and a bad value named."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

from ingest_lambda.read import characters, json_text
from scripts import json_to_parquet
from scripts.generator_files import Naming
from scripts.json_records import BadRecordError, read_documents
from scripts.json_to_parquet import SCHEMAS, convert
from scripts.order_generator import generate
from scripts.order_rows import Plan

MOMENT = "2025-11-13T10:00:00.000001Z"
money = st.decimals(-(10**15), 10**15, places=2, allow_nan=False, allow_infinity=False)
texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
items = st.fixed_dictionaries(
    {"order_item_id": texts, "quantity": st.none() | st.integers(-(2**31), 2**31 - 1), "line_total": money}
)
documents = st.lists(
    st.fixed_dictionaries({"order_id": texts, "order_total": money, "items": st.lists(items, max_size=4)}), max_size=8
)


def as_json(value: Any) -> str:
    """Write JSON with decimals as numbers, digit for digit."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{as_json(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(as_json, value)) + "]"
    return json.dumps(value)


def read(paths: dict[str, Path]) -> dict[str, pa.Table]:
    return {dataset: pq.read_table(path) for dataset, path in paths.items()}


@given(documents, st.booleans(), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_rows_and_totals_are_conserved_however_the_text_is_cut(
    tmp_path_factory: pytest.TempPathFactory, orders: list[dict[str, Any]], is_array: bool, chunk: int
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    source = folder / "orders.json"
    source.write_text(as_json(orders) if is_array else "\n".join(map(as_json, orders)), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(characters, "CHUNK_BYTES", chunk)
        patched.setattr(json_to_parquet, "ORDERS_A_ROW_GROUP", 3)
        tables = read(convert(source, folder).paths)

    all_items = [item for order in orders for item in order["items"]]
    assert tables["order_summary"]["order_id"].to_pylist() == [order["order_id"] for order in orders]
    assert tables["order_summary"]["order_total"].to_pylist() == [order["order_total"] for order in orders]
    assert tables["order_summary"]["item_count"].to_pylist() == [len(order["items"]) for order in orders]
    assert tables["order_items"]["quantity"].to_pylist() == [item["quantity"] for item in all_items]
    for dataset in ("order_items", "order_flattened"):
        assert tables[dataset]["line_total"].to_pylist() == [item["line_total"] for item in all_items]
        assert tables[dataset]["order_id"].to_pylist() == [o["order_id"] for o in orders for _ in o["items"]]
    assert {dataset: table.schema for dataset, table in tables.items()} == SCHEMAS


@pytest.mark.parametrize("format_", ["json", "jsonl"])
def test_generated_documents_come_back_as_the_rows_they_were_made_of(tmp_path: Path, format_: str) -> None:
    plan = Plan(300, bad_rows=10)
    documents_path = generate(plan, Naming(tmp_path / "documents"), format_)[0].path
    straight = {each.dataset: each.path for each in generate(plan, Naming(tmp_path / "straight"), "parquet")}
    for dataset, table in read(convert(documents_path, tmp_path / "converted").paths).items():
        assert table.equals(pq.read_table(straight[dataset])), dataset


def test_an_items_own_time_is_kept(tmp_path: Path) -> None:
    items_of_one = [{"order_item_id": "1", "updated_at": MOMENT}, {"order_item_id": "2"}]
    source = tmp_path / "orders.json"
    source.write_text(json.dumps({"order_id": "a", "updated_at": "2025-01-01T00:00:00Z", "items": items_of_one}))
    times = read(convert(source, tmp_path).paths)["order_items"]["updated_at"].to_pylist()
    assert [time.isoformat() for time in times] == ["2025-11-13T10:00:00.000001+00:00", "2025-01-01T00:00:00+00:00"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ('{"items":[{"quantity":1.5}]}', ["record 2", "items.quantity", "'1.5'", "whole number"]),
        ('{"items":[{"quantity":true}]}', ["record 2", "items.quantity", "True"]),
        ('{"items":[{"quantity":2147483648}]}', ["record 2", "items.quantity", "2147483648"]),
        ('{"items":[],"order_id":7}', ["record 2", "order_id", "7", "a text"]),
        ('{"items":[],"order_total":1.255}', ["record 2", "order_total", "'1.255'", "2 after"]),
        ('{"items":[],"order_total":"much"}', ["record 2", "order_total", "'much'"]),
        ('{"items":[],"order_total":12345678901234567}', ["record 2", "order_total"]),
        ('{"items":[],"ordered_at":"2025-01-01T00:00:00"}', ["record 2", "ordered_at", "zone"]),
        ('{"items":[],"ordered_at":"2025-01-01T00:00:00.123456789Z"}', ["record 2", "ordered_at", "microseconds"]),
        ('{"items":[],"ordered_at":5}', ["record 2", "ordered_at", "5"]),
        ('{"items":[],"shipping":"DE"}', ["record 2", "shipping", "'DE'"]),
        ('{"order_id":"a"}', ["record 2", "items", "None"]),
        ('{"items":["x"]}', ["record 2", "items", "['x']"]),
        ('{"items":[],"order_total":NaN}', ["record 2", "NaN"]),
        ('{"items":[', ["record 2"]),
        ('"just text"', ["record 2", "just text"]),
        ("\u00e4".encode("latin-1").decode("utf-8", "surrogateescape"), ["UTF-8"]),
    ],
)
def test_a_bad_value_is_named_and_no_file_is_left(tmp_path: Path, document: str, said: list[str]) -> None:
    source = tmp_path / "orders.jsonl"
    source.write_text('{"order_id":"good","items":[]}\n' + document, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(BadRecordError) as error:
        convert(source, tmp_path / "out")
    assert all(words in str(error.value) for words in said), str(error.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_earlier_conversion_survives_a_failing_one(tmp_path: Path) -> None:
    source = tmp_path / "orders.json"
    source.write_text('{"order_id":"a","items":[]}')
    paths = convert(source, tmp_path).paths
    source.write_text('{"order_id":"b","items":[]} {"order_id":3,"items":[]}')
    with pytest.raises(BadRecordError):
        convert(source, tmp_path)
    assert read(paths)["order_summary"]["order_id"].to_pylist() == ["a"]


@pytest.mark.parametrize("text", ['[{"items":[]}', '[{"items":[]} {"items":[]}]', '[{"items":[]}]]', '{"items":[]},'])
def test_a_text_that_is_cut_or_goes_on_is_converted_not_even_in_part(tmp_path: Path, text: str) -> None:
    source = tmp_path / "orders.json"
    source.write_text(text)
    with pytest.raises(BadRecordError, match="record 2"):
        convert(source, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unclosed_document_does_not_swallow_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(characters, "CHUNK_BYTES", 100)
    monkeypatch.setattr(json_text, "LARGEST_VALUE", 1_000)
    source = tmp_path / "orders.json"
    source.write_text('{"order_id":"' + "x" * 100_000)
    with pytest.raises(BadRecordError, match="record 1"):
        list(read_documents(source))


def test_members_that_no_column_takes_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "orders.json"
    source.write_text('[{"items":[{"colour":"red"}],"gift":true},{"items":[],"gift":false}]')
    json_to_parquet.main([str(source), "--out", str(tmp_path)])
    warnings = capsys.readouterr().err
    assert "gift is no column and was left out of 2 records" in warnings
    assert "items.colour is no column and was left out of 1 records" in warnings


def test_the_command_line_fails_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        json_to_parquet.main([str(tmp_path / "absent.json"), "--out", str(tmp_path)])
    assert "absent.json" in str(stopped.value.code)
