"""`landfall demo`: the whole path, step by step, each step checked."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from landfall import output

FOLDER = Path(__file__).parents[2] / ".landfall" / "demo"
FAILED = 1
WIDTH = 120
FEWEST, MOST = 50, 5_000  # the story's own range of order numbers


def register(app: typer.Typer) -> None:
    """Add `demo` to the command line."""
    app.command()(demo)


def demo(
    orders: Annotated[int, typer.Option(min=FEWEST, max=MOST, help="Orders of the first wave.")] = 1_000,
    on: Annotated[
        str | None, typer.Option(metavar="NAME", help="The stack to show it on, where that is not the local one.")
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show the whole path on the running stack, with sample orders: land, model, gate, alert; each step is checked.

    Works on the local stack (`landfall local up`). It lands made-up orders, lets a gate fail and undoes a file: on the
    stack that LANDFALL_STACK names only where --on names it too. Exits 1 if anything was not as expected.
    """
    from landfall import environment
    from landfall.demo.narrator import MissedExpectationError, Narrator
    from landfall.demo.story import tell

    stack = environment.stack_for_show(on)
    FOLDER.mkdir(parents=True, exist_ok=True)
    console = output.stderr() if as_json else output.stdout()
    console.width = min(console.width, WIDTH)
    narrator, missed = Narrator(console), None
    try:
        with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
            tell(stack, narrator, Path(folder), orders)
    except MissedExpectationError as error:
        missed = str(error)
    if as_json:
        steps = [{"step": step, "expectations": met, "happened": facts} for step, met, facts in narrator.summary]
        output.print_json({"ok": missed is None, "steps": steps, "missed": missed})
    if missed is not None:
        typer.echo(f"demo: failed: {missed}", err=True)
        raise typer.Exit(FAILED)
    typer.echo("demo: ok", err=as_json)
