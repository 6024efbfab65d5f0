"""MODEL: a delete leaves a tombstone, so that it holds whatever comes late."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.claim_rows import file_of, patient
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import customer, customers_file, item, items_file, order, orders_file
from tests.support.warehouse_seed import NOON

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

HOUR = timedelta(hours=1)
RUN_ORDERS = ("--select", "int_orders__checked", "orders")
RUN_ITEMS = (*RUN_ORDERS, "int_order_items__checked", "order_items")


def test_what_was_deleted_stays_so_until_a_newer_version_comes(built_warehouse: ModelWarehouse) -> None:
    deleted_at = NOON + HOUR
    gone = order("o-1", "shipped", deleted_at, op="D")
    never_seen = dict.fromkeys(gone) | {"order_id": "o-3", "updated_at": deleted_at, "op": "D"}
    built_warehouse.loader.land(orders_file("first", [order("o-1"), order("o-2")]))
    built_warehouse.run_green(*RUN_ORDERS)
    built_warehouse.loader.land(orders_file("deletes", [gone, never_seen]))
    built_warehouse.loader.land(orders_file("late", [order("o-1", "paid"), order("o-3")]))
    built_warehouse.run_green(*RUN_ORDERS)

    orders = "select order_id, order_status, is_deleted from modeled.orders order by 1"
    # the tombstone holds what the delete brought: as AWS DMS writes it, the row as it was; or the key alone
    assert built_warehouse.transformer.rows(orders) == [
        ("o-1", "shipped", True),
        ("o-2", "placed", False),
        ("o-3", None, True),
    ]

    built_warehouse.loader.land(orders_file("again", [order("o-1", "placed", NOON + 2 * HOUR, op="I")]))
    built_warehouse.run_green(*RUN_ORDERS)
    assert built_warehouse.transformer.rows(orders)[0] == ("o-1", "placed", False)


def test_of_rows_of_one_file_with_the_same_time_the_last_one_wins(built_warehouse: ModelWarehouse) -> None:
    updates = [order(f"o-{n}", status, op="U") for status in ("placed", "paid", "shipped") for n in range(12)]
    again = [order("again", op="I"), order("again", op="D"), order("again", "paid", op="I")]
    gone = [order("gone", op="I"), order("gone", op="D")]
    built_warehouse.loader.land(orders_file("changes", [*updates, *again, *gone]))
    built_warehouse.run_green(*RUN_ORDERS)

    orders = "select order_id, order_status, is_deleted from modeled.orders"
    assert set(built_warehouse.transformer.rows(orders)) == {
        *((f"o-{n}", "shipped", False) for n in range(12)),
        ("again", "paid", False),
        ("gone", "placed", True),
    }


def test_of_rows_that_landed_without_their_places_the_delete_wins(built_warehouse: ModelWarehouse) -> None:
    built_warehouse.loader.land(orders_file("before", [order("o-1", "paid", op="D"), order("o-1", "paid", op="I")]))
    built_warehouse.loader.run("update landing.order_summary set _row_number = null")
    built_warehouse.run_green(*RUN_ORDERS)

    assert built_warehouse.transformer.rows("select order_id, is_deleted, _row_number from modeled.orders") == [
        ("o-1", True, 0)
    ]


def test_a_file_that_is_stored_again_brings_back_what_bears_the_time_of_its_delete_until_it_is_undone(
    built_warehouse: ModelWarehouse,
) -> None:
    first = orders_file("first", [order(f"o-{n}", op="I") for n in range(2)])
    again = replace(first, modified_at=NOON + 2 * HOUR, version="again")
    deletes = [order("o-0", op="D"), order("o-1", at=NOON + HOUR, op="D")]
    deleted = "select order_id, is_deleted from modeled.orders order by 1"
    for file in (first, orders_file("deletes", deletes, NOON + HOUR), again):
        built_warehouse.loader.land(file)
        built_warehouse.run_green(*RUN_ORDERS)
    assert built_warehouse.transformer.rows(deleted) == [("o-0", False), ("o-1", True)]

    built_warehouse.loader.undo(again)
    built_warehouse.run_green("--full-refresh", *RUN_ORDERS)
    assert built_warehouse.transformer.rows(deleted) == [("o-0", True), ("o-1", True)]


def test_a_hard_delete_leaves_the_key_and_nothing_about_the_person(built_warehouse: ModelWarehouse) -> None:
    run_customers = ("--select", "int_customers__checked", "customers", "dim_customers")
    built_warehouse.loader.land(customers_file("first", [customer("c-1"), customer("c-2")]))
    built_warehouse.run_green(*run_customers)
    built_warehouse.loader.land(customers_file("deletes", [customer("c-1", NOON + HOUR, op="D")]))
    built_warehouse.run_green(*run_customers)

    facts = (
        "select customer_id, customer_name, email, country, created_at, is_deleted from modeled.customers order by 1"
    )
    assert built_warehouse.transformer.rows(facts) == [
        ("c-1", None, None, None, None, True),
        ("c-2", "Ada Example", "ada@example.com", "DE", NOON, False),
    ]
    assert built_warehouse.transformer.rows("select customer_id from marts.dim_customers") == [("c-2",)]


def test_a_delete_needs_no_values_that_fit_beside_its_key(built_warehouse: ModelWarehouse) -> None:
    built_warehouse.loader.land(orders_file("first", [order("o-1"), order("o-2")]))
    built_warehouse.run_green(*RUN_ORDERS)
    misfit: dict[str, Any] = {"shipping_country": "DEU", "currency": "euro", "at": NOON + HOUR}
    built_warehouse.loader.land(orders_file("changes", [order("o-1", op="U", **misfit)]))
    too_long = "o" * 65
    deletes = [order("o-1", op="D", **misfit), order("o-2", "n" * 40, op="D"), order(too_long, op="D", **misfit)]
    built_warehouse.loader.land(orders_file("deletes", deletes, NOON + HOUR))
    built_warehouse.run_green(*RUN_ORDERS)

    orders = "select order_id, shipping_country, currency, order_status, is_deleted from modeled.orders order by 1"
    # the tombstone has no part of what does not fit
    assert built_warehouse.transformer.rows(orders) == [
        ("o-1", None, None, "placed", True),
        ("o-2", "DE", "EUR", None, True),
    ]
    built_warehouse.run_green(*RUN_ORDERS)  # sees that the update of o-1 can not be the newest any more
    reasons = "select left(order_id, 3), _operation, reject_reason from gate.quarantine_orders"
    # which row the delete of a key that does not fit is of, nobody knows
    assert built_warehouse.transformer.rows(reasons) == [("ooo", "D", "order_id_too_long")]


def test_a_person_is_deleted_whose_values_do_not_fit(built_warehouse: ModelWarehouse) -> None:
    customers = ("int_customers__checked", "customers", "dim_customers")
    run = ("--select", *customers, "int_patients__checked", "patients")
    built_warehouse.loader.land(customers_file("first", [customer("c-1"), customer("c-2")]))
    built_warehouse.loader.land(file_of("patients", "first", [patient("p-1"), patient("p-2")]))
    built_warehouse.run_green(*run)
    built_warehouse.loader.land(customers_file("deletes", [customer("c-1", NOON + HOUR, country="DEU", op="D")]))
    gone = [patient("p-1", NOON + HOUR, postal_code="0" * 20, op="D"), patient(" p-2", NOON + HOUR, op="D")]
    built_warehouse.loader.land(file_of("patients", "deletes", gone))
    built_warehouse.run_green(*run)

    assert built_warehouse.transformer.rows("select customer_id from marts.dim_customers") == [("c-2",)]
    deleted = "select count(*), sum(case when is_deleted then 1 else 0 end) from modeled.patients"
    assert built_warehouse.transformer.rows(deleted) == [(2, 1)]
    # ` p-2` is another identifier than `p-2`, and its hash would be the same
    assert built_warehouse.transformer.rows("select reject_reason from gate.quarantine_patients") == [
        ("patient_id_has_blanks",)
    ]


def test_a_deleted_order_is_known_to_its_items_and_a_deleted_item_waits_for_none(
    built_warehouse: ModelWarehouse,
) -> None:
    built_warehouse.loader.land(orders_file("deleted", [order("o-1", op="D")]))
    items = [item("i-1", "o-1"), item("i-2", "o-2"), item("i-3", None, op="D")]
    built_warehouse.loader.land(items_file("items", items))
    built_warehouse.run_green(*RUN_ITEMS)

    modeled = "select order_item_id, is_deleted from modeled.order_items order by 1"
    assert built_warehouse.transformer.rows(modeled) == [("i-1", False), ("i-3", True)]
    assert built_warehouse.transformer.rows("select order_item_id from gate.pending_order_items") == [("i-2",)]


def test_a_delete_without_its_time_and_an_unknown_operation_are_quarantined(built_warehouse: ModelWarehouse) -> None:
    timeless = order("o-1", at=None, ordered_at=None, op="D")
    built_warehouse.loader.land(orders_file("odd", [timeless, order("o-2", op="X")]))
    built_warehouse.run_green(*RUN_ORDERS)

    reasons = "select order_id, reject_reason from gate.quarantine_orders order by 1"
    assert built_warehouse.transformer.rows(reasons) == [("o-1", "delete_without_time"), ("o-2", "operation_unknown")]
    assert built_warehouse.transformer.rows("select * from modeled.orders") == []


def test_a_delete_without_its_time_stays_in_sight_whatever_comes_of_its_key(built_warehouse: ModelWarehouse) -> None:
    key_only = dict.fromkeys(order("o-1")) | {"order_id": "o-1", "op": "D"}
    built_warehouse.loader.land(orders_file("inserted", [order("o-1")]))
    built_warehouse.loader.land(orders_file("deleted", [key_only]))
    for name, at in (("first", NOON), ("newer", NOON + HOUR), ("newest", NOON + 2 * HOUR)):
        built_warehouse.loader.land(orders_file(name, [order("o-1", "paid", at)]))
        built_warehouse.run_green(*RUN_ORDERS)

        reasons = "select order_id, reject_reason from gate.quarantine_orders"
        assert built_warehouse.transformer.rows(reasons) == [("o-1", "delete_without_time")]
    assert built_warehouse.transformer.rows("select order_id, is_deleted from modeled.orders") == [("o-1", False)]


@pytest.mark.parametrize(
    ("code", "brings_deletes"),
    [
        ("{{ change_columns('order_flattened') }} from {{ source('landing', 'order_flattened') }}", False),
        ("{{ change_columns('order_flattened') }}, {{ change_columns(\"customers\") }}", True),
        ("{{ change_columns('order_flattened') }}, {{ change_columns(dataset) }}", True),
        ("{{ change_columns('order_flattened') }}, 'D' as _operation", True),
        ("{{ change_columns('order_flattened') }}, {{ operation('op') }} as code", True),
        ("{{ change_columns('order_flattened') }} from {{ source('landing', 'order_items') }}", True),
        ("{{ change_columns('order_flattened') }} from {{ ref('stg_order_items') }}", True),
        ("{{ file_columns('order_flattened') }}", True),
        ("{{ file_columns('order_flattened') }}, {{ change_columns('order_flattened') }}", False),
        # a fork's macros, of which nobody knows what they tell
        ("{{ change_columns('order_flattened') }} union all {{ unless_deleted('customers') }}", True),
        ("{{ change_columns('order_flattened') }} union all {{ dbt.type_string() }}", True),
        (
            "{% macro my_change_columns(dataset) %}{{ file_columns(dataset) }}{% endmacro %}"
            "{{ my_change_columns('order_flattened') }}",
            True,
        ),
    ],
)
def test_a_staging_model_brings_deletes_unless_all_that_it_reads_declares_none(
    worker_warehouse: ModelWarehouse, code: str, brings_deletes: bool
) -> None:
    told = "select {{ brings_deletes() }}"
    compiled = worker_warehouse.dbt("compile", "--inline", f"{told} {{% if not execute %}}{code}{{% endif %}}").compiled
    assert [sql.strip() for sql in compiled.values()] == [f"select {brings_deletes}"]
