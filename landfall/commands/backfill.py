"""`landfall backfill`: land what was in the bucket before the trigger."""

from typing import Annotated

import typer

from landfall import output

RateOption = Annotated[
    float, typer.Option("--rate", min=0, metavar="N", help="Files announced a second; 0 for no limit.")
]


def register(app: typer.Typer) -> None:
    """Add `backfill` to the command line."""
    app.command()(backfill)


def backfill(
    prefix: Annotated[str, typer.Argument(help="Where the files are: a prefix under raw/, or s3://bucket/prefix.")],
    dataset: output.DatasetOption = None,
    rate: RateOption = 100.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be announced.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Announce every object version under a prefix that has neither landed nor been rejected, so that it lands.

    Repeat it freely: what is known is skipped, and what is announced twice lands once. A file whose name does not say
    what it is (part-00000, a.snappy) is announced each time until it has landed: landing reads it, and ignores what is
    no parquet. Files that arrive meanwhile wait behind those that are announced, which is what --rate is for.
    """
    from ingest_lambda.reconcile.events import Cause
    from landfall import environment
    from landfall.operate import missing

    stack = environment.stack()
    scope = missing.scope_of(stack, missing.prefix_of(prefix, stack.bucket), dataset)
    with output.counting("comparing bucket and warehouse") as watch:
        tally = missing.gather(stack, scope, watch)
    tables = missing.see_to_tables(stack, tally, scope, repair=not dry_run)
    to_announce = missing.to_announce(tally)
    found = len(to_announce)
    if not dry_run:
        with output.counting("announcing", found) as watch:
            missing.send(stack, to_announce, Cause.BACKFILL, rate, watch)
    if as_json:
        face = {"prefix": scope.prefix, **missing.face(tally), "sent": 0 if dry_run else found}
        output.print_json({**face, **missing.tables_face(*tables)})
        return
    console = output.stdout()
    console.print(output.table(f"s3://{stack.bucket}/{scope.prefix}", ("what", "count"), missing.counts(tally)))
    for line in missing.tables_lines(*tables):
        console.print(line, markup=False)
    said = "would be announced" if dry_run else "announced: `landfall status` shows them land"
    console.print(f"{found:,} files {said}", markup=False)
