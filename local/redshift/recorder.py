"""One session's part of the history: which of the statements that were sent has begun, ended or failed.

In: what the front sends to PostgreSQL and what PostgreSQL answers, in order. Out: calls of History. PostgreSQL answers
in the order of the messages, so the first step that waits is the one that an answer is about.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from local.redshift.connections import Visit
from local.redshift.errors import ErrorFields, LoadFault
from local.redshift.history import History, LoadError, LoadReport, Origin, Statement, reads_history
from local.redshift.table_locks import Claim

CANCELED = "57014"
_LABEL = re.compile(r"\s*(?:set\s+query_group\s+(?:to|=)\s+'?(?P<label>[^';]*)'?|reset\s+query_group)\s*;?\s*$", re.I)
_NO_LABEL = "default"


@dataclass(slots=True)
class Sent:
    """A statement as the client sent it, the tables (OIDs) that it reads and the one that it writes, COPY and lock."""

    text: str
    tables: tuple[int, ...] = ()
    target: int | None = None
    load: LoadReport | None = None
    claim: Claim | None = None


@dataclass(slots=True)
class _Step:
    """What PostgreSQL has still to answer: a parse, a statement's run, or (neither) the end of a message."""

    sent: Sent | None
    is_parse: bool = False
    portal: bytes = b""
    statement: Statement | None = None


class Recorder:
    """The steps of one session that wait for PostgreSQL's answers."""

    def __init__(self, history: History, origin: Origin, visit: Visit) -> None:
        self.origin, self.visit = origin, visit
        self.bytes = 0  # of the rows that came since the last step ended
        self._history = history
        self._steps: deque[_Step] = deque()
        self._suspended: dict[bytes, Statement] = {}
        self._transaction = 0
        self._label = _NO_LABEL

    def parses(self, sent: Sent) -> None:
        """Note that a statement is sent to be prepared."""
        self._steps.append(_Step(sent, is_parse=True))

    def runs(self, sent: Sent, portal: bytes = b"") -> None:
        """Note that a statement is sent to be run."""
        if reads_history(sent.text):
            self._history.flush()
        self._steps.append(_Step(sent, portal=portal, statement=self._suspended.pop(portal, None)))
        self._begin_first()

    def ends_message(self) -> None:
        """Note that what was sent until here is answered by one ReadyForQuery."""
        self._steps.append(_Step(None))

    def parsed(self) -> None:
        """Note that the first step, a parse, has succeeded."""
        if self._steps and self._steps[0].is_parse:
            self._steps.popleft()
            self._begin_first()

    def completed(self, tag: bytes = b"") -> None:
        """Note that the first step has ended well; its CommandComplete says how many rows."""
        if not (self._steps and (statement := self._steps[0].statement)):
            return
        self._steps.popleft()
        self._count(statement, tag)
        self._history.end(statement, "success")
        if label := _LABEL.match(statement.text):
            self._label = label["label"] or _NO_LABEL
        self._begin_first()

    def suspended(self) -> None:
        """Note that the first step has sent as many rows as were asked for, and waits."""
        if self._steps and (statement := self._steps[0].statement):
            self._count(statement, b"")
            self._suspended[self._steps.popleft().portal] = statement

    def failed(self, fields: ErrorFields) -> None:
        """Note that the first step has failed."""
        if not (self._steps and (sent := self._steps[0].sent)):
            return
        statement = self._steps.popleft().statement or self._begun(sent)
        self._history.end(statement, "canceled" if fields.get("C") == CANCELED else "failed", fields.get("M"))

    def place(self) -> tuple[int, int, int]:
        """Return the table (OID, 0 for none), the transaction and the process of the statement that runs."""
        statement = self._steps[0].statement if self._steps else None
        table = (statement.target or next(iter(statement.tables), 0)) if statement else 0
        return table, self._transaction, self.origin.pid

    @property
    def text(self) -> str:
        """Return the statement that runs, as the client sent it; '' if none does."""
        return self._steps[0].sent.text if self._steps and self._steps[0].sent else ""

    def load_failed(self, fault: LoadFault) -> None:
        """Note why the COPY that runs is about to fail."""
        if self._steps and self._steps[0].sent and (load := self._steps[0].sent.load):
            load.errors.append(LoadError(fault.context or fault.error, fault.code, fault.file, column=fault.column))

    def ready(self, status: bytes) -> None:
        """Note a ReadyForQuery: what was sent with the message, and has not run, will not."""
        while self._steps and self._steps.popleft().sent:
            pass
        if status == b"I":
            self._transaction = 0
            self._end_suspended()
        self._begin_first()

    def leaves(self) -> None:
        """Note that the client is gone."""
        self.visit.leaves()
        self._end_suspended()
        if self._steps and self._steps[0].statement:
            self._history.end(self._steps[0].statement, "canceled")

    def _end_suspended(self) -> None:
        for statement in self._suspended.values():
            self._history.end(statement, "success")
        self._suspended.clear()

    def _begin_first(self) -> None:
        step = self._steps[0] if self._steps else None
        if step and step.sent and not step.is_parse and not step.statement:
            step.statement = self._begun(step.sent)

    def _begun(self, sent: Sent) -> Statement:
        self._transaction = self._transaction or self._history.next_transaction()
        self.bytes = 0
        statement = self._history.begin(self.origin, self._transaction, self._label, sent.text)
        statement.tables, statement.target, statement.load = sent.tables, sent.target, sent.load
        return statement

    def _count(self, statement: Statement, tag: bytes) -> None:
        number = tag.rstrip(b"\0").rpartition(b" ")[2]
        statement.rows += int(number) if number.isdigit() else 0
        statement.bytes += self.bytes
        self.bytes = 0
