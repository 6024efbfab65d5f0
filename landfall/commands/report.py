"""`landfall report`: what a run did, from its report in S3; or all that runs recorded, as a page."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall import output
from landfall.commands.transform import EXIT_CODES, TIMED_OUT, show_run

if TYPE_CHECKING:
    from landfall.stack import Stack

MOST_DAYS = 400


def register(app: typer.Typer) -> None:
    """Add `report` to the command line."""
    app.command()(report)


def report(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="A run's id; the latest when left out.")] = None,
    every: Annotated[bool, typer.Option("--all", help="List every model and gate, not only the notable ones.")] = False,
    as_page: Annotated[
        bool, typer.Option("--html", help="Write the operator's page: what landed, gates, runs, what to do.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--output", metavar="DIR", help="Where the page goes (default: .landfall/page).")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="How many days the page tells of.")] = 30,
    opens: Annotated[
        bool | None, typer.Option("--open/--no-open", help="Open it in a browser (default: in a terminal, yes).")
    ] = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show a run's report: why it ran, models, gates, records a dataset, and what failed with files and examples.

    Exits as `transform --wait` did: 0 it succeeded, 1 a gate failed, 2 an error. With --html it writes a page of all
    that was recorded instead, and exits 0 once it is there.
    """
    from landfall import environment
    from landfall.operate import reports, transforms

    if as_page and (run or every):
        raise typer.BadParameter("a page is about all runs: it takes no RUN and no --all")
    stack = environment.stack()
    if as_page:
        _write_page(stack, folder, days, opens, as_json)
        return
    found = reports.read(stack.s3, stack.bucket, run)
    if as_json:
        output.print_json(found)
    else:
        console = output.stdout()
        for line in _head(found):
            console.print(line, markup=False)
        show_run(console, transforms.of_report(found), every=every)
    raise typer.Exit(EXIT_CODES.get(found["build"]["outcome"], TIMED_OUT))


def _write_page(stack: "Stack", folder: Path | None, days: int, opens: bool | None, as_json: bool) -> None:
    import webbrowser

    from landfall.operate import pages

    with output.stderr().status("the page is being made"):
        page, docs = pages.write(stack, folder or pages.FOLDER, days)
    is_wanted = sys.stdout.isatty() and not as_json if opens is None else opens
    is_open = is_wanted and webbrowser.open(page.as_uri())
    if as_json:
        about = {"page": str(page), "url": page.as_uri(), "docs": docs and str(docs), "opened": is_open}
        output.print_json({**about, "published": pages.published(stack)})
    else:
        typer.echo(f"{'opened' if is_open else 'open'} {page.as_uri()}")


def _head(found: Mapping[str, Any]) -> Iterator[str]:
    build = found["build"]
    yield f"run {build['run_id']} of {found['environment']}, {build['started_at']} to {build['ended_at']}"
    yield from (f"why: {reason}" for reason in found["plan"]["reasons"])
    for each in build["records"]:
        counts = f"{each['total']:,} records, {each['valid']:,} valid, {each['error']:,} wrong"
        yield f"{each['dataset']} as {each['entity']}: {counts}" + (" (stopped)" if each["is_stopped"] else "")
    yield f"message: {'sent' if found['is_told'] else 'not sent, the same was told before'}"
