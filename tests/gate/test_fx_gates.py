"""GATE, fx: each gate lets good rates pass and stops bad ones before the UPSERT; nothing modeled changes then."""

# ruff: noqa: S608 - the tests' own SQL

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.fx_rows import FRIDAY, rate, rates_file
from tests.support.model_warehouse import DbtRun, ModelWarehouse
from tests.support.warehouse_seed import SeedFile

pytestmark = pytest.mark.xdist_group("gate")  # one warehouse, one after the other

ERROR_GATES = ("schema", "quarantine_rate", "rows_conserved", "volume", "unique_key")
GOOD_FILES = 10


@pytest.fixture(scope="module")
def published(worker_warehouse: ModelWarehouse) -> tuple[ModelWarehouse, DbtRun]:
    """Good rates, landed and modeled, and what that run said."""
    worker_warehouse.empty()
    for number in range(GOOD_FILES):
        worker_warehouse.loader.land(
            rates_file(f"good-{number}", [rate(FRIDAY - timedelta(days=number), "EUR", "1.15")])
        )
    run = worker_warehouse.build_green("--select", "+dim_fx")
    assert len(state(worker_warehouse)[0]) == GOOD_FILES
    return worker_warehouse, run


def state(warehouse: ModelWarehouse) -> tuple[Any, ...]:
    """Return what a stopped run must not change: the modeled table, the mart and the watermark."""
    query = warehouse.transformer.rows
    return (
        query("select * from modeled.fx_rates order by as_of_date, ccy"),
        query("select * from marts.dim_fx order by ccy, as_of_date"),
        query("select max(upto_seq) from ops.model_loads where model = 'modeled.fx_rates'"),
    )


def mostly_bad() -> SeedFile:
    """Return a file with more than a quarter of its rows, and at least ten, in quarantine."""
    return rates_file("mostly-bad", [rate(FRIDAY - timedelta(days=number), "GBP", "-1") for number in range(10)])


def whole_history() -> SeedFile:
    """Return a file more than a hundred times as large as those before it."""
    return rates_file("whole-history", [rate(FRIDAY - timedelta(days=number), "GBP", "1.3") for number in range(101)])


def test_every_gate_lets_good_rates_pass(published: tuple[ModelWarehouse, DbtRun]) -> None:
    _, run = published
    assert {run.status(f"fx_rates__{gate}") for gate in ERROR_GATES} == {"pass"}
    assert {run.status(gate) for gate in ("fx_rates__freshness", "dim_fx__unique_key", "dim_fx__no_jumps")} == {"pass"}


@pytest.mark.parametrize(("bad_file", "gate"), [(mostly_bad, "quarantine_rate"), (whole_history, "volume")])
def test_a_bad_file_stops_the_upsert_until_it_is_undone(
    published: tuple[ModelWarehouse, DbtRun], bad_file: Callable[[], SeedFile], gate: str
) -> None:
    warehouse, file = published[0], bad_file()
    before = state(warehouse)
    warehouse.loader.land(file)

    stopped = warehouse.build("--select", "+dim_fx")

    assert stopped.status(f"fx_rates__{gate}") == "fail"
    assert (stopped.status("fx_rates"), stopped.status("dim_fx")) == ("skipped", "skipped")
    assert state(warehouse) == before
    failing = f"select distinct _source_file from ({stopped.compiled[f'fx_rates__{gate}']}) as failing"
    assert warehouse.transformer.rows(failing) == [(file.source,)]
    warehouse.loader.undo(file)


def test_a_landing_table_of_another_shape_fails_schema(published: tuple[ModelWarehouse, DbtRun]) -> None:
    warehouse = published[0]
    before = state(warehouse)
    warehouse.loader.run("alter table landing.fx_rates rename column rate_to_usd to rate")
    try:
        stopped = warehouse.build("--select", "+fx_rates")
    finally:
        warehouse.loader.run("alter table landing.fx_rates rename column rate to rate_to_usd")

    assert stopped.status("fx_rates__schema") == "fail"
    assert stopped.status("fx_rates") == "skipped"
    assert state(warehouse) == before


def test_a_lost_row_and_a_key_that_is_left_twice_fail_their_gates(published: tuple[ModelWarehouse, DbtRun]) -> None:
    warehouse = published[0]
    file = rates_file("twice", [rate(FRIDAY, "GBP", "1.30"), rate(FRIDAY, "GBP", "1.31"), rate(FRIDAY, "CHF", "1.2")])
    warehouse.loader.land(file)
    warehouse.run_green("--select", "int_fx_rates__checked")
    gates = ("fx_rates__rows_conserved", "fx_rates__unique_key")
    passed = warehouse.dbt("test", "--select", *gates)
    assert {gate: passed.status(gate) for gate in gates} == dict.fromkeys(gates, "pass")

    # a row that no view and no UPSERT takes
    warehouse.transformer.run("update gate.int_fx_rates__checked set row_status = 'nowhere' where ccy = 'CHF'")
    assert warehouse.dbt("test", "--select", "fx_rates__rows_conserved").status("fx_rates__rows_conserved") == "fail"

    warehouse.transformer.run(
        "delete from gate.int_fx_rates__checked where ccy = 'CHF'",
        "update gate.int_fx_rates__checked set _version_rank = 1",
    )

    failed = warehouse.dbt("test", "--select", *gates)
    assert {gate: failed.status(gate) for gate in gates} == dict.fromkeys(gates, "fail")
    warehouse.loader.undo(file)


def test_a_rate_upside_down_and_stale_rates_are_told_and_flow_on(published: tuple[ModelWarehouse, DbtRun]) -> None:
    warehouse = published[0]
    file = rates_file("upside-down", [rate(FRIDAY + timedelta(days=1), "EUR", "0.35")])
    warehouse.loader.land(file)
    warehouse.loader.run("update landing.fx_rates set _loaded_at = dateadd(day, -30, _loaded_at)")

    modeled_before = len(state(warehouse)[0])

    run = warehouse.build("--select", "+dim_fx")

    assert run.success
    assert {run.status(gate) for gate in ("dim_fx__no_jumps", "fx_rates__freshness")} == {"warn"}
    assert len(state(warehouse)[0]) == modeled_before + 1
