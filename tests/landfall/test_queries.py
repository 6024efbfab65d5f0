"""`landfall query` asks and changes nothing; what is nobody's to see is withheld."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import csv
import io
from dataclasses import replace

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.verdict import WITHHELD
from ingest_lambda.warehouse.client import Table
from landfall.operate import declared, quarantined, queries
from landfall.stack import Stack
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select * from pg_catalog.pg_stats, landing.orders", "pg_catalog cannot be asked about here"),
        ("select * from pg_stats, landing.orders", "pg_stats cannot be asked about here"),
        ("delete from landing.orders", "changes nothing"),
        ("select 1; drop table landing.orders", "not 2 statements"),
        ("", "not 0 statements"),
        ("select * into landing.copy from landing.orders", "changes nothing"),
        ("with gone as (select 1) delete from landing.orders", "changes nothing"),
        ("select * from landing.orders for update", "changes nothing"),
        ("create table landing.copy as select 1", "changes nothing"),
        ("grant select on landing.orders to landfall_reader", "changes nothing"),
        ("truncate landing.orders", "changes nothing"),
        ("call landing.something()", "changes nothing"),
        ("select pg_terminate_backend(1)", "changes nothing"),
        ("select masking_key from restricted.masking_key", "restricted cannot be asked about here"),
        ("select from where", "cannot be read"),
    ],
)
def test_what_is_no_question_is_refused_before_it_is_asked(sql: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        queries.read(sql)


@pytest.mark.parametrize(
    ("sql", "login"),
    [
        ("select 1", "ReaderSecretArn"),
        ("select * from modeled.orders as o inner join marts.dim_fx as f on true", "ReaderSecretArn"),
        ("with o as (select * from modeled.orders) select * from o", "ReaderSecretArn"),
        ("select * from modeled.orders where id in (select id from landing.orders)", "TransformerSecretArn"),
        ("select * from pg_catalog.pg_stats", "ReaderSecretArn"),
        ('select * from "gate"."quarantine_orders"', "TransformerSecretArn"),
    ],
)
def test_who_asks_is_the_user_that_may_do_least(sql: str, login: str) -> None:
    assert queries.read(sql).login == login


def test_a_query_without_a_bound_gets_one() -> None:
    assert queries.read("select 1 -- all\n;").first(7) == "select 1 -- all\nlimit 7"
    assert queries.read("select 1; -- all").first(7) == "select 1\nlimit 7"
    for bounded in ("select 1 limit 3", "select top 3 a from b.c"):
        assert queries.read(bounded).first(7) == bounded


@pytest.fixture
def asking(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose loader is every user: who may see what is for the bootstrap's tests."""
    secret = desk.stack.output("LoaderSecretArn")
    outputs = {**desk.stack.outputs, queries.READER: secret, queries.TRANSFORMER: secret}
    stack = replace(desk.stack, outputs=outputs)
    monkeypatch.setattr(Stack, "from_environment", lambda: stack)
    return desk


def test_rows_are_shown_as_a_table_as_csv_and_as_json(asking: Desk) -> None:
    dataset = new_dataset()
    table = pa.table({"id": [1, 2, 3], "name": ["a", 'b "c", d', None]})
    asking.function.receive(asking.land.put(f"raw/{dataset}/a.parquet", table))
    sql = f"select id, name from landing.{dataset} order by id"
    expected = [{"id": 1, "name": "a"}, {"id": 2, "name": 'b "c", d'}, {"id": 3, "name": None}]
    assert asking.landfall("query", sql) == expected
    assert asking.landfall("query", sql, "--limit", "2") == expected[:2]
    assert list(csv.reader(io.StringIO(asking.say("query", sql, "--csv")))) == [
        ["id", "name"],
        ["1", "a"],
        ["2", 'b "c", d'],
        ["3", ""],
    ]
    shown = asking.say("query", sql)
    assert "3 rows" in shown
    assert 'b "c", d' in shown
    assert asking.landfall("query", f"{sql} limit 0") == []
    assert asking.say("query", f"{sql} limit 0", "--csv") == "id,name\n"


