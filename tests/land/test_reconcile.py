"""Reconcile: a file whose event was lost is found and lands; rows that do not match the ledger are told."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.routing import Kind
from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile import (
    alert as reconcile_alert,
)
from ingest_lambda.reconcile import (
    bookkeeping,
)
from ingest_lambda.reconcile import (
    events as reconcile_events,
)
from ingest_lambda.reconcile import (
    find as find_module,
)
from ingest_lambda.reconcile import (
    handler as reconcile,
)
from ingest_lambda.reconcile import (
    ledger as reconcile_ledger,
)
from ingest_lambda.reconcile import (
    listing as reconcile_listing,
)
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.find import Tally, find, judge
from ingest_lambda.reconcile.ledger import Standing
from ingest_lambda.reconcile.listing import Chunk, Listed, Scope, chunks
from ingest_lambda.reconcile.mark import Marks
from ingest_lambda.warehouse.statements import MAX_STATEMENT_BYTES, size_of
from landfall.operate.statements import transactions
from tests.land.nights import Queue, night, settings_for
from tests.land.warehouse import Land, message, new_dataset

TABLE = pa.table({"a": [1, 2, 3]})
pytestmark = pytest.mark.xdist_group("nights")  # one warehouse, which no worker starts but theirs


@pytest.fixture(scope="module")
def land(nights: Land) -> Land:
    """What nightly runs go through: they would ask of every file of all other tests."""
    return nights


def tally_of(land: Land, folder: str, **scope: Any) -> Tally:
    total = Tally()
    for tally in find(land.client("s3"), land.warehouse, Scope(land.bucket, f"raw/{folder}/", **scope)):
        total.add(tally)
    return total


def test_a_file_whose_event_was_lost_is_found_and_its_new_event_lands_it(land: Land, queue: Queue) -> None:
    dataset = new_dataset()
    known = land.put(f"raw/{dataset}/known.parquet", TABLE)
    function = land.function()
    assert [outcome.status for outcome in function.receive(known)] == [Status.LANDED]
    lost = [land.put(f"raw/{dataset}/year=2025/it's + lost.parquet", TABLE) for _ in range(2)]  # two versions

    tally = tally_of(land, dataset)
    assert {listed.file.file_id for listed in tally.missing} == {file.file_id for file in lost}
    assert tally.known == {Standing.LANDED: 1}

    bodies = [reconcile_events.notification(listed.file, Cause.RECONCILE) for listed in tally.missing]
    reconcile_events.send(queue.sqs, queue.url, bodies)
    assert function.handle([message(body) for body in queue.bodies()]) == []
    assert {outcome.status for outcome in function.report.outcomes} == {Status.LANDED}
    assert land.count(f"landing.{dataset}") == 9
    assert tally_of(land, dataset).missing == []

    # An event that was only late finds the ledger's word, and lands nothing again.
    assert [outcome.status for outcome in function.receive(*lost)] == [Status.DUPLICATE] * 2
    assert land.count(f"landing.{dataset}") == 9


def test_what_was_decided_on_or_is_no_data_is_not_missing(land: Land) -> None:
    dataset = new_dataset()
    undone = land.put(f"raw/{dataset}/undone.parquet", TABLE)
    broken = land.put(f"raw/{dataset}/broken.parquet", b"no parquet at all")
    land.put(f"raw/{dataset}/_SUCCESS", b"x")
    gone = land.put(f"raw/{dataset}/gone.parquet", TABLE)
    land.client("s3").delete_object(Bucket=land.bucket, Key=gone.key, VersionId=gone.version_id)
    land.put(f"raw/{dataset}/deleted.parquet", TABLE)
    land.client("s3").delete_object(Bucket=land.bucket, Key=f"raw/{dataset}/deleted.parquet")  # a marker: not a version
    statuses = [outcome.status for outcome in land.function().receive(undone, broken)]
    assert statuses == [Status.LANDED, Status.REJECTED]
    land.warehouse.transaction(transactions.undo_file(dataset, undone.file_id))

    tally = tally_of(land, dataset)
    assert tally.known == {Standing.UNDONE: 1, Standing.REJECTED: 1}
    assert tally.passed_over == {"no data file": 1}
    assert [listed.file.key for listed in tally.missing] == [f"raw/{dataset}/deleted.parquet"]
    assert tally.listed == 4


def test_a_scope_leaves_out_other_datasets_and_what_was_stored_just_now(land: Land) -> None:
    dataset = new_dataset()
    land.put(f"raw/{dataset}/a.parquet", TABLE)
    assert tally_of(land, dataset, dataset="another").passed_over == {"of another dataset": 1}
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert tally_of(land, dataset, stored_before=hour_ago).passed_over == {"stored just now": 1}
    assert len(tally_of(land, dataset, dataset=dataset, stored_before=datetime.now(UTC)).missing) == 1


def test_what_is_archived_is_not_sent_because_nothing_could_read_it() -> None:
    file = FileVersion("b", "raw/orders/a.parquet", "v1")
    chunk = Chunk([Listed(file, "orders", offline=True)])
    assert (judge(chunk, {}).missing, judge(chunk, {}).offline) == ([], chunk.files)
    assert judge(chunk, {file.file_id: Standing.LANDED}).offline == []


@pytest.mark.parametrize(
    ("restore", "is_offline"),
    [
        ({}, True),
        ({"IsRestoreInProgress": True}, True),
        ({"IsRestoreInProgress": False, "RestoreExpiryDate": datetime(2000, 1, 1, tzinfo=UTC)}, True),
        ({"IsRestoreInProgress": False, "RestoreExpiryDate": datetime(2999, 1, 1, tzinfo=UTC)}, False),
    ],
)
def test_a_version_is_offline_until_its_restore_has_ended_and_again_when_that_expires(
    restore: dict[str, Any], is_offline: bool
) -> None:
    about = {"ETag": '"e"', "Size": 1, "IsLatest": True, "LastModified": datetime(2026, 1, 1, tzinfo=UTC)}
    version = {"Key": "raw/orders/a.parquet", "VersionId": "v1", "StorageClass": "GLACIER", **about}
    page = {"Versions": [{**version, "RestoreStatus": restore} if restore else version]}
    s3 = SimpleNamespace(get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [page]))
    [chunk] = chunks(s3, Scope("b"))  # type: ignore[arg-type]  # it lists, and nothing else
    assert [listed.offline for listed in chunk.files] == [is_offline]


def test_rows_that_do_not_match_the_ledger_are_named_by_file(land: Land) -> None:
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/{name}.parquet", TABLE) for name in ("whole", "short", "undone")]
    land.function().receive(*files)
    assert reconcile_ledger.mismatches(land.warehouse, [dataset]) == []

    whole, short, undone = files
    land.warehouse.transaction(transactions.undo_file(dataset, undone.file_id))
    assert reconcile_ledger.mismatches(land.warehouse, [dataset]) == []
    land.rows(f"delete from landing.{dataset} where _file_id = '{short.file_id}' and a = 1")  # noqa: S608 - our names
    land.rows(f"insert into landing.{dataset} (a, _file_id) select 1, '{undone.file_id}'")
    land.rows(f"insert into landing.{dataset} (a, _file_id) select 1, 'of-no-file'")
    found = {each.file_id: each for each in reconcile_ledger.mismatches(land.warehouse, [dataset])}
    assert {file_id: (each.expected, each.found) for file_id, each in found.items()} == {
        short.file_id: (3, 2),
        undone.file_id: (0, 1),
        "of-no-file": (0, 1),
    }
    assert (found[short.file_id].source_file, found[short.file_id].version_id) == (short.uri, short.version_id)
    assert found["of-no-file"].source_file is None
    assert whole.file_id not in found


def test_the_nightly_run_sends_lost_files_and_tells_what_it_found(
    land: Land, queue: Queue, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    short = land.put(f"raw/{dataset}/short.parquet", TABLE)
    land.function().receive(short)
    land.rows(f"delete from landing.{dataset} where a = 1")  # noqa: S608 - our names
    lost = land.put(f"raw/{dataset}/lost.parquet", TABLE)
    alerts()

    settings = settings_for(land, queue)
    clients = reconcile.Clients(land.client("s3"), queue.sqs, land.client("sns"))
    result = reconcile.run(settings, clients, land.warehouse, lambda: 60.0, datetime.now(UTC))
    assert any(lost.version_id in body for body in queue.bodies())
    assert short.file_id in {mismatch.file_id for mismatch in result.mismatches}
    assert result.complete

    assert reconcile_alert.publish(clients.sns, settings.topic_arn, settings.environment, result)
    (alert,) = alerts()
    attributes = {name: value["Value"] for name, value in alert["MessageAttributes"].items()}
    assert (attributes["severity"], attributes["stage"]) == ("high", "land")
    assert dataset in attributes["dataset"]
    assert json.loads(alert["Message"])["mismatches"] == len(result.mismatches)


def test_a_run_out_of_time_says_so_and_sends_no_more(land: Land, queue: Queue) -> None:
    land.put(f"raw/{new_dataset()}/lost.parquet", TABLE)
    clients = reconcile.Clients(land.client("s3"), queue.sqs, land.client("sns"))
    result = reconcile.run(settings_for(land, queue), clients, land.warehouse, lambda: 0.0, datetime.now(UTC))
    assert (result.complete, result.severity, result.sent) == (False, "high", 0)
    assert queue.bodies() == []


def test_nobody_is_told_when_all_is_well(land: Land, alerts: Callable[[], list[dict[str, Any]]]) -> None:
    result = reconcile_alert.Result(listed=5)
    told = reconcile_alert.publish(land.client("sns"), land.settings.failure_topic_arn, "test", result)
    assert not told
    assert alerts() == []


def test_a_call_goes_on_where_the_one_before_has_ended_and_every_lost_file_is_sent_once(
    land: Land, queue: Queue, marks: Marks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile_listing, "CHUNK", 3)
    dataset = new_dataset()
    lost = [land.put(f"raw/{dataset}/{number // 2} + é.parquet", TABLE) for number in range(10)]  # two versions each
    calls, bodies = 0, []
    while True:
        result = night(land, queue, marks, chunks=2)
        bodies += queue.bodies()
        calls += 1
        assert calls < 1_000
        if result.complete:
            break
    assert calls > 1
    assert sorted(sum(file.version_id in body for body in bodies) for file in lost) == [1] * 10
    mark = marks.read()
    assert mark is not None
    assert (mark.behind, mark.whole_at) == (None, mark.began_at)


def test_what_earlier_nights_have_compared_has_its_turn_every_sixteenth_night(
    land: Land, queue: Queue, marks: Marks
) -> None:
    dataset = new_dataset()
    landed, lost = (land.put(f"raw/{dataset}/{name}.parquet", TABLE) for name in ("landed", "lost"))
    land.function().receive(landed)
    assert night(land, queue, marks).sent >= 1
    assert any(lost.version_id in body for body in queue.bodies())
    land.rows(f"delete from landing.{dataset} where a = 1")  # noqa: S608 - our names
    began = datetime.now(UTC)  # of one day, which may end meanwhile: whose turn it is goes by the days

    def found(days: int) -> tuple[bool, bool]:
        """Tell whether the lost file is announced, and the landed one does not match."""
        result = night(land, queue, marks, days=days, since=began)
        announced = any(lost.version_id in body for body in queue.bodies())
        return announced, any(each.file_id == landed.file_id for each in result.mismatches)

    assert found(1) == (True, True)  # both are young
    assert found(10)[0]  # the last whole round was on the first day
    turns = [found(day) for day in range(14, 30)]
    assert [sum(turn) for turn in zip(*turns, strict=True)] == [1, 1]


def test_a_warehouse_that_was_restored_is_compared_from_the_start_and_that_is_told(
    land: Land, queue: Queue, marks: Marks
) -> None:
    dataset = new_dataset()
    lost = land.put(f"raw/{dataset}/lost.parquet", TABLE)
    assert not night(land, queue, marks).is_restored
    assert not night(land, queue, marks, days=20).is_restored
    queue.bodies()
    assert not night(land, queue, marks, days=24).is_restored  # the file has not its turn, or has: both are right
    queue.bodies()
    epoch = marks.read().epoch  # type: ignore[union-attr]  # there was a night
    land.rows(f"delete from ops.epochs where epoch = '{epoch}'")  # noqa: S608 - as a snapshot from before has it
    result = night(land, queue, marks, days=25)
    assert (result.is_restored, result.severity, result.complete) == (True, result.severity, True)
    assert result.severity in {"medium", "high"}
    assert "restored from a snapshot" in reconcile_alert.text(result)
    assert any(lost.version_id in body for body in queue.bodies())
    assert not night(land, queue, marks, days=26).is_restored


def test_a_round_that_ends_lets_old_bookkeeping_go_and_ends_where_it_cannot(
    land: Land, queue: Queue, marks: Marks, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = new_dataset("run")
    land.rows(f"insert into ops.runs (run_id, started_at) values ('{run_id}', '2020-01-01')")  # noqa: S608 - our name
    is_there = f"select 1 as there from ops.runs where run_id = '{run_id}'"  # noqa: S608 - our name
    land.put(f"raw/{new_dataset()}/lost.parquet", TABLE)
    assert not night(land, queue, marks, chunks=0).complete
    assert land.rows(is_there), "the round goes on"

    def conflict(*_: Any) -> Any:
        raise TransientError("could not complete because of conflict with concurrent transaction")

    with monkeypatch.context() as patched:
        patched.setattr(bookkeeping, "prune", conflict)
        assert night(land, queue, marks).complete
    assert land.rows(is_there), "another night does it"
    assert night(land, queue, marks).complete
    assert land.rows(is_there) == []
    queue.bodies()


class FlakySqs:
    """The real queue, but it refuses the last message of every batch in the first `refusals` calls."""

    def __init__(self, sqs: Any, refusals: int) -> None:
        self._sqs = sqs
        self._refusals = refusals

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - boto3's names
        if self._refusals == 0:
            return self._sqs.send_message_batch(QueueUrl=QueueUrl, Entries=Entries)
        self._refusals -= 1
        *taken, refused = Entries
        if taken:
            self._sqs.send_message_batch(QueueUrl=QueueUrl, Entries=taken)
        return {"Failed": [{"Id": refused["Id"], "Code": "InternalError", "SenderFault": False}]}


def test_what_the_queue_refuses_is_sent_again_and_everything_arrives_once(queue: Queue) -> None:
    sent: list[int] = []
    bodies = [f"body {number}" for number in range(23)]
    reconcile_events.send(FlakySqs(queue.sqs, 2), queue.url, bodies, progress=sent.append)  # type: ignore[arg-type]  # one method of the client
    assert sorted(queue.bodies()) == sorted(bodies)
    assert sent == [10, 20, 23]


def test_a_queue_that_goes_on_refusing_is_an_error_that_passes(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_events, "backoff_seconds", lambda _: 0.0)
    with pytest.raises(TransientError, match="InternalError"):
        reconcile_events.send(FlakySqs(queue.sqs, 99), queue.url, ["a", "b"])  # type: ignore[arg-type]  # one method of the client


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), st.integers(0, 11_000), max_size=2))
def test_every_id_is_asked_for_once_and_no_statement_is_too_long(sizes: dict[str, int]) -> None:
    ids = {
        name: [FileVersion("b", name, str(number)).file_id for number in range(size)] for name, size in sizes.items()
    }
    parts = [
        reconcile_ledger.select_ledger_ids(name, part)
        for name, of_dataset in ids.items()
        for part in reconcile_ledger._parts(of_dataset)
    ]
    statements = list(reconcile_ledger.packed(parts, " union all "))
    assert all(size_of(statement) <= MAX_STATEMENT_BYTES for statement in statements)
    for of_dataset in ids.values():
        asked = [id_[: reconcile_ledger.FIRST] for id_ in of_dataset[::997]]
        assert all(sum(statement.count(f"'{id_}'") for statement in statements) == 1 for id_ in asked)


def test_a_file_whose_id_begins_as_another_s_is_not_taken_for_it(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", TABLE)
    land.function().receive(file)
    alike = file.file_id[: reconcile_ledger.FIRST].ljust(64, "0")
    standings = reconcile_ledger.standings(land.warehouse, {dataset: [alike]})
    assert (standings.get(alike), standings[file.file_id]) == (None, Standing.LANDED)


def test_a_listing_comes_in_chunks_that_lose_nothing(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_listing, "CHUNK", 2)
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/{number}.parquet", TABLE) for number in range(5)]
    chunks = list(reconcile_listing.chunks(land.client("s3"), Scope(land.bucket, f"raw/{dataset}/")))
    assert [chunk.listed for chunk in chunks] == [2, 2, 1]
    assert {each.file.file_id for chunk in chunks for each in chunk.files} == {file.file_id for file in files}


def test_what_need_not_be_looked_at_makes_no_chunks_of_its_own(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile_listing, "CHUNK", 2)
    monkeypatch.setattr(reconcile_listing, "LISTED", 5)
    dataset, s3 = new_dataset(), land.client("s3")
    for number in range(6):
        land.put(f"raw/{dataset}/{number}.parquet", TABLE)
    later = datetime.now(UTC) + timedelta(days=1)
    scope = Scope(land.bucket, f"raw/{dataset}/", compared_before=later, digit="none begins so")
    assert [(chunk.listed, len(chunk.files)) for chunk in reconcile_listing.chunks(s3, scope)] == [(5, 0), (1, 0)]


def test_what_only_reading_can_tell_is_announced_while_it_is_young_and_nobody_is_told(land: Land, queue: Queue) -> None:
    dataset = new_dataset()
    unread = land.put(f"raw/{dataset}/part-00000", TABLE)
    clients = reconcile.Clients(land.client("s3"), queue.sqs, land.client("sns"))

    def night(stored_before: datetime) -> tuple[reconcile_alert.Result, bool]:
        result = reconcile.run(settings_for(land, queue), clients, land.warehouse, lambda: 60.0, stored_before)
        return result, any(unread.version_id in body for body in queue.bodies())

    young, is_announced = night(datetime.now(UTC))
    assert is_announced
    assert young.unread_sent == young.unread >= 1
    assert dataset not in young.datasets
    old, is_announced = night(datetime.now(UTC) + reconcile.ANNOUNCED_AGAIN + timedelta(seconds=1))
    assert not is_announced
    assert (old.unread, old.unread_sent) == (young.unread, 0)
    assert reconcile_alert.Result(listed=5, unread=3, unread_sent=3).severity is None
    assert reconcile_alert.Result(listed=5, unread=3).severity is None
    by_error = reconcile_alert.text(reconcile_alert.Result(sent=1, complete=False, goes_on=True, is_broken=True))
    assert "an error broke this call off" in by_error
    assert "another call goes on" not in by_error
    assert "3 do not say by their names" in reconcile_alert.text(reconcile_alert.Result(listed=5, sent=1, unread=3))


def test_what_is_no_data_is_named_with_its_reason(land: Land) -> None:
    dataset = new_dataset()
    own = land.put(f"raw/{dataset}/_temporary/a.parquet", TABLE)
    text = land.put(f"raw/{dataset}/a.csv", b"a\n1\n")

    tally = tally_of(land, dataset)

    assert tally.ignored == {Kind.WRITERS_OWN: 1, Kind.UNDECLARED_FORMAT: 1}
    assert {passed.file.file_id: passed.why.dataset for passed in tally.passed_by} == {
        own.file_id: dataset,
        text.file_id: dataset,
    }
    assert tally_of(land, dataset, dataset="another").passed_by == []
    total = Tally()
    for _ in range(600):
        total.add(tally)
    assert (len(total.passed_by), total.ignored.total()) == (find_module.IGNORED_NAMED, 1200)
