"""Objects of S3 as COPY reads them: several at a time, in order, and no more ahead than that."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.redshift.errors import RedshiftError
from local.redshift.s3_objects import downloaded
from local.redshift.s3_source import READERS, SourceFile
from local.redshift.stop import Stop

MISSING = 100
SOURCES = [SourceFile("bucket", str(number), 1) for number in range(3 * READERS)]


class Broken:
    """What breaks off a body as often as it is told, then gives it whole."""

    def __init__(self, times: int) -> None:
        self.left = times

    def answer(self, path: str) -> bytes:
        return path.rpartition("/")[2].encode() * 100_000

    def pieces(self, body: bytes) -> Iterator[bytes]:
        is_broken, self.left = self.left > 0, self.left - 1
        yield body[: len(body) // 2] if is_broken else body


class Slow:
    """What gives long bodies bit by bit."""

    PIECES = 300

    def __init__(self) -> None:
        self.sent: list[list[int]] = []
        self.begun = threading.Semaphore(0)

    def answer(self, path: str) -> bytes:
        number = int(path.rpartition("/")[2])
        return bytes(self.PIECES * 2**16) if number else b"0"

    def pieces(self, body: bytes) -> Iterator[bytes]:
        mine: list[int] = []
        self.sent.append(mine)
        for place in range(0, len(body), 2**16):
            yield body[place : place + 2**16]
            mine.append(place)
            if not place:
                self.begun.release()
            time.sleep(0.02)


class Store:
    """What answers GET /bucket/<number> with the number, once as many are asked for as are read at once."""

    def __init__(self) -> None:
        self.together = threading.Barrier(READERS)
        self.asked: list[int] = []

    def answer(self, path: str) -> bytes | None:
        number = int(path.rpartition("/")[2])
        self.asked.append(number)
        if number == MISSING:
            return None
        self.together.wait(timeout=60)
        return str(number).encode()

    def pieces(self, body: bytes) -> Iterator[bytes]:
        yield body


@contextmanager
def serving(store: Store | Broken | Slow) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = store.answer(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            with suppress(ConnectionError):  # the client wants no more
                for piece in store.pieces(body or b""):
                    self.wfile.write(piece)

        def log_message(self, format: str, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def connected(store: Store | Broken | Slow) -> Iterator[Any]:
    with serving(store) as url:
        yield boto3.session.Session("id", "secret", region_name="us-east-1").client("s3", endpoint_url=url)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client(store: Store) -> Iterator[Any]:
    with connected(store) as found:
        yield found


def test_objects_are_read_at_once_and_come_in_order(store: Store, client: Any, tmp_path: Path) -> None:
    with downloaded(client, SOURCES, tmp_path, Stop()) as files:
        found = [(source, path.read_bytes()) for source, path in files]
    assert found == [(source, source.key.encode()) for source in SOURCES]
    assert not list(tmp_path.iterdir())


def test_no_more_is_read_ahead_than_at_once(store: Store, client: Any, tmp_path: Path) -> None:
    with downloaded(client, SOURCES, tmp_path, Stop()) as files:
        assert len(list(islice(files, 1))) == 1
    assert sorted(store.asked) == list(range(READERS))


def test_an_object_that_is_missing_is_told_at_its_turn(client: Any, tmp_path: Path) -> None:
    sources = [*SOURCES[:READERS], SourceFile("bucket", str(MISSING), 1)]
    with downloaded(client, sources, tmp_path, Stop()) as files:
        assert [source for source, _ in islice(files, READERS)] == SOURCES[:READERS]
        with pytest.raises(RedshiftError, match="404"):
            next(files)
    assert not list(tmp_path.iterdir())


def test_what_is_canceled_asks_for_no_more(store: Store, client: Any, tmp_path: Path) -> None:
    stop = Stop()
    with downloaded(client, SOURCES, tmp_path, stop) as files:
        assert next(files)
        stop.set()
        with pytest.raises(RedshiftError, match="canceling statement"):
            list(files)
    assert sorted(store.asked) == list(range(READERS))
    assert not list(tmp_path.iterdir())


def test_a_body_that_breaks_off_is_read_again(tmp_path: Path) -> None:
    with connected(Broken(3)) as client, downloaded(client, SOURCES[1:2], tmp_path, Stop()) as files:
        assert [path.read_bytes() for _, path in files] == [b"1" * 100_000]


def test_a_body_that_breaks_off_each_time_fails_the_statement(tmp_path: Path) -> None:
    with (
        connected(Broken(1_000)) as client,
        downloaded(client, SOURCES[1:2], tmp_path, Stop()) as files,
        pytest.raises(RedshiftError, match="S3ServiceException"),
    ):
        list(files)


def test_who_leaves_waits_for_no_object_to_be_whole(tmp_path: Path) -> None:
    store = Slow()
    with connected(store) as client:
        with downloaded(client, SOURCES[:READERS], tmp_path, Stop()) as files:
            assert next(files)
            for _ in range(READERS):
                assert store.begun.acquire(timeout=60)
        sent = [len(pieces) for pieces in store.sent]
    assert len(sent) == READERS
    assert max(sent) < Slow.PIECES
    assert not list(tmp_path.iterdir())
