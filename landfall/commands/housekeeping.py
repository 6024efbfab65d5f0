"""`landfall housekeeping`: let old rows leave landing."""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from ingest_lambda.reconcile.retention import Removal

REFUSED = 1


def register(app: typer.Typer) -> None:
    """Add `housekeeping` to the command line."""
    app.command()(housekeeping)


def housekeeping(
    dataset: output.DatasetOption = None,
    give_up: Annotated[
        bool,
        typer.Option("--give-up", help="Count removed files as undone that no backfill brings back; with --dataset."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Remove rows from landing that are older than their datasets declare (`retention_days`), and that no model needs.

    A night's reconcile does the same, once some are a week older. Files with quarantined or pending rows stay, and what
    is not modeled yet. Until `landfall backfill --removed` has brought the rows back, an undo of modeled rows and a
    full refresh are refused. With --give-up, models lose at their next run what they hold of removed files that are
    gone from S3, that landing rejects by now, or that are of another dataset. Exits 1 where a dataset was refused.
    """
    from landfall import environment
    from landfall.operate import gaps, marking

    if give_up and not dataset:
        raise typer.BadParameter("--give-up goes with --dataset")
    stack = environment.named_stack()
    with marking.changing(stack):
        if give_up:
            done = [gaps.give_up(stack, str(dataset), dry_run=dry_run)]
        else:
            done = gaps.keep_house(stack, dataset, dry_run=dry_run)
    if as_json:
        output.print_json([each.to_dict() for each in done])
    else:
        _show(done)
    if any(each.outcome == "refused" for each in done):
        raise typer.Exit(REFUSED)


def _show(done: "list[Removal]") -> None:
    if not done:
        typer.echo("no dataset that has landed declares retention_days: every row stays")
        return
    rows = [(each.dataset, each.outcome, each.days, each.files, each.rows, each.reason) for each in done]
    output.stdout().print(output.table("Old rows", ("dataset", "outcome", "days", "files", "rows", "reason"), rows))
