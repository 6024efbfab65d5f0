"""One side of a conversation, client or PostgreSQL: messages read as they come and written together.

In: a connection's streams. Out: messages. Calls of the system, and what wakes the other side, cost more than messages:
what comes is read as much as there is, and what is written is sent when `flush` is called.
"""

from __future__ import annotations

import asyncio
import struct

from local.redshift.messages import Message

_HEADER = struct.Struct("!cI")
_CHUNK = 64 * 1024
_AHEAD = 16 * _CHUNK


class Side:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._come, self._place = bytearray(), 0
        self._unsent = bytearray()

    @property
    def has_message(self) -> bool:
        """Tell whether a whole message has come that is not read yet."""
        left = len(self._come) - self._place
        return left >= _HEADER.size and left > _HEADER.unpack_from(self._come, self._place)[1]

    async def read(self) -> Message:
        """Return the next message.

        Raises:
            asyncio.IncompleteReadError: the other side is gone.
        """
        while not self.has_message:
            del self._come[: self._place]
            self._place = 0
            chunk = await self._reader.read(_CHUNK)
            if not chunk:
                raise asyncio.IncompleteReadError(bytes(self._come), None)
            self._come += chunk
        kind, length = _HEADER.unpack_from(self._come, self._place)
        body = self._place + _HEADER.size
        self._place += length + 1
        return Message(kind, bytes(self._come[body : self._place]))

    async def gone(self) -> None:
        """Return once the other side has left, which nobody sees who does not read; what comes meanwhile is kept."""
        while len(self._come) < _AHEAD:
            chunk = await self._reader.read(_CHUNK)
            if not chunk:
                return
            self._come += chunk
        await asyncio.Event().wait()  # who sends so much ahead is not watched

    def write(self, message: Message) -> None:
        """Keep a message for the next `flush`."""
        self._unsent += _HEADER.pack(message.kind, len(message.body) + 4)
        self._unsent += message.body

    @property
    def is_full(self) -> bool:
        """Tell whether enough is kept to be sent, whatever else comes."""
        return len(self._unsent) > _CHUNK

    async def flush(self) -> None:
        """Send what is kept; wait while the other side does not take it."""
        if self._unsent:
            unsent, self._unsent = self._unsent, bytearray()
            self._writer.write(unsent)
            await self._writer.drain()
