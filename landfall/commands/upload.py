"""`landfall upload`: files into the landing bucket, and what becomes of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.operate.uploads import Plan, Upload
    from landfall.stack import Stack

NOT_LANDING, TIMED_OUT = 1, 2


def register(app: typer.Typer) -> None:
    """Add `upload` to the command line."""
    app.command()(upload)


def upload(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Parquet files, or folders of them.")],
    dataset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Dataset that the files belong to (default: by their names)."),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Key in the bucket, for one file (default: raw/<dataset>/<file name>).")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome of each file.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds that --wait waits.")] = 300.0,
    as_json: output.JsonOption = False,
) -> None:
    """Upload files; with --wait, tell what became of each: landed, duplicate, gone, ignored or rejected.

    Exits 1 if a file was rejected or ignored, 2 if the time was up before every file had its outcome.
    """
    from landfall import environment
    from landfall.operate import declared, uploads

    stack = environment.stack()
    plans = uploads.plan_uploads(paths, dataset, key, declared.rules(stack.route_pattern))
    done = _upload_all(stack, plans)
    if wait:
        done = _wait_for_all(stack, done, timeout)
    _show(stack, done, as_json)
    if any(each.outcome in {"rejected", "ignored"} for each in done):
        raise typer.Exit(NOT_LANDING)
    if wait and any(each.outcome is None for each in done):
        raise typer.Exit(TIMED_OUT)


def _upload_all(stack: "Stack", plans: Sequence["Plan"]) -> list["Upload"]:
    from landfall.operate import uploads

    done = []
    with output.progress() as progress:
        task = progress.add_task("uploading", total=len(plans))
        for plan in plans:
            done.append(uploads.put(stack, plan))
            progress.advance(task)
    return done


def _wait_for_all(stack: "Stack", done: list["Upload"], timeout: float) -> list["Upload"]:
    from landfall.operate import uploads

    with output.progress() as progress:
        task = progress.add_task("landing", total=len(done))

        def show(settled: Sequence["Upload"]) -> None:
            progress.update(task, completed=sum(each.outcome is not None for each in settled))

        return uploads.wait(stack, done, timeout, show)


def _show(stack: "Stack", done: Sequence["Upload"], as_json: bool) -> None:
    if as_json:
        output.print_json([each.to_dict() for each in done])
        return
    columns = ("key", "dataset", "outcome", "rows", "reason")
    rows = [(each.plan.key, each.plan.dataset, each.outcome, each.rows, each.reason) for each in done]
    output.stdout().print(output.table(f"Uploaded to {stack.bucket}", columns, rows))
