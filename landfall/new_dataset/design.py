"""OPERATE: the design of a new dataset: what the templates are filled with. Pure.

In: a specimen, and what the operator says of it: name, key, time, domain. Out: a `Design`, or why there is none.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest_lambda.arrive import smoke
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.snapshots import Snapshot
from ingest_lambda.warehouse.statements import fold_case
from landfall.new_dataset.columns import (
    JINJA,
    RESERVED_WORDS,
    TAKEN,
    TAKEN_BY_HISTORY,
    LandedColumn,
    ModelColumn,
    is_modeled,
    landing_type,
    model_columns,
)
from landfall.new_dataset.shapes import Shape
from landfall.new_dataset.specimen import Specimen
from landfall.new_dataset.times import NOON, TimeColumn, split_unit, time_column

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 28  # `int_<name>__checked` and what dbt adds to it fit into 63 bytes, as PostgreSQL's tools keep
# A value of each modeled type, for the unit test.
GOOD_VALUES: dict[str, Any] = {
    "varchar": "good", "smallint": 1, "integer": 1, "bigint": 1, "numeric": 1, "real": 1.5, "double precision": 1.5,
    "boolean": True, "date": NOON[:10], "timestamp": NOON, "time": "12:00:00",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What the operator says: the dataset's name, the columns of its key and of its times, its domain.

    `times`: the first that a row has counts; a number with its unit, `seen_at:ms`. `shape`: its rows are changes,
    written as a tool does. `snapshot`: how its snapshots end, where a file, or a folder of them, replaces the one
    before. `history`: every version is kept, not only the newest.
    """

    dataset: str
    key: Sequence[str]
    times: Sequence[str] = ()
    domain: str | None = None
    snapshot: Snapshot | None = None
    history: bool = False
    shape: Shape | None = None


@dataclass(frozen=True)
class DeclaredColumn:
    """A column of the source: its landing name, its type and its description."""

    landing: str
    landing_type: str
    description: str


@dataclass(frozen=True)
class Rule:
    """A row rule: the reason that it rejects for, and the condition as an expression of dbt's Jinja.

    `broken`: values that break it, for the unit test. `spares_deletes`: it is not asked of a delete, which may have its
    key alone.
    """

    reason: str
    condition: str
    broken: dict[str, Any]
    spares_deletes: bool = False


@dataclass(frozen=True)
class Case:
    """A row of the unit test that breaks a rule: the values it has instead of the good ones, and its key with them."""

    rule: Rule
    key: dict[str, Any]


@dataclass(frozen=True)
class KnownValues:
    """A column of few values, for the sample gate."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Design:
    """Everything that the templates say of a dataset."""

    dataset: str
    domain: str
    landed: tuple[DeclaredColumn, ...]
    columns: tuple[ModelColumn, ...]
    key: tuple[ModelColumn, ...]
    times: tuple[TimeColumn, ...]
    shape: Shape | None
    left_in_landing: tuple[str, ...]
    known_values: KnownValues | None
    snapshot: dict[str, Any] | None = None
    keeps_history: bool = False
    text_format: str | None = None
    value_counts: Mapping[str, int] = field(default_factory=dict)  # by landing column, of the key's

    @property
    def distributed_by(self) -> str:
        """Name the key's column that has the most values: of few, as countries, the first would leave nodes idle.

        https://docs.aws.amazon.com/redshift/latest/dg/c_best-practices-best-dist-key.html
        """
        return max(self.key, key=lambda column: self.value_counts.get(column.landing, 0)).name

    @property
    def history_key(self) -> list[str]:
        """Name what tells one version from another: the key, and the version's place in the order and content."""
        return [*self.key_names, "_business_at", "_sequence_dataset", "_sequence", "_row_digest"]

    @property
    def has_path_columns(self) -> bool:
        """Tell whether folders say some of its columns: it takes them then, even if files have landed without."""
        return any(column.is_of_path for column in self.columns)

    @property
    def key_names(self) -> list[str]:
        """Name the key's columns."""
        return [column.name for column in self.key]

    @property
    def key_in_landing(self) -> list[str]:
        """Name the landing columns of the key, which every file must have."""
        return [column.landing for column in self.key]

    @property
    def key_argument(self) -> str | list[str]:
        """Name the key as dbt's users write it: a column, or a list of several."""
        return self.key_names[0] if len(self.key) == 1 else self.key_names

    @property
    def key_words(self) -> str:
        """Word the key for a sentence."""
        return " and ".join(f"`{name}`" for name in self.key_names)

    @property
    def changes(self) -> dict[str, Any] | None:
        """Declare what its rows are, where they are changes."""
        return self.shape.changes([time.column.landing for time in self.times]) if self.shape else None

    @property
    def cautions(self) -> list[str]:
        """Say what the feed does not tell, and what to do for it."""
        if not self.shape:
            return []
        landed = {column.landing for column in self.landed}
        before = [f"bi_{name}" for name in self.key_in_landing if f"bi_{name}" in landed]
        return [*([self.shape.caution] if self.shape.caution else []), *map(_of_before_image, before[:1])]

    @property
    def business_times(self) -> str:
        """List what decides which version of a row is newer: the first time that it has, else the file's."""
        return f"[{', '.join(time.moment for time in self.times) or repr('_file_modified_at')}]"

    @property
    def rules(self) -> list[Rule]:
        """Say what every row must have: its key, and times that can be."""
        return [
            *(Rule(f"{each.name}_missing", f"is_missing('{each.name}')", {each.name: None}) for each in self.key),
            *self._needed_time,
            *(rule for time in self.times for rule in _time_rules(time)),
        ]

    @property
    def _needed_time(self) -> list[Rule]:
        """Ask for a time. In a feed of changes a row without one is told by what orders the feed."""
        names = [time.column.name for time in self.times if time.column not in self.key]
        if not names or len(names) < len(self.times) or self.shape:
            return []
        condition = " ~ ' and ' ~ ".join(f"is_missing('{name}')" for name in names)
        return [Rule(f"{'_or_'.join(names)}_missing", condition, dict.fromkeys(names), spares_deletes=True)]

    @property
    def good_row(self) -> dict[str, Any]:
        """Return key and times of a row that breaks no rule."""
        key = {column.name: GOOD_VALUES[column.type.split("(")[0]] for column in self.key}
        return key | {time.column.name: time.good for time in self.times}

    @property
    def good_key(self) -> dict[str, Any]:
        """Return the good row's key."""
        return {name: self.good_row[name] for name in self.key_names}

    @property
    def cases(self) -> list[Case]:
        """Break each rule once."""
        return [
            Case(rule, {name: rule.broken.get(name, good) for name, good in self.good_key.items()})
            for rule in self.rules
        ]


