"""Hive: files without an extension in hive parts, and a staging folder, made with pyarrow after its documentation.

https://cwiki.apache.org/confluence/display/Hive/Parquet; `hive.exec.stagingdir` is `.hive-staging`, in the table.
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
    name="Hive",
    made_by="pyarrow, after [its page](https://cwiki.apache.org/confluence/display/Hive/Parquet)",
    works="`000000_0` and the like: parquet is known by its bytes; hive parts become columns",
    to_set="nothing; a table stored as parquet",
    refused="`.hive-staging_*`, `_tmp.*` are ignored; so is a file that is no parquet (a table stored as text or ORC)",
)
WORDS = {"writer.model.name": "3.1.3", "writer.time.zone": "UTC", "writer.date.proleptic": "false"}


def inserts(_: Path) -> Files:
    """Insert twice, each into a part of its own; one row is in both."""
    parts = {"2025-11-13": {"id": [1, 2], "total": [1.5, 2.5]}, "2025-11-14": {"id": [1], "total": [9.5]}}
    return [(f"dt={day}/000000_0", parquet(said(pa.table(rows), WORDS))) for day, rows in parts.items()]


MODELED = Modeled("hive_orders", inserts)


def test_files_without_an_extension_land_by_their_bytes(land: Land) -> None:
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())
    rows = said(pa.table({"id": [1, 2]}), WORDS)

    arrivals.put(f"raw/{dataset}/.hive-staging_hive_2025-11-13_09-05-01_234_1/-ext-10000/000000_0", rows)
    arrivals.put(f"raw/{dataset}/dt=2025-11-13/000000_0", rows)
    arrivals.put(f"raw/{dataset}/dt=2025-11-14/000000_0_copy_1", rows)
    arrivals.put(f"raw/{dataset}/dt=2025-11-15/000000_0", b"1\x01a\n2\x01b\n")

    assert list(statuses(arrivals.ends).values()) == ["ignored", "landed", "landed", "ignored"]
    found = land.rows(f"select id, dt from landing.{dataset} order by dt, id")
    assert [tuple(row.values()) for row in found] == [
        (1, "2025-11-13"),
        (2, "2025-11-13"),
        (1, "2025-11-14"),
        (2, "2025-11-14"),
    ]


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_the_newest_row_of_a_key_is_modeled_with_its_part(modeled: Rows) -> None:
    assert modeled(MODELED, "id, total, dt") == [(1, 9.5, "2025-11-14"), (2, 2.5, "2025-11-13")]
