"""MODEL's law: whatever the order, batching, repetition and interleaving of files and runs, the tables end the same.

Hypothesis draws schedules: files of three datasets, with deletes, land in some order, late or again, between runs or in
the middle of one; a run takes place inside another; a file is undone. The end is compared with what the law says, told
independently in `tests/support/convergence.py`, and with a full refresh.
"""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.convergence import ENTITY_MODELS, Step, modeled_items, modeled_orders, schedules, standing
from tests.support.following import assert_as_built_anew, follow
from tests.support.model_warehouse import ModelWarehouse
from tests.support.second_builder import SecondBuilder

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

# Each example is several dbt runs; the seconds are spent on few, varied ones.
EXAMPLES = 5
RUN = ("--select", *ENTITY_MODELS)
ORDERS = "select order_id, order_status, updated_at, is_deleted from modeled.orders order by 1"
ITEMS = "select order_item_id, order_id, quantity, updated_at, is_deleted from modeled.order_items order by 1"


# A failing schedule is shown as it was drawn: to look for a smaller one would take minutes.
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(schedule=schedules())
def test_modeled_tables_end_as_the_newest_good_rows_of_all_files(
    worker_warehouse: ModelWarehouse, other_builder: SecondBuilder, schedule: Sequence[Step]
) -> None:
    warehouse = worker_warehouse
    warehouse.empty()
    follow(schedule, warehouse, RUN, other_builder)

    files = standing(schedule)
    orders = [
        (key, row["order_status"], row["updated_at"], row["op"] == "d")
        for key, row in sorted(modeled_orders(files).items())
    ]
    items = [
        (key, row["order_id"], row["quantity"], row["updated_at"], row["op"] == "d")
        for key, row in sorted(modeled_items(files).items())
    ]
    assert warehouse.transformer.rows(ORDERS) == orders
    assert warehouse.transformer.rows(ITEMS) == items
    assert_as_built_anew(warehouse, RUN, "orders", "order_items")
