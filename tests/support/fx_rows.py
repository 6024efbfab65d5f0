"""Rows of the fx domain that break no rule, unless a test says so."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.support.warehouse_seed import NOON, Row, SeedFile

FRIDAY = date(2025, 11, 7)


def rate(day: date | None, ccy: str | None, value: str | None, at: datetime | None = NOON, **changes: Any) -> Row:
    """Return one row of `fx_rates`."""
    return {
        "as_of_date": day,
        "ccy": ccy,
        "rate_to_usd": None if value is None else Decimal(value),
        "source": "test",
        "updated_at": at,
        "op": None,
    } | changes


def rates_file(name: str, rows: Sequence[Row], modified_at: datetime = NOON) -> SeedFile:
    """Return a file of exchange rates."""
    return SeedFile("fx_rates", f"raw/fx_rates/{name}.parquet", rows, modified_at)
