"""What one client's conversation with PostgreSQL remembers, and how the front speaks to PostgreSQL in it.

In: messages. Out: messages to PostgreSQL, and answers to the front's own questions. What is asked and shown is the
business of the modules that build on this one: translation.py, bulk.py, wire.py.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from abc import ABC
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from local.redshift import messages
from local.redshift.copy_statement import CopyStatement
from local.redshift.errors import ErrorFields, RedshiftError
from local.redshift.history import History
from local.redshift.login import Login
from local.redshift.masking import block, quote_literal
from local.redshift.messages import Message
from local.redshift.parquet_types import TargetColumn
from local.redshift.recorder import Recorder, Sent
from local.redshift.row_description import Described
from local.redshift.side import Side
from local.redshift.spelling import Change
from local.redshift.sql.translate import Answer, Needs
from local.redshift.statement_secrets import without_secrets
from local.redshift.stop import Stop
from local.redshift.table_locks import Claim
from local.redshift.under_way import Portal, Shape, UnderWay
from local.redshift.unload import Unload

_T = TypeVar("_T")


@dataclass(frozen=True)
class Known:
    """What the catalog said of a statement's names in an epoch, and the OIDs of its relations by name."""

    epoch: int
    answer: Answer
    ids: dict[str, int]
    can_lock: bool = False  # the session's user, the relation that the statement writes
    relations: Mapping[int, Described] = field(default_factory=dict)  # by OID
    case: Mapping[str, bool] = field(default_factory=dict)  # whether late-binding views keep that of names, by name


@dataclass
class Epoch:
    """Counts what may have changed the catalog, by whichever session; answers of an earlier count are asked anew.

    `shared`: answers that are every session's of a database, by the database and what was asked.
    """

    number: int = 0
    shared: dict[tuple[str, Needs], Known] = field(default_factory=dict)

    def count(self) -> None:
        """Count a change."""
        self.number += 1
        self.shared.clear()


# How many seconds a statement may run, 0 as long as it wants (https://docs.aws.amazon.com/redshift/latest/dg/r_statement_timeout.html)
TIMEOUT = "extract(epoch from pg_catalog.current_setting('statement_timeout')::pg_catalog.interval)"


class Running:
    """What reads S3 for which sessions, by the keys by which a client cancels."""

    def __init__(self) -> None:
        self._stops: dict[bytes, Stop] = {}

    @contextmanager
    def until_canceled(self, key: bytes, stop: Stop, seconds: float = 0) -> Iterator[None]:
        """Let a statement of a session be canceled by `stop` as long as a `with`, and by itself after some seconds.

        PostgreSQL ends a statement in time only while it has something to do: it waits for what is read.
        """
        self._stops[key] = stop
        timer = asyncio.get_running_loop().call_later(seconds, stop.set, "statement timeout") if seconds else None
        try:
            yield
        finally:
            self._stops.pop(key, None)
            if timer:
                timer.cancel()

    def cancel(self, key: bytes) -> None:
        """Cancel what reads for the session of a key."""
        if stop := self._stops.get(key):
            stop.set()

    def cancel_process(self, pid: int) -> None:
        """Cancel what reads for the session of a process, in whichever thread."""
        for key, stop in list(self._stops.items()):
            if messages.backend_pid(key) == pid:
                stop.set()


@dataclass(frozen=True)
class FrontSettings:
    """Where PostgreSQL listens, where COPY keeps objects while it reads them, how conflicts are worded, logs."""

    postgres_port: int
    temporary_folder: Path
    isolation: str
    log: Path
    history: History
    login_key: bytes  # what hides SHA-256 hashes of passwords (passwords.py)
    data_api_token: str  # by which the Data API, a client of the front, is known
    tls: ssl.SSLContext | None  # None: TLS is declined
    binding: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by a transaction that begins with view DDL
    epoch: Epoch = field(default_factory=Epoch)
    running: Running = field(default_factory=Running)


@dataclass(frozen=True)
class Load:
    """A COPY, the columns of its table, the table's OID (None if there is none), what it locks, its seconds at most."""

    statement: CopyStatement
    targets: list[TargetColumn]
    table_id: int | None
    claims: tuple[Claim, ...] = ()
    seconds: float = 0


def raising(error: RedshiftError) -> str:
    """Return SQL that makes PostgreSQL raise `error`, so that a transaction block ends up failed as it should."""
    detail = f", detail = {quote_literal(error.detail)}" if error.detail else ""
    words = f"message = {quote_literal(error.message)}, errcode = {quote_literal(error.sqlstate)}{detail}"
    return block(f"raise exception using {words};")


