"""A backlog: the function takes more than its batch, as much as it has time for, and answers for what it took."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from aws_lambda_powertools import Logger
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive import backlog as gathering
from ingest_lambda.arrive.backlog import PARALLEL_REQUESTS, SPARE_SECONDS, Backlog, Room
from ingest_lambda.arrive.events import Message, parse_messages
from ingest_lambda.arrive.queue_urls import MAX_ENTRIES
from ingest_lambda.arrive.retry import Retry
from ingest_lambda.file_version import FileVersion
from tests.land.warehouse import Land, message, new_dataset, notification
from tests.support.waiting import wait_for

MOST_FILES = 5_000


@dataclass
class Queue:
    """A queue, and what becomes of its messages."""

    sqs: Any
    url: str
    arn: str

    def send(self, bodies: list[str]) -> None:
        for start in range(0, len(bodies), 10):
            some = enumerate(bodies[start : start + 10])
            self.sqs.send_message_batch(
                QueueUrl=self.url, Entries=[{"Id": str(number), "MessageBody": body} for number, body in some]
            )

    def batch(self, size: int) -> list[Message]:
        """Receive as the event source does."""
        found: list[Message] = []
        while len(found) < size:
            most = min(10, size - len(found))
            for received in self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=most)["Messages"]:
                record = {**message(received["Body"]), "receiptHandle": received["ReceiptHandle"]}
                found += parse_messages({"Records": [{**record, "eventSourceARN": self.arn}]})
        return found

    def count(self) -> tuple[int, int]:
        """Count the messages that wait, and those that somebody has."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(told[names[0]]), int(told[names[1]])


