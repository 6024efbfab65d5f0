"""What Redshift's Python driver asks of the catalog by itself, and how it sends rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from redshift_connector.error import Error, InterfaceError
from redshift_connector.interval import IntervalDayToSecond, IntervalYearToMonth

from local.redshift.parameters import bound
from tests.local.redshift.support import Client, Lake
from tests.local.redshift.test_tls import connect


@pytest.fixture
def cursor(client: Client, schema: str) -> Any:
    """A cursor of the driver's, in a schema with tables, a view, a late-binding view and a procedure."""
    client.run(
        f"create table {schema}.orders (id integer primary key, price decimal(12, 4), name varchar(30), at timestamp)",
        f"create table {schema}.items (a bigint, b bigint, primary key (a, b))",
        f"create view {schema}.bound as select id from {schema}.orders",  # noqa: S608 - ours
        f"create view {schema}.late as select id, name from {schema}.orders with no schema binding",  # noqa: S608 - ours
        f"create procedure {schema}.p() as $$ begin null; end $$ language plpgsql",
    )
    return client.connection.cursor()


def named(cursor: Any, rows: Any) -> list[dict[str, Any]]:
    """Return rows of the driver's metadata by column name."""
    names = [column[0].lower() for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_the_driver_lists_schemas(cursor: Any, schema: str) -> None:
    assert [list(row) for row in cursor.get_schemas(schema_pattern=schema)] == [[schema, "landfall"]]
    assert len(cursor.get_schemas()) > 1
    assert list(cursor.get_schemas(schema_pattern="no_schema_%_of_this_name")) == []


def test_the_driver_lists_databases(cursor: Any) -> None:
    assert ["landfall"] in [list(row) for row in cursor.get_catalogs()]


def test_the_driver_lists_tables_by_their_types(cursor: Any, schema: str) -> None:
    tables = named(cursor, cursor.get_tables(schema_pattern=schema))
    assert [row["table_name"] for row in tables if row["table_type"] == "TABLE"] == ["items", "orders"]
    assert {row["table_name"] for row in tables if row["table_type"] == "VIEW"} == {"bound", "late"}
    assert {row[2] for row in cursor.get_tables(schema_pattern=schema, table_name_pattern="ord%")} == {
        "orders",
        "orders_pkey",
    }


def test_the_driver_lists_columns_with_their_types(cursor: Any, schema: str) -> None:
    rows = named(cursor, cursor.get_columns(schema_pattern=schema, tablename_pattern="orders"))
    told = [(row["column_name"], row["type_name"], row["column_size"], row["decimal_digits"]) for row in rows]
    assert told == [
        ("id", "int4", 10, 0),
        ("price", "numeric", 12, 4),
        ("name", "varchar", 30, 0),
        ("at", "timestamp", 29, 6),
    ]
    assert [row["is_nullable"] for row in rows] == ["NO", "YES", "YES", "YES"]


def test_the_driver_lists_the_columns_of_primary_keys(cursor: Any, schema: str) -> None:
    keys = named(cursor, cursor.get_primary_keys(schema=schema, table="items"))
    assert [(row["column_name"], row["key_seq"]) for row in keys] == [("a", 1), ("b", 2)]


def test_a_declared_key_is_told_by_the_catalog_and_holds_no_row_to_it(client: Client, schema: str) -> None:
    client.run(
        "create table k (a varchar(9), b integer, constraint named primary key (a), unique (b))",
        "insert into k values ('x', 1), ('x', 1)",
        "insert into k select * from k",
        "truncate k",
        "insert into k values ('x', 1), ('x', 1)",
    )
    assert client.value("select count(*) from k where a = 'x' and b = 1") == 2
    told = (
        "select conname, contype from pg_constraint where conrelid = 'k'::regclass and contype in ('p', 'u') order by 1"
    )
    assert client.run(told) == [("k_b_key", "u"), ("named", "p")]
    defined = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'named' and conrelid = 'k'::regclass"
    assert client.value(defined).startswith("PRIMARY KEY (a)")
    assert client.error("select a, b from k group by a")["C"] == "42803"  # nothing follows from a key
    client.run("create table twice (a integer not null)", "insert into twice values (1), (1)")
    client.run("alter table twice add primary key (a)", "insert into twice values (1)")
    assert client.value("select count(*) from twice") == 3
    client.run("drop table k")
    assert client.error(told)["C"] == "42P01"
    assert client.value("select count(*) from pg_class where relname = 'k_b_key' and pg_table_is_visible(oid)") == 0


def test_the_driver_lists_procedures(cursor: Any, schema: str) -> None:
    [procedure] = cursor.get_procedures(schema_pattern=schema)
    assert procedure[1:3] == [schema, "p"]
    assert len(cursor.get_procedures()) > 0  # of those on the search path


def test_the_driver_inserts_rows_of_a_file_many_at_a_time(cursor: Any, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("".join(["id,name\n", *(f"{number},n{number}\n" for number in range(1000))]))
    cursor.insert_data_bulk(
        filename=str(file), table_name="orders", parameter_indices=[0, 1], column_names=["id", "name"],
        delimiter=",", batch_size=300,
    )  # fmt: skip
    cursor.execute("select count(*), sum(id), max(name) from orders")
    assert [list(row) for row in cursor.fetchall()] == [[1000, 499_500, "n999"]]
    with pytest.raises(InterfaceError, match="Invalid column name"):
        cursor.insert_data_bulk(
            filename=str(file), table_name="orders", parameter_indices=[0], column_names=["missing"],
            delimiter=",", batch_size=300,
        )  # fmt: skip


def test_an_array_of_the_catalog_has_elements_and_no_other_value_has(client: Client) -> None:
    assert client.value("select (current_schemas(false))[1]") == client.value("select current_schema()")
    client.run("create table k (a integer, b integer, primary key (b))")
    place = "select conkey[1] from pg_constraint where conname = 'k_pkey' and pg_table_is_visible(conrelid)"
    assert client.value(place) == 2
    assert client.error("select (1)[1]")["C"] == "42601"


def test_intervals_come_as_what_they_are_to_the_driver_and_as_text_to_others(
    client: Client, facts: dict[str, Any]
) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html."""
    client.run("create table i (a interval year to month, b interval day to second, c varbyte)")
    client.run("insert into i values ('1-1', '10 days 48 hours', 'x'), (null, '00:00:01.5', null)")
    assert client.run("select a, c, b from i order by b desc") == [
        (IntervalYearToMonth(13), "x", IntervalDayToSecond(12 * 86_400 * 1_000_000)),
        (None, None, IntervalDayToSecond(1_500_000)),
    ]
    assert client.value("select interval '2 days'") == timedelta(days=2)
    assert client.value("select '3 years'::intervaly2m") == IntervalYearToMonth(36)
    client.run("create table j (a intervaly2m, b intervald2s)", "insert into j values ('37 months', '1 day')")
    assert client.run("select a, b from j") == [(IntervalYearToMonth(37), IntervalDayToSecond(86_400 * 1_000_000))]
    assert client.error("insert into j values ('no interval', null)")["C"] == "22007"
    with connect(facts) as connection, connection.cursor() as cursor:
        cursor.execute("select (interval '1-1' year to month)::varchar, interval '2 days'")
        assert cursor.fetchall() == [("1 year 1 mon", timedelta(days=2))]


def test_intervals_go_as_what_they_are_to_the_driver(client: Client) -> None:
    client.run("create table i (a intervaly2m, b intervald2s)")
    cursor = client.connection.cursor()
    rows = [(IntervalYearToMonth(-13), IntervalDayToSecond(-86_400_000_001)), (None, IntervalDayToSecond(0))]
    for row in rows:
        cursor.execute("insert into i values (%s, %s)", row)
    assert client.run("select a, b from i order by b") == rows
    cursor.execute("select '2025-01-31'::timestamp + %s", (timedelta(days=1, seconds=5),))
    assert cursor.fetchall() == ([datetime(2025, 2, 1, 0, 0, 5)],)
    body = b"\0s\0" + bytes.fromhex("0001 0001 0001 00000003 000000 0000")  # three bytes are no interval
    assert bound(body, {0: 1188}) == body


def test_a_parameter_that_a_statement_names_nowhere_may_be_of_no_type(client: Client) -> None:
    cursor = client.connection.cursor()
    cursor.execute("select %s", "ab")  # two parameters to the driver
    assert cursor.fetchall() == (["a"],)
    cursor.execute("select '$2', %s", ("a", "b"))  # a text names none
    assert cursor.fetchall() == (["$2", "a"],)
    with pytest.raises(Error, match="42883"):
        cursor.execute("select no_function(%s)", ("a", "b"))


def test_bits_are_shifted(client: Client) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/r_OPERATOR_SYMBOLS.html."""
    client.run("create table n (a integer)", "insert into n values (5)")
    assert client.run("select a << 3, (a - 1) >> 1, a | 2 << 1 from n") == [(40, 2, 14)]  # from left to right
    assert client.error("select a << from n")["C"] == "42601"


def test_a_condition_may_name_what_the_select_list_computes(client: Client) -> None:
    client.run("create table n (a integer, b integer)", "insert into n values (1, 10), (2, 20)")
    assert client.run("select a * 10 as tens from n where tens > 10") == [(20,)]
    assert client.run("select a * 10 as b from n where b > 10") == [(20,)]  # a column comes before an alias
    assert client.error("select a from n where tens > 10")["C"] == "42703"
    assert client.error("select sum(a) as total from n where total > 1")["C"] == "42803"


def test_a_scalar_function_stands_in_from(client: Client) -> None:
    assert client.value("select current_database as name from current_database()") == "landfall"


def test_a_setting_of_redshift_s_own_is_shown_as_it_is_by_default(client: Client) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html."""
    assert client.value("show enable_case_sensitive_identifier") == "off"
    client.run("set enable_result_cache_for_session to off")
    assert client.value("show enable_result_cache_for_session") == "off"
    client.run("reset enable_result_cache_for_session")
    assert client.value("show enable_result_cache_for_session") == "on"
    assert client.error("show enable_what_is_no_setting")["C"] == "42704"


@pytest.mark.parametrize("type_", ["bit varying", "regclass", "int4range", "anyelement", "interval", "int[][]", "json"])
def test_a_column_of_a_type_that_redshift_lacks_is_named_with_its_table(client: Client, type_: str) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-datatypes.html."""
    for statement in (f"create temporary table t (b int, a {type_})", f'create table "t"("a" {type_} encode raw)'):
        assert client.error(statement)["M"] == f'Column "t.a" has unsupported type "{type_}".'
    client.run("create table u (b int)")
    assert client.error(f"alter table u add column a {type_}")["M"] == f'Column "u.a" has unsupported type "{type_}".'
    client.run("create table v as (select b, b record, b line from u)")  # names of columns


def test_parquet_is_copied_past_empty_objects(client: Client, lake: Lake) -> None:
    prefix = f"{uuid4().hex}/"
    lake.put(pa.table({"a": pa.array([1, 2], pa.int32())}), f"{prefix}part.parquet")
    lake.put(b"", f"{prefix}empty.csv")
    client.run("create table t (a integer)", lake.copy("t", f"s3://{lake.bucket}/{prefix}"))
    assert client.value("select count(*) from t") == 2
    assert "does not exist" in client.error(lake.copy("t", f"s3://{lake.bucket}/{prefix}empty"))["M"]


def test_a_name_may_hold_any_character_beyond_ascii(client: Client) -> None:
    """Source: https://docs.aws.amazon.com/redshift/latest/dg/r_names.html."""
    client.run("create table n (author\u200e varchar(9), \u20acuro int)")
    cursor = client.connection.cursor()
    cursor.execute("insert into n (author\u200e, \u20acuro) values (%s, %s)", ("x", 1))
    assert client.run("select n.author\u200e, \u20acuro + 1 from n where author\u200e = 'x'") == [("x", 2)]
    assert client.error("select author from n")["C"] == "42703"
    assert client.error("select 1 ` 2")["C"] == "42601"


def test_commands_hold_names_beyond_ascii_to_their_rules_too(client: Client) -> None:
    long = "\u20ac" * 40
    client.run(f"create table \u20acs (a varchar encode lzo, {long} int)", "alter table \u20acs add column \u20acb int")
    assert 'unsupported type "json"' in client.error("create table \u20act (a json)")["M"]
    client.run("insert into \u20acs values ('x', 1, 2)")
    assert client.run(f"select a, {long}, \u20acb from \u20acs") == [("x", 1, 2)]  # noqa: S608 - the test's own name
    lengths = "select character_maximum_length from svv_columns where table_name = '\u20acs' and column_name = 'a'"
    assert client.value(lengths) == 256
    client.run("create temp table \u20acy (a int)", "drop table \u20acs, \u20acy")
