"""`landfall reconcile`: compare the bucket with the warehouse, and see to what is missing."""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output
from landfall.commands.backfill import RateOption
from landfall.failures import CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest_lambda.reconcile.find import Tally
    from ingest_lambda.reconcile.ledger import Mismatch
    from ingest_lambda.reconcile.tables import Found
    from ingest_lambda.table_format import OwnedFolder

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
    missing and stay so, 3 when rows do not match the ledger: nothing mends that by itself.
    """
    from datetime import UTC, datetime, timedelta

    from ingest_lambda.reconcile import ledger as reconcile_ledger
    from ingest_lambda.reconcile.events import Cause
    from landfall import environment
    from landfall.operate import missing

    stack = environment.stack()
    before = datetime.now(UTC) - timedelta(seconds=grace)
    scope = missing.scope_of(stack, dataset=dataset, before=before)
    with output.counting("comparing bucket and warehouse") as watch:
        tally = missing.gather(stack, scope, watch)
    found = missing.see_to_tables(stack, tally, scope, repair=repair, frees=True)
    names = reconcile_ledger.datasets(stack.warehouse, dataset)
    mismatches = reconcile_ledger.mismatches(stack.warehouse, names)
    if repair:
        to_announce = missing.to_announce(tally)
        with output.counting("announcing", len(to_announce)) as watch:
            missing.send(stack, to_announce, Cause.RECONCILE, rate, watch)
    _show(tally, found, mismatches, repair=repair, as_json=as_json)
    if mismatches:
        raise typer.Exit(CONFIGURATION)
    if tally.offline or (tally.missing and not repair):
        raise typer.Exit(MISSING)


def _show(
    tally: "Tally",
    found: "tuple[list[Found], list[OwnedFolder]]",
    mismatches: "Sequence[Mismatch]",
    *,
    repair: bool,
    as_json: bool,
) -> None:
    from dataclasses import asdict

    from ingest_lambda.arrive.routing import Kind
    from ingest_lambda.reconcile.alert import describe
    from landfall.operate import missing

    sent = len(missing.to_announce(tally)) if repair else 0
    if as_json:
        face = {**missing.face(tally), "sent": sent, **missing.tables_face(*found)}
        output.print_json({**face, "mismatches": [asdict(mismatch) for mismatch in mismatches]})
        return
    console = output.stdout()
    console.print(output.table("Bucket and warehouse", ("what", "count"), missing.counts(tally)))
    for listed in (*tally.missing, *tally.offline)[:LINES_FOR_PEOPLE]:
        console.print(f"missing: {listed.file.uri} (version {listed.file.version_id})", markup=False)
    for passed in [each for each in tally.passed_by if each.why.kind is not Kind.FOLDER_MARKER][:LINES_FOR_PEOPLE]:
        console.print(f"ignored: {passed.file.uri}: {passed.why.reason}", markup=False)
    for line in missing.tables_lines(*found):
        console.print(line, markup=False)
    for mismatch in mismatches[:LINES_FOR_PEOPLE]:
        console.print(describe(mismatch), markup=False)
    if mismatches:
        console.print(f"{len(mismatches):,} files do not match: landfall undo FILE, then landfall replay FILE --undone")
    if tally.missing:
        said = "announced again" if repair else "missing; without --no-repair they are announced again"
        console.print(f"{len(tally.missing):,} files {said}")
    if tally.unread:
        said = "announced, for landing to read" if repair else "not looked at; without --no-repair they are announced"
        console.print(f"{len(tally.unread):,} files whose names do not say what they are {said}")
    if not (tally.missing or tally.offline or mismatches):
        console.print("every file is accounted for, and every row")
