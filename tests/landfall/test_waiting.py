"""What is tried again is in sight, whatever has become of the file before; how a try ends is for tests/land."""

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.load.outcomes import Status
from landfall.operate import declared, waiting
from tests.land.warehouse import message, new_dataset
from tests.landfall.conftest import Desk


def waits(desk: Desk, dataset: str) -> set[str]:
    """Name the files that wait, as history and status say it."""
    lines = desk.landfall("history", "--dataset", dataset, "--outcome", "waiting")
    assert lines == desk.landfall("status", "--dataset", dataset)["waiting"]
    return {line["source_file"] for line in lines}


def test_a_rejected_file_that_is_replayed_in_an_outage_waits_until_it_is_rejected_again(desk: Desk) -> None:
    dataset = new_dataset()
    file = desk.land.put(f"raw/{dataset}/a.parquet", b"no parquet")
    assert [outcome.status for outcome in desk.function.receive(file)] == [Status.REJECTED]
    assert waits(desk, dataset) == set()
    assert desk.landfall("replay", "--rejected", "--dataset", dataset)[0]["action"] == "sent"

    [body] = desk.deliver_in_an_outage()

    assert waits(desk, dataset) == {file.uri}
    assert desk.function.handle([message(body, receive_count=2)]) == []
    assert waits(desk, dataset) == set()


@pytest.mark.parametrize("is_undone", [False, True])
def test_what_is_noted_of_a_file_that_has_landed_since_is_not_shown(desk: Desk, is_undone: bool) -> None:
    dataset = new_dataset()
    file = desk.land.put(f"raw/{dataset}/a.parquet", pa.table({"n": [1]}))
    assert desk.landfall("replay", file.uri)[0]["action"] == "sent"
    [body] = desk.deliver_in_an_outage()
    assert waits(desk, dataset) == {file.uri}

    assert desk.function.handle([message(body, receive_count=2)]) == []
    if is_undone:
        assert desk.landfall("undo", file.uri)["outcome"] == "undone"

    assert waits(desk, dataset) == set()
    assert len(waiting.noted(desk.stack, [file.file_id])) == 1


def test_what_is_noted_of_a_file_that_was_given_up_goes_when_it_is_announced_again_and_ignored(desk: Desk) -> None:
    dataset = new_dataset()
    file = desk.land.put(f"raw/{dataset}/part-0", b"no parquet, and no name that says so")
    for _ in range(2):
        assert desk.landfall("replay", file.uri)[0]["action"] == "sent"
        desk.deliver_in_an_outage()
        assert waits(desk, dataset) == {file.uri}

    assert desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")["sent"] == 1
    assert [outcome.status for outcome in desk.deliver()] == [Status.IGNORED]

    assert waits(desk, dataset) == set()
    assert waiting.noted(desk.stack, [file.file_id]) == []


def test_what_is_noted_of_a_file_that_has_landed_in_another_dataset_since_is_not_shown(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, other = new_dataset(), new_dataset()
    file = desk.land.put(f"raw/{dataset}/a.parquet", pa.table({"n": [1]}))
    assert desk.landfall("replay", file.uri)[0]["action"] == "sent"
    [body] = desk.deliver_in_an_outage()
    contracts = {other: Contract(prefixes=(f"raw/{dataset}/",))}
    monkeypatch.setattr(desk.land, "contracts", contracts)
    monkeypatch.setattr(declared, "contracts", lambda: contracts)
    assert waits(desk, dataset) == {file.uri}

    assert desk.land.function().handle([message(body, receive_count=2)]) == []

    assert desk.land.count(f"landing.{other}") == 1
    assert waits(desk, dataset) == set()
