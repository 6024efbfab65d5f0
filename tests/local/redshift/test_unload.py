"""UNLOAD: laid out, manifested and refused as Redshift's documentation says.

https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from local.redshift import messages
from local.redshift.messages import Message
from tests.local.redshift.support import Client, Exports, Lake, psycopg2_connection
from tests.local.redshift.test_wire import answers

# ruff: noqa: S608 - the tests' own queries, of their own numbers

MOMENT = dt.datetime(2025, 1, 2, 3, 4, 5, 678901)


# column type, value in SQL, the file's type, its value
TYPES: list[tuple[str, str, str, Any]] = [
    ("boolean", "true", "BOOLEAN None", True),
    ("smallint", "-7", "INT32 Int(bitWidth=16, isSigned=true)", -7),
    ("integer", "7", "INT32 None", 7),
    ("bigint", "9223372036854775807", "INT64 None", 2**63 - 1),
    ("real", "1.5", "FLOAT None", 1.5),
    ("double precision", "1 / 3::float8", "DOUBLE None", 1 / 3),
    ("decimal(18,2)", "-1.50", "FIXED_LEN_BYTE_ARRAY Decimal(precision=18, scale=2)", Decimal("-1.50")),
    ("decimal(38,10)", "1e27", "FIXED_LEN_BYTE_ARRAY Decimal(precision=38, scale=10)", Decimal("1e27")),
    ("varchar(20)", "' a''b'", "BYTE_ARRAY String", " a'b"),
    ("date", "'1999-12-31'", "INT32 Date", dt.date(1999, 12, 31)),
    ("timestamp", "'2025-01-02 03:04:05.678901'", "INT64 Timestamp", MOMENT),
    ("timestamptz", "'2025-01-02 03:04:05.678901+00'", "INT64 Timestamp", MOMENT),
    ("super", "json_parse('{\"a\": [1, null]}')", "BYTE_ARRAY JSON", '{"a":[1,null]}'),
]  # fmt: skip


@pytest.mark.parametrize(("column", "value", "kind", "expected"), TYPES, ids=[each[0] for each in TYPES])
def test_a_value_is_written_as_what_copy_reads_into_its_type(
    client: Client, exports: Exports, column: str, value: str, kind: str, expected: Any
) -> None:
    client.run(
        f"create table t (k integer, a {column})", f"insert into t select 1, {value}", "insert into t (k) values (2)"
    )
    client.run(exports.unload("select k, a from t order by k"))
    assert [row["a"] for row in exports.rows()] == [expected, None]
    for file in exports.files().values():
        leaf = file.schema.column(1)
        assert f"{leaf.physical_type} {leaf.logical_type}".startswith(kind)
        assert file.metadata.row_group(0).column(0).compression == "SNAPPY"


@pytest.mark.parametrize("column", ["varbyte(9)", "time"])
def test_a_type_that_parquet_is_not_unloaded_with_fails_and_nothing_is_written(
    client: Client, exports: Exports, column: str
) -> None:
    client.run(f"create table t (k integer, a {column})")
    error = client.error(exports.unload("select k, a from t"))
    assert 'does not support the type of column "a"' in error["M"]
    assert exports.listed() == []


def test_copy_takes_back_what_was_unloaded_by_its_manifest(client: Client, lake: Lake, exports: Exports) -> None:
    client.run("create table t (id integer, total decimal(18,2), seen_at timestamp)")
    client.run("insert into t values (1, 1.50, '2025-01-02 03:04:05.678901'), (2, null, null), (3, 0.01, '2025-01-02')")
    client.run(exports.unload("select * from t", "manifest"))
    client.run("create table back (like t)")
    source = f"s3://{lake.bucket}/{exports.prefix}manifest"
    client.run(f"copy back from '{source}' iam_role '{lake.role}' format as parquet manifest")
    assert client.run("select * from back order by id") == client.run("select * from t order by id")


def test_a_verbose_manifest_has_the_columns_and_counts(client: Client, exports: Exports) -> None:
    client.run("create table t (id bigint, name varchar(25), total decimal(18,2))")
    client.run("insert into t values (1, 'a', 1), (2, 'b', 2), (3, 'c', 3)")
    client.run(exports.unload("select * from t", "manifest verbose"))
    manifest = json.loads(exports.body("manifest"))
    files = [key for key in exports.listed() if key != "manifest"]
    assert files == ["0000_part_00.parquet", "0001_part_00.parquet"]
    assert [entry["url"].rpartition(exports.prefix)[2] for entry in manifest["entries"]] == files
    assert [entry["meta"]["content_length"] for entry in manifest["entries"]] == [len(exports.body(k)) for k in files]
    assert manifest["schema"]["elements"] == [
        {"name": "id", "type": {"base": "bigint"}},
        {"name": "name", "type": {"base": "character varying", "max_length": 25}},
        {"name": "total", "type": {"base": "numeric", "precision": 18, "scale": 2}},
    ]
    assert manifest["meta"]["record_count"] == 3
    assert manifest["author"]["name"] == "Amazon Redshift"


def test_partitions_are_folders_and_their_columns_leave_the_files_unless_included(
    client: Client, exports: Exports
) -> None:
    client.run("create table t (id integer, day date, region varchar(9))")
    client.run("insert into t values (1, '2025-01-02', 'EU'), (2, '2025-01-02', 'EU'), (3, '2025-01-03', null)")
    client.run(exports.unload("select * from t", "partition by (day, region) manifest"))
    assert exports.listed() == [
        "day=2025-01-02/region=EU/0000_part_00.parquet",
        "day=2025-01-02/region=EU/0001_part_00.parquet",
        "day=2025-01-03/region=__HIVE_DEFAULT_PARTITION__/0000_part_00.parquet",
        "manifest",
    ]
    assert sorted(row["id"] for row in exports.rows()) == [1, 2, 3]
    assert {tuple(row) for row in exports.rows()} == {("id",)}
    included = Exports(exports.lake, exports.role)
    client.run(included.unload("select * from t", "partition by (region) include"))
    assert {tuple(row) for row in included.rows()} == {("id", "day", "region")}


def test_no_rows_are_no_files_and_a_manifest_of_none(client: Client, exports: Exports) -> None:
    client.run("create table t (id integer)", exports.unload("select * from t", "manifest"))
    assert exports.listed() == ["manifest"]
    assert json.loads(exports.body("manifest")) == {"entries": []}


def test_a_path_that_holds_files_is_refused_overwritten_or_cleaned_as_told(client: Client, exports: Exports) -> None:
    client.run("create table t (id integer)", "insert into t values (1), (2)", exports.unload("select * from t"))
    before = exports.listed()
    error = client.error(exports.unload("select 3 as id from t"))
    assert "is not empty" in error["M"]
    assert sorted(row["id"] for row in exports.rows()) == [1, 2]
    client.run(exports.unload("select 3 as id from t where id = 1", "allowoverwrite"))
    assert exports.listed() == before  # what has no file in the way stays
    assert sorted(row["id"] for row in exports.rows()) == [2, 3]
    client.run(exports.unload("select 4 as id from t where id = 1", "cleanpath"))
    assert [row["id"] for row in exports.rows()] == [4]


def test_files_are_kept_below_the_size(client: Client, exports: Exports) -> None:
    """A slice has 41 MB, a file 32 MB at most: the smallest size is that of a row group."""
    client.run("create table t (a varchar(65535))", "insert into t select repeat('x', 40000)")
    for _ in range(11):
        client.run("insert into t select * from t")
    client.run(exports.unload("select * from t", "maxfilesize 5 mb"))
    assert [key.partition("_")[0] for key in exports.listed()].count("0000") == 2
    assert sum(file.metadata.num_rows for file in exports.files().values()) == 2048


def test_the_rights_on_rows_are_those_of_who_asks(
    client: Client, exports: Exports, make_user: Callable[[], Client]
) -> None:
    client.run("create table t (id integer)", "insert into t values (1)")
    schema = client.value("select current_schema()")
    error = make_user().error(exports.unload(f"select * from {schema}.t"))
    assert "permission denied" in error["M"]
    assert exports.listed() == []


def test_the_role_is_assumed_and_its_rights_are_needed(client: Client, lake: Lake, exports: Exports) -> None:
    client.run("create table t (id integer)", "insert into t values (1)")
    reader = Exports(lake, lake.role)
    assert "AccessDenied" in client.error(reader.unload("select * from t"))["M"]
    stranger = Exports(lake, "arn:aws:iam::000000000000:role/nobody")
    assert "not authorized to assume IAM Role" in client.error(stranger.unload("select * from t"))["M"]
    assert (reader.listed(), stranger.listed()) == ([], [])


def test_a_role_that_may_list_and_put_and_not_get_cannot_unload(client: Client, lake: Lake, exports: Exports) -> None:
    client.run("create table t (id integer)", "insert into t values (1)")
    blind = Exports(lake, lake.role_for(f"{lake.bucket}-blind"))
    put = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{lake.bucket}/exports/*"}
    look = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{lake.bucket}"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [put, look]})
    lake.iam.put_role_policy(RoleName=f"{lake.bucket}-blind", PolicyName="write", PolicyDocument=policy)
    assert "GetObject operation" in client.error(blind.unload("select * from t"))["M"]
    assert blind.listed() == []


def test_a_failed_unload_fails_its_transaction_as_any_other_statement(client: Client, lake: Lake) -> None:
    client.run("create table t (id integer)", "insert into t values (1)")
    client.run("begin", "insert into t values (2)")
    assert "AccessDenied" in client.error(Exports(lake, lake.role).unload("select * from t"))["M"]
    assert client.error("select 1")["C"] == "25P02"
    client.run("rollback")
    assert client.run("select id from t") == [(1,)]


def test_a_transaction_unloads_what_it_has_written(client: Client, exports: Exports) -> None:
    client.run("create table t (id integer)", "begin", "insert into t values (1)", exports.unload("select * from t"))
    assert client.value("select (1 / 3::float8)::varchar") == "0.333333333333333", "what is unloaded has more digits"
    client.run("rollback")
    assert exports.rows() == [{"id": 1}]
    assert client.value("select count(*) from t") == 0


def test_parallel_off_writes_one_file_after_the_other_in_the_order_of_the_query(
    client: Client, exports: Exports
) -> None:
    client.run("create table t (id integer)", "insert into t values (3), (1), (2)")
    client.run(exports.unload("select id from t order by id desc", "parallel off manifest", below="ids_"))
    assert exports.listed() == ["ids_000.parquet", "ids_manifest"]
    assert [row["id"] for row in exports.rows()] == [3, 2, 1]
    [entry] = json.loads(exports.body("ids_manifest"))["entries"]
    assert entry["url"].endswith("/ids_000.parquet")
    client.run(exports.unload("select id from t", "parallel false allowoverwrite", below="empty_", form="csv"))
    assert exports.listed()[0] == "empty_000"


# query, options, what the error says
REFUSED = [
    ("select 1 as a limit 3", "", "Limit clause is not supported"),
    ("delete from pg_class", "", "UNLOAD takes a SELECT"),
    ("select 1 as a", "gzip", "GZIP is not supported for UNLOAD to PARQUET"),
    ("select 1 as a", "header", "HEADER is not supported for UNLOAD to PARQUET"),
    ("select 1 as a", "null as 'x'", "NULL is not supported for UNLOAD to PARQUET"),
    ("select 1 as a", "delimiter ';'", "DELIMITER is not supported for UNLOAD to PARQUET"),
    ("select 1 as a", "fixedwidth 'a:1'", "FIXEDWIDTH is not supported for UNLOAD to PARQUET"),
    ("select 1 as a", "extension 'pq'", "EXTENSION is not supported for UNLOAD to PARQUET"),
    (
        "select 1 as a, 'x' as b",
        "parallel off partition by (b)",
        "PARALLEL OFF and PARTITION BY cannot be specified together",
    ),
    ("select 1 as a", "parallel off parallel on", "PARALLEL OFF and PARALLEL cannot be specified together"),
    ("select 1 as a", "region 'eu-west-1'", "is in 'us-east-1',Status 301"),
    ("select 1 as a", "encrypted auto", "encrypted is not offered by the local Redshift"),
    ("select 1 as a", "rowgroupsize 64 mb", "rowgroupsize is not offered by the local Redshift"),
    ("select 1 as a", "verbose", "VERBOSE needs MANIFEST"),
    ("select 1 as a", "cleanpath allowoverwrite", "cannot be specified together"),
    ("select 1 as a", "maxfilesize 4 mb", "between 5 MB and 6.2 GB"),
    ("select 1 as a", "maxfilesize 7 gb", "between 5 MB and 6.2 GB"),
    ("select 1 as a", "partition by (b)", 'column "b" of PARTITION BY is not in the query'),
    ("select 1 as a", "partition by (a)", "at least one column that is no partition's"),
    ("select 1 as a, 2.5::real as b", "partition by (b)", 'a partition by the type of "b" is not offered'),
    ("select 1 as a, 'x/y' as b", "partition by (b)", 'a partition of "b" by such a text is not offered'),
]


@pytest.mark.parametrize(("query", "options", "said"), REFUSED, ids=[f"{q} {o}" for q, o, _ in REFUSED])
def test_what_cannot_be_is_refused_by_name_and_nothing_is_written(
    client: Client, exports: Exports, query: str, options: str, said: str
) -> None:
    assert said in client.error(exports.unload(query, options))["M"]
    assert exports.listed() == []


@pytest.mark.parametrize("described", [True, False])
def test_prepared_unloads_sent_at_once_with_a_query_write_each_its_own_rows(
    facts: dict[str, Any], exports: Exports, described: bool
) -> None:
    unloads = {
        name: exports.unload(f"select a from (select {number} as a union all select {number + 1}) x", below=f"{name}/")
        for name, number in (("one", 1), ("two", 10))
    }
    statements = {**unloads, "query": "select 7 as a union all select 8 order by 1"}
    sync = Message(b"S", b"")
    connection = psycopg2_connection(facts)
    with socket.socket(fileno=os.dup(connection.fileno())) as side:
        side.settimeout(120)
        for name, sql in statements.items():
            describe = [Message(b"D", f"S{name}\0".encode())] * described
            answers(side, messages.parse(name.encode(), sql, b"\0\0"), *describe, sync)
        sent = [
            message
            for name in ("one", "query", "two")
            for message in (
                Message(b"B", f"\0{name}\0".encode() + b"\0\0" * 3),
                Message(b"E", b"\0" * 5),
                sync,
            )
        ]
        found = answers(side, *sent, ready=len(statements))
    connection.close()
    assert b"".join(message.kind for message in found) == b"2CZ2DDCZ2CZ"
    assert [messages.row_values(each.body) for each in found if each.kind == b"D"] == [["7"], ["8"]]
    assert [each.body for each in found if each.kind == b"C"] == [b"UNLOAD\0", b"SELECT 2\0", b"UNLOAD\0"]
    written = {key: exports.files()[key].read().column("a").to_pylist() for key in exports.listed()}
    rows = {
        name: sorted(value for key, values in written.items() if key.startswith(f"{name}/") for value in values)
        for name in unloads
    }
    assert rows == {"one": [1, 2], "two": [10, 11]}
