"""LAND, warehouse: files that count as undone, in the order in which that came about.

In: a dataset, and which of its files. Out: the statements that mark them. A mark bears a number of the dataset's own
counter, as a load does, handed out behind its mutex: whoever sees a number sees all that was loaded or undone under
lower ones, so that the bound of a run tells which undos it knew of. No clock can tell that: who waits for the mutex has
begun long before, and a commit may wait as well. The mutex remembers under which number the dataset was dropped last,
which marks all files: later marks are somebody's, each for its file. Tables that an earlier release has made get these
columns when the first file is undone; what was undone before has no number.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `table`

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from ingest_lambda.errors import CatalogChangedError
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.copies import is_original
from ingest_lambda.warehouse.statements import (
    DROPPED_SEQ,
    UNDONE_SEQ,
    advance_counter,
    declared,
    identifier,
    literal,
    lock_dataset,
    table,
)


def mark_undone(dataset: str, condition: str) -> list[str]:
    """Let the ledger's files that meet a condition count as undone: for the end of a transaction that holds the mutex.

    GETDATE is the time of the statement, SYSDATE that of the transaction's start
    (https://docs.aws.amazon.com/redshift/latest/dg/r_GETDATE.html): the first is behind the mutex. What an UPDATE takes
    from elsewhere is joined with its table by a key (https://docs.aws.amazon.com/redshift/latest/dg/r_UPDATE.html). The
    table goes by the dataset's name there, and no dataset's name begins with an underscore.

    >>> advance, mark = mark_undone("orders", "file_id = 'f1'")
    >>> print(advance, mark[:84], sep="\\n")
    update lock."orders" set load_seq = load_seq + 1
    update ledger."orders" set undone_at = getdate(), undone_seq = _marked.load_seq from
    """
    ledger = table("ledger", dataset)
    return [
        advance_counter(dataset),
        f"update {ledger} set undone_at = getdate(), {UNDONE_SEQ[0]} = _marked.load_seq "
        f"from (select files.file_id, counter.load_seq from {ledger} as files "
        f"cross join {table('lock', dataset)} as counter where {condition}) as _marked "
        f"where {identifier(dataset)}.file_id = _marked.file_id",
    ]


def mark_dropped(dataset: str) -> str:
    """Remember that the marks of this transaction are those of a drop: after `mark_undone`.

    >>> mark_dropped("orders")
    'update lock."orders" set dropped_seq = load_seq'
    """
    return f"update {table('lock', dataset)} set {DROPPED_SEQ[0]} = load_seq"


def select_since(dataset: str) -> str:
    """Ask from which number on, this one left out, an undo was somebody's, and not a drop, which takes all there is.

    >>> select_since("orders")
    'select coalesce(dropped_seq, 0) from lock."orders"'
    """
    return f"select coalesce({DROPPED_SEQ[0]}, 0) from {table('lock', dataset)}"


def number_undos(warehouse: Connection, dataset: str) -> None:
    """Let the tables of a dataset say in which order its files were undone, and when it was dropped; again is no harm.

    Raises:
        CatalogChangedError: the dataset has no ledger.
    """
    if not (lacking := _lacking(warehouse, dataset)):
        return
    try:
        retry_conflicts(partial(warehouse.transaction, add_numbers(dataset, lacking)))
    except CatalogChangedError:
        if _lacking(warehouse, dataset):  # or else somebody has added them meanwhile
            raise


def add_numbers(dataset: str, lacking: Collection[str] = ("ledger", "lock")) -> list[str]:
    """Give the ledger and the mutex their columns, or the one that is `lacking`: the statements of one transaction.

    When a dataset of an earlier release was dropped nobody has written down: before the first of what stands, or before
    now, where nothing does.

    >>> for sql in add_numbers("orders"): print(sql[:71])
    lock table lock."orders"
    alter table ledger."orders" add column "undone_seq" BIGINT
    alter table lock."orders" add column "dropped_seq" BIGINT
    update lock."orders" set dropped_seq = (select min(load_seq) from (sele
    """
    ledger, counter = table("ledger", dataset), table("lock", dataset)
    number = f"alter table {ledger} add column {declared([UNDONE_SEQ])}"
    drop = f"alter table {counter} add column {declared([DROPPED_SEQ])}"
    since = (
        f"select min(load_seq) from (select load_seq from {ledger} as files where {is_original('files')} "
        f"union all select load_seq from {counter}) as numbers"
    )
    return [
        lock_dataset(dataset),
        *([number] if "ledger" in lacking else []),
        *([drop, f"update {counter} set {DROPPED_SEQ[0]} = ({since})"] if "lock" in lacking else []),
    ]


def _lacking(warehouse: Connection, dataset: str) -> set[str]:
    """Ask the catalog which tables lack their column (https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html)."""
    found = warehouse.query(
        f"select table_schema from svv_columns where table_name = {literal(dataset)} and "
        f"((table_schema = 'ledger' and column_name = {literal(UNDONE_SEQ[0])}) "
        f"or (table_schema = 'lock' and column_name = {literal(DROPPED_SEQ[0])}))"
    )
    return {"ledger", "lock"} - {str(row["table_schema"]) for row in found}
