"""MODEL, fx: rates are upserted by day and currency, and become what amounts are converted with."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from scripts.fx_rows import FAULTS, Plan, rate_batches
from tests.support.fx_rows import FRIDAY, rate, rates_file
from tests.support.generated_rows import generated_file
from tests.support.model_warehouse import ModelWarehouse
from tests.support.warehouse_seed import NOON, SeedFile

pytestmark = pytest.mark.xdist_group("model")  # one warehouse, one after the other

LATER, EARLIER = NOON + timedelta(hours=1), NOON - timedelta(hours=1)
# What a run makes anew; the views between stay as they are.
CHANGING = ("--select", "int_fx_rates__checked", "fx_rates", "dim_fx")
MODELED = "select as_of_date, ccy, rate_to_usd, is_deleted from modeled.fx_rates order by 1, 2"

# The rule that each of the generator's faults breaks.
REASONS = {
    "negative_rate": "rate_to_usd_not_positive",
    "unknown_currency": "ccy_unknown",
    "missing_currency": "ccy_missing",
    "missing_rate": "rate_to_usd_missing",
    "future_date": "as_of_date_out_of_range",
}


def generated(name: str, **options: Any) -> SeedFile:
    """Return a file of generated rates; two weeks of them."""
    return generated_file("fx_rates", name, rate_batches(Plan(14, currencies=("EUR", "JPY"), **options)))


def test_rates_are_kept_by_day_and_currency_and_count_until_the_next(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    monday = FRIDAY + timedelta(days=3)
    warehouse.loader.land(
        rates_file("first", [rate(FRIDAY, "EUR", "1.15"), rate(FRIDAY, "JPY", "0.0065"), rate(monday, "EUR", "1.17")])
    )
    warehouse.run_green(*CHANGING)
    warehouse.loader.land(
        rates_file("restated", [rate(FRIDAY, "EUR", "1.16", LATER), rate(FRIDAY, "JPY", None, LATER, op="D")])
    )
    warehouse.loader.land(rates_file("late", [rate(FRIDAY, "EUR", "1.11", EARLIER)]))
    warehouse.run_green(*CHANGING)

    assert warehouse.transformer.rows(MODELED) == [
        (FRIDAY, "EUR", Decimal("1.1600000000"), False),
        (FRIDAY, "JPY", None, True),
        (monday, "EUR", Decimal("1.1700000000"), False),
    ]
    assert warehouse.transformer.rows("select * from marts.dim_fx order by ccy, as_of_date") == [
        ("EUR", Decimal("1.1600000000"), FRIDAY, monday),
        ("EUR", Decimal("1.1700000000"), monday, monday + timedelta(days=8)),
        ("USD", Decimal("1.0000000000"), date(1970, 1, 1), date(9999, 12, 31)),
    ]


def test_whatever_the_order_of_files_and_runs_the_rates_end_the_same(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    files = [generated(f"wave-{wave}", wave=wave, update_share=0.5, delete_share=0.3) for wave in (1, 2, 3)]
    for file in reversed(files):
        warehouse.loader.land(file)
        warehouse.run_green(*CHANGING)
    incremental = warehouse.transformer.rows(MODELED)
    assert {is_deleted for *_, is_deleted in incremental} == {True, False}

    warehouse.run_green("--full-refresh", *CHANGING)

    assert warehouse.transformer.rows(MODELED) == incremental
    assert incremental == expected(files)


def test_each_fault_of_the_generator_is_quarantined_for_its_reason(built_warehouse: ModelWarehouse) -> None:
    warehouse = built_warehouse
    assert set(REASONS) == set(FAULTS)
    warehouse.loader.land(generated("spoilt", bad_rows=len(FAULTS)))

    warehouse.run_green(*CHANGING)

    reasons = warehouse.transformer.rows("select reject_reason from gate.quarantine_fx_rates")
    assert sorted(reason for (reason,) in reasons) == sorted(REASONS.values())
    assert warehouse.transformer.value("select count(*) from modeled.fx_rates") == 20 - len(FAULTS)


def expected(files: list[SeedFile]) -> list[tuple[date, str, Decimal | None, bool]]:
    """Return the newest row of each day and currency, by the producer's time."""
    newest: dict[tuple[date, str], tuple[datetime, Decimal | None, bool]] = {}
    for row in (row for file in files for row in file.rows):
        key = row["as_of_date"], row["ccy"]
        if key not in newest or row["updated_at"] > newest[key][0]:
            newest[key] = row["updated_at"], row["rate_to_usd"], row["op"] == "D"
    return sorted((day, ccy, value, is_deleted) for (day, ccy), (_, value, is_deleted) in newest.items())
