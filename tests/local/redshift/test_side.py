"""One side of a conversation: messages come in pieces and are sent together (local/redshift/side.py)."""

from __future__ import annotations

import asyncio

import pytest

from local.redshift.messages import Message, query
from local.redshift.side import Side

MESSAGES = [query("select 1"), Message(b"Z", b"I"), Message(b"D", b"\0" * 70_000), Message(b"S", b"")]
WHOLE = b"".join(message.encode() for message in MESSAGES)


class Kept:
    """A writer that keeps what it is given, each time apart."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    async def drain(self) -> None:
        """Nothing waits."""


def sides() -> tuple[asyncio.StreamReader, Kept, Side]:
    """Return what comes to a side, what goes from it, and the side."""
    reader, kept = asyncio.StreamReader(), Kept()
    return reader, kept, Side(reader, kept)  # type: ignore[arg-type]  # a writer, as far as it is used


@pytest.mark.parametrize("size", [1, 3, 4, 5, 4096, len(WHOLE)])
def test_messages_are_read_whole_however_they_come(size: int) -> None:
    async def read() -> list[Message]:
        reader, _, side = sides()
        for place in range(0, len(WHOLE), size):
            reader.feed_data(WHOLE[place : place + size])
        reader.feed_eof()
        found = [await side.read() for _ in MESSAGES]
        assert not side.has_message
        with pytest.raises(asyncio.IncompleteReadError):
            await side.read()
        return found

    assert asyncio.run(read()) == MESSAGES


def test_a_message_of_which_a_part_has_come_is_none() -> None:
    async def read() -> None:
        reader, _, side = sides()
        reader.feed_data(WHOLE[:-1])
        reader.feed_eof()
        for _ in MESSAGES[:-1]:
            await side.read()
        assert not side.has_message
        with pytest.raises(asyncio.IncompleteReadError):
            await side.read()

    asyncio.run(read())


def test_what_is_written_is_sent_at_once_when_asked_for() -> None:
    async def write() -> list[bytes]:
        _, kept, side = sides()
        for message in MESSAGES:
            side.write(message)
        assert (kept.sent, side.is_full) == ([], True)
        await side.flush()
        await side.flush()
        assert not side.is_full
        return kept.sent

    assert asyncio.run(write()) == [WHOLE]
