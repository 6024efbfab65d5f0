"""Writers of one table wait for each other, whichever rows they write; readers and writers of other tables do not."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import psycopg2.extensions  # type: ignore[import-untyped]  # psycopg2 ships no types
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from redshift_connector.error import Error

from local.redshift.messages import Message
from tests.local.redshift.support import Client, Lake, psycopg2_connection
from tests.support.waiting import wait_for

SYNC, FLUSH = Message(b"S", b""), Message(b"H", b"")
CONFLICT = "could not complete because of conflict with concurrent transaction"
WRITES = {
    "insert": "insert into t values (10, 0)",
    "insert of a query": "insert into t select 10, 0",
    "update": "update t set n = n + 10 where id = 2",
    "delete": "delete from t where id = 2",
    "merge": "merge into t using s on t.id = s.id when matched then update set n = 5"
    " when not matched then insert values (s.id, 9)",
}


@contextmanager
def at_once() -> Iterator[ThreadPoolExecutor]:
    """Threads for statements that wait; they end with their sessions."""
    pool = ThreadPoolExecutor(4)
    yield pool
    pool.shutdown()


def wait_until_waiting(client: Client, table: str = "t", sessions: int = 1) -> None:
    """Wait until so many sessions wait for the lock of a table of the client's schema."""
    waiting = f"select count(distinct pid) from pg_locks where relation = '{table}'::regclass and not granted"
    wait_for(lambda: client.value(waiting) >= sessions, f"{sessions} sessions to wait for {table}")


@pytest.fixture
def tables(client: Client) -> Client:
    client.run("create table t (id int, n int)", "insert into t values (1, 0), (2, 0)", "create table s (id int)")
    client.run("insert into s values (2)")
    return client


@pytest.mark.parametrize("first", WRITES)
@pytest.mark.parametrize("second", WRITES)
def test_who_writes_a_table_waits_for_another_who_has_written_other_rows(
    tables: Client, other_client: Client, schema: str, administrator: Client, first: str, second: str
) -> None:
    tables.run("begin", WRITES[first].replace("id = 2", "id = 1"))
    with at_once() as pool:
        waiting = pool.submit(other_client.run, "begin", WRITES[second])
        wait_until_waiting(administrator, f"{schema}.t")
        assert not waiting.done()
        tables.run("commit")
        waiting.result(60)
    other_client.run("commit")


def test_readers_and_writers_of_other_tables_do_not_wait(tables: Client, other_client: Client) -> None:
    tables.run("begin", "update t set n = 1 where id = 1")
    assert other_client.run("begin", "insert into s values (7)", "select sum(n) from t") == [(0,)]
    other_client.run("commit")
    tables.run("commit")
    assert other_client.run("select (select sum(n) from t), (select count(*) from s)") == [(1, 2)]


@pytest.mark.parametrize("way", ["in a block", "alone", "asked before"])
def test_a_statement_that_has_waited_sees_what_it_has_waited_for(
    tables: Client, other_client: Client, schema: str, administrator: Client, way: str
) -> None:
    raising = "update t set n = n + 1 where id = 1"
    if way == "asked before":  # what the catalog says is known, and the statement prepared
        other_client.run(raising, "update t set n = n - 1 where id = 1")
    tables.run("begin", raising)
    begun = ["begin"] if way != "alone" else []
    with at_once() as pool:
        waiting = pool.submit(other_client.run, *begun, raising)
        wait_until_waiting(administrator, f"{schema}.t")
        tables.run("commit")
        waiting.result(60)
    assert other_client.value("select n from t where id = 1") == 2
    other_client.run(*["commit" for _ in begun])
    assert tables.value("select n from t where id = 1") == 2


