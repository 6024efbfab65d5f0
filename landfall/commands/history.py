"""`landfall history`: what has become of every file."""

from enum import StrEnum
from typing import Annotated

import typer

from landfall import output
from landfall.timestamps import seconds

LINES_FOR_PEOPLE = 50


class Kind(StrEnum):
    """What can have become of a file."""

    LANDED = "landed"
    UNDONE = "undone"
    REJECTED = "rejected"
    RESOLVED = "resolved"


def register(app: typer.Typer) -> None:
    """Add `history` to the command line."""
    app.command()(history)


def history(
    dataset: output.DatasetOption = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Newest files to list (default: 50 for people, all as JSON).")
    ] = None,
    outcome: Annotated[Kind | None, typer.Option(help="Only files with this outcome.")] = None,
    as_json: output.JsonOption = False,
) -> None:
    """List what has become of every file version, newest first: landed, undone, rejected and why, resolved.

    A rejection is resolved when the file has landed since, after a replay. A file that is delivered again leaves no
    line: the function's log says `duplicate`, and the metric Duplicates counts it.
    """
    from landfall.operate import files
    from landfall.stack import Stack

    every = files.history(Stack.from_environment().warehouse, dataset)
    lines = [line for line in every if outcome in (None, line.outcome)]
    if as_json:
        output.print_json([line.to_dict() for line in lines[:limit]])
        return
    shown = lines[: limit or LINES_FOR_PEOPLE]
    columns = ("loaded at (UTC)", "outcome", "dataset", "rows", "source file", "reason")
    rows = [
        (seconds(line.loaded_at), line.outcome, line.dataset, line.rows, line.source_file, line.reason)
        for line in shown
    ]
    console = output.stdout()
    console.print(output.table(f"{len(shown):,} of {len(lines):,} files, newest first", columns, rows))
