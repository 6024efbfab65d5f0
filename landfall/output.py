"""OPERATE: how commands speak. Results go to stdout, as JSON or for people; progress goes to stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest_lambda.legible import page, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress
    from rich.table import Table

JsonOption = Annotated[bool, typer.Option("--json", help="Print only JSON, on stdout.")]
DatasetOption = Annotated[str | None, typer.Option("--dataset", metavar="NAME", help="Only this dataset.")]

PIPE_WIDTH = 200

STYLES = {
    "landed": "green",
    "lands": "green",
    "succeeded": "green",
    "pass": "green",
    "success": "green",
    "rejected": "red",
    "gate_failed": "red",
    "error": "red",
    "fail": "red",
    "warn": "yellow",
    "undone": "yellow",
    "paused": "yellow",
    "resolved": "green",
    "ok": "green",
    "failed": "red",
    "warning": "yellow",
    "duplicate": "dim",
    "ignored": "dim",
    "decided": "dim",
    "skipped": "dim",
}


def print_json(value: Any) -> None:
    """Print a result for tools: one JSON document, nothing else."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _console(**settings: Any) -> "Console":
    """Return a console on which no text can command the terminal, though it may have several lines."""
    from rich.console import Console

    class Legible(Console):
        def print(self, *objects: Any, **styles: Any) -> None:
            super().print(*(page(each.split("\n")) if isinstance(each, str) else each for each in objects), **styles)

    return Legible(highlight=False, **settings)


def stdout() -> "Console":
    """Return the console for results."""
    # Where nobody watches (a pipe, a log), lines are as wide as they need to be.
    return _console(width=None if sys.stdout.isatty() else PIPE_WIDTH)


def stderr() -> "Console":
    """Return the console for progress."""
    return _console(stderr=True)


def progress() -> "Progress":
    """Return a progress bar on stderr, which leaves nothing behind."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=stderr(), transient=True)


@contextmanager
def counting(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr; the function that it yields is told how much is done."""
    with progress() as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> "Table":
    """Lay rows out for reading: numbers to the right, outcomes in their colour, nothing truncated."""
    from rich import box
    from rich.table import Table

    cells = [list(row) for row in rows]
    laid_out = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        is_number = any(isinstance(row[number], int) for row in cells)
        laid_out.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in cells:
        laid_out.add_row(*map(_cell, row))
    return laid_out


def _cell(value: Any) -> str:
    from rich.markup import escape

    if value is None:
        return "[dim]-[/dim]"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = escape(visible(str(value)))
    style = STYLES.get(str(value))
    return f"[{style}]{text}[/{style}]" if style else text
