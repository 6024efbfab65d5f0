"""MODEL's law: whatever the order, batching and repetition of files, the modeled tables end the same."""

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import item, items_file, order, orders_file
from tests.support.warehouse_seed import NOON, Row, SeedFile

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

# Each example is several dbt runs; the seconds are spent on few, varied ones.
EXAMPLES = 4
STATUSES = ("placed", "paid", "shipped", "unheard of")

times = st.integers(min_value=0, max_value=3).map(lambda hours: NOON + timedelta(hours=hours))
order_ids = st.sampled_from(["o-1", "o-2", "o-3", None])
item_ids = st.sampled_from(["i-1", "i-2", "i-3"])
order_rows = st.builds(order, order_ids, st.sampled_from(STATUSES), times)
item_rows = st.builds(item, item_ids, order_ids, times, quantity=st.sampled_from([2, 0]))


def version(row: Row) -> tuple[object, object]:
    """Return key and time: one file never says two things of them here, so that the reference needs no digest."""
    return row.get("order_item_id", row["order_id"]), row["updated_at"]


@st.composite
def schedules(draw: st.DrawFn) -> list[list[SeedFile]]:
    """Draw files of both datasets, in an order and in batches, some of them delivered again."""
    files = [
        make(f"file-{number}", draw(st.lists(rows, min_size=1, max_size=4, unique_by=version)), draw(times))
        for make, rows in ((orders_file, order_rows), (items_file, item_rows))
        for number in range(draw(st.integers(min_value=1, max_value=3)))
    ]
    again = draw(st.lists(st.sampled_from(files), max_size=2))
    delivered = draw(st.permutations([*files, *again]))
    cut = draw(st.integers(min_value=0, max_value=len(delivered)))
    return [delivered[:cut], delivered[cut:]]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(schedule=schedules())
def test_modeled_tables_end_as_the_newest_good_rows_of_all_files(
    warehouse: ModelWarehouse, schedule: Sequence[Sequence[SeedFile]]
) -> None:
    warehouse.reset()
    for batch in schedule:
        for file in batch:
            warehouse.loader.land(file)
        assert warehouse.dbt("run", "--select", "+order_items").success

    files = {file.file_id: file for batch in schedule for file in batch}.values()
    orders = newest(files, "order_summary", "order_id", is_good)
    items = newest(files, "order_items", "order_item_id", lambda row: is_good(row) and row["order_id"] in orders)
    assert modeled(warehouse, "select order_id, order_status, updated_at from modeled.orders") == {
        (key, row["order_status"], row["updated_at"]) for key, row in orders.items()
    }
    assert modeled(warehouse, "select order_item_id, order_id, updated_at from modeled.order_items") == {
        (key, row["order_id"], row["updated_at"]) for key, row in items.items()
    }


def modeled(warehouse: ModelWarehouse, query: str) -> set[tuple[object, ...]]:
    """Return the rows of a query, and assert that none is there twice."""
    rows = warehouse.transformer.rows(query)
    assert len(set(rows)) == len(rows)
    return set(rows)


def newest(files: Iterable[SeedFile], dataset: str, key: str, is_accepted: Callable[[Row], bool]) -> dict[object, Row]:
    """Return the newest accepted row of each key, by business time, time of the file and file."""
    versions = sorted(
        (
            (row["updated_at"], file.modified_at, file.file_id, row)
            for file in files
            if file.dataset == dataset
            for row in file.rows
            if is_accepted(row)
        ),
        key=lambda candidate: candidate[:3],
    )
    return {row[key]: row for *_, row in versions}


def is_good(row: Row) -> bool:
    """Whether no rule objects to a row drawn here."""
    return row["order_id"] is not None and row.get("order_status") != "unheard of" and row.get("quantity") != 0
