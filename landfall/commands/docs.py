"""`landfall docs`: the models' documentation, lineage included, as one page."""

import typer

from landfall import output


def register(app: typer.Typer) -> None:
    """Add `docs` to the command line."""
    app.command()(docs)


def docs(as_json: output.JsonOption = False) -> None:
    """Write dbt's documentation, with the lineage from landed dataset to exposure, as one page that needs no server."""
    from landfall import docs as documentation
    from landfall import environment

    environment.complete()
    with output.stderr().status("dbt is writing its documentation"):
        page = documentation.generate()
    if as_json:
        output.print_json({"page": str(page), "url": page.as_uri()})
    else:
        typer.echo(f"open {page.as_uri()}")
