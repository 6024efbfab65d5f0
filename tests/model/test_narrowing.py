"""MODEL: staging takes a landed value in its modeled type as it is, or says why it does not."""

# ruff: noqa: S608 - the tests' own SQL

import json
import re
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


# how staging reads `price`, which lands as a DOUBLE, and what of it is one still
READINGS: list[tuple[str, set[str]]] = [
    ("select price from t", {"price"}),
    ("select t.price as amount from t", {"price", "amount"}),
    ("with a as (select price as p from t) select p as amount from a", {"price", "p", "amount"}),
    ("select coalesce(price, net) as amount, net * price as whole, name as note from t", {"price", "amount", "whole"}),
    ("select round(price, 2) as price from t", {"price"}),
    ('select {{ landed_column("Price") }} as amount from t', {"price", "amount"}),
    ("select cast(price as varchar(64)) as price from t", set()),
    ("select cast(price as varchar(64)) as amount from t", {"price"}),
    ("select price::varchar(64) as amount from t", {"price"}),
    ("select case when price > 0 then 'dear' else 'free' end as amount from t", {"price"}),
    ("select 1 as a /* price as amount */ -- price as amount\nfrom t", {"price"}),
]


def test_names_that_a_landed_float_goes_by_are_known_and_an_explicit_cast_ends_them(
    worker_warehouse: ModelWarehouse,
) -> None:
    codes = "[" + ", ".join(json.dumps(code.replace("{{", "{ {").replace("}}", "} }")) for code, _ in READINGS) + "]"
    asked = (
        f"{{% for code in {codes} %}}{{{{ tojson(names_of_floats("
        "code.replace('{ {', '{' ~ '{').replace('} }', '}' ~ '}'), ['price']).keys() | list) }}\n{% endfor %}"
    )
    [found] = worker_warehouse.dbt("compile", "--inline", asked).compiled.values()
    for line, (code, expected) in zip(found.strip().splitlines(), READINGS, strict=True):
        assert set(json.loads(line)) == expected, code


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
