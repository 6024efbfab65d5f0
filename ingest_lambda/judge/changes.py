"""LAND: what a change feed is declared to be.

In: `changes` of a dataset's source YAML. Out: `Changes`: how a row says what the source did with it, and what orders
the feed's rows. Landing only needs to know that it is a feed: it keeps the place of each row in its file. The macro
`change_columns` reads the same declaration. Pure.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ingest_lambda.warehouse.statements import fold_case

RESTART = "%Y-%m-%d %H:%M:%S"
MOST_SEQUENCE_COLUMNS = 2  # they become one DECIMAL(38,0)


class Order(StrEnum):
    """What orders all rows of a feed: their business time, their declared sequence, or file and position."""

    TIME = "time"
    SEQUENCE = "sequence"
    FILE = "file"


class Code(StrEnum):
    """What a source does with a row."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


# As AWS DMS writes them (https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html).
DMS_CODES: Mapping[Code, tuple[str, ...]] = {Code.INSERT: ("I",), Code.UPDATE: ("U",), Code.DELETE: ("D",)}


@dataclass(frozen=True)
class Changes:
    """A feed of changes: each row is a version of its key, and some of them delete.

    `operation` is the column that says what was done, in `codes`; `deleted` one that is true, or has a value, of a
    deleted row. `sequence`: columns that number the changes. `order` is what orders all rows of the feed. `restarts`:
    from when on the source numbers anew (UTC), by the times at which S3 stored its files; the oldest first.
    """

    operation: str | None = None
    codes: Mapping[Code, tuple[str, ...]] = field(default_factory=lambda: DMS_CODES)
    deleted: str | None = None
    sequence: tuple[str, ...] = ()
    order: Order = Order.TIME
    restarts: tuple[datetime, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it speaks of, as landing has them."""
        return tuple(column for column in (self.operation, self.deleted, *self.sequence) if column)


def parse_changes(declared: object, columns: Container[str]) -> Changes:
    """Read `changes` of a dataset that declares `columns`, as landing spells them.

    >>> feed = parse_changes({"operation": "__op", "codes": {"insert": ["c", "r"]}}, {"id", "__op"})
    >>> feed.operation, feed.codes[Code.INSERT], feed.codes[Code.DELETE], feed.order.value
    ('__op', ('c', 'r'), ('D',), 'time')

    Raises:
        ValueError: a word that does not exist, a column that is not declared, an order that cannot be kept.
    """
    if not isinstance(declared, Mapping) or not declared:
        raise ValueError(f"changes are {declared!r}; they say at least one of operation, deleted, sequence, order")
    known = {"operation", "codes", "deleted", "sequence", "order", "restarts"}
    if unknown := sorted(map(str, set(declared) - known)):
        raise ValueError(f"changes say {unknown[0]!r}; they can say {', '.join(sorted(known))}")
    changes = Changes(
        _column(declared, "operation"),
        _codes(declared),
        _column(declared, "deleted"),
        _sequence(declared.get("sequence", [])),
        _order(declared.get("order", Order.TIME)),
        _restarts(declared.get("restarts", [])),
    )
    if absent := [column for column in changes.columns if column not in columns]:
        raise ValueError(f"changes name {absent[0]!r}, which is no column with a data_type of the dataset")
    if changes.order is Order.SEQUENCE and not changes.sequence:
        raise ValueError("changes are ordered by sequence, and name no column for it: sequence: [COLUMN]")
    if changes.restarts and not changes.sequence:
        raise ValueError("changes have restarts, and no sequence that could begin anew: sequence: [COLUMN]")
    if changes.order is Order.FILE and changes.sequence:
        raise ValueError("changes are ordered by file, and have a sequence, which is better: order: sequence")
    return changes


def _column(declared: Mapping[str, Any], what: str) -> str | None:
    name = declared.get(what)
    if name is not None and (not isinstance(name, str) or not name):
        raise ValueError(f"changes: {what} is {name!r}; it is the name of a column")
    return None if name is None else fold_case(name)


def _codes(declared: Mapping[str, Any]) -> Mapping[Code, tuple[str, ...]]:
    codes = declared.get("codes")
    if codes is None:
        return DMS_CODES
    if "operation" not in declared:
        raise ValueError("changes: codes are said, but no operation whose values they are")
    if not isinstance(codes, Mapping) or not {str(code) for code in Code}.issuperset(codes):
        raise ValueError(f"changes: codes are {codes!r}; they say {', '.join(Code)}, a list of values each")
    found: dict[Code, tuple[str, ...]] = {**DMS_CODES}
    for code, values in codes.items():
        if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
            raise ValueError(f"changes: the codes of {code} are {values!r}; they are a list of texts, as [c, r]")
        found[Code(code)] = tuple(values)
    spelled = [value.strip().upper() for values in found.values() for value in values]
    if twice := sorted({value for value in spelled if spelled.count(value) > 1}):
        raise ValueError(f"changes: the code {twice[0]!r} means two things")
    return found


def _sequence(declared: object) -> tuple[str, ...]:
    is_list = isinstance(declared, list) and all(isinstance(name, str) and name for name in declared)
    if not isinstance(declared, list) or not is_list or len(declared) > MOST_SEQUENCE_COLUMNS:
        raise ValueError(f"changes: sequence is {declared!r}; it is a list of one or two columns, as [lsn]")
    return tuple(map(fold_case, declared))


def _order(declared: object) -> Order:
    if declared not in list(Order):
        raise ValueError(f"changes: order is {declared!r}; it can be {', '.join(Order)}")
    return Order(str(declared))


def _restarts(declared: object) -> tuple[datetime, ...]:
    """Read times as the macro `change_columns` writes them into SQL: text, to the second."""
    wrong = f"changes: restarts are {declared!r}; they are a list of quoted times (UTC), as ['2025-11-13 12:00:00']"
    if not isinstance(declared, list) or not all(isinstance(moment, str) for moment in declared):
        raise ValueError(wrong)
    try:
        moments = tuple(datetime.strptime(moment, RESTART) for moment in declared)
    except ValueError as error:
        raise ValueError(wrong) from error
    if [moment.strftime(RESTART) for moment in moments] != declared or list(moments) != sorted(set(moments)):
        raise ValueError(f"{wrong}, each once, the oldest first")
    return moments
