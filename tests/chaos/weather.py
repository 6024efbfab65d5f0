"""What the clients of a function meet: faults at chosen calls, events amid them; and a log of what was done.

In: boto3's clients, real or in memory. Out: the same calls, each of which may fail, as AWS lets it fail, before
or after the work is done. A function that is killed reaches nobody any more, whatever it still tries on its way down.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ReadTimeoutError

from tests.chaos.events import OF_STATEMENTS, Fault
from tests.chaos.memory_aws import refuse

SUBMITS = {"execute_statement", "batch_execute_statement"}
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html and the services' pages of common errors
BUSY = {"s3": "SlowDown"}
BROKEN = {"redshift-data": "InternalServerException", "s3": "InternalError", "dynamodb": "InternalServerError"}
TEXTS = {
    Fault.CONFLICT: "ERROR: 1023 DETAIL: Serializable isolation violation on table - 100",
    Fault.DISK_FULL: "ERROR: Disk Full DETAIL: error: Disk Full code: 1016",
}
FAILS = "select 1 / case when count(*) = 1 then 1 else 0 end as fails from ops.epochs where epoch = 'of no storm'"
ENOUGH_SECONDS = 600.0


class Killed(BaseException):
    """The function is no more; nothing that it has written catches this."""


@dataclass(frozen=True)
class Call:
    """A call that was carried out."""

    service: str
    operation: str
    request: Mapping[str, Any]


@dataclass
class Weather:
    """The weather over one function. `log` is shared by all of them; `calls` counts those of the invocation."""

    log: list[Call]
    fault: Fault | None = None
    at: int = 0
    times: int = 0
    amid_at: int = 0
    amid: Callable[[], None] | None = None
    calls: int = 0
    is_dead: bool = False
    is_late: bool = False
    _failed: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, fault: Fault | None = None, at: int = 0, times: int = 1) -> None:
        """Begin an invocation, in calm weather unless told otherwise."""
        self.fault, self.at, self.times = fault, at, times
        self.amid_at, self.amid = 0, None
        self.calls, self.is_late = 0, False

    def remaining_seconds(self) -> float:
        """Say how much time the function has."""
        return 0.0 if self.is_late else ENOUGH_SECONDS

    def over(self, service: str, client: Any) -> Any:
        """Put a client under this weather."""
        return _Client(self, service, client)

    def strike(self, service: str, operation: str) -> Fault | None:
        """Count a call, let happen what happens amid it, and say what befalls it.

        Raises:
            Killed: the function is dead.
        """
        with self._lock:
            self.calls += 1
            amid, is_amid = self.amid, self.calls == self.amid_at
            fault = self.fault if self.calls >= self.at and self.times else None
            if fault in OF_STATEMENTS and operation not in SUBMITS:
                fault = None
            if fault:
                self.times -= 1
            if fault is Fault.TIME_UP:
                self.is_late, fault = True, None
            if fault is Fault.KILLED_BEFORE:
                self.is_dead = True
            if self.is_dead:
                raise Killed
        if amid and is_amid:
            amid()
        return fault

    def die(self) -> None:
        """End the function.

        Raises:
            Killed: always.
        """
        self.is_dead = True
        raise Killed

    def fail(self, client: Any, operation: str, request: Mapping[str, Any], text: str) -> Any:
        """Send a statement so that nothing of it is kept, and remember in which words it shall have failed."""
        sqls = [request["Sql"]] if operation == "execute_statement" else list(request["Sqls"])
        others = {name: value for name, value in request.items() if name not in ("Sql", "Sqls", "Parameters")}
        whole = [FAILS] if request.get("Parameters") else [*sqls[:39], FAILS]
        answer = client.batch_execute_statement(Sqls=whole, **others)
        self._failed[answer["Id"]] = text
        return answer

    def described(self, description: Any) -> Any:
        """Give a statement that was made to fail its words."""
        text = self._failed.get(description["Id"])
        if text is None or description["Status"] != "FAILED":
            return description
        parts = [part | {"Error": text} if part.get("Error") else part for part in description["SubStatements"]]
        return description | {"Error": text, "SubStatements": parts}


@dataclass(frozen=True)
class _Client:
    weather: Weather
    service: str
    client: Any

    def __getattr__(self, operation: str) -> Any:
        if operation == "get_paginator":
            return self._paginator

        def call(**request: Any) -> Any:
            return self._call(operation, request)

        return call

    def _paginator(self, operation: str) -> Any:
        self.weather.strike(self.service, operation)
        return self.client.get_paginator(operation)

    def _call(self, operation: str, request: Mapping[str, Any]) -> Any:
        fault = self.weather.strike(self.service, operation)
        match fault:
            case Fault.BUSY:
                raise refuse(BUSY.get(self.service, "ThrottlingException"), operation)
            case Fault.BROKEN:
                raise refuse(BROKEN.get(self.service, "InternalFailure"), operation)
            case Fault.REFUSED:
                raise refuse("PreconditionFailed", operation)
            case Fault.CONFLICT | Fault.DISK_FULL:
                return self.weather.fail(self.client, operation, request, TEXTS[fault])
            case Fault.SESSION_ENDED if session := request.get("SessionId"):
                self.client.execute_statement(SessionId=session, Sql="select 1", SessionKeepAliveSeconds=0)
            case Fault.OUTLIVED if hasattr(self.client, "holds_next"):
                self.client.holds_next = True
        answer = getattr(self.client, operation)(**request)
        self.weather.log.append(Call(self.service, operation, request))
        if fault in (Fault.KILLED_AFTER, Fault.OUTLIVED):
            self.weather.die()
        if fault is Fault.ANSWER_LOST:
            raise ReadTimeoutError(endpoint_url=self.service)
        return self.weather.described(answer) if operation == "describe_statement" else answer
