"""Sample data: exchange rates. In: a `Plan`. Out: arrow tables, a row per working day and currency.

Nothing is published at weekends, as by a central bank. A rate is a smooth swing around the currency's usual value with
some noise; a later wave restates some of the rates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts.generator_draws import (
    DAY,
    FIRST_DAY,
    INSTANT,
    SECOND,
    Integers,
    Reals,
    dates,
    decimals,
    instants,
    integers,
    ranges,
    uniform,
)
from scripts.generator_waves import Fault, Generation, Mask, becomes, spoil

RATE = pa.decimal128(20, 10)
SCALE = 10**10

FX_RATES = pa.schema(
    [
        ("as_of_date", pa.date32()),
        ("ccy", pa.string()),
        ("rate_to_usd", RATE),
        ("source", pa.string()),
        ("updated_at", INSTANT),
    ]
)
KEY = ("as_of_date", "ccy", "updated_at")

# What one unit is worth in US dollars, about; a sample, not a quotation.
USUAL_RATES = {
    "EUR": 1.1600,
    "GBP": 1.3300,
    "JPY": 0.0065,
    "CHF": 1.2500,
    "CAD": 0.7200,
    "AUD": 0.6600,
    "BRL": 0.1850,
    "SEK": 0.1050,
    "PLN": 0.2730,
    "INR": 0.0114,
}
SWING, NOISE = 0.03, 0.004
SWING_DAYS = 45
PUBLISHED = 15 * 3600 * SECOND  # into the day

FAULTS = {
    "negative_rate": Fault("rate_to_usd", pc.negate),
    "unknown_currency": Fault("ccy", becomes("ZZZ")),
    "missing_currency": Fault("ccy", becomes(None)),
    "missing_rate": Fault("rate_to_usd", becomes(None)),
    "future_date": Fault("as_of_date", becomes(date(3024, 1, 1))),
}


@dataclass(frozen=True)
class Plan(Generation):
    """What to generate: the rates of so many days from the first on; `currencies` as many as are listed."""

    days: int
    first_day: int = FIRST_DAY
    currencies: tuple[str, ...] = tuple(USUAL_RATES)


def rate_batches(plan: Plan) -> Iterator[pa.Table]:
    """Generate the rates in batches of bounded size, day by day."""
    left = plan.bad_rows
    for everyone in ranges(plan.first_day * len(plan.currencies), plan.days * len(plan.currencies)):
        days, _ = _day_and_currency(plan, everyone)
        numbers = plan.members("rate ", everyone[_is_working_day(days)])
        if len(numbers):
            bad = min(left, len(numbers))
            left -= bad
            yield _batch(plan, numbers, bad)


def _batch(plan: Plan, numbers: Integers, bad: int) -> pa.Table:
    days, currencies = _day_and_currency(plan, numbers)
    table = pa.table(
        [
            dates(days),
            pa.array(plan.currencies, pa.string()).take(pa.array(currencies)),
            decimals((_rates(plan, days, currencies) * SCALE).astype(np.int64), RATE),
            pa.array(["sample"] * len(numbers), pa.string()),
            instants(days * DAY + PUBLISHED + plan.steps * DAY),
        ],
        schema=FX_RATES,
    )
    deleted = plan.deleted("rate ", numbers)
    return plan.with_operations(spoil(table, bad, FAULTS, spared=deleted), deleted, kept=KEY)


def _day_and_currency(plan: Plan, numbers: Integers) -> tuple[Integers, Integers]:
    return numbers // len(plan.currencies), numbers % len(plan.currencies)


def _is_working_day(days: Integers) -> Mask:
    return (days + 3) % 7 < 5  # 1970-01-01 was a Thursday


def _rates(plan: Plan, days: Integers, currencies: Integers) -> Reals:
    """Draw what a currency is worth on a day, whatever other currencies the plan has."""
    usual = np.array([USUAL_RATES[currency] for currency in plan.currencies])[currencies]
    names = np.array([int.from_bytes(currency.encode(), "big") for currency in plan.currencies])[currencies]
    phase = uniform(plan.seed, "phase", names)
    swing = np.sin(2 * np.pi * (days / SWING_DAYS + phase))
    noise = integers(plan.seed, f"noise {plan.wave}", days * 2**24 + names, -1000, 1000) / 1000
    return usual * (1 + SWING * swing + NOISE * noise)
