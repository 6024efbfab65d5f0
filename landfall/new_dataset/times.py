"""OPERATE: the columns of a new dataset that tell which version of a row is newer. Pure.

In: what the operator says (`--time updated_at,seen_at:ms`), and the modeled columns. Out: `TimeColumn`s: each a moment
in the SQL of staging, and values for the unit test of its rules.
"""

from dataclasses import dataclass
from typing import Any

from ingest_lambda.errors import ConfigError
from landfall.new_dataset.columns import ModelColumn

UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
WHOLE_NUMBERS = {"smallint", "integer", "bigint"}
NOON, TICKS_OF_NOON = "2025-11-13 12:00:00", 1_763_035_200
EARLY, TICKS_OF_EARLY = "1969-12-31 00:00:00", -86_400
MALFORMED_TEXT, MALFORMED_NUMBER = "no time", 9_000_000_000_000_000_000


@dataclass(frozen=True)
class TimeColumn:
    """A modeled column that is a time; `unit` says what a number counts since 1970."""

    column: ModelColumn
    unit: str | None = None

    @property
    def moment(self) -> str:
        """Write the timestamp that it is, as an expression of dbt's Jinja."""
        name = self.column.name
        if self.unit:
            return f"epoch_time('{name}', '{self.unit}')"
        if self.is_text:
            return f"text_time('{name}')"
        return f"'cast({name} as timestamp)'" if self.column.type == "date" else f"'{name}'"

    @property
    def is_text(self) -> bool:
        """Tell whether it is written as text."""
        return self.column.type.startswith("varchar")

    @property
    def can_be_malformed(self) -> bool:
        """Tell whether it has values that are no time."""
        return self.is_text or (self.column.type == "bigint" and self.unit in ("s", "ms", "us"))

    @property
    def good(self) -> Any:
        """Return a value for the unit test."""
        return self._spelled(NOON, TICKS_OF_NOON)

    @property
    def early(self) -> Any:
        """Return one from before there were computers."""
        return self._spelled(EARLY, TICKS_OF_EARLY)

    @property
    def malformed(self) -> Any:
        """Return one that is no time."""
        return MALFORMED_NUMBER if self.unit else MALFORMED_TEXT

    def _spelled(self, moment: str, ticks: int) -> Any:
        if self.unit:
            return ticks * UNITS[self.unit]
        return moment[:10] if self.column.type == "date" else moment


def split_unit(said: str) -> tuple[str, str | None]:
    """Take column and unit apart.

    >>> split_unit("__source_ts_ms:ms"), split_unit("updated_at"), split_unit("a:b")
    (('__source_ts_ms', 'ms'), ('updated_at', None), ('a:b', None))
    """
    name, _, unit = said.rpartition(":")
    return (name, unit) if name and unit in UNITS else (said, None)


def time_column(column: ModelColumn, unit: str | None) -> TimeColumn:
    """Take a modeled column for a time.

    Raises:
        ConfigError: its type is none, or its unit is not said, or it can have none.
    """
    kind = column.type.split("(")[0]
    if column.is_json or (kind not in WHOLE_NUMBERS and kind not in {"date", "timestamp", "varchar"}):
        raise ConfigError(
            f"{column.landing!r} lands as {column.type}: a time is a DATE, a TIMESTAMP, a text as 2025-11-13 12:00:00, "
            "or a whole number"
        )
    if kind in WHOLE_NUMBERS and unit is None:
        units = ", ".join(f"--time {column.landing}:{each}" for each in UNITS)
        raise ConfigError(f"{column.landing!r} is a number: say what it counts since 1970, as one of {units}")
    if kind not in WHOLE_NUMBERS and unit is not None:
        raise ConfigError(f"{column.landing!r} lands as {column.type}, and needs no unit: --time {column.landing}")
    if kind == "smallint":
        raise ConfigError(f"{column.landing!r} lands as smallint, which is too small to count from 1970")
    return TimeColumn(column, unit)
