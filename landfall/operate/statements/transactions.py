"""OPERATE: the SQL that takes rows out of landing again, or lets files land once more.

In: a dataset and its files. Out: the statements of one transaction, the dataset's lock first.
"""

# ruff: noqa: S608 - SQL is this module's purpose; identifiers and literals go through ingest_lambda.warehouse.statements

from collections.abc import Sequence

from ingest_lambda.warehouse.statements import literal, lock_dataset, table
from ingest_lambda.warehouse.undone import mark_dropped, mark_undone
from landfall.operate.statements.unions import literals


def undo_file(dataset: str, file_id: str) -> list[str]:
    """Take one file's rows out of landing and mark its ledger row: the statements of one transaction.

    The lock comes first, so that the snapshot is taken behind it. A ledger row that is marked already is marked anew
    where rows had come back: what had modeled them is rebuilt after the newest mark. The ledger says in which order
    files were undone (`undone.number_undos`), here and wherever one is.

    >>> for sql in undo_file("orders", "f" * 64): print(sql[:33])
    lock table lock."orders"
    delete from landing."orders" wher
    update lock."orders" set load_seq
    update ledger."orders" set undone
    """
    return [
        lock_dataset(dataset),
        f"delete from {table('landing', dataset)} where _file_id = {literal(file_id)}",
        *mark_undone(dataset, f"file_id = {literal(file_id)}"),
    ]


def let_back(dataset: str, file_id: str, instead: str, *, has_table: bool = True) -> list[str]:
    """Let a file land once more that was undone: the statements of one transaction.

    Its ledger row stays, since what models made of the file is still to be rebuilt and the row alone says so: it gives
    up the file's id, for an id `instead` that no file has. Rows that somebody has put into landing since go first.

    >>> for sql in let_back("orders", "f" * 64, "0" * 32): print(sql[:45])
    lock table lock."orders"
    delete from landing."orders" where _file_id =
    update ledger."orders" set file_id = '0000000
    """
    known = f"file_id = {literal(file_id)} and undone_at is not null"
    ledger_table = table("ledger", dataset)
    return [
        lock_dataset(dataset),
        *(
            [
                f"delete from {table('landing', dataset)} where _file_id = {literal(file_id)} "
                f"and exists (select 1 from {ledger_table} where {known})"
            ]
            if has_table
            else []
        ),
        f"update {ledger_table} set file_id = {literal(instead)} where {known}",
    ]


def give_back(dataset: str, instead: str, file_id: str) -> list[str]:
    """Bar a file again that was let land once more and has not: the statements of one transaction, after `let_back`.

    >>> for sql in give_back("orders", "0" * 32, "f" * 64): print(sql[:45])
    lock table lock."orders"
    update ledger."orders" set file_id = 'fffffff
    """
    ledger_table = table("ledger", dataset)
    return [
        lock_dataset(dataset),
        f"update {ledger_table} set file_id = {literal(file_id)} where file_id = {literal(instead)} "
        f"and not exists (select 1 from {ledger_table} where file_id = {literal(file_id)})",
    ]


def drop_dataset(dataset: str) -> list[str]:
    """Drop the landing table, and let the ledger's files count as undone: the statements of one transaction.

    >>> for sql in drop_dataset("orders"): print(sql[:33])
    lock table lock."orders"
    update lock."orders" set load_seq
    update ledger."orders" set undone
    update lock."orders" set dropped_
    drop table landing."orders"
    """
    return [
        lock_dataset(dataset),
        *mark_undone(dataset, "undone_at is null"),
        mark_dropped(dataset),
        f"drop table {table('landing', dataset)}",
    ]


def forget_dataset(dataset: str) -> list[str]:
    """Drop all that there is of a dataset, its history too, when no load holds it: one transaction's statements."""
    return [
        lock_dataset(dataset),
        *(f"drop table if exists {table(schema, dataset)}" for schema in ("landing", "ledger", "lock")),
        *(
            f"delete from ops.{name} where dataset = {literal(dataset)}"
            for name in ("rejected_files", "schema_changes")
        ),
    ]


def forget_files(dataset: str, file_ids: Sequence[str]) -> list[str]:
    """Take files out of landing and ledger, as if they had never landed: the statements of one transaction.

    What was undone stays so. The last statement says of which files that is.

    >>> for sql in forget_files("orders", ["f" * 64]): print(sql[:40])
    lock table lock."orders"
    delete from landing."orders" where _file
    delete from ledger."orders" where file_i
    select file_id from ledger."orders" wher
    """
    ledger_table = table("ledger", dataset)
    known = f"file_id in ({literals(file_ids)})"
    forgotten = f"{known} and undone_at is null"
    return [
        lock_dataset(dataset),
        f"delete from {table('landing', dataset)} where _file_id in (select file_id from {ledger_table} "
        f"where {forgotten})",
        f"delete from {ledger_table} where {forgotten}",
        f"select file_id from {ledger_table} where {known}",
    ]
