"""ALERT: what the operator's page shows of what landed: by day, by dataset, how fresh, how fast. In: answers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from transform_lambda.page.asking import Answer, Project, Row, Source
from transform_lambda.page.figures import duration, number, share
from transform_lambda.page.shown import Bar, DatasetLine, Latency

FEWEST_DAYS = 14
_FIRST_STEP = "upload to landed"
LINE_IS_OF = ("landed", "datasets", "rejections")  # the questions that tell a dataset's numbers


def days_of(now: datetime, days: int, landed: Sequence[Row]) -> list[str]:
    """List the days of the charts: all that were asked for, but two weeks where nothing landed before."""
    every = [(now.astimezone(UTC) - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(days, -1, -1)]
    first = min((str(row["day"]) for row in landed), default=every[-1])
    return every[min(every.index(first) if first in every else 0, max(0, len(every) - FEWEST_DAYS)) :]


def by_day_of(landed: Sequence[Row], every_day: Sequence[str]) -> tuple[list[Bar], int]:
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in landed:
        day = totals[str(row["day"])]
        day[0] += number(row["landed_rows"])
        day[1] += number(row["files"])
    most = max((totals[day][0] for day in every_day), default=0)
    bars = [
        Bar(place, share(totals[day][0], most), f"{day}: {totals[day][0]:,} rows of {totals[day][1]:,} files")
        for place, day in enumerate(every_day)
    ]
    return bars, most


def datasets_of(answers: Mapping[str, Answer], project: Project, every_day: Sequence[str]) -> list[DatasetLine]:
    """Tell of every dataset that something is known of, and of those whose ledger cannot be read that it is not."""
    rows = {name: answer.rows for name, answer in answers.items()}
    landed: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows["landed"]:
        landed[str(row["dataset"])][str(row["day"])] = row
    rejected: dict[str, int] = defaultdict(int)
    for row in rows["rejections"]:
        rejected[str(row["dataset"])] += number(row["files"])
    refusals = {(str(row["dataset"]), str(row["day"])): number(row["files"]) for row in rows["refusals"]}
    facts = {str(row["dataset"]): row for row in rows["datasets"]}
    gone = {name.removeprefix("ledger.") for name in answers["landed"].lacks if name.startswith("ledger.")}
    return [
        replace(
            _dataset(name, facts.get(name, {}), landed[name], rejected[name], refusals, project, every_day),
            unknown=frozenset(of for of in LINE_IS_OF if not answers[of].can_tell_of(name)),
        )
        for name in sorted({*facts, *landed, *rejected, *gone})
    ]


def _dataset(
    name: str,
    facts: Row,
    landed: Mapping[str, Row],
    rejected: int,
    refusals: Mapping[tuple[str, str], int],
    project: Project,
    every_day: Sequence[str],
) -> DatasetLine:
    rows = {day: number(row["landed_rows"]) for day, row in landed.items()}
    most = max(rows.values(), default=0)
    is_read = number(facts.get("models")) > 0
    seconds = facts.get("silent_seconds")
    return DatasetLine(
        name=name,
        files=sum(number(row["files"]) for row in landed.values()),
        rows=sum(rows.values()),
        undone=sum(number(row["undone_files"]) for row in landed.values()),
        rejected=rejected,
        waiting_files=number(facts.get("waiting_files")) if is_read else None,
        waiting_rows=number(facts.get("waiting_rows")) if is_read else None,
        newest_at=facts.get("newest_at"),
        silence=duration(float(seconds)) if seconds else "",
        freshness=freshness(float(seconds) if seconds else None, project.sources.get(name)),
        bars=[
            _day_bar(place, day, rows.get(day, 0), most, refusals.get((name, day), 0))
            for place, day in enumerate(every_day)
        ],
    )


def _day_bar(place: int, day: str, rows: int, most: int, refused: int) -> Bar:
    also = f", {refused:,} files rejected" if refused else ""
    return Bar(place, share(rows, most), f"{day}: {rows:,} rows{also}", "refused" if refused else "")


def freshness(seconds: float | None, source: Source | None) -> str:
    """Compare a silence with the limits of the dataset's source YAML.

    >>> source = Source(warn_after=60.0, error_after=120.0)
    >>> [freshness(seconds, source) for seconds in (60.0, 61.0, 121.0, None)], freshness(9.0, None)
    (['fresh', 'late', 'too late', 'nothing yet'], 'no limit')
    """
    if seconds is None:
        return "nothing yet"
    if source is None or (source.warn_after is None and source.error_after is None):
        return "no limit"
    if source.error_after is not None and seconds > source.error_after:
        return "too late"
    return "late" if source.warn_after is not None and seconds > source.warn_after else "fresh"


def latencies_of(rows: Sequence[Row]) -> list[Latency]:
    most = max((float(row["p95_seconds"] or 0) for row in rows), default=0.0)

    def line(row: Row) -> Latency:
        p50, p95 = float(row["p50_seconds"] or 0), float(row["p95_seconds"] or 0)
        return Latency(
            dataset=str(row["dataset"]),
            step=str(row["step"]),
            files=number(row["files"]),
            p50=duration(p50),
            p95=duration(p95),
            p50_length=share(p50, most),
            p95_length=share(p95, most),
        )

    return [line(row) for row in sorted(rows, key=lambda row: (str(row["dataset"]), str(row["step"]) != _FIRST_STEP))]
