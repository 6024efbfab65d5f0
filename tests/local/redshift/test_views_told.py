"""Comments on views, the columns of late-binding ones, and when a table made by a query was written."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from typing import Any

from tests.local.redshift.support import Client, psycopg2_connection

COMMENT = (
    "select d.description from pg_class c join pg_description d on d.objoid = c.oid and d.objsubid = 0 where c.relname"
)
COLS = "from pg_get_late_binding_view_cols() cols(s name, v name, c name, t varchar, n int)"


def test_a_materialized_view_is_commented_on_as_a_view(client: Client) -> None:
    client.run("create materialized view m as select 1 as a", "comment on view m is $x$it's $$ a 'comment'$x$")
    assert client.run(f"{COMMENT} = 'm'") == [("it's $$ a 'comment'",)]
    client.run("comment on view m is null", "create view v as select 1 as a", "comment on view v is 'plain'")
    assert client.run(f"{COMMENT} in ('m', 'v')") == [("plain",)]
    client.run("create table t (a int)")
    assert client.error("comment on view t is 'a table'")["C"] == "42809"


def test_late_binding_views_have_their_columns_in_a_list_of_their_own(client: Client, schema: str) -> None:
    client.run(
        f"create table {schema}.t (a int, b varchar(7))", f"create view {schema}.bound as select a from {schema}.t"
    )
    client.run(f"create view {schema}.late as select a, b from {schema}.t with no schema binding")
    assert client.run(f"select c, t, n {COLS} where v = 'late' and s = '{schema}' order by n") == [
        ("a", "integer", 1),
        ("b", "character varying(7)", 2),
    ]
    assert client.run(f"select c {COLS} where v = 'bound' and s = '{schema}'") == []
    for listed in (
        f"select table_name from information_schema.columns where table_schema = '{schema}' and column_name = 'a'",
        "select c.relname from pg_attribute a join pg_class c on a.attrelid = c.oid join pg_namespace n "
        f"on c.relnamespace = n.oid where n.nspname = '{schema}' and a.attname = 'a'",
    ):
        assert sorted(client.run(listed)) == [("bound",), ("t",)]
    told = f"select table_name from svv_columns where table_schema = '{schema}' and column_name = 'a'"
    assert sorted(client.run(told)) == [("bound",), ("late",), ("t",)]


def test_a_table_made_by_a_query_has_a_step_that_inserts(client: Client) -> None:
    client.run(
        "create table made as select 1 as a", "alter table made rename to renamed", "create table declared (a int)"
    )
    steps = "select count(*) from pg_class c join sys_query_detail d on d.table_id = c.oid where d.step_name = 'insert'"
    assert client.value(f"{steps} and c.relname = 'renamed'") == 1
    assert client.value(f"{steps} and c.relname = 'declared'") == 0


def test_the_leader_node_makes_a_row_of_this_moment_for_a_table(client: Client) -> None:
    client.run("create table r as select 1 || '-' || current_timestamp as a", "create table t (a int)")
    assert client.value("select count(*) from r where a like '1-20%'") == 1
    assert client.error("create table s as select current_timestamp as a from t")["C"] == "0A000"
    assert client.error("create table s as select now() as a")["C"] == "0A000"


def test_a_second_limit_is_a_syntax_error(client: Client) -> None:
    error = client.error("select 1 limit 1 limit 1")
    assert (error["C"], error["M"]) == ("42601", 'syntax error at or near "limit"')
    assert client.run("select 1 offset 0 limit 1") == client.run("(select 1 limit 2) limit 1") == [(1,)]


def test_a_client_is_told_the_command_that_it_sent(facts: dict[str, Any], schema: str) -> None:
    database = facts["database"]
    told = []
    connection = psycopg2_connection(facts, schema)
    cursor = connection.cursor()
    for statement in (
        f"create view {schema}.late as select 1 as a with no schema binding",
        f"comment on view {schema}.late is 'x'",
        f"create schema {database}.{schema}_more",
        f"drop schema {database}.{schema}_more",
        "create procedure p() as $$ begin perform 1; end $$ language plpgsql",
        "call p()",
    ):
        cursor.execute(statement)
        told.append(cursor.statusmessage)
    connection.close()
    assert told == ["CREATE VIEW", "COMMENT", "CREATE SCHEMA", "DROP SCHEMA", "CREATE PROCEDURE", "CALL"]
