"""Iceberg, written by pyiceberg itself, and the signs that its Java writers leave, made with pyarrow.

A table is created before it has rows, so that its metadata tells what the folder is before the first data file comes.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from tests.land.producers import environment
from tests.land.producers.arrival import Arrivals, said, statuses
from tests.land.producers.conftest import Rows
from tests.land.producers.producer import Files, Modeled, Producer
from tests.land.test_table_formats import POSITIONS
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Iceberg",
    made_by="pyiceberg 0.12.0; its Java writers' footers after "
    "[Parquet.java](https://github.com/apache/iceberg/blob/main/parquet/src/main/java/org/apache/iceberg/parquet/Parquet.java)",
    works="an export by a reader of Iceberg; the data files (`data/`) of a table that is only added to",
    to_set="export to a folder of its own; or `table_format: append_only`",
    refused="the table's folder once its metadata has arrived, and any file with Iceberg's signs (`table_format`); "
    "files of deletes always; `metadata/` is ignored",
)
ROWS = pa.table({"id": [1, 2], "region": ["EU", None]})


def export(folder: Path) -> Files:
    """Export a table that was deleted from."""
    environment.make("iceberg", folder)
    return [("1.parquet", (folder / "export.parquet").read_bytes())]


MODELED = Modeled("iceberg_orders", export)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Path]]:
    folder = tmp_path_factory.mktemp("iceberg")
    return folder, environment.make("iceberg", folder)


def test_no_file_of_a_table_lands_and_its_metadata_is_ignored(land: Land, written: tuple[Path, list[Path]]) -> None:
    folder, paths = written
    dataset = new_dataset()
    of_table = [path for path in paths if "warehouse" in path.parts]

    ends = Arrivals(land, land.function()).put_all(f"raw/{dataset}/", folder / "warehouse/shop/orders", of_table)

    assert {name.split("/")[0]: end for name, end in statuses(ends).items()} == {
        "data": "table_format",
        "metadata": "ignored",
    }
    assert land.count(f"landing.{dataset}") == 0


def test_an_export_of_the_table_lands_as_it_is_now(land: Land, written: tuple[Path, list[Path]]) -> None:
    folder, _ = written
    dataset = new_dataset()

    end = Arrivals(land, land.function()).put(f"raw/{dataset}/1.parquet", (folder / "export.parquet").read_bytes())

    assert end.status.value == "landed"
    rows = land.rows(f"select id, region from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in rows] == [(1, "EU"), (3, None), (4, "EU")]


def test_files_of_spark_and_flink_are_known_by_their_footers_before_any_metadata(land: Land) -> None:
    dataset = new_dataset()
    key = f"raw/{dataset}/data/region=EU/00000-1-8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c-00001"
    data, deletes = f"{key}.parquet", f"{key}-deletes.parquet"
    arrivals = Arrivals(land, land.function())

    arrivals.put(data, said(ROWS.select(["id"]), {"iceberg.schema": "{}"}))
    arrivals.put(deletes, POSITIONS)

    assert statuses(arrivals.ends) == {data: "table_format", deletes: "table_format"}


def test_where_that_is_declared_rows_land_and_deletes_never(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract(append_only=True)
    key = f"raw/{dataset}/data/00000-1-8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c-00001"
    arrivals = Arrivals(land, land.function())

    arrivals.put(f"{key}.parquet", said(ROWS, {"iceberg.schema": "{}"}))
    arrivals.put(f"{key}-deletes.parquet", POSITIONS)

    assert list(statuses(arrivals.ends).values()) == ["landed", "table_format"]
    assert land.count(f"landing.{dataset}") == 2


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_an_export_is_modeled(modeled: Rows) -> None:
    assert modeled(MODELED, "id, region") == [(1, "EU"), (3, None), (4, "EU")]
