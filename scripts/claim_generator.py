"""Sample data: healthcare claims, providers and patients, all invented, as files in a folder. In: options. Out: files.

    python -m scripts.claim_generator --claims 10000 --out build/claims

A file per dataset. The same options give the same bytes. A second wave moves a share of the same claims on, changes
some providers and patients, and may delete some of each:

    python -m scripts.claim_generator --claims 10000 --wave 2 --delete-share 0.05 --out build/updates
"""

import argparse
from collections.abc import Iterator
from itertools import chain

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from scripts import generator_options
from scripts.claim_rows import Plan, claim_batches, patient_batches, provider_batches
from scripts.claim_schema import CLAIMS, PATIENTS, PROVIDERS
from scripts.generator_files import Late, Naming, Written, write_tables

SCHEMAS = {"providers": PROVIDERS, "patients": PATIENTS, "claims": CLAIMS}


def generate(plan: Plan, naming: Naming, format_: str, late: Late | None = None) -> list[Written]:
    """Generate the files of a plan, streaming.

    Raises:
        ValueError: no such format.
    """
    schemas = {dataset: plan.schema(schema) for dataset, schema in SCHEMAS.items()}
    return write_tables(_tables(plan), schemas, naming, format_, late)


def _tables(plan: Plan) -> Iterator[dict[str, pa.Table]]:
    return chain(
        ({"providers": table} for table in provider_batches(plan)),
        ({"patients": table} for table in patient_batches(plan)),
        ({"claims": table} for table in claim_batches(plan)),
    )


def parser() -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    options = generator_options.base_parser(__doc__, "claims", default_format="parquet")
    options.add_argument("--claims", type=generator_options.positive, default=1_000, help="how many (default 1000)")
    options.add_argument(
        "--first-claim", type=generator_options.positive, default=1, help="number of the first (default 1)"
    )
    options.add_argument("--patients", type=int, default=0, help="how many patients (default: claims / 4)")
    options.add_argument("--providers", type=int, default=0, help="how many providers (default: claims / 50)")
    options.add_argument(
        "--orphans", type=int, default=0, help="claims of a provider that is in no file: they wait for it (default 0)"
    )
    return options


def main(arguments: list[str] | None = None) -> None:
    """Generate from the command line; print each file with its rows."""
    options = parser().parse_args(arguments)
    plan = Plan(
        claims=options.claims,
        first_claim=options.first_claim,
        patients=options.patients,
        providers=options.providers,
        orphans=options.orphans,
        **generator_options.generation_of(options),
    )
    naming, late = generator_options.naming_of(options), generator_options.late_of(options)
    generator_options.tell(generate(plan, naming, options.format, late))


if __name__ == "__main__":
    main()
