"""What Redshift's documentation says of statements in a row: the last one's rows, or its error."""

from __future__ import annotations

import pytest

from tests.local.redshift.support import Client, Rows

MOMENT = "select '2020-01-01 00:00+00'::timestamptz::timestamp::varchar"
CLOCKS = (
    "select datediff(hour, getdate(), n.now), datediff(hour, sysdate, n.now), current_date = n.now::date"
    " from (select 'now'::timestamptz::timestamp as now) as n"
)
MODEL = "create table model (a int default 5, b int)"
TYPES = """select "column", type from pg_table_def where tablename = 'made'"""

KEYS = """select "column", distkey, sortkey from pg_table_def where tablename = 'made'"""
KEYED = "create table model (a int distkey, b int sortkey, c int)"
NO_KEYS: Rows = [("a", False, 0), ("b", False, 0), ("c", False, 0)]

SHOWN: list[tuple[str, list[str], Rows]] = [
    ("r_timezone_config", ["set timezone to '-8:00'", MOMENT], [("2019-12-31 16:00:00",)]),
    ("r_timezone_config", ["set timezone = '+7:30'", MOMENT], [("2020-01-01 07:30:00",)]),
    ("r_timezone_config", ["set timezone interval '-8 hours'", MOMENT], [("2019-12-31 16:00:00",)]),
    ("r_timezone_config", ["set timezone to 'PST8'", MOMENT], [("2019-12-31 16:00:00",)]),
    ("r_GETDATE", ["set timezone to 'Asia/Tokyo'", CLOCKS], [(0, 0, True)]),
    (
        "r_CREATE_TABLE_NEW",
        [MODEL, "create table made (like model)", "insert into made (b) values (1)", "select a, b from made"],
        [(None, 1)],
    ),
    (
        "r_CREATE_TABLE_NEW",
        [
            MODEL,
            "create table made (like model including defaults)",
            "insert into made (b) values (1)",
            "select a, b from made",
        ],
        [(5, 1)],
    ),
    (
        "r_Character_types",
        ["create table made (a nvarchar, b bpchar, c char(max), d text)", TYPES],
        [
            ("a", "character varying(256)"),
            ("b", "character(256)"),
            ("c", "character(4096)"),
            ("d", "character varying(256)"),
        ],
    ),
    (
        "c_Supported_data_types",
        [
            "create table made (a boolean)",
            "insert into made values (1)",
            "insert into made select 0::bigint",
            "select a from made order by a",
        ],
        [(False,), (True,)],
    ),
    (
        "r_CTAS_usage_notes",
        [KEYED, "create table made as select b, a from model", KEYS],
        [("b", False, 1), ("a", True, 0)],
    ),
    (
        "r_analyze_threshold_percent",
        ["set analyze_threshold_percent to 15", "show analyze_threshold_percent"],
        [("15",)],
    ),
    ("r_mv_enable_aqmv_for_session", ["show mv_enable_aqmv_for_session"], [("true",)]),
    ("r_navigate_super_null_on_error", ["set navigate_super_null_on_error to 'on'", "select 1"], [(1,)]),
    ("r_CTAS_usage_notes", [KEYED, "create table made as select * from model limit 1", KEYS], NO_KEYS),
    ("r_CTAS_usage_notes", [KEYED, "create table made as select a, b, c from model group by a, b, c", KEYS], NO_KEYS),
    (
        "c_PLpgSQL-structure",
        [
            "create procedure p(a inout int, t in varchar) as $$ begin"
            " if t = 'x' then a := a + 1; end if; end; $$ language plpgsql",
            "call p(5, 'x ')",
        ],
        [(6,)],
    ),
    (
        "c_PLpgSQL-structure",
        [
            "create procedure p(a inout int) as $$ declare x varchar(10) = 'a'; y varchar(10) := 'a'; begin"
            " if x = y then a := a + 1; end if; end; $$ language plpgsql",
            "call p(5)",
        ],
        [(6,)],
    ),
    (
        "r_CALL_procedure",
        [
            "create procedure p(a in int, b out int, c inout int, d out varchar(9)) as $$ begin"
            " b := a + 1; c := c + a; d := 'x'; end; $$ language plpgsql",
            "call p(1, 2)",
        ],
        [(2, 3, "x")],
    ),
    (
        "r_CALL_procedure",
        ["create procedure p(out a int) as $$ begin a := 7; end; $$ language plpgsql", "call p()"],
        [(7,)],
    ),
    (
        "declare",
        [
            "create table made as select 1 as a union all select 2",
            "begin",
            "declare c cursor for select a from made order by a",
            "fetch next from c",
            "close c",
            "declare c cursor for select a from made order by a",
            "fetch forward 1 from c",
            "fetch all from c",
        ],
        [(2,)],
    ),
    (
        "r_CREATE_TABLE_AS",
        [KEYED, "create table made distkey (1) sortkey (1, 3) as select c, b, a from model", KEYS],
        [("c", True, 1), ("b", False, 0), ("a", False, 2)],
    ),
    (
        "r_CREATE_TABLE_NEW",
        [
            "create temp table made (a int, b varchar(9), c int encode zstd)",
            """select "column", encoding from pg_table_def where tablename = 'made'""",
        ],
        [("a", "none"), ("b", "none"), ("c", "zstd")],
    ),
    (
        "r_UNION",
        ["create table made as select 1::decimal(18,6) as a union all select 1::bigint", TYPES],
        [("a", "numeric(19,6)")],
    ),
    (
        "r_numeric_computations201",
        ["create table made as select coalesce(1::bigint, 1::decimal(18,4)) as a", TYPES],
        [("a", "numeric(19,4)")],
    ),
]
EXPLAINED = (
    "explain create table made as select 1 as a",
    "explain verbose create temp table if not exists made (a) diststyle key distkey (a) sortkey (a) as select 1",
)
SHOWN += [
    ("r_EXPLAIN", [explained, "select count(*) from pg_table_def where tablename = 'made'"], [(0,)])
    for explained in EXPLAINED
]
TEXTS = "create table made (a varchar(9))"
TARGET, SOURCE = "create table target (key int, value super)", "create table source (key int, value super)"
MERGE = (
    "merge into target using {} on {} when matched then update set value = {}"
    " when not matched then insert (key, value) values (1, null)"
)
MERGED = MERGE.format("source", "source.key = target.key", "source.value")
FILLED = "insert into source values (1, json_parse('[1]'))"
SHOWN.append(("r_MERGE", [TARGET, SOURCE, FILLED, MERGED, "select key, value from target"], [(1, None)]))
_PROCEDURE = "create procedure p(a inout int, t in varchar) as $$ begin {} end; $$ language plpgsql"
BODIES = [
    "a := 7 / 2.0;",
    "if 'x ' = 'x' then a := 1; end if;",
    "if trim(t) = 'x' then a := 1; end if;",
    "select into a nvl(k, 1) from t;",
    "execute 'drop table t';",
    "insert into t select dateadd(day, 1, d) from t;",
]
MERGES = [
    ("source", "target.key = source.key", "source.value[0]"),
    ("source", "target.key = source.key", "source.value.a"),
    ("source", "target.key = source.value.a", "source.value"),
    ("target as x", "target.key = x.key", "x.value"),
    ("source", "target.key = 1", "source.value"),
    ("source", "target.key > source.key", "source.value"),
]
REFUSED = [
    *(("r_MERGE", [TARGET, SOURCE, MERGE.format(*parts)], "0A000") for parts in MERGES),
    ("declare", ["begin", "declare c cursor for select 1", "declare d cursor for select 2"], "25001"),
    *(("c_PLpgSQL-structure", [_PROCEDURE.format(body)], "0A000") for body in BODIES),
    ("r_error_on_nondeterministic_update", ["set error_on_nondeterministic_update to true"], "0A000"),
    ("r_navigate_super_null_on_error", ["set navigate_super_null_on_error to off"], "0A000"),
    ("r_INSERT_30", [TEXTS, "insert into made select 'a', 'b'"], "42601"),
    ("c_Supported_data_types", [TEXTS, "insert into made values (true)"], "42804"),
    ("c_Supported_data_types", [TEXTS, "insert into made select true union all select false"], "42804"),
    ("c_Supported_data_types", [TEXTS, "insert into made select * from (select json_parse('1') as b) as x"], "42804"),
    ("c_Supported_data_types", [TEXTS, "update made set a = interval '1 day'"], "42804"),
    ("c_Supported_data_types", ["create table made (a int)", "insert into made values (true)"], "42804"),
    ("r_json_serialization_enable", ["set json_serialization_enable = true"], "0A000"),
    ("r_describe_field_name_in_uppercase", ["set describe_field_name_in_uppercase to on"], "0A000"),
    (
        "r_CREATE_TABLE_NEW",
        ["create table model (a int)", "create table made (like model) diststyle all"],
        "42601",
    ),
]


@pytest.mark.parametrize(("page", "statements", "rows"), SHOWN)
def test_statements_show_what_the_documentation_says(
    client: Client, page: str, statements: list[str], rows: Rows
) -> None:
    assert client.run(*statements) == rows, page


@pytest.mark.parametrize(("page", "statements", "code"), REFUSED)
def test_what_the_documentation_does_not_allow_is_refused(
    client: Client, page: str, statements: list[str], code: str
) -> None:
    assert client.error(*statements)["C"] == code, page
