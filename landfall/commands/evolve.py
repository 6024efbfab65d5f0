"""`landfall evolve`: give a landing column another type, or add one."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.errors import ConfigError
from landfall import output
from landfall.commands.deploy import NOBODY_TO_ASK

if TYPE_CHECKING:
    from landfall.operate.evolution import Change
    from landfall.operate.gaps import Gap


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
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: for machines.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Change a landing column's type where landing does not do so by itself; then `landfall replay` what was rejected.

    One transaction rewrites every row, behind the dataset's mutex; who loads or reads the table waits. Where a value
    would not be the same afterwards nothing is changed, unless --lossy is given. Where rows were removed from landing,
    it says what follows, and asks first.
    """
    from landfall import environment
    from landfall.operate import declared, evolution, gaps, marking

    stack = environment.named_stack()
    warehouse = stack.warehouse_as("LoaderSecretArn", evolution.PATIENCE_SECONDS)
    change = evolution.plan_change(warehouse, dataset, column, type_, may_add=may_add)
    steps = change.statements(may_lose=lossy)
    gap = gaps.gaps(warehouse, dataset).get(dataset) if steps else None
    if other := evolution.widened(type_, change.column):
        typer.echo(other, err=True)
    if gap:
        typer.echo(f"{_name(change)}: {_over(gap)}", err=True)
    if not dry_run:
        if gap and not yes:
            _ask(stack.name)
        with output.stderr().status(f"changing landing.{dataset}"), marking.changing(stack):
            change = evolution.carry_out(warehouse, change, may_lose=lossy)
    notice = evolution.undeclared(declared.contracts(), change)
    if as_json:
        said = "\n".join(text for text in (other, notice, _over(gap) if gap else None) if text) or None
        output.print_json({**change.to_dict(), "dry_run": dry_run, "statements": steps, "notice": said})
        return
    for line in _lines(change, steps, dry_run=dry_run):
        typer.echo(line)
    if notice:
        typer.echo(notice)


def _name(change: "Change") -> str:
    return f"landing.{change.dataset}.{change.column.name}"


def _over(gap: "Gap") -> str:
    return (
        f"landing lacks {gap.describe()}. A file of them is rejected afterwards if it does not fit the other type, and "
        f"a model of other columns is refused until they are back: first `{gap.remedy}`"
    )


def _ask(stack: str) -> None:
    """Let a person say whether it is changed all the same."""
    if not sys.stdin.isatty():
        raise ConfigError(NOBODY_TO_ASK)
    typer.confirm(f"change it in {stack} all the same?", abort=True, err=True)


def _lines(change: "Change", steps: list[str], *, dry_run: bool) -> list[str]:
    name = _name(change)
    if not steps:
        return [f"nothing to do: {name} is {change.column.type}"]
    if dry_run:
        return ["begin;", *(f"{step};" for step in steps), "commit;"]
    if change.before is None:
        return [f"{name} is new, of type {change.column.type}; it is null in the rows that have landed"]
    return [f"{name} is {change.column.type} now, was {change.before.type}; {change.rows:,} rows rewritten"]
