"""MODEL: staging takes a landed value in its modeled type as it is, or says why it does not."""

# ruff: noqa: S608 - the tests' own SQL

import json
import re
from collections.abc import Iterator
from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from ingest_lambda.warehouse.ddl import widen_columns
from ingest_lambda.warehouse.sqltypes import parse_type
from ingest_lambda.warehouse.statements import Widening
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

LARGEST_REAL = 3.4028234663852886e38
# landing's type, the modeled one, the value, and what becomes of it: a value, or the reason without its column
CASES: list[tuple[str, str, str, Any]] = [
    ("decimal(12,2)", "integer", "2.50", "too_precise"),
    ("decimal(12,2)", "integer", "-0.01", "too_precise"),
    ("decimal(12,2)", "integer", "3.00", 3),
    ("decimal(12,2)", "integer", "2147483647.00", 2147483647),
    ("decimal(12,2)", "integer", "2147483647.50", "out_of_range"),
    ("decimal(7,2)", "smallint", "1.10", "too_precise"),
    ("decimal(22,2)", "bigint", "9007199254740993.00", 9007199254740993),
    ("decimal(22,2)", "bigint", "9007199254740993.01", "too_precise"),
    ("integer", "smallint", "32768", "out_of_range"),
    ("bigint", "integer", "7", 7),
    ("integer", "integer", "7", 7),
    ("decimal(12,4)", "numeric(12,2)", "1.0050", "too_precise"),
    ("decimal(12,4)", "numeric(12,2)", "1.0500", Decimal("1.05")),
    ("bigint", "numeric(6,2)", "10000", "out_of_range"),
    ("double precision", "integer", "2.5", "too_precise"),
    ("double precision", "integer", "2", 2),
    ("double precision", "numeric(6,2)", "0.125", "too_precise"),
    ("double precision", "numeric(6,2)", "0.5", Decimal("0.50")),
    ("double precision", "real", "0.1", "too_precise"),
    ("double precision", "real", "0.5", 0.5),
    ("double precision", "real", "0", 0.0),
    ("double precision", "real", "1e39", "out_of_range"),
    ("double precision", "real", "1e-300", "out_of_range"),
    ("double precision", "real", "Infinity", float("inf")),
    ("double precision", "real", str(-LARGEST_REAL), -LARGEST_REAL),
    ("real", "real", "0.1", pytest.approx(0.1)),
    ("bigint", "real", "9007199254740993", "too_precise"),
    ("bigint", "real", "16777217", "too_precise"),
    ("bigint", "real", "16777216", 16777216.0),
    ("decimal(38,20)", "real", "0.50000000000000000001", "too_precise"),
    ("bigint", "double precision", "9007199254740993", "too_precise"),
    ("bigint", "double precision", "-9223372036854775808", "too_precise"),
    ("bigint", "double precision", "-9007199254740992", -9007199254740992.0),
    ("decimal(12,2)", "double precision", "0.10", 0.1),
    ("decimal(18,2)", "double precision", "9999999999999999.99", "too_precise"),
    ("decimal(12,2)", "double precision", "3.00", 3.0),
    ("double precision", "double precision", "0.1", 0.1),
    ("double precision", "double precision", "1e300", 1e300),
    ("double precision", "double precision", "-Infinity", float("-inf")),
    ("real", "double precision", "0.5", 0.5),
    ("timestamp", "time", "2025-11-13 10:11:12", "has_date"),
    ("varchar(64)", "time", "2025-11-13 10:11:12", "has_date"),
    ("varchar(64)", "time", "10:11:12.5", time(10, 11, 12, 500000)),
    ("time", "time", "23:59:59.5", time(23, 59, 59, 500000)),
    ("timestamp", "date", "2025-11-13 00:00:01", "has_time"),
    ("varchar(9)", "varchar(3)", "éé", "too_long"),
    ("varchar(9)", "varchar(4)", " éé ", "éé"),
]