def test_a_query_that_the_warehouse_refuses_is_the_askers_to_mend(asking: Desk) -> None:
    said = asking.landfall("query", "select nothing from landing.nowhere", exits=3)
    assert said.startswith("the warehouse refuses the query: ")
    assert "nowhere" in said
    assert "two columns are called a" in asking.landfall("query", "select 1 as a, 2 as a", exits=3)
    assert "1" in asking.say("query", "select 1 as a, 2 as a", "--csv")


@pytest.fixture
def visits(asking: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    """A sensitive dataset of one row."""
    dataset = new_dataset("visits")
    table = pa.table(
        {"id": [1], "name": ["Alma"], "_id": ["Alma"], "_business_at": ["Alma"], "reject_reason": ["Alma"]}
    )
    asking.function.receive(asking.land.put(f"raw/{dataset}/a.parquet", table))
    monkeypatch.setattr(declared, "contracts", lambda: {dataset: Contract(sensitive=True)})
    return f"landing.{dataset}"


@pytest.mark.parametrize(
    "select",
    [
        "name as _x from {}",
        "max(name) as _x from {}",
        "name || '' as reject_reason from {}",
        "reject_reason from {}",
        "_x from (select name as _x from {}) as s",
        "count(name) as name, name from {} group by 2",
        "_file_id as a, name as a from {}",
        "_id, _business_at from {}",
        "name as _file_id from {}",
        "*, name as _file_id from {}",
        "* from {}",
        "_file_id from {} union all select name from {}",
    ],
)
def test_no_value_of_a_sensitive_dataset_is_shown_however_it_is_asked_for(
    asking: Desk, visits: str, select: str
) -> None:
    sql = f"select {select.replace('{}', visits)}"
    for shown in (asking.say("query", sql, "--csv"), asking.say("query", sql)):
        assert "Alma" not in shown
        assert WITHHELD in shown


def test_what_is_made_of_a_value_inside_is_no_column_of_landings_own() -> None:
    for sql in (
        "select _file_id from landing.visits as v, v.items as _file_id",
        "select _file_id from landing.visits as v(_file_id)",
        "select v._file_id.x from landing.visits as v",
    ):
        assert queries.shown(queries.read(sql), ["a"]) == [False]


def test_counts_and_landings_own_columns_of_a_sensitive_dataset_are_shown(asking: Desk, visits: str) -> None:
    assert asking.say("query", f"select count(*) from {visits}", "--csv").splitlines()[1:] == ["1"]
    assert asking.landfall("query", f"select count(*) as N, _load_seq from {visits} group by 2") == [
        {"n": 1, "_load_seq": 1}
    ]
    (row,) = asking.landfall("query", f"select * from {visits}")
    assert row["_source_file"].endswith("a.parquet")


def test_the_warehouses_words_may_quote_a_value_and_are_withheld_too(asking: Desk, visits: str) -> None:
    said = asking.landfall("query", f"select cast(name as int) from {visits}", exits=3)
    assert "its words are (withheld)" in said
    assert "Alma" not in said


def test_quarantined_rows_of_a_sensitive_dataset_say_where_they_are_and_why_and_no_more() -> None:
    columns = ["claim_id", "reject_reason", "_source_file", "_row_number", "_dataset"]
    rows = [["C-1", "status_unknown", "s3://b/raw/claims/a.parquet", 7, "claims"]]
    found = quarantined.Quarantined("claims", quarantined.without_values(Table(columns, rows), ["claims"]))
    brief = found.brief()
    assert brief.columns == ["reasons", "file", "row", "claim_id"]
    assert brief.rows == [["status_unknown", "a.parquet", 7, WITHHELD]]
    assert "`landfall undo s3://b/raw/claims/a.parquet`" in found.next_steps()[0]
    assert quarantined.without_values(Table(columns, rows), ["patients"]).rows == rows
