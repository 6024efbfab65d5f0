"""Redshift's SQL on the local Redshift: each construct gives what Redshift's documentation says."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from tests.local.redshift.support import Client, psycopg2_connection

FUNCTIONS: list[tuple[str, Any]] = [
    ("nvl(null, nvl(null, 3))", 3),
    ("nvl2(null::int, 1, 2)", 2),
    ("nvl2(5, 1, 2)", 1),
    ("decode(2, 1, 'one', 2, 'two', 'many')", "two"),
    ("decode(9, 1, 'one', 2, 'two', 'many')", "many"),
    ("decode(null::int, null, 'nothing')", "nothing"),
    ("len('ééé')", 3),
    ("octet_length('ééé')", 6),
    ("concat('a', 'b')", "ab"),
    ("concat('a', null)", None),
    ("charindex('b', 'abc')", 2),
    ("regexp_replace('a1b2', '[0-9]', '')", "ab"),
    ("regexp_substr('ab12', '[0-9]+')", "12"),
    ("split_part('a-b-c', '-', 2)", "b"),
    ("strtol('ff', 16)", 255),
    ("sha2('', 256)", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("try_cast('12' as int)", 12),
    ("try_cast('twelve' as int)", None),
    ("dateadd(month, 1, '2025-01-31'::timestamp)", datetime(2025, 2, 28)),
    ("dateadd(qtr, -1, '2025-04-01'::date)", datetime(2025, 1, 1)),
    ("datediff(day, '2025-01-01 23:59'::timestamp, '2025-01-02'::timestamp)", 1),
    ("datediff(week, '2025-01-04'::date, '2025-01-05'::date)", 1),  # weeks begin on Sunday
    ("datediff(yrs, '2024-12-31'::date, '2025-01-01'::date)", 1),
    ("extract(year from '2025-03-04'::timestamp)", 2025),
    ("extract(month from '2025-07-04'::date) / 2", 3),  # an integer, so the division cuts
    ("date_part(dow, '2025-01-05'::timestamp)", 0),
    ("date_trunc('month', '2025-03-04'::date)", datetime(2025, 3, 1)),
    ("datediff(hour, '2025-01-01 00:00'::timestamp, '2025-01-01 05:00+02'::timestamptz)", 3),
    ("dateadd(day, 1, '2025-01-01'::date)", datetime(2025, 1, 2)),
    ("round(2.345::float, 2)", 2.35),
    ("round(2.5)", Decimal("3")),
    ("last_day('2024-02-10'::timestamp)", date(2024, 2, 29)),
    ("add_months('2025-02-28'::timestamp, 1)", datetime(2025, 3, 31)),
    ("trunc('2025-03-04 05:06'::timestamp)", date(2025, 3, 4)),
    ("convert_timezone('UTC', 'America/New_York', '2025-01-01 12:00'::timestamp)", datetime(2025, 1, 1, 7)),
    ("json_extract_path_text('{\"a\": {\"b\": 1}}', 'a', 'b')", "1"),
    ("is_valid_json('{}')", True),
    ("is_valid_json('[1]')", False),
    ('json_serialize(json_parse(\'[1, {"a b": "c: d"}]\'))', '[1,{"a b":"c: d"}]'),
    ("json_serialize(null::super)", "null"),  # as JSON writes it
    ('json_serialize(json_parse(\'{"k": "q\\\\"u o\\\\\\\\"}\'))', '{"k":"q\\"u o\\\\"}'),
    ("json_serialize(json_parse(to_varbyte('[1, 2]', 'utf8')))", "[1,2]"),
    ("json_size(json_parse('[1, 2]'))", 5),
    ("to_hex(from_hex('00fF'))", "00ff"),
    ("to_hex(from_hex('4'))", "04"),
    ("from_varbyte(to_varbyte('6162', 'hex'), 'utf8')", "ab"),
    ("from_varbyte(to_varbyte('YWI=', 'base64'), 'base64')", "YWI="),
    ("len(to_varbyte('é', 'utf-8'))", 2),
    ("'12:34:56.789012'::time", time(12, 34, 56, 789012)),
    # of its own accord the driver rounds to 28 digits what comes in binary
    ("99999999999999999999999999999999999999::decimal(38, 0)::varchar", "9" * 38),
    ("'it''s; -- not a comment'", "it's; -- not a comment"),
    ("'nvl(' || nvl(null, 'sysdate')", "nvl(sysdate"),
    ("'a\\\\b'", "a\\b"),  # a backslash escapes in Redshift's strings
    ("5::decimal / 2", Decimal("2.5000000000000000")),
]


@pytest.mark.parametrize(("expression", "expected"), FUNCTIONS, ids=[expression for expression, _ in FUNCTIONS])
def test_an_expression_has_the_value_that_redshift_gives(administrator: Client, expression: str, expected: Any) -> None:
    assert administrator.value(f"select {expression}") == expected


AGGREGATES: list[tuple[str, Any]] = [
    ("avg(a)", 2),  # of 1, 2, 4: cut
    ("avg(b)", 2),
    ("avg(c)", Decimal("2.33")),  # the scale of its argument
    ("median(a)", 2.0),
    ("listagg(a, '-') within group (order by a desc)", "4-2-1"),
    ("listagg(distinct d, ',') within group (order by d)", "x,y"),
    ("approximate count(distinct d)", 2),
    ("any_value(e)", "same"),
]


@pytest.mark.parametrize(("aggregate", "expected"), AGGREGATES, ids=[aggregate for aggregate, _ in AGGREGATES])
def test_an_aggregate_has_the_value_that_redshift_gives(client: Client, aggregate: str, expected: Any) -> None:
    client.run("create table t (a int, b bigint, c decimal(9,2), d varchar(9), e varchar(9))")
    client.run("insert into t values (1, 1, 1, 'x', 'same'), (2, 2, 2, 'y', 'same'), (4, 4, 4, 'x', 'same')")
    assert client.value(f"select {aggregate} from t") == expected


def test_the_current_time_is_utc_without_a_zone(administrator: Client) -> None:
    statement, transaction, now = administrator.run("select getdate(), sysdate, getdate() at time zone 'UTC'")[0]
    assert statement.tzinfo is None
    assert abs((statement - transaction).total_seconds()) < 5
    assert abs((now.replace(tzinfo=None) - statement).total_seconds()) < 1


def test_of_rows_a_date_part_gives_what_it_gives_of_literals_and_nothing_of_null(client: Client) -> None:
    rows = [(-2, "2024-02-29 23:59:58.25", "2025-01-05"), (90_000, "2025-01-04 00:00:00", "2024-12-31 12:00:00")]
    client.run("create table t (k int, a timestamp, b timestamp)")
    client.run(*(f"insert into t values ({k}, '{a}', '{b}')" for k, a, b in rows))
    client.run(
        f"insert into t values (null, '{rows[0][1]}', '{rows[0][2]}'), (1, null, '{rows[0][2]}'), (1, null, null)"
    )
    for part in ("yr", "qtr", "mon", "w", "d", "h", "m", "s", "ms", "us"):
        told = f"dateadd({part}, k, a), date_add('{part}', k, a), datediff({part}, a, b), extract({part} from a)"
        of_literals = [
            client.run(f"select {told} from (select {k} as k, '{a}'::timestamp as a, '{b}'::timestamp as b)")[0]
            for k, a, b in rows
        ]
        assert client.run(f"select {told} from t order by k nulls last, a limit 4") == [
            of_literals[0],
            (None, None, None, None),
            (None, None, None, None),
            of_literals[1],
        ]
        assert client.run(f"select {told} from t where k is null") == [(None, None, *of_literals[0][2:])]


def test_qualify_filters_rows_by_a_window(client: Client) -> None:
    client.run("create table t (k int, v varchar(9))", "insert into t values (1, 'a'), (1, 'b'), (2, 'c')")
    latest = "select k, nvl(v, 'qualify') as v from t qualify row_number() over (partition by k order by v desc) = 1"
    assert sorted(client.run(latest)) == [(1, "b"), (2, "c")]


def test_top_limits_rows(client: Client) -> None:
    client.run("create table t (k int)", "insert into t values (1), (2), (3)")
    assert client.run("select top 2 k from t order by k desc") == [(3,), (2,)]


def test_quoted_identifiers_are_folded_like_others(client: Client) -> None:
    client.run('create table "Mixed" ("Order" int)', 'insert into MIXED ("ORDER") values (1)')
    assert client.run('select "oRDER" from mixed') == [(1,)]


def test_names_beyond_ascii_are_not_folded(client: Client) -> None:
    client.run(
        'create table "ÄTable" ("À" int encode raw, à int, Éa int) sortkey ("À")',
        'insert into "ÄTABLE" values (1, 2, 3)',
    )
    assert client.run('select "À", À as Û, à, ÉA from ÄTABLE where "À" = 1') == [(1, 1, 2, 3)]
    schema = client.value("select current_schema()")
    # redshift_connector folds all letters of the names that it tells
    with psycopg2_connection(client.facts, schema) as connection, connection.cursor() as cursor:
        cursor.execute('select "À", À as Û, "à", ÉA from "Ätable"')
        assert [column.name for column in cursor.description] == ["À", "Û", "à", "Éa"]
    assert client.run("select column_name from svv_columns where table_name = 'Ätable' order by ordinal_position") == [
        ("À",), ("à",), ("Éa",)
    ]  # fmt: skip
    assert client.run("select \"column\", encoding, sortkey from pg_table_def where tablename = 'Ätable'") == [
        ("À", "none", 1), ("à", "az64", 0), ("Éa", "az64", 0)
    ]  # fmt: skip
    client.run(f'create view "ÖView" as select "À" from {schema}.ÄTABLE with no schema binding')
    assert client.run('select * from "Öview"') == [(1,)]


DDL = [
    "create table x (a int encode az64 distkey sortkey, b varchar(9) encode lzo) diststyle key",
    "create table x (a int not null, b varchar(9), primary key (a), unique (b)) distkey (a) compound sortkey (a, b)",
    "create table x (a int primary key, b int references y (a)) diststyle all",
    "create table x diststyle even sortkey auto as select 1 as a",
    "create table if not exists x (a int) diststyle auto sortkey (a) encode auto",
    "create temp table x (like y)",
    "create table x (a bigint identity(1, 1), b int)",
    "create table x (a int) backup no",
]


@pytest.mark.parametrize("statement", DDL)
def test_create_table_takes_redshifts_attributes(client: Client, statement: str) -> None:
    client.run("create table y (a int)", statement)
    assert client.value("select count(*) from x") in (0, 1)


def test_keys_are_informational(client: Client) -> None:
    client.run("create table t (a int primary key, b int unique)", "insert into t values (1, 1), (1, 1)")
    assert client.value("select count(*) from t") == 2


def test_not_null_is_enforced(client: Client) -> None:
    error = client.error("create table t (a int not null)", "insert into t values (null)")
    assert (error["C"], error["M"]) == ("23502", "Cannot insert a NULL value into column a")


def test_a_schemas_name_may_have_its_database_in_front(client: Client, schema: str, facts: dict[str, Any]) -> None:
    database = facts["database"]
    client.run(f'create schema if not exists "{database}"."{schema}_more"', f"create table {schema}_more.t (a int)")
    assert client.error(f"create schema other.{schema}_elsewhere")["C"] == "3D000"
    assert client.error(f"drop schema {database}.{schema}_more")["C"] == "2BP01"
    client.run(f"drop schema if exists {database}.{schema}_more cascade")
    assert client.value(f"select count(*) from pg_namespace where nspname like '{schema}\\_%'") == 0


def test_a_database_that_is_made_is_a_redshift_too(administrator: Client, facts: dict[str, Any], schema: str) -> None:
    name = f"{schema}-more"
    administrator.run(f'create database "{name}"')
    elsewhere = Client({**facts, "database": name})
    try:
        assert elsewhere.value("select nvl(null, current_database())") == name
        assert elsewhere.run("select count(*) from svv_redshift_schemas where schema_name = 'public'") == [(1,)]
        elsewhere.run(f'create schema "{name}".own', "create table own.t (a int sortkey, d decimal) diststyle all")
        assert elsewhere.run(f'show tables from schema "{name}".own')[0][:3] == (name, "own", "t")
        assert administrator.error(f'show tables from schema "{name}".own')["C"] == "3D000"
    finally:
        elsewhere.close()
        administrator.run(f'drop database "{name}"')


def test_where_takes_an_alias_of_the_select_list_for_a_name_that_no_column_has(client: Client) -> None:
    client.run("create table t (a int, b int)", "insert into t values (1, 10), (2, 20)")
    assert client.run("select a + 1 as c, b from t where c = 3") == [(3, 20)]
    assert client.run("select a + 1 as b from t where b = 10") == [(2,)]
    assert client.error("select a + 1 as c from t where d = 3")["C"] == "42703"
    assert client.error("select max(a) as c from t where c = 3")["C"] == "42803"


@pytest.mark.parametrize(
    "action",
    [
        "alter distkey a",
        "alter diststyle all",
        "alter sortkey (a)",
        "alter column a encode zstd",
        "add primary key (a)",
    ],
)
def test_alter_table_of_storage_and_keys_has_no_effect_on_rows(client: Client, action: str) -> None:
    client.run("create table t (a int not null)", "insert into t values (1), (1)", f"alter table t {action}")
    assert client.value("select count(*) from t") == 2


def test_columns_are_added_with_an_encoding(client: Client) -> None:
    client.run("create table t (a int)", "alter table t add column b varchar encode lzo default 'x'")
    client.run("insert into t (a) values (1)")
    assert client.run("select * from t") == [(1, "x")]


def test_redshift_only_commands_run(client: Client) -> None:
    client.run("create table t (a int)", "insert into t values (1)")
    client.run("vacuum delete only t to 99 percent", "analyze t predicate columns")
    client.run("begin isolation level serializable", "lock t", "end")
    assert client.value("select count(*) from t") == 1


@pytest.mark.parametrize(
    "made",
    [
        "t (a int primary key, b int)",
        "t (a int, b int, primary key (a))",
        't ("A" int, b int, constraint k primary key ("a"))',
    ],
)
def test_the_columns_of_a_primary_key_take_no_null(client: Client, made: str) -> None:
    client.run(f"create table {made}", "insert into t values (1, null), (1, null)")
    assert client.error("insert into t (b) values (2)")["C"] == "23502"
    assert client.value("select count(*) from t") == 2


def test_a_nullable_column_becomes_no_primary_key(client: Client) -> None:
    client.run("create table t (a int, b int not null, c int)")
    for keyed in ("primary key (a)", "constraint k primary key (b, c)"):
        assert client.error(f"alter table t add {keyed}")["C"] == "42P16"
    assert "primary key" not in client.value("show table t")
    client.run("alter table t add primary key (b)")
    assert "primary key (b)" in client.value("show table t")


def test_merge_updates_and_inserts(client: Client) -> None:
    client.run("create table t (k int, v int)", "insert into t values (1, 1)")
    client.run("create table s (k int, v int)", "insert into s values (1, 10), (2, 20)")
    client.run(
        "merge into t using s on t.k = s.k when matched then update set v = s.v "
        "when not matched then insert (k, v) values (s.k, s.v)"
    )
    assert sorted(client.run("select * from t")) == [(1, 10), (2, 20)]


def test_merge_refuses_two_source_rows_for_one_target_row(client: Client) -> None:
    client.run("create table t (k int, v int)", "insert into t values (1, 1)")
    client.run("create table s (k int, v int)", "insert into s values (1, 10), (1, 20)")
    error = client.error(
        "merge into t using s on t.k = s.k when matched then update set v = s.v "
        "when not matched then insert values (s.k, s.v)"
    )
    assert error["M"] == "Found multiple matches to update the same tuple."
    assert client.run("select * from t") == [(1, 1)]


@pytest.mark.parametrize(
    ("rows", "given", "merged"),
    [
        ("(30, 'Tony'), (11, 'Alice'), (23, 'Bill')", "(23, 'David'), (22, 'Clarence')",
         [(11, "Alice"), (22, "Clarence"), (23, "David"), (30, "Tony")]),
        ("(30, 'Tony'), (30, 'Daisy'), (23, 'Bill'), (23, 'Nikki')", "(23, 'David'), (22, 'Clarence')",
         [(22, "Clarence"), (23, "David"), (30, "Daisy"), (30, "Tony")]),
        ("(1, 'a')", "(2, 'b'), (2, 'c')", [(1, "a"), (2, "b"), (2, "c")]),
        ("(null, 'a')", "(null, 'b')", [(None, "a"), (None, "b")]),
    ],
)  # fmt: skip
def test_merge_removes_duplicates(client: Client, rows: str, given: str, merged: list[tuple[Any, ...]]) -> None:
    client.run("create table t (k int, v varchar(9))", f"insert into t values {rows}")
    client.run("create table s (other int, name varchar(9))", f"insert into s values {given}")
    client.run("merge into t using s as x on t.k = x.other remove duplicates")
    assert client.run("select * from t order by k, v") == merged


@pytest.mark.parametrize(("source", "state"), [("s (k int, v varchar(9), more int)", "42804"), ("u (k int)", "42P01")])
def test_merge_removes_no_duplicates_by_a_source_of_another_shape(client: Client, source: str, state: str) -> None:
    client.run("create table t (k int, v varchar(9))", "insert into t values (1, 'a')", f"create table {source}")
    assert client.error("merge into t using s on t.k = s.k remove duplicates")["C"] == state
    assert client.run("select * from t") == [(1, "a")]


def test_merge_with_remove_duplicates_refuses_two_source_rows_for_one_target_row(client: Client) -> None:
    client.run("create table t (k int, v int)", "insert into t values (1, 1), (1, 2)")
    client.run("create table s (k int, v int)", "insert into s values (1, 10), (1, 20)")
    error = client.error("merge into t using s on t.k = s.k remove duplicates")
    assert error["M"] == "Found multiple matches to update the same tuple."
    assert client.run("select * from t order by v") == [(1, 1), (1, 2)]


MISFITS = [
    ("select from_hex('zz')", "22023", "select from_hex('61')"),
    ("select to_varbyte('a', 'rot13')", "22023", "select to_varbyte('a', 'UTF8')"),
    ("select json_parse('{bad')", "22P02", "select json_parse('{}')"),
    (f"select json_parse('[\"{'x' * 65532}\"]')", "22001", f"select json_parse('[\"{'x' * 65531}\"]')"),
    ("select 1e38::decimal(38, 0)", "22003", "select 1e37::decimal(38, 0)"),
    ("insert into t values (from_hex('000102'))", "22001", "insert into t values (from_hex('0001'))"),
]


@pytest.mark.parametrize(("refused", "sqlstate", "accepted"), MISFITS, ids=[misfit[0][:40] for misfit in MISFITS])
def test_a_value_that_its_type_cannot_hold_is_refused(
    client: Client, refused: str, sqlstate: str, accepted: str
) -> None:
    client.run("create table t (a varbyte(2))")
    assert client.error(refused)["C"] == sqlstate
    assert client.value("select count(*) from t") == 0
    client.run(accepted)


def test_a_column_is_widened_inside_a_transaction(client: Client, other_client: Client) -> None:
    client.run("create table t (a smallint, b varchar(9))", "insert into t values (7, 'x')", "begin")
    client.run("alter table t add column wide bigint", "update t set wide = a", "alter table t drop column a")
    client.run("alter table t rename column wide to a", f"insert into t (a) values ({2**40})", "rollback")
    assert client.run("select a, b from t") == [(7, "x")]
    client.run("begin", "alter table t add column wide bigint", "update t set wide = a")
    client.run("alter table t drop column a", "alter table t rename column wide to a", "commit")
    client.run(f"insert into t (a) values ({2**40})")
    assert other_client.run("select a, b from t order by a") == [(7, "x"), (2**40, None)]


def test_tables_that_were_just_filled_are_joined_by_hash_or_merge(client: Client) -> None:
    """PostgreSQL would expect one row of them, having no statistics, and compare each row with every other."""
    digits = "(select 0 as d union select 1 union select 2 union select 3 union select 4)"
    numbers = " cross join ".join(f"{digits} as d{number}" for number in range(6))
    n = " + ".join(f"d{number}.d * {5**number}" for number in range(6))
    client.run(f"create table sent as select {n} as key_1, {n} as key_2, 'a' as run, 'b' as status from {numbers}")
    client.run("create table held as select * from sent")
    equal = "sent.key_1 = held.key_1 and sent.key_2 = held.key_2 and sent.status = held.status"
    rows = f"from sent inner join held on {equal} where sent.run = 'a' and sent.status = 'b' and held.run = 'a'"
    plan = " ".join(line for (line,) in client.run(f"explain select count(*) {rows}"))
    assert ("Hash Join" in plan or "Merge Join" in plan, "Nested Loop" in plan) == (True, False), plan
    assert client.value(f"select count(*) {rows}") == 5**6


def test_a_scan_that_two_parts_of_a_query_name_is_read_twice_and_what_is_computed_once(client: Client) -> None:
    """PostgreSQL writes to disk what two parts name: of a batch that gates look at, all its rows for each gate."""
    client.run("create table t as select 1 as a, 'x' as b union all select 2, 'y' union all select 3, 'x'")
    two = "select one.{0}, other.{0} from {1} as one inner join {1} as other on one.{0} = other.{0}"

    def plan(query: str) -> str:
        return " ".join(line for (line,) in client.run(f"explain {query}"))

    scans = f"with kept as (select a, b as c from t where a > 1 and b like 'x%') {two.format('a', 'kept')}"
    assert ("CTE Scan" in plan(scans), client.run(scans)) == (False, [(3, 3)])
    for body in (
        "select random() as a from t",
        "select a from t where a < 9 * random()",
        "select a from t where a in (select max(a) from t)",
        "select b as a, count(*) as n from t group by b",
        "select distinct b as a from t",
        "select a from t order by a limit 2",
        "select t.a from t inner join t as u on t.a = u.a",
    ):
        assert "CTE Scan" in plan(f"with kept as ({body}) {two.format('a', 'kept')}"), body
    assert len(client.run(f"with drawn as (select random() as a from t) {two.format('a', 'drawn')}")) == 3


def test_a_query_may_name_more_tables_than_a_function_of_postgresql_takes_arguments(client: Client) -> None:
    tables = [f"of_many_{number}" for number in range(120)]
    for table in tables:
        client.run(f"create temp table {table} (a int)")
    client.run("insert into of_many_119 values (7)")
    assert client.run(" union all ".join(f"select a from {table}" for table in tables)) == [(7,)]


def test_tables_of_one_name_in_two_schemas_stay_apart(client: Client, schema: str) -> None:
    """Loaders delete from a table what its namesake in a staging schema brings anew."""
    old, new = f"{schema}.orders", f"{schema}_staging.orders"
    client.run(f"create schema {schema}_staging")
    client.run(f"create table {old} as select 1 as id, 'old'::varchar(9) as v union select 2, 'old'::varchar(9)")
    client.run(f"create table {new} as select 2 as id, 'new'::varchar(9) as v union select 3, 'new'::varchar(9)")
    beside = f"select {old}.v, {new}.v from {old}, {new} where {old}.id = {new}.id"
    assert client.run(beside) == [("old", "new")]
    assert client.run(f"select * from {old} join {new} on {old}.id = {new}.id") == [(2, "old", 2, "new")]
    outside = f"select id from {old} where exists (select 1 from {new} where {old}.id = {new}.id)"
    assert client.run(outside) == [(2,)]
    derived = (
        f"select id from {old} where exists (select 1 from (select * from {new}) orders where {old}.id = orders.id)"
    )
    assert client.run(derived) == [(2,)]
    assert client.error(f"select 1 from {old}, {old}")["C"] == "42712"
    assert client.error(f"select 1 from {old} a, {new} a")["C"] == "42712"
    client.run(f"delete from {old} where exists (select 1 from {new} where {old}.id = {new}.id)")
    client.run(f"insert into {old} select * from {new}")
    assert client.run(f"select * from {old} order by id") == [(1, "old"), (2, "new"), (3, "new")]
    client.run(f"update {old} set v = {new}.v || '!' from {new} where {old}.id = {new}.id")
    assert client.run(f"select v from {old} order by id") == [("old",), ("new!",), ("new!",)]
    client.run(f"drop schema {schema}_staging cascade")


def test_a_union_of_hundreds_is_read_and_what_is_nested_too_deeply_is_an_error(client: Client) -> None:
    chain = " union all ".join(f"select {number} as n" for number in range(900))
    assert client.run(f"select count(*), sum(n) from ({chain})") == [(900, 900 * 899 // 2)]
    one, other, third = "1.5::decimal(3, 1)", "1.25::decimal(4, 2)", "1.50::decimal(5, 3)"
    kept = f"select {one} as n union select {other} union select {third} except select 2"
    assert client.run(f"select n from ({kept}) order by n") == [(Decimal("1.250"),), (Decimal("1.500"),)]
    assert client.error(f"select {'(' * 5000}1{')' * 5000}")["C"] == "54001"
    assert client.value("select 1") == 1, "the connection is still there"


@pytest.mark.parametrize("query", ["with q(a, b) as (select 1) select a from q", "select a from (select 1) as q(a, b)"])
def test_more_names_than_columns_are_refused(client: Client, query: str) -> None:
    assert client.error(query)["C"] == "42P10"
    assert client.value("select 1") == 1


def test_the_query_of_a_prepared_statement_is_redshift_s_too(client: Client) -> None:
    client.run("create table t (a int)", "prepare put (int) as insert into t values ($1 / 2)")
    client.run("execute put (3)", "execute put (5)", "prepare mean (int) as select avg(a) + $1 as mean from t")
    assert client.value("execute mean (10)") == 11  # AVG of integers is cut: 1.5
    assert client.error("prepare p as select a from t where a is distinct from 1")["C"] == "0A000"
    client.run("deallocate put", "deallocate mean")


def test_what_several_expressions_take_from_a_query_is_computed_once(client: Client) -> None:
    client.run("create table t as select 'x ' as a, 1 as n union all select ' yy', 2 union all select null, 3")

    def trims(query: str) -> int:
        return sum(line.count("btrim") for (line,) in client.run(f"explain verbose {query}") if "Output" in line)

    twice = "with kept as (select trim(a) as b, n from t) select b || len(b) as c, coalesce(b, '?') as d from kept"
    assert (trims(twice), sorted(client.run(twice), key=str)) == (1, [("x1", "x"), ("yy2", "yy"), (None, "?")])
    assert trims("with kept as (select trim(a) as b from t) select b || b as c from kept where b <> ''") > 1
    taken = f"with taken as (select * from ({twice.replace('kept.', '')}) as q) select c from taken where d = 'yy'"
    assert client.run(taken) == [("yy2",)]
    nested = "with kept as (select trim(a) as b, n from t), taken as (select b, b || b as c, n from kept)"
    plan = " ".join(line for (line,) in client.run(f"explain {nested} select c from taken where n = 2"))
    assert ("Seq Scan on t" in plan, "Filter: (n = 2)" in plan) == (True, True), plan


def test_what_is_computed_once_is_not_computed_of_a_row_that_is_spared_it(client: Client) -> None:
    client.run("create table t as select '12' as a union all select 'x'")
    numbers = "with kept as (select cast(a as int) as b, a, trim(a) as c from t) "
    assert client.run(f"{numbers} select case when a ~ '^[0-9]+$' then b + b end from kept order by 1") == [
        (24,),
        (None,),
    ]
    assert client.run(f"{numbers} select sum(b + b), max(b) from kept where a ~ '^[0-9]+$'") == [(24, 12)]
    assert client.run(f"{numbers} select coalesce(c, b || '' || b), c from kept order by 1") == [
        ("12", "12"),
        ("x", "x"),
    ]


def test_what_is_computed_once_is_not_computed_of_a_row_that_a_reader_leaves_out(client: Client) -> None:
    client.run("create table t as select 0 as x union all select 1 union all select 2")
    client.run("create table good as select 1 as v union all select 2")
    kept = "with y as (select 10 / x as q, x from t), z as (select q + q as qq, x from y)"
    assert client.run(f"{kept} select qq from z join good on x = v order by 1") == [(10,), (20,)]
    assert client.run(f"{kept} select qq from z where x in (select v from good) order by 1") == [(10,), (20,)]
    among = f"{kept}, w as (select v from good where v in (select x from z)) select v from w order by 1"
    assert client.run(among) == [(1,), (2,)]
    assert client.error(f"{kept} select qq from z")["C"] == "22012"


def test_what_is_kept_apart_hides_no_relation(client: Client) -> None:
    client.run("create table apart as select 1 as id union all select 2 union all select 3")
    assert client.value("with y as (select count(*) as n from apart) select n + n from y") == 6
    assert client.run("with y as (select id + 1 as n from apart) select n + n from y order by 1") == [(4,), (6,), (8,)]


ODD_TEXTS = ("ab", "abcd", "éé", "aé€", "abc   ", "    ", "", "€€€", "a\tb")


def test_a_choice_of_texts_is_cut_as_what_it_chooses(client: Client) -> None:
    """The same values, cast where they are chosen, and cast behind that."""
    branches = " ".join(f"when n = {place} then '{text}'" for place, text in enumerate(ODD_TEXTS))
    numbers = " union all ".join(f"select {place} as n" for place in range(len(ODD_TEXTS) + 2))
    for choice in (f"case {branches} when n = 9 then null else a end", f"case {branches} end"):
        client.run(f"create table t as select n, cast('ende€' as varchar(9)) as a from ({numbers})")
        client.run(f"create table chosen as select n, {choice} as v from t")
        client.run(f"create table cut as select n, cast({choice} as varchar(4)) as v from t")
        expected = client.run("select n, cast(v as varchar(4)), len(cast(v as varchar(4))) from chosen order by n")
        assert client.run("select n, v, len(v) from cut order by n") == expected
        length = "select character_maximum_length from svv_columns where table_name = 'cut' and column_name = 'v'"
        assert client.value(length) == 4
        client.run("drop table t", "drop table chosen", "drop table cut")


def test_a_choice_of_numbers_has_its_type_before_it_is_text(client: Client) -> None:
    client.run("create table t as select 1 as n, 2.50 as d")
    assert client.value("select cast(case when n = 1 then n else d end as varchar(9)) from t") == "1.00"
    assert client.error("select cast(case when n = 1 then true end as varchar(9)) from t")["C"] == "42846"


def test_a_table_gets_the_types_that_the_pages_of_functions_name(client: Client) -> None:
    client.run(
        "create table n as select 1::bigint as b, 2.5::decimal(12, 2) as d",
        "create table made as select rank() over (order by b) as place, dense_rank() over (order by b) as dense, "
        "sum(b) over () as running, sign(d) as sign, get_array_length(array(b)) as length from n",
        "create table summed as select sum(b) as total from n",
        "create table parts as select date_part(epoch, timestamp '2008-01-01 20:00:00')",
    )
    told = 'select "column", type from pg_table_def where schemaname = current_schema() and tablename = '
    assert sorted(client.run(f"{told}'made'")) == [
        ("dense", "integer"),
        ("length", "bigint"),
        ("place", "integer"),
        ("running", "numeric(38,0)"),
        ("sign", "numeric(1,0)"),
    ]
    assert client.run(f"{told}'summed'") == [("total", "bigint")]
    assert client.run(f"{told}'parts'") == [("pgdate_part", "double precision")]
