"""OPERATE: changing a landing column's type, or adding a column, where landing does not do so by itself.

In: a dataset, a column, a type. Out: what was done. All rows are rewritten in one transaction behind the dataset's
mutex, and only if no value changes by it. Whoever loads or reads the table waits meanwhile: ALTER TABLE locks it whole
(https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html).
"""

# ruff: noqa: S608 - names go through `identifier`, types through `parse_type`

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from ingest_lambda.errors import CatalogChangedError, ConfigError, ObjectInTheWayError, TransientError
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.warehouse import ddl, sqltypes
from ingest_lambda.warehouse.catalog import landed_datasets, read_columns
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.client import Outcome as Finished
from ingest_lambda.warehouse.failures import key_in_the_way
from ingest_lambda.warehouse.statements import (
    METADATA,
    ROW_NUMBER,
    Column,
    Widening,
    identifier,
    lock_dataset,
    record_schema_changes,
    table,
)
from landfall.operate.dependents import in_the_way
from landfall.operate.names import did_you_mean

KEYS = ("distkey", "sortkey")
PATIENCE_SECONDS = 24 * 3600.0  # as long as the Data API lets a statement run


class Outcome(StrEnum):
    """What a change does to the column."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Change:
    """A change of one column: `before` is None where the column is new, `rows` those that were rewritten."""

    dataset: str
    column: Column
    before: Column | None
    rows: int = 0

    @property
    def outcome(self) -> Outcome:
        """Say what the change does."""
        if self.before is None:
            return Outcome.ADDED
        return Outcome.UNCHANGED if self.before.type == self.column.type else Outcome.CHANGED

    def statements(self, *, may_lose: bool) -> list[str]:
        """Build the transaction: the mutex, the checks of the type and of the values, the change.

        >>> from ingest_lambda.warehouse.sqltypes import BIGINT, VARCHAR
        >>> for sql in Change("orders", Column("n", VARCHAR), None).statements(may_lose=False): print(sql[:58])
        lock table lock."orders"
        alter table landing."orders" add column "n" VARCHAR(65535)
        insert into ops.schema_changes (dataset, column_name, foun
        """
        if self.outcome is Outcome.UNCHANGED:
            return []
        found = str(self.before.type) if self.before else None
        record = record_schema_changes(self.dataset, [(self.column.name, found, str(self.column.type))])
        if self.before is None:
            return [lock_dataset(self.dataset), ddl.add_column(self.dataset, self.column), record]
        check, change = (
            ddl.check_types(self.dataset, [self.before]),
            ddl.widen_columns(self.dataset, [self._widening()]),
        )
        guard = (
            [] if may_lose else [f"select 1 / case when ({self.count_lost()}) = 0 then 1 else 0 end as nothing_lost"]
        )
        return [lock_dataset(self.dataset), *check, *guard, *change, record]

    def count_lost(self) -> str:
        """Count the rows whose value is another one after the change and back again, or none.

        A SUPER value that the type cannot be becomes NULL instead of an error, and NULL is neither equal nor unequal
        (https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html).
        """
        widening = self._widening()
        name = identifier(self.column.name)
        back = f"cast(cast({name} as {widening.into}) as {widening.found})"
        source = table("landing", self.dataset)
        return (
            f"select count(*) as lost from {source} where {name} is not null and ({back} is null or {back} <> {name})"
        )

    def _widening(self) -> Widening:
        if self.before is None:
            raise ValueError(f"{self.column.name} is new: it has no type before")
        return Widening(self.column.name, self.before.type, self.column.type)

    def to_dict(self) -> dict[str, Any]:
        """Spell the change as its JSON face does."""
        return {
            "dataset": self.dataset,
            "column": self.column.name,
            "from": str(self.before.type) if self.before else None,
            "to": str(self.column.type),
            "outcome": self.outcome.value,
            "rows": self.rows,
        }


def plan_change(warehouse: Connection, dataset: str, column: str, type_: str, *, may_add: bool = False) -> Change:
    """Look up the column, and say what the change is.

    `may_add`: a column that is not there is added although its name resembles one that is.

    Raises:
        ConfigError: the dataset has not landed, the name is one of landing's own or resembles another column's, or the
            type is none of landing's.
    """
    wanted = wanted_column(column, type_)
    existing = read_columns(warehouse, dataset)
    if existing is None:
        question = did_you_mean(dataset, landed_datasets(warehouse))
        raise ConfigError(f"there is no table landing.{dataset}{question or '.'} `landfall status` lists the datasets")
    before = next((each for each in existing if each.name == wanted.name), None)
    question = did_you_mean(wanted.name, (each.name for each in existing))
    if before is None and question and not may_add:
        raise ConfigError(f"landing.{dataset} has no column {wanted.name}{question} To add it, give --add too")
    return Change(dataset, wanted, before)


def wanted_column(column: str, type_: str) -> Column:
    """Read a column's name and type as a contract declares them: a string lands as VARCHAR(MAX) whatever its length.

    >>> print(wanted_column("Note", "varchar(20)"))
    Column(name='note', type=SqlType(name='VARCHAR', arguments=(65535,)))

    Raises:
        ConfigError: no column can have that name or that type.
    """
    try:
        [wanted] = parse_contract({"columns": [{"name": column, "data_type": type_}]}).columns
        identifier(wanted.name)
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if wanted.name in METADATA | {ROW_NUMBER}:
        raise ConfigError(f"{wanted.name} is a column of landing's own")
    return wanted


def widened(type_: str, column: Column) -> str | None:
    """Say that the column lands as another type than was asked for, and why; None where it is the one.

    >>> from ingest_lambda.warehouse.sqltypes import VARCHAR
    >>> print(widened("varchar(10)", Column("note", VARCHAR))[:51])
    note becomes VARCHAR(65535), not varchar(10): texts
    >>> widened("varchar(max)", Column("note", VARCHAR)), widened("varchar", Column("note", VARCHAR))
    (None, None)
    """
    asked = sqltypes.parse_type(type_)
    names_no_length = asked.name == column.type.name and "(" not in type_
    if asked == column.type or names_no_length:
        return None
    return (
        f"{column.name} becomes {column.type}, not {type_.strip()}: texts and bytes land in the widest type, so that "
        "no load fails for a long value; a length belongs to the model (`landfall retype-column`)"
    )


def carry_out(warehouse: Connection, change: Change, *, may_lose: bool = False) -> Change:
    """Make the change in one transaction; nothing is done where the column is as it shall be.

    Raises:
        ConfigError: values would change by it, and `may_lose` is not set; or views are bound to the table.
        CatalogChangedError: somebody has changed the column, or landed such values, at this very moment: try again.
    """
    if change.outcome is Outcome.UNCHANGED:
        return change
    if change.outcome is Outcome.CHANGED and not may_lose:
        _refuse_loss(warehouse, change)
    steps = change.statements(may_lose=may_lose)
    try:
        done = _free_of_keys(warehouse, change.dataset, lambda: retry_conflicts(lambda: warehouse.transaction(steps)))
    except CatalogChangedError as error:
        name = f"landing.{change.dataset}.{change.column.name}"
        overtaken = f"was changed, or got values that are not the same as {change.column.type}, while this looked at it"
        raise CatalogChangedError(f"{name} {overtaken} ({error})") from error
    except ObjectInTheWayError as error:
        raise in_the_way(warehouse, change.dataset, error) from error
    updates = [number for number, step in enumerate(steps) if step.startswith("update ")]
    return replace(change, rows=sum(done.count(number) for number in updates))


def _free_of_keys(warehouse: Connection, dataset: str, work: Callable[[], Finished]) -> Finished:
    """Do what drops a column; where it is a key, the table is first distributed and sorted as landing makes it.

    A table that was made with DISTSTYLE AUTO may have a key that nobody has chosen. That is a statement of its own, of
    which no page says that it can stand in a transaction.
    """
    for _ in KEYS:
        try:
            return work()
        except ObjectInTheWayError as error:
            key = key_in_the_way(str(error))
            if key is None:
                raise
            warehouse.execute(ddl.free_key(dataset, key))
    return work()


def _refuse_loss(warehouse: Connection, change: Change) -> None:
    try:
        lost = int(warehouse.query(change.count_lost())[0]["lost"])
    except TransientError as error:  # mostly a value that cannot be cast at all; the text says which
        name = f"{change.dataset}.{change.column.name}"
        raise ConfigError(f"{name} cannot become {change.column.type}: {error}") from error
    if lost:
        raise ConfigError(
            f"{lost:,} values of {change.dataset}.{change.column.name} are not the same as {change.column.type}: "
            "choose a type that holds them, or give --lossy to let them change"
        )


def undeclared(contracts: Mapping[str, Contract], change: Change) -> str | None:
    """Say what the source YAML must say now, where it declares the column otherwise."""
    declared = contracts.get(change.dataset, Contract()).columns
    found = next((column for column in declared if column.name == change.column.name), None)
    if not declared or found == change.column:
        return None
    says = f"declares {found.type}" if found else "does not declare it"
    return (
        f"the contract of {change.dataset} {says}: write `data_type: {str(change.column.type).lower()}` for "
        f"{change.column.name} into its source YAML under dbt_project/models/landing/, then deploy"
    )
