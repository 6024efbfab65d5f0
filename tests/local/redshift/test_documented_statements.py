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
]
REFUSED = [
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
