"""`landfall gates`: what the gates said last, the trend, and the quality score."""

from typing import TYPE_CHECKING, Annotated

import typer

from landfall import output
from landfall.timestamps import seconds

if TYPE_CHECKING:
    from landfall.operate.gates import GateLine, Score

STOPPED = 1


def register(app: typer.Typer) -> None:
    """Add `gates` to the command line."""
    app.command()(gates)


def gates(
    days: Annotated[int, typer.Option(min=1, help="Days to look back.")] = 30,
    failing: Annotated[bool, typer.Option("--failing", help="Only gates that did not pass.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Show what every gate said last, how that changed, and each subject's quality score.

    Exits 1 when a gate stops something now, 0 when none does.
    """
    from dataclasses import asdict

    from landfall import environment
    from landfall.operate import gates as results

    warehouse = environment.stack().warehouse_as("ReaderSecretArn")
    lines = results.last_results(warehouse, days)
    scores = results.scores(warehouse, days)
    shown = [line for line in lines if not failing or line.status != "pass"]
    if as_json:
        output.print_json({"gates": [line.to_dict() for line in shown], "scores": [asdict(score) for score in scores]})
    else:
        console = output.stdout()
        columns = ("gate", "status", "severity", "failures", "change", f"failed in {days} days", "asked at (UTC)")
        console.print(output.table("Gates", columns, [_cells(line) for line in shown]))
        table = [_score_cells(score) for score in scores]
        heads = ("subject", "score", f"average of {days} days", "new rows", "quarantined", "day")
        console.print(output.table("Quality, of 100", heads, table))
    raise typer.Exit(STOPPED if results.is_stopped(lines) else 0)


def _cells(line: "GateLine") -> tuple[object, ...]:
    change = f"{line.change:+,}" if line.change else None
    runs = f"{line.failed_runs:,} of {line.runs:,}"
    return (line.gate, line.status, line.severity, line.failures, change, runs, seconds(line.asked_at))


def _score_cells(score: "Score") -> tuple[object, ...]:
    rows = (f"{score.rows:,}", f"{score.quarantined:,}")
    return (score.subject, _whole(score.score), _whole(score.average), *rows, score.day)


def _whole(score: float) -> int:
    """Round down: 100 says that nothing is wrong.

    >>> _whole(99.9), _whole(100.0)
    (99, 100)
    """
    return int(score)
