"""Debezium: changes as the S3 sink of Kafka Connect writes them in parquet, made with pyarrow after the pages of both.

https://docs.confluent.io/kafka-connectors/s3-sink/current/overview.html:
`<topics.dir>/<topic>/partition=<n>/<topic>+<n>+<offset>.snappy.parquet`;
https://debezium.io/documentation/reference/stable/transformations/event-flattening.html.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from tests.land.producers.arrival import Arrivals
from tests.land.producers.conftest import Modeling
from tests.land.producers.feeds import written
from tests.land.producers.producer import Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Debezium",
    made_by="pyarrow, after [the S3 sink](https://docs.confluent.io/kafka-connectors/s3-sink/current/overview.html), "
    "[flattening](https://debezium.io/documentation/reference/stable/transformations/event-flattening.html)",
    works="change events, flattened or whole (`before` and `after` are SUPER); each event is a row, deletes too",
    to_set="`topics.dir=raw`; a topic named as the dataset (RegexRouter), or `prefixes: [raw/<topic>/]`; flattened: "
    "`delete.tombstone.handling.mode=rewrite` and `add.fields=op,lsn,source.ts_ms` (of MySQL "
    "`op,source.file,source.pos,source.ts_ms`); `changes` ([Changes](#changes))",
    refused="a topic with dots names no dataset: ignored, and named by `landfall history --ignored`",
)
NOON_MS = 1_763_035_200_123


def test_flattened_events_land_with_their_operation_and_partition(land: Land) -> None:
    topic = new_dataset()
    events = pa.table(
        {
            "id": [1, 1],
            "total": [1.5, None],
            "__op": ["c", "d"],
            "__deleted": ["false", "true"],
            "__source_ts_ms": [1, 2],
        }
    )

    end = Arrivals(land, land.function()).put(f"raw/{topic}/partition=0/{topic}+0+0000000000.snappy.parquet", events)

    assert end.status.value == "landed"
    found = land.rows(f'select id, __op, __deleted, "partition" from landing.{topic} order by __source_ts_ms')
    assert [tuple(row.values()) for row in found] == [(1, "c", "false", "0"), (1, "d", "true", "0")]


def test_whole_events_land_with_the_row_before_and_after(land: Land) -> None:
    topic = new_dataset()
    row = pa.struct([("id", pa.int32()), ("total", pa.float64())])
    events = pa.table(
        {
            "before": pa.array([None, {"id": 1, "total": 1.5}], row),
            "after": pa.array([{"id": 1, "total": 1.5}, None], row),
            "op": ["c", "d"],
        }
    )

    end = Arrivals(land, land.function()).put(f"raw/{topic}/partition=3/{topic}+3+0000000007.snappy.parquet", events)

    assert end.status.value == "landed"
    found = {each["op"]: each for each in land.rows(f"select op, before, after from landing.{topic}")}
    assert json.loads(found["d"]["before"]) == {"id": 1, "total": 1.5}
    assert found["d"]["after"] is None


def test_a_topic_with_dots_is_ignored_until_a_rule_names_its_dataset(land: Land) -> None:
    dataset = new_dataset()
    topic = f"shop.public.{dataset}"
    key = f"raw/{topic}/partition=0/{topic}+0+0000000000.snappy.parquet"
    events = pa.table({"id": [1], "__op": ["c"]})
    ignored = Arrivals(land, land.function()).put(key, events)
    assert ignored.status.value == "ignored"
    assert "is no dataset name" in str(ignored.reason)

    land.contracts[dataset] = Contract(prefixes=(f"raw/{topic}/",))
    end = Arrivals(land, land.function()).put(key, events)

    assert end.status.value == "landed"
    assert land.count(f"landing.{dataset}") == 1


def event(op: str, id_: int, state: str | None, lsn: int) -> dict[str, Any]:
    deleted = "true" if op == "d" else "false"
    return {"id": id_, "state": state, "__deleted": deleted, "__op": op, "__lsn": lsn, "__source_ts_ms": NOON_MS}


@pytest.mark.xdist_group("modeling")  # a warehouse of its own, with models in it
def test_new_dataset_models_events_of_one_millisecond_by_their_lsn_whichever_file_comes_first(
    modeling: Modeling, tmp_path: Path
) -> None:
    read = pa.Table.from_pylist([event("r", id_, "first", 100) for id_ in (1, 2, 3)])
    earlier = pa.Table.from_pylist([event("u", 1, "second", 101), event("d", 3, None, 102), event("c", 4, "new", 103)])
    later = pa.Table.from_pylist(
        [event("u", 1, "third", 104), event("d", 2, None, 105), event("c", 3, "again", 106), event("d", 4, None, 107)]
    )
    feed = written(*modeling, tmp_path, "shop_items", later)
    codes = {"insert": ["c", "r"], "update": ["u"], "delete": ["d"]}
    assert feed.changes == {"operation": "__op", "codes": codes, "deleted": "__deleted", "sequence": ["__lsn"]}

    topic = "raw/shop_items/partition=0/shop_items+0+"
    feed.put((f"{topic}0000000000.snappy.parquet", read), (f"{topic}0000000006.snappy.parquet", later))
    feed.build()
    feed.put((f"{topic}0000000003.snappy.parquet", earlier))
    feed.build()

    expected = [(1, "third", False), (2, None, True), (3, "again", False), (4, None, True)]
    assert feed.rows("id, state, is_deleted") == expected
    assert {str(at) for (at,) in feed.rows("_business_at")} == {"2025-11-13 12:00:00.123000"}
    assert feed.quarantined() == []
    feed.lint()