@pytest.fixture
def queue(land: Land) -> Queue:
    sqs = land.client("sqs")
    url = sqs.create_queue(QueueName=new_dataset("queue"), Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Queue(sqs, url, arn)


@contextmanager
def listening(queue: Queue) -> Iterator[list[dict[str, Any]]]:
    """Hear with what parameters messages are received."""
    asked: list[dict[str, Any]] = []

    def hear(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    queue.sqs.meta.events.register("provide-client-params.sqs.ReceiveMessage", hear)
    yield asked
    queue.sqs.meta.events.unregister("provide-client-params.sqs.ReceiveMessage", hear)


def backlog(queue: Queue, seconds: float = 300.0, most_files: int = MOST_FILES) -> Backlog:
    return Backlog(queue.sqs, most_files, lambda: seconds, Logger(service="backlog"))


def announced(number: int, size: int = 1_000) -> str:
    return notification([FileVersion("b", f"raw/d/{number}.parquet", "v", size=size)])


def test_a_burst_lands_as_one_load_and_only_what_must_comes_back(land: Land, queue: Queue) -> None:
    dataset, refused = new_dataset(), new_dataset()
    land.warehouse.transaction([f"create table landing.{refused} (id bigint)"])  # with no ledger: every load fails
    good = [land.put(f"raw/{dataset}/{number}.parquet", pa.table({"id": [number]})) for number in range(35)]
    corrupt = land.put(f"raw/{dataset}/corrupt.parquet", b"nonsense")
    failing = land.put(f"raw/{refused}/a.parquet", pa.table({"id": [1]}))
    files = [*good, corrupt, failing, good[3]]  # an event that came twice
    queue.send([notification([file]) for file in files] + ["no event of S3"])
    function, more = land.function(), backlog(queue)
    batch = queue.batch(10)

    taken = more.take(batch)
    failed = function.ingest.handle([*batch, *taken])
    left = Retry(queue.sqs).postpone(failed)
    more.acknowledge([each for each in taken if each not in failed])

    assert len(batch) + len(taken) == len(files) + 1
    assert land.rows(f"select count(*) as n, max(load_seq) as loads from ledger.{dataset}") == [{"n": 35, "loads": 1}]
    assert land.count(f"landing.{dataset}") == 35
    assert [(each.malformed is not None, [file.key for file in each.files]) for each in failed] == [
        (False, [failing.key]),
        (True, []),
    ]
    assert left == []
    # Lambda deletes those of the batch; of the others only what failed is there, and comes back soon.
    assert sum(queue.count()) == len(batch) + 2
    again: set[str] = set()

    def are_back() -> bool:
        received = queue.sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        again.update(each["Body"] for each in received.get("Messages", []))
        return len(again) >= 2

    wait_for(are_back, "what failed")
    assert again == {notification([failing]), "no event of S3"}


@pytest.mark.parametrize("size", [1, 9])
def test_few_files_are_no_backlog_and_nothing_is_asked_of_the_queue(queue: Queue, size: int) -> None:
    queue.send([announced(number) for number in range(30)])
    batch = queue.batch(size)

    with listening(queue) as asked:
        assert backlog(queue).take(batch) == []

    assert asked == []


@pytest.mark.parametrize(
    ("bytes_each", "seconds", "most_files", "expected"),
    [
        (1_000, 300.0, MOST_FILES, lambda taken: taken == 40),  # small ones: all that are there
        (1_000, 300.0, 0, lambda taken: taken == 0),  # switched off
        (1_000, 300.0, 20, lambda taken: taken == 10),  # as many as are allowed, the batch's own among them
        (10_000_000_000, 300.0, MOST_FILES, lambda taken: taken == 0),  # the batch is more than enough
        (50_000_000, 300.0, MOST_FILES, lambda taken: 0 < taken < 40),  # as far as the time goes
        (1_000, 0.0, MOST_FILES, lambda taken: taken == 0),  # no time is left
        (0, 300.0, MOST_FILES, lambda taken: taken == 0),  # their size is not known: perhaps they are large
    ],
)
def test_it_takes_what_it_has_time_for_by_the_sizes_that_the_messages_announce(
    queue: Queue, bytes_each: int, seconds: float, most_files: int, expected: Callable[[int], bool]
) -> None:
    queue.send([announced(number, bytes_each) for number in range(50)])
    batch = queue.batch(10)

    taken = backlog(queue, seconds, most_files).take(batch)

    assert expected(len(taken)), len(taken)
    assert queue.count() == (40 - len(taken), 10 + len(taken))


def test_behind_a_backlog_few_files_gather_too_until_it_is_over(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.send([announced(number) for number in range(40)])
    function = backlog(queue)

    assert len(function.take(queue.batch(10))) == 30
    queue.send([announced(number) for number in range(40, 50)])
    assert len(function.take(queue.batch(3))) == 7  # what another function that gathers has left

    monkeypatch.setattr(gathering, "BACKLOG_LASTS_SECONDS", 0.0)
    queue.send([announced(number) for number in range(50, 60)])
    assert function.take(queue.batch(3)) == []


@pytest.mark.parametrize(("worth", "taken"), [(10, 0), (30, 30), (10**9, 0)])
def test_it_gathers_longer_than_it_would_until_the_load_is_worth_its_commit(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, worth: int, taken: int
) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", 0.0)
    monkeypatch.setattr(gathering, "WORTH_A_LOAD", worth)
    queue.send([announced(number) for number in range(60)])
    batch = queue.batch(10)

    found = len(backlog(queue).take(batch))

    assert max(0, taken - 10) <= found <= taken + 10  # of the last request some may not have been needed


def test_what_is_taken_stays_away_no_longer_than_the_invocation_and_its_deliveries_are_counted(queue: Queue) -> None:
    queue.send([announced(number) for number in range(2)])
    queue.sqs.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=2, VisibilityTimeout=0)
    batch = [Message(str(number), "none", queue.arn, 1) for number in range(10)]

    with listening(queue) as asked:
        taken = backlog(queue, seconds=240.5).take(batch)

    assert {each["VisibilityTimeout"] for each in asked} == {241 + SPARE_SECONDS}
    assert [(each.receive_count, each.queue_arn) for each in taken] == [(2, queue.arn)] * 2


def test_a_queue_that_refuses_costs_nothing_but_the_larger_load(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    batch = [Message(str(number), "none", f"{queue.arn}-gone", 1) for number in range(10)]
    unnamed = [Message(str(number), "none", "", 1) for number in range(10)]

    assert backlog(queue).take(batch) == []
    assert backlog(queue).take(unnamed) == []

    assert [record.message for record in caplog.records] == ["no more than the batch is taken"] * 2


def test_a_message_that_cannot_be_deleted_is_told_and_the_others_are_deleted(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.send([announced(number) for number in range(15)])
    taken = queue.batch(15)
    forged = Message("forged", "no receipt", queue.arn, 1)

    backlog(queue).acknowledge([forged, *taken])

    assert queue.count() == (0, 0)
    assert [vars(record)["messages"] for record in caplog.records] == [1]


def test_a_file_that_has_come_before_takes_more_of_the_time() -> None:
    first, again = Room(MOST_FILES, 60.0), Room(MOST_FILES, 60.0)
    files = [FileVersion("b", str(number), "v", size=1_000) for number in range(500)]

    first.fill(Message("", "", "", 1, (file,)) for file in files)
    again.fill(Message("", "", "", 2, (file,)) for file in files)

    assert first.requests > 0
    assert again.requests == 0


@given(
    st.lists(st.integers(0, 10**10), max_size=60),
    st.integers(0, 10_000),
    st.floats(0, 1_000, allow_nan=False),
)
def test_a_room_never_grows_and_is_full_for_good(sizes: list[int], most_files: int, seconds: float) -> None:
    room = Room(most_files, seconds)
    before = room.requests
    assert 0 <= before <= PARALLEL_REQUESTS
    for number, size in enumerate(sizes, start=1):
        room.fill([Message("", "", "", 1, (FileVersion("b", "k", "v", size=size),))])
        assert room.requests <= before
        assert room.requests * MAX_ENTRIES < max(most_files - number, 0) + MAX_ENTRIES
        before = room.requests
