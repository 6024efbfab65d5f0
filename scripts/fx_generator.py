"""Sample data: exchange rates to US dollars, as files in a folder. In: options. Out: files of `fx_rates`.

    python -m scripts.fx_generator --days 30 --out build/rates

A row per working day and currency. The same options give the same bytes. A second wave restates a share of the rates,
and may take some back:

    python -m scripts.fx_generator --days 30 --wave 2 --delete-share 0.05 --out build/restated
"""

import argparse
from datetime import date, timedelta

from scripts import generator_options
from scripts.fx_rows import FX_RATES, USUAL_RATES, Plan, rate_batches
from scripts.generator_draws import FIRST_DAY
from scripts.generator_files import Late, Naming, Written, write_tables

EPOCH = date(1970, 1, 1)


def generate(plan: Plan, naming: Naming, format_: str, late: Late | None = None) -> list[Written]:
    """Generate the file of a plan, streaming.

    Raises:
        ValueError: no such format.
    """
    batches = ({"fx_rates": table} for table in rate_batches(plan))
    return write_tables(batches, {"fx_rates": plan.schema(FX_RATES)}, naming, format_, late)


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    options = generator_options.base_parser(__doc__, "rates", default_format="parquet")
    first_day = EPOCH + timedelta(days=FIRST_DAY)
    options.add_argument("--days", type=generator_options.positive, default=30, help="how many (default 30)")
    options.add_argument("--first-day", type=date.fromisoformat, default=first_day, help=f"default {first_day}")
    options.add_argument(
        "--currencies", type=_currencies, default=tuple(USUAL_RATES), help=f"default {','.join(USUAL_RATES)}"
    )
    return options


def _currencies(text: str) -> tuple[str, ...]:
    currencies = tuple(text.upper().split(","))
    unknown = [currency for currency in currencies if currency not in USUAL_RATES]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: none of {', '.join(USUAL_RATES)}")
    return currencies


def main(arguments: list[str] | None = None) -> None:
    """Generate from the command line; print each file with its rows."""
    options = parser().parse_args(arguments)
    plan = Plan(
        days=options.days,
        first_day=(options.first_day - EPOCH).days,
        currencies=options.currencies,
        **generator_options.generation_of(options),
    )
    naming, late = generator_options.naming_of(options), generator_options.late_of(options)
    generator_options.tell(generate(plan, naming, options.format, late))


if __name__ == "__main__":
    main()
