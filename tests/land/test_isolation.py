"""Loads that meet each other, or somebody else's transaction, under both isolation levels that Redshift has."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from tests.land import warehouse
from tests.land.competitor import transaction, wait_until_blocked
from tests.land.invariants import assert_landed_once, assert_load_numbers_were_given_once
from tests.land.warehouse import Function, Land, new_dataset

pytestmark = pytest.mark.xdist_group("isolation")
FUNCTIONS = 4


@pytest.fixture(scope="module")
def serializable() -> Iterator[Land]:
    """A warehouse under SERIALIZABLE isolation, the default of clusters made before May 2024."""
    with warehouse.land("serializable") as surroundings:
        yield surroundings


@pytest.fixture(params=["snapshot", "serializable"])
def any_land(request: pytest.FixtureRequest) -> Land:
    """A warehouse under each level."""
    surroundings: Land = request.getfixturevalue("land" if request.param == "snapshot" else request.param)
    return surroundings


def table(number: int) -> pa.Table:
    return pa.table({"id": pa.array([number * 10, number * 10 + 1], pa.int32()), "name": [f"file {number}", None]})


def put(land: Land, dataset: str, numbers: range) -> list[FileVersion]:
    return [land.put(f"raw/{dataset}/{number}.parquet", table(number)) for number in numbers]


def test_functions_that_receive_the_same_new_files_at_once_land_each_once(any_land: Land) -> None:
    dataset = new_dataset()
    files = put(any_land, dataset, range(5))
    functions = [any_land.function() for _ in range(FUNCTIONS)]
    at_once = threading.Barrier(FUNCTIONS)

    def receive(number: int) -> list[FileOutcome]:
        order = files[number:] + files[:number]
        at_once.wait()
        outcomes = functions[number].receive(*order)
        # what lost a conflict comes back, as SQS would bring it
        back = [outcome.file for outcome in outcomes if outcome.status is Status.RETRIED]
        return outcomes + (functions[number].receive(*back) if back else [])

    with ThreadPoolExecutor(FUNCTIONS) as pool:
        outcomes = [outcome for part in pool.map(receive, range(FUNCTIONS)) for outcome in part]

    statuses = Counter(outcome.status for outcome in outcomes)
    assert statuses[Status.LANDED] == len(files), statuses
    assert set(statuses) <= {Status.LANDED, Status.DUPLICATE, Status.RETRIED}
    assert_landed_once(any_land, dataset, dict.fromkeys(files, 2))
    assert_load_numbers_were_given_once(any_land, dataset)


def test_load_numbers_appear_in_the_order_of_the_commits_and_without_gaps(any_land: Land) -> None:
    dataset = new_dataset()
    [first, *files] = put(any_land, dataset, range(FUNCTIONS * 3 + 1))
    any_land.function().receive(first)
    functions = [any_land.function() for _ in range(FUNCTIONS)]
    seen: list[list[int]] = []
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            rows = any_land.rows(f"select distinct _load_seq from landing.{dataset} order by 1")
            seen.append([row["_load_seq"] for row in rows])

    def receive(number: int) -> list[FileOutcome]:
        return [functions[number].receive(file)[0] for file in files[number::FUNCTIONS]]

    with ThreadPoolExecutor(FUNCTIONS + 1) as pool:
        watching = pool.submit(watch)
        outcomes = [outcome for part in pool.map(receive, range(FUNCTIONS)) for outcome in part]
        is_over.set()
        watching.result()

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}, outcomes
    # a reader that has seen a number will not meet a smaller one later: a watermark loses nothing
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen)
    assert sorted(outcome.load_seq or 0 for outcome in outcomes) == list(range(2, len(files) + 2))
    assert_landed_once(any_land, dataset, dict.fromkeys([first, *files], 2))


def test_a_load_that_meets_error_1023_is_run_again_and_lands_once(serializable: Land) -> None:
    land, dataset = serializable, new_dataset()
    first, second = put(land, dataset, range(2))
    land.function().receive(first)
    entered = f"insert into ledger.{dataset} (file_id, row_count, load_id, load_seq) values ('other', 0, 'other', 0)"
    with ThreadPoolExecutor(1) as pool:
        # It reads what the load will write, and writes what the load has read before: a cycle, and the load is last.
        with transaction(land, f"select count(*) from landing.{dataset}", f"lock table ledger.{dataset}", entered):
            landing = pool.submit(land.function().receive, second)
            wait_until_blocked(land, dataset)
        [outcome] = landing.result()

    assert outcome.status is Status.LANDED, outcome
    assert any("1023" in error for error in failures(land))
    land.warehouse.execute(f"delete from ledger.{dataset} where file_id = 'other'")
    assert_landed_once(land, dataset, {first: 2, second: 2})
    assert_load_numbers_were_given_once(land, dataset)


def test_a_load_that_conflicts_with_a_concurrent_transaction_is_run_again_and_lands_once(any_land: Land) -> None:
    dataset = new_dataset()
    [first] = put(any_land, dataset, range(1))
    wider = any_land.put(f"raw/{dataset}/wide.parquet", pa.table({"id": [2**40], "name": ["wide"]}))
    any_land.function().receive(first)
    with ThreadPoolExecutor(1) as pool:
        # Somebody corrects a row by hand; the load, which waits for it, then rewrites rows that are no longer so.
        with transaction(any_land, f"update landing.{dataset} set name = 'corrected'"):
            landing = pool.submit(any_land.function().receive, wider)
            wait_until_blocked(any_land, dataset)
        [outcome] = landing.result()

    assert outcome.status is Status.LANDED, outcome
    assert any("1023" in error or "concurrent transaction" in error for error in failures(any_land))
    assert_landed_once(any_land, dataset, {first: 2, wider: 1})
    rows = any_land.rows(f"select id, name from landing.{dataset} order by id")
    assert [tuple(row.values()) for row in rows] == [(0, "corrected"), (1, "corrected"), (2**40, "wide")]


def test_loads_that_widen_one_column_at_once_to_different_types_lose_no_digit(any_land: Land) -> None:
    dataset = new_dataset()
    any_land.function().receive(narrow := any_land.put(f"raw/{dataset}/0.parquet", table(0)))
    values = [pa.array([2**40], pa.int64()), pa.array([Decimal("1.25")], pa.decimal128(9, 2))]
    wide = [any_land.put(f"raw/{dataset}/{number}.parquet", pa.table({"id": ids})) for number, ids in enumerate(values)]
    functions = [any_land.function() for _ in wide]
    for function in functions:
        function.receive(narrow)  # a duplicate, by which each remembers the table as it is
    at_once = threading.Barrier(len(wide))

    def receive(function: Function, file: FileVersion) -> FileOutcome:
        at_once.wait()
        [outcome] = function.receive(file)
        return outcome if outcome.status is not Status.RETRIED else function.receive(file)[0]

    with ThreadPoolExecutor(len(wide)) as pool:
        outcomes = list(pool.map(receive, functions, wide))

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}, outcomes
    rows = any_land.rows(f"select cast(id as varchar) as id from landing.{dataset} order by id")
    assert {Decimal(row["id"]) for row in rows} == {0, 1, 2**40, Decimal("1.25")}
    assert_landed_once(any_land, dataset, {narrow: 2} | dict.fromkeys(wide, 1))


def failures(land: Land) -> list[str]:
    """Return what the Data API says of its failed statements."""
    api = land.client("redshift-data")
    failed = api.list_statements(Status="FAILED")["Statements"]
    return [api.describe_statement(Id=statement["Id"])["Error"] for statement in failed]
