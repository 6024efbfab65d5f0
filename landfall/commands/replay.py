"""`landfall replay`: try files again, after a fix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output
from landfall.commands.backfill import RateOption

if TYPE_CHECKING:
    from landfall.operate.replays import Replay
    from landfall.stack import Stack

LEFT_OUT = 1


def register(app: typer.Typer) -> None:
    """Add `replay` to the command line."""
    app.command()(replay)


def replay(
    key: Annotated[str | None, typer.Argument(help="One file: s3://bucket/key, or its key.")] = None,
    version: Annotated[
        str | None, typer.Option(metavar="ID", help="Its version in S3 (default: all that have not landed).")
    ] = None,
    undone: Annotated[
        bool, typer.Option("--undone", help="Land the content of an undone file again, as a new version.")
    ] = False,
    rejected: Annotated[bool, typer.Option("--rejected", help="All files that were rejected.")] = False,
    without_positions: Annotated[
        bool, typer.Option("--without-positions", help="All files that landed before their dataset declared changes.")
    ] = False,
    dataset: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --rejected, --without-positions: of this dataset.")
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="REASON", help="With --rejected: for this reason.")] = None,
    dead_letters: Annotated[bool, typer.Option("--dlq", help="All messages on the dead-letter queue.")] = False,
    rate: RateOption = 100.0,
    as_json: output.JsonOption = False,
) -> None:
    """Announce files again, after what stopped them has been put right: one file, rejected files, or dead letters.

    The ledger decides what lands, so nothing lands twice; a file that is rejected again gets a verdict again. For KEY,
    exits 1 if a version of it was left out (undone, without --undone). --without-positions lands files anew, so that
    the later of two rows of a file is the newer: their rows leave landing, what is modeled stays as it is meanwhile.
    """
    from landfall import environment
    from landfall.operate import marking

    if sum(map(bool, (key, rejected, without_positions, dead_letters))) != 1:
        raise typer.BadParameter("give a KEY, --rejected, --without-positions or --dlq, and only one of them")
    if reason and not rejected:
        raise typer.BadParameter("--reason goes with --rejected")
    if dataset and not (rejected or without_positions):
        raise typer.BadParameter("--dataset goes with --rejected and --without-positions")
    if (version or undone) and not key:
        raise typer.BadParameter("--version and --undone go with a KEY")
    stack = environment.named_stack() if without_positions else environment.stack()
    is_left_out = False
    with marking.changing(stack):
        if key:
            is_left_out = _replay_key(stack, key, version, undone=undone, as_json=as_json)
        elif rejected:
            _replay_rejected(stack, dataset, reason, rate, as_json=as_json)
        elif without_positions:
            _replay_without_positions(stack, dataset, rate, as_json=as_json)
        else:
            _replay_dead_letters(stack, rate, as_json=as_json)
    if is_left_out:
        raise typer.Exit(LEFT_OUT)


def _replay_key(stack: "Stack", key: str, version: str | None, *, undone: bool, as_json: bool) -> bool:
    """Replay one file; tell whether it was left out, since it is undone."""
    from landfall.operate import replays, undos

    done = replays.replay_key(stack, *undos.locate(key, stack.bucket), version, undone=undone)
    _show(done, as_json)
    return any(each.action == replays.UNDONE for each in done)


def _replay_rejected(stack: "Stack", dataset: str | None, reason: str | None, rate: float, *, as_json: bool) -> None:
    from landfall.operate import replays

    with output.counting("announcing") as watch:
        done = replays.replay_rejected(stack, dataset, reason, rate, watch)
    _show(done, as_json)


def _replay_without_positions(stack: "Stack", dataset: str | None, rate: float, *, as_json: bool) -> None:
    from landfall.operate import replays

    with output.counting("announcing") as watch:
        done = replays.replay_without_positions(stack, dataset, rate, watch)
    _show(done, as_json)


def _replay_dead_letters(stack: "Stack", rate: float, *, as_json: bool) -> None:
    from landfall.operate import replays

    with output.counting("moving") as watch:
        moved = replays.replay_dead_letters(stack, rate, watch)
    if as_json:
        output.print_json({"messages": moved.messages, "malformed": moved.malformed, "why": list(moved.why)})
        return
    typer.echo(f"{moved.messages:,} messages moved back to the landing queue")
    if moved.malformed:
        typer.echo(f"{moved.malformed:,} of them are no events of S3: they will be dead-lettered again")
        for why in moved.why:
            typer.echo(f"  {why}")


def _show(done: "Sequence[Replay]", as_json: bool) -> None:
    if as_json:
        output.print_json([each.to_dict() for each in done])
        return
    columns = ("file", "version", "dataset", "action", "reason")
    rows = [(each.file.uri, each.file.version_id, each.dataset, each.action, each.reason) for each in done]
    output.stdout().print(output.table(f"{len(done):,} files", columns, rows))