def test_a_snapshot_that_is_older_than_the_wait_conflicts_by_row(tables: Client, other_client: Client) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_DATABASE.html: SNAPSHOT guards the rows."""
    for row, error in ((1, CONFLICT), (2, None)):
        other_client.run("begin", "select * from t")
        tables.run("update t set n = n + 1 where id = 1")
        change = f"update t set n = n + 1 where id = {row}"
        if error:
            assert other_client.error(change)["M"] == error
        else:
            other_client.run(change)
        other_client.run("end")
    assert tables.run("select id, n from t order by id") == [(1, 2), (2, 1)]


def test_a_rollback_lets_the_next_writer_go_on(
    tables: Client, other_client: Client, schema: str, administrator: Client
) -> None:
    tables.run("begin", "update t set n = 100")
    with at_once() as pool:
        waiting = pool.submit(other_client.run, "update t set n = n + 1")
        wait_until_waiting(administrator, f"{schema}.t")
        tables.run("rollback")
        waiting.result(60)
    assert other_client.run("select n from t") == [(1,), (1,)]


def test_a_copy_waits_and_is_waited_for(
    tables: Client, other_client: Client, schema: str, administrator: Client, lake: Lake
) -> None:
    copy = lake.copy("t", lake.put(pa.table({"id": pa.array([7], pa.int32()), "n": pa.array([7], pa.int32())})))
    tables.run("begin", copy)
    with at_once() as pool:
        for statement in (copy, "delete from t where id = 7"):
            waiting = pool.submit(other_client.run, statement)
            wait_until_waiting(administrator, f"{schema}.t")
            assert tables.value("select count(*) from t where id = 7") == 1
            tables.run("commit")
            waiting.result(60)
            assert other_client.value("select count(*) from t where id = 7") == (2 if statement == copy else 0)
            tables.run("delete from t where id = 7", "begin", copy)
    tables.run("rollback")


def test_two_tables_written_in_turn_are_a_deadlock_for_one(
    tables: Client, other_client: Client, schema: str, administrator: Client
) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html#c_write_readwrite-potential-deadlock"""
    tables.run("begin", "insert into t values (3, 0)")
    other_client.run("begin", "insert into s values (3)")
    with at_once() as pool:
        waiting = pool.submit(outcome, other_client, "insert into t values (4, 0)")
        wait_until_waiting(administrator, f"{schema}.t")
        outcomes = [outcome(tables, "insert into s values (4)"), waiting.result(60)]
    assert sorted(outcomes) == ["", "deadlock detected"]
    tables.run("end")
    other_client.run("end")
    assert tables.run("select (select count(*) from t), (select count(*) from s)") in [[(3, 2)], [(2, 3)]]


@pytest.mark.parametrize(
    ("first", "deadlock"), [("insert into t values (3, 0)", True), ("delete from t where id = 9", False)]
)
def test_to_append_and_then_update_is_a_deadlock_with_who_waits_to_append(
    tables: Client, other_client: Client, schema: str, administrator: Client, first: str, deadlock: bool
) -> None:
    """https://docs.aws.amazon.com/redshift/latest/dg/c_write_readwrite.html#c_write_readwrite-potential-deadlock-single"""
    tables.run("begin", first)
    with at_once() as pool:
        waiting = pool.submit(outcome, other_client, "insert into t values (4, 0)")
        wait_until_waiting(administrator, f"{schema}.t")
        updated = outcome(tables, "update t set n = 1")
        tables.run("end")
        assert sorted([updated, waiting.result(60)]) == (["", "deadlock detected"] if deadlock else ["", ""])


def test_who_waits_can_be_stopped_and_goes_on_afterwards(
    tables: Client, facts: dict[str, Any], schema: str, administrator: Client
) -> None:
    tables.run("begin", "update t set n = 1")
    connection = psycopg2_connection(facts, schema)
    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout to 300")
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("insert into t values (3, 0)")
        cursor.execute("set statement_timeout to 0")
        with at_once() as pool:
            waiting: Future[None] = pool.submit(cursor.execute, "insert into t values (3, 0)")
            wait_until_waiting(administrator, f"{schema}.t")
            connection.cancel()
            with pytest.raises(psycopg2.errors.QueryCanceled):
                waiting.result(60)
        cursor.execute("select count(*) from t")
        assert cursor.fetchall() == [(2,)]
        tables.run("commit")
        cursor.execute("insert into t values (3, 0); insert into s values (3)")
        assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE
        cursor.execute("begin; insert into t values (4, 0)")
        assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_INTRANS
        cursor.execute("rollback")
    connection.close()
    assert tables.run("select (select count(*) from t), (select count(*) from s)") == [(3, 2)]


def test_messages_of_several_statements_wait_and_fail_whole(
    tables: Client, facts: dict[str, Any], schema: str, administrator: Client
) -> None:
    connection = psycopg2_connection(facts, schema)
    tables.run("begin", "insert into t values (3, 0)")
    with connection.cursor() as cursor, at_once() as pool:
        waiting: Future[None] = pool.submit(cursor.execute, "insert into s values (3); update t set n = 1")
        wait_until_waiting(administrator, f"{schema}.t")
        tables.run("commit")
        waiting.result(60)
        with pytest.raises(psycopg2.errors.DivisionByZero):
            cursor.execute("insert into s values (4); update t set n = 1 / 0")
        assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE
    connection.close()
    assert tables.run("select (select sum(n) from t), (select count(*) from s)") == [(3, 2)]


def test_a_driver_that_prepares_and_runs_in_one_message_waits_too(
    tables: Client, other_client: Client, schema: str, administrator: Client
) -> None:
    tables.run("begin", "update t set n = n + 1")
    with at_once() as pool:
        together = [*prepared_run("update t set n = n + 1"), SYNC]
        waiting = pool.submit(raw, other_client.connection, together)
        wait_until_waiting(administrator, f"{schema}.t")
        tables.run("commit")
        assert waiting.result(60) == b"12CZ"
    assert tables.run("select n from t") == [(2,), (2,)]


