"""`landfall evolve`: give a landing column another type, or add one."""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.operate.evolution import Change


def register(app: typer.Typer) -> None:
    """Add `evolve` to the command line."""
    app.command()(evolve)


def evolve(
    dataset: Annotated[str, typer.Argument(help="The dataset, whose table is landing.DATASET.")],
    column: Annotated[str, typer.Argument(help="Its column; one that is not there is added.")],
    type_: Annotated[str, typer.Argument(metavar="TYPE", help="The type that it shall have, as 'DECIMAL(38,4)'.")],
    may_add: Annotated[bool, typer.Option("--add", help="Add a column whose name resembles another's.")] = False,
    lossy: Annotated[bool, typer.Option("--lossy", help="Go on even where values change by it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the transaction.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Change a landing column's type where landing does not do so by itself; then `landfall replay` what was rejected.

    One transaction rewrites every row, behind the dataset's mutex; who loads or reads the table waits. Where a value
    would not be the same afterwards nothing is changed, unless --lossy is given.
    """
    from landfall import environment
    from landfall.operate import declared, evolution, gaps, marking

    stack = environment.named_stack()
    warehouse = stack.warehouse_as("LoaderSecretArn", evolution.PATIENCE_SECONDS)
    change = evolution.plan_change(warehouse, dataset, column, type_, may_add=may_add)
    steps = change.statements(may_lose=lossy)
    if not dry_run:
        with output.stderr().status(f"changing landing.{dataset}"), marking.changing(stack):
            change = evolution.carry_out(warehouse, change, may_lose=lossy)
    notice = evolution.undeclared(declared.contracts(), change)
    if gap := gaps.gaps(warehouse, dataset).get(dataset):
        lacking = f"landing lacks {gap.describe()}, and a model of other columns is refused until `{gap.remedy}`"
        notice = f"{notice}\n{lacking}" if notice else lacking
    if as_json:
        output.print_json({**change.to_dict(), "dry_run": dry_run, "statements": steps, "notice": notice})
        return
    for line in _lines(change, steps, dry_run=dry_run):
        typer.echo(line)
    if notice:
        typer.echo(notice)


def _lines(change: "Change", steps: list[str], *, dry_run: bool) -> list[str]:
    name = f"landing.{change.dataset}.{change.column.name}"
    if not steps:
        return [f"nothing to do: {name} is {change.column.type}"]
    if dry_run:
        return ["begin;", *(f"{step};" for step in steps), "commit;"]
    if change.before is None:
        return [f"{name} is new, of type {change.column.type}; it is null in the rows that have landed"]
    return [f"{name} is {change.column.type} now, was {change.before.type}; {change.rows:,} rows rewritten"]
