"""`landfall verify`: does this warehouse do what Landfall rests on?"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from landfall import output

if TYPE_CHECKING:
    from landfall.verify.run import Verdict

BREAKS = 1


def register(app: typer.Typer) -> None:
    """Add `verify` to the command line."""
    app.command()(verify)


def verify(
    admin_secret: Annotated[
        str | None,
        typer.Option(
            "--admin-secret-arn",
            metavar="ARN",
            help="Secret with the warehouse administrator's login, which the deployment took. "
            "[default: the one named landfall/<env>/admin]",
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Show what holds, too.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Try on the warehouse what Landfall rests on: COPY, transactions, MERGE, views, types, rights, error texts.

    Each probe is a sentence of Redshift's documentation, with its page. They run as the loader, in a schema and on
    objects of their own that are taken away at the end; nothing else is touched. Exits 1 when something that Landfall
    rests on is otherwise here: tell us, with what is printed.
    """
    from landfall import environment
    from landfall.verify.run import PROBES
    from landfall.verify.run import verify as try_all

    stack = environment.stack()
    secret = admin_secret or f"landfall/{stack.environment}/admin"
    with output.counting("probing the warehouse", len(PROBES)) as progress:
        verdicts = try_all(stack, secret, progress)
    if as_json:
        output.print_json({"probes": [_facts(verdict) for verdict in verdicts]})
    else:
        _show(verdicts, every)
    raise typer.Exit(BREAKS if any(verdict.breaks for verdict in verdicts) else 0)


def _state(verdict: "Verdict") -> str:
    if verdict.answer.holds:
        return "ok"
    return "failed" if verdict.breaks else "warning"


def _facts(verdict: "Verdict") -> dict[str, Any]:
    probe, answer = verdict.probe, verdict.answer
    return {
        "probe": probe.name,
        "state": _state(verdict),
        "says": probe.says,
        "page": probe.url,
        "relied_on": probe.relied_on,
        "expected": answer.expected,
        "found": answer.found,
    }


def _show(verdicts: "list[Verdict]", every: bool) -> None:
    console = output.stdout()
    shown = [verdict for verdict in verdicts if every or not verdict.answer.holds]
    rows = [(_state(verdict), verdict.probe.says, verdict.probe.relied_on, verdict.probe.url) for verdict in shown]
    if rows:
        console.print(output.table("Probes", ("state", "Redshift", "what rests on it", "page"), rows))
    for verdict in shown:
        if not verdict.answer.holds:
            console.print(
                f"{verdict.probe.name}: expected {verdict.answer.expected}, found {verdict.answer.found}", markup=False
            )
    holds = sum(verdict.answer.holds for verdict in verdicts)
    relied = sum(verdict.probe.relied_on is not None for verdict in verdicts)
    console.print(f"{holds} of {len(verdicts)} probes hold; Landfall rests on {relied} of them.")
