"""Names of 64 to 127 bytes: Redshift keeps them whole, PostgreSQL does not (local/redshift/names.py)."""

# ruff: noqa: S608 - statements about names are made of names

from __future__ import annotations

import re
import time
import uuid
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from local.redshift.errors import RedshiftError
from local.redshift.names import BEGINS, GOES_ON, Names, physical, physical_words
from tests.local.redshift.support import Client, Exports, Lake, psycopg2_connection

# Two that PostgreSQL would take for one, in letters, and of characters of several bytes.
FIRST, SECOND = "a" * 100 + "_first", "a" * 100 + "_second"
ACCENTED = "é" * 63


def test_tables_whose_names_differ_only_behind_what_postgresql_keeps_are_two(client: Client) -> None:
    client.run(f"create table {FIRST} (a int)", f"create table {SECOND} (a int)")
    client.run(f"insert into {FIRST} values (1)", f'insert into "{SECOND.upper()}" values (2)')
    assert client.run(f"select one.a, two.a from {FIRST} as one cross join {SECOND} as two") == [(1, 2)]
    client.run(f"drop table {FIRST}")
    assert client.value(f"select count(*) from {SECOND}") == 1
    assert FIRST in client.error(f"select * from {FIRST}")["M"]


@pytest.mark.parametrize("name", [f'"{"x" * 128}"', "x" * 128, f'"{"é" * 64}"'])
@pytest.mark.parametrize(
    "statement", ["create table {} (a int)", "create table t ({} int)", "select 1 as {}", "select 1 as a from t as {}"]
)
def test_names_that_redshift_does_not_keep_are_refused(client: Client, statement: str, name: str) -> None:
    assert client.error(statement.format(name))["C"] == "42622"


