"""External schemas over the local Data Catalog and S3: their commands, their tables' rows, their rights."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import datetime as dt
import gzip
import io
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.orc as po  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from local.redshift import s3_clients
from local.redshift.external.bring import Reader, Wanted, find
from local.redshift.external.catalog import ExternalSchema
from local.redshift.external.seen import FILE, ExternalNames
from local.redshift.messages import Message
from local.redshift.sql.translate import statement_tree
from tests.local.redshift.support import Client, Exports, External, Lake, psycopg2_connection
from tests.local.redshift.test_wire import answers
from tests.support.local_stack import LocalServices

SALES = pa.table({"id": pa.array([1, 2, 3], pa.int32()), "city": ["Ulm", "Köln", None]})


def test_a_table_is_read_as_it_is_now(client: Client, external: External) -> None:
    client.run(external.create("sales", "id int, city varchar(20)"))
    assert client.run(f"select * from {external.name}.sales") == []
    external.put(SALES, "sales/1.parquet")
    expected = [(1, "Ulm"), (2, "Köln"), (3, None)]
    assert client.run(f"select * from {external.name}.sales order by id") == expected
    external.put(SALES.slice(0, 1), "sales/deeper/2.parquet")
    assert client.value(f"select count(*) from {external.name}.sales") == 4


def test_it_is_joined_with_tables_of_the_warehouse_and_written_into_them(client: Client, external: External) -> None:
    external.put(SALES, "sales/1.parquet")
    client.run(external.create("sales", "id int, city varchar(20)"))
    client.run("create table names (id int, name varchar(20))", "insert into names values (1, 'one'), (9, 'nine')")
    joined = f"select n.name, s.city from names n left join {external.name}.sales s on s.id = n.id order by n.id"
    assert client.run(joined) == [("one", "Ulm"), ("nine", None)]
    client.run(f"create table kept as select id, city from {external.name}.sales where city is not null")
    client.run(f"insert into kept select id + 10, city from {external.name}.sales")
    client.run(f"delete from kept using {external.name}.sales as s where kept.id = s.id")
    assert client.run("select id from kept order by 1") == [(11,), (12,), (13,)]
    qualified = f"select {external.name}.sales.city from {external.name}.sales where {external.name}.sales.id = 2"
    assert client.run(qualified) == [("Köln",)]


def partitioned(external: External, client: Client) -> None:
    """Make a table of two partition columns with four partitions, one file and one row each."""
    client.run(
        external.create("parts", "id int", "partitioned by (year int, month varchar(2)) stored as parquet"),
    )
    for year in (2024, 2025):
        for month in ("01", "02"):
            path = f"parts/year={year}/month={month}"
            external.put(pa.table({"id": pa.array([year], pa.int32())}), f"{path}/a.parquet")
            client.run(
                f"alter table {external.name}.parts add partition (year={year}, month='{month}') "
                f"location '{external.folder(path)}'"
            )


@pytest.fixture
def read_paths(external: External) -> Any:
    """Return a function that tells which files below the folder the statements in between have read.

    A file is told as read where it cannot be: the object is made unreadable, and the statement fails.
    """

    def paths(client: Client, query: str, files: list[str]) -> list[str]:
        read = []
        for file in files:
            key = f"{external.database}/{file}"
            body = external.lake.s3.get_object(Bucket=external.lake.bucket, Key=key)["Body"].read()
            external.lake.s3.put_object(Bucket=external.lake.bucket, Key=key, Body=b"no parquet")
            try:
                client.run(query)
            except Exception:
                read.append(file)
            external.lake.s3.put_object(Bucket=external.lake.bucket, Key=key, Body=body)
        return read

    return paths


FILES = [f"parts/year={year}/month={month}/a.parquet" for year in (2024, 2025) for month in ("01", "02")]

# a condition, and which of the four partitions are read for it
PRUNED = [
    ("year = 2024", [0, 1]),
    ("2024 = p.year and month = '01'", [0]),
    ("year = 2024 and id > 5", [0, 1]),
    ("month = '02  '", [1, 3]),
    ("year in (2025, 2026) and month <> '01'", [3]),
    ("year between 2020 and 2024 or month = '02'", [0, 1, 3]),
    ("not (year = 2024) and not month = '01'", [3]),
    ("year > 2024", [2, 3]),
    ("year = '2025'", [2, 3]),
    ("year = 2024 and year = 2025", []),
    # not known beforehand: all are read, and PostgreSQL keeps what is right
    ("year + 0 = 2024", [0, 1, 2, 3]),
    ("year = 2024 or id = 2025", [0, 1, 2, 3]),
    ("year is not null", [0, 1, 2, 3]),
]


@pytest.mark.parametrize(("condition", "expected"), PRUNED, ids=[condition for condition, _ in PRUNED])
def test_only_the_partitions_that_a_condition_leaves_are_read(
    client: Client, external: External, read_paths: Any, condition: str, expected: list[int]
) -> None:
    partitioned(external, client)
    query = f"select count(*) from {external.name}.parts as p where {condition}"
    assert read_paths(client, query, FILES) == [FILES[index] for index in expected]
    everything = f"select count(*) from (select id, year, month from {external.name}.parts) as p where {condition}"
    assert client.value(query) == client.value(everything)


def test_a_table_that_stands_twice_is_read_for_both_places(client: Client, external: External) -> None:
    partitioned(external, client)
    table = f"{external.name}.parts"
    query = f"select count(*) from {table} a where year = 2024 and exists (select 1 from {table} b where b.year = 2025)"
    assert client.value(query) == 2
    assert client.value(f"select count(*) from (select year as y from {table}) as t where y = 2024") == 2
    assert client.run(f"select year + 1 as year from {table} where year = 2025 and month = '01'") == [(2026,)]


def test_an_outer_join_keeps_what_its_conditions_keep(client: Client, external: External) -> None:
    partitioned(external, client)
    client.run("create table l (y int)", "insert into l values (2024), (1999)")
    query = f"select l.y, p.month from l left join {external.name}.parts p on p.year = l.y"
    assert client.run(f"{query} where p.month = '02'") == [(2024, "02")]
    assert client.run(f"{query} where p.month is null") == [(1999, None)]
    assert client.run(f"{query} and p.month = '03' where not (p.month = '01') or l.y = 1999") == [(1999, None)]


def test_columns_of_partitions_come_last_and_have_their_types(client: Client, external: External) -> None:
    partitioned(external, client)
    row = client.run(f"select * from {external.name}.parts where year = 2025 order by month limit 1")
    assert row == [(2025, 2025, "01")]
    client.run(
        f"alter table {external.name}.parts add if not exists partition (month='__HIVE_DEFAULT_PARTITION__', "
        f"year=2030) location '{external.folder('parts/none')}'"
    )
    external.put(pa.table({"id": pa.array([7], pa.int32())}), "parts/none/a.parquet")
    assert client.run(f"select id, year from {external.name}.parts where month is null") == [(7, 2030)]


def test_partitions_come_and_go(client: Client, external: External) -> None:
    partitioned(external, client)
    table = f"{external.name}.parts"
    one = f"partition (year=2024, month='01') location '{external.folder('parts/year=2024/month=01')}'"
    assert client.error(f"alter table {table} add {one}")["C"] == "42710"
    client.run(f"alter table {table} add if not exists {one}")
    assert client.value(f"select count(*) from {table}") == 4
    client.run(f"alter table {table} drop partition (month='01', year=2024)")
    assert client.value(f"select count(*) from {table}") == 3
    assert client.error(f"alter table {table} drop partition (year=2024, month='01')")["C"] == "42704"
    assert client.error(f"alter table {table} drop partition (year=2024)")["C"] == "42703"
    client.run(f"alter table {table} add {one} {one.replace('01', '07')}")
    assert client.value(f"select count(*) from {table} where month = '01'") == 2


# --- files ---

MOMENT = dt.datetime(2025, 1, 2, 3, 4, 5, 678901)
# the column's type, the values, their type in parquet
FITS: list[tuple[str, list[Any], pa.DataType]] = [
    ("boolean", [True, None], pa.bool_()),
    ("smallint", [-7], pa.int16()),
    ("int", [2**31 - 1], pa.int32()),
    ("bigint", [2**63 - 1], pa.int64()),
    ("real", [1.5], pa.float32()),
    ("double precision", [1e300], pa.float64()),
    ("decimal(11,5)", [Decimal("2.22222"), None], pa.decimal128(11, 5)),
    ("date", [dt.date(1999, 12, 31)], pa.date32()),
    ("timestamp", [MOMENT, None], pa.timestamp("us")),
    ("varchar(9)", ["", None, 'a,"b"', "é"], pa.string()),
]


@pytest.mark.parametrize(("column", "values", "kind"), FITS, ids=[column for column, _, _ in FITS])
def test_values_arrive_as_they_are(
    client: Client, external: External, column: str, values: list[Any], kind: pa.DataType
) -> None:
    external.put(pa.table({"a": pa.array(values, kind)}), "t/1")
    client.run(external.create("t", f"a {column}"))
    assert [row[0] for row in client.run(f"select a from {external.name}.t")] == values


def test_columns_are_found_by_name_and_missing_ones_are_null(client: Client, external: External) -> None:
    external.put(pa.table({"B": ["b"], "more": [1], "a": ["a"]}), "t/1")
    external.put(pa.table({"c": pa.array([7], pa.int32()), "A": ["later"]}), "t/2")
    client.run(external.create("t", "a varchar(9), b varchar(9), c int"))
    assert client.run(f"select * from {external.name}.t order by a") == [("a", "b", None), ("later", None, 7)]


def test_a_type_that_does_not_match_fails_where_its_column_is_read(client: Client, external: External) -> None:
    external.put(pa.table({"a": pa.array([1], pa.int64()), "b": ["x"]}), "t/1")
    client.run(external.create("t", "a varchar(9), b varchar(9)"))
    error = client.error(f"select a from {external.name}.t")
    assert error["M"] == "Spectrum Scan Error"
    assert "has an incompatible Parquet schema for column 'a'. Column type: VARCHAR(9), Parquet schema:" in error["D"]
    assert client.run(f"select b from {external.name}.t") == [("x",)]


def test_a_text_that_is_too_long_is_cut(client: Client, external: External) -> None:
    external.put(pa.table({"a": ["éé", "ab", "abcd"]}), "t/1")
    client.run(external.create("t", "a varchar(3)"))
    assert sorted(client.run(f"select a from {external.name}.t")) == [("ab",), ("abc",), ("é",)]


def test_hidden_and_empty_files_are_unseen(client: Client, external: External) -> None:
    for name in ("seen", "_hidden", ".hidden", "#hidden", "hidden~"):
        external.put(SALES.slice(0, 1), f"t/{name}")
    external.put(b"", "t/empty")
    external.put(SALES, "t2/1")
    client.run(external.create("t", "id int"))
    assert client.run(f"select count(*) from {external.name}.t") == [(1,)]


def test_pseudo_columns_tell_the_file_and_only_when_named(client: Client, external: External) -> None:
    external.put(SALES, "t/1.parquet")
    client.run(external.create("t", "id int, city varchar(9)"))
    path = f"{external.folder('t')}1.parquet"
    size = external.lake.s3.head_object(Bucket=external.lake.bucket, Key=path.split("/", 3)[3])["ContentLength"]
    assert client.run(f'select distinct "$path", "$size" from {external.name}.t') == [(path, size)]
    assert client.run(f'select * from {external.name}.t as x where id = 1 and "$size" > 0') == [(1, "Ulm")]
    assert client.run(f'select x.*, "$size" from {external.name}.t as x where id = 1') == [(1, "Ulm", size)]
    assert "$spectrum_oid" in client.error(f'select "$spectrum_oid" from {external.name}.t')["M"]


def test_text_is_read_by_its_delimiter(client: Client, external: External) -> None:
    rows = (
        'id|city|amount|day|at|open\n1|Ulm, "x"|1.50|2025-01-02|2025-01-02 03:04:05.678901|true\n2|\\N|||\n3|longer\n'
    )
    external.put(rows.encode(), "t/1.csv")
    external.put(gzip.compress(b"\n9||-2|2025-01-03||FALSE|more"), "t/2.csv.gz")
    client.run(
        external.create(
            "t", "id int, city varchar(8), amount decimal(8,2), day date, at timestamp, open bool",
            "row format delimited fields terminated by '|' stored as textfile",
        )
        + " table properties ('skip.header.line.count'='1')"
    )  # fmt: skip
    assert client.run(f"select * from {external.name}.t order by id") == [
        (1, 'Ulm, "x"', Decimal("1.50"), dt.date(2025, 1, 2), MOMENT, True),
        (2, None, None, None, None, None),
        (3, "longer", None, None, None, None),
        (9, "", Decimal(-2), dt.date(2025, 1, 3), None, False),
    ]


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "x"), ("date", "yesterday"), ("timestamp", "2025-01-02"), ("bool", "t")]
)
def test_a_text_that_is_not_spelt_as_its_type_fails(client: Client, external: External, kind: str, text: str) -> None:
    external.put(f"a\x01{text}\n".encode(), "t/1")
    client.run(external.create("t", f"a varchar(9), b {kind}", "stored as textfile"))
    assert f"Invalid value '{text}' of column b" in client.error(f"select b from {external.name}.t")["D"]
    assert client.run(f"select a from {external.name}.t") == [("a",)]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [("", ("b", "a")), (" table properties ('orc.schema.resolution'='position')", ("a", "b"))],
)
def test_orc_is_read_by_name_or_by_place(
    client: Client, external: External, properties: str, expected: tuple[str, str]
) -> None:
    buffer = io.BytesIO()
    po.write_table(pa.table({"y": ["a"], "x": ["b"]}), buffer)
    external.put(buffer.getvalue(), "t/1")
    client.run(external.create("t", "x varchar(9), y varchar(9)", "stored as orc") + properties)
    assert client.run(f"select x, y from {external.name}.t") == [expected]


# --- definitions of others, views, rights ---


def test_what_others_change_in_the_catalog_is_seen_at_once(client: Client, external: External) -> None:
    external.put(pa.table({"a": ["x"], "n": [[1]]}), "t/1")
    columns = [{"Name": "a", "Type": "string"}, {"Name": "N", "Type": "array<bigint>"}]
    serde = {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"}
    storage = {"Columns": columns, "Location": external.folder("t").rstrip("/"), "SerdeInfo": serde}
    external.glue.create_table(DatabaseName=external.database, TableInput={"Name": "t", "StorageDescriptor": storage})
    assert client.run(f"select a from {external.name}.t") == [("x",)]
    assert client.run(f"select count(*) from {external.name}.t") == [(1,)]
    assert "array<bigint>" in client.error(f"select n from {external.name}.t")["M"]
    assert "array<bigint>" in client.error(f"select * from {external.name}.t")["M"]
    columns[0]["Name"] = "b"
    external.glue.update_table(DatabaseName=external.database, TableInput={"Name": "t", "StorageDescriptor": storage})
    assert client.run(f"select b from {external.name}.t") == [(None,)]
    assert client.error(f"select a from {external.name}.t")["C"] == "42703"
    external.glue.delete_table(DatabaseName=external.database, Name="t")
    assert client.error(f"select count(*) from {external.name}.t")["C"] == "42P01"


def test_a_view_over_external_tables_is_late_binding_and_reads_them_anew(
    client: Client, external: External, schema: str, make_user: Any
) -> None:
    partitioned(external, client)
    ordinary = f"create view v as select * from {external.name}.parts"
    refused = client.error(ordinary)
    assert refused["M"] == "External tables are not supported in views"
    assert "no schema binding" in refused["D"]
    client.run("create table l (y int)", "insert into l values (2024)")
    joined = f"select p.id, p.month, l.y from {external.name}.parts p join {schema}.l on l.y = p.year"
    client.run(f"create view v as {joined} with no schema binding")
    client.run(f"create view w as select v.id from {schema}.v where v.month = '02' with no schema binding")
    assert client.run("select * from v order by month") == [(2024, "01", 2024), (2024, "02", 2024)]
    assert client.run("select n from (select id + 1 as n from w) as x") == [(2025,)]
    listed = f"from svv_columns where table_schema = '{schema}' and table_name = 'v' order by ordinal_position"
    assert client.run(f"select data_type {listed}") == [("integer",), ("character varying",), ("integer",)]
    external.put(pa.table({"id": pa.array([5], pa.int32())}), "parts/year=2024/month=01/b.parquet")
    assert client.value("select count(*) from v") == 3
    user = make_user()
    name = user.value("select current_user")
    client.run(f"grant usage on schema {schema} to {name}", f"grant usage on schema {external.name} to {name}")
    assert user.error(f"select count(*) from {schema}.v")["C"] == "42501"
    client.run(f"grant select on v to {name}", f"grant select on l to {name}")
    assert user.value(f"select count(*) from {schema}.v") == 3
    client.run("create or replace view v as select y from l with no schema binding".replace(" l ", f" {schema}.l "))
    assert client.run("select * from v") == [(2024,)]
    assert client.error("create materialized view m as " + ordinary.partition(" as ")[2])["C"] == "0A000"


def test_users_need_usage_of_the_schema_and_owners_alone_change_it(
    client: Client, external: External, make_user: Any
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    user = make_user()
    name = user.value("select current_user")
    query = f"select count(*) from {external.name}.t"
    assert user.error(query)["C"] == "42501"
    client.run(f"grant usage on schema {external.name} to {name}")
    assert user.value(query) == 3
    assert user.error(f"drop table {external.name}.t")["C"] == "42501"
    assert user.error(external.create("u", "id int"))["C"] == "42501"
    client.run(f"alter schema {external.name} owner to {name}")
    user.run(f"drop table {external.name}.t", external.create("u", "id int"))
    assert user.run(f"select * from {external.name}.u") == []
    client.run(f"alter schema {external.name} owner to current_user")


def test_the_role_is_assumed_and_needs_rights_on_the_catalog_and_on_s3(
    client: Client, external: External, lake: Lake
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    name = f"{external.name}_other"
    create = f"create external schema {name} from data catalog database '{external.database}' iam_role "
    client.run(f"{create} '{lake.role}'")  # it may read S3 alone
    assert "glue:GetTable" in client.error(f"select count(*) from {name}.t")["M"]
    client.run(f"drop schema {name}", f"{create} '{external.role}-nobody'")
    assert "not authorized to assume" in client.error(f"select count(*) from {name}.t")["M"]
    only = lake.role_for(f"{lake.bucket}-{uuid.uuid4().hex[:6]}")
    lake.iam.delete_role_policy(RoleName=only.rpartition("/")[2], PolicyName="read")
    glue = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "glue:*", "Resource": "*"}]}
    lake.iam.put_role_policy(RoleName=only.rpartition("/")[2], PolicyName="glue", PolicyDocument=json.dumps(glue))
    client.run(f"drop schema {name}", f"{create} '{only}'")
    assert "S3ServiceException" in client.error(f"select count(*) from {name}.t")["M"]
    client.run(f"drop schema {name}", f"{create} '{external.role}'")
    assert client.value(f"select count(*) from {name}.t") == 3
    client.run(f"drop schema {name}")


def test_a_statement_that_failed_works_once_what_it_lacked_is_there(client: Client, external: External) -> None:
    query = f"select id from {external.name}.t"
    assert client.error(query)["C"] == "42P01"
    client.run(external.create("t", "id int"))
    external.put(b"no parquet", "t/1")
    assert "not a readable Parquet file" in client.error(query)["D"]
    external.put(SALES.slice(0, 1), "t/1")
    assert client.run(query) == [(1,)]


def test_in_a_transaction_rows_are_read_and_an_error_ends_it(client: Client, external: External) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    count = f"select count(*) from {external.name}.t"
    client.run("begin", "create table l (a int)", f"insert into l {count}")
    assert client.value("select a from l") == 3
    external.put(b"no parquet", "t/1")
    assert client.error(count)["M"] == "Spectrum Scan Error"
    assert client.error("select 1")["C"] == "25P02"
    client.run("rollback")
    for command in (external.create("u", "id int"), f"drop table {external.name}.t",
                    f"alter table {external.name}.t add partition (a=1) location 's3://b/c/'"):  # fmt: skip
        assert client.error("begin", command)["C"] == "25001"
        client.run("rollback")
    assert client.error("select a from l")["C"] == "42P01"


def test_no_temporary_table_is_left_behind(client: Client, external: External) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    for statements in ([], ["begin"]):
        client.run(*statements, f"select count(*) from {external.name}.t", f"select id from {external.name}.t")
        client.run("commit" if statements else "select 1")
        assert client.value("select count(*) from pg_class where relname like 'rs_external%' and relkind = 'r'") == 0


def test_system_views_tell_of_schemas_tables_columns_and_partitions(
    client: Client, external: External, make_user: Any
) -> None:
    partitioned(external, client)
    where = f"where schemaname = '{external.name}'"
    options = f'{{"IAM_ROLE" : "{external.role}"}}'
    assert client.run(f"select databasename, eskind, esoptions from svv_external_schemas {where}") == [
        (external.database, 1, options)
    ]
    assert client.run(f"select tablename, tabletype, location from svv_external_tables {where}") == [
        ("parts", "TABLE", external.folder("parts"))
    ]
    columns = (
        f"select columnname, external_type, columnnum, part_key from svv_external_columns {where} order by columnnum"
    )
    assert client.run(columns) == [("id", "int", 1, 0), ("year", "int", 2, 1), ("month", "varchar(2)", 3, 2)]
    partitions = f"select \"values\", location from svv_external_partitions {where} and tablename = 'parts' order by 1"
    told = client.run(partitions)
    assert [values for values, _ in told] == ['["2024","01"]', '["2024","02"]', '["2025","01"]', '["2025","02"]']
    assert told[0][1] == external.folder("parts/year=2024/month=01")[:128]
    user = make_user()
    assert user.run(columns) == user.run(f"select schemaname from svv_external_schemas {where}") == []


BESIDE: dict[
    str, tuple[str, str, list[Any], list[Any]]
] = {  # what each tells of the table `parts`, and of a table of the warehouse
    "svv_tables": ("table_name, table_type", "table_schema", [("parts", "EXTERNAL TABLE")], [("l", "BASE TABLE")]),
    "svv_all_tables": ("table_name, table_type", "schema_name", [("parts", "EXTERNAL TABLE")], [("l", "TABLE")]),
    "svv_columns": (
        "column_name, data_type, character_maximum_length, numeric_precision, numeric_precision_radix, numeric_scale",
        "table_schema",
        [
            ("id", "integer", None, 32, 2, 0),
            ("year", "integer", None, 32, 2, 0),
            ("month", "character varying", 2, None, None, None),
        ],
        [("a", "numeric", None, 9, 10, 2)],
    ),
    "svv_all_columns": (
        "column_name, data_type, character_maximum_length, numeric_precision, numeric_scale",
        "schema_name",
        [
            ("id", "integer", None, 32, 0),
            ("year", "integer", None, 32, 0),
            ("month", "character varying", 2, None, None),
        ],
        [("a", "numeric", None, 9, 2)],
    ),
}


@pytest.mark.parametrize("view", BESIDE)
def test_views_of_the_warehouses_tables_tell_of_external_ones_too(
    client: Client, external: External, make_user: Any, schema: str, view: str
) -> None:
    partitioned(external, client)
    client.run("create table l (a decimal(9, 2))")
    columns, where, there, here = BESIDE[view]
    order = "order by ordinal_position" * view.endswith("columns")
    told = f"select {columns} from {view} as v where v.{where} = '{external.name}' {order}"
    assert client.run(told) == there
    assert client.run(told.replace(external.name, schema)) == here
    both = f"select count(*) from {view} where {where} in ('{external.name}', '{schema}')"
    assert client.value(both) == len(there) + len(here)
    assert client.value(f"select count(distinct {where}) from {view} where {where} > ''") > 2
    assert make_user().run(told) == []  # who has no USAGE
    late = f"where there are external schemas, the local Redshift offers no view over {view}"
    assert client.error(f"create view o as select * from {view}")["M"].startswith(late)
    client.run(f"create view o as select * from {view} where {where} = '{schema}'")
    assert client.value("select count(*) from o where table_name = 'l'") == len(here)


def test_a_schema_whose_role_sees_no_tables_is_left_out_with_a_warning(
    client: Client, external: External, facts: dict[str, Any], lake: Lake
) -> None:
    name = f"{external.name}_blind"
    client.run(
        external.create("t", "id int"),
        f"create external schema {name} from data catalog database '{external.database}' iam_role '{lake.role}'",
    )
    connection = psycopg2_connection(facts)
    cursor = connection.cursor()
    cursor.execute(f"select table_name from svv_tables where table_schema in ('{name}', '{external.name}')")
    assert cursor.fetchall() == [("t",)]
    assert [text for text in connection.notices if name in text and "glue:GetTables" in text]
    assert "glue:GetTables" in client.error(f"select * from svv_external_tables where schemaname = '{name}'")["M"]
    assert client.run(f"select tablename from svv_external_tables where schemaname = '{external.name}'") == [("t",)]
    connection.close()
    client.run(f"drop schema {name}")


def test_a_view_over_external_tables_stays_one_when_a_table_that_it_lacked_is_made(
    client: Client, external: External, schema: str
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    joined = f"select t.id from {external.name}.t inner join {schema}.later as l on l.id = t.id"
    client.run(f"create view v as {joined} with no schema binding")
    assert client.error("select id from v")["C"] == "42P01"
    client.run("create table later (id int)", "insert into later values (2)")
    assert client.run("select id from v") == [(2,)]
    client.run("drop table later", "create table later (id bigint, more int)", "insert into later values (3, 0)")
    assert client.run("select id from v") == [(3,)]


# --- statements that are refused, each beside one that is not ---

REFUSED = [
    ("create external table {x}.t as select 1 as a", "CREATE EXTERNAL TABLE AS"),
    ("create external table t (a int) stored as parquet location 's3://b/f/'", "must be created in an external schema"),
    ("create external table {x}.t (a int) stored as avro location 's3://b/f/'", "STORED AS AVRO"),
    ("create external table {x}.t (a int) stored as parquet location 'b/f/'", "LOCATION"),
    ("create external table {x}.t (a int, a int) stored as parquet location 's3://b/f/'", "duplicated"),
    ("create external table {x}.t (a string) stored as parquet location 's3://b/f/'", "string"),
    ("create external table {x}.t (a super) stored as parquet location 's3://b/f/'", "super"),
    ("create external table {x}.t (a int) partitioned by (a int) stored as orc location 's3://b/f/'", "duplicated"),
    ("create external table {x}.t (a int) row format serde 'x' stored as textfile location 's3://b/f/'", "ROW FORMAT"),
    ("create external table no_such_schema.t (a int) stored as orc location 's3://b/f/'", "does not exist"),
    ("alter table {x}.there add column b int", "ALTER TABLE"),
    ("alter table {x}.there set location 's3://b/f/'", "ALTER TABLE"),
    ("alter table {x}.missing add partition (a=1) location 's3://b/f/'", "does not exist"),
    ("insert into {x}.there values (1)", "INSERT into an external table"),
    ("delete from {x}.there", "nothing else changes"),
    ("create table {x}.l (a int)", "cannot be made in the external schema"),
    ("create view {x}.v as select 1 as a", "cannot be made in the external schema"),
    ("prepare p as select * from {x}.there", "PREPARE"),
    ("drop table {x}.missing", "does not exist"),
    ("create external schema {x} from data catalog database 'd' iam_role '{r}'", "already exists"),
    ("create external schema y_ from hive metastore database 'd' iam_role '{r}'", "HIVE"),
    ("create external schema y_ from data catalog database 'd' iam_role default", "default"),
    ("create external schema y_ from data catalog database 'd' iam_role 'SESSION'", "one role"),
    ("create external schema y_ from data catalog database 'd' iam_role '{r},{r}'", "one role"),
    ("create external schema y_ from data catalog iam_role '{r}'", "needs DATABASE"),
    ("drop schema {x} drop external database", "use CASCADE"),
    ("create external function f() returns int", "external functions"),
    ("alter schema {x} rename to y_", "ALTER SCHEMA RENAME"),
    ("truncate {x}.there", "TRUNCATE of an external table"),
    ("analyze {x}.there", "ANALYZE of an external table"),
    ("vacuum {x}.there", "VACUUM of an external table"),
    ("lock {x}.there", "LOCK of an external table"),
    ("grant select on {x}.there to public", "GRANT USAGE ON SCHEMA"),
    ("revoke select on table {x}.there from public", "GRANT USAGE ON SCHEMA"),
    ("comment on table {x}.there is 'c'", "COMMENT of an external table"),
    ("comment on column {x}.there.a is 'c'", "COMMENT of an external table"),
    ("copy {x}.there from 's3://b/f/' iam_role '{r}' parquet", "COPY of an external table"),
    ("create table y_ (like {x}.there)", "CREATE TABLE LIKE of an external table"),
    ("create temp table y_ (b int, like {x}.there including defaults)", "CREATE TABLE LIKE of an external table"),
    ("select * from other.{x}.there", "cross-database"),
    ("drop table other.{x}.there", "cross-database"),
    ("create external table other.{x}.t (a int) stored as orc location 's3://b/f/'", "does not exist"),
]


@pytest.mark.parametrize(("statement", "words"), REFUSED, ids=[statement[:60] for statement, _ in REFUSED])
def test_what_is_not_offered_is_refused_by_name(client: Client, external: External, statement: str, words: str) -> None:
    client.run(external.create("there", "a int"))
    error = client.error(statement.format(x=external.name, r=external.role))
    assert words in error["M"]
    assert client.run(f"select * from {external.name}.there") == []
    assert client.value("select count(*) from svv_external_schemas where schemaname = 'y_'") == 0


def test_tables_of_the_warehouse_take_what_external_ones_do_not(
    client: Client, external: External, schema: str
) -> None:
    client.run(external.create("there", "a int"))
    database = client.value("select current_database()")
    client.run(
        "create table l (a int)", "truncate l", "analyze l", "grant select on l to public", "comment on table l is 'x'",
        "comment on column l.a is 'x'", "create table k (like l)", "begin", f"lock {schema}.l", "commit",
        f"grant usage on schema {external.name} to public", f"revoke usage on schema {external.name} from public",
        f"alter schema {schema} owner to current_user",
    )  # fmt: skip
    assert client.run(f"select * from {database}.{external.name}.there") == []
    client.run(f"drop table {database}.{external.name}.there")
    # a schema that is no longer external is like any other
    client.run(
        f"drop schema {external.name}", f"create schema {external.name}", f"create table {external.name}.t (a int)",
        f"alter table {external.name}.t add column b int", f"truncate {external.name}.t",
        f"alter schema {external.name} rename to {external.name}_y", f"drop schema {external.name}_y cascade",
    )  # fmt: skip


def test_a_schema_that_may_not_be_made_changes_nothing_in_the_catalog(
    client: Client, external: External, make_user: Any, local_redshift: LocalServices
) -> None:
    name = f"{external.name}_n"
    rest = f"from data catalog database '{name}_db' iam_role '{external.role}' create external database if not exists"
    user = make_user()
    assert user.error(f"create external schema {name} {rest}")["C"] == "42501"
    client.run(f"create schema {name}")
    assert client.error(f"create external schema {name} {rest}")["C"] == "42P06"
    client.run(f"create external schema if not exists {name} {rest}")
    assert client.error("begin", f"create external schema {name} {rest}")["C"] == "42P06"
    client.run("rollback", f"create table {name}.t (a int)", f"drop schema {name} cascade")

    def databases() -> list[str]:
        return [each["Name"] for each in external.glue.get_databases()["DatabaseList"]]

    assert f"{name}_db" not in databases()
    [kept] = local_redshift.home.folder.rglob(FILE)
    assert name not in json.loads(kept.read_text())
    client.run(f"create external schema {name} {rest}")
    assert name in json.loads(kept.read_text())
    assert f"{name}_db" in databases()
    client.run(f"drop schema {name} drop external database")


# a partition column's type, a value that is none, one that is, and what is shown of it
PARTITION_VALUES = [
    ("date", "today", "2025-01-02", dt.date(2025, 1, 2)),
    ("date", "2025-02-30", "2025-02-28", dt.date(2025, 2, 28)),
    ("boolean", "yes", "true", True),
    ("boolean", "1", "FALSE", False),
    ("decimal(4,1)", "1.25", "1.20", Decimal("1.2")),
    ("decimal(4,1)", "1234", "123", Decimal(123)),
    ("smallint", "40000", "-7", -7),
    ("int", "1.0", "+5", 5),
    ("varchar(2)", "abc", "ab", "ab"),
]


@pytest.mark.parametrize(("kind", "wrong", "right", "shown"), PARTITION_VALUES)
def test_a_partition_value_that_is_not_one_of_its_type_fails_by_name(
    client: Client, external: External, kind: str, wrong: str, right: str, shown: Any
) -> None:
    table = f"{external.name}.t"
    client.run(external.create("t", "id int", f"partitioned by (k {kind}) stored as parquet"))
    for value in (right, wrong):
        external.put(SALES.slice(0, 1), f"t/k={value}/1")
    add = f"alter table {table} add partition (k='{{0}}') location '{external.folder('t')}k={{0}}/'"
    client.run(add.format(right))
    assert client.run(f"select k from {table}") == [(shown,)]
    told = f"the partition value '{wrong}' of column \"k\" of {table}"
    assert told in client.error(add.format(wrong))["M"]
    external.glue.create_partition(
        DatabaseName=external.database,
        TableName="t",
        PartitionInput={"Values": [wrong], "StorageDescriptor": {"Location": f"{external.folder('t')}k={wrong}/"}},
    )
    assert told in client.error(f"select id from {table}")["M"]
    client.run(f"alter table {table} drop partition (k='{wrong}')")
    assert client.run(f"select k from {table}") == [(shown,)]


def test_orc_by_place_never_takes_a_column_of_the_name_and_is_what_other_mappings_mean(
    client: Client, external: External
) -> None:
    buffer = io.BytesIO()
    po.write_table(pa.table({"y": ["a"], "x": ["b"]}), buffer)
    external.put(buffer.getvalue(), "t/1")
    columns, properties = "c varchar(9), d varchar(9), x varchar(9)", " table properties ('orc.schema.resolution'='{}')"
    client.run(external.create("t", columns, "stored as orc") + properties.format("position"))
    assert client.run(f"select * from {external.name}.t") == [("a", "b", None)]
    named = external.create("t", columns, "stored as orc").replace(".t (", ".n (")
    client.run(named + properties.format("name"), named.replace(".n (", ".o (") + properties.format("place"))
    assert client.run(f"select * from {external.name}.n") == [(None, None, "b")]
    assert client.run(f"select * from {external.name}.o") == [("a", "b", None)]


def test_what_is_not_read_is_refused_by_name(client: Client, external: External) -> None:
    external.put(b"1\n", "lines/1")
    client.run(external.create("lines", "a int", "stored as textfile"))
    assert client.run(f"select a from {external.name}.lines") == [(1,)]
    assert "$spectrum_oid" in client.error(f'select "$spectrum_oid" from {external.name}.lines')["M"]
    other = external.create("lines", "a int", "stored as textfile").replace(".lines (", ".other (")
    client.run(f"{other} table properties ('line.delim'=';')")
    assert "other ends of lines" in client.error(f"select a from {external.name}.other")["M"]
    client.run(
        external.create("lines/1", "a int", "stored as textfile")
        .replace(".lines/1 (", ".manifest (")
        .replace("/1/'", "/1'")
    )
    assert "a manifest, is not offered" in client.error(f"select a from {external.name}.manifest")["M"]


def test_one_statement_adds_no_more_than_100_partitions(client: Client, external: External) -> None:
    client.run(external.create("t", "id int", "partitioned by (k int) stored as parquet"))
    folder = external.folder("t")
    parts = [f"partition (k={number}) location '{folder}k={number}/'" for number in range(101)]
    add = f"alter table {external.name}.t add if not exists "
    assert "no more than 100 partitions" in client.error(add + " ".join(parts))["M"]
    assert client.value(f"select count(*) from svv_external_partitions where schemaname = '{external.name}'") == 0
    client.run(add + " ".join(parts[:100]))
    assert client.value(f"select count(*) from svv_external_partitions where schemaname = '{external.name}'") == 100


def test_what_may_be_there_or_not_is_left_as_it_is(client: Client, external: External) -> None:
    client.run(external.create("t", "a int"), f"drop table if exists {external.name}.missing")
    assert client.error(external.create("t", "a int"))["C"] == "42P07"
    client.run(
        f"create external schema if not exists {external.name} from data catalog database 'other' "
        f"iam_role '{external.role}' region 'us-east-1'",
        f"drop table {external.name}.t",
        "drop schema if exists no_such_external_schema",
    )
    assert (
        client.value(f"select databasename from svv_external_schemas where schemaname = '{external.name}'")
        == external.database
    )
    client.run(f"drop schema {external.name} drop external database restrict")
    databases = [each["Name"] for each in external.glue.get_databases()["DatabaseList"]]
    assert external.database not in databases
    client.run(
        f"create schema {external.name}", f"create table {external.name}.t (a int)", f"drop table {external.name}.t"
    )
    client.run(f"drop schema {external.name}")


def test_an_external_schema_takes_part_in_a_transaction(client: Client, external: External) -> None:
    name = f"{external.name}_more"
    create = (
        f"create external schema {name} from data catalog database '{external.database}' iam_role '{external.role}'"
    )
    client.run("begin", create, "rollback")
    assert client.value(f"select count(*) from svv_external_schemas where schemaname = '{name}'") == 0
    client.run("begin", create, "commit", f"drop schema {name}")


def test_a_partition_without_a_value_is_refused_in_words(client: Client, external: External) -> None:
    client.run(external.create("e", "id int", "partitioned by (k varchar(9)) stored as parquet"))
    add = f"alter table {external.name}.e add partition (k='') location '{external.folder('e')}'"
    told = client.error(add)
    assert told["C"] == "22023"
    assert 'the partition column "k"' in told["M"]
    assert "__HIVE_DEFAULT_PARTITION__" in told["M"]


def test_names_of_127_bytes_are_kept(client: Client, external: External) -> None:
    name = f"{external.name}_{'s' * 70}"
    table, column = "t" * 90, "c" * 100
    external.put(pa.table({column: pa.array([1, 2], pa.int32())}), "long/1")
    client.run(
        f"create external schema {name} from data catalog database '{external.database}' iam_role '{external.role}'",
        f"create external table {name}.{table} (id int, {column} int) stored as parquet "
        f"location '{external.folder('long')}'",
    )
    assert client.run(f"select t.{column} from {name}.{table} t where {column} > 1") == [(2,)]
    assert client.run(f"select columnname from svv_external_columns where schemaname = '{name}' and columnnum = 2") == [
        (column,)
    ]
    client.run(f"drop table {name}.{table}", f"drop schema {name}")


def test_the_names_of_external_schemas_outlive_a_restart(tmp_path: Path) -> None:
    names = ExternalNames()
    names.keep_in(tmp_path)
    assert not names
    names.add("lake")
    again = ExternalNames()
    again.keep_in(tmp_path)
    assert again
    assert ("lake" in again, "other" in again) == (True, False)


def test_a_failed_transaction_changes_nothing(client: Client, external: External) -> None:
    client.error("begin", "select no_such_column")
    assert client.error(external.create("t", "a int"))["C"] == "25P02"
    client.run("rollback")
    assert client.error(f"select * from {external.name}.t")["C"] == "42P01"


def test_unload_reads_external_tables(client: Client, external: External, exports: Exports) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int, city varchar(9)"))
    client.run(exports.unload(f"select id from {external.name}.t where city = 'Ulm'"))
    assert exports.rows() == [{"id": 1}]


# --- what else stands in a statement, and around it ---


def test_renamed_columns_prune_nothing(client: Client, external: External) -> None:
    partitioned(external, client)
    renamed = f"select id from {external.name}.parts as p(year, id, month) where year = 2025 and month = '01'"
    assert client.run(renamed) == [(2025,)]
    swapped = f"select count(*) from {external.name}.parts as p(a, month, year) where year = '01' and month = 2024"
    assert client.value(swapped) == 1


def test_whatever_the_catalog_makes_fail_is_told(client: Client, external: External) -> None:
    partitioned(external, client)
    storage = {"Columns": [], "Location": external.folder("odd"), "SerdeInfo": {}}
    external.glue.create_partition(
        DatabaseName=external.database, TableName="parts",
        PartitionInput={"Values": ["2024", "09"], "StorageDescriptor": storage},
    )  # fmt: skip
    assert client.error(f"select count(*) from {external.name}.parts where year < 'nan'")["C"] == "22P02"
    table = external.glue.get_table(DatabaseName=external.database, Name="parts")["Table"]
    keys = [*table["PartitionKeys"], {"Name": "more", "Type": "int"}]
    changed = {"Name": "parts", "PartitionKeys": keys, "StorageDescriptor": table["StorageDescriptor"]}
    external.glue.update_table(DatabaseName=external.database, TableInput=changed)
    told = client.error(f"select count(*) from {external.name}.parts")
    assert told["C"] == "22023"
    assert f"the partition (2024, 01) of {external.name}.parts has 2 values" in told["M"]
    assert "year, month, more" in told["M"]
    assert "delete the partition in the Data Catalog" in told["M"]
    assert client.value("select 1") == 1


def test_a_statement_timeout_ends_a_read_of_s3(client: Client, external: External) -> None:
    for number in range(120):
        external.put(pa.table({"a": pa.array([1], pa.int32())}), f"many/{number}")
    client.run(external.create("many", "a int"))
    query = f"select count(*) from {external.name}.many"
    started = time.monotonic()
    assert client.value(query) == 120
    whole = time.monotonic() - started
    client.run(f"set statement_timeout to {max(whole * 1000 / 4, 100):.0f}")
    error = client.error(query)
    assert (error["C"], error["M"]) == ("57014", "canceling statement due to statement timeout")
    client.run("reset statement_timeout")
    assert client.value(query) == 120


SYNC = Message(b"S", b"")


def prepared(name: str, sql: str) -> Message:
    return Message(b"P", f"{name}\0{sql}\0\0\0".encode())


def ran(name: str) -> list[Message]:
    """Return what binds a prepared statement and runs it."""
    return [Message(b"B", f"\0{name}\0".encode() + b"\0\0" * 3), Message(b"E", b"\0" + b"\0" * 4)]


def kinds(found: list[Message]) -> str:
    return b"".join(each.kind for each in found).decode()


@pytest.fixture
def wire(client: Client) -> Iterator[socket.socket]:
    """A session whose messages a test writes itself."""
    connection = psycopg2_connection(client.facts)
    with socket.socket(fileno=os.dup(connection.fileno())) as side:
        side.settimeout(20)
        yield side
    connection.close()


def test_statements_that_read_nothing_external_are_pipelined_as_ever(
    client: Client, external: External, schema: str, wire: socket.socket
) -> None:
    client.run("create table l (a int)", "insert into l values (1)", external.create("t", "a int"))
    query = f"select a from {schema}.l"
    assert kinds(answers(wire, prepared("", query), *ran(""), SYNC)) == "12DCZ"
    twice = [prepared("", query), *ran(""), prepared("", query), *ran(""), SYNC]
    for _ in range(20):  # DDL of another worker's tests makes the front ask anew, which it cannot amid a pipeline
        told = answers(wire, *twice)
        if kinds(told) == "12DC12DCZ" or b"a query cannot be pipelined" not in told[-2].body:
            break
        answers(wire, prepared("", query), *ran(""), SYNC)
    assert kinds(told) == "12DC12DCZ"
    outer = f"select a from {external.name}.t"
    refused = answers(wire, prepared("", query), *ran(""), prepared("", outer), *ran(""), SYNC)
    assert kinds(refused) == "12DC12EZ"
    assert b"cannot be pipelined" in refused[-2].body
    assert kinds(answers(wire, prepared("", query), *ran(""), SYNC)) == "12DCZ"


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_what_was_prepared_in_a_transaction_reads_anew_in_another(
    client: Client, external: External, wire: socket.socket, end: str
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    answers(wire, Message(b"Q", b"begin\0"))
    assert kinds(answers(wire, prepared("s", f"select id from {external.name}.t"), SYNC)) == "1Z"
    answers(wire, Message(b"Q", f"{end}\0".encode()))
    assert kinds(answers(wire, *ran("s"), SYNC)) == "2DDDCZ"
    answers(wire, Message(b"Q", b"begin\0"))
    assert kinds(answers(wire, *ran("s"), SYNC)) == "2DDDCZ"
    external.put(SALES, "t/2")
    assert kinds(answers(wire, *ran("s"), SYNC)) == "2DDDDDDCZ"
    answers(wire, Message(b"Q", f"{end}\0".encode()))


def test_a_statement_between_parse_and_bind_makes_it_read_anew(
    client: Client, external: External, wire: socket.socket
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    answers(wire, Message(b"Q", b"begin\0"))
    assert kinds(answers(wire, prepared("s", f"select id from {external.name}.t"), SYNC)) == "1Z"
    external.put(SALES, "t/2")
    answers(wire, Message(b"Q", b"select 1\0"))
    assert kinds(answers(wire, *ran("s"), SYNC)) == "2DDDDDDCZ"


def test_a_client_that_sends_on_before_it_is_answered_sees_nothing_of_the_fronts_own_statements(
    client: Client, external: External, wire: socket.socket
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    assert kinds(answers(wire, prepared("s", f"select id from {external.name}.t"), SYNC)) == "1Z"
    closed = Message(b"C", b"Ss\0")
    assert kinds(answers(wire, *ran("s"), SYNC, closed, SYNC, ready=2)) == "2DDDCZ3Z"
    assert kinds(answers(wire, Message(b"Q", b"select 1\0"))) == "TDCZ"


def test_an_ordinary_view_takes_the_place_of_one_over_external_tables(
    client: Client, external: External, schema: str
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"), "create table l (id int)", "insert into l values (9)")
    late = f"create or replace view v as select id from {external.name}.t with no schema binding"
    with psycopg2_connection(client.facts, schema) as connection, connection.cursor() as cursor:

        def rows(*statements: str) -> list[tuple[int]]:
            for statement in statements:
                cursor.execute(statement)
            found: list[tuple[int]] = cursor.fetchall()
            return found

        assert rows(late, "select id from v order by id") == [(1,), (2,), (3,)]
        assert rows("create or replace view v as select id from l", "select id from v") == [(9,)]
        assert rows(late, "select id from v order by id") == [(1,), (2,), (3,)]
        assert rows("drop view v", "create table v as select 7 as id", "select id from v") == [(7,)]


def test_tables_of_the_front_are_apart_from_those_of_users(client: Client, external: External) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"))
    own = [f"rs_external_{number}" for number in range(1, 9)]
    for name in own:
        client.run(f"create temporary table {name} (a int)", f"insert into {name} values (1)")
    listed = "select count(*) from svv_redshift_tables where table_name like 'rs_external%'"
    assert client.run("begin", f"select count(*) from {external.name}.t", listed) == [(len(own),)]
    client.run("commit")
    assert [client.value(f"select a from {name}") for name in own] == [1] * len(own)


def test_reading_ends_when_the_statement_is_canceled_and_the_session_goes_on(
    client: Client, external: External, schema: str
) -> None:
    client.run(external.create("t", "id int"))
    for number in range(120):
        external.put(SALES.slice(0, 1), f"t/{number}")
    connection = psycopg2_connection(client.facts, schema)
    cursor = connection.cursor()
    query = f"select count(*) from {external.name}.t"
    started = time.monotonic()
    cursor.execute(query)
    whole = time.monotonic() - started
    assert cursor.fetchall() == [(120,)]
    for statements in ([], ["begin"]):
        for statement in statements:
            cursor.execute(statement)
        started = time.monotonic()
        timer = threading.Timer(whole / 8, connection.cancel)
        timer.start()
        with pytest.raises(psycopg2.errors.QueryCanceled):
            cursor.execute(query)
        assert time.monotonic() - started < whole * 0.7
        timer.join()
        cursor.execute("rollback")
        cursor.execute("select 1")
        assert cursor.fetchall() == [(1,)]
    connection.close()


def test_a_statement_assumes_each_role_once(
    client: Client, external: External, local_redshift: LocalServices, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    external.put(SALES, "t/1")
    client.run(external.create("t", "id int"), external.create("u", "id int"))
    for name, value in local_redshift.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    assumed: list[Any] = []
    made = boto3.session.Session(region_name=local_redshift.env["AWS_DEFAULT_REGION"])
    sts = made.client("sts")
    sts.meta.events.register("before-call.sts.AssumeRole", lambda **told: assumed.append(told))
    monkeypatch.setattr(s3_clients, "_session", lambda: made)
    monkeypatch.setattr(s3_clients, "_sts_client", lambda: sts)
    schema = ExternalSchema(external.name, external.database, external.role)
    tree = statement_tree("select 1")
    for statement in (1, 2):
        reader = Reader()
        for table in ("t", "u"):
            found = find(Wanted((external.name, table), (schema,), (tree,), "stored"), reader)
            assert found
            list(found.chunks(tmp_path, reader))
        assert len(assumed) == statement
