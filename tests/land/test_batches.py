"""Batches: what a load asks of the warehouse and of S3 does not grow with its files; one bad file fails nobody else."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.candidates import FILES_TOGETHER, Candidate, group_for_loading, route_files
from ingest_lambda.arrive.events import Message
from ingest_lambda.arrive.retry import Retry
from ingest_lambda.arrive.routing import Rules
from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.statement_budget import FIXED_STATEMENTS
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import ddl
from ingest_lambda.warehouse.statements import MAX_STATEMENT_BYTES, size_of
from tests.land.warehouse import Land, new_dataset
from tests.support.waiting import wait_for

MANY = 60
STAGING_STATEMENTS = 5  # a table and a COPY for the rows, the same for the facts of their files, a count of both


class RecordingDataApi:
    """The Data API client, which remembers the statements that it sent."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.sent: list[str] = []

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**request: Any) -> Any:
            self.sent += request.get("Sqls", []) + ([request["Sql"]] if "Sql" in request else [])
            return operation(**request)

        return call

    def take(self) -> list[str]:
        """Return what was sent since the last time, with the ids and the dataset of the load made equal."""
        sent, self.sent = self.sent, []
        return [re.sub(r"[0-9a-f]{32,64}|ds_[0-9a-f]{10}", "#", statement) for statement in sent]


@contextmanager
def counted_requests(client: Any) -> Iterator[Counter[str]]:
    """Count the requests that a client sends, by operation."""
    counts: Counter[str] = Counter()

    def count(request: Any, event_name: str, **_: Any) -> None:
        counts[event_name.rsplit(".", 1)[-1]] += 1

    client.meta.events.register("before-send.s3", count)
    try:
        yield counts
    finally:
        client.meta.events.unregister("before-send.s3", count)


def put_files(land: Land, dataset: str, number: int) -> list[FileVersion]:
    tables = (pa.table({"id": [n], "name": [f"name {n}"]}) for n in range(number))
    return [land.put(f"raw/{dataset}/{n}.parquet", table) for n, table in enumerate(tables)]


def test_the_statements_of_a_load_are_as_many_and_as_long_whatever_its_number_of_files(land: Land) -> None:
    api = RecordingDataApi(land.client("redshift-data"))
    function = land.function(api)
    sent: dict[int, list[str]] = {}
    for number in (2, MANY):
        dataset = new_dataset()
        outcomes = function.receive(*put_files(land, dataset, number))
        assert {(outcome.status, outcome.load_path) for outcome in outcomes} == {(Status.LANDED, "canonical")}
        assert len({outcome.load_id for outcome in outcomes}) == 1
        assert land.count(f"landing.{dataset}") == number
        sent[number] = api.take()

    assert sent[2] == sent[MANY]
    assert sum(statement.startswith("copy") for statement in sent[MANY]) == 2  # the rows, and the facts of the files
    assert max(map(size_of, sent[MANY])) < MAX_STATEMENT_BYTES


def test_a_load_of_a_warm_function_has_no_statement_but_those_that_it_needs(land: Land) -> None:
    api = RecordingDataApi(land.client("redshift-data"))
    function = land.function(api)
    dataset = new_dataset()
    function.receive(*put_files(land, dataset, 2))
    api.take()

    outcomes = function.receive(*put_files(land, dataset, MANY))

    assert {(outcome.status, outcome.load_path) for outcome in outcomes} == {(Status.LANDED, "canonical")}
    record_of_changes = 1  # which this load does not make
    assert len(api.take()) == STAGING_STATEMENTS + FIXED_STATEMENTS - record_of_changes


def test_a_warm_function_asks_nothing_of_the_catalog_even_after_it_added_a_column(land: Land) -> None:
    dataset = new_dataset()
    api = RecordingDataApi(land.client("redshift-data"))
    function = land.function(api)
    function.receive(*put_files(land, dataset, 1))
    assert api.take().count(ddl.select_columns("#")) == 1

    for number in range(3):
        table = pa.table({"id": [number], f"added_{number // 2}": [number]})
        function.receive(land.put(f"raw/{dataset}/more_{number}.parquet", table))

    assert land.count(f"landing.{dataset}") == 4
    sent = api.take()
    assert ddl.select_columns("#") not in sent
    # but each load checks once, in its transaction, that the columns are still as it remembers them
    assert sum("svv_columns" in statement for statement in sent) == 3


