"""ALERT: what the operator's page shows of runs: what their gates said, how long they took. In: answers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from transform_lambda.page.asking import Row
from transform_lambda.page.figures import FULL, duration, json_object, number, share, to_the_second
from transform_lambda.page.shown import Bar, RunLine, Strip

PHASES = ("staging", "gate", "gates", "modeled", "marts", "alert")  # as a run records them


def strips_of(rows: Sequence[Row]) -> list[Strip]:
    asked: dict[str, str] = {}
    for row in rows:
        run = str(row["run_id"])
        asked[run] = max(asked.get(run, ""), str(row["asked_at"]))
    runs = sorted(asked, key=lambda run: (asked[run], run))
    by_subject: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        by_subject[str(row["subject"])][str(row["run_id"])] = row
    return [
        Strip(
            subject,
            [_cell(place, to_the_second(asked[run]), of_subject.get(run)) for place, run in enumerate(runs)],
            next(_verdict(of_subject[run]) for run in reversed(runs) if run in of_subject),
        )
        for subject, of_subject in sorted(by_subject.items())
    ]


def _verdict(row: Row) -> str:
    if number(row["stopped"]):
        return "failed"
    if number(row["failed"]):
        return "failed after"  # the UPSERT, whose rows are modeled
    return "warned" if number(row["warned"]) else "passed"


def _cell(place: int, at: str, row: Row | None) -> Bar:
    if row is None:
        return Bar(place, 0, f"{at}: not asked", "unasked")
    counts = f"{number(row['passed'])} passed, {number(row['warned'])} warned, {number(row['failed'])} failed"
    after = number(row["failed"]) - number(row["stopped"])
    return Bar(place, FULL, f"{at}: {counts}{f', {after} of them after the UPSERT' if after else ''}", _verdict(row))


def runs_of(rows: Sequence[Row]) -> list[RunLine]:
    most = max((number(row["seconds"]) for row in rows), default=0)

    def line(row: Row) -> RunLine:
        return RunLine(
            run_id=str(row["run_id"]),
            outcome=str(row["outcome"]),
            started_at=to_the_second(str(row["started_at"])),
            seconds=number(row["seconds"]),
            models=number(row["models"]),
            gates=number(row["gates"]),
            failed=number(row["failed"]),
            statements=row["statements"],
            cost_usd=row["cost_usd"],
            length=share(number(row["seconds"]), most),
            phases=_phases(row["phases"], share(number(row["seconds"]), most)),
        )

    return [line(row) for row in sorted(rows, key=lambda row: str(row["started_at"]), reverse=True)]


def _phases(text: str | None, length: float) -> list[Bar]:
    """Split a run's bar by what its work was for, in the order of the rows' way."""
    seconds = {name: float(value) for name, value in json_object(text).items() if name in PHASES}
    whole = sum(seconds.values())
    bars: list[Bar] = []
    at = 0.0
    for name in (name for name in PHASES if seconds.get(name)):
        part = round(length * seconds[name] / whole, 2)
        bars.append(Bar(round(at, 2), part, f"{name} {duration(seconds[name])}", name))
        at += part
    return bars
