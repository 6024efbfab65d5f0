"""Objects of S3 as COPY reads them: several at a time, in order, and no more ahead than that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.redshift.errors import RedshiftError
from local.redshift.s3_objects import downloaded
from local.redshift.s3_source import READERS, SourceFile, Stop

MISSING = 100
SOURCES = [SourceFile("bucket", str(number), 1) for number in range(3 * READERS)]


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


@contextmanager
def serving(store: Store) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = store.answer(self.path)
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

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


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def client(store: Store) -> Iterator[Any]:
    with serving(store) as url:
        yield boto3.session.Session("id", "secret", region_name="us-east-1").client("s3", endpoint_url=url)


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
