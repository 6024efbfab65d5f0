"""`landfall smoke`: does a file come through?"""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.operate.smoke import Leg

PATIENCE_SECONDS = 300.0


def register(app: typer.Typer) -> None:
    """Add `smoke` to the command line."""
    app.command()(smoke)


def smoke(
    timeout: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long the file may take to land.")
    ] = PATIENCE_SECONDS,
    as_json: output.JsonOption = False,
) -> None:
    """Send one file through, from the bucket to an UPSERT, and take it out again.

    It is of a dataset of the test's own: no model reads it, no transform starts, nobody is told. Exits 1 where it does
    not come through, and says on which leg and what to do; 2 where it has not landed in time, as where
    others stand before it. Several at once do not meet.
    """
    from landfall import environment
    from landfall.operate import smoke as smoking

    stack = environment.stack()
    legs = smoking.run(stack, timeout, say)
    if as_json:
        facts = [leg.to_dict(smoking.remedy(stack, leg)) for leg in legs]
        output.print_json({"passed": all(leg.passed for leg in legs), "legs": facts})
    for leg in legs:
        if not leg.passed:
            typer.echo(f"{leg.name}: {smoking.remedy(stack, leg)}", err=True)
    if code := smoking.exit_code(legs):
        raise typer.Exit(code)


def say(leg: "Leg") -> None:
    """Tell, on stderr, what became of a leg."""
    typer.echo(f"  {'✓' if leg.passed else '✗'} smoke, {leg.name}: {leg.detail} ({leg.seconds:.1f} s)", err=True)