def test_a_value_is_modeled_as_it_landed_or_its_reason_says_why_not(worker_warehouse: ModelWarehouse) -> None:
    queries = (
        f"select {{{{ narrowing_reasons({{'v': '{type_}'}}) }}}}, {{{{ narrow('v', '{type_}') }}}} "
        f"from (select cast('{value}' as {landed}) as v) as landed"
        for landed, type_, value, _ in CASES
    )
    [sql] = worker_warehouse.dbt("compile", "--inline", ";".join(queries)).compiled.values()
    for query, (landed, type_, value, expected) in zip(sql.split(";"), CASES, strict=True):
        [(reasons, narrowed)] = worker_warehouse.transformer.rows(query)
        found = reasons.removeprefix("v_") or narrowed
        assert found == expected, f"{value} of {landed} as {type_}"


@pytest.mark.parametrize("type_", ["int", "INTEGER", "char(3)", "character varying(3)", "varbyte(3)", "text"])
def test_a_type_whose_cast_could_lose_something_untold_stops_dbt(built_warehouse: ModelWarehouse, type_: str) -> None:
    said = re.escape(f"v is declared as {type_}, which staging does not narrow to")
    with pytest.raises(RuntimeError, match=said):
        built_warehouse.dbt("compile", "--inline", f"select {{{{ narrow('v', '{type_}') }}}}")


