"""Routing: which dataset a key belongs to, and what keys belong to none."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive import smoke
from ingest_lambda.arrive.routing import Ignored, Kind, Route, Rules, route
from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse.statements import DATASET_NAME

SEGMENT = st.text(max_size=20)
# Segments as producers write them, so that many a key has a dataset.
LIKELY = st.sampled_from(
    ["orders", "shop", "items", "eu", "year=2026", "_dt=1", "2026", "11", "_temporary", ".hoodie", "data", "", "a b"]
)
KEYS = st.builds(
    lambda folders, name: "/".join(["raw", *folders, name]),
    st.lists(LIKELY | SEGMENT, max_size=5),
    st.sampled_from(["a.parquet", "part-00000", "a.csv", "orders_1.json", "_SUCCESS", "a.snappy", ""]) | SEGMENT,
)


@pytest.mark.parametrize(
    ("key", "dataset"),
    [
        ("raw/orders/a.parquet", "orders"),
        ("raw/orders/year=2025/month=11/a.parquet", "orders"),
        ("raw/year=2025/month=11/orders/a.parquet", "orders"),
        ("raw//orders/a.parquet", "orders"),
        ("raw//orders//a.parquet", "orders"),
        ("raw/order_summary_20251113_001.parquet", "order_summary"),
        ("raw/order_summary-2025-11-13.parquet", "order_summary"),
        ("raw/order_summary_20251113T0905Z.parquet", "order_summary"),
        ("raw/year=2025/order_summary_001.parquet", "order_summary"),
        ("raw/order_items.parquet", "order_items"),
        ("raw/Order-Items/a.parquet", "order_items"),
        ("raw/orders/a.snappy.PARQUET", "orders"),
        ("raw/orders/_dt=2026-01-01/a.parquet", "orders"),
        ("raw/_dt=2026-01-01/orders/a.parquet", "orders"),
        ("raw/orders/region=__HIVE_DEFAULT_PARTITION__/a.parquet", "orders"),
    ],
)
def test_a_key_names_its_dataset(key: str, dataset: str) -> None:
    assert route(key) == Route(dataset)


@pytest.mark.parametrize(
    "folders",
    [
        "2026", "2026/11/28", "2026/11/28/09", "2026/1/5", "2026/11/28/09/45", "2026-11-28", "20261128", "202611",
        "2026-11", "2026.11.28", "2026_11_28", "28-11-2026", "2026-11-28/09", "20261128/region=EU/09", "09",
        "2026-11-28T09:05:00Z", "20261128T090500", "2026-11-28T09:05:00.123456+00:00", "2026112809", "2026-W48",
        "2026Q4", "data", "data/region=EU",
    ],
)  # fmt: skip
def test_dates_and_hive_parts_below_a_dataset_are_its_own(folders: str) -> None:
    assert route(f"raw/orders/{folders}/a.parquet") == Route("orders")


@pytest.mark.parametrize(
    ("key", "dataset", "folder"),
    [
        ("raw/shop/orders/LOAD00000001.parquet", "shop", "raw/shop/orders/"),  # DMS, Airbyte, dlt
        ("raw/shop/orders/2026/11/28/a.parquet", "shop", "raw/shop/orders/"),
        ("raw/shop/year=2026/orders/a.parquet", "shop", "raw/shop/year=2026/orders/"),
        ("raw/year=2026/shop/orders/a.parquet", "shop", "raw/year=2026/shop/orders/"),
        ("raw//shop//orders/a.parquet", "shop", "raw//shop//orders/"),
        ("raw/shop/2026/orders/eu/a.parquet", "shop", "raw/shop/2026/orders/"),
        ("raw/Shop/Orders/a.parquet", "shop", "raw/Shop/Orders/"),
        ("raw/shop/1042/a.parquet", "shop", "raw/shop/1042/"),
        ("raw/shop/99/a.parquet", "shop", "raw/shop/99/"),
        ("raw/shop/v2/a.parquet", "shop", "raw/shop/v2/"),
        ("raw/shop/2026-11-31x/a.parquet", "shop", "raw/shop/2026-11-31x/"),
        ("raw/shop/my orders é/a.parquet", "shop", "raw/shop/my orders é/"),
    ],
)
def test_any_other_folder_below_a_dataset_may_be_another_table_and_is_named(
    key: str, dataset: str, folder: str
) -> None:
    assert route(key) == Route(dataset, folder)


@pytest.mark.parametrize(
    ("key", "segment"),
    [
        ("raw/sales/_temporary/0/task_1/part-0.parquet", "_temporary"),
        ("raw/sales/.spark-staging-3f2a/year=2026/part-0.parquet", ".spark-staging-3f2a"),
        ("raw/sales/_delta_log/00000000000000000010.checkpoint.parquet", "_delta_log"),
        ("raw/sales/_change_data/cdc-00000.parquet", "_change_data"),
        ("raw/sales/.hoodie/metadata/files/files-0000.parquet", ".hoodie"),
        ("raw/sales/.hive-staging_hive_2026-01-01/-ext-10000/000000_0", ".hive-staging_hive_2026-01-01"),
        ("raw/sales/year=2026/_temporary/part-0.parquet", "_temporary"),
        ("raw/sales/eu/_temporary/part-0.parquet", "_temporary"),
        ("raw/sales/.dt=2026-01-01/part-0.parquet", ".dt=2026-01-01"),
        ("raw/sales/_SUCCESS", "_SUCCESS"),
        ("raw/sales/_metadata", "_metadata"),
        ("raw/sales/.part-0.parquet.crc", ".part-0.parquet.crc"),
        ("raw/_temporary/x.parquet", "_temporary"),
        ("raw/_temporary/sales/x.parquet", "_temporary"),
        ("raw/.Trash/sales/x.parquet", ".Trash"),
        ("raw/year=2026/_temporary/sales/x.parquet", "_temporary"),
        ("raw/../a.parquet", ".."),
        ("raw/_sales_20260101.parquet", "_sales_20260101.parquet"),
    ],
)
def test_a_writers_own_file_is_ignored_and_the_segment_that_says_so_is_named(key: str, segment: str) -> None:
    ignored = route(key)

    assert isinstance(ignored, Ignored)
    assert ignored.kind is Kind.WRITERS_OWN
    assert ignored.reason == f"{segment!r} is its writer's own: it begins with {segment[0]!r}"
    assert ignored.dataset == ("sales" if key.startswith("raw/sales/") else None)


@pytest.mark.parametrize(
    ("key", "kind", "reason"),
    [
        ("raw/orders/", Kind.FOLDER_MARKER, "folder marker"),
        ("raw/orders/a\0b.parquet", Kind.UNREADABLE, "has a NUL"),
        ("raw/orders/a.csv", Kind.UNDECLARED_FORMAT, "formats: [csv]"),
        ("raw/orders/a.jsonl", Kind.UNDECLARED_FORMAT, "formats: [json]"),
        ("raw/orders/a.txt", Kind.OTHER_FORMAT, "'.txt'"),
        ("raw/orders/a.parquet.crc", Kind.OTHER_FORMAT, "'.crc'"),
        ("raw/orders/000000_0.gz", Kind.OTHER_FORMAT, "'.gz'"),
        ("raw/orders/a.tsv.snappy", Kind.OTHER_FORMAT, "'.snappy'"),
        ("raw/orders_20260101", Kind.OTHER_FORMAT, "does not end with .parquet, and no folder names a dataset"),
        ("archive/orders/a.parquet", Kind.NO_DATASET, "not under raw/"),
        ("raw/my orders/a.parquet", Kind.NO_DATASET, "no dataset name"),
        ("raw/1st/a.parquet", Kind.NO_DATASET, "no dataset name"),
        ("raw/20251113.parquet", Kind.NO_DATASET, "no dataset name"),
        (f"raw/{'x' * 101}/a.parquet", Kind.NO_DATASET, "no dataset name"),
    ],
)
def test_what_is_no_data_file_is_ignored_with_a_reason(key: str, kind: Kind, reason: str) -> None:
    ignored = route(key)

    assert isinstance(ignored, Ignored)
    assert ignored.kind is kind
    assert reason in ignored.reason


@pytest.mark.parametrize(
    "name",
    ["part-00000", "000000_0", "20260101_abc", "a.parq", "a.pq", "a.parquet.gzip", "a.parquet.gz", "a.snappy",
     "a.parquet.snappy", "part-0.c000", "a.2026", "a.", "a.gzip", "3f2a-41"],
)  # fmt: skip
def test_a_name_that_says_nothing_is_for_its_bytes_to_tell_below_a_folder_that_names_the_dataset(name: str) -> None:
    assert route(f"raw/orders/{name}") == Route("orders", by_bytes=True)
    assert route(f"raw/orders/region=EU/{name}") == Route("orders", by_bytes=True)
    assert isinstance(route(f"raw/{name}"), Ignored)
    assert isinstance(route(f"raw/region=EU/{name}"), Ignored)


def test_a_packed_text_is_of_the_dataset_and_the_format_that_it_would_be_of_unpacked() -> None:
    rules = Rules(formats={"fx_rates": ["csv"], "clicks": ["json"]})

    assert route("raw/fx_rates/2025/11/13/a.csv.gz", rules) == Route("fx_rates")
    assert route("raw/fx_rates_20251113_001.CSV.GZ", rules) == Route("fx_rates")
    assert route("raw/clicks-2025-11-13.ndjson.gz", rules) == Route("clicks")
    for key in ("raw/fx_rates/a.json.gz", "raw/fx_rates/a.csv.zip", "raw/orders/a.csv.gz"):
        assert isinstance(route(key, rules), Ignored)


def test_a_format_that_the_dataset_takes_is_data_and_elsewhere_it_is_not() -> None:
    rules = Rules(formats={"orders": {"csv"}})

    assert route("raw/orders/a.csv", rules) == Route("orders")
    assert route("raw/orders_1.csv", rules) == Route("orders")
    for key in ("raw/orders/a.json", "raw/items/a.csv"):
        assert isinstance(route(key, rules), Ignored)


def test_a_pattern_replaces_the_rules() -> None:
    rules = Rules(r"^in/(?P<dataset>[a-z]+)-feed/")

    assert route("in/sales-feed/x.parquet", rules) == Route("sales")
    assert route("in/sales-feed/eu/x.parquet", rules) == Route("sales")
    assert route("in/sales-feed/eu/part-0", rules) == Route("sales", by_bytes=True)
    outside = route("raw/orders/a.parquet", rules)
    assert isinstance(outside, Ignored)
    assert outside.reason == "the key does not match the routing pattern"


def test_below_what_a_pattern_names_a_writers_own_files_are_no_data_but_above_it_is_the_patterns_word() -> None:
    rules = Rules(r"raw/(_in/)?(?P<dataset>[a-z]+)")

    assert route("raw/_in/sales/x.parquet", rules) == Route("sales")
    assert isinstance(route("raw/_in/sales/_temporary/x.parquet", rules), Ignored)
    assert isinstance(route("raw/sales/x/.hoodie/x.parquet", rules), Ignored)


def test_a_pattern_that_names_files_takes_only_those_whose_name_says_what_they_are() -> None:
    rules = Rules(r"/v\d+-(?P<dataset>[a-z]+)-")

    assert route("raw/v1-orders-7.parquet", rules) == Route("orders")
    assert isinstance(route("raw/v1-orders-7", rules), Ignored)


def test_a_pattern_that_matches_without_its_group_names_no_dataset() -> None:
    assert isinstance(route("raw/x/a.parquet", Rules(r"raw/(?:x|(?P<dataset>[a-z]+))")), Ignored)


@pytest.mark.parametrize("pattern", ["raw/([a-z]+)", "raw/(?P<dataset>", "raw/(?P<table>x)"])
def test_a_pattern_that_can_name_no_dataset_is_the_operators_error(pattern: str) -> None:
    with pytest.raises(ConfigError, match="RoutePattern"):
        Rules(pattern)


def test_a_prefix_names_the_dataset_of_what_is_below_it_whatever_the_folders() -> None:
    rules = Rules(
        pattern=r"raw/(?P<dataset>[a-z]+)/",
        prefixes={"raw/shop/": "shop_rest", "raw/shop/orders/": "shop_orders", "raw/_in/": "inbox"},
    )

    assert route("raw/shop/orders/eu/a.parquet", rules) == Route("shop_orders")
    assert route("raw/shop/orders/part-0", rules) == Route("shop_orders", by_bytes=True)
    assert route("raw/shop/items/a.parquet", rules) == Route("shop_rest")
    assert route("raw/shop/a.parquet", rules) == Route("shop_rest")
    assert route("raw/_in/a.parquet", rules) == Route("inbox")
    assert route("raw/shops/a.parquet", rules) == Route("shops")  # the pattern's
    for own in ("raw/shop/orders/_temporary/a.parquet", "raw/shop/orders/.a.parquet", "raw/_in/_SUCCESS"):
        assert isinstance(route(own, rules), Ignored)


def test_a_dataset_of_any_folders_has_what_is_below_it() -> None:
    rules = Rules(any_folders={"shop"})

    assert route("raw/shop/eu/2026/x/a.parquet", rules) == Route("shop")
    assert isinstance(route("raw/shop/eu/_temporary/a.parquet", rules), Ignored)
    assert route("raw/items/eu/a.parquet", rules) == Route("items", "raw/items/eu/")


@given(st.lists(SEGMENT, min_size=1, max_size=6), st.sampled_from(["", ".parquet"]))
def test_any_key_has_a_dataset_of_a_safe_name_or_is_ignored(segments: list[str], extension: str) -> None:
    for key in ("/".join(segments) + extension, "raw/" + "/".join(segments) + extension):
        routed = route(key)
        if isinstance(routed, Route):
            assert re.fullmatch(DATASET_NAME, routed.dataset)
            assert routed.folder is None or key.startswith(routed.folder)
        else:
            assert routed.reason


@given(KEYS, KEYS, st.sampled_from(["orders", "new_orders"]))
def test_a_prefix_leaves_every_other_keys_route_as_it_was(key: str, misplaced: str, dataset: str) -> None:
    routed = route(misplaced)
    prefix = (routed.folder if isinstance(routed, Route) else None) or f"{misplaced.rpartition('/')[0]}/"
    before = Rules(formats={"orders": {"json"}}, any_folders={"items"})
    after = Rules(formats=before.formats, prefixes={prefix: dataset}, any_folders=before.any_folders)

    if key.startswith(prefix):
        found = route(key, after)
        assert isinstance(found, Ignored) or found == Route(dataset, None, found.by_bytes)
    else:
        assert route(key, after) == route(key, before)


@given(KEYS, st.sampled_from(["shop", "orders", "eu"]))
def test_any_folders_changes_nothing_but_the_doubt_of_that_dataset(key: str, dataset: str) -> None:
    before, after = route(key), route(key, Rules(any_folders={dataset}))

    if isinstance(before, Route) and before.dataset == dataset:
        assert after == Route(dataset, None, before.by_bytes)
    else:
        assert after == before


@given(KEYS)
def test_no_file_below_a_writers_own_folder_is_data(key: str) -> None:
    folders = key.split("/")[1:-1]
    if any(folder.startswith((".", "_")) and "=" not in folder for folder in folders):
        assert isinstance(route(key), Ignored)


def test_the_smoke_test_has_its_prefix_for_itself_whatever_is_declared() -> None:
    key = f"{smoke.PREFIX}a.parquet"
    for rules in (Rules(pattern=r"in/(?P<dataset>[a-z]+)"), Rules(prefixes={"raw/": "orders"})):
        assert route(key, rules) == Route(smoke.DATASET)
        assert route("raw/landfall_smoke_2/a.parquet", rules) != Route(smoke.DATASET)


@pytest.mark.parametrize(
    ("key", "rules"),
    [
        ("raw/landfall-smoke/a.parquet", Rules()),
        ("raw/Landfall_Smoke/2026/a.parquet", Rules()),
        ("raw/landfall_smoke_20260101.parquet", Rules()),
        ("raw/y=1/landfall_smoke/a.parquet", Rules()),
        ("raw/shop/a.parquet", Rules(prefixes={"raw/shop/": smoke.DATASET})),
        ("in/landfall-smoke.parquet", Rules(pattern=r"in/(?P<dataset>[a-z-]+)")),
    ],
)
def test_no_key_elsewhere_is_of_the_smoke_test_which_drops_its_dataset(key: str, rules: Rules) -> None:
    ignored = route(key, rules)

    assert isinstance(ignored, Ignored)
    assert ignored.kind is Kind.NO_DATASET
    assert "the smoke test's name" in ignored.reason
