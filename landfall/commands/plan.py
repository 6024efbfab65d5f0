"""`landfall plan`: what landing would do with files, and why."""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.operate.planning import Outlook

REJECTED = 1
NO_COLUMN = "is in the folders of the keys alone, and not taken; `partitions: true` in the source YAML would take it"
WITHOUT_WAREHOUSE = "no stack is named, and none runs here: planned as if none of these datasets had landed yet"


def register(app: typer.Typer) -> None:
    """Add `plan` to the command line."""
    app.command()(plan)


def plan(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="Local files or folders of any format, or objects: keys, s3://.")
    ],
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Dataset of the local files (default: by their names).")
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Tell what landing would do with files, as one batch, and why: path, rows, changes of landing, verdicts.

    Nothing is uploaded or changed. Where no stack is named and none runs here it plans without a warehouse, and says
    so. Of parquet only footers are read: a value that no column holds is found when the file lands. CSV and JSON are
    read to their end. Exits 1 if a file would be rejected.
    """
    from landfall import environment
    from landfall.operate import declared
    from landfall.operate.planning import Planner

    stack = environment.stack_if_any()
    outlook = Planner(declared.contracts(), stack).plan(files, dataset)
    if as_json:
        changes = [
            {"dataset": name, "column": column, "from": before, "to": after}
            for name, column, before, after in outlook.changes()
        ]
        forecasts = [forecast.to_dict() for forecast in outlook.files]
        output.print_json({"warehouse": stack is not None, "files": forecasts, "changes": changes})
    else:
        _show(outlook, has_warehouse=stack is not None)
    if any(forecast.outcome == "rejected" for forecast in outlook.files):
        raise typer.Exit(REJECTED)


def _show(outlook: "Outlook", *, has_warehouse: bool) -> None:
    from dataclasses import asdict

    from landfall.operate import verdicts

    console = output.stdout()
    columns = ("file", "dataset", "would", "path", "rows", "why")
    rows = [(each.name, each.dataset, each.outcome, each.path, each.rows, each.why) for each in outlook.files]
    console.print(output.table(f"{len(rows):,} files in {len(outlook.plans):,} loads", columns, rows))
    for each in outlook.files:
        for line in verdicts.lines(each.name, asdict(each.verdict)) if each.verdict else ():
            console.print(line, markup=False)
        for column, caution in each.cautions:
            console.print(f"{each.name}: mind column {column}: {caution}", markup=False)
    for dataset, column, before, after in outlook.changes():
        became = f"from {before} to {after}" if before else f"is new, {after}"
        console.print(f"landing.{dataset}.{column} {became}", markup=False)
    for dataset, column, is_taken in outlook.folders():
        says = "is what the folders of the keys say" if is_taken else NO_COLUMN
        console.print(f"landing.{dataset}.{column} {says}", markup=False)
    for dataset in sorted({plan.dataset for plan in outlook.plans if plan.creates_table and plan.files}):
        console.print(f"landing.{dataset} would be created", markup=False)
    if not has_warehouse:
        console.print(WITHOUT_WAREHOUSE)
