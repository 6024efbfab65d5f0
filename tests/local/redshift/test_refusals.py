"""What PostgreSQL has and Redshift lacks is refused; what looks like it and is Redshift's own is not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.redshift.support import Client, psycopg2_connection

SYNTAX, UNSUPPORTED, UNKNOWN = "42601", "0A000", "42883"

# refused statement, SQLSTATE, and a statement near to it that Redshift takes
CASES = [
    ("insert into t values (1) on conflict do nothing", SYNTAX, "insert into t values (1)"),
    ("insert into t values (1) returning a", SYNTAX, "insert into t select 1 as returning_customer"),
    ("select count(*) filter (where a > 1) from t", SYNTAX, "select count(case when a > 1 then 1 end) from t"),
    ("select * from t, lateral (select 1) as x", SYNTAX, "select 1 as lateral_moves from t"),
    ("select * from (values (1)) as v", SYNTAX, "select * from (select 1 as a) as v"),
    ("values (1)", SYNTAX, "insert into t values (1)"),
    ("with c as materialized (select 1) select * from c", SYNTAX, "with c as (select 1) select * from c"),
    ("select distinct on (a) a from t", UNSUPPORTED, "select distinct a from t"),
    ("select a from t where a is distinct from 1", UNSUPPORTED, "select distinct a from t where a is not null"),
    (
        "select a from t where a between symmetric 2 and 1",
        UNSUPPORTED,
        "select a from t where a between least(2, 1) and greatest(2, 1)",
    ),
    ("do $$ begin null; end $$", SYNTAX, "select 1 as do_it"),
    ("alter table if exists t rename to u", SYNTAX, "drop table if exists u"),
    ("select 1 intersect all select 1", SYNTAX, "select 1 intersect select 1"),
    ("select array[1, 2]", SYNTAX, "select array(1, 2)"),
    ("select '{1}'::int[]", UNSUPPORTED, "select '1'::int"),
    ("create index i on t (a)", UNSUPPORTED, "create table index_values (a int)"),
    ("create sequence s", UNSUPPORTED, "create table sequence_values (a int)"),
    ("create type e as enum ('a')", UNSUPPORTED, "create table type_values (a int)"),
    ("savepoint s", UNSUPPORTED, "select 'savepoint'"),
    ("select a from t for update", SYNTAX, "select a from t"),
    ("create table x (a int check (a > 0))", UNSUPPORTED, "create table x (check_digit int)"),
    ("create table x (a json)", UNSUPPORTED, "create table x (a super)"),
    ("create table x (a serial)", UNSUPPORTED, "create table x (a int identity(1, 1))"),
    ("drop schema information_schema cascade", "2BP01", "drop schema if exists information_schema_of_mine"),
    ("create table information_schema.x (a int)", "42501", "create table x (information_schema int)"),
    ("create table x (a uuid)", UNSUPPORTED, "create table x (uuid varchar(36))"),
    ("create table x (a name)", "42704", "create table x (name varchar(9))"),
    ('create table x (a "char")', "42704", 'create table x ("char" char)'),
    ("create table x (b int, a name, unique(b))", "42704", "create table x (b int, a varchar, unique(b))"),
    ('create table x ("a"name)', "42704", 'create table x ("a"varchar)'),
    ("create table x (a t)", "42704", "create table x (t int)"),
    ("alter table t add column b refcursor", "42704", "alter table t add column refcursor varchar"),
    ("create table x (a time(3))", SYNTAX, "create table x (a time, b timetz)"),
    ("create table x (a timestamp(6))", SYNTAX, "create table x (a timestamp without time zone)"),
    ("select '10:00'::time(3)", SYNTAX, "select '10:00'::time"),
    ("create table x (a varbyte(0))", "22023", "create table x (a varbyte(1))"),
    ("create table x (a varbinary(16777217))", "22023", "create table x (a binary varying(16777216))"),
    ("select 'abc'::varbyte(2)", "22001", "select 'abc'::varbyte(3)"),
    (
        "create function f(name) returns int stable as $$ select 1 $$ language sql",
        "42704",
        "create function f(varbinary) returns varbinary stable as $$ select $1 $$ language sql",
    ),
    (
        "create procedure p(a name) as $$ begin null; end $$ language plpgsql",
        "42704",
        "create procedure p(inout a refcursor, in binary varying) as $$ begin null; end $$ language plpgsql",
    ),
    ("prepare p (name) as select $1", "42704", "prepare p (binary varying) as select $1"),
    ("create table x (a bytea)", UNSUPPORTED, "create table x (a varbyte(10))"),
    ("create table x (a int[])", UNSUPPORTED, "create table x (a int)"),
    ("create table x (ctid int)", "42701", "create table x (ctid_ int)"),
    ("alter table t add column oid int", "42701", "alter table t add column oid_ int"),
    ('alter table t add "xmin" int', "42701", 'alter table t add "x min" int'),
    ("create table x (snapshot int)", SYNTAX, 'create table x ("snapshot" int, primary_key int)'),
    ("alter table t add column tag int", SYNTAX, 'alter table t add column "tag" int'),
    ("select a::jsonb from t", "42704", "select json_parse('1')"),
    ("select string_agg(a::varchar, ',') from t", UNKNOWN, "select listagg(a, ',') from t"),
    ("select array_agg(a) from t", UNKNOWN, "select count(a) from t"),
    ("select now() from t", UNSUPPORTED, "select getdate() from t"),
    ("insert into t select generate_series(1, 3)", UNSUPPORTED, "select generate_series(1, 3)"),
    ("select a from t, pg_class", UNSUPPORTED, "select 1 from pg_class as t, pg_namespace limit 1"),
    (
        "select a from t inner join svv_columns as c on c.column_name = 'a'",
        UNSUPPORTED,
        "select a from t as svv_columns",
    ),
    (
        "select 1 / count(*) from svv_tables where exists (select 1 from t)",
        UNSUPPORTED,
        "select count(*) from svv_tables where table_name in (select tablename from pg_catalog.pg_tables)",
    ),
    (
        "insert into t select 1 from information_schema.tables",
        UNSUPPORTED,
        "insert into t select extract(year from sysdate) from s",
    ),
    (
        "with c as (select 1 as a from pg_tables) select c.a from c inner join t on t.a = c.a",
        UNSUPPORTED,
        "with c as (select 1 as a from pg_tables), d (b) as (select a from c) select b from d",
    ),
    ("create table x as select 1 as a from pg_user", UNSUPPORTED, "create table x as select 'pg_user' as a from t"),
    ("update t set a = 1 from pg_user", UNSUPPORTED, "update t set a = 1 from s"),
    ("delete from t using pg_user", UNSUPPORTED, "delete from t using s"),
    ("create table x (a varchar(65536))", "22023", "create table x (a varchar(65535), b varchar(max))"),
    ("create table x (a decimal(39, 2))", "22023", "create table x (a decimal(38, 2))"),
    ("alter table t add column b int, add column c int", SYNTAX, "alter table t add column b decimal(9, 2)"),
    ("alter table t add column if not exists b int", SYNTAX, "alter table t add column b int"),
    ("alter table t alter column a type bigint", UNSUPPORTED, "alter table s alter column b type varchar(20)"),
    (
        "create table x (a varchar(9) collate case_insensitive)",
        UNSUPPORTED,
        "create table x (a varchar collate case_sensitive)",
    ),
    ("set enable_case_sensitive_identifier to perhaps", "22023", "set enable_case_sensitive_identifier to 'TRUE'"),
    (
        "set enable_case_sensitive_super_attribute to 'TRUE'",
        UNSUPPORTED,
        "set enable_case_sensitive_super_attribute to 'False'",
    ),
    ("set enable_case_sensitive_super_attribute = on", UNSUPPORTED, "set enable_case_sensitive_super_attribute = off"),
    ("analyze compression t", UNSUPPORTED, "analyze t"),
    ("create external schema x from data catalog database 'd'", SYNTAX, "create table external_schema (a int)"),
    ("create external function f() returns int", UNSUPPORTED, "create table external_function (a int)"),
    ("create rls policy p with (a int) using (a = 1)", UNSUPPORTED, "create table rls (policy int)"),
    ("alter system set work_mem = 1", UNSUPPORTED, 'create table "alter system" (a int)'),
    ("declare c cursor with hold for select 5 / 2.0", SYNTAX, "select 'declare c'"),
    ("truncate t, s", SYNTAX, "truncate s"),
    ("create view x as values (1)", SYNTAX, "create view x as select 1 as number_of_values"),
    ("create temp table x (a int) on commit drop", SYNTAX, 'create temp table x ("on commit" int)'),
    ("alter table t alter column a set not null", SYNTAX, "alter table t alter column a encode zstd"),
    ("alter table t alter a drop default", SYNTAX, "alter table t rename column a to set_default"),
    ("create user x password 'short'", "28P01", "drop user if exists nobody_here"),
    ("create user x", SYNTAX, "drop user if exists nobody_here"),
    ("unload ('select 1') to 's3://b/k' iam_role default", UNSUPPORTED, "select 'unload'"),
    ("merge into t as x using s on x.a = s.a when matched then delete", SYNTAX, "select 1"),
    (
        "merge into t using s on t.a = s.a when matched and s.a > 1 then update set a = 1 "
        "when not matched then insert values (s.a)",
        SYNTAX,
        "merge into t using s on t.a = s.a when matched then delete when not matched then insert values (s.a)",
    ),
    (
        "merge into t using s on t.a = s.a when matched then update set a = 1",
        SYNTAX,
        "merge into t using s on t.a = s.a when matched then update set a = 1 when not matched then insert values (2)",
    ),
]


@pytest.mark.parametrize(("refused", "sqlstate", "accepted"), CASES, ids=[case[0][:60] for case in CASES])
def test_what_redshift_lacks_is_refused_and_its_neighbour_is_not(
    client: Client, refused: str, sqlstate: str, accepted: str
) -> None:
    client.run("create table t (a int)", "create table s (a int, b varchar(9))")
    assert client.error(refused)["C"] == sqlstate
    assert client.value("select count(*) from t") == 0
    client.run(accepted)


@pytest.mark.parametrize(
    "statement", ["vacuum t", "alter table t alter column b type varchar(99)", "create database nowhere"]
)
def test_some_commands_cannot_run_inside_a_transaction(client: Client, statement: str) -> None:
    client.run("create table t (a int, b varchar(9))", "begin")
    assert client.error(statement)["C"] == "25001"
    client.run("rollback")


SYSTEM_SCHEMAS = [
    ('drop schema "redshift" cascade', "2BP01"),
    ("drop schema if exists nowhere, redshift cascade", "2BP01"),
    ("drop schema landfall.redshift cascade", "2BP01"),
    ('drop schema "landfall"."redshift" cascade', "2BP01"),
    ("drop schema RedShift cascade", "2BP01"),
    ('alter schema "redshift" rename to mine', "2BP01"),
    ("alter schema redshift owner to nobody", "2BP01"),
    ('create table "redshift"."t" (a int)', "42501"),
    ("create table landfall.redshift.t (a int)", "42501"),
    ("create table redshift . t as select 1 as a", "42501"),
    ('create or replace view "redshift".t as select 1 as a', "42501"),
    ("create view redshift.t as select 1 as a with no schema binding", "42501"),
    ("create materialized view redshift.t as select 1 as a", "42501"),
    ("create function redshift.f() returns int stable as $$ select 1 $$ language sql", "42501"),
    ('create procedure "pg_catalog".p() as $$ begin null; end $$ language plpgsql', "42501"),
    ("drop table redshift.{probe}", "42501"),
    ('drop table nowhere, "redshift".{probe} cascade', "42501"),
    ("truncate landfall.redshift.{probe}", "42501"),
    ("truncate  table redshift.{probe}", "42501"),
    ('alter table "redshift".{probe} rename to mine', "42501"),
]


@pytest.fixture
def probe(facts: dict[str, Any]) -> Iterator[str]:
    """A table with a row among what the front keeps for itself."""
    name = f"probe_{uuid.uuid4().hex[:12]}"
    postgres = psycopg2_connection(facts, port="postgres_port").cursor()
    postgres.execute(f"create table redshift.{name} as select 1 as a")
    yield name
    postgres.execute(f"drop table redshift.{name}")
    postgres.connection.close()


@pytest.mark.parametrize(("statement", "sqlstate"), SYSTEM_SCHEMAS)
def test_what_the_systems_schemas_hold_stays_as_it_is(
    client: Client, facts: dict[str, Any], probe: str, statement: str, sqlstate: str
) -> None:
    client.run("begin")  # what were not refused would be taken back
    try:
        assert client.error(statement.format(probe=probe))["C"] == sqlstate
        assert client.error("select 1")["C"] == "25P02"
    finally:
        client.run("rollback")
    asked = psycopg2_connection(facts, port="postgres_port").cursor()
    asked.execute(f"select a from redshift.{probe}")  # noqa: S608 - a name of this test's own
    assert asked.fetchall() == [(1,)]
    asked.execute("select 1 from pg_class where relname = 't' and relnamespace = 'redshift'::regnamespace")
    assert asked.fetchall() == []
    asked.connection.close()


def test_a_name_that_a_system_schema_has_is_free_elsewhere(client: Client, schema: str) -> None:
    client.run(
        'create table redshift (pg_catalog int, "redshift" int)',
        f'create table landfall.{schema}."pg_catalog" (a int)',
        'alter table redshift rename to "information_schema"',
        f"drop table {schema}.pg_catalog, information_schema",
    )
    user = f"redshift_{uuid.uuid4().hex[:12]}"
    client.run(f"create schema {user}", f"alter schema {user} owner to current_user", f"drop schema {user}")
    assert client.error(f"alter schema {schema} owner to redshift")["C"] == "42704"  # there is no such user
    assert client.error(f"alter schema {schema} rename to redshift")["C"] == "42P06"


def test_what_fails_in_a_transaction_is_told_whatever_characters_it_names(client: Client) -> None:
    for name in ("x$redshift$y", "it's $$ \\"):
        client.run("begin")
        error = client.error(f'create table t ("{name}" json)')
        assert (error["C"], error["M"]) == ("0A000", f'Column "t.{name}" has unsupported type "json".')
        client.run("rollback")


def test_words_in_strings_comments_and_quoted_names_are_no_reason_to_refuse(client: Client) -> None:
    client.run("""create table t ("on conflict" int)""", """insert into t values (1) -- on conflict do nothing""")
    assert client.run("""select 'array[1] filter (where' /* lateral */, "on conflict" from t""")[0][1] == 1


def test_a_users_table_that_is_called_as_a_system_table_is_is_none(client: Client, schema: str) -> None:
    client.run("create table sys_user_list (id int)", "insert into sys_user_list values (1), (2)")
    client.run("create table b (aid int)", "insert into b values (1), (3)")
    asked = "select id from {} s where s.id not in (select aid from b where b.aid = s.id)"
    assert client.run(asked.format("sys_user_list")) == [(2,)]
    assert client.run(asked.format(f"{schema}.sys_user_list")) == [(2,)]
    common = "select id from svl_common c where c.id not in (select u.id from sys_user_list u where u.id = c.id)"
    assert client.run(f"with svl_common as (select 3 as id) {common}") == [(3,)]
    system = "select query from stl_query s where s.query not in (select aid from b where b.aid = s.query)"
    assert client.error(system)["C"] == "XX000"
    mixed = "select count(*) from sys_user_list, pg_class where has_table_privilege(relname, 'select')"
    assert client.error(mixed)["C"] == "0A000"
