"""Where `landfall upload` sends files, before anything is sent."""

from pathlib import Path

import pytest

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.errors import ConfigError
from landfall.operate.uploads import plan_uploads


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"PAR1")


def keys(
    *paths: Path, dataset: str | None = None, key: str | None = None, rules: Rules | None = None
) -> list[tuple[str, str | None]]:
    return [(plan.key, plan.dataset) for plan in plan_uploads(paths, dataset, key, rules)]


def test_a_files_name_tells_its_dataset(tmp_path: Path) -> None:
    make(tmp_path, "order_summary_20251113_001.parquet")
    path = tmp_path / "order_summary_20251113_001.parquet"
    assert keys(path) == [("raw/order_summary/order_summary_20251113_001.parquet", "order_summary")]


def test_a_named_dataset_takes_any_parquet_file(tmp_path: Path) -> None:
    make(tmp_path, "part-0000.parquet")
    assert keys(tmp_path / "part-0000.parquet", dataset="orders") == [("raw/orders/part-0000.parquet", "orders")]


def test_a_key_is_taken_as_it_is(tmp_path: Path) -> None:
    make(tmp_path, "x.parquet")
    hostile = 'raw/orders/year=2025/of=it\'s "a" + b é/x.parquet'
    assert keys(tmp_path / "x.parquet", key=hostile) == [(hostile, "orders")]


def test_a_folder_gives_its_parquet_files_and_nothing_else(tmp_path: Path) -> None:
    make(
        tmp_path,
        "order_items_1.parquet",
        "orders/year=2025/part-0.parquet",
        "_SUCCESS",
        "readme.md",
        "_temporary.parquet",
    )
    assert keys(tmp_path) == [
        ("raw/order_items/order_items_1.parquet", "order_items"),
        ("raw/orders/year=2025/part-0.parquet", "orders"),
    ]


def test_a_folder_keeps_its_parts_under_a_named_dataset(tmp_path: Path) -> None:
    make(tmp_path, "year=2025/part-0.parquet", "year=2026/part-0.parquet")
    assert keys(tmp_path, dataset="orders") == [
        ("raw/orders/year=2025/part-0.parquet", "orders"),
        ("raw/orders/year=2026/part-0.parquet", "orders"),
    ]


def test_what_landing_passes_over_is_told_beforehand(tmp_path: Path) -> None:
    make(tmp_path, "_x.parquet", "a.csv")
    hidden, csv = plan_uploads([tmp_path / "_x.parquet", tmp_path / "a.csv"], dataset="orders")
    assert hidden.ignored == "'_x.parquet' is its writer's own: it begins with '_'"
    assert csv.ignored is not None
    assert "formats: [csv]" in csv.ignored


def test_a_deployments_own_pattern_names_the_dataset_and_a_name_that_it_does_not_know_is_refused(
    tmp_path: Path,
) -> None:
    rules = Rules(r"/v\d+-(?P<dataset>[a-z]+)-")
    make(tmp_path, "v1-orders-2025.parquet", "orders_2025.parquet")
    assert keys(tmp_path / "v1-orders-2025.parquet", rules=rules) == [("raw/v1-orders-2025.parquet", "orders")]
    assert keys(tmp_path / "orders_2025.parquet", key="raw/v2-items-1.parquet", rules=rules) == [
        ("raw/v2-items-1.parquet", "items")
    ]
    with pytest.raises(ConfigError, match="does not match the routing pattern"):
        plan_uploads([tmp_path / "orders_2025.parquet"], rules=rules)
    (plan,) = plan_uploads([tmp_path / "orders_2025.parquet"], dataset="orders", rules=rules)
    assert plan.ignored == "the key does not match the routing pattern"
    with pytest.raises(ConfigError, match="lands in dataset orders, not in items"):
        plan_uploads([tmp_path / "v1-orders-2025.parquet"], dataset="items", rules=rules)


def test_what_is_left_out_of_a_folder_is_told_with_the_reason(tmp_path: Path) -> None:
    make(tmp_path, "orders_1.parquet", "orders_1.csv", "notes.txt", "_SUCCESS", "orders/part-0")
    (tmp_path / "orders/part-0").write_bytes(b"no parquet")
    left: dict[Path, str] = {}
    (plan,) = plan_uploads([tmp_path], left_out=left.__setitem__)
    assert plan.key == "raw/orders/orders_1.parquet"
    told = {path.relative_to(tmp_path).as_posix(): why for path, why in left.items()}
    assert told.keys() == {"orders_1.csv", "notes.txt", "_SUCCESS", "orders/part-0"}
    assert "formats: [csv]" in told["orders_1.csv"]
    assert "'.txt'" in told["notes.txt"]


