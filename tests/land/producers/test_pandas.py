"""pandas itself: indexes, missing numbers, columns that have nothing, partitions."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from pathlib import Path

import pytest

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.warehouse.catalog import read_columns
from tests.land.producers import environment
from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.conftest import Rows
from tests.land.producers.producer import Files, Modeled, Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="pandas",
    made_by="pandas 3.1.1 with pyarrow 26.0.1",
    works="`to_parquet`, with `partition_cols` too, whose column comes back from the path",
    to_set="`index=True` where the index is the key: pandas writes an index of evenly spaced numbers (1, 2, 3) "
    "into the footer alone; `index=False` else",
    refused="a file that lacks the declared key for that (`missing_key_column`)",
)


def frames(folder: Path) -> Files:
    """Write a frame, and one with a missing number and without any text."""
    environment.make("pandas", folder)
    return [(name, (folder / name).read_bytes()) for name in ("1_full.parquet", "2_missing.parquet")]


MODELED = Modeled("pandas_orders", frames)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pandas")
    environment.make("pandas", folder)
    return folder


def put(arrivals: Arrivals, dataset: str, path: Path) -> str:
    end = arrivals.put(f"raw/{dataset}/{path.name}", path.read_bytes())
    return str(end.reason) if end.status.value == "rejected" else end.status.value


def test_a_frame_lands_with_its_moments_to_the_microsecond(land: Land, written: Path) -> None:
    dataset = new_dataset()

    assert put(Arrivals(land, land.function()), dataset, written / "1_full.parquet") == "landed"

    found = land.rows(f"select id, n, note, at from landing.{dataset} order by id")
    assert [(row["id"], row["n"], row["note"]) for row in found] == [(1, 10, "a"), (2, 20, "b")]
    assert str(found[0]["at"]) == "2025-11-13 09:05:01.234567"


@pytest.mark.parametrize(
    "names", [("1_full", "2_missing"), ("2_missing", "1_full")], ids=["full first", "missing first"]
)
def test_a_missing_number_and_a_column_of_nothing_fit_whatever_comes_first(
    land: Land, written: Path, names: tuple[str, str]
) -> None:
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())

    assert [put(arrivals, dataset, written / f"{name}.parquet") for name in names] == ["landed", "landed"]

    found = land.rows(f"select id, n, note from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in found] == [(1, 10, "a"), (2, 20, "b"), (3, 30, None), (4, None, None)]


def test_half_a_number_is_named_where_whole_ones_have_landed(land: Land, written: Path) -> None:
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())

    assert put(arrivals, dataset, written / "1_full.parquet") == "landed"
    assert put(arrivals, dataset, written / "3_half.parquet") == "value_out_of_range"

    verdict = arrivals.ends[f"raw/{dataset}/3_half.parquet"].verdict
    assert verdict is not None
    assert (verdict.column, verdict.row, verdict.found) == ("n", 1, "1.5")
    assert land.count(f"landing.{dataset}") == 2


def test_an_index_of_numbers_in_even_steps_is_in_the_file_only_where_it_is_asked_for(land: Land, written: Path) -> None:
    without, with_it = new_dataset(), new_dataset()
    arrivals = Arrivals(land, land.function())

    assert put(arrivals, without, written / "4_range.parquet") == "landed"
    assert put(arrivals, with_it, written / "5_index.parquet") == "landed"

    assert {column.name for column in read_columns(land.warehouse, without) or ()} == {"n", "note", "at"}
    assert [row["id"] for row in land.rows(f"select id from landing.{with_it} order by id")] == [1, 2]


def test_a_file_that_lacks_the_declared_key_for_that_is_refused(land: Land, written: Path) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract(key=("id",))
    arrivals = Arrivals(land, land.function())

    assert put(arrivals, dataset, written / "4_range.parquet") == "missing_key_column"
    assert put(arrivals, dataset, written / "5_index.parquet") == "landed"


def test_what_partition_cols_took_out_of_the_file_comes_from_the_path(land: Land, written: Path) -> None:
    dataset = new_dataset()
    paths = sorted((written / "parted").rglob("*.parquet"))

    ends = Arrivals(land, land.function()).put_all(f"raw/{dataset}/", written / "parted", paths)

    assert set(statuses(ends).values()) == {"landed"}
    found = land.rows(f"select id, region from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in found] == [(1, "EU"), (2, None)]


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_frames_are_modeled_with_what_they_miss(modeled: Rows) -> None:
    assert modeled(MODELED, "id, n, note") == [(1, 10, "a"), (2, 20, "b"), (3, 30, None), (4, None, None)]