def test_a_fraction_that_widened_a_whole_number_is_quarantined(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    warehouse.loader.land(orders_file("one", [order("o-1")]))
    free = dict.fromkeys(("unit_price", "line_total"), Decimal(0))
    widen(warehouse, "quantity", "integer", "decimal(12,2)")
    try:
        whole, part = ({**item(f"i-{n}", "o-1"), "quantity": Decimal(n), **free} for n in ("2.00", "2.50"))
        warehouse.loader.land(items_file("one", [whole, part]))
        warehouse.build_green("--select", "+order_items")
        assert warehouse.transformer.rows("select order_item_id, quantity from modeled.order_items") == [("i-2.00", 2)]
        quarantined = "select order_item_id, reject_reason from gate.quarantine_order_items"
        assert warehouse.transformer.rows(quarantined) == [("i-2.50", "quantity_too_precise")]
    finally:
        warehouse.loader.run("delete from landing.order_items")
        widen(warehouse, "quantity", "decimal(12,2)", "integer")


def test_a_key_that_begins_with_blanks_is_not_taken_for_the_key_without(worker_warehouse: ModelWarehouse) -> None:
    worker_warehouse.empty()
    rows = [order("o-1"), order(" o-1", "paid"), order("o-2  "), {**order("o-3"), "customer_id": " c-1"}]
    worker_warehouse.loader.land(orders_file("blanks", rows))
    worker_warehouse.run_green("--select", "stg_orders", "int_orders__checked", "orders", "quarantine_orders")
    modeled = "select order_id, order_status, customer_id from modeled.orders order by 1"
    assert worker_warehouse.transformer.rows(modeled) == [
        ("o-1", "placed", "customer-1"), ("o-2", "placed", "customer-1"), ("o-3", "placed", "c-1"),
    ]  # fmt: skip
    quarantined = "select order_id, reject_reason from gate.quarantine_orders"
    assert worker_warehouse.transformer.rows(quarantined) == [("o-1", "order_id_has_blanks")]


def widen(warehouse: ModelWarehouse, column: str, before: str, after: str) -> None:
    """Give a column of items another type, as a load does that finds a file's wider."""
    types = Widening(column, parse_type(before), parse_type(after))
    warehouse.loader.run(*widen_columns("order_items", [types]))


@pytest.mark.parametrize("type_", ["double precision", "real"])
def test_an_identifier_whose_text_is_rounded_is_not_masked(built_warehouse: ModelWarehouse, type_: str) -> None:
    """Two of them, a sixteenth digit apart, would be one."""
    declared = f"{{% do model.columns.update({{'n': {{'name': 'n', 'data_type': '{type_}'}}}}) %}}"
    with pytest.raises(RuntimeError, match=f"masks n, a {type_}, of which different ones have the same text"):
        built_warehouse.dbt("compile", "--inline", f"{declared}select {{{{ mask('n') }}}}")


FROM_A, FROM_B = ("from {{ source('landing', '" + name + "') }}" for name in "ab")
# how staging reads `price`, which lands as a DOUBLE in `a` alone; what of it is one still, and what may be
READINGS: list[tuple[str, set[str], set[str]]] = [
    (f"select price {FROM_A}", {"price"}, set()),
    (f"select * {FROM_A}", {"price"}, set()),
    (f"select t.price as amount {FROM_A} as t", {"amount"}, set()),
    (f"with a as (select price as p {FROM_A}) select p as amount from a", {"p", "amount"}, set()),
    (
        f"select coalesce(price, net) as amount, net * price as whole, name as note {FROM_A}",
        {"amount", "whole"},
        set(),
    ),
    (f"select round(price, 2) as price {FROM_A}", {"price"}, set()),
    (f"select (price) as note, ((price + 1)) as more {FROM_A}", {"note", "more"}, set()),
    (f'select {{{{ landed_column("Price") }}}} as amount {FROM_A}', {"amount"}, set()),
    (f"select 1 as a /* price as amount */ -- price as amount\n{FROM_A}", set(), set()),
    (f"select note from t union all select price as note {FROM_A}", {"note"}, set()),
    # a cast, however it is written
    (f"select cast(price as varchar(64)) as price {FROM_A}", set(), set()),
    (f"select cast(price as varchar(64)) price {FROM_A}", set(), set()),
    (f"select cast(round(price, 2) as varchar(64)) as amount {FROM_A}", set(), set()),
    (f"select price::varchar(64) as amount, t.price :: varchar(64) as price {FROM_A} as t", set(), set()),
    (f"select {{{{ dbt.safe_cast('price', 'varchar(64)') }}}} as price {FROM_A}", set(), set()),
    (f"with a as (select price {FROM_A}) select cast(price as varchar(64)) as price from a", set(), set()),
    # another column of that name
    (f"select price_text as price {FROM_A}", set(), set()),
    (f"select 'it''s, price' as price {FROM_A}", set(), set()),
    (f"select price {FROM_B} union all select other as price {FROM_A}", set(), set()),
    (f"select price {FROM_B}", set(), set()),
    (f"select case when price > 0 then 'dear' else 'free' end as amount {FROM_A}", set(), set()),
    # left open
    (f"select {{{{ to_text('price') }}}} as price {FROM_A}", set(), {"price"}),
    (f"select price || '' as note {FROM_A}", set(), {"note"}),
    (f"select case when net > 0 then price end as amount {FROM_A}", set(), {"amount"}),
    (f"select left(price, 3) as amount {FROM_A}", set(), {"amount"}),
    (f"select price {FROM_A} as t inner join other on t.id = other.id", set(), {"price"}),
]


def test_names_that_a_landed_float_goes_by_are_known_and_what_is_left_open_is_told_apart(
    worker_warehouse: ModelWarehouse,
) -> None:
    codes = ", ".join(json.dumps(code.replace("{{", "{ {").replace("}}", "} }")) for code, *_ in READINGS)
    asked = (
        f"{{% for code in [{codes}] %}}{{{{ tojson(names_of_floats("
        "code.replace('{ {', '{' ~ '{').replace('} }', '}' ~ '}'), {'a': {'price': 'real'}})) }}\n{% endfor %}"
    )
    [answers] = worker_warehouse.dbt("compile", "--inline", asked).compiled.values()
    for line, (code, sure, unsure) in zip(answers.strip().splitlines(), READINGS, strict=True):
        found = json.loads(line)
        assert {name for name, float_ in found.items() if float_["is_sure"]} == sure, code
        assert {name for name, float_ in found.items() if not float_["is_sure"]} == unsure, code
        assert {(float_["dataset"], float_["landed"]) for float_ in found.values()} <= {("a", "price")}


def test_a_float_whose_text_would_be_modeled_stops_its_entity_whether_or_not_it_is_declared(
    built_warehouse: ModelWarehouse,
) -> None:
    warehouse = built_warehouse
    run = warehouse.dbt("run", "--select", "int_orders__checked")
    assert run.success, run.messages
    table = "alter table landing.order_summary"
    warehouse.loader.run(f"{table} drop column customer_id", f"{table} add column customer_id double precision")
    try:
        refused = warehouse.dbt("run", "--select", "int_orders__checked", "orders", "int_customers__checked")
        assert "stg_orders.customer_id is a varchar of customer_id, a double precision" in refused.messages
        ends = [refused.status(name) for name in ("int_orders__checked", "orders", "int_customers__checked")]
        assert ends == ["error", "skipped", "success"]
    finally:
        warehouse.loader.run(f"{table} drop column customer_id", f"{table} add column customer_id varchar(65535)")
    assert warehouse.dbt("run", "--select", "int_orders__checked").success


def unrendered(code: str) -> str:
    """Return a model's SQL so that dbt does not render it as part of a query."""
    return code.replace("{{", "{_{").replace("}}", "}_}")


def entity_of_floats(column: str, type_: str, code: str) -> str:
    """Return a query that judges a made-up staging model; another entity's table, which it reads, is at fault."""
    landed = {"source_name": "landing", "name": "a", "columns": {"price": {"name": "Price", "data_type": "FLOAT8"}}}
    faulty = {
        "resource_type": "model",
        "name": "faulty",
        "alias": "faulty",
        "raw_code": unrendered(f"select price {FROM_A}"),
        "columns": {"price": {"name": "price", "data_type": "varchar(64)"}},
        "config": {"meta": {"entity": "others"}},
        "depends_on": {"nodes": ["source.made.a"]},
    }
    staged = {
        "resource_type": "model",
        "name": "stg_made",
        "alias": "stg_made",
        "raw_code": unrendered(code),
        "columns": {column: {"name": column, "data_type": type_}},
        "config": {"meta": {}},
        "depends_on": {"nodes": ["source.made.a", "model.made.faulty"]},
    }
    nodes = json.dumps({"model.made.stg_made": staged, "model.made.faulty": faulty})
    return (
        f"{{% do graph.sources.update({json.dumps({'source.made.a': landed})}) %}}{{% set nodes = {nodes} %}}"
        "{% for node in nodes.values() %}{% do node.update({'raw_code':"
        " node.raw_code.replace('{_{', '{' ~ '{').replace('}_}', '}' ~ '}')}) %}{% endfor %}"
        "{% do graph.nodes.update(nodes) %}{% do model.depends_on.nodes.append('model.made.stg_made') %}"
        "{% do require_exact_texts({'identifier': 'stg_made'}) %}select 1"
    )


@pytest.fixture
def lent_graph(built_warehouse: ModelWarehouse) -> Iterator[ModelWarehouse]:
    """A warehouse whose graph a query may change: it is the same for all tests, and is put in order again."""
    yield built_warehouse
    assert built_warehouse.manifest
    built_warehouse.manifest.build_flat_graph()


@pytest.mark.parametrize(
    ("column", "type_"),
    [
        ("amount", "varchar(64)"),
        ("Amount", "VARCHAR(20)"),
        ('"Amount"', "character varying(20)"),
        ("AMOUNT", "text"),
        ("amount", "char(9)"),
    ],
)
def test_a_text_of_a_float_is_known_by_whatever_spelling_of_its_type_and_name(
    lent_graph: ModelWarehouse, type_: str, column: str
) -> None:
    query = entity_of_floats(column, type_, f"select price as amount {FROM_A}")
    with pytest.raises(RuntimeError, match=f"{re.escape(column)} is a varchar of price, a double precision"):
        lent_graph.dbt("compile", "--inline", query)


@pytest.mark.parametrize(
    ("type_", "code", "told"),
    [
        ("double precision", f"select price as amount {FROM_A}", False),
        ("varchar(64)", f"select note as amount {FROM_A}", False),
        ("varchar(64)", f"select {{{{ to_text('price') }}}} as amount {FROM_A}", True),
    ],
)
def test_an_entity_goes_on_where_its_text_is_of_no_float_and_is_told_where_that_is_left_open(
    lent_graph: ModelWarehouse, type_: str, code: str, told: bool
) -> None:
    """Another entity's table that it reads is at fault in each of them, and stops that one alone."""
    run = lent_graph.dbt("compile", "--inline", entity_of_floats("amount", type_, code))
    assert run.success
    said = "stg_made.amount is a varchar that may be made of price, a double precision"
    assert (said in run.messages) is told, run.messages
    assert ("cast(price as varchar(64)) as amount" in run.messages) is told
