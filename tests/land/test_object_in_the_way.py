"""LAND: what stays in the way of a load is told; what is tried again and again can be seen, with the error's words."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reasons import Reason
from ingest_lambda.tell.waiting import Waiting, read_waiting
from ingest_lambda.warehouse import ddl
from ingest_lambda.warehouse.failures import Failure, classify
from landfall.operate import uploads, waiting
from landfall.operate.uploads import Plan, Upload
from tests.infra.templates import load, of_type
from tests.land.flaky_data_api import FlakyDataApi
from tests.land.remedies import evolve
from tests.land.warehouse import Land, new_dataset

SMALL = pa.table({"id": pa.array([1], pa.int16())})
WIDE = pa.table({"id": pa.array([70_000], pa.int32())})


def stack_of(land: Land) -> Any:
    """What the operator's commands need of a stack."""
    bucket = land.settings.bucket
    return SimpleNamespace(s3=land.client("s3"), bucket=bucket, warehouse=land.warehouse, route_pattern=None)


@pytest.fixture
def watched(land: Land) -> tuple[str, str]:
    """A dataset of a SMALLINT, and a view of somebody's that is bound to the column."""
    dataset = new_dataset()
    land.function().receive(land.put(f"raw/{dataset}/first.parquet", SMALL))
    view = f"landing.watching_{dataset}"
    land.warehouse.execute(f"create view {view} as select id from landing.{dataset}")
    return dataset, view


def test_a_view_on_a_column_that_must_widen_is_named_and_the_file_lands_once_it_is_dropped(
    land: Land, watched: tuple[str, str]
) -> None:
    dataset, view = watched
    file = land.put(f"raw/{dataset}/wide.parquet", WIDE)

    [outcome] = land.function().receive(file)

    assert outcome.status is Status.REJECTED
    assert outcome.verdict is not None
    assert (outcome.verdict.reason, outcome.verdict.column) == (Reason.OBJECT_IN_THE_WAY, "id")
    assert (outcome.verdict.found, outcome.verdict.expected) == ("INTEGER", "SMALLINT")
    assert f"bound to the table: {view}" in outcome.verdict.detail
    assert "drop what stands on the column" in outcome.verdict.remedy
    assert land.count(f"landing.{dataset}") == 1
    assert land.count(f"ledger.{dataset}") == 1

    land.warehouse.execute(f"drop view {view}")
    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED
    assert sorted(row["id"] for row in land.rows(f"select id from landing.{dataset}")) == [1, 70_000]


@pytest.mark.parametrize(
    ("alter", "words"),
    [("diststyle key distkey id", "distkey"), ("sortkey (id)", "sortkey")],
)
def test_a_column_that_became_a_key_is_named_and_the_file_lands_after_the_command_of_its_verdict(
    land: Land, worded: list[str], alter: str, words: str
) -> None:
    """Of a table that was made with DISTSTYLE AUTO, Redshift may have chosen the key by itself."""
    dataset = new_dataset()
    land.function().receive(land.put(f"raw/{dataset}/first.parquet", SMALL))
    land.warehouse.execute(f"alter table landing.{dataset} alter {alter}")
    file, other = land.put(f"raw/{dataset}/wide.parquet", WIDE), land.put(f"raw/{dataset}/other.parquet", SMALL)

    rejected, landed = land.function().receive(file, other)

    assert (rejected.status, landed.status) == (Status.REJECTED, Status.LANDED)
    assert rejected.verdict is not None
    assert (rejected.verdict.reason, rejected.verdict.column) == (Reason.OBJECT_IN_THE_WAY, "id")
    assert f'cannot drop {words} column "id"' in rejected.verdict.detail
    assert "judge.schema_change._check_change 1" in worded
    evolve(land, dataset, rejected.verdict)
    [outcome] = land.function().receive(file)

    assert outcome.status is Status.LANDED
    assert [int(row["id"]) for row in land.rows(f"select id from landing.{dataset} order by id")] == [1, 1, 70_000]


def test_a_landing_table_has_no_key_that_redshift_may_choose(land: Land) -> None:
    dataset = new_dataset()
    land.function().receive(land.put(f"raw/{dataset}/first.parquet", SMALL))

    [row] = land.rows(
        "select c.reldiststyle as style from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace "
        f"where n.nspname = 'landing' and c.relname = '{dataset}'"
    )

    assert int(row["style"]) == 0  # EVEN
    assert [each for each in land.rows(ddl.select_keys()) if each["dataset"] == dataset] == []


def test_a_view_without_schema_binding_is_not_in_the_way(land: Land, watched: tuple[str, str]) -> None:
    dataset, view = watched
    land.warehouse.execute(f"drop view {view}")
    land.warehouse.execute(f"create view {view} as select id from landing.{dataset} with no schema binding")

    [outcome] = land.function().receive(land.put(f"raw/{dataset}/wide.parquet", WIDE))

    assert outcome.status is Status.LANDED


def test_files_that_need_no_column_changed_land_beside_one_that_does(land: Land, watched: tuple[str, str]) -> None:
    dataset, _ = watched
    files = [land.put(f"raw/{dataset}/{name}.parquet", table) for name, table in (("a", WIDE), ("b", SMALL))]

    outcomes = {outcome.file.key: outcome.status for outcome in land.function().receive(*files)}

    assert outcomes == {files[0].key: Status.REJECTED, files[1].key: Status.LANDED}
    assert land.count(f"landing.{dataset}") == 2


