"""`landfall rename-dataset`: land a dataset's files under another name, and take the old table away."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.errors import ConfigError
from ingest_lambda.legible import visible
from landfall import output
from landfall.commands.backfill import RateOption
from landfall.commands.deploy import NOBODY_TO_ASK
from landfall.commands.drop_dataset import ask_twice, catalogued

if TYPE_CHECKING:
    from ingest_lambda.warehouse.sessions import Warehouse
    from landfall.operate.renames import Rename
    from landfall.stack import Stack

LEFT, TIMED_OUT = 1, 2


def register(app: typer.Typer) -> None:
    """Add `rename-dataset` to the command line."""
    app.command()(rename_dataset)


def rename_dataset(
    old: Annotated[str, typer.Argument(help="The dataset, whose table is landing.OLD.")],
    new: Annotated[str, typer.Argument(help="Its other name, which is declared with the old keys as prefixes.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would land, go and stay.")] = False,
    rate: RateOption = 100.0,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds to wait for the files to land.")] = 1800.0,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: for machines.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Give a dataset another name: its files land under it, then the old table goes. Asks twice.

    Declare NEW with `prefixes: [raw/OLD/]` and deploy first. Each file is read once more; no object moves. The old
    table goes when the new ledger has all of its files, and not before: exits 1 where some cannot land, 2 where the
    time was up. Repeat it freely.
    """
    from ingest_lambda.judge.contracts import Contract
    from landfall import environment
    from landfall.operate import declared, evolution, renames
    from scripts.package import ROOT

    if not (yes or dry_run or sys.stdin.isatty()):
        raise ConfigError(NOBODY_TO_ASK)
    stack = environment.named_stack()
    warehouse = stack.warehouse_as("LoaderSecretArn", evolution.PATIENCE_SECONDS)
    contracts = declared.contracts()
    done = renames.plan_rename(stack, warehouse, old, new, contracts, ROOT)
    is_there = done.outcome is renames.Outcome.PLANNED
    for line in (*_plan(done, stack.bucket), *catalogued(stack, old)) if is_there else ():
        typer.echo(line, err=True)
    if is_there and not dry_run:
        if not yes:
            ask_twice(old, f"landing.{old} goes when landing.{new} has all of its files; rename it in {stack.name}?")
        renames.prepare(warehouse, done, contracts.get(new, Contract()))
        done = _carry_out(stack, warehouse, done, rate, timeout)
    if as_json:
        output.print_json(done.to_dict())
    elif not (is_there and dry_run):
        for line in _done(done):
            typer.echo(visible(line))
    if done.left:
        raise typer.Exit(TIMED_OUT if done.is_open else LEFT)


def _carry_out(stack: "Stack", warehouse: "Warehouse", planned: "Rename", rate: float, timeout: float) -> "Rename":
    from landfall.operate import marking, renames

    with output.counting("announcing", len(planned.files)) as watch:
        announced = renames.announce(stack, planned, rate, watch)
    with output.counting("landing", announced.sent) as watch:
        landed = renames.wait(warehouse, announced, timeout, watch)
    with marking.changing(stack):
        return renames.finish(warehouse, landed)


def _plan(planned: "Rename", bucket: str) -> list[str]:
    old, new = planned.drop.dataset, planned.new
    models = f"; so do {', '.join(planned.drop.models)}, with the rows that they took in" if planned.drop.models else ""
    again = f" ({planned.barred:,} of them again: they were undone there)" if planned.barred else ""
    return [
        f"lands: {len(planned.files):,} of {planned.drop.files:,} files, in landing.{new}{again}",
        f"goes: landing.{old}, {planned.drop.rows:,} rows",
        f"stays: the files in {bucket}, under their keys; ledger.{old}, in which they count as undone{models}",
    ]


def _done(done: "Rename") -> list[str]:
    from landfall.operate import renames

    old, new = done.drop.dataset, done.new
    if done.outcome is renames.Outcome.ALREADY_RENAMED:
        return [f"nothing to do: there is no table landing.{old}; ledger.{old} is its history"]
    if done.outcome is renames.Outcome.RENAMED:
        return [f"landing.{new} has the {done.drop.files:,} files of {old}; landing.{old} is dropped"]
    return [
        *renames.reasons(done.left),
        f"landing.{old} stays: run it again when they have landed. If none lands, is the rule deployed?",
    ]
