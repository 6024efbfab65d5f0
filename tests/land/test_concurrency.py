"""Events that come twice, late or of what is gone, and failures on the way: rows land once, or not at all."""

from collections import Counter
from collections.abc import Callable

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from landfall.operate.undos import undo
from tests.land.flaky_data_api import FlakyDataApi
from tests.land.function_process import FunctionProcesses, environment_of
from tests.land.invariants import assert_landed_once, assert_load_numbers_were_given_once, assert_nothing_is_half_there
from tests.land.proxy import Interference, Request, proxy
from tests.land.warehouse import Land, message, new_dataset, notification


def table_of(number: int) -> pa.Table:
    return pa.table({"id": [number * 10, number * 10 + 1], "name": [f"file {number}", None]})


def test_a_version_twice_in_one_batch_lands_once(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))

    land.function().receive(file, file, file)

    assert_landed_once(land, dataset, {file: 2})


def test_a_version_that_s3_and_somebody_else_announce_at_once_lands_once(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))
    of_s3 = notification([file])
    of_reconcile = of_s3.replace("ObjectCreated:Put", "ObjectCreated:Landfall:Reconcile")
    assert of_s3 != of_reconcile

    back = land.function().handle([message(of_reconcile), message(of_s3)])

    assert back == []
    assert_landed_once(land, dataset, {file: 2})


def test_every_version_of_an_overwritten_key_lands(land: Land) -> None:
    dataset = new_dataset()
    versions = [land.put(f"raw/{dataset}/same.parquet", table_of(number)) for number in (1, 2, 3)]

    outcomes = land.function().receive(*reversed(versions))

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert_landed_once(land, dataset, dict.fromkeys(versions, 2))


def test_a_version_that_exists_no_more_is_gone_and_its_batch_goes_on(land: Land) -> None:
    dataset = new_dataset()
    lost = land.put(f"raw/{dataset}/lost.parquet", table_of(1))
    kept = land.put(f"raw/{dataset}/kept.parquet", table_of(2))
    land.client("s3").delete_object(Bucket=lost.bucket, Key=lost.key, VersionId=lost.version_id)

    outcomes = land.function().receive(lost, kept)

    assert [outcome.status for outcome in outcomes] == [Status.GONE, Status.LANDED]
    assert_landed_once(land, dataset, {kept: 2})


def test_a_file_deleted_by_a_marker_lands_all_the_same(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))
    land.client("s3").delete_object(Bucket=file.bucket, Key=file.key)

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED
    assert_landed_once(land, dataset, {file: 2})


def test_an_undone_file_stays_undone_when_its_event_comes_again_and_its_load_number_is_never_given_again(
    land: Land,
) -> None:
    dataset = new_dataset()
    first, undone, last = (land.put(f"raw/{dataset}/{number}.parquet", table_of(number)) for number in (1, 2, 3))
    land.function().receive(first)
    [landed] = land.function().receive(undone)
    undo(land.warehouse, land.bucket, undone.key)

    [again] = land.function().receive(undone)
    [later] = land.function().receive(last)

    assert (again.status, again.reason) == (Status.DUPLICATE, "undone")
    assert_landed_once(land, dataset, {first: 2, undone: 2, last: 2}, undone={undone.file_id})
    assert_load_numbers_were_given_once(land, dataset)
    assert (later.load_seq or 0) > (landed.load_seq or 0) == 2


def test_more_files_than_one_message_names_land_together(land: Land) -> None:
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/{number}.parquet", table_of(number)) for number in range(37)]

    outcomes = land.function().receive(*files)

    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert_landed_once(land, dataset, dict.fromkeys(files, 2))


@pytest.mark.parametrize("answer_lost", [False, True], ids=["not sent", "answer lost"])
def test_a_failure_at_any_call_of_the_data_api_leaves_all_or_nothing(land: Land, answer_lost: bool) -> None:
    dataset = new_dataset()
    files: list[FileVersion] = []
    land.function().receive(first := land.put(f"raw/{dataset}/0.parquet", table_of(0)))
    for fails_at in range(1, 30):
        file = land.put(f"raw/{dataset}/{fails_at}.parquet", table_of(fails_at))
        api = FlakyDataApi(land.client("redshift-data"), fails_at, answer_lost=answer_lost)
        [outcome] = land.function(api).receive(file)
        assert_nothing_is_half_there(land, dataset)

        [again] = land.function().receive(file)

        files.append(file)
        assert again.status in {Status.LANDED, Status.DUPLICATE}, (fails_at, again)
        assert_landed_once(land, dataset, dict.fromkeys([first, *files], 2))
        if api.calls < fails_at:
            assert outcome.status is Status.LANDED
            assert_load_numbers_were_given_once(land, dataset)
            return
    raise AssertionError("a load makes fewer calls than that")


class Throttle(Interference):
    """Refuses every request for which `is_refused` says so, as a service that is too busy does."""

    def __init__(self, is_refused: Callable[[Request, int], bool]) -> None:
        self._is_refused = is_refused
        self._seen: Counter[tuple[str, str, str]] = Counter()

    def admits(self, request: Request) -> bool:
        """Count the requests of one kind, and ask."""
        kind = (request.service, request.path, request.operation)
        self._seen[kind] += 1
        return not self._is_refused(request, self._seen[kind])


def receive_throttled(land: Land, file: FileVersion, is_refused: Callable[[Request, int], bool]) -> list[str] | None:
    """Let a function in a process of its own handle a file, without the SDK's own attempts; return what comes back."""
    functions = FunctionProcesses()
    with proxy(environment_of(land) | {"AWS_MAX_ATTEMPTS": "1"}, Throttle(is_refused)) as between:
        functions.start(between.environment, [message(notification([file]))])
        answer = functions.answer()
    functions.close()
    return answer


def test_a_data_api_that_refuses_all_requests_at_first_delays_a_load_and_no_more(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))

    back = receive_throttled(land, file, lambda request, times: request.service == "data" and times == 1)

    assert back == []
    assert_landed_once(land, dataset, {file: 2})


def test_a_file_comes_back_from_an_s3_that_is_too_busy_and_lands_later(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", table_of(1))

    back = receive_throttled(land, file, lambda request, _: "/staging/" in request.path)

    assert back is not None
    assert len(back) == 1
    assert_landed_once(land, dataset, {})
    land.function().receive(file)
    assert_landed_once(land, dataset, {file: 2})