@dataclass
class Conversation(ABC):
    """One client's conversation.

    `_pending` counts the ReadyForQuery messages that PostgreSQL still owes: at 0 the front may ask a question of its
    own (`_ask`), whose answers go to `_answers` instead of the client.
    """

    settings: FrontSettings
    client: Side
    server: Side
    recorder: Recorder
    is_data_api: bool = False
    protocol: int | None = None  # the version that holds (row_description.py), if the client has asked for one
    _relations: dict[int, Described] = field(default_factory=dict)  # by OID, where the protocol tells of them
    _pending: int = 1  # the one that ends the log-in
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _unsynced: bool = False
    _is_begun: bool = False  # messages have been sent behind which no Sync has
    _status: bytes = b"I"
    _answers: asyncio.Queue[Message] | None = None
    _sent: dict[bytes, Sent] = field(default_factory=dict)  # by prepared statement
    _loads: dict[bytes, Load] = field(default_factory=dict)  # by prepared statement
    _portals: dict[bytes, Load] = field(default_factory=dict)
    _unloads: dict[bytes, Unload] = field(default_factory=dict)  # by prepared statement; with columns, without rows
    _unload: Unload | None = None  # of a simple query, whose rows come now or next
    _late_error: RedshiftError | None = None  # of a statement that PostgreSQL takes to have run
    _statements: dict[bytes, bytes] = field(default_factory=dict)  # by portal
    _under_way: UnderWay = field(default_factory=UnderWay)
    _shapes: dict[bytes, Shape] = field(default_factory=dict)  # by prepared statement
    _bound: dict[bytes, Portal] = field(default_factory=dict)  # by portal
    _intervals: dict[bytes, dict[int, int]] = field(default_factory=dict)  # parameters' types, by prepared statement
    _changes: dict[int, Change] | None = None  # of the rows that come now, by column; None until the first one comes
    _runs: int = 0  # Executes since the last Sync
    _in_doubt: bool = False  # the last Execute may fail when PostgreSQL takes it to have run
    _copy_in: asyncio.Future[bool] | None = None
    _load_error: ErrorFields | None = None
    _commit_next: bool = False
    _has_sent: bool = False  # of the client's message at hand, what PostgreSQL will answer
    _last_sql: str = ""
    _has_just_begun: bool = False
    _has_changed: bool = False  # the catalog, in the transaction at hand
    _known: dict[Needs, Known] = field(default_factory=dict)
    _is_binding: bool = False
    _key: bytes = b""  # by which a client cancels: its process's number, and a secret
    _login: Login | None = None  # where the front itself asks the client for its password

    async def _to_server(self, message: Message) -> None:
        if message.kind in (b"Q", b"S", b"F"):
            self._has_sent = True
            self._pending += 1
            self._idle.clear()
            self.recorder.ends_message()
            self._under_way.ends_message()
            self._runs = 0
        self._unsynced = message.kind in (b"P", b"B", b"D", b"E", b"C")
        self._is_begun = self._unsynced or (self._is_begun and message.kind == b"H")
        self.server.write(message)
        if not self._unsynced:  # what answers them is asked for by another message
            await self.server.flush()

    async def _unless_gone(self, awaited: Awaitable[_T]) -> _T:
        """Return what may wait for others, unless the client leaves meanwhile: PostgreSQL then lets go of its locks.

        Raises:
            asyncio.IncompleteReadError: the client has left.
        """
        waiting, gone = asyncio.ensure_future(awaited), asyncio.ensure_future(self.client.gone())
        try:
            await asyncio.wait((waiting, gone), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise asyncio.IncompleteReadError(b"", None)
            return waiting.result()
        finally:
            waiting.cancel()
            gone.cancel()
            await asyncio.wait((gone,))  # two may not read at once

    async def _wait_to_ask(self) -> None:
        """Wait until what comes from PostgreSQL answers the front alone.

        Raises:
            RedshiftError: messages have been sent without a Sync, whose answers would be taken for the front's.
        """
        if self._unsynced:
            raise RedshiftError("a query cannot be pipelined behind messages without a Sync in the local Redshift")
        await self._idle.wait()

    async def _ask(self, sql: str) -> list[list[str | None]]:
        """Return the rows of a query, none if it fails (what follows will fail in the same way and tell the client).

        Raises:
            RedshiftError: see `_wait_to_ask`.
        """
        await self._wait_to_ask()
        self._answers = asyncio.Queue()
        self.server.write(messages.query(sql))
        await self.server.flush()
        rows = []
        while (answer := await self._answers.get()).kind != b"Z":
            if answer.kind == b"D":
                rows.append(messages.row_values(answer.body))
        self._status = answer.body
        self._answers = None
        return rows

    def _note(self, fields: ErrorFields) -> None:
        has_password = "password" in self._last_sql.lower()
        sql = "(hidden: holds a password)" if has_password else without_secrets(self._last_sql)
        line = json.dumps(
            {"sql": sql, "sqlstate": fields.get("C"), "error": fields.get("M"), "detail": fields.get("D")}
        )
        with self.settings.log.open("a") as log:
            log.write(line + "\n")
