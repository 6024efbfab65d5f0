"""MODEL: the UPSERT is one transaction behind the entity's mutex, whoever else is at work."""

# ruff: noqa: S608 - the tests' own SQL

import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from landfall.operate.statements.transactions import forget_files
from tests.support.model_warehouse import ModelWarehouse, Moment
from tests.support.order_rows import order, orders_file
from tests.support.second_builder import SecondBuilder
from tests.support.waiting import wait_for
from tests.support.warehouse_seed import NOON

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

HOUR = timedelta(hours=1)
RUN = ("--select", "int_orders__checked", "orders")
TWO = orders_file("two", [order("o-1", "paid", NOON + HOUR), order("o-3")])
MEANWHILE = orders_file("meanwhile", [order("o-9")])
STATUSES = "select order_id, order_status from modeled.orders order by order_id"


@pytest.fixture
def warehouse(built_warehouse: ModelWarehouse) -> ModelWarehouse:
    """A warehouse in which an order was modeled and a newer version of it waits."""
    built_warehouse.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))
    built_warehouse.run_green(*RUN)
    built_warehouse.loader.land(TWO)
    return built_warehouse


@pytest.fixture
def held_mutex(warehouse: ModelWarehouse) -> Iterator[None]:
    """The orders' mutex, taken by the administrator until he commits; a test that fails before lets go of it too."""
    warehouse.admin.run("begin", "lock lock._model_orders")
    yield
    warehouse.admin.run("rollback")


def test_lock_delete_insert_and_watermark_are_one_transaction(warehouse: ModelWarehouse) -> None:
    sent = warehouse.run_green(*RUN).sent_by("orders")

    begin = sent.index("BEGIN")
    transaction = sent[begin : sent.index("COMMIT") + 1]
    assert transaction[1] == 'lock "landfall"."lock"."_model_orders"'
    words = ("delete from", 'insert into "landfall"."modeled"."orders"', '"model_loads"')
    older, newer, load = (next(number for number, sql in enumerate(transaction) if word in sql) for word in words)
    assert 1 < older < newer < load == len(transaction) - 2
    assert sent.count("COMMIT") == sent.count("BEGIN") == 1


def test_modeled_rows_are_written_once_and_not_to_a_temporary_table_before(warehouse: ModelWarehouse) -> None:
    sent = warehouse.run_green(*RUN).sent_by("orders")

    [columns] = [sql for sql in sent if "create temporary table" in sql]
    assert " as\n" not in columns  # for dbt to compare, without rows
    assert not [sql for sql in sent if re.search(r"(insert\s+into|from|using)\s+\S*__dbt_tmp", sql)]
    assert warehouse.transformer.rows(STATUSES) == [("o-1", "paid"), ("o-3", "placed")]


@pytest.mark.usefixtures("held_mutex")
def test_a_run_that_waited_for_the_mutex_sees_what_was_committed_meanwhile(
    warehouse: ModelWarehouse, other_builder: SecondBuilder
) -> None:
    other_builder.start("run", *RUN)
    waiting = "select count(*) from pg_locks where not granted"
    wait_for(lambda: warehouse.admin.value(waiting), "a session that stands at the mutex")
    # a newer version is modeled by somebody else while dbt waits
    warehouse.admin.run(
        f"update modeled.orders set order_status = 'delivered', _business_at = timestamp '{NOON + 2 * HOUR}'",
        "commit",
    )

    assert other_builder.finish()
    assert warehouse.transformer.rows(STATUSES) == [("o-1", "delivered"), ("o-3", "placed")]


@pytest.mark.usefixtures("held_mutex")
def test_two_runs_at_once_end_like_one(warehouse: ModelWarehouse, other_builder: SecondBuilder) -> None:
    other_builder.start("run", *RUN)

    def let_both_go() -> None:
        warehouse.admin.run("commit")

    # both stand in line at the mutex, or one is past it while the other looks: whichever, the end is one run's
    warehouse.run_green(*RUN, during={Moment.amid("int_orders__checked"): let_both_go})
    assert other_builder.finish()

    assert warehouse.transformer.rows(STATUSES) == [("o-1", "paid"), ("o-3", "placed")]
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("o-2",)]
    assert warehouse.transformer.value("select max(upto_seq) from ops.model_loads where dataset = 'order_summary'") == 2


