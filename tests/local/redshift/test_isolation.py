"""Transactions that meet: snapshots, locks and conflicts, as under Redshift's snapshot isolation."""

from __future__ import annotations

import threading

from local.redshift.errors import translate
from tests.local.redshift.support import Client

CONFLICT = "could not complete because of conflict with concurrent transaction"


def test_a_transaction_sees_one_moment(client: Client, other_client: Client) -> None:
    client.run("create table t (a int)", "begin")
    assert client.value("select count(*) from t") == 0
    other_client.run("insert into t values (1)")
    assert client.value("select count(*) from t") == 0
    client.run("commit")
    assert client.value("select count(*) from t") == 1


def test_asking_for_another_isolation_level_changes_nothing(client: Client, other_client: Client) -> None:
    client.run("create table t (a int)", "begin isolation level read committed")
    client.value("select count(*) from t")
    other_client.run("insert into t values (1)")
    assert client.value("select count(*) from t") == 0
    client.run("commit")


def test_two_updates_of_one_row_conflict(client: Client, other_client: Client) -> None:
    client.run("create table t (a int)", "insert into t values (1)", "begin")
    client.value("select a from t")
    other_client.run("update t set a = 2")
    assert client.error("update t set a = 3")["M"] == CONFLICT
    client.run("rollback")
    assert client.value("select a from t") == 2


def test_under_serializable_isolation_a_conflict_is_1023() -> None:
    conflict = {"S": "ERROR", "C": "40001", "M": "could not serialize access due to read/write dependencies"}
    fields = translate(conflict, "serializable")
    assert fields["M"] == "1023"
    assert fields["D"].startswith("Serializable isolation violation on table")


def test_a_lock_taken_first_puts_the_snapshot_behind_it(client: Client, other_client: Client) -> None:
    """The way by which a counter is raised without conflicts: LOCK, which takes no snapshot, then UPDATE."""
    client.run("create table counter (n bigint)", "insert into counter values (0)")
    client.run("begin", "lock counter", "update counter set n = n + 1")
    seen: list[int] = []

    def raise_it() -> None:
        other_client.run("begin", "lock table counter", "update counter set n = n + 1")
        seen.append(other_client.value("select n from counter"))
        other_client.run("commit")

    waiting = threading.Thread(target=raise_it)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    client.run("commit")
    waiting.join(10)
    assert seen == [2]


def test_a_snapshot_taken_before_the_lock_conflicts(client: Client, other_client: Client) -> None:
    client.run("create table counter (n bigint)", "insert into counter values (0)", "create table t (a int)")
    other_client.run("begin")
    other_client.value("select count(*) from t")
    client.run("begin", "lock counter", "update counter set n = n + 1", "commit")
    assert other_client.error("lock counter", "update counter set n = n + 1")["M"] == CONFLICT
    other_client.run("rollback")
    assert client.value("select n from counter") == 1


def test_a_query_is_read_by_the_columns_that_its_table_has_now(client: Client, other_client: Client) -> None:
    texts = iter(["select a * 1 from t".ljust(length) for length in range(20, 29)])  # drivers keep what they prepared
    client.run("create table t (a decimal(8,2))", "insert into t values (1)")
    assert str(client.value(next(texts))) == "1.00"
    other_client.run("drop table t", "create table t (a decimal(8,3))", "insert into t values (1)")
    assert str(client.value(next(texts))) == "1.000"
    other_client.run("begin", "drop table t", "create table t (a decimal(8,4))", "insert into t values (1)")
    assert str(other_client.value(next(texts))) == "1.0000"
    other_client.run("rollback")
    assert str(other_client.value(next(texts))) == "1.000"
    assert str(client.value(next(texts))) == "1.000"