def test_a_lock_keeps_writers_away_and_a_writer_is_no_reader(
    tables: Client, other_client: Client, schema: str, administrator: Client
) -> None:
    tables.run("begin", "lock t", "update t set n = n + 1")
    with at_once() as pool:
        waiting = pool.submit(other_client.run, "update t set n = n + 1")
        wait_until_waiting(administrator, f"{schema}.t")
        tables.run("insert into t values (3, 1)", "commit")
        waiting.result(60)
    assert sorted(tables.run("select n from t")) == [(2,), (2,), (2,)]


def test_who_may_insert_alone_inserts_and_what_is_not_there_fails_in_its_own_words(
    tables: Client, schema: str, make_user: Any
) -> None:
    user = make_user()
    name = user.value("select current_user")
    tables.run(f"grant usage on schema {schema} to {name}", f"grant insert on t to {name}")
    user.run("begin", f"insert into {schema}.t values (5, 0)", "commit", f"insert into {schema}.t values (6, 0)")
    assert user.error("begin", f"delete from {schema}.t")["C"] == "42501"
    user.run("rollback")
    assert tables.error("begin", "delete from nowhere")["C"] == "42P01"
    tables.run("rollback", "create temp table mine (a int)", "begin", "insert into mine values (1)", "commit")
    assert tables.run("select (select count(*) from t), (select count(*) from mine)") == [(4, 1)]


def test_ten_sessions_that_raise_one_number_at_once_lose_none(
    tables: Client, facts: dict[str, Any], schema: str
) -> None:
    clients = [Client(facts) for _ in range(10)]
    start = threading.Barrier(len(clients))

    def raise_it(client: Client) -> None:
        client.run(f"set search_path to {schema}")
        start.wait()
        for _ in range(5):
            client.run("update t set n = n + 1 where id = 1")

    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(raise_it, clients))
    for client in clients:
        client.close()
    assert tables.value("select n from t where id = 1") == 50


def outcome(client: Client, statement: str) -> str:
    """Run a statement; return the message of its error, "" if it succeeds."""
    try:
        client.run(statement)
    except Error as error:
        return str(error.args[0]["M"])
    return ""


@pytest.mark.parametrize("way", ["insert", "copy"])
def test_whoever_leaves_while_he_waits_lets_go_of_what_he_holds(
    tables: Client, facts: dict[str, Any], schema: str, administrator: Client, lake: Lake, way: str
) -> None:
    """A client that is killed says nothing; its session would wait, and others for it."""
    rows = pa.table({"id": pa.array([7], pa.int32()), "n": pa.array([7], pa.int32())})
    write = lake.copy("t", lake.put(rows)) if way == "copy" else "insert into t values (7, 7)"
    tables.run("begin", "update t set n = 1")
    connection = psycopg2_connection(facts, schema)
    with connection.cursor() as cursor, at_once() as pool:
        cursor.execute("begin; lock s")
        waiting: Future[None] = pool.submit(cursor.execute, write)
        wait_until_waiting(administrator, f"{schema}.t")
        with socket.socket(fileno=os.dup(connection.fileno())) as wire:
            wire.shutdown(socket.SHUT_RDWR)
        with pytest.raises(psycopg2.OperationalError):
            waiting.result(60)
        held = f"select count(*) from pg_locks where relation = '{schema}.s'::regclass"
        wait_for(lambda: administrator.value(held) == 0, "the session to end")
    tables.run("commit")
    assert tables.value("select count(*) from t where id = 7") == 0


@pytest.mark.parametrize("begun", ["begin", ""])
def test_a_session_that_is_ended_while_it_waits_is_told_why(
    tables: Client, facts: dict[str, Any], schema: str, administrator: Client, begun: str
) -> None:
    tables.run("begin", "update t set n = 1")
    client = Client(facts)
    client.run(f"set search_path to {schema}", *([begun] if begun else []))
    pid = client.value("select pg_backend_pid()")
    with at_once() as pool:
        waiting = pool.submit(raw, client.connection, [*prepared_run("insert into t values (7, 7)"), SYNC], b"E")
        wait_until_waiting(administrator, f"{schema}.t")
        administrator.run(f"select pg_terminate_backend({pid})")
        assert waiting.result(60).endswith(b"E")
    tables.run("commit")
    assert tables.value("select count(*) from t") == 2


def test_a_statement_without_a_name_that_was_prepared_in_one_message_writes_in_the_next(tables: Client) -> None:
    tables.connection.max_prepared_statements = 0  # the driver gives it no name, and asks for an answer in between
    tables.run("insert into t values (3, 0)", "update t set n = n + 1", "insert into t values (3, 0)")
    assert tables.value("select sum(n) from t where id = 3") == 1
    assert tables.error("insert into t select 'a'::varchar::int, 0")["C"] == "22P02"
    assert tables.value("select count(*) from t") == 4


