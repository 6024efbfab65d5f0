"""ADBC's driver of PostgreSQL on Redshift, by its last release that knows Redshift.

It runs in an environment of its own and imports nothing of this project. What it is to do: its own documentation
(https://arrow.apache.org/adbc/current/driver/postgresql.html), and where rows are written, Redshift's, whose COPY reads
no rows of the client (https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-source.html).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pytest


@pytest.fixture
def connection() -> Iterator[Any]:
    """A connection in a transaction that is rolled back, with a table `t` in a schema of its own."""
    with adbc.connect(os.environ["ADBC_URI"]) as opened:
        run(opened, "create schema adbc")
        run(opened, "create table adbc.t (a integer primary key, b varchar(20), c decimal(8, 2), d timestamp)")
        run(opened, "insert into adbc.t values (1, 'x', 1.5, '2026-11-30 06:05:04.321')")
        yield opened
        opened.rollback()


def run(connection: Any, sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def read(connection: Any, sql: str, parameters: tuple[Any, ...] = ()) -> Any:
    """Return the rows of a query, as a table of Arrow's."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetch_arrow_table()


def test_it_takes_the_server_for_redshift(connection: Any) -> None:
    assert connection.adbc_get_info()["vendor_name"] == "Redshift"


@pytest.mark.parametrize(
    ("expression", "type_", "value"),
    [
        ("1::smallint", pa.int16(), 1),
        ("1", pa.int32(), 1),
        ("1::bigint", pa.int64(), 1),
        ("1.5::real", pa.float32(), 1.5),
        ("1.5::float8", pa.float64(), 1.5),
        ("true", pa.bool_(), True),
        ("'x'::varchar(9)", pa.string(), "x"),
        ("'x'::char(3)", pa.string(), "x  "),
        ("null::integer", pa.int32(), None),
        ("date '2026-11-30'", pa.date32(), date(2026, 11, 30)),
        ("time '06:05:04'", pa.time64("us"), time(6, 5, 4)),
        ("timestamp '2026-11-30 06:05:04.321'", pa.timestamp("us"), datetime(2026, 11, 30, 6, 5, 4, 321000)),
        (
            "timestamptz '2026-11-30 06:05:04+02'",
            pa.timestamp("us", "UTC"),
            datetime(2026, 11, 30, 4, 5, 4, tzinfo=UTC),
        ),
    ],
)
def test_a_value_comes_with_its_type(connection: Any, expression: str, type_: Any, value: Any) -> None:
    found = read(connection, f"select {expression} as a")
    assert (found.schema.field("a").type, found["a"].to_pylist()) == (type_, [value])


def test_what_arrow_has_no_type_for_comes_as_text_or_bytes(connection: Any) -> None:
    found = read(connection, "select 1.5::decimal(8, 2) as n, json_parse('[1]') as s, to_varbyte('61', 'hex') as v")
    assert [field.type.storage_type for field in found.schema] == [pa.string(), pa.binary(), pa.binary()]
    assert found.to_pylist() == [{"n": "1.50", "s": b"[1]", "v": b"a"}]


def test_a_query_takes_parameters(connection: Any) -> None:
    found = read(connection, "select a, d from adbc.t where a = $1 and b = $2", (1, "x"))
    assert found.to_pylist() == [{"a": 1, "d": datetime(2026, 11, 30, 6, 5, 4, 321000)}]


def test_rows_are_inserted_one_by_one_and_rolled_back(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("insert into adbc.t (a, b) values ($1, $2)", [(2, "y"), (3, None)])
    assert read(connection, "select a, b from adbc.t where a > 1 order by a").to_pylist() == [
        {"a": 2, "b": "y"},
        {"a": 3, "b": None},
    ]
    connection.rollback()
    with pytest.raises(adbc.ProgrammingError, match="does not exist"):
        read(connection, "select a from adbc.t")


def test_a_table_tells_its_columns(connection: Any) -> None:
    schema = connection.adbc_get_table_schema("t", db_schema_filter="adbc")
    assert (schema.names, schema.types[0], schema.types[1], schema.types[3]) == (
        ["a", "b", "c", "d"], pa.int32(), pa.string(), pa.timestamp("us"),
    )  # fmt: skip


def test_objects_are_listed_down_to_columns(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select current_database()")
        [database] = cursor.fetchone()
    listed = connection.adbc_get_objects(depth="columns", catalog_filter=database, db_schema_filter="adbc")
    [catalog] = listed.read_all().to_pylist()
    [schema] = catalog["catalog_db_schemas"]
    [table] = schema["db_schema_tables"]
    assert (schema["db_schema_name"], table["table_name"], table["table_type"]) == ("adbc", "t", "table")
    assert [(each["column_name"], each["ordinal_position"]) for each in table["table_columns"]] == [
        ("a", 1), ("b", 2), ("c", 3), ("d", 4),
    ]  # fmt: skip


def test_rows_are_not_ingested_by_copy(connection: Any) -> None:
    rows = pa.table({"a": pa.array([5], pa.int32()), "b": ["z"]})
    with connection.cursor() as cursor, pytest.raises(adbc.ProgrammingError, match="COPY") as refused:
        cursor.adbc_ingest("t", rows, mode="append", db_schema_name="adbc")
    assert refused.value.sqlstate == "42601"
