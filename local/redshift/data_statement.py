"""A statement of the Data API from SUBMITTED to its end, and what the API tells about it.

In: what a request asked for, then what running it brought. Out: the structures of DescribeStatement and ListStatements
(https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_DescribeStatement.html).
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.redshift.data_fields import Column
from local.redshift.masking import mask, quote_literal

ENDED = ("FINISHED", "FAILED", "ABORTED")
_PARAMETER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")

Request = dict[str, Any]
Rows = list[tuple[str | None, ...]]


@dataclass
class Result:
    """What one SQL statement brought: columns (None without a result set), rows, and how many it changed (-1: none)."""

    columns: list[Column] | None
    rows: Rows
    changed: int

    @property
    def size(self) -> int:
        """Bytes of all values."""
        return sum(len(value.encode()) for row in self.rows for value in row if value is not None)


@dataclass
class Part:
    """One SQL statement of a request and how it went."""

    id: str
    sql: str
    status: str = "SUBMITTED"
    error: str | None = None
    result: Result | None = None
    started: float = 0.0
    seconds: float = 0.0
    updated: float = field(default_factory=time.time)

    def describe(self, created: float) -> dict[str, Any]:
        """Return the fields that a SubStatementData and a DescribeStatement share."""
        has_rows = bool(self.result and self.result.columns is not None)
        shown: dict[str, Any] = {
            "Id": self.id,
            "Status": self.status,
            "QueryString": self.sql,
            "Duration": int(self.seconds * 1e9) if self.status in ENDED else -1,
            "ResultRows": self._rows(has_rows),
            "ResultSize": self.result.size if self.result else -1,
            "RedshiftQueryId": -1 if self.status == "SUBMITTED" else 0,
            "HasResultSet": has_rows,
            "CreatedAt": created,
            "UpdatedAt": self.updated,
        }
        return {**shown, "Error": self.error} if self.error else shown

    def _rows(self, has_rows: bool) -> int:
        if not self.result:
            return -1
        return len(self.result.rows) if has_rows else self.result.changed


@dataclass
class Statement:
    """A request to ExecuteStatement or BatchExecuteStatement. Waiters are woken whenever its status changes."""

    request: Request
    sqls: list[str]
    is_batch: bool
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    session_id: str | None = None
    status: str = "SUBMITTED"
    error: str | None = None
    redshift_pid: int = 0
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    cancelled: bool = False
    is_executing: bool = False  # PostgreSQL has been sent one of its parts, or is about to be
    owner: str = ""  # the unique identifier of who submitted it
    parts: list[Part] = field(init=False)
    changed: threading.Condition = field(default_factory=threading.Condition)
    hand: threading.Lock = field(default_factory=threading.Lock)  # of who begins, ends or cancels a part

    def __post_init__(self) -> None:
        names = [f"{self.id}:{number}" for number in range(1, len(self.sqls) + 1)] if self.is_batch else [self.id]
        self.parts = [Part(name, sql) for name, sql in zip(names, self.sqls, strict=True)]

    @property
    def has_ended(self) -> bool:
        """Whether the statement has reached its last status."""
        return self.status in ENDED

    def become(self, status: str, error: str | None = None) -> None:
        """Change the status and wake those who wait."""
        with self.changed:
            self.status, self.updated = status, time.time()
            self.error = error or self.error
            self.changed.notify_all()

    def begin_part(self) -> bool:
        """Note that a part is about to be sent; return False where the statement was canceled before."""
        with self.hand:
            self.is_executing = not self.cancelled
            return self.is_executing

    def end_part(self) -> None:
        """Note that the part has ended: what cancels it would cancel the session's next statement."""
        with self.hand:
            self.is_executing = False

    def cancel_part(self, cancel_backend: Callable[[int], None]) -> bool:
        """Cancel the part that runs; return False where none does."""
        with self.hand:
            self.cancelled = True
            if self.is_executing:
                cancel_backend(self.redshift_pid)
            return self.is_executing

    def wait(self, seconds: float) -> None:
        """Wait until the statement has ended, `seconds` at most."""
        with self.changed:
            self.changed.wait_for(lambda: self.has_ended, timeout=seconds)

    def part(self, part_id: str) -> Part | None:
        """Return the part that this id names: `<id>:<n>` in a batch, the id alone otherwise."""
        return next((part for part in self.parts if part.id == part_id), None)

    def identity(self) -> dict[str, Any]:
        """Return the request's words that answers repeat: where it ran and who as."""
        names = ("Database", "SecretArn", "WorkgroupName", "ClusterIdentifier")
        shown = {name: self.request[name] for name in names if self.request.get(name)}
        return {**shown, "SessionId": self.session_id} if self.session_id else shown

    def receipt(self) -> dict[str, Any]:
        """Return the answer to the request that made the statement."""
        shown: dict[str, Any] = {**self.identity(), "Id": self.id, "CreatedAt": self.created}
        if self.request.get("WaitTimeSeconds"):
            shown |= {"Status": self.status, "RedshiftPid": self.redshift_pid, "HasResultSet": self.has_result_set}
        return shown

    @property
    def has_result_set(self) -> bool:
        """Whether any part brought rows, even none of them."""
        return any(part.result is not None and part.result.columns is not None for part in self.parts)

    def describe(self) -> dict[str, Any]:
        """Return the answer of DescribeStatement."""
        shown = self.parts[0].describe(self.created)
        if self.is_batch:
            seconds = sum(part.seconds for part in self.parts)
            shown = {
                "ResultRows": -1,
                "ResultSize": -1,
                "Duration": int(seconds * 1e9) if self.has_ended else -1,
                "RedshiftQueryId": 0,
                "HasResultSet": self.has_result_set,
                "SubStatements": [part.describe(self.created) for part in self.parts],
                "ExecutionMode": self.request.get("ExecutionMode", "TRANSACTION"),
            }
        shown |= self.identity() | {
            "Id": self.id,
            "Status": self.status,
            "CreatedAt": self.created,
            "UpdatedAt": self.updated,
            "RedshiftPid": self.redshift_pid,
            "ResultFormat": self.request.get("ResultFormat", "JSON"),
        }
        if self.request.get("Parameters"):
            shown["QueryParameters"] = self.request["Parameters"]
        return {**shown, "Error": self.error} if self.error else shown

    def listed(self) -> dict[str, Any]:
        """Return the statement as ListStatements shows it."""
        shown: dict[str, Any] = {
            "Id": self.id,
            "Status": self.status,
            "CreatedAt": self.created,
            "UpdatedAt": self.updated,
            "IsBatchStatement": self.is_batch,
            "StatementName": self.request.get("StatementName", ""),
            "QueryString": self.sqls[0],
            "ResultFormat": self.request.get("ResultFormat", "JSON"),
        }
        shown |= {name: value for name, value in self.identity().items() if name in ("SecretArn", "SessionId")}
        return shown | ({"QueryStrings": self.sqls} if self.is_batch else {})


def parameter_names(sql: str) -> set[str]:
    """Return the names of the `:name` parameters in a statement.

    >>> sorted(parameter_names("select :a::int, ':b', x[1:c] from t where d = :d -- :e"))
    ['a', 'd']
    """
    return set(_PARAMETER.findall(re.sub(r"\[[^\]]*\]", "", mask(sql).text)))


def bind_parameters(sql: str, values: dict[str, str]) -> str:
    """Return the statement with string literals in place of its `:name` parameters.

    >>> bind_parameters("select :who, ':who'", {"who": "it's"})
    "select 'it''s', ':who'"
    """
    masked = mask(sql)
    return masked.restore(_PARAMETER.sub(lambda match: quote_literal(values[match[1]]), masked.text))
