"""What the front has seen: each statement, when it ran and how it ended, what each COPY read, and who came and went.

In: statements as sessions begin and end them, clients as they come and go (connections.py). Out: lines of JSON in files
of the data folder, which the system views read (prelude/60_history.sql). A statement costs an object in memory; lines
are written when a statement comes that names a system view, and every second. The newest are kept (lines.py); a restart
forgets them.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.redshift.lines import Lines
from local.redshift.remembering import remembered
from local.redshift.shapes import Shapes
from local.redshift.statement_secrets import without_secrets

TEXT_CHARACTERS = 64 * 1024  # of a statement that are kept
FOLDER = "redshift_history"  # in the data folder
_SECONDS = 1.0
_SYSTEM_VIEW = re.compile(r"\b(?:sys|stl|stv|svl|svcs)_|\bpg_last_", re.IGNORECASE)
_TYPES = (
    (re.compile(r"create\s+(?:(?:local|temp|temporary)\s+)*table\b[^;]*?\bas\s*\(*\s*(?:select|with)\b", re.I), "CTAS"),
    (re.compile(r"(?:create|alter|drop|comment)\b", re.I), "DDL"),
    (re.compile(r"(?:select|with)\b", re.I), "SELECT"),
    (re.compile(r"(insert|update|delete|merge|copy|unload)\b", re.I), ""),
)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*(?:[^*]|\*(?!/))*\*/|\()*")


@dataclass(slots=True)
class Origin:
    """Whose statements these are: the user and database of the log-in, PostgreSQL's process, by way of the Data API?"""

    user: str
    database: str
    pid: int = 0
    is_data_api: bool = False


@dataclass(slots=True)
class LoadedFile:
    """A file that a COPY has read: its address, bytes, rows, and when (seconds since 1970)."""

    name: str
    size: int
    rows: int = 0
    started: float = 0.0
    ended: float | None = None


@dataclass(slots=True)
class LoadError:
    """Why a COPY failed, or passed a row over, in the words of stl_load_errors; what is not known is None."""

    reason: str
    code: int
    file: str | None = None
    line: int | None = None
    column: str | None = None
    type: str | None = None
    length: str | None = None
    position: int | None = None
    raw_line: str | None = None
    raw_value: str | None = None


@dataclass(slots=True)
class LoadReport:
    """What a COPY did."""

    table: str
    source: str
    format: str
    files: list[LoadedFile] = field(default_factory=list)
    errors: list[LoadError] = field(default_factory=list)


@dataclass(slots=True)
class Statement:
    """A statement; times in seconds since 1970, `tables` and `target` as PostgreSQL's OIDs (what it reads, writes)."""

    number: int
    origin: Origin
    transaction: int
    label: str
    text: str
    started: float
    status: str = "running"
    ended: float | None = None
    rows: int = 0
    bytes: int = 0
    error: str | None = None
    tables: tuple[int, ...] = ()
    target: int | None = None
    load: LoadReport | None = None

    def line(self) -> str:
        """Return the statement as the views read it."""
        origin, load = self.origin, self.load
        return json.dumps(
            {
                "number": self.number,
                "user_name": origin.user,
                "database": origin.database,
                "pid": origin.pid,
                "transaction": self.transaction,
                "label": self.label,
                "type": query_type(self.text),
                "status": self.status,
                "started": self.started,
                "ended": self.ended,
                "rows": self.rows,
                "bytes": self.bytes,
                "error": self.error,
                "text": without_secrets(self.text)[:TEXT_CHARACTERS],
                "tables": self.tables,
                "target": self.target,
                "load": load and _as_dict(load),
            }
        )


class History:
    """The statements of all sessions; one event loop uses it."""

    def __init__(self, folder: Path, shapes: Shapes | None = None) -> None:
        self._shapes = shapes
        self._statements = Lines(folder, "current.jsonl", "previous.jsonl")
        self._connections = Lines(folder, "connections.jsonl", "connections_before.jsonl")
        self._number = self._transaction = 0
        self._changed: dict[int, Statement] = {}
        self._events: list[str] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, event: Mapping[str, object]) -> None:
        """Note that a client came, was refused or went."""
        self._events.append(json.dumps(event))
        self._flush_soon()

    def next_transaction(self) -> int:
        """Return the number of a transaction that begins."""
        self._transaction += 1
        return self._transaction

    def begin(self, origin: Origin, transaction: int, label: str, text: str) -> Statement:
        """Note that a statement begins."""
        self._number += 1
        statement = Statement(self._number, origin, transaction, label, text, time.time())
        self._changed[statement.number] = statement
        if reads_history(text):
            self.flush()
        else:
            self._flush_soon()
        return statement

    def end(self, statement: Statement, status: str, error: str | None = None) -> None:
        """Note how a statement has ended: success, failed or canceled."""
        statement.status, statement.error, statement.ended = status, error, time.time()
        self._changed[statement.number] = statement
        if self._shapes:
            self._shapes.note(statement.origin, status, without_secrets(statement.text))
        self._flush_soon()

    def flush(self) -> None:
        """Write what has changed."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._statements.write(statement.line() for statement in self._changed.values())
        self._changed.clear()
        if self._events:
            self._connections.write(self._events)
            self._events.clear()

    def _flush_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self.flush)


@remembered(most=1000)
def reads_history(sql: str) -> bool:
    """Tell whether a statement names a system view, or asks for the last statement's number.

    >>> [reads_history(sql) for sql in ("select * from SYS_query_history", "select pg_last_copy_id()", "select 1")]
    [True, True, False]
    """
    return _SYSTEM_VIEW.search(sql) is not None


@remembered(most=1000)
def query_type(sql: str) -> str:
    """Return the type of a statement as SYS_QUERY_HISTORY names it.

    >>> [query_type(sql) for sql in ("/* dbt */ create table t as (select 1)", "copy t from 's3://b'", "begin")]
    ['CTAS', 'COPY', 'UTILITY']
    """
    code = sql[end.end() :] if (end := _COMMENTS.match(sql)) else sql
    for pattern, name in _TYPES:
        if match := pattern.match(code):
            return name or match[1].upper()
    return "UTILITY"


def _as_dict(load: LoadReport) -> dict[str, Any]:
    return {
        "table": load.table,
        "source": load.source,
        "format": load.format,
        "files": [{name: getattr(file, name) for name in LoadedFile.__slots__} for file in load.files],
        "errors": [{name: _storable(getattr(error, name)) for name in LoadError.__slots__} for error in load.errors],
    }


def _storable(value: str | int | None) -> str | int | None:
    """Return what was read of a file as PostgreSQL's JSON takes it: a file may hold bytes that are no text."""
    return value.encode(errors="replace").decode().replace("\0", ".") if isinstance(value, str) else value
