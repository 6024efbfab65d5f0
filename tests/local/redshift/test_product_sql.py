"""What a run is judged by at its end: the statements that the product has sent, written down by the local Redshift."""

# ruff: noqa: S608 - the tests' own SQL

import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from local.redshift.shapes import FOLDER_VARIABLE
from tests.local.redshift.support import Client
from tests.support.product_sql import EXCUSED, UNDOCUMENTED, Mark, Noted, by_shape, faults, marks, noted, parsed
from tests.support.sql_shapes import shapes

EXCUSE = Mark("function", r"\bgen_random_uuid \(", "a reason", "https://docs.aws.amazon.com/")


def judged(sql: str, *excused: Mark) -> tuple[list[str], list[str]]:
    """Return what is wrong with a statement, and which excuses nothing needed."""
    statements = by_shape([Noted("landfall_loader", "stack", sql)])
    return faults(statements, parsed(statements), marks(UNDOCUMENTED), list(excused))


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("select nvl(a, 1) from landing.t where b = 'x'", []),
        ("copy t from 's3://bucket/key' iam_role 'arn:aws:iam::000000000000:role/r' format as parquet manifest", []),
        ("grant select on all tables in schema landing to u", []),
        ("create external schema x from data catalog database 'd' iam_role 'arn:aws:iam::000000000000:role/r'", []),
        ("create external schema x from data catalog iam_role 'no role'", ["the local Redshift says"]),
        ("select a from t where b in (select gen_random_uuid())", ["calls gen_random_uuid()"]),
        (
            "create table t (a varchar(36) default gen_random_uuid())",
            ["the local Redshift says", "calls gen_random_uuid()"],
        ),
        ("select a from t fetch first 1 rows only", ["the local Redshift says"]),
        ("alter table t add column a int, add column b int", ["the local Redshift says"]),
        ("select c.a from pg_get_late_binding_view_cols() as c(a name, b varchar)", ["sqlfluff cannot parse"]),
        ("select format_type(atttypid, atttypmod) from pg_attribute", ["calls format_type()"]),
        ("select now() from pg_class", ["calls now()"]),
        ("delete from t where ctid > 's'", ["PostgreSQL's system columns"]),
    ],
)
def test_a_statement_that_is_not_redshifts_is_told_with_where_it_came_from(sql: str, found: list[str]) -> None:
    told, _ = judged(sql)
    assert [text.startswith(start) for text, start in zip(told, found, strict=True)] == [True] * len(found)
    assert all("from landfall_loader, stack" in text and sql in text for text in told)


def test_a_node_of_dbt_is_named() -> None:
    assert Noted("u", "h", '/* {"app": "dbt", "node_id": "model.landfall.orders"} */ x').origin.endswith(
        "landfall.orders"
    )


def test_what_is_excused_passes_and_an_excuse_that_nothing_needs_is_told() -> None:
    assert judged("select gen_random_uuid()", EXCUSE) == ([], [])
    assert judged("select 1", EXCUSE)[1] == [
        f"nothing that was sent needs this excuse any longer:\n  {EXCUSED.name}: function {EXCUSE.pattern}"
    ]


@pytest.mark.parametrize("table", [EXCUSED, UNDOCUMENTED], ids=lambda table: table.name)
def test_every_line_of_the_lists_has_a_pattern_a_reason_and_a_page(table: Path) -> None:
    for mark in marks(table):
        assert re.compile(mark.pattern)
        assert mark.reason
        assert mark.page.startswith("https://docs.aws.amazon.com/redshift/")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('select "a", b from s.t where c = 1', "select x from u.v where d = 22 -- more"),
        ("insert into t (a, b) values (1, 'x'), (2, 'y')", "insert into u (c) values (3, 'z')"),
        ("select 1 from t where a = 1 and b = 2 and c = 3", "select 1 from t where a = 1"),
        (
            "select a from t union all select b from u union all select c from v",
            "select a from t union all select b from u",
        ),
    ],
)
def test_statements_that_differ_by_names_literals_and_repetition_have_one_shape(one: str, other: str) -> None:
    assert set(shapes(one)) == set(shapes(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from t", "select a from t limit 1"),
        ("select f(a) from t", "select g(a) from t"),
        ("select 1 from t where a between 1 and 2 and b = 1", "select 1 from t where a between 1 and 2"),
        ("create table t (a int)", "create table t (a super)"),
        ("select a from (select f(b) from u)", "select a from (select g(b) from u)"),
    ],
)
def test_statements_of_another_grammar_have_another_shape(one: str, other: str) -> None:
    assert set(shapes(one)) != set(shapes(other))


def test_the_local_redshift_writes_each_shape_down_once_with_its_user_and_without_secrets(
    client: Client, facts: dict[str, Any]
) -> None:
    mark = f"mark{uuid.uuid4().hex.translate(dict.fromkeys(map(ord, '0123456789'), 'z'))}"
    client.run(f"select 1 as {mark}", f"select 2 as {mark}", f"create table {mark} (a int)")
    client.error(f"select a from {mark}.b")
    client.run(f"create user u{mark} password 'Abcdefg1'", f"drop user u{mark}")
    folder = Path(os.environ[FOLDER_VARIABLE])
    lines = [line for file in folder.glob("services-*.jsonl") for line in file.read_text().splitlines() if mark in line]
    said = [(line["user"], line["status"], line["text"]) for line in map(json.loads, lines)]
    assert said == [
        (facts["admin_user"], "success", f"select 1 as {mark}"),
        (facts["admin_user"], "success", f"create table {mark} (a int)"),
        (facts["admin_user"], "failed", f"select a from {mark}.b"),
        (facts["admin_user"], "success", f"create user u{mark} password '***'"),
        (facts["admin_user"], "success", f"drop user u{mark}"),
    ]


def test_what_the_products_users_sent_with_success_is_judged(tmp_path: Path) -> None:
    for home in ("stack-1", "services-2"):
        lines = [
            ("landfall_loader", True, "success", "select 1"),
            ("landfall_loader", True, "failed", "select 2"),
            ("landfall_admin", True, "success", "select 3"),
            ("landfall_admin", False, "success", "select 4"),
            ("landfall_transformer", False, "success", "select 5"),
            ("u_1", True, "success", "select 6"),
        ]
        named = [dict(zip(("user", "is_data_api", "status", "text"), line, strict=True)) for line in lines]
        (tmp_path / f"{home}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in named))
    assert [(each.home, each.text) for each in noted(tmp_path)] == [
        ("services", "select 1"),
        ("services", "select 5"),
        ("stack", "select 1"),
        ("stack", "select 3"),
        ("stack", "select 5"),
    ]
