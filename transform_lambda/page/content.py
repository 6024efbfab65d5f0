"""ALERT: from answers to what the operator's page shows. In: answers, the project, the time. Out: `Content`. Pure."""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from transform_lambda.page.asking import Answer, Project, Row, Source
from transform_lambda.page.shown import (
    Bar,
    Content,
    DatasetLine,
    Docs,
    Held,
    Latency,
    Rejected,
    RunLine,
    Strip,
    Tile,
)

WITHHELD = "(withheld: the dataset is sensitive)"
FULL = 100.0
_PLACED = frozenset({"table_format", "foreign_file", "partition_mismatch"})  # whose remedy says where it belongs
PHASES = ("staging", "gate", "gates", "modeled", "marts", "alert")  # as a run records them
FEWEST_DAYS = 14
LEAST = 2.0  # of a bar that stands for something: one that nobody sees would say that there is nothing


def content(
    answers: Mapping[str, Answer],
    project: Project,
    environment: str,
    now: datetime,
    days: int,
    docs: Docs | None = None,
    owed_since: datetime | None = None,
) -> Content:
    """Lay out what is shown of the answers."""
    rows = {name: answer.rows for name, answer in answers.items()}
    every_day = _days(now, days, rows["landed"])
    datasets = _datasets(rows, project, every_day)
    by_day, most_rows = _by_day(rows["landed"], every_day)
    runs = _runs(rows["runs"])
    strips = _strips(rows["gates"])
    quarantine = _held(rows["quarantine"], "entity", "held_rows")
    rejections = _held(rows["rejections"], "dataset", "files")
    return Content(
        environment=environment,
        made_at=now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        days=days,
        first_day=every_day[0],
        last_day=every_day[-1],
        tiles=[
            *_tiles(datasets, runs, strips, quarantine, rejections),
            *_gap_tile(rows["gaps"]),
            *_owed_tile(owed_since),
        ],
        owed_since=owed_since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if owed_since else None,
        by_day=by_day,
        most_rows=most_rows,
        day_rows=sorted(rows["landed"], key=lambda row: (str(row["day"]), str(row["dataset"])), reverse=True),
        datasets=datasets,
        gaps=sorted(rows["gaps"], key=lambda row: str(row["dataset"])),
        latencies=_latencies(rows["latency"]),
        strips=strips,
        objections=sorted(rows["objections"], key=lambda row: str(row["asked_at"]), reverse=True),
        quarantine=quarantine,
        rejections=rejections,
        rejected=_rejected(rows["rejected"], project),
        changes=sorted(rows["changes"], key=lambda row: str(row["changed_at"]), reverse=True),
        shapes=sorted(rows["shapes"], key=lambda row: str(row["first_at"]), reverse=True),
        runs=runs,
        messages=sorted(rows["messages"], key=lambda row: str(row["sent_at"]), reverse=True),
        sql={name: answer.sql for name, answer in answers.items()},
        docs=docs,
    )


def number(value: str | None) -> int:
    """Read a count; nothing is none.

    >>> number("12"), number(None)
    (12, 0)
    """
    return int(float(value)) if value else 0


def _share(value: float, most: float) -> float:
    return round(max(LEAST, FULL * value / most), 2) if value and most else 0.0


def duration(seconds: float) -> str:
    """Say how long something took, in the unit that a person would use.

    >>> [duration(seconds) for seconds in (0.4, 42, 90, 7200, 200_000)]
    ['0.4 s', '42 s', '1.5 min', '2 h', '2.3 days']
    """
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= size * (1 if size < 86_400 else 2):
            return f"{seconds / size:.1f}".removesuffix(".0") + f" {unit}"
    return f"{seconds:.1f}".removesuffix(".0") + " s"


def _days(now: datetime, days: int, landed: Sequence[Row]) -> list[str]:
    """List the days of the charts: all that were asked for, but two weeks where nothing landed before."""
    every = [(now.astimezone(UTC) - timedelta(days=back)).strftime("%Y-%m-%d") for back in range(days, -1, -1)]
    first = min((str(row["day"]) for row in landed), default=every[-1])
    return every[min(every.index(first) if first in every else 0, max(0, len(every) - FEWEST_DAYS)) :]


def _by_day(landed: Sequence[Row], every_day: Sequence[str]) -> tuple[list[Bar], int]:
    totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in landed:
        day = totals[str(row["day"])]
        day[0] += number(row["landed_rows"])
        day[1] += number(row["files"])
    most = max((totals[day][0] for day in every_day), default=0)
    bars = [
        Bar(place, _share(totals[day][0], most), f"{day}: {totals[day][0]:,} rows of {totals[day][1]:,} files")
        for place, day in enumerate(every_day)
    ]
    return bars, most