def test_s3_is_asked_once_for_a_small_file_and_twice_for_one_that_is_copied_as_it_is(land: Land) -> None:
    dataset, function, s3 = new_dataset(), land.function(), land.client("s3")
    per_load = 4  # rows, manifest, facts; and all of it removed
    alone, *together = put_files(land, dataset, MANY)

    with counted_requests(s3) as one:
        function.receive(alone)
    with counted_requests(s3) as many:
        function.receive(*together)

    assert one == {"GetObject": 1, "CopyObject": 1, "PutObject": 1, "DeleteObjects": 1}
    assert many["GetObject"] == len(together)
    assert many.total() == len(together) + per_load


def test_one_bad_file_never_fails_its_batch(land: Land) -> None:
    dataset = new_dataset()
    good = put_files(land, dataset, 20)
    bad = {
        land.put(f"raw/{dataset}/garbage.parquet", b"nonsense"): Reason.NOT_PARQUET,
        land.put(f"raw/{dataset}/type.parquet", pa.table({"id": ["x"]})): Reason.INCOMPATIBLE_TYPE,
        land.put(f"raw/{dataset}/nul.parquet", pa.table({"id": [1, 2], "name": ["a", "b\0"]})): Reason.INVALID_TEXT,
    }
    gone = land.put(f"raw/{dataset}/gone.parquet", pa.table({"id": [1]}))
    land.client("s3").delete_object(Bucket=gone.bucket, Key=gone.key, VersionId=gone.version_id)

    outcomes = land.function().receive(*good[:10], *bad, gone, *good[10:])

    ends = {outcome.file.key: (outcome.status, outcome.reason) for outcome in outcomes}
    assert {ends[file.key] for file in good} == {(Status.LANDED, None)}
    assert {file.key: reason for file, reason in bad.items()} == {file.key: ends[file.key][1] for file in bad}
    assert ends[gone.key][0] is Status.GONE
    assert sorted(row["_source_file"] for row in land.rows(f"select _source_file from landing.{dataset}")) == sorted(
        file.uri for file in good
    )


def test_rejections_are_recorded_in_as_many_statements_whatever_their_number(land: Land) -> None:
    api = RecordingDataApi(land.client("redshift-data"))
    function = land.function(api)
    sent: dict[int, list[str]] = {}
    for number in (1, MANY):
        dataset = new_dataset()
        keys = [f"raw/{dataset}/it's; {n}\\.parquet" for n in range(number)]
        outcomes = function.receive(*(land.put(key, b"nonsense") for key in keys))
        assert {outcome.status for outcome in outcomes} == {Status.REJECTED}
        rows = land.rows(f"select key from ops.rejected_files where dataset = '{dataset}'")
        assert sorted(row["key"] for row in rows) == sorted(keys)
        sent[number] = api.take()

    assert sent[1] == sent[MANY]
    assert max(map(size_of, sent[MANY])) < MAX_STATEMENT_BYTES


