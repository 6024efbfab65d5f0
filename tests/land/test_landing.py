"""Good files land once, with the values that they have."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.load.outcomes import Status
from tests.land.warehouse import Land, new_dataset

MOMENT = datetime(2025, 11, 13, 9, 5, 1, 234567, tzinfo=UTC)


def test_a_good_file_lands_with_the_values_that_it_has(land: Land) -> None:
    dataset = new_dataset()
    table = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int64()),
            "small": pa.array([-32768, None, 32767], pa.int16()),
            "whole": pa.array([-(2**31), None, 2**31 - 1], pa.int32()),
            "ratio": pa.array([1.5, None, -0.1], pa.float64()),
            "price": pa.array([Decimal("12.30"), None, Decimal("-99999999.99")], pa.decimal128(18, 2)),
            "name": pa.array(["Größe 😀", None, ""], pa.string()),
            "is_open": pa.array([True, None, False], pa.bool_()),
            "day": pa.array([date(2025, 11, 13), None, date(1969, 12, 31)], pa.date32()),
            "at": pa.array([MOMENT, None, datetime(1969, 12, 31, tzinfo=UTC)], pa.timestamp("us", "UTC")),
            "at_local": pa.array([MOMENT.replace(tzinfo=None), None, None], pa.timestamp("us")),
            "at_millis": pa.array([MOMENT.replace(microsecond=234000), None, None], pa.timestamp("ms", "UTC")),
        }
    )
    file = land.put(f"raw/{dataset}/a.parquet", table)

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED, outcome
    assert (outcome.rows, outcome.load_seq) == (3, 1)
    first, second, third = land.rows(f"select * from landing.{dataset} order by id")
    assert [first[name] for name in ("id", "small", "whole", "ratio", "name", "is_open", "day")] == [
        1,
        -32768,
        -(2**31),
        1.5,
        "Größe 😀",
        True,
        "2025-11-13",
    ]
    assert (first["price"], third["price"]) == ("12.30", "-99999999.99")
    assert [str(first[name]) for name in ("at", "at_local", "at_millis")] == [
        "2025-11-13 09:05:01.234567",
        "2025-11-13 09:05:01.234567",
        "2025-11-13 09:05:01.234",
    ]
    assert all(second[name] is None for name in table.column_names if name != "id")
    assert third["name"] == ""
    assert third["day"] == "1969-12-31"
    assert {row["_file_id"] for row in (first, second, third)} == {file.file_id}
    assert first["_source_file"] == file.uri
    assert first["_load_seq"] == 1
    left = land.client("s3").list_object_versions(Bucket=land.bucket, Prefix=f"staging/{outcome.load_id}")
    assert left.get("Versions", []) + left.get("DeleteMarkers", []) == []


def test_a_second_event_for_a_version_changes_nothing(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1, 2]}))
    warm, cold = land.function(), land.function()

    outcomes = [warm.receive(file)[0], warm.receive(file)[0], cold.receive(file)[0]]

    assert [outcome.status for outcome in outcomes] == [Status.LANDED, Status.DUPLICATE, Status.DUPLICATE]
    assert {outcome.load_id for outcome in outcomes} == {outcomes[0].load_id}
    assert land.count(f"landing.{dataset}") == 2
    assert land.count(f"ledger.{dataset}") == 1


def test_columns_land_by_name_whatever_their_order(land: Land) -> None:
    dataset = new_dataset()
    first = land.put(f"raw/{dataset}/1.parquet", pa.table({"a": [1], "b": ["x"], "c": [True]}))
    turned = land.put(f"raw/{dataset}/2.parquet", pa.table({"c": [False], "A": [2], "b": ["y"]}))

    assert [outcome.status for outcome in land.function().receive(first, turned)] == [Status.LANDED] * 2

    rows = land.rows(f"select a, b, c from landing.{dataset} order by a")
    assert rows == [{"a": 1, "b": "x", "c": True}, {"a": 2, "b": "y", "c": False}]


def test_without_its_counter_a_dataset_lands_nothing_and_with_it_again_the_file_that_waited(land: Land) -> None:
    dataset = new_dataset()
    first, second = (land.put(f"raw/{dataset}/{n}.parquet", pa.table({"id": [n]})) for n in (1, 2))
    function = land.function()
    assert function.receive(first)[0].status is Status.LANDED

    land.warehouse.execute(f'delete from lock."{dataset}"')
    assert function.receive(second)[0].status is Status.RETRIED
    assert (land.count(f"landing.{dataset}"), land.count(f"ledger.{dataset}")) == (1, 1)

    land.warehouse.execute(f'insert into lock."{dataset}" values (1)')
    assert function.receive(second)[0].status is Status.LANDED
    assert [row["_load_seq"] for row in land.rows(f"select _load_seq from landing.{dataset} order by id")] == [1, 2]
