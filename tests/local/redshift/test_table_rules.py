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
    (ALTER, [TABLE, "alter table t alter column a type decimal(10,2)"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column a type numeric (12, 0)"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column a type double precision"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column a type timestamp with time zone"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column b type char(20)"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column b type varchar(20, 2)"], "0A000"),
    (ALTER, [TABLE, "alter table t alter column c type varbyte(max)"], "0A000"),
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
        [
            "create table x (a int default coalesce(1, null), b varchar(9) default nullif('x', null) not null, "
            "c int default (case when 1 is not null then 1 else 0 end) encode az64, "
            "d int default case when 1 is null then 1 else 2 end, e int)",
            "insert into x (e) values (1)",
            "select a, b, c, d from x",
        ],
        [(1, "x", 1, 2)],
    ),
    (
        NEW,
        [
            "create table x (a varchar(128) default nullif(current_user, null) not null, b int)",
            "insert into x (b) values (1)",
            "select a = current_user from x",
        ],
        [(True,)],
    ),
    (
        ALTER,
        [
            "create table x (d int)",
            "insert into x values (1)",
            "alter table x add column a int default coalesce(1, null) encode az64",
            "select a from x",
        ],
        [(1,)],
    ),
    (
        "r_VARBYTE_type",
        [
            "create table x (a varbinary(2), b binary varying(3), c varbinary)",
            "alter table x add column d binary varying ( 4 )",
            "insert into x values ('ab'::varbyte, 'abc'::varbyte, 'c'::varbyte, 'abcd'::varbyte)",
            "select octet_length(a), octet_length(b), octet_length(c), octet_length(d) from x",
        ],
        [(2, 3, 1, 4)],
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
    client.run(*statements[:-1])
    before = _described(client)
    assert client.error(statements[-1])["C"] == code, page
    assert _described(client) == before


def _described(client: Client) -> list[Rows]:
    """What the catalog tells of the tables in the search path: columns with encodings, styles and keys."""
    return [
        client.run('select * from pg_table_def where schemaname = current_schema() order by tablename, "column"'),
        client.run(
            'select "table", diststyle, sortkey1 from svv_table_info where schema = current_schema() order by 1'
        ),
        client.run(
            "select table_name, constraint_name, constraint_type from information_schema.table_constraints "
            "where table_schema = current_schema() order by 1, 2"
        ),
    ]


@pytest.mark.parametrize("type_", ["decimal(10,2)", "numeric (12, 0)", "numeric ( 12 )", "decimal(10,\n2)"])
def test_a_type_that_redshift_does_not_change_leaves_the_rows(client: Client, type_: str) -> None:
    client.run("create table t (a decimal(12,4))", "insert into t values (1.2345)")
    assert client.error(f"alter table t alter column a type {type_}")["C"] == "0A000"
    assert client.value("select a::varchar from t") == "1.2345"


def test_a_sort_key_behind_an_attribute_is_compound(client: Client) -> None:
    names = [f"c{number}" for number in range(401)]
    error = client.error(
        f"create table x ({', '.join(f'{name} int' for name in names)}) diststyle all sortkey ({', '.join(names)})"
    )
    assert (error["C"], error["M"].split()[1]) == ("54011", "compound")


@pytest.mark.parametrize(("page", "statements", "rows"), TAKEN)
def test_what_a_table_can_be_is_as_it_says(client: Client, page: str, statements: list[str], rows: Rows) -> None:
    assert client.run(*statements) == rows, page
