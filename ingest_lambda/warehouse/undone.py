"""LAND, warehouse: files that count as undone, in the order in which that came about.

In: a dataset, and which of its files. Out: the statements that mark them. A mark bears a number of the dataset's own
counter, as a load does, handed out behind its mutex: whoever sees a number sees all that was loaded or undone under
lower ones, so that the bound of a run tells which undos it knew of. No clock can tell that: who waits for the mutex has
begun long before, and a commit may wait as well. A ledger that an earlier release has made gets the column when the
first file is undone; what was undone before has no number.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `table`

from __future__ import annotations

from functools import partial

from ingest_lambda.errors import CatalogChangedError
from ingest_lambda.warehouse.client import Connection, retry_conflicts
from ingest_lambda.warehouse.statements import (
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


def number_undos(warehouse: Connection, dataset: str) -> None:
    """Let the ledger of a dataset say in which order its files were undone; again is no harm.

    Raises:
        CatalogChangedError: the dataset has no ledger.
    """
    if _has_numbers(warehouse, dataset):
        return
    try:
        retry_conflicts(partial(warehouse.transaction, add_numbers(dataset)))
    except CatalogChangedError:
        if not _has_numbers(warehouse, dataset):  # or else somebody has added it meanwhile
            raise


def add_numbers(dataset: str) -> list[str]:
    """Give a ledger the column: the statements of one transaction.

    >>> for sql in add_numbers("orders"): print(sql)
    lock table lock."orders"
    alter table ledger."orders" add column "undone_seq" BIGINT
    """
    return [lock_dataset(dataset), f"alter table {table('ledger', dataset)} add column {declared([UNDONE_SEQ])}"]


def _has_numbers(warehouse: Connection, dataset: str) -> bool:
    """Ask the catalog (https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html)."""
    return bool(
        warehouse.query(
            "select 1 as found from svv_columns where table_schema = 'ledger' "
            f"and table_name = {literal(dataset)} and column_name = {literal(UNDONE_SEQ[0])}"
        )
    )
