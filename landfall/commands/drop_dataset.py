"""`landfall drop-dataset`: take a dataset's landing table away."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.errors import ConfigError
from landfall import output
from landfall.commands.deploy import NOBODY_TO_ASK

if TYPE_CHECKING:
    from landfall.operate.drops import Drop
    from landfall.stack import Stack


def register(app: typer.Typer) -> None:
    """Add `drop-dataset` to the command line."""
    app.command()(drop_dataset)


def drop_dataset(
    dataset: Annotated[str, typer.Argument(help="The dataset, whose table is landing.DATASET.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what goes and what stays.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: for machines.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Drop the landing table of a dataset that is not declared, as one that a typo made. Asks twice.

    The files stay in the bucket, and the ledger as history: its files count as undone, so that none comes back by
    itself. What is uploaded afterwards lands again. docs/routing.md says how a dataset gets another name.
    """
    from landfall import environment
    from landfall.operate import declared, drops, evolution, marking
    from scripts.package import ROOT

    if not (yes or dry_run or sys.stdin.isatty()):
        raise ConfigError(NOBODY_TO_ASK)
    stack = environment.named_stack()
    warehouse = stack.warehouse_as("LoaderSecretArn", evolution.PATIENCE_SECONDS)
    planned = drops.plan_drop(warehouse, dataset, declared.contracts(), ROOT)
    is_there = planned.outcome is drops.Outcome.PLANNED
    for line in (*_plan(planned, stack.bucket), *catalogued(stack, dataset)) if is_there else ():
        typer.echo(line, err=True)
    if is_there and not dry_run:
        if not yes:
            ask_twice(dataset, f"there is no way back but landing each file again; drop it from {stack.name}?")
        with marking.changing(stack):
            planned = drops.drop(warehouse, planned)
    if as_json:
        output.print_json(planned.to_dict())
    elif not (is_there and dry_run):
        typer.echo(_done(planned))


def ask_twice(dataset: str, question: str) -> None:
    """Let a person type the name of the dataset whose table goes, and answer the question."""
    if typer.prompt(f"name the dataset whose table goes ({dataset})", err=True) != dataset:
        raise typer.Abort
    typer.confirm(question, abort=True, err=True)


def catalogued(stack: "Stack", dataset: str) -> list[str]:
    """Say what becomes of the catalog's table of a dataset that goes, where there is a catalog."""
    database = stack.outputs.get("CatalogDatabaseName")
    return [f"stays until the next `landfall catalog`: the table {database}.{dataset}, if any"] if database else []


def _plan(planned: "Drop", bucket: str) -> list[str]:
    name = planned.dataset
    models = f"; so do {', '.join(planned.models)}, with the rows that they took in" if planned.models else ""
    return [
        f"goes: landing.{name}, {planned.rows:,} rows of {planned.files:,} files",
        f"stays: the files in {bucket}; ledger.{name}, in which they count as undone{models}",
        "what is on its way lands afterwards, in a table that is made anew; `landfall pause` holds it up",
    ]


def _done(done: "Drop") -> str:
    from landfall.operate.drops import Outcome

    if done.outcome is Outcome.ALREADY_DROPPED:
        return f"nothing to do: there is no table landing.{done.dataset}; ledger.{done.dataset} is its history"
    again = "`landfall replay KEY --undone` lands one of its files again"
    return f"landing.{done.dataset} is dropped, {done.files:,} files count as undone; {again}"
