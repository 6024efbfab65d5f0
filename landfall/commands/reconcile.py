"""`landfall reconcile`: compare the bucket with the warehouse, and see to what is missing."""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.legible import visible
from landfall import output
from landfall.commands.backfill import RateOption
from landfall.failures import CONFIGURATION

if TYPE_CHECKING:
    from landfall.operate.reconciling import Reconciliation

MISSING = 1
LINES_FOR_PEOPLE = 20


def register(app: typer.Typer) -> None:
    """Add `reconcile` to the command line."""
    app.command()(reconcile)


def reconcile(
    dataset: output.DatasetOption = None,
    repair: Annotated[bool, typer.Option(help="Announce missing files again, so that they land.")] = True,
    grace: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="Leave out younger files: they may be on their way."),
    ] = 3600.0,
    rate: RateOption = 100.0,
    as_json: output.JsonOption = False,
) -> None:
    """Compare every object version with the ledgers, and every ledger row with the rows in landing.

    Files whose event was lost are announced again; so is what neither landed nor was rejected and has a name that does
    not say what it is: landing reads it, and ignores what is no parquet. What is ignored is named with its reason
    (landfall history --ignored names all of it). The folder of a Delta Lake, Hudi or Iceberg table is named with what
    landed of it; once its log is gone, files land there again. Exits 0 when all is right or announced, 1 when files are
    missing and stay so, 3 when rows do not match the ledger: nothing mends that by itself. A warehouse that was
    restored from a snapshot is noticed, and has the whole project built again.
    """
    from landfall import environment
    from landfall.operate import reconciling

    stack = environment.stack()
    found = reconciling.reconcile(
        stack, dataset, repair=repair, grace_seconds=grace, rate=rate, counting=output.counting
    )
    if as_json:
        output.print_json(found.to_dict())
    else:
        _show(found, repair=repair)
    if found.mismatches:
        raise typer.Exit(CONFIGURATION)
    if found.is_missing:
        raise typer.Exit(MISSING)


def _show(found: "Reconciliation", *, repair: bool) -> None:
    from ingest_lambda.arrive.routing import Kind
    from ingest_lambda.reconcile.alert import describe
    from landfall.operate import missing

    tally, mismatches = found.tally, found.mismatches
    console = output.stdout()
    console.print(output.table("Bucket and warehouse", ("what", "count"), missing.counts(tally)))
    for listed in (*tally.missing, *tally.offline)[:LINES_FOR_PEOPLE]:
        console.print(f"missing: {visible(listed.file.uri)} (version {listed.file.version_id})", markup=False)
    for passed in [each for each in tally.passed_by if each.why.kind is not Kind.FOLDER_MARKER][:LINES_FOR_PEOPLE]:
        console.print(f"ignored: {visible(passed.file.uri)}: {passed.why.reason}", markup=False)
    for line in missing.tables_lines(found.tables, found.freed):
        console.print(visible(line), markup=False)
    for mismatch in mismatches[:LINES_FOR_PEOPLE]:
        console.print(visible(describe(mismatch)), markup=False)
    if found.is_restored:
        then = "the next transform builds the whole project" if repair else "without --no-repair all is built again"
        console.print(f"the warehouse has been restored from a snapshot: {then}; repeat the undos since")
    if mismatches:
        console.print(
            f"{len(mismatches):,} files do not match: landfall undo FILE --version ID, then landfall replay FILE "
            "--version ID --undone (what is archived: restore it in S3 first); "
            "of a file that was undone, the undo alone",
            soft_wrap=True,
        )
    if tally.missing:
        said = "announced again" if repair else "missing; without --no-repair they are announced again"
        console.print(f"{len(tally.missing):,} files {said}")
    if tally.unread:
        said = "announced, for landing to read" if repair else "not looked at; without --no-repair they are announced"
        console.print(f"{len(tally.unread):,} files whose names do not say what they are {said}")
    if not (tally.missing or tally.offline or mismatches):
        console.print("every file is accounted for, and every row")
