"""Athena: what CTAS, INSERT INTO and UNLOAD leave, made with pyarrow after its documentation.

https://docs.aws.amazon.com/athena/latest/ug/unload.html; the query's id begins the name, which has no extension.
"""

from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.conftest import Rows
from tests.land.producers.producer import Files, Modeled, Producer
from tests.land.warehouse import Land, new_dataset, parquet

PRODUCER = Producer(
    name="Athena, Trino",
    made_by="pyarrow, after [its pages](https://docs.aws.amazon.com/athena/latest/ug/unload.html)",
    works="what `UNLOAD`, CTAS and `INSERT INTO` write as parquet: it is known by its bytes",
    to_set="`format = 'PARQUET'`, a location that names the dataset (`raw/orders/`)",
    refused="query results (`.csv`, `.csv.metadata`, `-manifest.csv`) are ignored, as text that no dataset declares",
)
QUERY = "20251113_090501_00012_abcde_8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c"


def unloads(_: Path) -> Files:
    """Unload twice; one row has changed since."""
    results = {"id": [1, 2], "total": [1.5, 2.5]}, {"id": [2, 3], "total": [9.5, 3.5]}
    return [(f"{QUERY}_{number}", parquet(pa.table(rows))) for number, rows in enumerate(results)]


MODELED = Modeled("athena_orders", unloads)


def test_results_of_a_query_land_by_their_bytes(land: Land) -> None:
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())
    query = f"raw/{dataset}/{QUERY}"

    arrivals.put(query, pa.table({"id": [1, 2]}))
    arrivals.put(f"{query}-manifest.csv", b"s3://b/k\n")
    arrivals.put(f"{query}.csv", b'"id"\n"1"\n')
    arrivals.put(f"{query}.csv.metadata", b"\x08\x01")

    assert list(statuses(arrivals.ends).values()) == ["landed", "ignored", "ignored", "ignored"]
    assert land.count(f"landing.{dataset}") == 2


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_the_newest_row_of_a_key_is_modeled(modeled: Rows) -> None:
    assert modeled(MODELED, "id, total") == [(1, 1.5), (2, 9.5), (3, 3.5)]
