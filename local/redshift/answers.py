"""What PostgreSQL's answers tell: the history what ran, the client of columns and rows, the log-in what is asked.

In: answers. Out: what is told of them.
"""

from __future__ import annotations

import asyncio

from local.redshift import messages
from local.redshift.bulk import Bulk, described
from local.redshift.errors import RedshiftError
from local.redshift.external.rows import NO_SUCH
from local.redshift.login import AUTHENTICATED, SASL, SASL_CONTINUE, Login, request_code
from local.redshift.messages import Message
from local.redshift.row_description import BINARY, fields, shown
from local.redshift.spelling import Change, spellings, spelt_in, spelt_row
from local.redshift.under_way import Description, Portal, Run, Shape
from local.redshift.unload import Unload

_APPLICATION = b"application_name\0"


class Answers(Bulk):
    """A conversation whose answers are told."""

    def _record(self, message: Message) -> None:
        match message.kind:
            case b"D":
                self.recorder.bytes += len(message.body)
            case b"C" | b"I" if not self._unloading and not self._late_error:
                self.recorder.completed(message.body)
            case b"1":
                self.recorder.parsed()
            case b"s" if not self._late_error:
                self.recorder.suspended()
            case b"K":
                self._key = message.body
                self.recorder.origin.pid = messages.backend_pid(message.body)
                self.recorder.visit.begins(self.recorder.origin.pid)
            case b"R" if request_code(message) == AUTHENTICATED:
                self.recorder.visit.authenticated()
            case b"E":
                self.recorder.visit.refused()
            case b"S" if message.body.startswith(_APPLICATION):
                self.recorder.visit.visitor.application = message.body[len(_APPLICATION) : -1].decode()

    @property
    def _unloading(self) -> Unload | None:
        """The UNLOAD whose rows come now: others may have been sent behind it."""
        return self._under_way.unloading() or (self._unload if self._under_way.running() is None else None)

    async def _ask_columns(self, message: Message) -> None:
        """Send a client's Describe."""
        kind, name = message.body[:1], message.body[1:-1]
        portal = self._bound.setdefault(name, Portal()) if kind == b"P" else None
        statement = self._statements.get(name, b"") if portal else name
        shape = portal.shape if portal else self._shapes.setdefault(name, Shape())
        self._under_way.describes(Description(shape, portal, self._unloads.get(statement)))
        await self._to_server(message)

    async def _begin_run(self, name: bytes, unload: Unload | None, *, is_load: bool) -> None:
        """Note an Execute that is about to be sent, behind a Describe of the front's own where the client sent none."""
        portal = self._bound.setdefault(name, Portal())
        if not portal.shape.is_asked and not is_load:
            self._under_way.describes(Description(portal.shape, portal, unload, is_own=True))
            await self._to_server(Message(b"D", b"P" + name + b"\0"))
        may_fail = unload is not None or ((self.protocol or 0) >= BINARY and portal.shape.may_fail)
        self._under_way.runs(Run(portal, Unload(unload.statement, unload.columns) if unload else None))
        self._runs += 1
        self._in_doubt = may_fail and not is_load

    async def _settle(self, message: Message) -> None:
        """Wait for an Execute that may fail late before more is sent that would run and be committed in spite of it.

        Of one that a Sync follows, and that is alone, there is nothing that would be.
        """
        self._in_doubt = False
        if message.kind == b"S" and self._runs == 1:
            return
        await self._when_answered()
        if self._late_error:
            self._load_error = self._late_error.fields()
            await self._to_server(Message(b"E", NO_SUCH + b"\0" * 4))
            await self._when_answered()

    async def _when_answered(self) -> None:
        """Wait until what was sent is answered: until a Close of nothing is, or an error comes."""
        over = asyncio.Event()
        self._under_way.waits(over)
        await self._to_server(Message(b"C", b"P" + NO_SUCH))
        await self._to_server(Message(b"H", b""))
        await self._unless_gone(over.wait())

    def _describe(self, message: Message) -> Message | None:
        """Tell of the columns, and remember how their values are to be spelt. UNLOAD has none for the client."""
        step = self._under_way.described()
        unload = step.unload if step else self._unload
        if unload and message.kind == b"T":
            unload.columns[:] = described(message)  # which an Execute that is under way shares
            if step:
                step.shape.spelt = {}
            return Message(b"n", b"") if step and not step.is_own else None
        protocol = self.protocol or 0
        columns = fields(message.body) if message.kind == b"T" else []
        spelt, formats = spellings(columns, protocol >= BINARY), [column.format for column in columns]
        if step is None:
            self._changes = spelt_in(spelt, formats)
        else:
            step.shape.spelt = spelt
            if step.portal:
                step.portal.formats = formats
            if step.is_own:
                return None
        if message.kind == b"n":
            return message
        return Message(b"T", shown(columns, protocol, self.recorder.origin.database, self._relations))

    def _respelt(self, message: Message) -> Message | None:
        """Return a row as the client reads it; where Redshift has no such value, the statement will fail."""
        if self._late_error:
            return None
        try:
            if self._changes is None:
                self._changes = self._begun_rows()
            return Message(b"D", spelt_row(message.body, self._changes)) if self._changes else message
        except RedshiftError as error:
            self._late_error = error
            self.recorder.failed(error.fields())
            return None

    def _begun_rows(self) -> dict[int, Change]:
        """Return how the rows of the Execute that has begun to answer are spelt."""
        portal = self._under_way.running()
        if portal is None:
            return {}
        if portal.shape.spelt is None:  # its Describe was skipped behind an error, and the Execute sent ahead of that
            raise RedshiftError("rows came of a statement that was not described: describe it again", "0A000")
        return spelt_in(portal.shape.spelt, portal.formats)

    def _ended(self, kind: bytes) -> None:
        """Note what ends the rows that came."""
        if kind == b"E":
            self._under_way.failed()
        else:
            self._under_way.completed()
        self._changes = None

    async def _log_in(self, request: int, message: Message) -> Message | None:
        """Ask for the password of a SHA-256 hash as Redshift does; PostgreSQL asks for SCRAM, which ends unseen."""
        if request == SASL:
            in_clear = self.is_data_api  # a client of libpq, which knows no digests
            self._login = Login(self.recorder.origin.user, self.settings.login_key, in_clear=in_clear)
            await self._to_server(self._login.begin())
        return self._login.ask(message) if self._login and request == SASL_CONTINUE else None
