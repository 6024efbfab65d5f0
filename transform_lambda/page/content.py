"""ALERT: from answers to what the operator's page shows. In: answers, the project, the time. Out: `Content`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from transform_lambda.page.asking import Answer, Project
from transform_lambda.page.figures import number
from transform_lambda.page.landed import by_day_of, datasets_of, days_of, latencies_of
from transform_lambda.page.runs import runs_of, strips_of
from transform_lambda.page.shown import Content, DatasetLine, Docs, Held, RunLine, Strip, Tile
from transform_lambda.page.stopped import held_of, rejected_of

_STATES = {"succeeded": "good", "gate_failed": "bad", "error": "bad"}


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
    every_day = days_of(now, days, rows["landed"])
    datasets = datasets_of(answers, project, every_day)
    by_day, most_rows = by_day_of(rows["landed"], every_day)
    runs = runs_of(rows["runs"])
    strips = strips_of(rows["gates"])
    quarantine = held_of(rows["quarantine"], "entity", "held_rows")
    rejections = held_of(rows["rejections"], "dataset", "files")
    return Content(
        environment=environment,
        made_at=now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        days=days,
        first_day=every_day[0],
        last_day=every_day[-1],
        tiles=[
            *_known(
                [*_tiles(datasets, runs, strips, quarantine, rejections), *_gap_tile(answers["gaps"])],
                answers,
            ),
            *_owed_tile(owed_since),
        ],
        owed_since=owed_since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if owed_since else None,
        by_day=by_day,
        most_rows=most_rows,
        day_rows=sorted(rows["landed"], key=lambda row: (str(row["day"]), str(row["dataset"])), reverse=True),
        datasets=datasets,
        gaps=sorted(rows["gaps"], key=lambda row: str(row["dataset"])),
        latencies=latencies_of(rows["latency"]),
        strips=strips,
        objections=sorted(rows["objections"], key=lambda row: str(row["asked_at"]), reverse=True),
        quarantine=quarantine,
        rejections=rejections,
        rejected=rejected_of(rows["rejected"], project),
        changes=sorted(rows["changes"], key=lambda row: str(row["changed_at"]), reverse=True),
        shapes=sorted(rows["shapes"], key=lambda row: str(row["first_at"]), reverse=True),
        runs=runs,
        messages=sorted(rows["messages"], key=lambda row: str(row["sent_at"]), reverse=True),
        sql={name: answer.sql for name, answer in answers.items()},
        docs=docs,
        partial={name: answer for name, answer in answers.items() if not answer.is_whole},
    )


def _tiles(
    datasets: Sequence[DatasetLine],
    runs: Sequence[RunLine],
    strips: Sequence[Strip],
    quarantine: Sequence[Held],
    rejections: Sequence[Held],
) -> list[Tile]:
    late = [line.name for line in datasets if line.freshness in {"late", "too late"}]
    failing = [strip.subject for strip in strips if strip.last.startswith("failed")]
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


def _known(tiles: Sequence[Tile], answers: Mapping[str, Answer]) -> list[Tile]:
    """Say of the numbers of which some could not be read that they are not all, or not known."""

    def known(tile: Tile) -> Tile:
        answer = answers[IS_OF[tile.name]]
        if answer.is_whole:
            return tile
        if answer.rows:
            return replace(tile, state="bad", note="not all can be read")
        return replace(tile, value="?", state="bad", note="not known")

    return [known(tile) for tile in tiles]


# The question that tells a tile's number.
IS_OF = {
    "rows landed": "landed",
    "files landed": "landed",
    "rows not modeled yet": "datasets",
    "files rejected": "rejections",
    "rows in quarantine": "quarantine",
    "gates failing": "gates",
    "datasets late": "datasets",
    "last run": "runs",
    "old rows removed": "gaps",
}


def _gap_tile(answer: Answer) -> list[Tile]:
    """Say how many rows have left landing, being old; nothing, where none has, as where no dataset lets its rows go."""
    gaps = answer.rows
    if answer.is_whole and not gaps:
        return []
    names = ", ".join(sorted(str(row["dataset"]) for row in gaps))
    missing = sum(number(row["missing_rows"]) for row in gaps)
    return [Tile("old rows removed", f"{missing:,}", "warn", "gaps", names)]


def _owed_tile(since: datetime | None) -> list[Tile]:
    """Say that a full refresh was begun and has not succeeded; nothing, where none is owed."""
    return [Tile("full refresh", "owed", "bad", "runs", f"since {since:%Y-%m-%d}")] if since else []


def _last_run(runs: Sequence[RunLine]) -> Tile:
    if not runs:
        return Tile("last run", "none yet", "plain", "runs")
    last = runs[0]
    return Tile("last run", last.outcome.replace("_", " "), _STATES.get(last.outcome, "bad"), "runs", last.started_at)
