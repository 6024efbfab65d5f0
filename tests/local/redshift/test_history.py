"""System views of statements and loads tell what the front saw, to those who may know.

https://docs.aws.amazon.com/redshift/latest/dg/serverless-monitoring.html
"""

from __future__ import annotations

import csv
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from tests.local.redshift.support import Client, Lake, Rows, psycopg2_connection
from tests.support.waiting import wait_for

VIEWS = Path(__file__).with_name("system_views.tsv")
SHORT_TYPES = {"timestamp without time zone": "timestamp", "character varying": "varchar", "character": "char"}


def views() -> list[Any]:
    """Return the view and its columns, for each row of the table."""
    with VIEWS.open(newline="") as table:
        rows = [row for row in csv.reader(table, delimiter="\t") if not row[0].startswith("#")]
    return [pytest.param(view, columns, id=f"{page}") for page, view, columns in rows]


def described(name: str, kind: str, length: int | None, precision: int | None, scale: int | None) -> str:
    """Spell a column as the table of views does."""
    if kind == "numeric":
        return f"{name} decimal({precision},{scale})"
    shown = f"{name} {SHORT_TYPES.get(kind, kind)}"
    return f"{shown}({length})" if length and length != 65535 else shown


def told(client: Client, view: str, columns: str, condition: str) -> Rows:
    """Return what a view tells."""
    return client.run(f"select {columns} from {view} where {condition}")  # noqa: S608 - the test's own


def history(client: Client, mark: str, columns: str = "status, trim(query_text)") -> Rows:
    """Return the statements that hold a mark, but for those that ask."""
    asks = "query_text not like '%sys_query_history%'"
    return told(client, "sys_query_history", columns, f"query_text like '%{mark}%' and {asks} order by query_id")


@pytest.fixture
def mark() -> str:
    """A text that no other statement holds."""
    return f"mark_{uuid.uuid4().hex[:12]}"


@pytest.fixture
def simple(facts: dict[str, Any]) -> Iterator[Any]:
    """A cursor of a driver that sends several statements in one message, and no Parse."""
    connection = psycopg2_connection(facts)
    yield connection.cursor()
    connection.close()


@pytest.mark.parametrize(("view", "columns"), views())
def test_a_system_view_has_its_documented_columns(administrator: Client, view: str, columns: str) -> None:
    asked = "column_name, data_type, character_maximum_length, numeric_precision, numeric_scale"
    place = f"table_schema = 'pg_catalog' and table_name = '{view}' order by ordinal_position"
    assert ", ".join(described(*row) for row in told(administrator, "svv_columns", asked, place)) == columns
    assert told(administrator, view, "count(*)", "true")


def test_a_statement_is_found_with_its_end(client: Client, mark: str) -> None:
    note = f"/* {mark} */"
    client.run("create table t (a int)", "insert into t values (1), (2) " + note, "select a from t " + note)  # noqa: S608 - the test's own
    client.error("select b from t " + note)  # noqa: S608 - the test's own
    client.error(f"select from where /* {mark} */")
    columns = "trim(query_type), trim(status), returned_rows, trim(error_message), end_time >= start_time"
    assert history(client, mark, columns) == [
        ("INSERT", "success", 0, None, True),
        ("SELECT", "success", 2, None, True),
        ("SELECT", "failed", 0, 'column "b" does not exist', True),
        ("SELECT", "failed", 0, 'syntax error at or near "from"', True),
    ]


def test_statements_of_one_transaction_share_its_number(client: Client, mark: str) -> None:
    client.run("begin", f"select 1 /* {mark} */", f"select 2 /* {mark} */", "commit", f"select 3 /* {mark} */")
    first, second, third = (number for (number,) in history(client, mark, "transaction_id"))
    assert first == second != third


def test_of_several_statements_in_a_message_those_that_ran_are_told(client: Client, simple: Any, mark: str) -> None:
    with pytest.raises(psycopg2.Error):
        simple.execute(f"select 1 /* {mark} */; select 1 / 0 /* {mark} */; select 3 /* {mark} */")
    assert history(client, mark, "trim(status), trim(query_text)") == [
        ("success", f"select 1 /* {mark} */"),
        ("failed", f"select 1 / 0 /* {mark} */"),
    ]


def test_a_running_statement_is_told_while_it_runs(client: Client, simple: Any, schema: str, mark: str) -> None:
    client.run("create table t (a int)", "begin", "lock t")
    sql = f"select a from {schema}.t -- {mark}"  # noqa: S608 - the test's own
    waiting = threading.Thread(target=simple.execute, args=[sql], daemon=True)
    condition = f"text like '%{mark}%' and text not like '%stv_inflight%'"
    waiting.start()
    try:
        found = wait_for(lambda: told(client, "stv_inflight", "query, pid", condition), "it to run")
        recent = told(client, "stv_recents", "trim(status)", f"query like '%{mark}%' and pid = {found[0][1]}")
    finally:
        client.run("commit")
        waiting.join()
    assert (len(found), recent) == (1, [("Running",)])
    assert told(client, "stv_inflight", "query", condition) == []
    assert ("success", sql) in history(client, mark, "trim(status), trim(query_text)")


