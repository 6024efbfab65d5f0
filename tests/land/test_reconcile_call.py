"""A night's call as Lambda makes it: to whom it speaks, and when."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import io
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.reconcile import handler as reconcile
from ingest_lambda.reconcile.mark import Marks
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


def call(seconds: float = 900.0) -> dict[str, Any]:
    return reconcile.handler({}, Context(seconds))  # type: ignore[arg-type]  # a stand-in


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
