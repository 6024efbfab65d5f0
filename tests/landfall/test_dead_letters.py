"""`replay --dlq` for longer than a message stays hidden: what announces no file returns, and hides none that does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ingest_lambda.file_version import FileVersion
from landfall.operate.dead_letters import replay_dead_letters
from tests.land.warehouse import notification

FILE = FileVersion("bucket", "raw/orders/a.parquet", "v1")
BODIES = {"malformed": "not an event", "other": "nor this", "well": notification([FILE])}


class Queues:
    """A dead-letter queue that gives messages in a fixed order, some again, each time by a new handle; what is sent.

    As SQS it takes the newest handle of a message alone.
    """

    def __init__(self, *batches: Sequence[str]) -> None:
        self.batches, self.sent = list(batches), list[str]()
        self.handles, self.visible = dict[str, str](), set[str]()

    def receive_message(self, **_: object) -> dict[str, Any]:
        batch: list[str] = []
        while self.batches and not batch:
            batch = [name for name in self.batches.pop(0) if self.is_there(name)]
        for name in batch:
            self.handles[name] = f"{name}/{len(self.batches)}"
        return {
            "Messages": [
                {"MessageId": name, "Body": BODIES[name], "ReceiptHandle": self.handles[name]} for name in batch
            ]
        }

    def is_there(self, name: str) -> bool:
        return self.handles.get(name) != "deleted"

    def of(self, handle: str) -> str:
        (name,) = [name for name, newest in self.handles.items() if newest == handle]
        return name

    def delete_message(self, *, ReceiptHandle: str, **_: object) -> None:  # noqa: N803 - boto3's names
        self.handles[self.of(ReceiptHandle)] = "deleted"

    def change_message_visibility_batch(
        self,
        *,
        Entries: Sequence[Mapping[str, Any]],  # noqa: N803 - boto3's names
        **_: object,
    ) -> None:
        self.visible |= {self.of(entry["ReceiptHandle"]) for entry in Entries if entry["VisibilityTimeout"] == 0}

    def send_message_batch(self, *, Entries: Sequence[Mapping[str, Any]], **_: object) -> dict[str, Any]:  # noqa: N803
        self.sent += [entry["MessageBody"] for entry in Entries]
        return {}


class Bucket:
    """Notes which objects are deleted, or may have none deleted."""

    def __init__(self, *, is_forbidden: bool = False) -> None:
        self.deleted, self._is_forbidden = set[str](), is_forbidden

    def delete_object(self, *, Key: str, **_: object) -> None:  # noqa: N803 - boto3's names
        if self._is_forbidden:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DeleteObject")
        self.deleted.add(Key)


def stack_of(queues: Queues, s3: Bucket | None = None) -> Any:
    return SimpleNamespace(sqs=queues, s3=s3 or Bucket(), bucket="b", output=lambda name: name, route_pattern=None)


@pytest.mark.parametrize("is_forbidden", [False, True])
def test_what_goes_back_is_noted_as_tried_no_more_and_goes_back_where_the_note_must_stay(*, is_forbidden: bool) -> None:
    queues, s3 = Queues(["malformed", "well"]), Bucket(is_forbidden=is_forbidden)

    moved = replay_dead_letters(stack_of(queues, s3), 0.0)

    assert moved.messages == 1
    assert not queues.is_there("well")
    assert s3.deleted == (set() if is_forbidden else {f"staging/waiting/{FILE.file_id}.json"})


@pytest.mark.parametrize("drops", [False, True])
def test_a_message_that_comes_back_malformed_hides_no_other_and_is_given_back_or_dropped(*, drops: bool) -> None:
    queues = Queues(["malformed", "other"], ["malformed"], ["malformed", "well"], ["other"])
    stack = stack_of(queues)

    moved = replay_dead_letters(stack, 0.0, dropping=(lambda *_: None) if drops else None)

    assert queues.sent == [BODIES["well"]]
    assert (moved.messages, moved.malformed, moved.dropped) == (1, 2, 2 if drops else 0)
    assert [each.file.file_id for each in moved.files] == [FILE.file_id]
    assert {name for name in BODIES if not queues.is_there(name)} == {
        "well",
        *(["malformed", "other"] if drops else []),
    }
    assert queues.visible == (set() if drops else {"malformed", "other"})


class BrokenOffError(Exception):
    """What cuts a replay short."""


def test_a_malformed_message_is_shown_before_it_is_deleted_and_so_was_seen_where_the_rest_fails() -> None:
    queues = Queues(["malformed"], ["well"], ["other"])
    stack = stack_of(queues)
    shown: list[tuple[str, bool, str]] = []

    def dropping(begins: str, why: str) -> None:
        shown.append((begins, queues.is_there("malformed"), why))

    def break_off(moved: int) -> None:
        if moved:
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        replay_dead_letters(stack, 0.0, break_off, dropping)

    [(begins, was_there, why)] = shown
    assert (begins, was_there) == (BODIES["malformed"], True)
    assert "the body is not JSON" in why
    assert not queues.is_there("malformed")
    assert queues.is_there("other")
