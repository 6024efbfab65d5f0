"""LAND, warehouse: rows that have left landing because they are older than their dataset keeps them.

In: a dataset, and which of its files' rows may go. Out: the statements that take them out, that bring them back with
the load that lands such a file again, and that say what is missing. The ledger keeps the file; `removed_at` says since
when its rows are not in landing, `restored_at` since when they are again. A ledger has the two columns from the first
removal on: one that lacks them has lost nothing. Pure.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `table`, texts through `literal`

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest_lambda.same_object import is_of_object, is_same_object
from ingest_lambda.warehouse.copies import SKIPPED
from ingest_lambda.warehouse.statements import declared, identifier, literal, lock_dataset, table
from ingest_lambda.warehouse.undone import mark_undone

REMOVED_AT = "removed_at"
REMOVAL_FACTS = ((REMOVED_AT, "TIMESTAMP"), ("restored_at", "TIMESTAMP"))
NAMED = 3  # of the files of a gap
STATEMENTS = 1  # that a load has more where rows may have been removed


@dataclass(frozen=True)
class Removable:
    """Which files' rows may leave landing: those of loads up to `upto_seq` that are `days` old, but for `kept` files.

    `is_snapshot`: the newest file is the whole truth about its dataset, and stays. `has_columns`: the ledger can say
    whose rows were removed.
    """

    dataset: str
    days: int
    upto_seq: int
    kept: Sequence[str] = ()
    is_snapshot: bool = False
    has_columns: bool = True

    def condition(self, then: str) -> str:
        """Ask of a ledger row whether its rows may go that were there before the moment `then`, an SQL expression."""
        kept = f" and file_id not in ({', '.join(map(literal, self.kept))})" if self.kept else ""
        newest = (
            " and file_id not in (select listed.file_id from ops.snapshot_files as listed "
            f"where listed.dataset = {literal(self.dataset)} and listed.ended_at = (select max(known.ended_at) "
            f"from ops.snapshot_files as known inner join {table('ledger', self.dataset)} as files "
            f"on known.file_id = files.file_id where known.dataset = {literal(self.dataset)} "
            "and files.undone_at is null))"
            if self.is_snapshot
            else ""
        )
        return f"{_in_landing_before(then, self.has_columns)} and load_seq <= {self.upto_seq:d}{kept}{newest}"


def select_ledgers() -> str:
    """List the datasets of whose rows some may have been removed: whose ledgers can say so.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
    """
    return (
        "select table_name as dataset from svv_columns where table_schema = 'ledger' "
        f"and column_name = {literal(REMOVED_AT)} order by table_name"
    )


def add_columns(dataset: str) -> list[str]:
    """Let a ledger say whose rows were removed: the statements of one transaction.

    >>> for sql in add_columns("orders"): print(sql)
    lock table lock."orders"
    alter table ledger."orders" add column "removed_at" TIMESTAMP
    alter table ledger."orders" add column "restored_at" TIMESTAMP
    """
    ledger = table("ledger", dataset)
    return [
        lock_dataset(dataset),
        *(f"alter table {ledger} add column {declared([fact])}" for fact in REMOVAL_FACTS),
    ]


def is_removed(name: str) -> str:
    """Ask of a ledger row, by its alias, whether its rows are missing in landing, and nobody has given them up."""
    return f"{name}.{REMOVED_AT} is not null and {name}.undone_at is null"


def select_oldest(dataset: str, days: int, *, has_columns: bool) -> str:
    """Count the files whose rows have been in landing for so many days."""
    then = f"dateadd(day, -{days:d}, getdate())"
    return f"select count(*) as files from {table('ledger', dataset)} where {_in_landing_before(then, has_columns)}"


def select_removable(removable: Removable) -> str:
    """Count the files whose rows may go, and their rows by the ledger; `as_of` is the moment it goes by."""
    then = f"dateadd(day, -{removable.days:d}, getdate())"
    return (
        "select count(*) as files, coalesce(sum(row_count), 0) as row_count, coalesce(max(load_seq), 0) as last_seq, "
        f"cast({then} as varchar(32)) as as_of "
        f"from {table('ledger', removable.dataset)} where {removable.condition(then)}"
    )


def count_rows(removable: Removable, then: str, last_seq: int) -> str:
    """Count the rows of those files that are in landing; `then` is the moment that `select_removable` went by."""
    files = f"select file_id from {table('ledger', removable.dataset)} where {removable.condition(_moment(then))}"
    return (
        f"select count(*) as row_count from {table('landing', removable.dataset)} "
        f"where _load_seq <= {last_seq:d} and _file_id in ({files})"
    )


def remove(removable: Removable, then: str, last_seq: int) -> list[str]:
    """Take the rows out of landing, and say so in the ledger: the statements of one transaction.

    >>> for sql in remove(Removable("orders", 90, 7), "2026-01-01 00:00:00", 5): print(sql[:46])
    lock table lock."orders"
    update ledger."orders" set removed_at = getdat
    delete from landing."orders" where _load_seq <
    """
    dataset, ledger = removable.dataset, table("ledger", removable.dataset)
    return [
        lock_dataset(dataset),
        f"update {ledger} set {REMOVED_AT} = getdate() where {removable.condition(_moment(then))}",
        f"delete from {table('landing', dataset)} where _load_seq <= {last_seq:d} "
        f"and _file_id in (select file_id from {ledger} as files where {is_removed('files')})",
    ]


def restore(dataset: str, files: str) -> str:
    """Say that the rows of a load's files are in landing again; `files` is the temporary table of their facts."""
    ledger = table("ledger", dataset)
    return (
        f"update {ledger} set {REMOVED_AT} = null, restored_at = sysdate "
        f"where {REMOVED_AT} is not null and undone_at is null "
        f"and file_id in (select staged.file_id from {identifier(files)} as staged inner join {ledger} as loaded "
        f"on loaded.file_id = staged.file_id where {is_same_object('loaded', 'staged')})"
    )


