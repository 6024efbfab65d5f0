"""A function that is killed at any step, or whose statements outlive it, leaves all or nothing, and loses nothing."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from tests.land.competitor import transaction, wait_until_blocked
from tests.land.function_process import FunctionProcesses, environment_of
from tests.land.invariants import assert_landed_once, assert_load_numbers_were_given_once, assert_nothing_is_half_there
from tests.land.proxy import Interference, Request, proxy
from tests.land.warehouse import Land, message, new_dataset, notification

MOST_STEPS = 60


def table(number: int, **more: Any) -> pa.Table:
    return pa.table({"id": [number, number + 1], "name": [f"row {number}", None], **more})


class Killer(Interference):
    """Kills the function when its step number `last` has been done.

    A step is a request that changes what others see, or that ends a wait: what the services have seen of a function
    that dies before a request, or after one that reads or stages, is what they have seen after the step before.
    """

    def __init__(self, functions: FunctionProcesses, last: int, services: Collection[str]) -> None:
        self._functions = functions
        self._last = last
        self._services = services
        self._done = 0
        self._lock = threading.Lock()

    def answers(self, request: Request) -> bool:
        """Let nobody live to hear the answer to the last step."""
        if request.service not in self._services or not is_step(request):
            return True
        with self._lock:
            self._done += 1
            if self._done == self._last:
                self._functions.kill()
            return self._done < self._last


def is_step(request: Request) -> bool:
    """Tell whether somebody could see that the request was served: not if it reads, stages, or tidies up."""
    is_read = request.method == "GET" or request.operation == "GetStatementResult"
    is_removal = request.method == "POST" and request.path != "/"
    return not is_read and not is_removal and "/staging/" not in request.path


@pytest.fixture(scope="module")
def functions() -> Iterator[FunctionProcesses]:
    """Processes for functions."""
    processes = FunctionProcesses()
    yield processes
    processes.close()


def is_killed(
    land: Land, functions: FunctionProcesses, last: int, files: list[FileVersion], services: Collection[str]
) -> bool:
    """Let a function handle the files until its step number `last`; tell whether it came so far."""
    with proxy(environment_of(land), Killer(functions, last, services)) as between:
        functions.start(between.environment, records_of(files))
        return functions.answer() is None


def records_of(files: list[FileVersion]) -> list[dict[str, Any]]:
    return [message(notification([file])) for file in files]


def test_a_function_killed_at_any_step_of_a_first_load_leaves_all_or_nothing_and_its_files_land_later(
    land: Land, functions: FunctionProcesses
) -> None:
    for last in count(1):
        dataset = new_dataset()
        good = [land.put(f"raw/{dataset}/{number}.parquet", table(number)) for number in (1, 2)]
        bad = land.put(f"raw/{dataset}/bad.parquet", b"nonsense")

        was_killed = is_killed(land, functions, last, [*good, bad], {"aws", "data"})
        landed = assert_nothing_is_half_there(land, dataset)
        assert len(landed) in {0, 2}, "two files of one batch land in one transaction"
        again = land.function().receive(*good, bad)  # at once: a statement of the dead may still be running

        assert {outcome.status for outcome in again[:2]} <= {Status.LANDED, Status.DUPLICATE}, (last, again)
        assert again[2].status is Status.REJECTED
        assert_landed_once(land, dataset, dict.fromkeys(good, 2))
        rejected = land.rows(f"select file_id from ops.rejected_files where dataset = '{dataset}'")
        assert rejected == [{"file_id": bad.file_id}]
        if not was_killed:
            assert last > 10, "a load has more steps than that"
            return
        assert last < MOST_STEPS


def test_a_function_killed_in_any_statement_of_a_later_load_leaves_all_or_nothing_and_its_file_lands_later(
    land: Land, functions: FunctionProcesses
) -> None:
    dataset = new_dataset()
    first = land.put(f"raw/{dataset}/0.parquet", table(0))
    land.function().receive(first)
    expected = {first: 2}
    warm = land.function()
    for last in count(1):
        with_a_new_column = table(last, **{f"c{last}": [1, 2]})
        file = land.put(f"raw/{dataset}/{last}.parquet", with_a_new_column)

        was_killed = is_killed(land, functions, last, [file], {"data"})
        assert_nothing_is_half_there(land, dataset)
        [again] = warm.receive(file)

        expected[file] = 2
        assert again.status in {Status.LANDED, Status.DUPLICATE}, (last, again)
        assert_landed_once(land, dataset, expected)
        if not was_killed:
            break
        assert last < MOST_STEPS
    assert_load_numbers_were_given_once(land, dataset)
    assert land.rows(f"select count(c{last}) as n from landing.{dataset}") == [{"n": 2}]


def test_a_statement_that_outlives_its_function_lands_its_files_once_beside_the_redelivery(
    land: Land, functions: FunctionProcesses
) -> None:
    dataset = new_dataset()
    land.function().receive(first := land.put(f"raw/{dataset}/0.parquet", table(0)))
    files = [land.put(f"raw/{dataset}/{number}.parquet", table(number)) for number in (1, 2)]
    with ThreadPoolExecutor(1) as pool, transaction(land, f"lock table lock.{dataset}"):
        functions.start(environment_of(land), records_of(files))
        wait_until_blocked(land, dataset, 1)
        functions.kill()
        assert functions.answer() is None
        redelivered = pool.submit(land.function().receive, *files, receive_count=2)
        wait_until_blocked(land, dataset, 2)
        assert_landed_once(land, dataset, {first: 2})
    outcomes = redelivered.result()

    assert {outcome.status for outcome in outcomes} == {Status.DUPLICATE}  # the statement of the dead came first
    assert_landed_once(land, dataset, {first: 2} | dict.fromkeys(files, 2))
    assert_load_numbers_were_given_once(land, dataset)
