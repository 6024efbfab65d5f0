"""OPERATE: what the gates said last, how that changed, and the quality score. In: the warehouse, as the reader.

Out: a `GateLine` a gate and a `Score` a subject, from the views that dbt builds in schema `alert`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ingest_lambda.errors import ConfigError
from landfall.operate.statements import modeled
from landfall.timestamps import iso

Row = Mapping[str, Any]


class Answers(Protocol):
    """What answers a query with a mapping a row, as `ingest_lambda.warehouse.sessions.Warehouse` does."""

    def query(self, sql: str) -> Sequence[Row]:
        """Return what a query answers."""


@dataclass(frozen=True)
class GateLine:
    """What a gate said last: rows it found, and how many more (or fewer) than on the day before that it was asked."""

    gate: str
    subject: str
    severity: str
    status: str
    failures: int
    change: int | None
    runs: int
    failed_runs: int
    asked_at: str | None

    @property
    def stops(self) -> bool:
        """Tell whether it stops an UPSERT now."""
        return self.severity == "error" and self.status in {"fail", "error"}

    def to_dict(self) -> dict[str, Any]:
        """Spell it as its JSON face does."""
        return asdict(self)


@dataclass(frozen=True)
class Score:
    """A subject's score, 0 to 100, on the last day that it was judged, and the average of its days.

    `rows` are those that were new on that day, `quarantined` those of them that break a rule.
    """

    subject: str
    score: float
    average: float
    rows: int
    quarantined: int
    day: str


def last_results(warehouse: Answers, days: int) -> list[GateLine]:
    """List what each gate said last within so many days, those that stop something first.

    Raises:
        ConfigError: the views are not there yet.
    """
    _require_views(warehouse)
    lines = [_line(row) for row in warehouse.query(modeled.select_gates(days))]
    return sorted(lines, key=lambda line: (not line.stops, line.status == "pass", line.gate))


def scores(warehouse: Answers, days: int) -> list[Score]:
    """List each subject's score, the worst first."""
    found = [
        Score(
            subject=row["subject"],
            score=float(row["quality_score"]),
            average=round(float(row["average"]), 2),
            rows=int(row["checked_rows"]),
            quarantined=int(row["quarantined_rows"]),
            day=str(row["result_date"]),
        )
        for row in warehouse.query(modeled.select_scores(days))
    ]
    return sorted(found, key=lambda score: (score.score, score.subject))


def _require_views(warehouse: Answers) -> None:
    if not warehouse.query(modeled.select_alert_views()):
        raise ConfigError("nothing has been recorded yet: `landfall transform --wait` builds the views and the models")


def _line(row: Row) -> GateLine:
    change = row["failures_change"]
    return GateLine(
        gate=row["gate"],
        subject=row["subject"],
        severity=row["severity"],
        status=row["last_status"],
        failures=int(row["last_failures"]),
        change=None if change is None else int(change),
        runs=int(row["runs"]),
        failed_runs=int(row["failed_runs"]),
        asked_at=iso(row["last_executed_at"]),
    )


def is_stopped(lines: Sequence[GateLine]) -> bool:
    """Tell whether any gate stops something."""
    return any(line.stops for line in lines)
