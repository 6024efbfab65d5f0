"""What the Data API keeps of statements that have ended: for a day, and their client tokens for eight hours."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from local.redshift import data_api
from local.redshift.data_api import Operations
from local.redshift.data_rights import Caller
from local.redshift.data_runner import Runner
from local.redshift.data_statement import Statement
from local.redshift.data_validation import ApiError

HOUR = 3600.0


class Owner(Caller):
    """The account itself, which may do all."""

    def require(self, *_: object) -> str:
        return ""


@dataclass
class Ends(Runner):
    """Lets each statement end where it is submitted, unless it is asked to hold it."""

    holds: bool = False
    held: list[Statement] = field(default_factory=list)

    def submit(self, statement: Statement) -> None:
        if self.holds:
            self.held.append(statement)
        else:
            statement.become("FINISHED")


@dataclass
class Api:
    """The operations, without a warehouse behind them, and a clock to turn."""

    runner: Ends
    operations: Operations
    hours: float = 0.0

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.operations.call(operation, request, Owner("/", [], ""))

    def submit(self, token: str) -> str:
        place = {"Database": "d", "WorkgroupName": "workgroup", "SecretArn": "arn"}
        return str(self.call("ExecuteStatement", Sql="select 1", ClientToken=token, **place)["Id"])

    def is_known(self, statement: str) -> bool:
        """Tell whether a statement can be described, of those that are listed."""
        listed = {each["Id"] for each in self.call("ListStatements", Status="ALL")["Statements"]}
        if statement not in listed:
            with pytest.raises(ApiError, match="does not exist"):
                self.call("DescribeStatement", Id=statement)
            return False
        return bool(self.call("DescribeStatement", Id=statement))


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    runner = Ends()
    made = Api(runner, Operations(runner))
    monkeypatch.setattr(data_api, "time", SimpleNamespace(time=lambda: time.time() + made.hours * HOUR))
    return made


def test_a_token_is_the_same_statement_for_eight_hours(api: Api) -> None:
    first = api.submit("a token")
    api.hours = 7.9
    assert api.submit("a token") == first
    api.hours = 8.1
    assert api.submit("a token") != first
    assert api.is_known(first)


def test_a_statement_is_known_for_a_day_and_the_newest_come_first(api: Api) -> None:
    first, second = api.submit("one"), api.submit("two")
    assert [each["Id"] for each in api.call("ListStatements")["Statements"]] == [second, first]
    api.hours = 23.9
    api.submit("three")
    assert api.is_known(first)
    api.hours = 24.1
    api.submit("four")
    assert not api.is_known(first)
    assert not api.is_known(second)


def test_no_more_than_five_hundred_statements_are_active(api: Api) -> None:
    api.runner.holds = True
    for number in range(data_api.ACTIVE_STATEMENTS):
        api.submit(str(number))
    with pytest.raises(ApiError, match="exceeds the limit"):
        api.submit("one too many")
    api.runner.held[0].become("FINISHED")
    assert api.is_known(api.submit("one more"))
