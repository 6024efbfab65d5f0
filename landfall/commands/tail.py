"""`landfall tail`: what lands, is modeled and announced, as it happens."""

import json
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from ingest_lambda.errors import TransientError
from ingest_lambda.legible import visible
from landfall import failures, output
from landfall.timestamps import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.text import Text

    from landfall.operate.following import Event, Follower

T = TypeVar("T")
PAUSE_SECONDS = 2.0
UNASKED = "whether the dataset is known could not be asked, and tail goes on"
BUSY = {"ServiceUnavailable", "ServiceUnavailableException", "InternalFailure", "InternalServerError"}  # it passes


def register(app: typer.Typer) -> None:
    """Add `tail` to the command line."""
    app.command()(tail)


def tail(
    dataset: output.DatasetOption = None,
    since: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Begin with what happened before.")] = 60.0,
    limit: Annotated[
        float | None, typer.Option("--for", min=0, metavar="SECONDS", help="End after that time (default: never).")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line, on stdout.")] = False,
) -> None:
    """Follow what lands, is rejected or tried again, is modeled and announced, until interrupted (Ctrl-C).

    Asks the log and the state machine; the warehouse only whether it knows a --dataset that is not declared here. Of
    one that nobody knows a first file may come: it is said, and is an error only where the time ends without one of it.
    """
    import signal
    import time
    from datetime import UTC, datetime, timedelta

    from landfall import environment
    from landfall.operate import declared, names
    from landfall.operate.following import Follower

    stack = environment.stack()
    contracts = declared.contracts()
    said = _if_it_passes(lambda: names.unknown(stack, dataset, contracts), None, UNASKED) if dataset else None
    if said:
        typer.echo(said, err=True)
    sensitive = [name for name, contract in contracts.items() if contract.sensitive]
    follower = Follower(stack, datetime.now(UTC) - timedelta(seconds=since), dataset, sensitive)
    console = output.stdout()
    deadline = time.monotonic() + limit if limit is not None else float("inf")
    for ends in (signal.SIGINT, signal.SIGTERM):  # a shell lets what it starts in the background ignore the first
        signal.signal(ends, signal.default_int_handler)
    try:
        while True:
            for event in _looked(follower):
                said = None if event.subject == dataset else said
                if as_json:
                    typer.echo(json.dumps(event.to_dict(), ensure_ascii=False))
                else:
                    console.print(_line(event), soft_wrap=True)
            if time.monotonic() >= deadline:
                if said:
                    raise typer.Exit(failures.CONFIGURATION)
                return
            time.sleep(PAUSE_SECONDS)
    except KeyboardInterrupt:
        return


def _looked(follower: "Follower") -> "list[Event]":
    """Look once; what passes by itself is said, and the next look finds what this one did not."""
    return _if_it_passes(follower.look, [], "tail goes on")


def _if_it_passes(ask: "Callable[[], T]", otherwise: T, said: str) -> T:
    """Ask, and answer otherwise where what is in the way passes by itself; it is told."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return ask()
    except (BotoCoreError, ClientError, TransientError) as error:
        line, code = failures.explain(error)
        if code != failures.TRANSIENT and not _is_busy(error):
            raise
        typer.echo(f"{said}: {line}", err=True)
        return otherwise


def _is_busy(error: Exception) -> bool:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code"))
    return code in BUSY or code.endswith("LimitExceeded") or "Throttl" in code


def _line(event: "Event") -> "Text":
    from rich.text import Text

    outcome = (f"{event.what:<11}", output.STYLES.get(event.what, ""))
    return Text.assemble(f"{seconds(event.at)} ", outcome, f" {visible(event.subject)}: {visible(event.text)}")
