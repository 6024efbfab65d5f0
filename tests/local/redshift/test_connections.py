"""System views of who came and went, and of transactions that were undone."""

from __future__ import annotations

from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest
from redshift_connector.error import Error
from redshift_connector.utils.driver_info import DriverInfo

from tests.local.redshift.support import Client, Rows
from tests.local.redshift.test_tls import connect
from tests.support.waiting import wait_for

_EVENTS = ["authenticated", "initiating session", "disconnecting session"]


def log(client: Client, name: str, columns: str = "trim(event)") -> Rows:
    """Return what the log of connections tells of an application, in order."""
    return client.run(
        f"select {columns} from stl_connection_log where application_name = '{name}' order by recordtime"  # noqa: S608
    )


def test_a_client_is_told_from_its_log_in_to_its_end(facts: dict[str, Any], client: Client, schema: str) -> None:
    with_driver = Client(facts, application=schema)
    pid = with_driver.value("select pg_backend_pid()")
    assert log(client, schema) == [(event,) for event in _EVENTS[:2]]
    with_driver.close()
    wait_for(lambda: len(log(client, schema)) == len(_EVENTS), "the session to end")
    columns = "trim(event), pid, trim(username), trim(dbname), trim(remotehost), trim(driver_version), protocol_version"
    place = (pid, facts["admin_user"], facts["database"], "127.0.0.1", DriverInfo.driver_full_name(), 2)
    assert log(client, schema, columns) == [(event, *place) for event in _EVENTS]
    durations = [duration for [duration] in log(client, schema, "duration")]
    assert durations[:2] == [0, 0]
    assert durations[2] > 0
    assert [trimmed for [trimmed] in log(client, schema, "trim(sslversion)")] == [""] * 3


def test_a_client_of_libpq_is_told_without_a_driver_and_with_its_tls(
    facts: dict[str, Any], client: Client, schema: str
) -> None:
    with connect(facts, application_name=schema, sslmode="require") as connection, connection.cursor() as cursor:
        cursor.execute(f"set application_name to '{schema}_later'")
        cursor.execute("select version from pg_stat_ssl where pid = pg_backend_pid()")
    connection.close()
    wait_for(lambda: log(client, f"{schema}_later") == [("disconnecting session",)], "the session to end")
    told = log(client, schema, "left(sslversion, 3), trim(sslcipher) <> '', driver_version, protocol_version")
    assert told == [("TLS", True, None, 0)] * 2


def test_a_log_in_that_fails_is_told_and_so_is_one_to_no_database(
    facts: dict[str, Any], client: Client, schema: str
) -> None:
    with pytest.raises(Error, match="28P01"):
        Client(facts, password="Wrong123", application=schema)  # noqa: S106 - wrong on purpose
    assert log(client, schema, "trim(event), pid") == [("authentication failure", None)]
    with pytest.raises(psycopg2.OperationalError, match="does not exist"):
        connect({**facts, "database": "nowhere"}, application_name=f"{schema}_nowhere")
    assert log(client, f"{schema}_nowhere", "trim(event), trim(dbname)") == [("authenticated", "nowhere")]


def test_superusers_and_monitors_see_the_log_and_all_statements(client: Client, make_user: Any) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/r_roles-default.html."""
    assert client.value("select count(*) > 0 from stl_connection_log") is True
    other = make_user()
    seen = "select count(*) > 0 from stl_connection_log", "select count(distinct user_id) > 1 from sys_query_history"
    assert [other.value(sql) for sql in seen] == [False, False]
    client.run(f"grant role sys:monitor to {other.user}")
    assert [other.value(sql) for sql in seen] == [True, True]
    client.run(f"revoke role sys:monitor from {other.user}")
    assert [other.value(sql) for sql in seen] == [False, False]
    assert "sys:monitor" in client.error(f"grant role sys:dba to {other.user}")["M"]


def test_a_transaction_that_is_rolled_back_or_fails_is_undone(client: Client, make_user: Any) -> None:
    client.run("create table t (a integer)", "create table kept (a integer)")
    client.run("insert into kept values (1)", "begin", "insert into kept values (2)", "commit")
    client.run("begin", "insert into t values (1)", "delete from t", "rollback")
    assert client.error("insert into t values (1 / (select count(*) - 1 from kept where a = 1))")["C"] == "22012"
    [t, kept] = (client.value(f"select oid from pg_class where oid = '{name}'::regclass") for name in ("t", "kept"))  # noqa: S608
    undone = "select xact_id = xact_id_undone, undo_start_ts <= undo_end_ts, table_id from stl_undone"
    undone += f" where table_id in ({t}, {kept})"
    assert client.run(undone) == [(True, True, t)] * 2
    assert make_user().run(undone) == []


def test_sessions_are_told_while_they_last_to_superusers_all_to_others_their_own(
    client: Client, facts: dict[str, Any], make_user: Any
) -> None:
    user = make_user()
    name, pid = user.user, user.value("select pg_backend_pid()")
    own = f"select process, rtrim(db_name), timeout_sec from stv_sessions where user_name = '{name}'"  # noqa: S608 - ours
    assert client.run(own) == [(pid, facts["database"], 0)]
    assert user.run(own) == [(pid, facts["database"], 0)]
    assert client.value("select count(distinct user_name) > 1 from stv_sessions") is True
    assert user.value("select count(distinct user_name) from stv_sessions") == 1
    assert client.value(f"select starttime <= sysdate from stv_sessions where process = {pid}") is True  # noqa: S608
    assert client.value("select count(*) from stv_sessions where user_name = 'rdsdb'") == 0
