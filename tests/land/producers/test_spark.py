"""Spark: the layout of its parquet writer, made with pyarrow after its documentation; pyspark is 450 MB and needs Java.

https://spark.apache.org/docs/latest/sql-data-sources-parquet.html#partition-discovery; the committer's folders:
https://spark.apache.org/docs/latest/cloud-integration.html. Timestamps are INT96 by default.
"""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from datetime import datetime

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from tests.land.producers.arrival import Arrivals, said, statuses
from tests.land.producers.producer import Producer
from tests.land.warehouse import Land, new_dataset

PRODUCER = Producer(
    name="Spark",
    made_by="pyarrow, after [its pages](https://spark.apache.org/docs/latest/sql-data-sources-parquet.html)",
    works="a folder that `df.write.parquet` writes, parted or not; INT96; `__HIVE_DEFAULT_PARTITION__` is NULL",
    to_set="nothing; `mode('append')`, since an overwritten or deleted object takes no row back, or "
    "`snapshot: {end: marker}` ([Full exports](#full-exports))",
    refused="`_temporary/`, `.spark-staging-*/` (not committed yet), `.crc` files and, of other datasets, `_SUCCESS` "
    "are ignored",
)
JOB = "8f2a6b1c-0d3e-4f5a-9b8c-7d6e5f4a3b2c"
PART = f"part-00000-{JOB}.c000.snappy.parquet"
WORDS = {
    "org.apache.spark.version": "4.3.0",
    "org.apache.spark.sql.parquet.row.metadata": '{"type":"struct","fields":[]}',
}


def rows(*ids: int) -> pa.Table:
    return said(pa.table({"id": list(ids), "at": [datetime(2025, 11, 13, 9, 5)] * len(ids)}), WORDS)


def test_what_a_job_commits_lands_once_and_what_it_works_with_never(land: Land) -> None:
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())
    table = f"raw/{dataset}/"

    for key in (
        f"{table}_temporary/0/_temporary/attempt_202511130905_0001_m_000000_1/{PART}",
        f"{table}.spark-staging-{JOB}/region=EU/{PART}",
        f"{table}{PART}",
    ):
        arrivals.put(key, rows(1, 2, 3), use_deprecated_int96_timestamps=True)
    arrivals.put(f"{table}.{PART}.crc", b"crc")
    arrivals.put(f"{table}_SUCCESS", b"")

    assert [end for end in statuses(arrivals.ends).values() if end != "ignored"] == ["landed"]
    assert land.count(f"landing.{dataset}") == 3
    assert {str(row["at"]) for row in land.rows(f"select at from landing.{dataset}")} == {"2025-11-13 09:05:00"}


def test_a_parted_table_has_its_parts_as_columns(land: Land) -> None:
    dataset = new_dataset()
    arrivals = Arrivals(land, land.function())

    for number, part in enumerate(
        ("region=EU/year=2025", "region=a%3Db/year=2025", "region=__HIVE_DEFAULT_PARTITION__/year=2026")
    ):
        arrivals.put(f"raw/{dataset}/{part}/{PART}", rows(number))

    assert set(statuses(arrivals.ends).values()) == {"landed"}
    found = land.rows(f"select id, region, year from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in found] == [(0, "EU", "2025"), (1, "a=b", "2025"), (2, None, "2026")]
