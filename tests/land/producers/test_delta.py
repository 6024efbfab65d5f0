"""Delta Lake, written by deltalake (delta-rs) itself: a table is no folder of rows, and its export is.

The table's first data file comes before anything tells what it is: it lands, and the log that follows names it.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from pathlib import Path

import pytest

from ingest_lambda.judge.contracts import Contract
from landfall.operate import undos
from tests.land.producers import environment
from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.conftest import Rows
from tests.land.producers.producer import Files, Modeled, Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Delta Lake",
    made_by="deltalake 1.6.6",
    works="an export by a reader of Delta Lake; the data files of a table that is only added to",
    to_set="export to a folder of its own; or `table_format: append_only`",
    refused="the table's folder once its log has arrived (`table_format`): compaction writes rows again, deleted ones "
    "stay in the files; `_delta_log/`, `_change_data/` are ignored",
)


def export(folder: Path) -> Files:
    """Export a table that was updated, deleted from and compacted."""
    environment.make("delta", folder)
    return [("1.parquet", (folder / "export.parquet").read_bytes())]


MODELED = Modeled("delta_orders", export)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("delta")
    return folder, environment.make("delta", folder)


def test_of_a_table_the_first_files_land_alone_and_their_undo_leaves_nothing(
    land: Land, worded: list[str], written: tuple[Path, list[Path]]
) -> None:
    folder, paths = written
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())

    ends = arrivals.put_all(f"raw/{dataset}/", folder / "table", [path for path in paths if "table" in path.parts])

    data = [end for name, end in statuses(ends).items() if "_delta_log" not in name]
    assert data == ["landed", "table_format", "table_format", "table_format", "table_format"]
    assert {end for name, end in statuses(ends).items() if "_delta_log" in name} == {"ignored"}
    assert land.count(f"landing.{dataset}") == 3
    [first] = [key for key, end in arrivals.ends.items() if end.status.value == "landed"]
    refused = [end.verdict for end in ends.values() if end.verdict]
    assert set(worded) == {"judge.table_formats._of_folder"}
    assert all(f"landfall undo {first};" in verdict.remedy for verdict in refused)
    undos.undo(land.warehouse, land.bucket, first)
    assert land.count(f"landing.{dataset}") == 0


def test_an_export_of_the_table_lands_as_it_is_now(land: Land, written: tuple[Path, list[Path]]) -> None:
    folder, _ = written
    dataset = new_dataset()

    end = Arrivals(land, land.function()).put(f"raw/{dataset}/1.parquet", (folder / "export.parquet").read_bytes())

    assert end.status.value == "landed"
    rows = land.rows(f"select id, region, total from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in rows] == [(1, "EU", 9.0), (3, None, None), (4, "EU", 4.5)]


def test_the_files_of_a_parted_table_land_where_that_is_declared_and_its_change_feed_never(
    land: Land, written: tuple[Path, list[Path]]
) -> None:
    folder, paths = written
    dataset = new_dataset()
    land.contracts[dataset] = Contract(append_only=True)
    parted = [path for path in paths if "parted" in path.parts]

    ends = Arrivals(land, land.function()).put_all(f"raw/{dataset}/", folder / "parted", parted)

    assert {name.split("/")[0]: end for name, end in statuses(ends).items()} == {
        "_change_data": "ignored",
        "_delta_log": "ignored",
        "region=EU": "landed",
        "region=US": "landed",
        "region=__HIVE_DEFAULT_PARTITION__": "landed",
    }
    rows = land.rows(f"select id, region from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in rows] == [(1, "EU"), (2, "US"), (3, None)]  # 1 was deleted: not append-only


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_an_export_is_modeled(modeled: Rows) -> None:
    assert modeled(MODELED, "id, region, total") == [(1, "EU", 9.0), (3, None, None), (4, "EU", 4.5)]
