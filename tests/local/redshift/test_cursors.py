"""One cursor is open in a session at a time, followed through messages of one statement and of several.

Source: https://docs.aws.amazon.com/redshift/latest/dg/declare.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest

from tests.local.redshift.support import Client, psycopg2_connection

C, D = "declare c cursor for select 1", "declare d cursor for select 2"


@pytest.fixture
def simple(facts: dict[str, Any]) -> Iterator[Any]:
    """A connection that sends simple queries, whose messages may hold several statements."""
    connection = psycopg2_connection(facts)
    yield connection
    connection.close()


def fetched(connection: Any, *messages: str) -> list[Any]:
    cursor = connection.cursor()
    for message in messages:
        cursor.execute(message)
    rows: list[Any] = cursor.fetchall()
    return rows


@pytest.mark.parametrize(
    "messages",
    [
        ("begin", C, f"close c; {D}; fetch all from d"),
        ("begin", C, f"close all; {D}; fetch all from d"),
        (f"begin; {C}; close C; {D}; fetch all from d",),
        (f"begin; {C}", f"commit; begin; {D}; fetch all from d"),
        (f"begin; {C}", "rollback", f"begin; {D}; fetch all from d"),
        (f"begin; {C}; rollback; begin; {D}; fetch all from d",),
    ],
)
def test_a_cursor_may_be_declared_where_the_last_one_is_closed(simple: Any, messages: tuple[str, ...]) -> None:
    assert fetched(simple, *messages) == [(2,)]


@pytest.mark.parametrize(
    "messages",
    [
        (f"begin; {C}", D),
        (f"begin; {C}; {D}",),
        (f"/* a load */ begin; {C}", f"fetch all from c; {D}"),
        ("begin", f"select 1; {C}", D),
        (f"begin; {C}", f"close c; {C}; {D}"),
    ],
)
def test_a_second_cursor_is_refused(simple: Any, messages: tuple[str, ...]) -> None:
    with pytest.raises(psycopg2.errors.ActiveSqlTransaction, match="only one cursor"):
        fetched(simple, *messages)
    assert fetched(simple, "rollback", f"begin; {D}", "fetch all from d") == [(2,)]


def test_a_failed_declaration_opens_no_cursor(simple: Any) -> None:
    with pytest.raises(psycopg2.Error):
        fetched(simple, C)  # outside of a transaction
    assert fetched(simple, f"begin; {D}; fetch all from d") == [(2,)]
    with pytest.raises(psycopg2.DataError):
        fetched(simple, "select 1 / 0")
    assert fetched(simple, f"rollback; begin; {C}; fetch all from c") == [(1,)]


def test_a_prepared_declaration_counts_whenever_it_runs(client: Client) -> None:
    """Its driver runs anew what it has prepared, without a word of what that is."""
    for _ in range(2):
        client.run("begin", C, "close c", D)
        assert client.run("fetch all from d") == [(2,)]
        assert client.error(C)["C"] == "25001"
        client.run("rollback")
    client.run("begin", D)
    assert client.run("fetch all from d") == [(2,)]
    client.run("commit")
