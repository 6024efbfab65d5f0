"""A client is answered whatever the front meets, and goes on: bytes that are none of a message, faults of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest

from local.redshift import answers, connection, messages, wire
from local.redshift.conversation import FrontSettings
from local.redshift.history import History
from local.redshift.messages import Message
from local.redshift.ports import HOST
from local.redshift.server import end_conversations
from tests.local.redshift.support import Client, psycopg2_connection
from tests.local.redshift.test_wire import answers as answered

SYNC = Message(b"S", b"")
NO_TEXT = b"select '\xff'\0"
CASES = {
    "a query that is no text": ((Message(b"Q", NO_TEXT),), "22021"),
    "a statement that is no text": ((Message(b"P", b"\0" + NO_TEXT + b"\0\0"), SYNC), "22021"),
    "a Bind that is cut short": (
        (messages.parse(b"", "select 1", b"\0\0"), Message(b"B", b"\0\0\0\1"), Message(b"E", b"\0" * 5), SYNC),
        "XX000",
    ),
    "a Bind without names": ((messages.parse(b"", "select 1", b"\0\0"), Message(b"B", b""), SYNC), "XX000"),
}


@pytest.mark.parametrize(("sent", "sqlstate"), CASES.values(), ids=CASES.keys())
def test_what_is_no_message_is_refused_and_the_session_goes_on(
    facts: dict[str, Any], sent: tuple[Message, ...], sqlstate: str
) -> None:
    session = psycopg2_connection(facts)
    with socket.socket(fileno=os.dup(session.fileno())) as side:
        side.settimeout(60)
        for _ in range(2):
            [error] = [message for message in answered(side, *sent) if message.kind == b"E"]
            assert messages.error_fields(error.body)["C"] == sqlstate
        rows = [message for message in answered(side, messages.query("select 7")) if message.kind == b"D"]
        assert [messages.row_values(row.body) for row in rows] == [["7"]]
    session.close()


def test_what_is_no_message_fails_the_transaction_it_comes_in(
    facts: dict[str, Any], client: Client, schema: str
) -> None:
    client.run("create table t (a int)")
    session = psycopg2_connection(facts, schema)
    session.cursor().execute("begin; insert into t values (1)")
    with socket.socket(fileno=os.dup(session.fileno())) as side:
        side.settimeout(60)
        ready = answered(side, Message(b"Q", NO_TEXT))[-1]
        assert ready.body == b"E"
        assert [m.body for m in answered(side, messages.query("commit")) if m.kind == b"C"] == [b"ROLLBACK\0"]
    session.close()
    assert client.value("select count(*) from t") == 0


@pytest.fixture
def front(facts: dict[str, Any], tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A front of this process over the same PostgreSQL, whose functions a test may break."""
    settings = FrontSettings(
        facts["postgres_port"], tmp_path, "snapshot", tmp_path / "errors", History(tmp_path), b"", token_hex(), None
    )
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(asyncio.start_server(partial(connection.handle, settings), HOST, 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield {**facts, "wire_port": listening.sockets[0].getsockname()[1]}
    loop.call_soon_threadsafe(listening.close)
    asyncio.run_coroutine_threadsafe(end_conversations(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()  # which fails where the thread still runs it


def _fail(*_: object) -> Any:
    raise KeyError("unforeseen")


BROKEN = [
    (wire, "split_statements", "select 1"),
    (wire, "parse_unload", "insert into kept values (1)"),
    (wire, "raising", "select no_such_function()"),
    (answers, "spelt_row", "select 'abc'::varbyte"),
    (answers, "shown", "select 1"),
]


@pytest.mark.parametrize(("module", "name", "statement"), BROKEN, ids=[case[1] for case in BROKEN])
def test_a_fault_of_the_front_is_an_error_with_its_traceback_in_the_log(
    front: dict[str, Any],
    schema: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    module: Any,
    name: str,
    statement: str,
) -> None:
    session = psycopg2_connection(front, schema)
    with session.cursor() as cursor:
        cursor.execute("create table kept (a int)")
        with monkeypatch.context() as broken:
            broken.setattr(module, name, _fail)
            with pytest.raises(psycopg2.errors.InternalError_, match="internal error of the local Redshift: KeyErr"):
                cursor.execute(statement)
        assert 'raise KeyError("unforeseen")' in capfd.readouterr().err
        cursor.execute("select count(*) from kept")
        assert cursor.fetchall() == [(0,)]
    session.close()
