"""A new dataset whose name resembles a known one is announced to people, once; any other is not."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from botocore.exceptions import ClientError

from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.load.outcomes import Status
from ingest_lambda.tell import newcomers
from ingest_lambda.tell.newcomers import Newcomer
from tests.land.warehouse import Land, new_dataset

Alerts = Callable[[], list[dict[str, Any]]]
ROWS = pa.table({"a": [1]})


def put(land: Land, dataset: str, name: str = "a") -> FileVersion:
    return land.put(f"raw/{dataset}/{name}.parquet", ROWS)


@pytest.fixture
def penguins(land: Land) -> str:
    """A dataset that has landed, whose name resembles no other's."""
    dataset = f"p{uuid.uuid4().hex}"
    land.function().receive(put(land, dataset))
    return dataset


def test_a_first_file_whose_dataset_resembles_another_is_announced_once(
    land: Land, penguins: str, alerts: Alerts
) -> None:
    typo = f"{penguins}s"
    first, second = put(land, typo, "a"), put(land, typo, "b")

    function = land.function()
    outcomes = [function.receive(file)[0] for file in (first, second)]
    assert [outcome.status for outcome in outcomes] == [Status.LANDED] * 2

    (message,) = alerts()
    assert message["Subject"].startswith(f"[landfall test] new dataset {typo}; did you mean")
    told = json.loads(message["Message"])
    assert (told["dataset"], told["resembles"], told["first_files"]) == (typo, penguins, [first.uri])
    attributes = {name: each["Value"] for name, each in message["MessageAttributes"].items()}
    assert (attributes["severity"], attributes["dataset"], attributes["stage"]) == ("low", typo, "land")


def test_a_dataset_that_resembles_none_or_is_declared_is_not_announced(
    land: Land, penguins: str, alerts: Alerts
) -> None:
    declared = f"{penguins}s"
    land.contracts[declared] = Contract()
    files = [put(land, new_dataset("of_its_own_kind")), put(land, declared), put(land, penguins, "b")]
    assert [each.status for each in land.function().receive(*files)] == [Status.LANDED] * 3
    assert alerts() == []


def test_what_is_rejected_makes_no_dataset_and_is_not_announced_as_one(
    land: Land, penguins: str, alerts: Alerts
) -> None:
    typo = f"{penguins}s"
    [outcome] = land.function().receive(land.put(f"raw/{typo}/a.parquet", b"no parquet"))
    assert outcome.status is Status.REJECTED
    assert [json.loads(message["Message"]).get("resembles") for message in alerts()] == [None]


def test_an_announcement_that_cannot_be_sent_holds_nothing_up(
    land: Land, penguins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ClientError({"Error": {"Code": "InternalError", "Message": "injected"}}, "Publish")

    monkeypatch.setattr(newcomers, "send", refuse)
    [outcome] = land.function().receive(put(land, f"{penguins}s"))
    assert outcome.status is Status.LANDED


def test_people_read_what_to_do() -> None:
    files = tuple(f"s3://b/raw/pengiuns/{number}.parquet" for number in range(12))
    said = newcomers.text(Newcomer("pengiuns", "penguins", files))
    assert "did you mean penguins?" in said
    assert "landfall drop-dataset pengiuns" in said
    assert "landfall upload FILE --dataset penguins" in said
    assert "... and 2 more" in said
    assert "more" not in newcomers.text(Newcomer("pengiuns", "penguins", files[:1])).split("If penguins")[0]
