"""What the front could not do with a message, for a reason that nobody foresaw: a client is answered, and stays.

In: an exception, and the message that it came of. Out: an error in the protocol, its traceback in the server's log, and
a session that goes on where nothing of the message is under way; else the connection ends.
"""

from __future__ import annotations

import asyncio
import traceback

from local.redshift import messages
from local.redshift.answers import Answers
from local.redshift.conversation import raising
from local.redshift.errors import INTERNAL_ERROR, RedshiftError
from local.redshift.external.rows import NO_SUCH
from local.redshift.messages import Message
from local.redshift.recorder import Sent

GONE = (asyncio.IncompleteReadError, ConnectionError)
"""What ends a conversation: one side has left."""
_EXTENDED = frozenset((b"P", b"B", b"D", b"E", b"C"))


def as_error(fault: Exception) -> RedshiftError:
    r"""Return what a client is told of a fault; what is the front's own is logged.

    >>> as_error(UnicodeDecodeError("utf-8", b"a\xff", 1, 2, "invalid start byte")).message
    'invalid byte sequence for encoding "UTF8": 0xff'

    Raises:
        Exception: the fault, where it is that one side has left.
    """
    if isinstance(fault, GONE):
        raise fault
    if isinstance(fault, RedshiftError):
        return fault
    if isinstance(fault, RecursionError):
        return RedshiftError("statement is too complex: it is nested too deeply", "54001")
    if isinstance(fault, UnicodeDecodeError):
        wrong = fault.object[fault.start : fault.end].hex()
        return RedshiftError(f'invalid byte sequence for encoding "UTF8": 0x{wrong}', "22021")
    traceback.print_exception(fault)
    return RedshiftError(f"internal error of the local Redshift: {type(fault).__name__}: {fault}", INTERNAL_ERROR)


class Faults(Answers):
    """A conversation that goes on behind a fault."""

    async def _refuse(self, message: Message, fault: Exception) -> None:
        """Let a client's message fail that the front could not take.

        PostgreSQL raises the error, or skips what comes until the Sync, so that its state and the client's are one.

        Raises:
            Exception: the fault, where some of the message is under way, or its kind has no answer of its own.
        """
        error = as_error(fault)
        if self._answers is not None or self._copy_in is not None or self._has_sent:
            raise fault
        if message.kind == b"Q":
            self.recorder.runs(Sent(""))
            await self._to_server(messages.query(raising(error)))
        elif message.kind in _EXTENDED:
            self._load_error = error.fields()
            await self._to_server(Message(b"E", NO_SUCH + b"\0" * 4))
        else:
            raise fault

    def _pass_over(self, message: Message, fault: Exception) -> None:
        """Tell a client what came of PostgreSQL's answer that the front could not tell as Redshift would.

        A statement whose rows it could not tell will fail; an error and an end are told as PostgreSQL has them.

        Raises:
            Exception: the fault, where it is the session's state that is told.
        """
        error = as_error(fault)
        if message.kind in (b"T", b"D"):
            if self._late_error is None:
                self._late_error = error
                self.recorder.failed(error.fields())
        elif message.kind in (b"E", b"C"):
            if self._copy_in is not None and not self._copy_in.done():
                self._copy_in.set_result(False)
            self._copy_in = self._load_error = None
            self.client.write(message)
            self._ended(message.kind)
        else:
            raise fault