@pytest.mark.parametrize("name", [FIRST, ACCENTED, "x" * 63, "x" * 64, f'{"q" * 70} "of" {"q" * 40}'])
def test_a_long_name_comes_back_whole(client: Client, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    client.run(f"create table t ({quoted} int, b int)", f"insert into t ({quoted}) values (7)")
    cursor = client.connection.cursor()
    for query in ("select * from t", f"select {quoted} from t", f"select t.{quoted} from (select * from t) as t"):
        cursor.execute(query)
        assert cursor.description[0][0] == name
        assert cursor.fetchall()[0][0] == 7
    cursor.execute(f"select a.{quoted} as {quoted} from t as a join t as b using ({quoted}) where a.{quoted} = 7")
    assert [column[0] for column in cursor.description] == [name]
    client.run(f"update t set {quoted} = {quoted} + 1", f"alter table t rename column {quoted} to c")
    assert client.value("select c from t") == 8


CATALOG = (
    "select relname from pg_class where relname = '{}'"
    " and relnamespace = (select oid from pg_namespace where nspname = '{schema}')",
    "select c.relname from pg_class c join pg_namespace n on c.relnamespace = n.oid where relname like '%_first'"
    " and n.nspname = '{schema}'",
    "select table_name from information_schema.tables where table_name ilike '{}' and table_schema = '{schema}'",
    "select table_name from svv_tables where table_schema = '{schema}' and len(table_name) = 106",
    "select table_name from information_schema.columns where column_name = repeat('b', 80)"
    " and ordinal_position = 1 and table_schema = '{schema}'",
    "select tablename from pg_table_def where schemaname = '{schema}' and \"column\" = '{column}'",
    "select \"table\" from svv_table_info where \"schema\" = '{schema}' and \"table\" = '{}' and sortkey1 = '{column}'",
    "select table_name from svv_redshift_columns where column_name = '{column}' and sortkey = 1"
    " and schema_name = '{schema}'",
    "select relname from (select * from pg_class) as c where upper(relname) = upper('{}')"
    " and relnamespace = (select oid from pg_namespace where nspname = '{schema}')",
)


@pytest.mark.parametrize("query", CATALOG)
def test_the_catalog_tells_the_true_name_and_is_asked_by_it(client: Client, schema: str, query: str) -> None:
    column = "b" * 80
    client.run(f"create table {FIRST} ({column} int) sortkey ({column})", f"insert into {FIRST} values (1)")
    client.run(f"create table {SECOND} (a int)")
    assert client.run(query.format(FIRST, schema=schema, column=column)) == [(FIRST,)]


def test_show_commands_take_and_tell_long_names(client: Client, schema: str) -> None:
    column = "b" * 80
    client.run(f"create table {FIRST} ({column} int)", f"create view {SECOND} as select {column} from {FIRST}")
    database = client.value("select current_database()")
    assert [row[2] for row in client.run(f"show tables from schema {database}.{schema} like '%_first'")] == [FIRST]
    assert [row[3] for row in client.run(f"show columns from table {database}.{schema}.{FIRST}")] == [column]
    assert f"{FIRST} (\n    {column} integer" in client.value(f"show table {schema}.{FIRST}")
    assert FIRST in client.value(f"show view {schema}.{SECOND}")


def test_long_names_are_named_to_functions_of_privileges_and_cast_to_a_relation(client: Client, schema: str) -> None:
    client.run(f"create table {FIRST} (a int)")
    user = client.value("select current_user")
    assert client.value(f"select has_table_privilege('{user}', '{schema}.{FIRST}', 'select')") is True
    assert client.value(f"select relname from pg_class where oid = '{schema}.{FIRST}'::regclass") == FIRST


def test_schemas_ctes_late_binding_views_procedures_and_temporary_tables_have_long_names(
    client: Client, other_client: Client, schema: str
) -> None:
    fellow = f"{schema}_{'s' * 90}"
    try:
        client.run(f"create schema {fellow}", f"create table {fellow}.{FIRST} (a int)")
        client.run(f"create view {fellow}.{SECOND} as select a from {fellow}.{FIRST} with no schema binding")
        client.run(f"drop table {fellow}.{FIRST}", f"create table {fellow}.{FIRST} as select 5 as a")
        assert other_client.value(f"select a from {fellow}.{SECOND}") == 5
        client.run(f"set search_path to {fellow}")
        assert client.value(f"with {SECOND} as (select a + 1 as a from {FIRST}) select a from {SECOND}") == 6
        assert client.value("select current_schema()") == fellow
        client.run(f"create temp table #{FIRST} (a int)", f"insert into #{FIRST} values (9)")
        assert client.value(f"select a from #{FIRST}") == 9
        body = f"begin update {FIRST} set a = 10; end"
        client.run(f"create procedure {SECOND}() language plpgsql as $$ {body} $$", f"call {SECOND}()")
        assert client.value(f"select a from {FIRST}") == 10
    finally:
        client.run(f"drop schema {fellow} cascade")


def test_a_name_that_begins_with_a_hash_is_a_temporary_table_s(client: Client, lake: Lake) -> None:
    client.run("create table #a (n int)", "insert into #a values (1)", "select n + 1 as n into #b from #a")
    client.run("create table #c as select n + 2 as n from #a", "select n + 3 as n into temp d from #a")
    client.run(lake.copy("#a", lake.put(pa.table({"n": pa.array([9], pa.int32())}))), "alter table #a rename to e")
    union = "select n from e union all select n from #b union all select n from #c union all select n from d"
    assert client.run(f"{union} order by 1") == [(1,), (2,), (3,), (4,), (9,)]
    temporary = "select count(*) from pg_class where relname in ('e', '#b', '#c', 'd') and relpersistence = 't'"
    assert client.value(temporary) == 4
    client.run("drop table #b")
    assert client.error("select n from #b")["C"] == "42P01"
    assert client.value("select 5 # 1") == 4


def test_a_super_value_has_keys_of_any_length(client: Client) -> None:
    client.run("create table t (o super)", f'insert into t values (json_parse(\'{{"{FIRST}": {{"{SECOND}": 3}}}}\'))')
    assert client.value(f"select t.o.{FIRST}.{SECOND}::int from t") == 3
    assert client.value(f'select o."{FIRST}"."{SECOND}" from t') == "3"


def test_unpivot_tells_the_true_names_of_columns(client: Client) -> None:
    client.run(f"create table t ({FIRST} int, {SECOND} int)", "insert into t values (1, 2)")
    turned = f"select label, number from t unpivot (number for label in ({FIRST}, {SECOND}))"
    client.run(f"create table u as {turned}")
    assert client.run(f"select number from u where label = '{SECOND}'") == [(2,)]


def test_copy_and_unload_know_long_columns_by_their_names(client: Client, lake: Lake, exports: Exports) -> None:
    client.run(f"create table {FIRST} ({SECOND} int, {ACCENTED} int)")
    client.run(lake.copy(FIRST, lake.put(pa.table({"a": pa.array([1], pa.int32()), "b": pa.array([2], pa.int32())}))))
    line = f'{{"{ACCENTED}": 4, "{SECOND}": 3}}'
    url = lake.put(line.encode(), f"{uuid.uuid4().hex}.json")
    client.run(f"copy {FIRST} ({ACCENTED}, {SECOND}) from '{url}' iam_role '{lake.role}' json 'auto'")
    assert client.run(f"select * from {FIRST} order by 1") == [(1, 2), (3, 4)]
    client.run(exports.unload(f"select * from {FIRST}"))
    assert sorted(map(str, exports.rows())) == [str({SECOND: a, ACCENTED: b}) for a, b in ((1, 2), (3, 4))]
    wide = lake.put(pa.table({"a": pa.array([1], pa.int64()), "b": pa.array([2], pa.int32())}))
    assert SECOND in client.error(lake.copy(FIRST, wide))["D"]
    loads = "select count(*) from sys_load_history where table_name = '{}'"
    assert client.value(loads.format(FIRST)) == 3
    assert client.value(f"select count(*) from {FIRST}") == 2


def test_the_history_tells_a_statement_as_it_was_sent(client: Client, schema: str) -> None:
    client.run(f"create table {schema}.{FIRST} (a int)", f"insert into {schema}.{FIRST} values (1)")
    sent = f"select query_text from sys_query_history where query_text like 'insert into {schema}.%'"
    assert client.value(sent).strip() == f"insert into {schema}.{FIRST} values (1)"


@pytest.mark.parametrize(
    "statement",
    ["create user {} password 'Abcdefg1'", "create user \"{}\" password 'Abcdefg1'", "create database {}"],
)
def test_names_by_which_one_logs_in_are_refused_by_name(client: Client, statement: str) -> None:
    error = client.error(statement.format("u" * 64))
    assert (error["C"], "local Redshift" in error["M"]) == ("42622", True)
    assert client.value("select count(*) from pg_user where usename like 'uuuuuuu%'") == 0


def test_a_session_that_began_before_a_name_was_known_is_told_it(client: Client, other_client: Client) -> None:
    fresh = f"{'n' * 70}_{uuid.uuid4().hex}"
    other_client.run("begin", "select 1")
    client.run(f"create table {fresh} (a int)")
    other_client.run("commit")
    assert other_client.run(f"select table_name from svv_tables where table_name = '{fresh}'") == [(fresh,)]


def test_nothing_outside_code_is_shortened(client: Client) -> None:
    assert client.run(f"select '{FIRST}' as a /* {FIRST} */, 'x' as \"{SECOND}\" -- {FIRST}") == [(FIRST, "x")]
    client.run("create table t (a varchar(200))", f"insert into t values ('{FIRST}')")
    assert client.run("select a, length(a) from t") == [(FIRST, len(FIRST))]


def test_the_file_of_a_name_is_all_that_its_function_reads(facts: dict[str, Any]) -> None:
    client = psycopg2_connection(facts, port="postgres_port")
    with client.cursor() as cursor:
        cursor.execute("select rs_kept_name('../PG_VERSION'), rs_true_name('a_rs0123456789abcdef')")
        assert cursor.fetchone() == (None, "a_rs0123456789abcdef")
    client.close()


def test_names_are_known_again_after_a_restart(tmp_path: Path) -> None:
    names = Names()
    early = names.physical(FIRST)  # before there was a folder
    names.keep_in(tmp_path)
    short = names.physical(SECOND)
    assert len({early, short, FIRST[:63]}) == 3
    assert names.physical(SECOND) == short
    again = Names()
    assert again.true_names(short.encode()) == short.encode()
    again.keep_in(tmp_path)
    assert again.true_names(f"{early}.{short}".encode()).decode() == f"{FIRST}.{SECOND}"
    assert len(list((tmp_path / "redshift_names").iterdir())) == 2


def test_a_name_that_fits_is_left_alone() -> None:
    assert not Names()
    assert physical("x" * 63) == "x" * 63
    assert physical_words("a" * 63 + "." + "b" * 16) == "a" * 63 + "." + "b" * 16
    with pytest.raises(RedshiftError):
        physical("x" * 128)


@pytest.mark.parametrize(
    ("ours", "ranges"), [(BEGINS, r"[A-Za-z_\x80-\U0010ffff]"), (GOES_ON, r"[\w$\x80-\U0010ffff]")]
)
@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_the_characters_of_names_are_those_of_ranges_that_are_dear_to_compile(
    ours: str, ranges: str, flags: int
) -> None:
    every = "".join(map(chr, range(0x110000)))
    assert re.findall(ours, every, flags) == re.findall(ranges, every, flags)
    assert seconds_to_compile(ours, flags) < seconds_to_compile(ranges, flags) / 4


def seconds_to_compile(pattern: str, flags: int) -> float:
    started = time.process_time()
    for number in range(20):
        re.compile(f"{pattern}{{{number + 1}}}", flags)  # another each time: `re` remembers what it has compiled
    return time.process_time() - started
