"""OPERATE, demo: the other domains. In: the orders sent so far. Out: exchange rates and claims, landed and modeled.

What must come of them is drawn from the files alone: an order's total in US dollars, what is known of a claim.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from pyarrow import csv  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import parquet as pq

from ingest_lambda.warehouse.statements import literal
from landfall.demo.narrator import Narrator
from landfall.demo.pipeline import Pipeline
from landfall.operate import uploads
from scripts import claim_generator, claim_rows, fx_generator, fx_rows
from scripts.generator_draws import FIRST_DAY
from scripts.generator_files import Naming, Written

CLAIMS = 200
# A week before the first order, so that even the first weekend has a rate.
RATE_DAYS, FIRST_RATE = 45, FIRST_DAY - 7
OLDEST_RATE = timedelta(days=7)  # `landfall_fx_max_age_days`
CURRENCIES = ("EUR", "GBP", "JPY")

Orders = Mapping[str, tuple[str, date, Decimal]]


@dataclass(frozen=True)
class OtherDomains:
    """Rates and claims of one demonstration, whose ids begin at a number of its own."""

    narrator: Narrator
    pipeline: Pipeline
    folder: Path
    first_number: int

    def tell(self, orders: Orders) -> None:
        """Rates come as CSV, claims as parquet; orders are then known in US dollars, claims enriched and masked."""
        self.narrator.begin("Exchange rates (CSV) and claims: orders in US dollars, claims enriched")
        self.narrator.command(f"python -m scripts.fx_generator --days {RATE_DAYS} --format csv --out ...")
        self.narrator.command(f"python -m scripts.claim_generator --claims {CLAIMS} --out ...")
        files = self._generate()
        self._land(files.values())
        self._expect_dollars(files["fx_rates"], orders)
        self._expect_enriched(files)
        self.narrator.sum_up(f"{len(orders):,} orders in US dollars", f"{CLAIMS} claims enriched, patients masked")

    def _generate(self) -> dict[str, Written]:
        rates = fx_rows.Plan(RATE_DAYS, first_day=FIRST_RATE, currencies=CURRENCIES)
        claims = claim_rows.Plan(CLAIMS, first_claim=self.first_number)
        files = [
            *fx_generator.generate(rates, Naming(self.folder), "csv"),
            *claim_generator.generate(claims, Naming(self.folder), "parquet"),
        ]
        return {file.dataset: file for file in files}

    def _land(self, files: Iterable[Written]) -> None:
        before = self.pipeline.quiet()
        plans = [uploads.Plan(file.path, self.pipeline.key(file.dataset, file.path), file.dataset) for file in files]
        rows = {file.dataset: file.rows for file in files}
        with self.narrator.busy("files are uploaded, and land by their events"):
            done = self.pipeline.upload(plans)
        for upload in done:
            expected = ("landed", rows[str(upload.plan.dataset)])
            shown = f"{upload.rows or 0:,} rows"
            self.narrator.expect(f"{upload.plan.dataset} landed", (upload.outcome, upload.rows), expected, shown)
        with self.narrator.busy("the state machine is running dbt, until all of them are modeled"):
            run = self.pipeline.await_run(before)
            self.pipeline.quiet()
        self.narrator.expect("outcome of the run", run.outcome, "succeeded")

    def _expect_dollars(self, rates: Written, orders: Orders) -> None:
        found = self._read("fct_orders", "order_id", ("order_total_usd",), self.pipeline.first_id, self.pipeline.end_id)
        known = {(row["ccy"], row["as_of_date"]): Decimal(str(row["rate_to_usd"])) for row in _csv_rows(rates.path)}
        expected = {order_id: (str(dollars(known, *order)),) for order_id, order in orders.items()}
        self.narrator.expect(
            "orders in US dollars, at the rate of their day", found, expected, f"{len(found):,} orders"
        )

    def _expect_enriched(self, files: Mapping[str, Written]) -> None:
        tables = {name: pq.read_table(files[name].path).to_pylist() for name in ("claims", "providers", "patients")}
        specialties = {row["provider_id"]: row["specialty"] for row in tables["providers"]}
        births = {row["patient_id"]: row["birth_date"].year for row in tables["patients"]}
        expected = {
            row["claim_id"]: (
                specialties[row["provider_id"]],
                age_band(row["service_date"].year - births[row["patient_id"]]),
            )
            for row in tables["claims"]
        }
        first, end = (f"CLM-{number:010d}" for number in (self.first_number, self.first_number + CLAIMS))
        found = self._read("fct_claims", "claim_id", ("provider_specialty", "patient_age_band"), first, end)
        self.narrator.expect("claims with specialty and age", found, expected, f"{len(found):,} claims")
        patients = self._read("fct_claims", "claim_id", ("patient_key",), first, end)
        masked = {key for (key,) in patients.values()}.isdisjoint(births)
        self.narrator.expect("no patient can be told from them", masked, True)

    def _read(self, mart: str, key: str, facts: tuple[str, ...], first: str, end: str) -> dict[str, tuple[Any, ...]]:
        sql = (
            f"select {', '.join((key, *facts))} from marts.{mart} "  # noqa: S608 - names that stand here
            f"where {key} >= {literal(first)} and {key} < {literal(end)}"
        )
        rows = self.pipeline.stack.warehouse_as("ReaderSecretArn").query(sql)
        return {row[key]: tuple(row[fact] for fact in facts) for row in rows}


def dollars(known: Mapping[tuple[str, date], Decimal], currency: str, day: date, amount: Decimal) -> Decimal | None:
    """Convert an amount at the last rate that is not too old.

    >>> friday = date(2025, 11, 7)
    >>> dollars({("EUR", friday): Decimal("1.5")}, "EUR", friday + timedelta(days=2), Decimal("0.03"))
    Decimal('0.05')
    """
    if currency == "USD":
        return amount
    days = [day - timedelta(days=age) for age in range(OLDEST_RATE.days + 1)]
    rate = next((known[currency, each] for each in days if (currency, each) in known), None)
    return None if rate is None else (amount * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)


def age_band(age: int) -> str:
    """Name the band that an age is in.

    >>> age_band(17), age_band(65)
    ('0-17', '65+')
    """
    return next((band for limit, band in ((18, "0-17"), (40, "18-39"), (65, "40-64")) if age < limit), "65+")


def _csv_rows(path: Path) -> list[dict[str, Any]]:
    types = csv.ConvertOptions(column_types=fx_rows.FX_RATES)
    rows: list[dict[str, Any]] = csv.read_csv(path, convert_options=types).to_pylist()
    return rows