def test_users_see_their_own_statements_unless_they_are_trusted(client: Client, make_user: Any, mark: str) -> None:
    user = make_user()
    name = user.value("select current_user")
    user.run(f"select 1 /* {mark} */")
    client.run(f"select 2 /* {mark} */")
    assert history(user, mark, "trim(query_text)") == [(f"select 1 /* {mark} */",)]
    assert len(history(client, mark)) == 2
    client.run(f"alter user {name} syslog access unrestricted")
    assert len(history(user, mark)) == 2
    assert told(client, "svl_user_info", "syslogaccess", f"usename = '{name}'") == [("UNRESTRICTED",)]
    client.run(f"alter user {name} syslog access restricted")
    assert len(history(user, mark)) == 1


def test_passwords_are_not_told(client: Client, administrator: Client) -> None:
    name = f"u_{uuid.uuid4().hex[:12]}"
    client.run(f"create user {name} password 'Secret123'")
    assert history(client, name, "trim(query_text)") == [(f"create user {name} password '***'",)]
    administrator.run(f"drop user {name}")


def test_a_long_text_comes_in_parts(client: Client, mark: str) -> None:
    sql = f"select '{mark}{'x' * 5000}' as a"
    client.run(sql)
    [(number,)] = history(client, mark, "query_id")
    parts = told(client, "sys_query_text", "sequence, text", f"query_id = {number} order by sequence")
    assert [place for place, _ in parts] == [0, 1]
    assert "".join(part for _, part in parts).rstrip() == sql
    assert told(client, "stl_querytext", "count(*)", f"query = {number}") == [(-(-len(sql) // 200),)]


def test_the_tables_that_a_statement_reads_and_writes_are_told(client: Client, schema: str, mark: str) -> None:
    client.run("create table t (a int)", "create table u (a int)", "create view v as select a from t")
    client.run(f"create view l as select a from {schema}.t with no schema binding")  # noqa: S608 - the test's own
    note = f" /* {mark} */"
    client.run("insert into u select v.a from v inner join l on v.a = l.a" + note, "delete from u" + note)  # noqa: S608 - the test's own
    steps: list[Rows] = []
    for (number,) in history(client, mark, "query_id"):
        columns = "distinct trim(step_name), trim(table_name)"
        steps.append(told(client, "sys_query_detail", columns, f"query_id = {number} order by 1"))
    read, written = f"landfall.{schema}.t", f"landfall.{schema}.u"
    assert steps == [[("insert", written), ("scan", read)], [("delete", written)]]


def test_a_query_group_labels_statements(client: Client, mark: str) -> None:
    client.run(f"set query_group to '{mark}'", "select 1", "reset query_group", "select 2")
    assert told(client, "stl_query", "trim(querytxt)", f"label = '{mark}'") == [("select 1",)]


def test_a_load_is_told_with_its_files(client: Client, lake: Lake, schema: str) -> None:
    urls = [lake.put(pa.table({"a": pa.array(range(rows), pa.int64())})) for rows in (2, 3)]
    client.run("create table t (a bigint)")
    manifest = lake.manifest(*(lake.entry(url) for url in urls))
    client.run(lake.copy(f"{schema}.t", manifest, "manifest"))
    number = client.value("select pg_last_copy_id()")
    assert client.value("select pg_last_copy_count()") == 5
    columns = "status, table_name, data_source, file_format, loaded_rows, source_file_count, error_count"
    loads = told(client, "sys_load_history", columns, f"query_id = {number}")
    assert loads == [("completed", f"{schema}.t", manifest, "parquet", 5, 2, 0)]
    files = told(client, "sys_load_detail", "trim(file_name), lines_scanned", f"query_id = {number}")
    assert sorted(files) == sorted(zip(urls, (2, 3), strict=True))


@pytest.mark.parametrize("asked", ["pg_last_copy_id", "pg_last_query_id", "pg_last_unload_id", "pg_last_copy_count"])
def test_what_the_last_statement_was_is_asked_once_for_all_rows(client: Client, asked: str) -> None:
    plan = [line for (line,) in client.run(f"explain select 1 from sys_load_history where query_id = {asked}()")]  # noqa: S608 - our names
    assert any("InitPlan" in line for line in plan), plan
    assert not any(f"{asked}()" in line for line in plan if "Filter" in line), plan


def test_a_failed_load_says_why(client: Client, lake: Lake) -> None:
    url = lake.put(pa.table({"a": ["too long"]}))
    client.error("create table t (a varchar(3))", lake.copy("t", url))
    columns = "query_id, trim(column_name), error_code, error_message like '%longer than the length%'"
    [(number, *why)] = told(client, "sys_load_error_detail", columns, f"file_name = '{url}'")
    assert why == ["a", 15001, True]
    assert told(client, "stl_load_errors", "trim(colname), err_code", f"query = {number}") == [("a", 15001)]
    assert told(client, "sys_load_history", "status, error_count", f"query_id = {number}") == [("aborted", 1)]
    assert client.value("select count(*) from t") == 0
