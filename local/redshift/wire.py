"""The wire front: one client's conversation with PostgreSQL, in which the client sees Redshift.

In: a client's connection. Out: the same messages to and from PostgreSQL, with SQL rewritten, types and errors named as
Redshift names them, COPY fed from S3 and the rows of UNLOAD written to it. Two tasks carry the messages; each knows
what the other may do (see Session).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from local.redshift import messages
from local.redshift.copy_statement import CopyStatement, parse_copy
from local.redshift.errors import INTERNAL_ERROR, ErrorFields, RedshiftError, translate
from local.redshift.load import load_chunks, of_value
from local.redshift.masking import mask, quote_literal, split_statements, without_comments
from local.redshift.messages import Message
from local.redshift.parquet_types import TargetColumn
from local.redshift.rewrite import needs_of, rewrite
from local.redshift.sql.translate import UNIT, Answer, Needs, needs, translate_unloaded
from local.redshift.unload import Unload, UnloadColumn
from local.redshift.unload_statement import UnloadStatement, parse_unload

SERVER_VERSION = b"server_version\x008.0.2\x00"
_BEGINS = re.compile(r"\s*(?:begin|start)\b", re.IGNORECASE)
_BINDS = re.compile(r"\s*(?:create\s+(?:or\s+replace\s+)?view|alter\s+(?:table|view)\s.*\srename)\b", re.I | re.DOTALL)
# What changes rows alone, and what changes nothing for other sessions.
_ROWS_ONLY = re.compile(r"\s*\(*\s*(?:select|with|insert|update|delete|merge)\b", re.IGNORECASE)
_OWN_ONLY = re.compile(r"\s*(?:begin|start|commit|end|rollback|abort|set|reset|show|lock|analyze|fetch|close)\b", re.I)
_TOO_DEEP = RedshiftError("statement is too complex: it is nested too deeply", "54001")
_STARTUP_KEYS = ("user", "database", "application_name", "client_encoding", "DateStyle", "TimeZone")
_TABLE_COLUMNS = (
    "select a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull from pg_catalog.pg_attribute a"
    " where a.attrelid = pg_catalog.to_regclass({table}) and a.attnum > 0 and not a.attisdropped order by a.attnum"
)


@dataclass
class Epoch:
    """Counts what may have changed the catalog, by whichever session; answers of an earlier count are asked anew."""

    number: int = 0


@dataclass(frozen=True)
class FrontSettings:
    """Where PostgreSQL listens, where COPY keeps objects while it reads them, how conflicts are worded, the log."""

    postgres_port: int
    temporary_folder: Path
    isolation: str
    log: Path
    binding: asyncio.Lock = field(default_factory=asyncio.Lock)  # held by a transaction that begins with view DDL
    epoch: Epoch = field(default_factory=Epoch)


@dataclass(frozen=True)
class Load:
    """A COPY and the columns of its table."""

    statement: CopyStatement
    targets: list[TargetColumn]


def raising(error: RedshiftError) -> str:
    """Return SQL that makes PostgreSQL raise `error`, so that a transaction block ends up failed as it should."""
    detail = f", detail = {quote_literal(error.detail)}" if error.detail else ""
    words = f"message = {quote_literal(error.message)}, errcode = {quote_literal(error.sqlstate)}{detail}"
    return f"do $redshift$ begin raise exception using {words}; end $redshift$"


@dataclass
class Session:
    """One client's conversation.

    `_pending` counts the ReadyForQuery messages that PostgreSQL still owes: at 0 the front may ask a question of its
    own (`_ask`), whose answers go to `_answers` instead of the client.
    """

    settings: FrontSettings
    client: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    server: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    _pending: int = 1  # the one that ends the log-in
    _idle: asyncio.Event = field(default_factory=asyncio.Event)
    _unsynced: bool = False
    _status: bytes = b"I"
    _answers: asyncio.Queue[Message] | None = None
    _loads: dict[bytes, Load] = field(default_factory=dict)  # by prepared statement
    _portals: dict[bytes, Load] = field(default_factory=dict)
    _unloads: dict[bytes, Unload] = field(default_factory=dict)  # by prepared statement; with columns, without rows
    _unload: Unload | None = None  # whose rows come now
    _unload_error: RedshiftError | None = None
    _described: bytes = b""  # the statement whose columns the server is about to describe
    _describes_unload: bool = False
    _statements: dict[bytes, bytes] = field(default_factory=dict)  # by portal
    _respelt: dict[bytes, dict[int, int]] = field(default_factory=dict)  # columns to spell anew, by prepared statement
    _row_respelt: dict[int, int] = field(default_factory=dict)  # those of the rows that come now
    _copy_in: asyncio.Future[bool] | None = None
    _load_error: ErrorFields | None = None
    _commit_next: bool = False
    _last_sql: str = ""
    _has_just_begun: bool = False
    _has_changed: bool = False  # the catalog, in the transaction at hand
    _known: dict[Needs, tuple[int, Answer]] = field(default_factory=dict)  # the epoch and what the catalog said in it
    _is_binding: bool = False

    async def run(self) -> None:
        """Carry messages until either side leaves."""
        tasks = [asyncio.create_task(self._from_client()), asyncio.create_task(self._from_server())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for ended in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(ended, Exception):  # a fault of ours, which the client sees as a connection that ends
                    traceback.print_exception(ended)
            self._end_binding()

    # --- from the client ---

    async def _from_client(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await messages.read(self.client[0])
                match message.kind:
                    case b"Q":
                        await self._simple_query(message.body[:-1].decode())
                    case b"P":
                        await self._parse(message)
                    case b"B":
                        await self._bind(message)
                    case b"E":
                        await self._execute(message)
                    case b"D" if message.body.startswith(b"S"):
                        self._described = message.body[1:-1]
                        self._describes_unload = self._described in self._unloads
                        await self._to_server(message)
                    case b"X":
                        return
                    case _:
                        await self._to_server(message)

    async def _to_server(self, message: Message) -> None:
        if message.kind in (b"Q", b"S", b"F"):
            self._pending += 1
            self._idle.clear()
        self._unsynced = message.kind in (b"P", b"B", b"D", b"E", b"C")
        self.server[1].write(message.encode())
        await self.server[1].drain()

    async def _simple_query(self, sql: str) -> None:
        statements = split_statements(sql)
        try:
            copy = parse_copy(statements[0]) if len(statements) == 1 else None
            if copy:
                self._last_sql = sql
                load = await self._plan(copy)
                await self._run_load(load, messages.query(_copy_from_stdin(copy)))
                return
            unload = parse_unload(statements[0]) if len(statements) == 1 else None
            if unload:
                self._last_sql = sql
                rewritten = await self._unloaded(unload)
                self._unload = Unload(unload)
                await self._to_server(messages.query(rewritten))
                return
            rewritten = "; ".join([await self._rewrite(statement) for statement in statements])
        except RedshiftError as error:
            rewritten = raising(error)
        except RecursionError:
            rewritten = raising(_TOO_DEEP)
        self._last_sql = sql
        await self._to_server(messages.query(rewritten))

    async def _rewrite(self, statement: str) -> str:
        if parse_copy(statement):
            raise RedshiftError("COPY must be sent as a statement of its own")
        if parse_unload(statement):
            raise RedshiftError("UNLOAD must be sent as a statement of its own")
        if self._pending:
            await self._idle.wait()  # the status of the transaction is known then
        await self._queue_to_bind(statement)
        needed = needs_of(statement)
        answer = await self._answer(needed) if needed else ()
        rewritten = rewrite(statement, self._status != b"I", answer)
        if not _ROWS_ONLY.match(rewritten):
            self._known.clear()
            self._has_changed = self._has_changed or not _OWN_ONLY.match(rewritten)
            self._count_change()
        return rewritten

    def _count_change(self) -> None:
        """Count a change of the catalog when it is sent and when it is done: others may ask in between."""
        if self._has_changed:
            self.settings.epoch.number += 1

    async def _answer(self, needed: Needs) -> Answer:
        """Return what names mean: as the catalog said before, if nothing has changed it since, else as it says now."""
        epoch = self.settings.epoch.number
        known = self._known.get(needed)
        if known is None or known[0] != epoch:
            known = self._known[needed] = (epoch, await self._asked(needed))
        return known[1]

    async def _asked(self, needed: Needs) -> Answer:
        """Ask the catalog what names mean; a transaction that has failed is asked nothing."""
        if self._status == b"E":
            return ()
        if self._unsynced and (needed.relations or needed.functions):
            raise RedshiftError("a query cannot be pipelined behind messages without a Sync in the local Redshift")
        rows: list[tuple[str, str, str]] = []
        # As an array: PostgreSQL passes a function no more than 100 arguments.
        if needed.relations:
            names = ", ".join(quote_literal(UNIT.join(name)) for name in needed.relations)
            found = await self._ask(f"select * from pg_catalog.rs_relations(variadic array[{names}])")  # noqa: S608 - quoted
            rows += [(name or "", kind or "", columns or "") for name, kind, columns in found]
        if needed.functions:
            names = ", ".join(map(quote_literal, needed.functions))
            found = await self._ask(f"select * from pg_catalog.rs_functions(variadic array[{names}])")  # noqa: S608 - quoted
            rows += [(name or "", "function", "") for [name] in found]
        return tuple(rows)

    async def _queue_to_bind(self, statement: str) -> None:
        """Let transactions that begin by making or renaming views run one after the other.

        Each binds late-binding views anew here, which on Redshift it does not, and two that bind one view would
        conflict. They wait before their first statement, while they hold no lock and have no snapshot.
        """
        code = without_comments(mask(statement).text)
        is_first = self._status == b"I" or self._has_just_begun
        self._has_just_begun = bool(_BEGINS.match(code))
        if is_first and _BINDS.match(code) and not self._is_binding:
            await self.settings.binding.acquire()
            self._is_binding = True

    def _end_binding(self) -> None:
        if self._is_binding:
            self._is_binding = False
            self.settings.binding.release()

    async def _parse(self, message: Message) -> None:
        name, sql, tail = messages.split_parse(message.body)
        self._loads.pop(name, None)
        self._unloads.pop(name, None)
        self._last_sql = sql
        try:
            copy, unload = parse_copy(sql), parse_unload(sql)
            if copy:
                self._loads[name] = await self._plan(copy)
                rewritten = _copy_from_stdin(copy)
            elif unload:
                rewritten = await self._unloaded(unload)
                self._unloads[name] = Unload(unload)
            else:
                rewritten = "; ".join([await self._rewrite(statement) for statement in split_statements(sql)])
        except RedshiftError as error:
            rewritten = raising(error)
        except RecursionError:
            rewritten = raising(_TOO_DEEP)
        await self._to_server(messages.parse(name, rewritten, tail))

    async def _bind(self, message: Message) -> None:
        portal, statement = messages.split_bind(message.body)
        self._statements[portal] = statement
        self._portals.pop(portal, None)
        if statement in self._loads:
            self._portals[portal] = self._loads[statement]
        await self._to_server(message)

    async def _execute(self, message: Message) -> None:
        portal = message.body.split(b"\0", 1)[0]
        load = self._portals.get(portal)
        self._row_respelt = self._respelt.get(self._statements.get(portal, b""), {})
        prepared = self._unloads.get(self._statements.get(portal, b""))
        self._unload = Unload(prepared.statement, prepared.columns) if prepared else None
        if load:
            await self._run_load(load, message)
        else:
            await self._to_server(message)

    # --- COPY ---

    async def _plan(self, copy: CopyStatement) -> Load:
        if self._unsynced:  # answers are under way that the front would take for its own
            raise RedshiftError("COPY cannot be pipelined behind messages without a Sync")
        rows = await self._ask(_TABLE_COLUMNS.format(table=quote_literal(copy.table)))
        return Load(copy, [TargetColumn(name or "", kind or "", required == "t") for name, kind, required in rows])

    async def _run_load(self, load: Load, trigger: Message) -> None:
        """Send what starts COPY FROM STDIN, then feed it; the client's next message waits until the rows are sent."""
        self._copy_in = started = asyncio.get_running_loop().create_future()
        await self._to_server(trigger)
        if not await started:
            return
        chunks = load_chunks(load.statement, load.targets, self.settings.temporary_folder)
        try:
            while (chunk := await asyncio.to_thread(_next, chunks)) is not None:
                self.server[1].write(Message(b"d", chunk).encode())
                await self.server[1].drain()
            end = Message(b"c", b"")
        except RedshiftError as error:
            self._load_error = error.fields()
            end = Message(b"f", b"load failed\0")
        except Exception as error:  # a client must get an answer, whatever a file does to its reader
            self._load_error = RedshiftError(f"COPY failed: {type(error).__name__}: {error}", INTERNAL_ERROR).fields()
            end = Message(b"f", b"load failed\0")
        self.server[1].write(end.encode())
        await self.server[1].drain()

    # --- UNLOAD ---

    async def _unloaded(self, unload: UnloadStatement) -> str:
        """Return what brings the rows of an UNLOAD; the client sees none of them."""
        if self._pending:
            await self._idle.wait()
        return translate_unloaded(unload.query, await self._answer(needs(unload.query)))

    async def _finish_unload(self, unload: Unload) -> Message | None:
        """Write the rows to S3 and tell the client; an error is told when the transaction can be made to fail."""
        self._unload = None
        try:
            await asyncio.to_thread(unload.finish)
        except RedshiftError as error:
            self._unload_error = error
        except Exception as error:  # a client must get an answer, whatever a value does to its writer
            self._unload_error = RedshiftError(f"UNLOAD failed: {type(error).__name__}: {error}", INTERNAL_ERROR)
        return None if self._unload_error else Message(b"C", b"UNLOAD\0")

    async def _fail_unload(self, error: RedshiftError, message: Message) -> Message:
        """Let the transaction in which an UNLOAD has failed fail; return the server's last message."""
        self._unload_error = None
        if message.body == b"T":
            self.server[1].write(messages.query(raising(error)).encode())
            while message.kind != b"Z" or message.body == b"T":
                message = await messages.read(self.server[0])
        self._note(error.fields())
        self.client[1].write(messages.error_response(error.fields()).encode())
        return message

    # --- questions of the front's own ---

    async def _ask(self, sql: str) -> list[list[str | None]]:
        """Return the rows of a query, none if it fails (what follows will fail in the same way and tell the client)."""
        await self._idle.wait()
        self._answers = asyncio.Queue()
        self.server[1].write(messages.query(sql).encode())
        await self.server[1].drain()
        rows = []
        while (answer := await self._answers.get()).kind != b"Z":
            if answer.kind == b"D":
                rows.append(messages.row_values(answer.body))
        self._status = answer.body
        self._answers = None
        return rows

    # --- from the server ---

    async def _from_server(self) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = await messages.read(self.server[0])
                if self._answers is not None:
                    self._answers.put_nowait(message)
                    continue
                shown = await self._shown(message)
                if shown is not None:
                    self.client[1].write(shown.encode())
                    await self.client[1].drain()

    async def _shown(self, message: Message) -> Message | None:
        """Return the message as the client shall see it, None for what the front keeps to itself."""
        match message.kind:
            case b"T" if self._describes_unload:  # the client asked what comes: nothing
                self._describes_unload = False
                self._unloads[self._described].columns = _columns(message)
                return Message(b"n", b"")
            case b"T" if self._unload:
                self._unload.columns = _columns(message)
                return None
            case b"D" if self._unload:
                self._unload.rows.append(messages.row_values(message.body))
                return None
            case b"C" if self._unload:
                return await self._finish_unload(self._unload)
            case b"T":
                self._row_respelt = self._respelt[self._described] = messages.respelt_columns(message.body)
                return Message(b"T", messages.with_redshift_oids(message.body))
            case b"D" if self._row_respelt:
                return Message(b"D", messages.respelt_row(message.body, self._row_respelt))
            case b"S" if message.body.startswith(b"server_version\0"):
                return Message(b"S", SERVER_VERSION)
            case b"G" if self._copy_in is not None:
                self._copy_in.set_result(True)
                return None
            case b"E":
                return self._error(message)
            case b"C" if message.body.startswith(b"TRUNCATE"):
                self._commit_next = True
            case b"C" if self._copy_in is not None and self._copy_in.done():
                self._copy_in = None
            case b"Z":
                return await self._ready(message)
        return message

    def _error(self, message: Message) -> Message:
        fields = self._load_error or translate(messages.error_fields(message.body), self.settings.isolation)
        if self._copy_in is not None:
            if self._copy_in.done() and not self._load_error:
                fields = of_value(fields)  # PostgreSQL, not the front, found a value that does not fit
            elif not self._copy_in.done():
                self._copy_in.set_result(False)
            self._copy_in = None
        self._load_error = None
        self._unload, self._describes_unload = None, False
        self._commit_next = False
        self._note(fields)
        return messages.error_response(fields)

    async def _ready(self, message: Message) -> Message:
        """TRUNCATE commits the transaction that it runs in (https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html)."""
        if self._commit_next and message.body == b"T":
            self.server[1].write(messages.query("commit").encode())
            while (answer := await messages.read(self.server[0])).kind != b"Z":
                if answer.kind == b"E":
                    self.client[1].write(self._error(answer).encode())
            message = answer
        if self._unload_error:
            message = await self._fail_unload(self._unload_error, message)
        self._commit_next = False
        self._status = message.body
        self._count_change()
        if self._status == b"I":
            self._end_binding()
            self._has_changed = False
        self._pending -= 1
        if not self._pending:
            self._idle.set()
        return message

    def _note(self, fields: ErrorFields) -> None:
        sql = "(hidden: holds a password)" if "password" in self._last_sql.lower() else self._last_sql
        line = json.dumps(
            {"sql": sql, "sqlstate": fields.get("C"), "error": fields.get("M"), "detail": fields.get("D")}
        )
        with self.settings.log.open("a") as log:
            log.write(line + "\n")


def _copy_from_stdin(copy: CopyStatement) -> str:
    return f"copy {copy.table} from stdin (format csv, encoding 'UTF8')"


def _columns(description: Message) -> list[UnloadColumn]:
    return [UnloadColumn(*column) for column in messages.described_columns(description.body)]


def _next(chunks: Iterator[bytes]) -> bytes | None:
    return next(chunks, None)


async def handle(settings: FrontSettings, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serve one client from its first byte to its last. TLS is declined: the local profile says `sslmode: disable`."""
    server_writer: asyncio.StreamWriter | None = None
    try:
        code, body = await messages.read_startup(reader)
        while code in (messages.SSL_REQUEST, messages.GSS_REQUEST):
            writer.write(b"N")
            code, body = await messages.read_startup(reader)
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", settings.postgres_port)
        if code != messages.CANCEL_REQUEST:
            asked = messages.startup_parameters(body)
            body = messages.startup_body({key: asked[key] for key in _STARTUP_KEYS if key in asked})
        server_writer.write(messages.startup_packet(code, body))
        await server_writer.drain()
        if code != messages.CANCEL_REQUEST:
            await Session(settings, (reader, writer), (server_reader, server_writer)).run()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        for side in (writer, server_writer):
            if side is not None:
                side.close()
