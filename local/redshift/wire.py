"""The wire front: one client's conversation with PostgreSQL, in which the client sees Redshift.

In: a client's connection. Out: the same messages to and from PostgreSQL, with SQL rewritten, types and errors named as
Redshift names them, COPY fed from S3 and the rows of UNLOAD written to it. Two tasks carry the messages; each knows
what the other may do (see Conversation).
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback

from local.redshift import messages
from local.redshift.bulk import copy_from_stdin
from local.redshift.conversation import raising
from local.redshift.copy_statement import parse_copy
from local.redshift.errors import RedshiftError
from local.redshift.external.perform import statement_of
from local.redshift.external.rows import NO_SUCH
from local.redshift.faults import GONE, Faults, as_error
from local.redshift.load_faults import of_value
from local.redshift.login import SASL, SASL_CONTINUE, SASL_FINAL, request_code
from local.redshift.masking import split_statements
from local.redshift.messages import Message
from local.redshift.naming import Named
from local.redshift.parameters import bound, declared, told
from local.redshift.recorder import Sent
from local.redshift.table_locks import controls_transaction
from local.redshift.tags import OF_FRONT, tag_of
from local.redshift.under_way import Portal, Shape
from local.redshift.unload import Unload
from local.redshift.unload_statement import parse_unload

SERVER_VERSION = b"server_version\x008.0.2\x00"
_ENDS_ROWS = frozenset((b"C", b"s", b"I", b"E"))
_NO_PARAMETERS = 2  # bytes, which count the types that follow


class Session(Faults):
    """A client's conversation, from its first message to its last."""

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
            self.recorder.leaves()

    # --- from the client ---

    async def _from_client(self) -> None:
        with contextlib.suppress(*GONE):
            while (message := await self.client.read()).kind != b"X":
                self._has_sent = False
                try:
                    await self._take(message)
                except Exception as fault:
                    await self._refuse(message, fault)

    async def _take(self, message: Message) -> None:
        await self._when_unwrapped()
        if self._in_doubt:
            await self._settle(message)
            self._has_sent = False
        match message.kind:
            case b"Q":
                await self._simple_query(message.body[:-1].decode())
            case b"P":
                await self._parse(message)
            case b"B":
                await self._bind(message)
            case b"E":
                await self._execute(message)
            case b"D":
                await self._ask_columns(message)
            case b"p" | b"d" if self._login and self._login.is_asked:
                await self._to_server(self._login.answer(message))
            case _:
                await self._to_server(message)

    async def _simple_query(self, sql: str) -> None:
        statements = split_statements(sql)
        self._forget_external()
        self._has_run = True
        self._last_sql = written = sql
        sent, runs = [], []
        try:
            named = await self._named(statements)
            alone = named[0].text if len(named) == 1 else ""
            command = await self._command(alone) if alone else None
            copy = parse_copy(alone)
            if copy:
                load = await self._plan(copy)
                await self._run_load(load, messages.query(copy_from_stdin(copy)), sql)
                return
            unload = parse_unload(alone)
            if unload:
                rewritten, as_sent = await self._unloaded(unload, sql)
                self._unload = Unload(unload)
                sent.append(as_sent)
            elif command:
                await self._perform(*command)
                rewritten = statement_of(command[0])
                sent.append(Sent(sql))
            else:
                parts = []
                for statement in named:
                    written = statement.sent
                    part, as_sent = await self._rewrite(statement)
                    parts.append(part)
                    sent.append(as_sent)
                self._cursor_behind(statements)
                rewritten, runs = "; ".join(parts), statements
        except Exception as fault:
            rewritten, sent, runs = raising(as_error(fault)), [Sent(written)], []
        for as_sent in sent:
            self.recorder.runs(as_sent)
        if not any(map(controls_transaction, statements)):
            await self._lock(as_sent.claim for as_sent in sent if as_sent.claim)
        self._note_runs(runs)
        await self._to_server(messages.query(rewritten))

    async def _parse(self, message: Message) -> None:
        name, sql, tail = messages.split_parse(message.body)
        self._loads.pop(name, None)
        self._unloads.pop(name, None)
        self._shapes[name] = Shape()
        self._forget_external()
        self._last_sql = sql
        self._leave_block_to_client(sql)
        sent = Sent(sql)
        command = None
        try:
            [named] = await self._named([sql])
            command = await self._command(named.text)
            copy, unload = parse_copy(named.text), parse_unload(named.text)
            if copy:
                self._loads[name] = await self._plan(copy)
                rewritten = copy_from_stdin(copy)
            elif command:
                rewritten = statement_of(command[0])
            elif unload:
                rewritten, sent = await self._unloaded(unload, sql)
                self._unloads[name] = Unload(unload)
            else:
                pairs = zip(split_statements(named.text), split_statements(sql), strict=True)
                parts = [await self._rewrite(Named(*pair), told(tail)) for pair in pairs]
                rewritten = "; ".join(part for part, _ in parts)
                sent = parts[0][1] if len(parts) == 1 else sent
        except Exception as fault:
            refusal = as_error(fault)
            rewritten = self._unprepared(refusal) if self._is_external else raising(refusal)
        self._keep_external(name, command)
        self._sent[name] = sent
        self._claims[name] = self._loads[name].claims if name in self._loads else (sent.claim,) if sent.claim else ()
        self.recorder.parses(sent)
        types, self._intervals[name] = declared(tail, sql, rewritten) if len(tail) > _NO_PARAMETERS else (tail, {})
        await self._send_parse(name, messages.parse(name, rewritten, types))

    async def _bind(self, message: Message) -> None:
        portal, statement = messages.split_bind(message.body)
        self._statements[portal] = statement
        shape = self._shapes.setdefault(statement, Shape())
        self._bound[portal] = Portal(shape, messages.bound_formats(message.body))
        self._portals.pop(portal, None)
        if statement in self._loads:
            self._portals[portal] = self._loads[statement]
        if intervals := self._intervals.get(statement):
            message = Message(b"B", bound(message.body, intervals))
        await self._send_bind(statement, await self._bring_anew(statement, message))

    async def _execute(self, message: Message) -> None:
        portal = message.body.split(b"\0", 1)[0]
        load = self._portals.get(portal)
        sent = self._sent.get(self._statements.get(portal, b""), Sent(""))
        prepared = self._unloads.get(self._statements.get(portal, b""))
        await self._begin_run(portal, prepared, is_load=load is not None)
        try:
            self._note_runs([sent.text])
        except RedshiftError as error:
            self._load_error = error.fields()
            message = Message(b"E", NO_SUCH + message.body[-4:])
        if load:
            await self._run_load(load, message, sent.text, portal)
        else:
            self.recorder.runs(sent, portal)
            self._has_run, self._fresh = True, None
            await self._to_server(await self._perform_prepared(self._statements.get(portal, b""), message))

    # --- from the server ---

    async def _from_server(self) -> None:
        with contextlib.suppress(*GONE):
            while True:
                message = await self.server.read()
                if self._answers_front(message):
                    continue
                for each in self._in_order(message):
                    try:
                        await self._tell(each)
                    except Exception as fault:
                        self._pass_over(each, fault)
                if not self.server.has_message or self.client.is_full:
                    await self.client.flush()

    async def _tell(self, message: Message) -> None:
        if message.kind == b"C" and message.body in OF_FRONT:
            message = Message(b"C", tag_of(self.recorder.text, message.body))
        self._record(message)
        shown = await self._shown(messages.with_true_names(message))
        if shown is not None:
            self.client.write(shown)
        if message.kind in _ENDS_ROWS:
            self._ended(message.kind)

    async def _shown(self, message: Message) -> Message | None:
        """Return the message as the client shall see it, None for what the front keeps to itself."""
        match message.kind:
            case b"T" | b"n":
                return self._describe(message)
            case b"D" if unload := self._unloading:
                unload.rows.append(messages.row_values(message.body))
                return None
            case b"C" if unload := self._unloading:
                return await self._finish_unload(unload)
            case b"3" if self._under_way.waited():
                return None
            case b"D" if self._changes or self._changes is None:
                return self._respelt(message)
            case b"S" if message.body.startswith(b"server_version\0"):
                if self.protocol is not None:
                    self.client.write(Message(b"S", b"server_protocol_version\0%d\0" % self.protocol))
                return Message(b"S", SERVER_VERSION)
            case b"R" if (request := request_code(message)) in (SASL, SASL_CONTINUE, SASL_FINAL):
                return await self._log_in(request, message)
            case b"G" if self._copy_in is not None:
                self._copy_in.set_result(True)
                return None
            case b"E":
                return self._error(message)
            case b"C" | b"s" if self._late_error:
                return None
            case b"C" if message.body.startswith(b"TRUNCATE"):
                self._commit_next = True
            case b"C" if self._copy_in is not None and self._copy_in.done():
                self._copy_in = None
            case b"Z":
                return await self._ready(message)
        return message

    def _error(self, message: Message) -> Message:
        fields = self._told(message)
        if self._copy_in is not None:
            if self._copy_in.done() and not self._load_error and (fault := of_value(fields)):
                self.recorder.load_failed(fault)  # PostgreSQL, not the front, found a value that does not fit
                fields = fault.to_error().fields()
            elif not self._copy_in.done():
                self._copy_in.set_result(False)
            self._copy_in = None
        self._load_error = None
        self.recorder.failed(fields)
        self._unload, self._late_error = None, None
        self._commit_next = False
        self._note(fields)
        return messages.error_response(fields)

    async def _ready(self, message: Message) -> Message:
        """TRUNCATE commits the transaction that it runs in (https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html)."""
        message = await self._show_digits_again(await self._drop_brought(await self._end_block(message)))
        if self._success is not None:
            await self._tell(self._success)
        if self._commit_next and message.body == b"T":
            message = await self._run_unseen("commit")
        if self._late_error:
            message = await self._fail_unload(self._late_error, message)
        self._commit_next = False
        self._status = message.body
        self._under_way.ready()
        self._changes = None
        self.recorder.ready(message.body)
        self._count_change()
        self._forget_locks()
        self._pending -= 1
        if self._status == b"I":
            self._end_binding()
            self._has_changed = False
            self._note_no_transaction()
        if not self._pending:
            self._idle.set()
        return message
