"""What Redshift refuses of a table's keys, encodings and defaults, and what it takes near to that."""

from __future__ import annotations

import pytest

from tests.local.redshift.support import Client, Rows

TABLE = "create table t (a integer, b varchar(10), c varbyte(10), d super, e varchar(10) encode text255)"
FUNCTION = "create function f() returns int stable as $$ select 1 $$ language sql"
INTERLEAVED = "create table t (a integer, b integer) interleaved sortkey (a, b)"
NEW, ALTER, ENCODINGS = "r_CREATE_TABLE_NEW", "r_ALTER_TABLE", "c_Compression_encodings"
NINE = ", ".join(f"c{number}" for number in range(9))

# The page, what is refused after what stands before it, and the SQLSTATE.
REFUSED = [
    (NEW, ["create table x (a int distkey, b int distkey)"], "42601"),
    (NEW, ["create table x (a int distkey, b int) distkey (b)"], "42601"),
    (NEW, ["create table x (a int) diststyle key"], "42601"),
    (NEW, ["create table x (a int distkey) diststyle even"], "42601"),
    (NEW, ["create table x (a int sortkey, b int sortkey)"], "42601"),
    (NEW, ["create table x (a int, b int) compound sortkey (a) interleaved sortkey (b)"], "42601"),
    (NEW, ["create table x (a int) sortkey (a, a)"], "42701"),
    (NEW, [f"create table x ({NINE.replace(',', ' int,')} int) interleaved sortkey ({NINE})"], "54011"),
    (NEW, ["create table x (a int) sortkey (b)"], "42703"),
    (NEW, ["create table x (a int) distkey (b)"], "42703"),
    (NEW, ["create table x (a super) sortkey (a)"], "0A000"),
    (NEW, ["create table x (a super distkey)"], "0A000"),
    (NEW, ["create table x (a varbyte(9) sortkey)"], "0A000"),
    ("r_CREATE_TABLE_AS", ["create table x sortkey (a) as select json_parse('[]') as a"], "0A000"),
    ("r_CREATE_TABLE_AS", ["create table x distkey (b) as select 1 as a"], "42703"),
    ("materialized-view-create-sql-command", ["create materialized view x distkey (b) as select 1 as a"], "42703"),
    (NEW, ["create table x (a int primary key, b int primary key)"], "42P16"),
    (NEW, ["create table x (a int, primary key (b))"], "42703"),
    (NEW, ["create table x (a int, unique (b))"], "42703"),
    (NEW, ["create table x (a smallint identity(1, 1))"], "0A000"),
    (NEW, ["create table x (a varchar(9) identity(1, 1))"], "0A000"),
    (NEW, ["create table x (a int default (select 1))"], "0A000"),
    (NEW, ["create table x (a int, b int default a)"], "0A000"),
    (NEW, [FUNCTION, "create table x (a int default f())"], "42883"),
    (ENCODINGS, ["create table x (a int encode text255)"], "0A000"),
    (ENCODINGS, ["create table x (a varchar(9) encode az64)"], "0A000"),
    (ENCODINGS, ["create table x (a boolean encode lzo)"], "0A000"),
    (ENCODINGS, ["create table x (a smallint encode mostly16)"], "0A000"),
    (ENCODINGS, ["create table x (a super encode runlength)"], "0A000"),
    (ALTER, [TABLE, "alter table t alter distkey x"], "42703"),
    (ALTER, [TABLE, "alter table t alter distkey d"], "0A000"),
    (ALTER, [TABLE, "alter table t alter sortkey (a, x)"], "42703"),
    (ALTER, [TABLE, "alter table t alter column x encode lzo"], "42703"),
    (ALTER, [TABLE, "alter table t alter column b encode az64"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column e encode text255"], "0A000"),
    (ALTER, [INTERLEAVED, "alter table t alter distkey a"], "0A000"),
    (ALTER, [INTERLEAVED, "alter table t alter column a encode lzo"], "0A000"),
    (ALTER, ["create temp table t (a int)", "alter table t alter diststyle all"], "0A000"),
    (ALTER, [TABLE, "alter table t add primary key (x)"], "42703"),
    (ALTER, ["create table t (a int primary key)", "alter table t add primary key (a)"], "42P16"),
    (ALTER, [TABLE, "alter table t alter column a type varchar(20)"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column a type bigint"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column b type varbyte(20)"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column x type varchar(20)"], "42703"),
    (ALTER, [TABLE, "alter table t alter column e type varchar(20)"], "0A000"),
    (ALTER, ["create table t (a varchar(9) default 'x')", "alter table t alter column a type varchar(20)"], "0A000"),
    (ALTER, ["create table t (a varchar(9) unique)", "alter table t alter column a type varchar(20)"], "0A000"),
    (ALTER, [TABLE, "insert into t (b) values ('long')", "alter table t alter column b type varchar(3)"], "22001"),
]  # fmt: skip

TAKEN: list[tuple[str, list[str], Rows]] = [
    (
        NEW,
        [
            "create table x (a int default nvl(null, 7/2), b decimal(9,3) default 7/2.0, c char default 'x', d int)",
            "insert into x (d) values (1)",
            "select a, b::varchar, c from x",
        ],
        [(3, "3.500", "x")],
    ),
    (
        ALTER,
        [
            "create table x (d int)",
            "insert into x values (1)",
            "alter table x add column a int default len('abc') encode raw not null",
            "select a from x",
        ],
        [(3,)],
    ),
    (
        NEW,
        ["create table x (distkey int, sortkey int)", "insert into x values (1, 2)", "select sortkey from x"],
        [(2,)],
    ),
    (
        ALTER,
        [
            TABLE,
            "alter table t alter column c type varbyte(20)",
            "insert into t (c) values (from_varbyte_literal())".replace(
                "from_varbyte_literal()", "'0123456789ab'::varbyte"
            ),
            "select octet_length(c) from t",
        ],
        [(12,)],
    ),
    (
        ALTER,
        [
            TABLE,
            "alter table t alter column b type varchar(20)",
            """select type from pg_table_def where tablename = 't' and "column" = 'b'""",
        ],
        [("character varying(20)",)],
    ),
    (
        ALTER,
        [
            TABLE,
            "alter table t alter distkey a, alter sortkey (b)",
            """select "column", distkey, sortkey from pg_table_def where tablename = 't' order by 1 limit 2""",
        ],
        [("a", True, 0), ("b", False, 1)],
    ),
]


@pytest.mark.parametrize(("page", "statements", "code"), REFUSED)
def test_what_a_table_cannot_be_is_refused(client: Client, page: str, statements: list[str], code: str) -> None:
    assert client.error(*statements)["C"] == code, page
    assert client.run("select 1 from pg_table_def where tablename = 'x'") == []


@pytest.mark.parametrize(("page", "statements", "rows"), TAKEN)
def test_what_a_table_can_be_is_as_it_says(client: Client, page: str, statements: list[str], rows: Rows) -> None:
    assert client.run(*statements) == rows, page
