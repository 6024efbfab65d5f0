"""`landfall quarantine`: rows that break a rule, with every reason."""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.errors import ConfigError
from ingest_lambda.legible import visible
from landfall import output
from landfall.commands.query import MOST_ROWS, CsvOption, LimitOption, show

if TYPE_CHECKING:
    from landfall.operate.quarantined import Quarantined


def register(app: typer.Typer) -> None:
    """Add `quarantine` to the command line."""
    app.command()(quarantine)


def quarantine(
    dataset: Annotated[str | None, typer.Option(metavar="NAME", help="Only rows of this dataset or entity.")] = None,
    reason: Annotated[str | None, typer.Option(metavar="REASON", help="Only rows with this reason.")] = None,
    limit: LimitOption = MOST_ROWS,
    as_csv: CsvOption = False,
    as_json: output.JsonOption = False,
) -> None:
    """Show the rows that break a rule and wait: for the rule or the file to be mended, or for a newer version.

    The latest first, the limit for each entity. JSON and CSV have every column; the values of datasets that are
    declared sensitive are withheld.
    """
    from landfall import environment
    from landfall.operate import declared, quarantined, queries

    stack = environment.stack()
    sensitive = [name for name, contract in declared.contracts().items() if contract.sensitive]
    found = quarantined.find(stack, dataset, reason, limit, sensitive)
    if as_json:
        output.print_json([{"entity": each.entity, "rows": queries.records(each.table)} for each in found])
        return
    if as_csv and len(found) > 1:
        raise ConfigError(f"CSV is of one entity: say --dataset {' or '.join(each.entity for each in found)}")
    for each in found:
        if as_csv:
            show(each.table, "", as_csv=True, as_json=False)
        else:
            _tell(each)
    if not found:
        typer.echo("no row is quarantined" + (" that fits" if dataset or reason else ""), err=as_csv)


def _tell(found: "Quarantined") -> None:
    show(found.brief(), f"rows of {found.entity} are quarantined", as_csv=False, as_json=False)
    for line in found.next_steps():
        typer.echo(visible(line))
