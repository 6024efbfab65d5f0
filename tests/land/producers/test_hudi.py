"""Hudi: its layout as documented (https://hudi.apache.org/docs/storage_layouts/), made with pyarrow.

There is no writer of Hudi on PyPI (hudi 0.5.0 reads). Files carry five columns of bookkeeping and a bloom filter.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.land.producers.arrival import Arrivals, said, statuses
from tests.land.producers.conftest import Rows
from tests.land.producers.producer import Files, Modeled, Producer
from tests.land.warehouse import Land, new_dataset, parquet

PRODUCER = Producer(
    name="Hudi",
    made_by="pyarrow, after [its layout](https://hudi.apache.org/docs/storage_layouts/)",
    works="an export by a reader of Hudi, without its `_hoodie_` columns",
    to_set="export to a folder of its own; or `table_format: append_only`",
    refused="every base file, by its columns or bloom filter, from the first on (`table_format`): an upsert writes the "
    "file's rows again; `.hoodie/`, log files, `.hoodie_partition_metadata` are ignored",
)
FILE = "a1b2c3d4-0000-4000-8000-000000000001-0_0-12-34"
INSTANTS = ("20251113090501234", "20251113100501234")


def base_file(instant: str, totals: list[float]) -> pa.Table:
    """Write a file slice: the rows of the file group as they are at an instant."""
    count = len(totals)
    columns = {
        "_hoodie_commit_time": [instant] * count,
        "_hoodie_commit_seqno": [f"{instant}_0_{number}" for number in range(count)],
        "_hoodie_record_key": [str(number) for number in range(count)],
        "_hoodie_partition_path": ["americas/brazil"] * count,
        "_hoodie_file_name": [f"{FILE}_{instant}.parquet"] * count,
        "id": list(range(count)),
        "total": totals,
    }
    return said(pa.table(columns), {"hoodie_bloom_filter_type_code": "DYNAMIC_V0"})


def export(instant: str, totals: list[float]) -> pa.Table:
    """Read the table as it is at an instant, without Hudi's own columns."""
    return base_file(instant, totals).select(["id", "total"]).replace_schema_metadata(None)


def exports(_: Path) -> Files:
    """Export the table before and after an upsert."""
    totals = [1.5, 2.5], [9.5, 2.5]
    return [(f"{at}.parquet", parquet(export(at, rows))) for at, rows in zip(INSTANTS, totals, strict=True)]


MODELED = Modeled("hudi_orders", exports)


def test_no_file_of_a_table_lands_whatever_comes_first(land: Land) -> None:
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())
    table = f"raw/{dataset}/"

    arrivals.put(f"{table}americas/brazil/.hoodie_partition_metadata", b"commitTime=20251113090501234\n")
    arrivals.put(f"{table}americas/brazil/{FILE}_{INSTANTS[0]}.parquet", base_file(INSTANTS[0], [1.5, 2.5]))
    arrivals.put(f"{table}.hoodie/hoodie.properties", b"hoodie.table.name=sales\n")
    arrivals.put(f"{table}.hoodie/{INSTANTS[0]}.commit", b"{}")
    arrivals.put(f"{table}americas/brazil/{FILE}_{INSTANTS[1]}.parquet", base_file(INSTANTS[1], [9.5, 2.5]))
    arrivals.put(f"{table}americas/brazil/.a1b2c3d4_{INSTANTS[1]}.log.1_0-56-78", b"log")

    ends = statuses(arrivals.ends)
    assert {end for key, end in ends.items() if key.endswith(".parquet")} == {"table_format"}
    assert {end for key, end in ends.items() if not key.endswith(".parquet")} == {"ignored"}
    assert land.count(f"landing.{dataset}") == 0


def test_an_export_without_hudis_columns_lands(land: Land) -> None:
    dataset = new_dataset()
    rows = export(INSTANTS[1], [9.5, 2.5])

    end = Arrivals(land, land.function()).put(f"raw/{dataset}/part-00000.snappy.parquet", rows)

    assert end.status.value == "landed"
    found = land.rows(f"select id, total from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in found] == [(0, 9.5), (1, 2.5)]


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_the_newest_export_of_a_row_is_modeled(modeled: Rows) -> None:
    assert modeled(MODELED, "id, total") == [(0, 9.5), (1, 2.5)]
