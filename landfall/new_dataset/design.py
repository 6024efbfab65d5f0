"""OPERATE: the design of a new dataset: what the templates are filled with. Pure.

In: a specimen, and what the operator says of it: name, key, time, domain. Out: a `Design`, or why there is none.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.snapshots import Snapshot
from ingest_lambda.warehouse.statements import fold_case
from landfall.new_dataset.columns import (
    JINJA,
    OPERATION,
    RESERVED_WORDS,
    TAKEN,
    TAKEN_BY_HISTORY,
    LandedColumn,
    ModelColumn,
    is_modeled,
    is_operation,
    landing_type,
    model_columns,
)
from landfall.new_dataset.specimen import Specimen

NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LONGEST_NAME = 28  # `int_<name>__checked` and what dbt adds to it must fit into the 63 bytes of the local Redshift
GOOD_TIME = "2025-11-13 12:00:00"
EARLY_TIME = "1969-12-31 00:00:00"
# A value of each modeled type, for the unit test.
GOOD_VALUES: dict[str, Any] = {
    "varchar": "good", "smallint": 1, "integer": 1, "bigint": 1, "numeric": 1, "real": 1.5, "double precision": 1.5,
    "boolean": True, "date": GOOD_TIME[:10], "timestamp": GOOD_TIME, "time": "12:00:00",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What the operator says: the dataset's name, the columns of its key and of its time, its domain.

    `snapshot`: how its snapshots end, where a file, or a folder of them, replaces the one before.
    `history`: every version is kept, not only the newest.
    """

    dataset: str
    key: Sequence[str]
    time: str | None = None
    domain: str | None = None
    snapshot: Snapshot | None = None
    history: bool = False


@dataclass(frozen=True)
class DeclaredColumn:
    """A column of the source: its landing name, its type and its description."""

    landing: str
    landing_type: str
    description: str


@dataclass(frozen=True)
class Rule:
    """A row rule: a column, and what must not be of it: `missing` or `out_of_range`.

    `spares_deletes`: it is not asked of a delete, which may have its key alone.
    """

    column: str
    what: str
    spares_deletes: bool = False

    @property
    def reason(self) -> str:
        """Name the reason that a row is rejected for."""
        return f"{self.column}_{self.what}"

    @property
    def condition(self) -> str:
        """Call the macro that tells."""
        return f"{'is_missing' if self.what == 'missing' else 'is_out_of_time'}('{self.column}')"


@dataclass(frozen=True)
class Case:
    """A row of the unit test that breaks a rule: the value it has instead of the good one, and its key with it."""

    rule: Rule
    value: Any
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
    time: ModelColumn | None
    operation: str | None
    left_in_landing: tuple[str, ...]
    known_values: KnownValues | None
    snapshot: dict[str, str] | None = None
    keeps_history: bool = False

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
    def business_time(self) -> str:
        """Say what decides which version of a row is newer: its time, else the file's."""
        if self.time is None:
            return "_file_modified_at"
        return f"cast({self.time.name} as timestamp)" if self.time.type == "date" else self.time.name

    @property
    def rules(self) -> list[Rule]:
        """Say what every row must have: its key, and a time that can be."""
        rules = [Rule(column.name, "missing", spares_deletes=column not in self.key) for column in self._needed]
        return [*rules, *([Rule(self.time.name, "out_of_range")] if self.time else [])]

    @property
    def good_row(self) -> dict[str, Any]:
        """Return key and time of a row that breaks no rule."""
        return {column.name: GOOD_VALUES[column.type.split("(")[0]] for column in self._needed}

    @property
    def good_key(self) -> dict[str, Any]:
        """Return the good row's key."""
        return {name: self.good_row[name] for name in self.key_names}

    @property
    def cases(self) -> list[Case]:
        """Break each rule once."""
        early = EARLY_TIME[:10] if self.time and self.time.type == "date" else EARLY_TIME
        values = [(rule, None if rule.what == "missing" else early) for rule in self.rules]
        return [
            Case(rule, value, {name: value if name == rule.column else good for name, good in self.good_key.items()})
            for rule, value in values
        ]

    @property
    def _needed(self) -> list[ModelColumn]:
        return [*self.key, *([self.time] if self.time and self.time not in self.key else [])]


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
    columns = model_columns(request.dataset, specimen.columns, TAKEN | (TAKEN_BY_HISTORY if request.history else set()))
    by_landing = {column.landing: column for column in columns}
    docs = {column.landing: column.description for column in columns}
    key = tuple(_chosen(name, by_landing, specimen.columns) for name in request.key)
    if not key or len(set(key)) < len(key):
        raise ConfigError("the key must name columns of the file, each once: --key COL[,COL]")
    if wrong := [column.landing for column in key if column.is_json]:
        raise ConfigError(f"{wrong[0]!r} is nested and cannot be part of a key")
    time = _chosen(request.time, by_landing, specimen.columns) if request.time else None
    if time and time.type not in ("date", "timestamp"):
        raise ConfigError(f"{time.landing!r} lands as {time.type}: the time must be a DATE or a TIMESTAMP")
    return Design(
        request.dataset,
        domain,
        tuple(DeclaredColumn(each.name, landing_type(each.type), _described(each, docs)) for each in specimen.columns),
        tuple(columns),
        key,
        time,
        # a snapshot says what there is, and not what was done
        next((each.name for each in specimen.columns if is_operation(each)), None) if not request.snapshot else None,
        tuple(each.name for each in specimen.columns if not is_modeled(each) and not is_operation(each)),
        _known_values([column for column in columns if column not in key], specimen),
        request.snapshot.declared() if request.snapshot else None,
        request.history,
    )


def _chosen(name: str, columns: dict[str, ModelColumn], landed: Sequence[LandedColumn]) -> ModelColumn:
    folded = fold_case(name)
    if folded in columns:
        return columns[folded]
    if folded in {column.name for column in landed}:
        raise ConfigError(f"column {name!r} is not modeled (bytes stay in landing), so it cannot be key or time")
    raise ConfigError(f"the file has no column {name!r}; it has {', '.join(repr(column.name) for column in landed)}")


def _described(column: LandedColumn, docs: dict[str, str]) -> str:
    if is_operation(column):
        return f"{{{{ doc('{OPERATION}') }}}}"
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
