"""`landfall report`: what a run did, from its report in S3."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from landfall import output
from landfall.commands.transform import EXIT_CODES, TIMED_OUT, show_run


def register(app: typer.Typer) -> None:
    """Add `report` to the command line."""
    app.command()(report)


def report(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest when left out.")] = None,
    every: Annotated[bool, typer.Option("--all", help="List every model and gate, not only the notable ones.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Show a run's report: why it ran, models, gates, records a dataset, and what failed with files and examples.

    Exits as `transform --wait` did: 0 it succeeded, 1 a gate failed, 2 an error.
    """
    from landfall import environment
    from landfall.operate import reports, transforms

    stack = environment.stack()
    found = reports.read(stack.s3, stack.bucket, run)
    if as_json:
        output.print_json(found)
    else:
        console = output.stdout()
        for line in _head(found):
            console.print(line, markup=False)
        show_run(console, transforms.read(found["execution"], found["build"]), every=every)
    raise typer.Exit(EXIT_CODES.get(found["build"]["outcome"], TIMED_OUT))


def _head(found: Mapping[str, Any]) -> Iterator[str]:
    build = found["build"]
    yield f"run {build['run_id']} of {found['environment']}, {build['started_at']} to {build['ended_at']}"
    yield from (f"why: {reason}" for reason in found["plan"]["reasons"])
    for each in build["records"]:
        counts = f"{each['total']:,} records, {each['valid']:,} valid, {each['error']:,} wrong"
        yield f"{each['dataset']} as {each['entity']}: {counts}" + (" (stopped)" if each["is_stopped"] else "")
    yield f"message: {'sent' if found['is_told'] else 'not sent, the same was told before'}"
