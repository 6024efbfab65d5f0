"""ALERT: what the operator's page shows, as its template takes it. Pure.

Lengths are shares of a chart's width or height, 0 to 100. Nothing here is escaped: the template does it, everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from transform_lambda.page.asking import Answer, Row


@dataclass(frozen=True)
class Bar:
    """A bar of a chart: where it begins and how long it is (0 to 100), and what it says."""

    at: float
    length: float
    says: str
    kind: str = ""


@dataclass(frozen=True)
class DatasetLine:
    """What has become of a dataset's files."""

    name: str
    files: int
    rows: int
    undone: int
    rejected: int
    waiting_files: int | None  # None: no model reads it
    waiting_rows: int | None
    newest_at: str | None
    silence: str
    freshness: str  # fresh | late | too late | no limit | nothing yet
    bars: Sequence[Bar]
    unknown: frozenset[str] = frozenset()  # the questions that cannot tell of it, whatever its numbers are


@dataclass(frozen=True)
class Strip:
    """What the gates of a subject said, run by run, the newest last."""

    subject: str
    cells: Sequence[Bar]
    last: str


@dataclass(frozen=True)
class Rejected:
    """A file that was refused and has not landed since, and what to do."""

    dataset: str
    key: str
    reason: str
    detail: str
    at: str
    column: str | None
    row: str | None
    found: str | None
    expected: str | None
    remedy: str | None
    command: str | None  # none where a corrected file is what helps, as the remedy says
    is_uploaded: bool  # a corrected file is all that it needs, under any key


@dataclass(frozen=True)
class RunLine:
    """A run of dbt. Statements and phases are None and none of one that did not record them."""

    run_id: str
    outcome: str
    started_at: str
    seconds: int
    models: int
    gates: int
    failed: int
    statements: str | None
    cost_usd: str | None
    length: float
    phases: Sequence[Bar]


@dataclass(frozen=True)
class Held:
    """Rows, or files, that are held back for a reason, by where they came from."""

    subject: str
    dataset: str
    reason: str
    producer: str
    count: int
    length: float


@dataclass(frozen=True)
class Latency:
    """How long the files of a dataset took for a step: half of them at most p50, all but a twentieth at most p95."""

    dataset: str
    step: str
    files: int
    p50: str
    p95: str
    p50_length: float
    p95_length: float


@dataclass(frozen=True)
class Tile:
    """A number to be seen first, and the section that tells how it came to be."""

    name: str
    value: str
    state: str  # good | bad | warn | plain
    section: str
    note: str = ""


@dataclass(frozen=True)
class Docs:
    """Where dbt's documentation is, as seen from the page, and in it the lineage of each entity."""

    url: str
    lineages: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Content:
    """Everything on the page."""

    environment: str
    made_at: str
    days: int
    first_day: str
    last_day: str
    tiles: Sequence[Tile]
    by_day: Sequence[Bar]
    most_rows: int
    day_rows: Sequence[Mapping[str, Any]]
    datasets: Sequence[DatasetLine]
    gaps: Sequence[Row]
    latencies: Sequence[Latency]
    strips: Sequence[Strip]
    objections: Sequence[Row]
    quarantine: Sequence[Held]
    rejections: Sequence[Held]
    rejected: Sequence[Rejected]
    changes: Sequence[Row]
    shapes: Sequence[Row]
    runs: Sequence[RunLine]
    messages: Sequence[Row]
    sql: Mapping[str, str]
    docs: Docs | None
    owed_since: str | None = None  # when a full refresh was begun that has not succeeded
    partial: Mapping[str, Answer] = field(default_factory=dict)  # the answers that are not whole, by question

    @property
    def unread(self) -> Mapping[str, str]:
        """Return what the warehouse said of each relation that could not be read."""
        return self.lacking(self.partial)

    def lacking(self, questions: Iterable[str]) -> Mapping[str, str]:
        """Return what the warehouse said of each relation that could not be read for some questions, sorted by name."""
        lacks = {name: why for question in questions for name, why in self._lacks(question).items()}
        return dict(sorted(lacks.items()))

    def refused(self, questions: Iterable[str]) -> Sequence[str]:
        """List what the warehouse said of some questions that it did not answer, where no relation explains it."""
        said = {answer.refusal for question in questions if (answer := self.partial.get(question))}
        explained = {*self.lacking(questions).values(), None}
        return sorted(str(each) for each in said - explained)

    def _lacks(self, question: str) -> Mapping[str, str]:
        return self.partial[question].lacks if question in self.partial else {}

    @property
    def has_costs(self) -> bool:
        """Tell whether it is known what runs cost."""
        return any(run.cost_usd for run in self.runs)
