"""Routing: which dataset a key belongs to."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.routing import Ignored, Route, route
from ingest_lambda.warehouse.statements import DATASET_NAME

SEGMENT = st.text(max_size=20)


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("raw/orders/a.parquet", "orders"),
        ("raw/orders/2025/11/a.parquet", "orders"),
        ("raw/orders/year=2025/month=11/a.parquet", "orders"),
        ("raw/year=2025/month=11/orders/a.parquet", "orders"),
        ("raw//orders/a.parquet", "orders"),
        ("raw/order_summary_20251113_001.parquet", "order_summary"),
        ("raw/order_summary-2025-11-13.parquet", "order_summary"),
        ("raw/order_summary_20251113T0905Z.parquet", "order_summary"),
        ("raw/year=2025/order_summary_001.parquet", "order_summary"),
        ("raw/order_items.parquet", "order_items"),
        ("raw/Order-Items/a.parquet", "order_items"),
        ("raw/orders/a.snappy.PARQUET", "orders"),
    ],
)
def test_a_key_names_its_dataset(key: str, dataset: str) -> None:
    assert route(key) == Route(dataset)


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("raw/orders/", "folder marker"),
        ("raw/orders/_SUCCESS", "starts with '_'"),
        ("raw/orders/.hidden.parquet", "starts with '.'"),
        ("raw/orders/a\0b.parquet", "has a NUL"),
        ("raw/orders/a.csv", "does not end with .parquet"),
        ("archive/orders/a.parquet", "not under raw/"),
        ("raw/../a.parquet", "no dataset name"),
        ("raw/my orders/a.parquet", "no dataset name"),
        ("raw/1st/a.parquet", "no dataset name"),
        ("raw/20251113.parquet", "no dataset name"),
        (f"raw/{'x' * 101}/a.parquet", "no dataset name"),
    ],
)
def test_what_is_no_data_file_is_ignored_with_a_reason(key: str, reason: str) -> None:
    ignored = route(key)
    assert isinstance(ignored, Ignored)
    assert reason in ignored.reason


def test_a_pattern_replaces_the_rules() -> None:
    pattern = r"^in/(?P<dataset>[a-z]+)-feed/"

    assert route("in/sales-feed/x.parquet", pattern) == Route("sales")
    assert isinstance(route("raw/orders/a.parquet", pattern), Ignored)


@given(st.lists(SEGMENT, min_size=1, max_size=6), st.sampled_from(["", ".parquet"]))
def test_any_key_has_a_dataset_of_a_safe_name_or_is_ignored(segments: list[str], extension: str) -> None:
    for key in ("/".join(segments) + extension, "raw/" + "/".join(segments) + extension):
        routed = route(key)
        if isinstance(routed, Route):
            assert re.fullmatch(DATASET_NAME, routed.dataset)
        else:
            assert routed.reason
