"""What lands sets the mark that something may have changed before its message is acknowledged, and before its event."""

import inspect
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ingest_lambda.load.outcomes import Status
from ingest_lambda.tell.mark import ITEM
from tests.land.warehouse import Function, Land, message, new_dataset, notification

REFUSED = ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdateItem")
UNREACHABLE = EndpointConnectionError(endpoint_url="https://dynamodb")


class Broken:
    """A client of DynamoDB whose every update fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def update_item(self, **_: Any) -> None:
        """Fail."""
        raise self.error


class Announcements:
    """A client of EventBridge that remembers what it was sent, and the mark at that moment."""

    def __init__(self, land: Land) -> None:
        self.land = land
        self.marks: list[int] = []

    def put_events(self, **_: Any) -> dict[str, int]:
        """Take events."""
        self.marks.append(changes(self.land))
        return {"FailedEntryCount": 0}


class Deadly:
    """A client of S3 whose function dies when it touches a key of `dataset`."""

    def __init__(self, s3: Any, dataset: str) -> None:
        self.s3, self.dataset = s3, dataset

    def __getattr__(self, name: str) -> Any:
        """Return the client's own, but for calls that name such a key."""
        own = getattr(self.s3, name)

        def call(*arguments: Any, **places: Any) -> Any:
            if f"/{self.dataset}/" in places.get("Key", ""):
                raise SystemExit("out of memory")  # which no part of the function catches
            return own(*arguments, **places)

        return call if inspect.ismethod(own) else own


def changes(land: Land) -> int:
    """Return how many changes the mark has counted."""
    key = {"lease_id": {"S": ITEM}}
    item = land.client("dynamodb").get_item(TableName=land.settings.lease_table, Key=key, ConsistentRead=True)
    return int(item.get("Item", {"change_number": {"N": "0"}})["change_number"]["N"])


def function(land: Land, monkeypatch: pytest.MonkeyPatch, **clients: Any) -> Function:
    """Start a function with clients of the test's own."""
    for name, client in clients.items():
        monkeypatch.setitem(land.clients, name, client)
    started = land.function()
    monkeypatch.undo()
    return started


def test_a_batch_that_lands_counts_one_change_before_it_is_told_and_again_when_it_comes_again(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, before = new_dataset(), changes(land)
    files = [land.put(f"raw/{dataset}/{name}.parquet", pa.table({"id": [1]})) for name in ("a", "b")]
    told = Announcements(land)
    started = function(land, monkeypatch, events=told)

    assert [outcome.status for outcome in started.receive(*files)] == [Status.LANDED] * 2
    assert [outcome.status for outcome in started.receive(*files)] == [Status.DUPLICATE] * 2

    assert (changes(land), told.marks) == (before + 2, [before + 1, before + 2])


def test_what_has_landed_is_marked_where_the_next_load_of_its_batch_ends_the_function(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted((new_dataset(), new_dataset()))
    before = changes(land)
    good = land.put(f"raw/{first}/good.parquet", pa.table({"id": [1]}))
    deadly = land.put(f"raw/{second}/deadly.parquet", pa.table({"id": [1]}))
    started = function(land, monkeypatch, s3=Deadly(land.client("s3"), second))

    with pytest.raises(SystemExit):
        started.receive(good, deadly)

    assert land.count(f"landing.{first}") == 1
    assert changes(land) == before + 1


def test_what_lands_nothing_counts_no_change(land: Land) -> None:
    dataset, before = new_dataset(), changes(land)
    bad = land.put(f"raw/{dataset}/bad.parquet", b"no parquet")
    ignored = land.put(f"raw/{dataset}/_SUCCESS", b"")

    outcomes = land.function().receive(bad, ignored)

    assert [outcome.status for outcome in outcomes] == [Status.REJECTED, Status.IGNORED]
    assert changes(land) == before


@pytest.mark.parametrize("error", [REFUSED, UNREACHABLE])
def test_where_the_mark_cannot_be_set_the_message_comes_back_and_nobody_is_told(
    land: Land, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    dataset, before = new_dataset(), changes(land)
    good = land.put(f"raw/{dataset}/good.parquet", pa.table({"id": [1]}))
    bad = land.put(f"raw/{dataset}/bad.parquet", b"no parquet")
    messages = [message(notification([file])) for file in (good, bad)]
    told = Announcements(land)
    broken = function(land, monkeypatch, dynamodb=Broken(error), events=told)

    back = broken.handle(messages)

    assert [each.message_id for each in back] == [messages[0]["messageId"]]
    assert broken.report.errors[-1] is error
    assert (changes(land), told.marks) == (before, [])
    assert land.count(f"landing.{dataset}") == 1

    assert land.function().handle([message(notification([good]), receive_count=2)]) == []
    assert changes(land) == before + 1
    assert land.count(f"landing.{dataset}") == 1
