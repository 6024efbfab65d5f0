"""MODEL's law: whatever the order, batching, repetition and interleaving of files and runs, the tables end the same.

Hypothesis draws schedules: files of three datasets, with deletes, land in some order, late or again, between runs or in
the middle of one; a run takes place inside another; a file is undone. The end is compared with what the law says, told
independently in `tests/support/convergence.py`, and with a full refresh.
"""

from collections.abc import Callable, Sequence
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.support.convergence import ENTITY_MODELS, Act, Step, modeled_items, modeled_orders, schedules, standing
from tests.support.model_warehouse import ModelWarehouse, Moment
from tests.support.second_builder import SecondBuilder

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

# Each example is several dbt runs; the seconds are spent on few, varied ones.
EXAMPLES = 3
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
    follow(schedule, warehouse, other_builder, RUN)

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

    before = whole_tables(warehouse)
    warehouse.run_green("--full-refresh", *RUN)
    assert whole_tables(warehouse) == before


def follow(
    schedule: Sequence[Step], warehouse: ModelWarehouse, other_builder: SecondBuilder, selected: Sequence[str]
) -> None:
    """Let the steps happen, and a last run. The run after an undo is a full refresh, as the transform decides it."""
    refresh: tuple[str, ...] = ()
    for step in [*schedule, Step(Act.RUN)]:
        if step.act is Act.LAND and step.file:
            warehouse.loader.land(step.file)
        elif step.act is Act.UNDO and step.file:
            warehouse.loader.undo(step.file)
            refresh = ("--full-refresh",)
        else:
            during = amid_run(step, warehouse, other_builder, selected, is_anew=bool(refresh))
            warehouse.run_green(*refresh, *selected, during=during)
            refresh = ()


def amid_run(
    step: Step,
    warehouse: ModelWarehouse,
    other_builder: SecondBuilder,
    selected: Sequence[str],
    *,
    is_anew: bool,
) -> dict[Moment, Callable[[], None]]:
    """Return what happens in the middle of a step's run. A rebuild refuses, and is repeated, when another cuts in."""
    if step.act is Act.LAND_AMID_A_RUN and step.moment and step.file:
        return {step.moment: partial(warehouse.loader.land, step.file)}
    if step.act is Act.RUN_AMID_A_RUN and step.moment and not is_anew:
        return {step.moment: partial(other_builder.run, "run", *selected)}
    return {}


def whole_tables(warehouse: ModelWarehouse) -> list[list[tuple[object, ...]]]:
    """Return every column of every modeled row."""
    tables = ("orders", "order_items")
    return [warehouse.transformer.rows(f"select * from modeled.{table} order by 1") for table in tables]  # noqa: S608 - the test's own names