def test_text_goes_only_to_datasets_that_take_it(tmp_path: Path) -> None:
    make(tmp_path, "orders_1.csv", "items_1.csv", "orders_2.parquet", "notes.json")
    rules = Rules(formats={"orders": {"csv"}})
    found = [(plan.key, plan.dataset) for plan in plan_uploads([tmp_path], rules=rules)]
    assert found == [("raw/orders/orders_1.csv", "orders"), ("raw/orders/orders_2.parquet", "orders")]
    (plan,) = plan_uploads([tmp_path / "items_1.csv"], dataset="orders", rules=rules)
    assert (plan.dataset, plan.ignored) == ("orders", None)
    (plan,) = plan_uploads([tmp_path / "orders_1.csv"], dataset="items", rules=rules)
    assert plan.ignored is not None


@pytest.mark.parametrize(
    ("names", "dataset", "key", "said"),
    [
        (["absent.parquet"], None, None, "does not exist"),
        (["2025.parquet"], None, None, "--dataset"),
        (["notes.txt"], None, None, "is no parquet file's"),
        (["orders.csv"], None, None, r"orders takes no csv: declare formats: \[csv\] .* dbt_project/models/landing/"),
        (["ok.parquet"], "Not A Name", None, "dataset name"),
        (["ok.parquet", "also.parquet"], None, "raw/orders/x.parquet", "exactly one file"),
        (["ok.parquet"], "orders", "raw/items/x.parquet", "lands in dataset items"),
        (["ok.parquet"], "landfall_smoke", None, "is the smoke test's"),
        (["ok.parquet"], None, "raw/landfall_smoke/x.parquet", "is the smoke test's"),
        (["empty"], None, None, "no data file"),
        (["ok.parquet", "other/ok.parquet"], "orders", None, "would both be"),
    ],
)
def test_what_cannot_be_known_is_refused_clearly(
    tmp_path: Path, names: list[str], dataset: str | None, key: str | None, said: str
) -> None:
    make(tmp_path, "2025.parquet", "notes.txt", "orders.csv", "ok.parquet", "also.parquet", "other/ok.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match=said):
        plan_uploads([tmp_path / name for name in names], dataset, key)


def test_a_folder_that_may_be_another_table_becomes_a_part_of_the_files_name(tmp_path: Path) -> None:
    make(tmp_path, "eu/year=2025/part-0.parquet", "eu/north/2025/part-0.parquet", "2025/11/part-0.parquet")
    assert keys(tmp_path, dataset="orders") == [
        ("raw/orders/2025/11/part-0.parquet", "orders"),
        ("raw/orders/2025/eu-north-part-0.parquet", "orders"),
        ("raw/orders/year=2025/eu-part-0.parquet", "orders"),
    ]
    assert keys(tmp_path, dataset="orders", rules=Rules(any_folders={"orders"})) == [
        ("raw/orders/2025/11/part-0.parquet", "orders"),
        ("raw/orders/eu/north/2025/part-0.parquet", "orders"),
        ("raw/orders/eu/year=2025/part-0.parquet", "orders"),
    ]
    make(tmp_path / "other", "a/b.parquet", "a-b.parquet")
    with pytest.raises(ConfigError, match=r"would both be raw/orders/a-b\.parquet"):
        plan_uploads([tmp_path / "other"], dataset="orders")


def test_no_table_is_guessed_where_a_folder_may_be_one(tmp_path: Path) -> None:
    make(tmp_path, "shop/orders/part-0.parquet")
    with pytest.raises(ConfigError, match="raw/shop/orders/ may be another table than shop; say --dataset"):
        plan_uploads([tmp_path])
    rules = Rules(prefixes={"raw/shop/orders/": "shop_orders"})
    assert keys(tmp_path, rules=rules) == [("raw/shop/orders/part-0.parquet", "shop_orders")]


def test_a_file_whose_name_says_nothing_goes_by_its_bytes(tmp_path: Path) -> None:
    make(tmp_path, "part-00000", "orders_1.parq", "year=2025/000000_0", "_temporary/part-0")
    for name in ("notes", "of/nothing"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"hello PAR" if name == "notes" else b"")
    assert keys(tmp_path, dataset="orders") == [
        ("raw/orders/orders_1.parq", "orders"),
        ("raw/orders/part-00000", "orders"),
        ("raw/orders/year=2025/000000_0", "orders"),
    ]
    (plan,) = plan_uploads([tmp_path / "notes"], dataset="orders")
    assert plan.ignored is not None
    assert "PAR1" in plan.ignored


def test_what_ends_a_snapshot_goes_with_its_folder_and_last(tmp_path: Path) -> None:
    make(tmp_path, "2025-11-13/part-0.parquet", "2025-11-13/_SUCCESS", "2025-11-14/part-0.parquet")
    (tmp_path / "2025-11-13/_SUCCESS").write_bytes(b"")
    rules = Rules(markers={"catalogs": "_SUCCESS"})
    assert [key for key, _ in keys(tmp_path, dataset="catalogs", rules=rules)] == [
        "raw/catalogs/2025-11-13/part-0.parquet",
        "raw/catalogs/2025-11-14/part-0.parquet",
        "raw/catalogs/2025-11-13/_SUCCESS",
    ]
