"""Chunks that are made ahead: all come, and who takes no more waits for nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator

import pytest

from local.redshift.errors import RedshiftError
from local.redshift.read_ahead import ReadAhead
from local.redshift.stop import Stop


def test_all_chunks_come_in_order() -> None:
    async def all_of(chunks: Generator[bytes]) -> list[bytes]:
        ahead, found = ReadAhead(chunks, Stop()), []
        while (chunk := await ahead.next()) is not None:
            found.append(chunk)
        ahead.end()
        return found

    assert asyncio.run(all_of(b"%d" % number for number in range(20))) == [b"%d" % number for number in range(20)]


def test_what_fails_is_told() -> None:
    def failing() -> Generator[bytes]:
        yield b"1"
        raise RedshiftError("no more")

    async def read() -> None:
        ahead = ReadAhead(failing(), Stop())
        assert await ahead.next() == b"1"
        with pytest.raises(RedshiftError, match="no more"):
            await ahead.next()
        ahead.end()

    asyncio.run(read())


@pytest.mark.parametrize("is_under_way", [False, True])
def test_who_takes_no_more_stops_it_and_no_other_task_waits(is_under_way: bool) -> None:
    stop, making, go_on = Stop(), threading.Event(), threading.Event()
    ended_in = []

    def slow() -> Generator[bytes]:
        try:
            yield b"1"
            if is_under_way:
                making.set()
                go_on.wait(60)
            yield b"2"
            yield b"3"
        finally:
            assert go_on.wait(60)
            ended_in.append(threading.get_ident())

    async def leave() -> None:
        ahead = ReadAhead(slow(), stop)
        assert await ahead.next() == b"1"
        if is_under_way:
            await asyncio.to_thread(making.wait, 60)
        else:
            assert await ahead.next() == b"2"
        ahead.end()
        del ahead
        await asyncio.sleep(0.1)
        assert not ended_in  # and yet this task goes on
        with pytest.raises(RedshiftError, match="canceling"):
            stop.hold()
        go_on.set()

    asyncio.run(leave())
    assert len(ended_in) == 1
    assert ended_in[0] != threading.get_ident()
