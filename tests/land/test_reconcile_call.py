"""A night's call as Lambda makes it: to whom it speaks, when, and what is left of it where it breaks."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import TransientError
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.reconcile import alert, listing
from ingest_lambda.reconcile import handler as reconcile
from ingest_lambda.reconcile.find import Tally, find
from ingest_lambda.reconcile.mark import Marks
from ingest_lambda.reconcile.restored import BUILT_PROJECT
from tests.land.nights import Queue, settings_for
from tests.land.test_handler import Context
from tests.land.warehouse import Land, new_dataset

DAYS = 90


@dataclass
class Services:
    """AWS as the function finds it; of Lambda, what it was asked for, and a transform that needs no row any more."""

    land: Land
    made: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)

    def client(self, service: str, **_: Any) -> Any:
        self.made.append(service)
        return SimpleNamespace(invoke=self.invoke) if service == "lambda" else self.land.client(service)

    def invoke(self, **call: Any) -> dict[str, Any]:
        self.calls.append(call)
        asked = json.loads(call["Payload"])
        declared = {"retention_days": DAYS, "lists_each_file": False}
        bounds = {"upto_seq": 1_000, "kept": [], "refused": None, "declared": declared}
        said = {"datasets": dict.fromkeys(asked.get("datasets", []), bounds), "read_with": {}}
        return {"Payload": io.BytesIO(json.dumps(said).encode())}


@pytest.fixture
def services(land: Land, queue: Queue, marks: Marks, monkeypatch: pytest.MonkeyPatch) -> Services:
    found = Services(land)
    settings = settings_for(land, queue)
    monkeypatch.setattr(reconcile, "boto3", found)
    monkeypatch.setattr(reconcile, "Marks", lambda *_: marks)
    monkeypatch.setattr(reconcile.Settings, "from_environment", lambda _: settings)
    return found


def call(seconds: float = 900.0, **event: Any) -> dict[str, Any]:
    return reconcile.handler(event, Context(seconds))  # type: ignore[arg-type]  # a stand-in


def old_file(land: Land, monkeypatch: pytest.MonkeyPatch, contract: Contract) -> str:
    """Land a file long ago; return the name of its dataset, of which the function knows this much."""
    dataset = new_dataset()
    land.contracts[dataset] = contract
    land.function().receive(land.put(f"raw/{dataset}/a.parquet", pa.table({"n": [1]})))
    land.warehouse.execute(f'update ledger."{dataset}" set loaded_at = dateadd(day, -{DAYS + 8}, loaded_at)')
    monkeypatch.setattr(reconcile, "read_contracts", lambda: {dataset: contract})
    return dataset


def test_a_night_without_rows_to_remove_speaks_to_no_function(
    land: Land, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = old_file(land, monkeypatch, Contract())
    assert call()["complete"] is True
    assert "lambda" not in services.made
    assert land.count(f"landing.{dataset}") == 1


def test_a_night_with_rows_to_remove_asks_the_transform_once(
    land: Land, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = old_file(land, monkeypatch, Contract(retention_days=DAYS))
    assert call()["complete"] is True
    assert services.made.count("lambda") == 1
    assert [(each["FunctionName"], json.loads(each["Payload"])["datasets"]) for each in services.calls] == [
        ("landfall-test-transform", [dataset])
    ]
    assert land.count(f"landing.{dataset}") == 0


def test_a_call_whose_time_is_up_calls_the_function_again_and_asks_nothing(
    land: Land, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = old_file(land, monkeypatch, Contract(retention_days=DAYS))
    assert call(seconds=reconcile.HAND_OVER_SECONDS)["complete"] is False
    assert [(each["InvocationType"], json.loads(each["Payload"])) for each in services.calls] == [
        ("Event", {"call": 2})
    ]
    assert services.made.count("lambda") == 1
    assert land.count(f"landing.{dataset}") == 1


def broken_find(*asked: Any) -> Iterator[Tally]:
    """Find what is lost, but break behind the first chunk."""
    yield next(find(*asked))
    raise TransientError("S3 does not answer")


def broken_publish(*_: Any) -> bool:
    raise TransientError("SNS does not answer")


def messages(alerts: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [json.loads(each["Message"]) for each in alerts()]


@pytest.mark.parametrize("breaks", ["find", "publish"])
def test_a_restored_warehouse_is_told_and_built_whole_although_the_first_call_breaks(
    land: Land,
    services: Services,
    marks: Marks,
    alerts: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
    breaks: str,
) -> None:
    dataset = new_dataset()
    for name in "ab":
        land.function().receive(land.put(f"raw/{dataset}/{name}.parquet", pa.table({"a": [1]})))
    assert not call(grace_seconds=0)["restored"]
    land.rows(f"delete from ops.epochs where epoch = '{marks.read().epoch}'")  # type: ignore[union-attr]  # there was a call
    land.client("s3").put_object(Bucket=land.bucket, Key=BUILT_PROJECT, Body=b"{}")
    alerts()

    with monkeypatch.context() as patched:
        patched.setattr(listing, "CHUNK", 1)
        patched.setattr(reconcile, "find", broken_find if breaks == "find" else find)
        patched.setattr(alert, "publish", broken_publish)
        with pytest.raises(TransientError):
            call(grace_seconds=0)

    assert land.keys(BUILT_PROJECT) == set()
    assert call(grace_seconds=0)["restored"] is True
    assert [each["restored"] for each in messages(alerts)] == [True]
    assert not call(grace_seconds=0)["restored"]


def test_what_a_call_has_found_is_told_although_it_breaks(
    land: Land,
    services: Services,
    marks: Marks,
    alerts: Callable[[], list[dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = new_dataset()
    files = [land.put(f"raw/{dataset}/{name}.parquet", pa.table({"a": [1]})) for name in "ab"]
    land.function().receive(*files)
    land.rows(f"delete from landing.{dataset} where _file_id = '{files[0].file_id}'")
    alerts()

    with monkeypatch.context() as patched:
        patched.setattr(listing, "CHUNK", 1)
        patched.setattr(reconcile, "find", broken_find)
        with pytest.raises(TransientError):
            call(grace_seconds=0)

    [told] = messages(alerts)
    assert (told["severity"], told["goes_on"], told["mismatches"] >= 1) == ("high", True, True)
    mark = marks.read()
    assert mark is not None
    assert mark.behind is not None
    # the function may die before it can tell: so it is told again
    assert call(grace_seconds=0)["mismatches"] == told["mismatches"]
    assert [each["mismatches"] for each in messages(alerts)] == [told["mismatches"]]