def _of_before_image(column: str) -> str:
    """Say it of a column that AWS DMS adds.

    https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TaskSettings.BeforeImage.html
    """
    return (
        f"`{column}` is what a key was before its change, and no row is deleted by it: where an update changes the "
        "key, the row of the old one stays (docs/producers.md#changes)"
    )


def _time_rules(time: TimeColumn) -> list[Rule]:
    name = time.column.name
    moment = f"'{name}'" if time.column.type in ("date", "timestamp") else time.moment
    rules = [Rule(f"{name}_out_of_range", f"is_out_of_time({moment})", {name: time.early})]
    if time.can_be_malformed:
        condition = f"'{name} is not null and ' ~ {moment} ~ ' is null'"
        rules.append(Rule(f"{name}_malformed", condition, {name: time.malformed}))
    return rules


def design(request: Request, specimen: Specimen) -> Design:
    """Design a dataset.

    Raises:
        ConfigError: the name, the key or the time will not do; the message says why.
    """
    if request.snapshot and request.history:
        raise ConfigError("a history is kept of versions that files add, not of snapshots: --history or --snapshot")
    domain = request.domain or request.dataset
    for what, name in (("dataset", request.dataset), ("domain", domain)):
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME or name in RESERVED_WORDS:
            raise ConfigError(
                f"{name!r} cannot name a {what}: lower-case letters, digits and single underscores, at most "
                f"{LONGEST_NAME}, no word that SQL reserves"
            )
        if why := smoke.why_not(name):
            raise ConfigError(why)
    marks = request.shape.marks if request.shape else ()
    taken = TAKEN | (TAKEN_BY_HISTORY if request.history else set())
    columns = model_columns(request.dataset, specimen.columns, taken, marks)
    by_landing = {column.landing: column for column in columns}
    docs = {column.landing: column.description for column in columns}
    docs |= dict.fromkeys(marks, "{{ doc('op') }}")
    key = tuple(_chosen(name, by_landing, specimen.columns) for name in request.key)
    if not key or len(set(key)) < len(key):
        raise ConfigError("the key must name columns of the file, each once: --key COL[,COL]")
    if wrong := [column.landing for column in key if column.is_json]:
        raise ConfigError(f"{wrong[0]!r} is nested and cannot be part of a key")
    return Design(
        request.dataset,
        domain,
        tuple(DeclaredColumn(each.name, landing_type(each.type), _described(each, docs)) for each in specimen.columns),
        tuple(columns),
        key,
        _times(request, by_landing, specimen.columns),
        request.shape,
        tuple(each.name for each in specimen.columns if not is_modeled(each)),
        _known_values([column for column in columns if column not in key], specimen),
        request.snapshot.declared() if request.snapshot else None,
        request.history,
        specimen.text_format,
        specimen.value_counts,
    )


def _times(request: Request, columns: dict[str, ModelColumn], landed: Sequence[LandedColumn]) -> tuple[TimeColumn, ...]:
    """Take the times that the operator names, else the one that the tool writes."""
    said = list(request.times) or ([request.shape.time] if request.shape and request.shape.time else [])
    found = []
    for each in said:
        name, unit = split_unit(each)
        found.append(time_column(_chosen(name, columns, landed), unit))
    if len({time.column for time in found}) < len(found):
        raise ConfigError("a time is named twice: --time COL[:UNIT][,COL[:UNIT]]")
    return tuple(found)


def _chosen(name: str, columns: dict[str, ModelColumn], landed: Sequence[LandedColumn]) -> ModelColumn:
    folded = fold_case(name)
    if folded in columns:
        return columns[folded]
    if folded in {column.name for column in landed}:
        raise ConfigError(
            f"column {name!r} is not modeled (bytes, and what marks changes, stay in landing): it cannot be key or time"
        )
    raise ConfigError(f"the file has no column {name!r}; it has {', '.join(repr(column.name) for column in landed)}")


def _described(column: LandedColumn, docs: dict[str, str]) -> str:
    return docs.get(column.name, "Bytes, as the producer sends them; not modeled.")


def _known_values(columns: Sequence[ModelColumn], specimen: Specimen) -> KnownValues | None:
    """Take the column with the fewest values, if they tell something: two at least, and several rows to each."""
    few = [
        KnownValues(column.name, specimen.few_values[column.landing])
        for column in columns
        if column.landing in specimen.few_values
    ]
    telling = [
        known
        for known in few
        if 2 <= len(known.values) <= specimen.row_count / 2 and not any(map(JINJA.search, known.values))
    ]
    return min(telling, key=lambda known: len(known.values), default=None)
