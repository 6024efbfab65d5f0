"""`landfall unload`: a modeled table as parquet in S3."""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.operate.unloading import Export


def register(app: typer.Typer) -> None:
    """Add `unload` to the command line."""
    app.command()(unload)


def unload(
    model: Annotated[str, typer.Argument(help="A table of modeled, marts or alert, as 'fct_orders'.")],
    partition_by: Annotated[
        list[str] | None,
        typer.Option("--partition-by", metavar="COLUMN", help="A folder for each of its values; repeat it for more."),
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="Complete exports of it that stay, the newest.")] = 2,
    as_json: output.JsonOption = False,
) -> None:
    """Write a table to S3 as parquet, with the rights of the warehouse's reader, and register it in the catalog.

    An export is whole or not there: its folder under exports/ has _SUCCESS, and the catalog's table points to it, when
    every file is written. Columns that a model declares as restricted, and Landfall's own, are left out.
    """
    from landfall import environment
    from landfall.operate import declared, unloading

    restricted = declared.restricted_columns(model)
    done = unloading.unload(environment.stack(), model, partition_by or (), keep, restricted)
    if as_json:
        output.print_json(done.to_dict())
        return
    for line in _lines(done):
        typer.echo(line)


def _lines(done: "Export") -> list[str]:
    lines = [f"exported: {done.rows:,} rows of {done.schema}.{done.model} in {done.files:,} files under {done.folder}"]
    if done.restricted:
        lines.append(f"without {', '.join(done.restricted)}, which the model declares as restricted")
    lines.append(f"in the catalog as {done.table}" if done.table else f"in no catalog: {done.why}")
    lines += [f"but {done.why}"] if done.table and done.why else []
    lines += [f"taken away: {folder}" for folder in done.removed]
    return lines