def _datasets(rows: Mapping[str, Sequence[Row]], project: Project, every_day: Sequence[str]) -> list[DatasetLine]:
    landed: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows["landed"]:
        landed[str(row["dataset"])][str(row["day"])] = row
    rejected: dict[str, int] = defaultdict(int)
    for row in rows["rejections"]:
        rejected[str(row["dataset"])] += number(row["files"])
    refusals = {(str(row["dataset"]), str(row["day"])): number(row["files"]) for row in rows["refusals"]}
    facts = {str(row["dataset"]): row for row in rows["datasets"]}
    names = sorted({*facts, *rejected})
    return [
        _dataset(name, facts.get(name, {}), landed[name], rejected[name], refusals, project, every_day)
        for name in names
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
    return Bar(place, _share(rows, most), f"{day}: {rows:,} rows{also}", "refused" if refused else "")


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


def _latencies(rows: Sequence[Row]) -> list[Latency]:
    most = max((float(row["p95_seconds"] or 0) for row in rows), default=0.0)

    def line(row: Row) -> Latency:
        p50, p95 = float(row["p50_seconds"] or 0), float(row["p95_seconds"] or 0)
        return Latency(
            dataset=str(row["dataset"]),
            step=str(row["step"]),
            files=number(row["files"]),
            p50=duration(p50),
            p95=duration(p95),
            p50_length=_share(p50, most),
            p95_length=_share(p95, most),
        )

    return [line(row) for row in sorted(rows, key=lambda row: (str(row["dataset"]), str(row["step"]) != _FIRST_STEP))]


_FIRST_STEP = "upload to landed"


def _strips(rows: Sequence[Row]) -> list[Strip]:
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
            [_cell(place, _to_the_second(asked[run]), of_subject.get(run)) for place, run in enumerate(runs)],
            next(_verdict(of_subject[run]) for run in reversed(runs) if run in of_subject),
        )
        for subject, of_subject in sorted(by_subject.items())
    ]


def _to_the_second(time: str) -> str:
    return time[: len("2025-11-13 12:00:00")]


def _verdict(row: Row) -> str:
    if number(row["failed"]):
        return "failed"
    return "warned" if number(row["warned"]) else "passed"


def _cell(place: int, at: str, row: Row | None) -> Bar:
    if row is None:
        return Bar(place, 0, f"{at}: not asked", "unasked")
    counts = f"{number(row['passed'])} passed, {number(row['warned'])} warned, {number(row['failed'])} failed"
    return Bar(place, FULL, f"{at}: {counts}", _verdict(row))


def _held(rows: Sequence[Row], subject: str, counted: str) -> list[Held]:
    most = max((number(row[counted]) for row in rows), default=0)
    found = [
        Held(
            str(row[subject]),
            str(row["dataset"]),
            str(row["reason"]),
            str(row["producer"]),
            number(row[counted]),
            _share(number(row[counted]), most),
        )
        for row in rows
    ]
    return sorted(found, key=lambda held: (-held.count, held.subject, held.reason, held.producer))


def _rejected(rows: Sequence[Row], project: Project) -> list[Rejected]:
    newest_first = sorted(rows, key=lambda row: str(row["rejected_at"]), reverse=True)
    return [_one_rejected(row, project.sources.get(str(row["dataset"]))) for row in newest_first]


def _one_rejected(row: Row, source: Source | None) -> Rejected:
    """Read a verdict; of a sensitive dataset, which may not have been one by then, neither value nor text."""
    verdict = _json_object(row["verdict"])
    remedy = verdict.get("remedy")
    is_replayed = remedy is not None and "replay" in remedy
    is_sensitive = source is not None and source.is_sensitive
    key = str(row["object_key"])
    return Rejected(
        dataset=str(row["dataset"]),
        key=key,
        reason=str(row["reason"]),
        detail=WITHHELD if is_sensitive else str(row["detail"] or ""),
        at=str(row["rejected_at"]),
        column=verdict.get("column"),
        row=verdict.get("row"),
        found=WITHHELD if is_sensitive and verdict.get("found") else verdict.get("found"),
        expected=verdict.get("expected"),
        remedy=remedy,
        command=replay_command(key) if is_replayed else None,
        is_uploaded=bool(remedy) and not is_replayed and str(row["reason"]) not in _PLACED,
    )


