"""`landfall query`: look at rows with SQL."""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from ingest_lambda.warehouse.client import Table

CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV, with a header.")]
LimitOption = Annotated[int, typer.Option(min=1, help="The most rows to show.")]
MOST_ROWS = 100


def register(app: typer.Typer) -> None:
    """Add `query` to the command line."""
    app.command()(query)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT, as 'select * from modeled.orders'.")],
    limit: LimitOption = MOST_ROWS,
    as_csv: CsvOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Show the rows that a SELECT finds: of modeled and marts as the reader sees them, of landing and the gates too.

    Nothing can be changed by it. Of a dataset that is declared sensitive the values are withheld outside of modeled,
    marts and alert; bookkeeping and counts are shown.
    """
    from dataclasses import replace

    from landfall import environment
    from landfall.operate import declared, queries

    question = queries.read(sql)
    stack = environment.stack()
    sensitive = [name for name, contract in declared.contracts().items() if contract.sensitive]
    found = queries.ask(stack, question, limit + 1, sensitive)
    is_cut = len(found.rows) > limit and not question.is_bounded
    show(replace(found, rows=found.rows[:limit]) if is_cut else found, "rows", as_csv=as_csv, as_json=as_json)
    if is_cut:
        typer.echo(f"there are more than these {limit:,} rows: --limit shows them", err=True)


def show(table: "Table", what: str, *, as_csv: bool, as_json: bool) -> None:
    """Print rows in the way that was asked for."""
    import csv
    import sys

    from landfall.operate import queries

    if as_json:
        output.print_json(queries.records(table))
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([table.columns, *table.rows])
    else:
        output.stdout().print(output.table(f"{len(table.rows):,} {what}", table.columns, table.rows))
