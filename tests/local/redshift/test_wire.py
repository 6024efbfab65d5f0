"""The wire front: what unmodified drivers see of Redshift."""

from __future__ import annotations

import itertools
import os
import socket
import struct
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest
import redshift_connector
from redshift_connector.error import Error

from local.redshift import messages
from local.redshift.messages import Message
from tests.local.redshift.support import Client, psycopg2_connection


def test_the_server_says_it_is_redshift(facts: dict[str, Any], client: Client) -> None:
    with psycopg2_connection(facts, sslmode="prefer") as connection:
        assert connection.get_parameter_status("server_version") == "8.0.2"
    assert "Redshift" in client.value("select version()")


def test_a_wrong_password_is_refused(facts: dict[str, Any]) -> None:
    with pytest.raises(Error, match="password authentication failed"):
        Client(facts, facts["admin_user"], "Wrong123")


def test_types_are_reported_as_redshift_reports_them(client: Client) -> None:
    client.run("create table t (a super, b varbyte, c varchar(9), d timestamp)")
    cursor = client.connection.cursor()
    cursor.execute("select a, b, c, d, c || 'x' as e, current_user as f from t")
    names = [redshift_connector.utils.oids.get_datatype_name(column[1]) for column in cursor.description]
    assert names == ["SUPER", "VARBYTE", "STRING", "TIMESTAMP", "STRING", "STRING"]  # the driver's name of VARCHAR


def test_parameters_of_prepared_statements_are_bound(client: Client) -> None:
    cursor = client.connection.cursor()
    cursor.execute("select %s::int + 1, nvl(%s::varchar, 'none')", (41, None))
    assert list(cursor.fetchall()[0]) == [42, "none"]


def answers(side: socket.socket, *sent: Message, ready: int = 1) -> list[Message]:
    """Send messages as they are, of which some make the server ready; return what comes until it is, so many times."""
    side.sendall(b"".join(message.encode() for message in sent))
    stream = side.makefile("rb")
    found: list[Message] = []
    while [message.kind for message in found].count(b"Z") < ready:
        kind, length = struct.unpack("!cI", stream.read(5))
        found.append(Message(kind, stream.read(length - 4)))
    return found


def test_a_statement_described_once_is_spelt_as_redshift_spells_it_whatever_was_described_since(
    facts: dict[str, Any],
) -> None:
    sync, sql = Message(b"S", b""), """select 1 as a, json_parse('{"a": [1, 2]}') as b"""
    portal = Message(b"B", b"\0ps\0" + b"\0\0" * 3)
    described = Message(b"D", b"P\0")
    run = Message(b"E", b"\0" + b"\0" * 4)
    connection = psycopg2_connection(facts)
    with socket.socket(fileno=os.dup(connection.fileno())) as side:
        side.settimeout(60)
        answers(side, messages.parse(b"ps", sql, b"\0\0"), Message(b"D", b"Sps\0"), sync)
        others = messages.parse(b"other", "select 2", b"\0\0"), Message(b"B", b"\0other\0" + b"\0\0" * 3), described
        for between in ((messages.query("select 1"),), (*others, run, sync)):
            answers(side, *between)
            rows = [message for message in answers(side, portal, run, sync) if message.kind == b"D"]
            assert [messages.row_values(row.body) for row in rows] == [["1", '{"a":[1,2]}']]
    connection.close()


def test_several_statements_in_one_query_are_one_transaction(facts: dict[str, Any], schema: str) -> None:
    connection = psycopg2_connection(facts, schema)
    with connection.cursor() as cursor:
        cursor.execute("create table t (a int encode zstd); insert into t values (1)")
        with pytest.raises(psycopg2.errors.DivisionByZero):
            cursor.execute("insert into t values (2); select 1/0")
        cursor.execute("select a from t")
        assert cursor.fetchall() == [(1,)]
    connection.close()


def test_a_refusal_fails_the_transaction_it_comes_in(client: Client) -> None:
    client.run("create table t (a int)", "begin", "insert into t values (1)")
    assert client.error("create index i on t (a)")["C"] == "0A000"
    assert client.error("select 1")["C"] == "25P02"
    client.run("rollback")
    assert client.value("select count(*) from t") == 0


def test_truncate_commits_the_transaction_it_runs_in(client: Client, other_client: Client) -> None:
    client.run("create table t (a int)", "create table kept (a int)", "insert into t values (1)")
    client.run("begin", "insert into kept values (1)", "truncate t", "rollback")
    assert other_client.run("select (select count(*) from t), (select count(*) from kept)") == [(0, 1)]


def test_a_rollback_without_truncate_takes_everything_back(client: Client) -> None:
    client.run("create table t (a int)", "begin", "insert into t values (1)", "create table u (a int)", "rollback")
    assert client.value("select count(*) from t") == 0
    assert client.error("select * from u")["C"] == "42P01"


def test_a_running_query_can_be_cancelled(facts: dict[str, Any]) -> None:
    connection = psycopg2_connection(facts)
    with connection.cursor() as cursor:
        cursor.execute("set statement_timeout to 1000")  # a busy machine may take a while over what comes next, too
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute("select pg_sleep(30)")
        cursor.execute("set statement_timeout to 0")
        cursor.execute("select 1")
        assert cursor.fetchall() == [(1,)]
    connection.close()


def test_a_large_result_arrives_whole(client: Client) -> None:
    assert len(client.run("select n, 'row ' || n from generate_series(1, 50000) as n")) == 50000


def test_sessions_share_what_the_catalog_said_and_none_sees_what_another_has_not_committed(
    facts: dict[str, Any], client: Client, other_client: Client, schema: str
) -> None:
    table, asked = f"{schema}.t", itertools.count()

    def rows(asker: Client) -> list[tuple[Any, ...]]:
        # another text each time, as the driver keeps what it has prepared
        return asker.run(f"select * from {table} where {next(asked)} >= 0")  # noqa: S608 - ours

    client.run("create table t (a int)", "insert into t values (1)")
    assert rows(client) == rows(other_client) == [(1,)]
    other_client.run("begin", f"alter table {table} add column b int default 2")
    assert rows(other_client) == [(1, 2)]
    other_client.run("rollback")
    assert rows(client) == rows(other_client) == [(1,)]
    client.run(f"alter table {table} add column c int default 3")
    assert rows(client) == rows(other_client) == [(1, 3)]
    new = Client(facts)
    assert rows(new) == [(1, 3)]
    client.run(f"drop table {table}", f"create table {table} (d varchar(5))", "insert into t values ('d')")
    assert rows(new) == rows(other_client) == [("d",)]
    new.close()
