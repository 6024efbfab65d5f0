"""`landfall undo`: take one file's rows out of landing."""

from typing import TYPE_CHECKING, Annotated

import typer

from ingest_lambda.legible import visible
from landfall import output
from landfall.commands.transform import exit_code, run_to_outcome, show_end

if TYPE_CHECKING:
    from landfall.operate.undos import Undo


def register(app: typer.Typer) -> None:
    """Add `undo` to the command line."""
    app.command()(undo)


def undo(
    key: Annotated[str, typer.Argument(help="The file: s3://bucket/key, as gates name it, or its key.")],
    version: Annotated[
        str | None, typer.Option(metavar="ID", help="Its version in S3; needed where several have rows in landing.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="The dataset; needed where the version landed in several.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Start a transform, which takes the rows out of the models; wait for it.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds that --wait waits.")] = 1800.0,
    as_json: output.JsonOption = False,
) -> None:
    """Take a landed file's rows out of landing again, in one transaction; the object in S3 stays.

    The file stays known: an event that comes late does not land it again (`landfall replay KEY --undone` does). Where
    its rows had been modeled, the next transform rebuilds the tables without them. With --wait, exits as `transform`.
    """
    from landfall import environment
    from landfall.operate import gaps, marking, undos

    stack = environment.named_stack()
    with marking.changing(stack):
        guard = gaps.undo_guard(stack)
        done = undos.undo(stack.warehouse, *undos.locate(key, stack.bucket), version, guard, dataset)
    if not as_json:
        for line in _lines(done):
            typer.echo(visible(line))
    run = run_to_outcome(stack, timeout) if wait else None
    if as_json:
        output.print_json({**done.to_dict(), "transform": run.to_dict() if run else None})
    elif run:
        show_end(stack, run)
    if run:
        raise typer.Exit(exit_code(run))


def _lines(done: "Undo") -> list[str]:
    version = done.version
    if done.outcome == "already_undone":
        lines = [f"nothing to do: {done.source_file} was undone at {version.undone_at}"]
    elif done.ends_replay and not done.rows:
        lines = [f"undone: {done.source_file} was to land again, and does not: it had no rows in landing yet"]
    else:
        lines = [f"undone: {done.rows:,} rows of {done.source_file} left landing.{version.dataset}"]
    if done.is_held:
        lines.append("its rows had been modeled: the next transform rebuilds the tables without them")
    if done.others:
        lines.append(f"still in landing, other versions of it: {', '.join(done.others)} (undo them with --version)")
    return lines