def _json_object(text: str | None) -> dict[str, str]:
    """Read an object of texts and numbers; nothing, where it was cut."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return (
        {str(name): str(value) for name, value in found.items() if value is not None} if isinstance(found, dict) else {}
    )


def replay_command(key: str) -> str:
    r"""Say how to send a file again; a key that no line of a terminal holds goes with all that are rejected.

    >>> replay_command("raw/orders/a b.parquet"), replay_command("raw/orders/a\nrm -rf .parquet")
    ("landfall replay 'raw/orders/a b.parquet'", 'landfall replay --rejected')
    """
    return f"landfall replay {shlex.quote(key)}" if key.isprintable() else "landfall replay --rejected"


def _runs(rows: Sequence[Row]) -> list[RunLine]:
    most = max((number(row["seconds"]) for row in rows), default=0)

    def line(row: Row) -> RunLine:
        return RunLine(
            run_id=str(row["run_id"]),
            outcome=str(row["outcome"]),
            started_at=_to_the_second(str(row["started_at"])),
            seconds=number(row["seconds"]),
            models=number(row["models"]),
            gates=number(row["gates"]),
            failed=number(row["failed"]),
            statements=row["statements"],
            cost_usd=row["cost_usd"],
            length=_share(number(row["seconds"]), most),
            phases=_phases(row["phases"], _share(number(row["seconds"]), most)),
        )

    return [line(row) for row in sorted(rows, key=lambda row: str(row["started_at"]), reverse=True)]


def _phases(text: str | None, length: float) -> list[Bar]:
    """Split a run's bar by what its work was for, in the order of the rows' way."""
    seconds = {name: float(value) for name, value in _json_object(text).items() if name in PHASES}
    whole = sum(seconds.values())
    bars: list[Bar] = []
    at = 0.0
    for name in (name for name in PHASES if seconds.get(name)):
        part = round(length * seconds[name] / whole, 2)
        bars.append(Bar(round(at, 2), part, f"{name} {duration(seconds[name])}", name))
        at += part
    return bars


def _tiles(
    datasets: Sequence[DatasetLine],
    runs: Sequence[RunLine],
    strips: Sequence[Strip],
    quarantine: Sequence[Held],
    rejections: Sequence[Held],
) -> list[Tile]:
    late = [line.name for line in datasets if line.freshness in {"late", "too late"}]
    failing = [strip.subject for strip in strips if strip.last == "failed"]
    waiting = sum(line.waiting_rows or 0 for line in datasets)
    held = sum(each.count for each in quarantine)
    rejected = sum(each.count for each in rejections)
    return [
        Tile("rows landed", f"{sum(line.rows for line in datasets):,}", "plain", "landed"),
        Tile("files landed", f"{sum(line.files for line in datasets):,}", "plain", "landed"),
        Tile("rows not modeled yet", f"{waiting:,}", "warn" if waiting else "good", "datasets"),
        Tile("files rejected", f"{rejected:,}", "bad" if rejected else "good", "rejected"),
        Tile("rows in quarantine", f"{held:,}", "warn" if held else "good", "quarantine"),
        Tile("gates failing", f"{len(failing):,}", "bad" if failing else "good", "gates", ", ".join(failing)),
        Tile("datasets late", f"{len(late):,}", "warn" if late else "good", "datasets", ", ".join(late)),
        _last_run(runs),
    ]


def _gap_tile(gaps: Sequence[Row]) -> list[Tile]:
    """Say how many rows have left landing, being old; nothing, where none has, as where no dataset lets its rows go."""
    names = ", ".join(sorted(str(row["dataset"]) for row in gaps))
    missing = sum(number(row["missing_rows"]) for row in gaps)
    return [Tile("old rows removed", f"{missing:,}", "warn", "gaps", names)] if gaps else []


def _owed_tile(since: datetime | None) -> list[Tile]:
    """Say that a full refresh was begun and has not succeeded; nothing, where none is owed."""
    return [Tile("full refresh", "owed", "bad", "runs", f"since {since:%Y-%m-%d}")] if since else []


def _last_run(runs: Sequence[RunLine]) -> Tile:
    if not runs:
        return Tile("last run", "none yet", "plain", "runs")
    last = runs[0]
    return Tile("last run", last.outcome.replace("_", " "), _STATES.get(last.outcome, "bad"), "runs", last.started_at)


_STATES = {"succeeded": "good", "gate_failed": "bad", "error": "bad"}
