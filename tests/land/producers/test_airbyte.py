"""Airbyte: the layout of its S3 destination, made with pyarrow after its page.

https://docs.airbyte.com/integrations/destinations/s3: `<namespace>/<stream>/<date>_<epoch>_<part>.parquet` below the
bucket path, so that all streams of a namespace would be one dataset.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.conftest import Modeling
from tests.land.producers.feeds import written
from tests.land.producers.producer import Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Airbyte",
    made_by="pyarrow, after [its page](https://docs.airbyte.com/integrations/destinations/s3)",
    works="streams of its S3 destination as parquet, each its own dataset; the `_airbyte_` columns land too",
    to_set="bucket path `raw`, path format `${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/`; or "
    "`prefixes: [raw/<namespace>/<stream>/]` a dataset; CDC: `changes` ([Changes](#changes))",
    refused="`raw/<namespace>/<stream>/` without a rule (`ambiguous_folder`): streams would become one table",
)
RECORDS = pa.table(
    {
        "_airbyte_raw_id": ["8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c"],
        "_airbyte_extracted_at": [datetime(2025, 11, 13, 9, 5, tzinfo=UTC)],
        "_airbyte_generation_id": [1],
        "_airbyte_meta": [{"sync_id": 7, "changes": [{"field": "total", "change": "NULLED", "reason": "TOO_LARGE"}]}],
        "id": [1],
    }
)
NAME = "2025_11_13_1763024701234_0.parquet"
NOON = "2025-11-13T12:00:00.123456Z"  # text, as its sources declare it
CDC_SCHEMA = pa.schema(
    [
        *RECORDS.schema,
        ("state", pa.string()),
        ("_ab_cdc_lsn", pa.float64()),
        ("_ab_cdc_updated_at", pa.string()),
        ("_ab_cdc_deleted_at", pa.string()),
    ]
)


def test_streams_of_a_namespace_wait_for_a_rule_and_land_apart(land: Land) -> None:
    namespace, users, orders = new_dataset(), new_dataset(), new_dataset()
    keys = {stream: f"raw/{namespace}/{stream}/{NAME}" for stream in (users, orders)}
    arrivals = Arrivals(land, land.function())
    for key in keys.values():
        arrivals.put(key, RECORDS)
    assert set(statuses(arrivals.ends).values()) == {"ambiguous_folder"}
    assert land.count(f"landing.{namespace}") == 0

    for stream in (users, orders):
        land.contracts[stream] = Contract(prefixes=(f"raw/{namespace}/{stream}/",))
    ruled = Arrivals(land, land.function())
    for key in keys.values():
        ruled.put(key, RECORDS)

    assert set(statuses(ruled.ends).values()) == {"landed"}
    assert (land.count(f"landing.{users}"), land.count(f"landing.{orders}")) == (1, 1)


def test_a_path_format_that_begins_with_the_stream_needs_no_rule(land: Land) -> None:
    stream = new_dataset()

    end = Arrivals(land, land.function()).put(f"raw/{stream}/2025/11/13/{NAME}", RECORDS)

    assert end.status.value == "landed"
    [row] = land.rows(f"select _airbyte_extracted_at, _airbyte_meta, id from landing.{stream}")
    assert str(row["_airbyte_extracted_at"]) == "2025-11-13 09:05:00"
    assert '"NULLED"' in str(row["_airbyte_meta"])


def record(id_: int, state: str | None, lsn: float, *, is_deleted: bool = False) -> dict[str, Any]:
    return {
        **RECORDS.to_pylist()[0],
        "id": id_,
        "state": state,
        "_ab_cdc_lsn": lsn,
        "_ab_cdc_updated_at": NOON,
        "_ab_cdc_deleted_at": NOON if is_deleted else None,
    }


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_new_dataset_models_cdc_records_of_one_second_by_their_lsn(modeling: Modeling, tmp_path: Path) -> None:
    def stored(*records: dict[str, Any]) -> pa.Table:
        return pa.Table.from_pylist(list(records), schema=CDC_SCHEMA)

    lsn = 2.0**52  # a number to Airbyte, hence a DOUBLE in its parquet
    first = stored(*(record(id_, "first", lsn) for id_ in (1, 2, 3)))
    later = stored(
        record(1, "third", lsn + 3),
        record(2, None, lsn + 4, is_deleted=True),
        record(3, None, lsn + 5, is_deleted=True),
        record(3, "again", lsn + 6),
    )
    earlier = stored(record(1, "second", lsn + 1), record(2, "second", lsn + 2))
    feed = written(*modeling, tmp_path, "cdc_users", later)
    expected = {"deleted": "_ab_cdc_deleted_at", "sequence": ["_ab_cdc_lsn"], "order": "sequence"}
    assert feed.changes == expected

    stream = "raw/cdc_users/2025/11/13/2025_11_13_17630247012"
    feed.put((f"{stream}34_0.parquet", first), (f"{stream}36_0.parquet", later))
    feed.build()
    feed.put((f"{stream}35_0.parquet", earlier))
    feed.build()

    assert feed.rows("id, state, is_deleted") == [(1, "third", False), (2, None, True), (3, "again", False)]
    assert {str(at) for (at,) in feed.rows("_business_at")} == {"2025-11-13 12:00:00.123456"}
    assert feed.quarantined() == []
    feed.lint()
