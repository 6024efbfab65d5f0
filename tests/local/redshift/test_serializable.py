"""SERIALIZABLE isolation: 1023 where reads and writes of transactions form a cycle between tables, and only there."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local.redshift.support import Client
from tests.local.redshift.test_server import running
from tests.local.redshift.test_writers import outcome
from tests.support.waiting import wait_for

Schedule = list[tuple[int, str]]
PAGE = "https://docs.aws.amazon.com/redshift/latest/dg/"
# What two sessions, 0 and 1, run in this order; who waits is passed over until he goes on.
CYCLES: dict[str, Schedule] = {
    # c_serial_isolation-serializable-isolation-troubleshooting.html
    "each reads what the other appends to": [
        (0, "begin"), (1, "begin"), (0, "select * from one"), (1, "insert into one values (1)"),
        (0, "insert into two values (1)"), (1, "select * from two"), (0, "end"), (1, "end"),
    ],
    "both read a table and append to it": [
        (0, "begin"), (1, "begin"), (0, "select sum(n) from one"), (1, "select sum(n) from one"),
        (0, "insert into one select sum(n) from one"), (1, "insert into one values (100)"), (0, "end"), (1, "end"),
    ],
    # r_CREATE_DATABASE.html: the rows are others, and SNAPSHOT isolation lets both commit
    "each changes the rows that the other has read": [
        (0, "begin"), (1, "begin"), (0, "select * from one"), (1, "select * from one"),
        (0, "update one set n = 0 where n = 1"), (0, "end"), (1, "update one set n = 1 where n = 0"), (1, "end"),
    ],
}  # fmt: skip
NO_CYCLES: dict[str, Schedule] = {
    # r_Serializable_isolation_example.html
    "two append": [
        (0, "begin"), (1, "begin"), (0, "insert into one values (5)"), (1, "insert into one values (6)"),
        (0, "end"), (1, "end"),
    ],
    "two delete": [
        (0, "begin"), (1, "begin"), (0, "delete from one where n = 0"), (1, "delete from one where n >= 0"),
        (0, "end"), (1, "end"),
    ],
    "one replaces and counts, the other appends and counts": [
        (0, "begin"), (0, "delete from one where n = 0"), (0, "insert into one values (7)"), (1, "begin"),
        (1, "insert into one values (8)"), (0, "select count(*) from one"), (0, "end"),
        (1, "select count(*) from one"), (1, "end"),
    ],
    # c_serial_isolation-serializable-isolation-troubleshooting.html, the remedies
    "the reads stand outside": [
        (0, "begin"), (1, "select * from one"), (0, "insert into one values (1)"), (1, "begin"),
        (1, "insert into two values (1)"), (0, "end"), (0, "select * from two"), (1, "end"),
    ],
    "all tables are locked first": [
        (0, "begin"), (1, "begin"), (0, "lock one, two"), (1, "lock one, two"), (0, "select * from one"),
        (1, "insert into one values (1)"), (0, "insert into two values (1)"), (1, "select * from two"), (0, "end"),
        (1, "end"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Client]]:
    """Two sessions and one that looks on, in a warehouse of older clusters' default isolation."""
    home: Path = tmp_path_factory.mktemp("serializable")
    with running(home, "--isolation", "serializable") as (_, facts):
        clients = [Client(facts) for _ in range(3)]
        clients[2].run("create table one (n int)", "create table two (n int)")
        yield clients
        for client in clients:
            client.close()


@pytest.mark.parametrize("name", [*CYCLES, *NO_CYCLES])
def test_a_cycle_ends_one_of_its_transactions_and_nothing_else_does(sessions: list[Client], name: str) -> None:
    sessions[2].run("delete from one", "delete from two", "insert into one values (0), (1)")
    failed = play(sessions, (CYCLES | NO_CYCLES)[name])
    assert len([errors for errors in failed if "1023" in errors]) == (1 if name in CYCLES else 0), failed
    assert all(set(errors) <= {"", "1023", ABORTED} for errors in failed), failed
    if name == "one replaces and counts, the other appends and counts":
        assert sessions[2].run("select n from one order by n") == [(1,), (7,), (8,)]


def test_1023_names_the_table_the_transaction_and_the_process(sessions: list[Client]) -> None:
    first, second, third = sessions
    third.run("delete from one", "insert into one values (1)")
    first.run("begin", "update one set n = n + 1")
    second.run("begin", "select * from one")
    first.run("commit")
    table, pid = third.value("select 'one'::regclass::oid"), second.value("select pg_backend_pid()")
    error = second.error("update one set n = n + 1")
    number = third.value(
        f"select max(transaction_id) from sys_query_history where session_id = {pid} and status = 'failed'"
    )
    second.run("rollback")
    cycle = f"transactions forming the cycle are: 0, {number} (pid:{pid})"
    assert error["D"] == f"Serializable isolation violation on table - {table}, {cycle}"


ABORTED = "current transaction is aborted, commands ignored until end of transaction block"


def play(sessions: list[Client], schedule: Schedule) -> list[list[str]]:
    """Run a schedule; return the errors of each session's statements, "" for none."""
    watching = "select count(*) from pg_locks where not granted"
    done: list[list[Future[str]]] = [[], []]
    pools = [ThreadPoolExecutor(1) for _ in done]
    for number, statement in schedule:
        last = pools[number].submit(outcome, sessions[number], statement)
        done[number].append(last)
        wait_for(lambda last=last: last.done() or sessions[2].value(watching), statement)  # type: ignore[misc]
    failed = [[future.result(120) for future in futures] for futures in done]
    for pool in pools:
        pool.shutdown()
    return failed
