"""`landfall history`: what has become of every file."""

from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output
from landfall.timestamps import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from landfall.operate.files import FileLine
    from landfall.stack import Stack

LINES_FOR_PEOPLE = 50
VERDICTS_FOR_PEOPLE = 5


class Kind(StrEnum):
    """What can have become of a file."""

    LANDED = "landed"
    SKIPPED = "skipped"
    UNDONE = "undone"
    REJECTED = "rejected"
    RESOLVED = "resolved"
    WAITING = "waiting"


def register(app: typer.Typer) -> None:
    """Add `history` to the command line."""
    app.command()(history)


def history(
    dataset: output.DatasetOption = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Newest files to list (default: 50 for people, all as JSON).")
    ] = None,
    outcome: Annotated[Kind | None, typer.Option(help="Only files with this outcome.")] = None,
    ignored: Annotated[bool, typer.Option("--ignored", help="What landing passes over, and why, instead.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """List what has become of every file version, newest first: landed, undone, skipped, rejected and why, resolved.

    Of a file whose bytes had landed before, the reason names their load; it is skipped where its dataset declares so.
    A rejection is resolved when the file has landed since, after a replay. A file that is delivered again leaves no
    line: the function's log says `duplicate`, and the metric Duplicates counts it. What is tried again is `waiting`,
    with the words of the last error and the time of the next try, and stands first. Of what is ignored the warehouse
    knows nothing: --ignored lists it out of the bucket, by key.
    """
    from landfall import environment
    from landfall.operate import declared, files, names, waiting

    if ignored and outcome:
        raise typer.BadParameter("--ignored files have no --outcome")
    stack = environment.stack()
    if ignored:
        _show_ignored(stack, dataset, limit, as_json=as_json)
        return
    waits = [waiting.line(each) for each in waiting.still_waiting(stack, dataset)]
    every = [*waits, *files.history(stack.warehouse, dataset)]
    lines = [line for line in every if outcome in (None, line.outcome)]
    if dataset and not every and (said := names.unknown(stack, dataset, declared.contracts())):
        typer.echo(said, err=True)
    if as_json:
        output.print_json([line.to_dict() for line in lines[:limit]])
        return
    shown = lines[: limit or LINES_FOR_PEOPLE]
    columns = ("loaded at (UTC)", "outcome", "dataset", "rows", "source file", "reason")
    root = f"s3://{stack.bucket}/"
    rows = [
        (seconds(line.loaded_at), line.outcome, line.dataset, line.rows, _name(line, root), line.reason)
        for line in shown
    ]
    console = output.stdout()
    title = f"{len(shown):,} of {len(lines):,} files of {root}, newest first"
    console.print(output.table(title, columns, rows))
    _show_verdicts([line for line in shown if line.outcome == "rejected"], root)


def _name(line: "FileLine", root: str) -> str:
    """Name a file by its key, where it is of the stack's own bucket."""
    return line.source_file.removeprefix(root)


def _show_verdicts(rejected: "Sequence[FileLine]", root: str) -> None:
    from landfall.operate import verdicts

    console = output.stdout()
    for line in rejected[:VERDICTS_FOR_PEOPLE]:
        for words in verdicts.lines(_name(line, root), line.verdict or {}):
            console.print(words, markup=False, soft_wrap=True)
    if (left := len(rejected) - VERDICTS_FOR_PEOPLE) > 0:
        console.print(f"{left:,} more are rejected: `landfall history --outcome rejected --json` has their verdicts")


def _show_ignored(stack: "Stack", dataset: str | None, limit: int | None, *, as_json: bool) -> None:
    from landfall.operate import declared, ignored, names

    wanted = limit if as_json else limit or LINES_FOR_PEOPLE
    with output.counting("looking at the bucket") as watch:
        lines = list(islice(ignored.lines(stack, dataset, watch), wanted))
    if dataset and not lines and (said := names.unknown(stack, dataset, declared.contracts())):
        typer.echo(said, err=True)
    if as_json:
        output.print_json([line.to_dict() for line in lines])
        return
    columns = ("source file", "dataset", "ignored", "reason", "stored at (UTC)")
    rows = [(each.source_file, each.dataset, each.kind, each.reason, seconds(each.stored_at)) for each in lines]
    title = (
        f"The first {len(lines):,} ignored files, by key" if len(lines) == wanted else f"{len(lines):,} ignored files"
    )
    output.stdout().print(output.table(title, columns, rows))
