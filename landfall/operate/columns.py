"""OPERATE: what became of landing's columns. In: the columns before and after. Out: which are new, which are wider."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

from ingest_lambda.warehouse.catalog import Columns, read_columns
from ingest_lambda.warehouse.client import Connection

Seen = Mapping[str, Columns | None]


@dataclass(frozen=True)
class Difference:
    """A column that is new (`found` is None) or has another type than before; types are SQL's.

    `is_new_table`: there was no table before.
    """

    dataset: str
    column: str
    found: str | None
    into: str
    is_new_table: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Spell the difference as its JSON face does."""
        return {name: value for name, value in asdict(self).items() if name != "is_new_table"}


def look(warehouse: Connection, datasets: Iterable[str]) -> Seen:
    """Read the columns of the datasets as they are now; None where there is no table yet.

    Raises:
        TransientError, ConfigError: the warehouse does not answer, or denies access.
    """
    return {dataset: read_columns(warehouse, dataset) for dataset in sorted(set(datasets))}


def differences(before: Seen, after: Seen) -> list[Difference]:
    """Tell what changed between two looks, in the order of the columns, a dataset after the other."""
    return [
        Difference(dataset, column.name, was.get(column.name), str(column.type), before.get(dataset) is None)
        for dataset, now in after.items()
        for was in [{column.name: str(column.type) for column in before.get(dataset) or ()}]
        for column in now or ()
        if was.get(column.name) != str(column.type)
    ]


def lines(found: Iterable[Difference]) -> list[str]:
    """Word the differences for people: of a new table one line, else one a column.

    >>> wider, more = Difference("a", "n", "INTEGER", "BIGINT"), Difference("a", "m", None, "BIGINT")
    >>> for line in lines([wider, more]): print(line)
    landing.a.n is BIGINT, was INTEGER
    landing.a.m is new: BIGINT
    >>> lines([Difference("a", "n", None, "BIGINT", True), Difference("a", "m", None, "DATE", True)])
    ['landing.a is new: n BIGINT, m DATE']
    """
    told: list[str] = []
    for (dataset, is_new_table), some in groupby(found, lambda each: (each.dataset, each.is_new_table)):
        if is_new_table:
            told.append(f"landing.{dataset} is new: {', '.join(f'{each.column} {each.into}' for each in some)}")
        else:
            told += [f"landing.{dataset}.{each.column} {_became(each)}" for each in some]
    return told


def _became(change: Difference) -> str:
    return f"is {change.into}, was {change.found}" if change.found else f"is new: {change.into}"