@pytest.mark.parametrize(
    "text",
    [
        'ERROR: cannot drop distkey column "n"',
        'ERROR: cannot drop sortkey column "n"',
        "ERROR: cannot drop table orders column id because other objects depend on it",
        "ERROR: cannot drop column n of x because other objects depend on it\n  Detail: view v depends on table x",
    ],
)
def test_the_warehouses_words_for_it_are_known(text: str) -> None:
    assert classify(text) is Failure.IN_THE_WAY


def test_what_is_tried_again_is_in_sight_from_its_first_failure_until_it_has_landed(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", SMALL)
    stack = stack_of(land)
    assert waiting.still_waiting(stack, dataset) == waiting.noted(stack, [file.file_id]) == []

    for tries, times in ((1, "once"), (2, "2 times")):
        broken = FlakyDataApi(land.client("redshift-data"), 1, answer_lost=False)
        land.function(broken).receive(file, receive_count=tries)

        [seen] = waiting.still_waiting(stack, dataset)
        assert waiting.noted(stack, [file.file_id]) == [seen]
        line = waiting.line(seen)
        assert (line.outcome, line.source_file, line.dataset) == ("waiting", file.uri, dataset)
        assert line.reason is not None
        uploaded = Upload(Plan(Path("a.parquet"), file.key, dataset), file.version_id)
        told: list[str] = []
        [waited] = uploads.wait(stack, [uploaded], 0, failed=told.append)
        assert told == [f"{file.key}: {line.reason}"]
        assert waited.reason == f"no outcome within 0 s; {line.reason}"
        assert re.fullmatch(
            rf"tried {times}: (Transient|Refused)Error: .*; again by \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC", line.reason
        )

    land.function().receive(file, receive_count=3)

    assert waiting.still_waiting(stack, dataset) == []
    assert land.count(f"landing.{dataset}") == 1


def test_a_file_that_was_deleted_while_it_waited_waits_no_more(land: Land) -> None:
    file = land.put(f"raw/{new_dataset()}/a.parquet", SMALL)
    land.function(FlakyDataApi(land.client("redshift-data"), 1, answer_lost=False)).receive(file)
    assert [each.file.file_id for each in waiting.noted(stack_of(land), [file.file_id])] == [file.file_id]
    land.client("s3").delete_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)

    [outcome] = land.function().receive(file, receive_count=2)

    assert outcome.status is Status.GONE
    assert waiting.noted(stack_of(land), [file.file_id]) == []


@pytest.mark.parametrize(("name", "end"), [("part-00000", Status.IGNORED), ("a.parquet", Status.REJECTED)])
def test_a_file_that_is_ignored_or_rejected_after_an_outage_waits_no_more(land: Land, name: str, end: Status) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/{name}", b"no parquet")
    away = land.function()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(away.ingest._warehouse, "check_time", unreachable)
        assert [outcome.status for outcome in away.receive(file)] == [Status.RETRIED]
    [seen] = waiting.still_waiting(stack_of(land), dataset)
    assert seen.file.file_id == file.file_id

    [outcome] = land.function().receive(file, receive_count=2)

    assert outcome.status is end
    assert waiting.noted(stack_of(land), [file.file_id]) == []


def test_a_table_log_whose_folder_could_not_be_recorded_waits_until_it_is(land: Land) -> None:
    dataset = new_dataset()
    log = land.put(f"raw/{dataset}/_delta_log/00000000000000000000.json", b"{}")
    broken = FlakyDataApi(land.client("redshift-data"), 1, answer_lost=False)
    assert [outcome.status for outcome in land.function(broken).receive(log)] == [Status.RETRIED]
    assert [each.file.file_id for each in waiting.still_waiting(stack_of(land), dataset)] == [log.file_id]

    [outcome] = land.function().receive(log, receive_count=2)

    assert outcome.status is Status.IGNORED
    assert waiting.still_waiting(stack_of(land), dataset) == []


def unreachable() -> None:
    raise TransientError("the warehouse does not answer")


@pytest.mark.parametrize(
    ("tries", "hours", "said"),
    [
        (11, 0, "tried 11 times: busy; again by 2025-11-13 09:05:00 UTC"),
        (11, 2, "was to be tried again by 2025-11-13 09:05:00 UTC: `landfall doctor` says what stands in the way"),
        (12, 0, "tried 12 times: busy; given up: `landfall replay --dlq` when the cause is gone"),
    ],
)
def test_what_is_given_up_is_not_said_to_be_tried_again(tries: int, hours: int, said: str) -> None:
    again_by = datetime(2025, 11, 13, 9, 5, tzinfo=UTC)
    file = FileVersion("b", "raw/orders/a.parquet", "1")
    note = Waiting(file, "orders", tries, "busy", "2025-11-13T09:00:00+00:00", again_by.isoformat())
    assert waiting.words(note, again_by + timedelta(hours=hours)).endswith(said)


def test_a_file_is_given_up_after_the_tries_that_the_queue_gives_it() -> None:
    queues = of_type(load("land"), "AWS::SQS::Queue").values()
    policies = [queue["Properties"].get("RedrivePolicy") for queue in queues]
    assert [policy["maxReceiveCount"] for policy in policies if policy] == [waiting.MOST_TRIES]


def test_a_note_of_an_earlier_release_is_read() -> None:
    file = FileVersion("b", "raw/orders/a.parquet", "1")
    said = json.loads(Waiting(file, "orders", 3, "TransientError: busy", "2025-11-13T09:05:00+00:00").to_json())
    del said["again_by"]
    assert waiting.words(read_waiting(json.dumps(said))) == "tried 3 times: TransientError: busy"
