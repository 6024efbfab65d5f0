"""The chunks of a COPY, each made in a thread while PostgreSQL takes the one before.

In: the generator of a COPY's rows. Out: its chunks, one by one. Who takes no more of them, because PostgreSQL has
refused a row or the client has left, leaves downloads under way: they are told to end, and it is a thread that waits
for them, never the event loop, in which everybody else's statements run.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator

from local.redshift.stop import Stop


class ReadAhead:
    """Chunks of which one is made ahead; one event loop uses it."""

    def __init__(self, chunks: Generator[bytes], stop: Stop) -> None:
        self._chunks, self._stop = chunks, stop
        self._one_at_a_time = threading.Lock()
        self._coming = self._start()

    async def next(self) -> bytes | None:
        """Return the next chunk, None after the last.

        Raises:
            RedshiftError: what the COPY fails of.
        """
        chunk = await self._coming
        if chunk is not None:
            self._coming = self._start()
        return chunk

    def end(self) -> None:
        """Let what is under way end, without waiting for it."""
        self._stop.set()
        self._coming.cancel()
        asyncio.get_running_loop().run_in_executor(None, self._close)

    def _start(self) -> asyncio.Task[bytes | None]:
        return asyncio.create_task(asyncio.to_thread(self._next))

    def _next(self) -> bytes | None:
        with self._one_at_a_time:
            return next(self._chunks, None)

    def _close(self) -> None:
        with self._one_at_a_time:
            self._chunks.close()
