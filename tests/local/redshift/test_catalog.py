"""The catalog tells how tables are stored, which keys are declared and who may what; SHOW tells it, too."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.redshift.support import Client, Rows, psycopg2_connection

SALES = (
    "create table sales (salesid integer not null, listid integer not null encode zstd distkey, dateid smallint, "
    "price numeric(8,2) encode raw, note varchar(20), primary key (salesid)) compound sortkey (dateid, salesid)"
)


def columns_of(client: Client, table: str) -> Rows:
    """Return what PG_TABLE_DEF says of a table in the search path."""
    return client.run(
        'select "column", encoding, distkey, sortkey from pg_table_def '  # noqa: S608 - the test's own
        f"where tablename = '{table}' order by \"column\""
    )


def stored(client: Client, schema: str, table: str) -> Rows:
    """Return what SVV_TABLE_INFO says of a table that holds rows."""
    return client.run(
        "select encoded, diststyle, sortkey1, sortkey_num from svv_table_info "  # noqa: S608 - the test's own
        f"where schema = '{schema}' and \"table\" = '{table}'"
    )


def test_a_tables_keys_and_encodings_are_told(client: Client, schema: str) -> None:
    client.run(SALES, "insert into sales values (1, 2, 3, 4, 'a')")
    assert columns_of(client, "sales") == [
        ("dateid", "none", False, 1),
        ("listid", "zstd", True, 0),
        ("note", "lzo", False, 0),
        ("price", "none", False, 0),
        ("salesid", "none", False, 2),
    ]
    assert stored(client, schema, "sales") == [("Y", "KEY(listid)", "dateid", 2)]


def test_a_table_that_says_nothing_is_automatic(client: Client, schema: str) -> None:
    client.run("create table t (a int, b varchar(9), c boolean, d super)", "insert into t values (1, 'a', true, null)")
    assert columns_of(client, "t") == [
        ("a", "az64", False, 0),
        ("b", "lzo", False, 0),
        ("c", "none", False, 0),
        ("d", "zstd", False, 0),
    ]
    assert stored(client, schema, "t") == [("Y, AUTO(ENCODE)", "AUTO(ALL)", "AUTO(SORTKEY)", 0)]


def test_a_table_made_by_a_query_has_what_it_asks_for(client: Client, schema: str) -> None:
    client.run("create table t distkey (b) interleaved sortkey (a, b) as select 1 as a, 2 as b")
    assert columns_of(client, "t") == [("a", "none", False, -1), ("b", "none", True, 2)]
    assert stored(client, schema, "t") == [("Y, AUTO(ENCODE)", "KEY(b)", "INTERLEAVED", 2)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("alter diststyle even", ("Y", "EVEN", "dateid", 2)),
        ("alter diststyle key distkey salesid", ("Y", "KEY(salesid)", "dateid", 2)),
        ("alter distkey note", ("Y", "KEY(note)", "dateid", 2)),
        ("alter sortkey (note)", ("Y", "KEY(listid)", "note", 1)),
        ("alter sortkey none", ("Y", "KEY(listid)", None, 0)),
        ("alter encode auto", ("Y, AUTO(ENCODE)", "KEY(listid)", "dateid", 2)),
        ("rename column dateid to dayid", ("Y", "KEY(listid)", "dayid", 2)),
    ],
)
def test_a_change_of_storage_is_told(client: Client, schema: str, change: str, expected: tuple[Any, ...]) -> None:
    client.run(SALES, "insert into sales values (1, 2, 3, 4, 'a')", f"alter table sales {change}")
    assert stored(client, schema, "sales") == [expected]


def test_encodings_change_and_come_with_columns(client: Client) -> None:
    client.run(SALES, "alter table sales alter column note encode text255, alter column listid encode lzo")
    client.run("alter table sales add column more int encode bytedict")
    encodings = {name: encoding for name, encoding, _, _ in columns_of(client, "sales")}
    assert (encodings["note"], encodings["listid"], encodings["more"]) == ("text255", "lzo", "bytedict")


def test_what_is_rolled_back_is_not_told(client: Client, schema: str) -> None:
    client.run(SALES, "insert into sales values (1, 2, 3, 4, 'a')")
    client.run("begin", "alter table sales alter diststyle all", "rollback")
    assert stored(client, schema, "sales") == [("Y", "KEY(listid)", "dateid", 2)]


@pytest.mark.parametrize(("column", "key"), [("listid", "distkey"), ("dateid", "sortkey")])
def test_a_column_that_is_a_key_is_not_dropped_until_it_is_none(client: Client, column: str, key: str) -> None:
    client.run(SALES)
    assert client.error(f"alter table sales drop column {column}")["M"] == f'cannot drop {key} column "{column}"'
    client.run("alter table sales alter diststyle even", "alter table sales alter sortkey none")
    client.run(f"alter table sales drop column {column}", "drop table sales")


def test_a_table_like_another_is_stored_as_it(client: Client) -> None:
    client.run(SALES, "alter table sales drop column note", "create table copied (like sales)")
    assert columns_of(client, "copied") == columns_of(client, "sales")


def test_a_new_table_of_a_dropped_ones_name_is_its_own(client: Client) -> None:
    client.run(SALES, "drop table sales", "create table sales (salesid int)")
    assert columns_of(client, "sales") == [("salesid", "az64", False, 0)]


def test_a_text_that_looks_like_the_fronts_own_note_does_no_harm(client: Client) -> None:
    client.run("create table t as select '/*redshift:!*/' as a, '/*redshift:bm8=*/' as b")
    assert client.run("select a, b from t") == [("/*redshift:!*/", "/*redshift:bm8=*/")]


def test_a_table_is_shown_as_the_statement_that_makes_it(client: Client, schema: str) -> None:
    client.run(SALES)
    shown = client.value("show table sales")
    assert shown.startswith(f"CREATE TABLE {schema}.sales (")
    client.run(shown.replace(".sales (", ".again ("))
    assert columns_of(client, "again") == columns_of(client, "sales")
    assert "primary key (salesid)" in client.value("show table again")
    assert client.error("show table missing")["C"] == "42P01"


def test_a_view_is_shown_as_its_query(client: Client, schema: str) -> None:
    client.run("create table t (a int)", "create view v as select a from t where a > 1")
    client.run(f"create view again as {client.value('show view v')}")
    assert client.run("select a from again") == []
    late = f"create view late as select a from {schema}.t with no schema binding"  # noqa: S608 - the test's own
    client.run(late)
    assert client.value("show view late") == late
    assert client.error("show view t")["C"] == "42P01"


def test_tables_and_columns_are_shown(client: Client, schema: str) -> None:
    client.run(SALES, "create view v as select salesid from sales")
    client.run(f"create view w as select salesid from {schema}.sales with no schema binding")  # noqa: S608 - the test's own
    tables = client.run(f"show tables from schema landfall.{schema}")
    assert [(row[2], row[3], row[9], row[10]) for row in tables] == [
        ("sales", "TABLE", "KEY (listid)", "REGULAR TABLE"),
        ("v", "VIEW", None, "REGULAR VIEW"),
        ("w", "VIEW", None, "LATE BINDING VIEW"),
    ]
    assert [row[2] for row in client.run(f"show tables from schema {schema} like '%s%'")] == ["sales"]
    assert len(client.run(f"show tables from schema {schema} limit 2")) == 2
    columns = client.run(f"show columns from table {schema}.sales like '%id'")
    assert [(row[3], row[4], row[7], *row[12:16]) for row in columns] == [
        ("salesid", 1, "integer", "COMPOUND", 2, None, "raw"),
        ("listid", 2, "integer", None, 0, 1, "zstd"),
        ("dateid", 3, "smallint", "COMPOUND", 1, None, "raw"),
    ]
    assert [row[1] for row in client.run(f"show schemas from database landfall like '{schema}'")] == [schema]
    assert [row[0] for row in client.run("show databases like 'landfall'")] == ["landfall"]


@pytest.mark.parametrize(
    ("command", "sqlstate"),
    [
        ("show tables from schema nowhere", "3F000"),
        ("show tables from schema other.public", "3D000"),
        ("show schemas from database other", "3D000"),
        ("show columns from table nowhere.t", "42P01"),
        ("show tables", "42601"),
        ("show grants", "42601"),
        ("show grants for nobody_here", "42704"),
        ("show procedures from schema public", "42601"),
        ("show databases limit 10001", "22023"),
    ],
)
def test_what_is_not_there_or_not_offered_is_not_shown(client: Client, command: str, sqlstate: str) -> None:
    assert client.error(command)["C"] == sqlstate


def test_grants_are_shown_to_those_who_may_know(client: Client, schema: str, make_user: Any) -> None:
    user, other = make_user(), make_user()
    name, other_name = user.value("select current_user"), other.value("select current_user")
    client.run("create table t (a int)", f"grant usage on schema {schema} to {name}", f"grant select on t to {name}")
    granted = [(row[2], row[4], row[6]) for row in client.run(f"show grants on table {schema}.t")]
    assert granted == [("t", "SELECT", name)]
    assert client.run(f"show grants on table {schema}.t for {other_name}") == []
    assert [(row[3], row[4]) for row in user.run(f"show grants for {name}")] == [
        ("SCHEMA", "USAGE"),
        ("TABLE", "SELECT"),
    ]
    assert other.error(f"show grants for {name}")["C"] == "42501"
    privileges = f"select privilege_type from svv_schema_privileges where identity_name = '{name}'"  # noqa: S608 - the test's own
    assert user.run(privileges) == [("USAGE",)]
    assert other.run(privileges) == []


def test_only_what_a_user_may_read_is_told(client: Client, schema: str, make_user: Any) -> None:
    user = make_user()
    client.run("create table t (a int)", "insert into t values (1)")
    listed = f"select table_name from svv_redshift_tables where schema_name = '{schema}'"  # noqa: S608 - the test's own
    assert user.run(listed) == []
    assert stored(user, schema, "t") == []
    client.run(f"grant usage on schema {schema} to {user.value('select current_user')}", "grant select on t to public")
    assert user.run(listed) == [("t",)]
    assert len(stored(user, schema, "t")) == 1
    assert user.error(f"show table {schema}.missing")["C"] == "42P01"


def test_storage_of_several_tables_in_one_message_is_kept_apart(facts: dict[str, Any], schema: str) -> None:
    connection = psycopg2_connection(facts, schema)
    with connection.cursor() as cursor:
        cursor.execute("create table a (x int distkey); create table b (x int sortkey)")
        cursor.execute("select tablename, distkey, sortkey from pg_table_def where tablename in ('a', 'b') order by 1")
        assert cursor.fetchall() == [("a", True, 0), ("b", False, 1)]
    connection.close()


def test_a_materialized_view_is_told_with_its_storage_and_definition(client: Client, schema: str) -> None:
    client.run(
        "create table base (id int, name varchar(9))",
        "insert into base values (1, 'a')",
        "create materialized view mine backup no diststyle key distkey (id) compound sortkey (name) auto refresh no "
        "as (select id, name from base)",
        "create view plain as select id from base",
    )
    assert client.run(
        "select i.diststyle, i.sortkey1, m.autorefresh from svv_table_info as i left join svv_mv_info as m on "  # noqa: S608 - names that the test made
        'm.schema_name = i.schema and m.name = i."table" '
        f"where i.schema = '{schema}' and i.\"table\" = 'mine'"
    ) == [("KEY(id)", "name", "f")]
    client.run("alter materialized view mine auto refresh yes")
    refreshed = f"select trim(name), autorefresh from stv_mv_info where schema = '{schema}'"  # noqa: S608 - names that the test made
    assert client.run(refreshed) == [("mine", "t")]
    kinds = "select {0} from {1} where {2} = '{3}' and {4} ilike 'create materialized view%' order by 1"
    told = [
        kinds.format("viewname", "pg_views", "schemaname", schema, "definition"),
        kinds.format("table_name", "information_schema.views", "table_schema", schema, "view_definition"),
    ]
    assert [client.run(query) for query in told] == [[("mine",)], [("mine",)]]
    columns = client.run(f"show columns from table {schema}.mine")
    assert [(row[3], row[7], row[8]) for row in columns] == [("id", "integer", None), ("name", "character varying", 9)]


def test_a_materialized_views_rows_are_in_a_table_that_goes_with_it(client: Client, schema: str) -> None:
    client.run(
        "create table base (id int, name varchar(9))",
        "create materialized view mine distkey (id) sortkey (name) as select id, name from base",
    )
    keys = (
        "select a.attname, a.attisdistkey, a.attsortkeyord from pg_class as c "  # noqa: S608 - names that the test made
        "inner join pg_namespace as n on n.oid = c.relnamespace inner join pg_attribute as a on a.attrelid = c.oid "
        f"where n.nspname = '{schema}' and c.relname like 'mv_tbl__mine__%' and a.attname in ('id', 'name') order by 1"
    )
    assert client.run(keys) == [("id", True, 0), ("name", False, 1)]
    assert [row[2] for row in client.run(f"show tables from schema {schema}")] == ["base", "mine"]
    client.run("drop materialized view mine")
    assert client.run(keys) == []


def test_a_materialized_view_is_a_view_of_pg_class(client: Client, schema: str) -> None:
    client.run("create table base (id int)", "create materialized view mine as select id from base")
    kinds = (
        "select c.relname, c.relkind from pg_class as c inner join pg_namespace as n on n.oid = c.relnamespace "  # noqa: S608 - names that the test made
        f"where n.nspname = '{schema}' and c.relname in ('base', 'mine') order by 1"
    )
    assert client.run(kinds) == [("base", "r"), ("mine", "v")]


def test_the_query_group_is_told_as_a_setting(client: Client) -> None:
    assert client.value("select current_setting('query_group')") == "default"
    client.run("set query_group to 'nightly'")
    assert client.value("select current_setting('query_group')") == "nightly"
    assert client.error("select current_setting('no_such_setting')")["C"] == "42704"


def test_the_columns_of_a_table_are_looked_for_before_all_are_told(client: Client) -> None:
    """Each load asks for them; told for all tables first, they cost PostgreSQL half a second."""
    asked = "select data_type, numeric_scale from {} where table_schema = 'landing' and table_name = 't'"
    for view in ("svv_columns", "information_schema.columns"):
        plan = "\n".join(line for (line,) in client.run(f"explain {asked.format(view)}"))
        assert "Index Scan using pg_attribute_relid_attnum_index" in plan
        assert [each for each in ("Seq Scan on pg_attribute", "Seq Scan on pg_depend") if each in plan] == []


def test_temporary_tables_of_ones_own_session_are_among_all_tables(client: Client, other_client: Client) -> None:
    client.run("create temp table mine_alone (a integer)")
    told = "select schema_name like 'pg_temp_%', table_type from svv_all_tables where table_name = 'mine_alone'"
    assert client.run(told) == [(True, "TABLE")]
    assert other_client.run(told) == []
    assert client.run("select column_name from svv_all_columns where table_name = 'mine_alone'") == [("a",)]