def landing_and_running(
    warehouse: ModelWarehouse, other_builder: SecondBuilder, selected: tuple[str, ...] = RUN
) -> Callable[[], None]:
    """Return what lands a file, and runs beside the run amid which it is called."""

    def cut_in() -> None:
        warehouse.loader.land(MEANWHILE)
        other_builder.run("run", *selected)

    return cut_in


@pytest.mark.parametrize("model", ["int_orders__checked", "orders"])
def test_a_table_is_not_built_anew_without_what_another_run_has_modeled_meanwhile(
    warehouse: ModelWarehouse, other_builder: SecondBuilder, model: str
) -> None:
    warehouse.run_green(*RUN)
    statuses = dict(warehouse.transformer.rows(STATUSES))

    amid = {Moment.amid(model): landing_and_running(warehouse, other_builder)}
    run = warehouse.dbt("run", "--full-refresh", *RUN, during=amid)
    assert (run.status(model), run.status("orders")) == ("error", "error" if model == "orders" else "skipped")
    assert "would lose rows" in run.messages
    assert "dbt build --full-refresh --select +orders+" in run.messages
    assert dict(warehouse.transformer.rows(STATUSES)) == {**statuses, "o-9": "placed"}

    warehouse.run_green("--full-refresh", *RUN)
    assert dict(warehouse.transformer.rows(STATUSES)) == {**statuses, "o-9": "placed"}


def test_a_table_is_built_anew_without_files_of_which_the_ledger_knows_nothing_any_more(
    warehouse: ModelWarehouse,
) -> None:
    warehouse.run_green(*RUN)
    warehouse.loader.transaction(*forget_files("order_summary", [TWO.file_id]))

    warehouse.run_green("--full-refresh", *RUN)  # no run has overtaken it: the bound went back
    assert warehouse.transformer.rows(STATUSES) == [("o-1", "placed")]


def test_what_another_run_has_only_checked_is_not_modeled_beyond_the_bound(
    warehouse: ModelWarehouse, other_builder: SecondBuilder
) -> None:
    only_checked = landing_and_running(warehouse, other_builder, RUN[:2])
    warehouse.run_green(*RUN, during={Moment.amid("int_orders__checked"): only_checked})
    assert warehouse.transformer.rows(STATUSES) == [("o-1", "paid"), ("o-3", "placed")]

    # So an undo finds no row of it modeled, which no run would take out.
    warehouse.loader.undo(MEANWHILE)
    warehouse.run_green(*RUN)
    assert warehouse.transformer.rows(STATUSES) == [("o-1", "paid"), ("o-3", "placed")]


def test_what_another_run_has_only_checked_is_modeled_by_the_next_run(
    warehouse: ModelWarehouse, other_builder: SecondBuilder
) -> None:
    only_checked = landing_and_running(warehouse, other_builder, RUN[:2])
    warehouse.run_green(*RUN, during={Moment.amid("int_orders__checked"): only_checked})
    warehouse.run_green(*RUN)
    assert warehouse.transformer.rows(STATUSES) == [("o-1", "paid"), ("o-3", "placed"), ("o-9", "placed")]
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("o-2",)]


# the outer run's numbers are those of before the inner one; the rows it checked are replaced
@pytest.mark.parametrize("moment", [Moment.amid("int_orders__checked"), Moment.before("orders")], ids=str)
def test_a_run_inside_another_takes_nothing_from_it(
    warehouse: ModelWarehouse, other_builder: SecondBuilder, moment: Moment
) -> None:
    warehouse.run_green(*RUN, during={moment: lambda: other_builder.run("run", *RUN)})

    assert warehouse.transformer.rows(STATUSES) == [("o-1", "paid"), ("o-3", "placed")]
    assert warehouse.transformer.rows("select order_id from gate.quarantine_orders") == [("o-2",)]
