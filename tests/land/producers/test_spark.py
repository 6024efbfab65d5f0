"""Spark: all that its jobs put into a table's folder, in the order in which it came, written by pyspark itself.

`../files/make_files.py` has watched the jobs (pyspark needs Java, and is 450 MB). A job that writes anew, one that
overwrites the parts of a table (dynamically), one that appends to them; timestamps are INT96 by default. The folders
of the committer: https://spark.apache.org/docs/latest/cloud-integration.html.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from ingest_lambda.arrive.folders import writers_own
from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.conftest import Rows
from tests.land.producers.producer import Files, Modeled, Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Spark",
    made_by="pyspark 4.3.0",
    works="a folder that `df.write.parquet` writes, parted or not; INT96; `__HIVE_DEFAULT_PARTITION__` is NULL",
    to_set="nothing; `mode('append')`, since an overwritten or deleted object takes no row back, or "
    "`snapshot: {end: marker}` ([Full exports](#full-exports)), but not with `partitionOverwriteMode=dynamic`, which "
    "leaves no `_SUCCESS` in the table's folder",
    refused="`_temporary/`, `.spark-staging-*/` (not committed yet), `.crc` files and, of other datasets, `_SUCCESS` "
    "are ignored",
)
FILES = Path(__file__).parents[1] / "files"


def written(job: str) -> Files:
    """Return what a job has written, by name below the table's folder, in the order in which it came."""
    with zipfile.ZipFile(FILES / f"{job}.zip") as kept:
        return [(name, kept.read(name)) for name in kept.namelist()]


def parted(_: Path) -> Files:
    """Return the files of a parted table that was overwritten, and then appended to."""
    return written("spark_parted")


MODELED = Modeled("spark_orders", parted)


def land_all(land: Land, job: str) -> tuple[str, dict[str, str]]:
    """Let all files of a job arrive; return their dataset, and what became of each by its name."""
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())
    ends = {name: arrivals.put(f"raw/{dataset}/{name}", content) for name, content in written(job)}
    return dataset, statuses(ends)


def test_what_a_job_commits_lands_once_and_what_it_works_with_never(land: Land) -> None:
    dataset, ends = land_all(land, "spark_job")

    assert any(name.startswith("_temporary/") and name.endswith(".parquet") for name in ends)
    assert ends["_SUCCESS"] == "ignored"
    assert {name: end for name, end in ends.items() if end != "ignored"} == {
        name: "landed" for name in ends if name.endswith(".parquet") and writers_own(name.split("/")) is None
    }
    rows = land.rows(f"select id, at, total, region from landing.{dataset} order by id")
    at = "2025-11-13 09:05:00"
    assert [(row["id"], str(row["at"]), row["total"], row["region"]) for row in rows] == [
        (1, at, "1.50", "EU"),
        (2, at, "3.00", "a=b"),
        (3, at, "4.50", None),
    ]


def test_a_parted_table_has_its_parts_as_columns(land: Land) -> None:
    dataset, ends = land_all(land, "spark_parted")

    assert any(name.startswith(".spark-staging-") and name.endswith(".parquet") for name in ends)
    assert set(ends.values()) == {"landed", "ignored"}
    found = land.rows(f"select id, total, region from landing.{dataset} order by id, total")
    assert [tuple(row.values()) for row in found] == [
        (1, "1.50", "EU"),
        (1, "9.50", "EU"),
        (2, "3.00", "a=b"),
        (3, "4.50", None),
    ]


def test_a_dynamic_overwrite_leaves_no_marker_in_the_tables_folder() -> None:
    names = [name for name, _ in written("spark_parted")]
    appended = next(number for number, name in enumerate(names) if name.startswith("_temporary/"))

    assert [name for name in names if name.endswith("/_SUCCESS")] != []
    assert names.index("_SUCCESS") > appended


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_the_newest_row_of_a_key_is_modeled_with_its_part(modeled: Rows) -> None:
    assert modeled(MODELED, "id, total, region") == [
        (1, Decimal("9.50"), "EU"),
        (2, Decimal("3.00"), "a=b"),
        (3, Decimal("4.50"), None),
    ]