def test_an_alert_that_was_lost_is_sent_when_the_file_comes_back(
    land: Land, alerts: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/bad.parquet", b"nonsense")

    def lost(**_: Any) -> None:
        raise ConfigError("the topic does not answer")

    with monkeypatch.context() as patch:
        patch.setattr(land.client("sns"), "publish", lost)
        [first] = land.function().receive(file)
    recorded = land.rows(f"select 1 from ops.rejected_files where dataset = '{dataset}'")
    [second] = land.function().receive(file, receive_count=2)

    assert (first.status, recorded) == (Status.RETRIED, [])
    assert second.status is Status.REJECTED
    assert len(land.rows(f"select 1 from ops.rejected_files where dataset = '{dataset}'")) == 1
    assert len([alert for alert in alerts() if alert["MessageAttributes"]["dataset"]["Value"] == dataset]) == 1


def test_a_sensitive_dataset_has_verdicts_without_values(
    land: Land, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    said = {}
    for sensitive in (True, False):
        dataset = new_dataset()
        land.contracts[dataset] = Contract(sensitive=sensitive)
        land.function().receive(land.put(f"raw/{dataset}/a.parquet", pa.table({"name": ["fine", "secret\0name"]})))
        [row] = land.rows(f"select detail, verdict from ops.rejected_files where dataset = '{dataset}'")
        [key] = [key for key in land.keys(f"quarantine/raw/{dataset}/") if key.endswith(".verdict.json")]
        kept = land.client("s3").get_object(Bucket=land.bucket, Key=key)["Body"].read().decode()
        told = [alert for alert in alerts() if alert["MessageAttributes"]["dataset"]["Value"] == dataset]
        said[sensitive] = [row["detail"] + row["verdict"], kept, *(alert["Message"] for alert in told)]

    assert [len(texts) for texts in said.values()] == [3, 3]
    assert all("secret" not in text and "withheld" in text for text in said[True])
    assert all("secret" in text for text in said[False])


def test_a_version_that_is_rejected_for_another_reason_gets_another_row(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", pa.table({"id": [1], "name": ["a\0"]}))
    [first] = land.function().receive(file)
    land.function().receive(land.put(f"raw/{dataset}/b.parquet", pa.table({"id": ["text"]})))

    [second] = land.function().receive(file)
    land.function().receive(file)

    assert (first.reason, second.reason) == (Reason.INVALID_TEXT, Reason.INCOMPATIBLE_TYPE)
    rows = land.rows(f"select reason from ops.rejected_files where file_id = '{file.file_id}' order by rejected_at")
    assert [row["reason"] for row in rows] == ["invalid_text", "incompatible_type"]


def test_a_file_that_is_replayed_and_rejected_again_gets_another_row_and_its_event_delivered_twice_does_not(
    land: Land,
) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/bad.parquet", b"nonsense")
    land.function().receive(file)
    replayed = replace(file, event_time=datetime.now(UTC))

    for _ in range(2):
        [outcome] = land.function().receive(replayed)

    assert outcome.status is Status.REJECTED
    assert len(land.rows(f"select 1 from ops.rejected_files where file_id = '{file.file_id}'")) == 2


def test_many_messages_that_must_come_back_do_so_soon_and_those_that_cannot_are_named(land: Land) -> None:
    sqs = land.client("sqs")
    url = sqs.create_queue(QueueName=new_dataset("queue"), Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for start in (0, 10, 20):
        entries = [{"Id": str(n), "MessageBody": str(n)} for n in range(start, start + 10)]
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    taken = [m for _ in range(3) for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    messages = [Message(m["MessageId"], m["ReceiptHandle"], arn, 1) for m in taken]
    forged = Message("forged", "no receipt", arn, 1)

    assert Retry(sqs).postpone([*messages, forged]) == [forged]

    visible = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    assert visible["Attributes"]["ApproximateNumberOfMessagesNotVisible"] == "30"  # not at once, after a backoff
    back: set[str] = set()

    def are_back() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        back.update(m["Body"] for m in answer.get("Messages", []))
        return len(back) >= len(messages)

    wait_for(are_back, "all messages")
    assert back == {str(number) for number in range(30)}


def test_from_the_third_delivery_on_copy_is_not_trusted_with_the_file_itself(land: Land) -> None:
    paths = []
    for receive_count in (1, 2, 3):
        [file] = put_files(land, new_dataset(), 1)
        [outcome] = land.function().receive(file, receive_count=receive_count)
        paths.append(outcome.load_path)

    assert paths == ["as_is", "as_is", "canonical"]


def test_a_file_that_several_messages_announce_is_as_suspect_as_the_most_delivered_of_them() -> None:
    file = FileVersion("b", "raw/orders/a.parquet", "v")
    messages = [Message(str(count), "", "", count, (file,)) for count in (1, 3, 2)]

    [candidate], ignored = route_files(messages, Rules())

    assert (candidate.receive_count, ignored) == (3, [])


@pytest.mark.parametrize("counts", [(3, 1), (1, 3)])
def test_a_file_that_is_replayed_while_it_comes_back_answers_the_replay(counts: tuple[int, int]) -> None:
    first, replayed = (
        FileVersion("b", "raw/orders/a.parquet", "v", event_time=datetime(2025, 11, 13, hour, tzinfo=UTC))
        for hour in (9, 10)
    )
    messages = [Message("1", "", "", counts[0], (first,)), Message("2", "", "", counts[1], (replayed,))]

    for order in (messages, messages[::-1]):
        [candidate], _ = route_files(order, Rules())
        assert (candidate.file.event_time, candidate.receive_count) == (replayed.event_time, 3)


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["orders", "items"])), max_size=250))
def test_what_came_before_is_loaded_in_ever_smaller_groups_after_what_is_new(messages: list[tuple[int, str]]) -> None:
    candidates = [
        Candidate(FileVersion("b", str(number), "v"), dataset, receive_count)
        for number, (receive_count, dataset) in enumerate(messages)
    ]

    groups = group_for_loading(candidates)

    assert sorted(c.file.key for group in groups for c in group) == sorted(c.file.key for c in candidates)
    for group in groups:
        assert len({(candidate.dataset, candidate.receive_count) for candidate in group}) == 1
        assert len(group) <= FILES_TOGETHER.get(group[0].receive_count, 1)
    assert [group[0].receive_count for group in groups] == sorted(group[0].receive_count for group in groups)
