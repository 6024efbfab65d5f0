"""`landfall pause` and `landfall resume`: stop what starts by itself, and let it go on."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.operate.pausing import Switch


def register(app: typer.Typer) -> None:
    """Add `pause` and `resume` to the command line."""
    app.command()(pause)
    app.command()(resume)


def pause(as_json: output.JsonOption = False) -> None:
    """Stop landing, and the schedules that ask the warehouse: for its maintenance, say.

    What is under way ends. Files that come meanwhile wait on the queue, for four days; after a longer pause `landfall
    reconcile` finds them.
    """
    _turn(on=False, as_json=as_json)


def resume(as_json: output.JsonOption = False) -> None:
    """Let landing and the schedules go on; the files that came meanwhile land first."""
    _turn(on=True, as_json=as_json)


def _turn(*, on: bool, as_json: bool) -> None:
    from landfall import environment
    from landfall.operate import marking, pausing

    stack = environment.stack()
    with output.stderr().status("waiting for Lambda to settle"), marking.changing(stack) if on else nullcontext():
        switches = pausing.turn(stack, on=on)
        left = pausing.let_alarms_ring(stack) if on else None
    if left:
        output.stderr().print(left)
    _show(switches, as_json)


def _show(switches: "Sequence[Switch]", as_json: bool) -> None:
    if as_json:
        output.print_json([asdict(switch) for switch in switches])
        return
    rows = [(switch.name, switch.starts, "on" if switch.is_on else "paused") for switch in switches]
    output.stdout().print(output.table("What starts by itself", ("switch", "starts", "state"), rows))
