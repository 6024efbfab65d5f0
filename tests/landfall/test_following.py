"""`landfall tail` tells each thing once, and loses nothing when a look is late, or fails."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from ingest_lambda.errors import ConfigError, TransientError
from landfall import environment
from landfall.app import build as build_commands
from landfall.commands.tail import _looked
from landfall.operate import following, function_log, names
from landfall.operate.following import Follower

NOON = datetime(2025, 11, 13, 12, tzinfo=UTC)
LINE = '{"message": "file", "outcome": "landed", "dataset": "orders", "file": "s3://b/%s", "rows": 1, "load_seq": 1}'


class Account:
    """A log and a state machine, as the follower asks them; `error` is what the state machine answers."""

    def __init__(self) -> None:
        self.lines: list[tuple[datetime, str]] = []
        self.runs: list[dict[str, Any]] = []
        self.error: ClientError | None = None

    def get_paginator(self, _: str) -> "Account":
        return self

    def paginate(self, startTime: int, **_: Any) -> list[dict[str, Any]]:  # noqa: N803 - the SDK's name
        events = [
            {"logStreamName": "s", "timestamp": int(at.timestamp() * 1000), "message": LINE % name}
            for at, name in self.lines
            if at.timestamp() * 1000 >= startTime
        ]
        return [{"events": events}]

    def list_executions(self, **_: Any) -> dict[str, Any]:
        if self.error:
            raise self.error
        return {"executions": self.runs[: following.RUNS]}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:  # noqa: N803 - the SDK's name
        return next(run for run in self.runs if run["executionArn"] == executionArn)


def follower_of(account: Account) -> Follower:
    stack: Any = SimpleNamespace(logs=account, step_functions=account, output=str)
    return Follower(stack, NOON)


def run(name: str, status: str = "RUNNING") -> dict[str, Any]:
    ended = {"stopDate": NOON + timedelta(minutes=9), "output": "{}"} if status != "RUNNING" else {}
    return {"executionArn": name, "status": status, "startDate": NOON, **ended}


def test_a_look_that_comes_late_begins_where_the_last_one_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    account, clock = Account(), [NOON]
    monkeypatch.setattr(
        function_log, "datetime", SimpleNamespace(now=lambda _: clock[0], fromtimestamp=datetime.fromtimestamp)
    )
    follower = follower_of(account)
    assert follower.look() == []
    account.lines.append((NOON + timedelta(minutes=1), "while.parquet"))
    clock[0] = NOON + timedelta(hours=1)
    assert [event.text for event in follower.look()] == ["s3://b/while.parquet: 1 rows, load 1"]
    assert follower.look() == []


def test_a_long_run_is_told_though_a_hundred_have_started_since() -> None:
    account = Account()
    follower = follower_of(account)
    account.runs = [run("long")]
    assert [event.what for event in follower.look()] == ["running"]
    account.runs = [*(run(f"later-{number}") for number in range(following.RUNS)), run("long", "FAILED")]
    assert "error" in {event.what for event in follower.look()}


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_dataset_is_followed_though_the_warehouse_cannot_be_asked_whether_it_is_known(
    goes_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    account, error = Account(), TransientError("the warehouse is paused") if goes_on else ConfigError("no such user")
    account.lines.append((datetime.now(UTC), "a.parquet"))
    stack: Any = SimpleNamespace(logs=account, step_functions=account, output=str)
    monkeypatch.setattr(environment, "stack", lambda: stack)
    monkeypatch.setattr(names, "unknown", Mock(side_effect=error))
    done = CliRunner().invoke(build_commands(), ["tail", "--dataset", "orders", "--for", "0", "--json"])
    if goes_on:
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["subject"] == "orders"
        assert "could not be asked, and tail goes on: the warehouse is paused" in done.stderr
    else:
        assert (done.stdout, done.exception) == ("", error)


@pytest.mark.parametrize(("code", "goes_on"), [("ThrottlingException", True), ("AccessDeniedException", False)])
def test_what_passes_by_itself_ends_nothing_and_loses_nothing(
    code: str, goes_on: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    account = Account()
    follower = follower_of(account)
    account.lines.append((NOON, "a.parquet"))
    account.error = ClientError({"Error": {"Code": code, "Message": "no"}}, "ListExecutions")
    if not goes_on:
        with pytest.raises(ClientError):
            _looked(follower)
        return
    assert _looked(follower) == []
    assert "tail goes on: " in capsys.readouterr().err
    account.error = None
    assert [event.what for event in _looked(follower)] == ["landed"]
