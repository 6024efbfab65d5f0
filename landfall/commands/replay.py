"""`landfall replay`: try files again, after a fix."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.legible import visible
from landfall import output
from landfall.commands.backfill import RateOption

if TYPE_CHECKING:
    from datetime import datetime

    from landfall.operate.dead_letters import Moved
    from landfall.operate.replays import Replay
    from landfall.stack import Stack

NOT_LANDED, TIMED_OUT = 1, 2


def register(app: typer.Typer) -> None:
    """Add `replay` to the command line."""
    app.command()(replay)


def replay(
    key: Annotated[str | None, typer.Argument(help="One file: s3://bucket/key, or its key.")] = None,
    version: Annotated[
        str | None, typer.Option(metavar="ID", help="Its version in S3 (default: all that have not landed).")
    ] = None,
    undone: Annotated[
        bool, typer.Option("--undone", help="Land the newest undone version again, or that of --version.")
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
    drop_malformed: Annotated[
        bool, typer.Option("--drop-malformed", help="With --dlq: delete messages that announce no file.")
    ] = False,
    rate: RateOption = 100.0,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the outcome of each file.")] = False,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds that --wait waits.")] = 300.0,
    as_json: output.JsonOption = False,
) -> None:
    """Announce files again, after what stopped them has been put right: one file, rejected files, or dead letters.

    The ledger decides what lands, so nothing lands twice; a file that is rejected again gets a verdict again. What was
    undone lands again as the version that it was, and takes its old place among the others. For KEY, exits 1 if a
    version of it was left out (archived; undone, without --undone). With --wait, exits 1 if a file was rejected or
    ignored, or is gone, 2 if the time was up before every file had its outcome. --without-positions lands files anew,
    so that the later of two rows of a file is the newer: their rows leave landing, what is modeled stays as it is
    meanwhile; files that could not come back stay as they landed.
    """
    from datetime import UTC, datetime

    from landfall import environment
    from landfall.operate import marking, replays
    from landfall.operate.files import NOT_LANDING

    if sum(map(bool, (key, rejected, without_positions, dead_letters))) != 1:
        raise typer.BadParameter("give a KEY, --rejected, --without-positions or --dlq, and only one of them")
    if reason and not rejected:
        raise typer.BadParameter("--reason goes with --rejected")
    if dataset and not (rejected or without_positions):
        raise typer.BadParameter("--dataset goes with --rejected and --without-positions")
    if drop_malformed and not dead_letters:
        raise typer.BadParameter("--drop-malformed goes with --dlq")
    if (version or undone) and not key:
        raise typer.BadParameter("--version and --undone go with a KEY")
    stack = environment.named_stack() if without_positions else environment.stack()
    since = datetime.now(UTC)
    moved: Moved | None = None
    with marking.changing(stack):
        if key:
            done = _replay_key(stack, key, version, undone=undone)
        elif dead_letters:
            moved = _replay_dead_letters(stack, rate, drops_malformed=drop_malformed)
            done = list(moved.files)
        else:
            done = _replay_many(stack, dataset, reason, rate, rejected=rejected)
    if wait:
        done = _wait_for_all(stack, done, since, timeout)
    if as_json:
        files = [each.to_dict() for each in done]
        output.print_json(_face(moved, files) if moved else files)
    else:
        _show(done, moved, is_waited_for=wait)
    left_out = replays.UNREADABLE if undone else {*replays.UNREADABLE, replays.UNDONE}
    is_left_out = key is not None and any(each.action in left_out for each in done)
    if is_left_out or any(each.outcome in NOT_LANDING for each in done):
        raise typer.Exit(NOT_LANDED)
    if wait and any(each.awaited and each.outcome is None for each in done):
        raise typer.Exit(TIMED_OUT)


def _replay_key(stack: "Stack", key: str, version: str | None, *, undone: bool) -> "list[Replay]":
    from landfall.operate import replays, undos

    return replays.replay_key(stack, *undos.locate(key, stack.bucket), version, undone=undone)


def _replay_many(
    stack: "Stack", dataset: str | None, reason: str | None, rate: float, *, rejected: bool
) -> "list[Replay]":
    from landfall.operate import replays

    with output.counting("announcing") as watch:
        if rejected:
            return replays.replay_rejected(stack, dataset, reason, rate, watch)
        return replays.replay_without_positions(stack, dataset, rate, watch)


def _replay_dead_letters(stack: "Stack", rate: float, *, drops_malformed: bool) -> "Moved":
    from landfall.operate import dead_letters

    with output.progress() as progress:
        task = progress.add_task("moving", total=None)

        def watch(moved: int) -> None:
            progress.update(task, completed=moved)

        def dropping(begins: str, why: str) -> None:
            said = f"deleting a message that announces no file ({why}): {begins!r}"
            progress.console.print(said, markup=False, soft_wrap=True)

        return dead_letters.replay_dead_letters(stack, rate, watch, dropping if drops_malformed else None)


def _wait_for_all(stack: "Stack", done: "Sequence[Replay]", since: "datetime", timeout: float) -> "list[Replay]":
    from landfall.operate import ends, pausing

    with suppress(ConfigError, TransientError):  # what cannot be asked is passed over: the files are announced
        if pausing.is_paused(stack):
            typer.echo("landing is paused: what is announced waits for `landfall resume`", err=True)
    with output.progress() as progress:
        task = progress.add_task("landing", total=sum(each.awaited is not None for each in done))

        def show(ended: int) -> None:
            progress.update(task, completed=ended)

        return ends.wait(stack, done, since, timeout, show, lambda line: progress.console.print(line, markup=False))


def _face(moved: "Moved", files: list[dict[str, Any]]) -> dict[str, Any]:
    said = {"messages": moved.messages, "malformed": moved.malformed, "dropped": moved.dropped}
    return {**said, "why": list(moved.why), "bodies": list(moved.bodies), "files": files}


def _show(done: "Sequence[Replay]", moved: "Moved | None", *, is_waited_for: bool) -> None:
    from landfall.operate import verdicts

    if moved:
        typer.echo(f"{moved.messages:,} messages moved back to the landing queue")
        if moved.malformed:
            stay = "are deleted" if moved.dropped else "stay on the dead-letter queue; --drop-malformed deletes them"
            typer.echo(f"{moved.malformed:,} messages announce no file, and {stay}")
            for line in (*moved.why, *map(repr, moved.bodies)):
                typer.echo(f"  {visible(line)}")
    if moved and not is_waited_for:
        return
    console = output.stdout()
    console.print(
        output.table("1 file" if len(done) == 1 else f"{len(done):,} files", *_cells(done, is_waited_for=is_waited_for))
    )
    for each in done:
        if each.end and each.end.verdict:
            for line in verdicts.lines(each.file.uri, each.end.verdict):
                console.print(line, markup=False, soft_wrap=True)


def _cells(done: "Sequence[Replay]", *, is_waited_for: bool) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    """Lay out heads and rows; the reason of a rejected file stands below the table, with all that its verdict says."""
    ends = ("outcome", "rows") if is_waited_for else ()
    rows = []
    for each in done:
        verdict = each.end.verdict if each.end else None
        reason = str(verdict["reason"]) if verdict else each.reason
        told = (each.outcome, each.end.rows if each.end else None) if is_waited_for else ()
        rows.append((each.file.uri, each.file.version_id, each.dataset or None, each.action, *told, reason))
    return ("file", "version", "dataset", "action", *ends, "reason"), rows
