"""`landfall docs`: the models' documentation, lineage included, as one page."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from landfall import output


def register(app: typer.Typer) -> None:
    """Add `docs` to the command line."""
    app.command()(docs)


def docs(
    folder: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Where the page goes (default: .landfall/docs).")
    ] = None,
    opens: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open it in a browser (default: in a terminal, yes).")
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Write dbt's documentation, with the lineage from landed dataset to exposure, as one page that needs no server."""
    import webbrowser

    from landfall import environment
    from landfall.operate import docs as documentation

    environment.complete()
    with output.stderr().status("dbt is writing its documentation"):
        page = documentation.generate(folder or documentation.FOLDER)
    is_wanted = sys.stdout.isatty() and not as_json if opens is None else opens
    is_open = is_wanted and webbrowser.open(page.as_uri())
    if as_json:
        output.print_json({"page": str(page), "url": page.as_uri(), "opened": is_open})
    else:
        typer.echo(f"{'opened' if is_open else 'open'} {page.as_uri()}")