def test_messages_that_follow_at_once_are_answered_in_their_order(tables: Client) -> None:
    """A Sync behind a Sync, and a client that begins a block behind a statement outside of one."""
    connection = tables.connection
    insert = prepared_run("insert into t values (5, 0)")
    answers = raw(connection, [*insert, SYNC, SYNC, *prepared_run("select count(*) from t"), SYNC])
    assert answers.translate(None, b"12D") == b"CZZCZ"
    answers = raw(connection, [*insert, *prepared_run("begin"), SYNC, *insert, SYNC])
    assert answers.translate(None, b"12N") == b"CCZCZ"
    tables.run("rollback")
    assert tables.value("select count(*) from t where id = 5") == 1


def test_who_asks_for_answers_between_parse_and_bind_gets_them(
    tables: Client, other_client: Client, schema: str, administrator: Client
) -> None:
    parse, bind, execute = prepared_run("update t set n = n + 1")
    tables.run("begin", "update t set n = n + 1")
    with at_once() as pool:
        waiting = pool.submit(raw, other_client.connection, [parse, FLUSH, bind, execute, SYNC])
        wait_until_waiting(administrator, f"{schema}.t")
        tables.run("commit")
        assert waiting.result(60) == b"12CZ"
    assert tables.run("select n from t") == [(2,), (2,)]


@pytest.fixture
def refuse_one(tables: Client, facts: dict[str, Any], schema: str) -> Iterator[Any]:
    """Let PostgreSQL refuse a row with id 1, as Redshift would not; yield what says when it looks."""
    function = (
        "create function refuse() returns trigger language plpgsql as "
        "$$ begin if new.id = 1 then raise unique_violation; end if; return new; end $$"
    )
    made = {
        "at commit": "create constraint trigger one after insert on t deferrable initially deferred",
        "at once": "create trigger one before insert on t",
    }
    with closing(psycopg2_connection(facts, schema, "postgres_port")) as connection, connection.cursor() as cursor:
        cursor.execute(function)
        yield lambda when: cursor.execute(f"{made[when]} for each row execute function refuse()")


@pytest.mark.parametrize("way", ["prepared", "simple"])
def test_a_commit_of_the_fronts_own_that_fails_is_told_in_place_of_success(
    tables: Client, refuse_one: Any, facts: dict[str, Any], schema: str, way: str
) -> None:
    refuse_one("at commit")
    wrong, right = "insert into t values (1, 5)", "insert into t values (3, 5)"
    if way == "prepared":
        answers = raw(tables.connection, [*prepared_run(wrong), SYNC, *prepared_run(right), SYNC])
        assert answers == b"12EZ12CZ"
    else:
        with closing(psycopg2_connection(facts, schema)) as connection, connection.cursor() as cursor:
            with pytest.raises(psycopg2.errors.UniqueViolation):
                cursor.execute(wrong)
            assert connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE
            cursor.execute(right)
            assert cursor.statusmessage == "INSERT 0 1"
    assert tables.run("select id, n from t order by id") == [(1, 0), (2, 0), (3, 5)]


@pytest.mark.parametrize("begun", ["begin", ""])
def test_a_row_that_is_refused_ends_a_copy_of_several_chunks(
    tables: Client, refuse_one: Any, lake: Lake, begun: str
) -> None:
    """Of what is sent behind it PostgreSQL takes nothing; the session goes on."""
    refuse_one("at once")
    ids = pa.array([1, *range(3, 400_000)], pa.int32())
    copy = lake.copy("t", lake.put(pa.table({"id": ids, "n": ids}), row_group_size=10_000))
    assert tables.error(*([begun] if begun else []), copy)["C"] == "23505"
    tables.run(*(["rollback"] if begun else []), "insert into t values (3, 5)")
    assert tables.run("select id, n from t order by id") == [(1, 0), (2, 0), (3, 5)]


def prepared_run(statement: str) -> list[Message]:
    """Return Parse, Bind and Execute of a statement, as most drivers send them."""
    parse = Message(b"P", b"\0" + statement.encode() + b"\0\0\0")
    return [parse, Message(b"B", b"\0" * 8), Message(b"E", b"\0" * 5)]


def raw(connection: Any, sent: list[Message], last: bytes = b"Z") -> bytes:
    """Send messages at once; return the kinds of what answers them, up to the last that answers a Sync."""
    for message in sent:
        connection._write(message.encode())
    connection._flush()
    kinds = b""
    while kinds.count(last) < sent.count(SYNC):
        kind, length = connection._read(1), int.from_bytes(connection._read(4), "big")
        connection._read(length - 4)
        kinds += kind
    return kinds