def give_up(dataset: str, file_ids: Iterable[str]) -> list[str]:
    """Let removed files count as undone, since nothing can bring them back: the statements of one transaction."""
    lost = f"{REMOVED_AT} is not null and undone_at is null and file_id in ({', '.join(map(literal, file_ids))})"
    return [lock_dataset(dataset), *mark_undone(dataset, lost)]


def select_gaps(datasets: Iterable[str]) -> list[str]:
    """Count, a dataset each, the files whose rows are missing, their rows, the loads, and since when."""
    return [
        f"select {literal(dataset)} as dataset, count(*) as files, coalesce(sum(row_count), 0) as row_count, "
        "min(load_seq) as first_seq, max(load_seq) as last_seq, max(removed_at) as removed_at "
        f"from {table('ledger', dataset)} as files where {is_removed('files')} having count(*) > 0"
        for dataset in datasets
    ]


def select_files(dataset: str) -> str:
    """List the files whose rows are missing."""
    return (
        'select file_id, bucket, "key", version_id, row_count, load_seq, loaded_at '
        f"from {table('ledger', dataset)} as files where {is_removed('files')} order by load_seq, file_id"
    )


def select_rejected(dataset: str) -> str:
    """List those of them that landing has rejected since their rows were removed."""
    return (
        "select distinct rejected.file_id from ops.rejected_files as rejected "
        f"inner join {table('ledger', dataset)} as files on rejected.file_id = files.file_id "
        f"where {is_removed('files')} and rejected.rejected_at >= files.{REMOVED_AT} "
        f"and {is_of_object('rejected', 'files.etag')}"
    )


def _in_landing_before(then: str, has_columns: bool) -> str:
    since, there = (
        ("coalesce(restored_at, loaded_at)", f" and {REMOVED_AT} is null") if has_columns else ("loaded_at", "")
    )
    return (
        f"undone_at is null{there} and row_count > 0 and coalesce(load_path, '') <> {literal(SKIPPED)} "
        f"and {since} < {then}"
    )


def _moment(then: str) -> str:
    return f"cast({literal(then)} as timestamp)"
