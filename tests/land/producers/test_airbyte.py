"""Airbyte: the layout of its S3 destination, made with pyarrow after its page.

https://docs.airbyte.com/integrations/destinations/s3: `<namespace>/<stream>/<date>_<epoch>_<part>.parquet` below the
bucket path, so that all streams of a namespace would be one dataset.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from datetime import UTC, datetime

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.judge.contracts import Contract
from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.producer import Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Airbyte",
    made_by="pyarrow, after [its page](https://docs.airbyte.com/integrations/destinations/s3)",
    works="streams of its S3 destination as parquet, each its own dataset; the `_airbyte_` columns land too",
    to_set="bucket path `raw`, path format `${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/`; or "
    "`prefixes: [raw/<namespace>/<stream>/]` a dataset",
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
