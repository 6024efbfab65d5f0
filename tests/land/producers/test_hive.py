"""Hive: files without an extension in hive parts, and a staging folder, made with pyarrow after its documentation.

https://cwiki.apache.org/confluence/display/Hive/Parquet; `hive.exec.stagingdir` is `.hive-staging`, in the table.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from tests.land.producers.arrival import Arrivals, said, statuses
from tests.land.producers.producer import Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Hive",
    made_by="pyarrow, after [its page](https://cwiki.apache.org/confluence/display/Hive/Parquet)",
    works="`000000_0` and the like: parquet is known by its bytes; hive parts become columns",
    to_set="nothing; a table stored as parquet",
    refused="`.hive-staging_*`, `_tmp.*` are ignored; so is a file that is no parquet (a table stored as text or ORC)",
)
WORDS = {"writer.model.name": "3.1.3", "writer.time.zone": "UTC", "writer.date.proleptic": "false"}


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
