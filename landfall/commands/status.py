"""`landfall status`: what has landed, a dataset each, and what waits in the queue."""

import typer

from ingest_lambda.legible import visible
from landfall import output
from landfall.timestamps import seconds


def register(app: typer.Typer) -> None:
    """Add `status` to the command line."""
    app.command()(status)


def status(dataset: output.DatasetOption = None, as_json: output.JsonOption = False) -> None:
    """Show files and rows landed, what stays rejected, what waits for another try, the queues, whether it is paused.

    And a full refresh that was begun and has not succeeded.
    """
    from landfall import environment
    from landfall.operate import declared, names, standing

    stack = environment.stack()
    found = standing.status(stack, dataset)
    is_empty = not (found.datasets or found.waiting)
    if dataset and is_empty and (said := names.unknown(stack, dataset, declared.contracts())):
        typer.echo(said, err=True)
    if as_json:
        output.print_json(found.to_dict())
        return
    columns = ("dataset", "files landed", "rows landed", "files rejected", "last loaded at (UTC)")
    rows = [
        (total.dataset, total.files_landed, total.rows_landed, total.files_rejected, seconds(total.last_loaded_at))
        for total in found.datasets
    ]
    console = output.stdout()
    console.print(output.table(f"Landed in {stack.name}", columns, rows))
    console.print("queue: " + ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found.queue.items()))
    if found.waiting:
        console.print(
            f"{len(found.waiting):,} files wait for another try (`landfall history --outcome waiting` lists them), as"
        )
        newest = found.waiting[0]
        console.print(f"{visible(newest.source_file)}: {newest.reason}", markup=False, soft_wrap=True)
    for gap in found.gaps:
        console.print(f"landing lacks {gap.describe()}: {gap.remedy}", markup=False, soft_wrap=True)
    if found.owed_refresh_since:
        console.print(
            f"a full refresh of {seconds(found.owed_refresh_since)} has not succeeded yet: landfall transform "
            "--full-refresh --wait; where it is not wanted any more: landfall transform --withdraw-full-refresh",
            markup=False,
            soft_wrap=True,
        )
    if found.paused:
        console.print("landing is paused: `landfall resume` lets it go on")
