"""Several functions at once on one dataset, failures on the way, late events: rows land once, or not at all."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from ingest_lambda.outcomes import FileOutcome, Status
from tests.land.warehouse import Land, new_dataset

FUNCTIONS = 4


def table_of(number: int) -> pa.Table:
    return pa.table({"id": [number * 10, number * 10 + 1], "name": [f"file {number}", None]})


def test_functions_that_receive_the_same_new_files_at_once_land_each_once(land: Land) -> None:
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/{number}.parquet", table_of(number)) for number in range(5)]
    functions = [land.function() for _ in range(FUNCTIONS)]
    at_once = threading.Barrier(FUNCTIONS)

    def receive(number: int) -> list[FileOutcome]:
        order = files[number:] + files[:number]
        at_once.wait()
        return functions[number].receive(*order)

    with ThreadPoolExecutor(FUNCTIONS) as pool:
        outcomes = [outcome for part in pool.map(receive, range(FUNCTIONS)) for outcome in part]
    # what lost a conflict comes back, as SQS would bring it
    for number, function in enumerate(functions):
        retried = [
            outcome.file for outcome in outcomes[number * 5 : number * 5 + 5] if outcome.status is Status.RETRIED
        ]
        outcomes += function.receive(*retried) if retried else []

    statuses = Counter(outcome.status for outcome in outcomes)
    assert statuses[Status.LANDED] == len(files), statuses
    assert set(statuses) <= {Status.LANDED, Status.DUPLICATE, Status.RETRIED}
    assert sorted(row["id"] for row in land.rows(f"select id from landing.{dataset}")) == sorted(
        number * 10 + offset for number in range(5) for offset in (0, 1)
    )
    assert_ledger_and_landing_agree(land, dataset)


def test_functions_that_land_different_files_at_once_get_a_load_number_each_without_gaps(land: Land) -> None:
    dataset = new_dataset()
    land.function().receive(land.put(f"raw/{dataset}/first.parquet", table_of(0)))
    functions = [land.function() for _ in range(FUNCTIONS)]
    files = [land.put(f"raw/{dataset}/{number}.parquet", table_of(number)) for number in range(1, FUNCTIONS + 1)]

    with ThreadPoolExecutor(FUNCTIONS) as pool:
        outcomes = list(pool.map(lambda pair: pair[0].receive(pair[1])[0], zip(functions, files, strict=True)))

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}, outcomes
    assert sorted(outcome.load_seq or 0 for outcome in outcomes) == [2, 3, 4, 5]
    entered = land.rows(f"select load_seq from ledger.{dataset} order by load_seq")
    assert [row["load_seq"] for row in entered] == [1, 2, 3, 4, 5]
    assert_ledger_and_landing_agree(land, dataset)


def test_a_version_twice_in_one_batch_lands_once(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))

    land.function().receive(file, file, file)

    assert land.count(f"landing.{dataset}") == 2
    assert_ledger_and_landing_agree(land, dataset)


def test_every_version_of_an_overwritten_key_lands(land: Land) -> None:
    dataset = new_dataset()
    versions = [land.put(f"raw/{dataset}/same.parquet", table_of(number)) for number in (1, 2, 3)]

    outcomes = land.function().receive(*reversed(versions))

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert land.count(f"landing.{dataset}") == 6
    assert_ledger_and_landing_agree(land, dataset)


def test_a_version_that_exists_no_more_is_gone_and_its_batch_goes_on(land: Land) -> None:
    dataset = new_dataset()
    lost = land.put(f"raw/{dataset}/lost.parquet", table_of(1))
    kept = land.put(f"raw/{dataset}/kept.parquet", table_of(2))
    land.client("s3").delete_object(Bucket=lost.bucket, Key=lost.key, VersionId=lost.version_id)

    outcomes = land.function().receive(lost, kept)

    assert [outcome.status for outcome in outcomes] == [Status.GONE, Status.LANDED]
    assert land.count(f"landing.{dataset}") == 2


def test_a_file_deleted_by_a_marker_lands_all_the_same(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))
    land.client("s3").delete_object(Bucket=file.bucket, Key=file.key)

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED


def test_an_undone_file_stays_undone_when_its_event_comes_again(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))
    land.function().receive(file)
    land.warehouse.transaction(
        [
            f"delete from landing.{dataset} where _file_id = '{file.file_id}'",
            f"update ledger.{dataset} set undone_at = getdate() where file_id = '{file.file_id}'",
        ]
    )

    [outcome] = land.function().receive(file)

    assert (outcome.status, outcome.reason) == (Status.DUPLICATE, "undone")
    assert land.count(f"landing.{dataset}") == 0


def test_more_files_than_one_transaction_takes_land_in_several(land: Land) -> None:
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/{number}.parquet", table_of(number)) for number in range(37)]

    outcomes = land.function().receive(*files)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert land.count(f"landing.{dataset}") == 74
    assert_ledger_and_landing_agree(land, dataset)


class FlakyDataApi:
    """The Data API client, but call number `fails_at` fails: before it is sent, or with its answer lost."""

    def __init__(self, client: Any, fails_at: int, *, answer_lost: bool) -> None:
        self._client = client
        self._fails_at = fails_at
        self._answer_lost = answer_lost
        self.calls = 0

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**request: Any) -> Any:
            self.calls += 1
            if self.calls != self._fails_at:
                return operation(**request)
            if self._answer_lost:
                operation(**request)
                raise ReadTimeoutError(endpoint_url="data api")
            raise ClientError({"Error": {"Code": "InternalServerException", "Message": "injected"}}, name)

        return call


@pytest.mark.parametrize("answer_lost", [False, True], ids=["not sent", "answer lost"])
def test_a_failure_at_any_call_of_the_data_api_leaves_all_or_nothing(land: Land, answer_lost: bool) -> None:
    for fails_at in range(1, 30):
        dataset = new_dataset()
        files = [land.put(f"raw/{dataset}/{number}.parquet", table_of(number)) for number in (1, 2)]
        api = FlakyDataApi(land.client("redshift-data"), fails_at, answer_lost=answer_lost)
        first = land.function(api).receive(*files)
        wait_for_statements(land)
        assert land.count(f"landing.{dataset}") in {0, 4}
        assert_ledger_and_landing_agree(land, dataset)

        again = land.function().receive(*files)

        assert all(outcome.status in {Status.LANDED, Status.DUPLICATE} for outcome in again), (fails_at, again)
        assert land.count(f"landing.{dataset}") == 4
        assert_ledger_and_landing_agree(land, dataset)
        if api.calls < fails_at:
            assert {outcome.status for outcome in first} == {Status.LANDED}
            return
    raise AssertionError("a load makes fewer calls than that")


def wait_for_statements(land: Land) -> None:
    """Wait for the statements whose answer was lost: the Data API runs them to their end."""
    for status in ("SUBMITTED", "PICKED", "STARTED"):
        for statement in land.client("redshift-data").list_statements(Status=status)["Statements"]:
            land.client("redshift-data").describe_statement(Id=statement["Id"], WaitTimeSeconds=30)


def assert_ledger_and_landing_agree(land: Land, dataset: str) -> None:
    """Every ledger row has its rows in landing, in its load, and landing has no other."""
    if not land.count(f"ledger.{dataset}"):
        assert land.count(f"landing.{dataset}") == 0
        return
    promised = land.rows(f"select file_id, load_id, load_seq, row_count from ledger.{dataset}")
    there = land.rows(f"select _file_id, _load_id, _load_seq, count(*) as n from landing.{dataset} group by 1, 2, 3")
    assert sorted(tuple(row.values()) for row in promised) == sorted(tuple(row.values()) for row in there)
    assert len({row["file_id"] for row in promised}) == len(promised)
