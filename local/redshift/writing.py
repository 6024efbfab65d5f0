"""A session's locks on the tables that it writes (table_locks.py): asked of PostgreSQL before the statement itself.

In: claims. Out: LOCKs ahead of the client's messages, without a round trip of their own. The client does not see their
answers: an error of theirs is told as the statement's. Outside of a transaction block the front opens one around the
statement, since PostgreSQL keeps a table's lock in a block alone, and ends it when the statement has ended.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field

from local.redshift import messages
from local.redshift.conversation import Conversation
from local.redshift.errors import ErrorFields, RedshiftError, translate
from local.redshift.messages import Message
from local.redshift.table_locks import Claim, controls_transaction, lock_statements

_PLACE = "rs_lock"  # a savepoint, and the front's own prepared statement
# Of a LOCK: what ends a wait. Else (no such table, no right to it) the statement itself fails, or needs no lock.
_ENDS_WAIT = ("40", "55", "57")


@dataclass
class Writing(Conversation):
    """A conversation whose writers wait for each other."""

    _claimed: set[Claim] = field(default_factory=set)  # in the transaction at hand
    _has_snapshot: bool = False  # in the transaction block at hand
    _is_wrapped: bool = False  # in a block that the front has opened
    _claims: dict[bytes, tuple[Claim, ...]] = field(default_factory=dict)  # by prepared statement
    # A Parse outside of a block, until it is known whether it will run in this message; and what it claims
    _held: list[Message] | None = None
    _held_claims: tuple[Claim, ...] = ()
    _success: Message | None = None  # of a statement in a block of the front's own, kept back until that is committed
    _own: int = 0  # ReadyForQuery messages that the front's LOCKs still owe
    _own_error: ErrorFields | None = None

    async def _claim_first(self, claim: Claim) -> None:
        """Lock a table before the catalog is asked of it, which takes the transaction's snapshot.

        Raises:
            RedshiftError: the wait was ended: by a deadlock, or a cancellation.
        """
        if self._status != b"T" or self._has_snapshot or claim in self._claimed or self._is_begun:
            return
        locks = "; ".join(lock_statements([claim], self.settings.isolation))
        error = await self._try(f"savepoint {_PLACE}; {locks}; release savepoint {_PLACE}")
        if error is None:
            self._claimed.add(claim)
            return
        await self._try(f"rollback to savepoint {_PLACE}; release savepoint {_PLACE}")
        if error.get("C", "").startswith(_ENDS_WAIT):
            raise RedshiftError(error.get("M", ""), error["C"], error.get("D", ""))

    async def _try(self, sql: str) -> ErrorFields | None:
        """Run SQL of the front's own; return its error, if any."""
        await self._idle.wait()
        self._answers = asyncio.Queue()
        self.server.write(messages.query(sql))
        await self.server.flush()
        error = None
        while (answer := await self._unless_gone(self._answers.get())).kind != b"Z":
            if answer.kind == b"E":
                error = messages.error_fields(answer.body)
        self._status = answer.body
        self._answers = None
        return error

    async def _lock(self, claims: Iterable[Claim]) -> None:
        """Send the LOCKs of claims that the transaction does not hold yet; the client's message follows at once."""
        if self._pending:
            await self._idle.wait()
        new = [claim for claim in dict.fromkeys(claims) if claim not in self._claimed]
        if not new or self._status == b"E" or self._is_begun:
            return
        statements = lock_statements(new, self.settings.isolation)
        if self._status == b"I":
            statements, self._is_wrapped = ["begin", *statements], True
        self._claimed.update(new)
        self._own += 1
        for statement in statements:  # not as a simple query, which would end the client's unnamed statement
            for message in messages.prepared(_PLACE.encode(), statement):
                self.server.write(message)
        self.server.write(Message(b"S", b""))

    async def _send_parse(self, name: bytes, message: Message) -> None:
        """Send a Parse, which takes the snapshot of a transaction, behind the LOCKs of its statement.

        Outside of a block it is held until a Bind shows that the statement runs in this message: drivers that only
        prepare it here shall not wait.
        """
        claims = self._claims.get(name, ())
        if claims and self._status == b"I" and not self._is_begun and self._held is None:
            self._held, self._held_claims = [message], claims
            return
        if self._held is None:
            await self._lock(claims)
        await self._to_server(message)

    async def _send_bind(self, statement: bytes, message: Message) -> None:
        """Send a Bind behind the LOCKs of its statement, and behind what is held."""
        claims = self._claims.get(statement, ())
        if self._held is None:
            await self._lock(claims)
            await self._to_server(message)
            return
        held, self._held = self._held, None
        await self._lock(claims)
        for each in [*held, message]:
            await self._to_server(each)

    async def _to_server(self, message: Message) -> None:
        held = self._held
        if held is not None:
            held.append(message)
            if message.kind in (b"P", b"D", b"C"):
                return
            self._held = None
            if message.kind == b"H":  # who asks for an answer in between will run it before the Sync, or never
                await self._lock(self._held_claims)
        for each in [message] if held is None else held:
            await super()._to_server(each)

    def _answers_front(self, message: Message) -> bool:
        """Take an answer to what the front has asked; the statement behind LOCKs that have failed will fail too.

        What ends the session the client is told, whoever asked.
        """
        if message.kind == b"E" and messages.error_fields(message.body).get("V") in ("FATAL", "PANIC"):
            return False
        if self._answers is not None:
            self._answers.put_nowait(message)
            return True
        if not self._own:
            return False
        if message.kind == b"E":
            self._own_error = translate(messages.error_fields(message.body))
        elif message.kind == b"Z":
            self._own -= 1
        return True

    def _told(self, message: Message) -> ErrorFields:
        """Return an error as the client is told it: that of a LOCK or a load, if it is one of these that has failed."""
        error = messages.error_fields(message.body)
        return self._own_error or self._load_error or translate(error, self.settings.isolation, self.recorder.place())

    def _leave_block_to_client(self, sql: str) -> None:
        """Leave the block that the front has opened to a client that itself begins or ends one behind its statement."""
        if self._is_wrapped and controls_transaction(sql):
            self._is_wrapped = False

    async def _when_unwrapped(self) -> None:
        """Wait, while the front has still to end a block of its own, before more of the client's messages are sent."""
        if self._is_wrapped and self._pending:
            await self._unless_gone(self._idle.wait())

    def _in_order(self, message: Message) -> list[Message]:
        """Return what may be told now: of a block of the front's own, the last success when that is committed."""
        kept, self._success = self._success, None
        if message.kind == b"Z":
            self._success = kept
            return [message]
        told = [kept] if kept is not None else []
        if self._is_wrapped and message.kind == b"C":
            self._success = message
            return told
        return [*told, message]

    async def _end_block(self, message: Message) -> Message:
        """End the block that the front has opened, if it has; return the server's last message."""
        if not self._is_wrapped:
            return message
        self._is_wrapped = False
        if message.body == b"T":
            message = await self._run_unseen("commit")
        if message.body != b"I":  # the statement, or the commit itself, has failed
            message = await self._run_unseen("rollback")
        return message

    async def _run_unseen(self, sql: str) -> Message:
        """Run a command of the front's own from where answers are read; the client sees errors and settings alone.

        Not as a simple query, which would end the client's unnamed statement.
        """
        for message in (*messages.prepared(_PLACE.encode(), sql), Message(b"S", b"")):
            self.server.write(message)
        await self.server.flush()
        while (answer := await self.server.read()).kind != b"Z":
            if answer.kind == b"E":
                self._success = None
                self.client.write(self._error(answer))
            elif answer.kind in (b"S", b"N", b"A"):
                self.client.write(answer)
        return answer

    @abstractmethod
    def _error(self, message: Message) -> Message:
        """Return an error as the client is told it, and note it."""

    def _forget_locks(self) -> None:
        """Forget what the transaction held, as PostgreSQL does when it ends or fails."""
        self._own_error = self._success = None
        if self._status != b"T":
            self._claimed.clear()
            self._has_snapshot = False
