"""OPERATE: the SQL by which the files of a dataset land under another name, and the old table goes.

In: both names. Out: which files are still to land under the new one; the statements of the transactions around that.
A file may be known under either name in either state: a name that was dropped, or given up for another and taken again,
has all of its files as undone. Rows alone count; the files that it bars are let land again.
"""

# ruff: noqa: S608 - SQL is this module's purpose; identifiers and literals go through ingest_lambda.warehouse.statements

from ingest_lambda.warehouse.copies import is_original
from ingest_lambda.warehouse.statements import (
    FILE_FACTS,
    UNDONE_SEQ,
    advance_counter,
    literal,
    lock_dataset,
    named,
    table,
)
from ingest_lambda.warehouse.undone import mark_undone, select_since
from landfall.operate.statements.transactions import drop_dataset


def select_not_moved(old: str, new: str | None) -> str:
    """List the files whose rows are in the landing table of `old`, and that the ledger of `new`, if any, has not.

    Those that it has as undone are among them, with the time of that: it bars their events, and has no row of them.
    """
    files = f'files.bucket, files."key", files.version_id, files.etag from {table("ledger", old)} as files'
    if new is None:
        return f"select null as undone_at, {files} where {is_original('files')}"
    return (
        f"select known.undone_at, {files} left join {table('ledger', new)} as known on known.file_id = files.file_id "
        f"where {is_original('files')} and (known.file_id is null or known.undone_at is not null)"
    )


def let_back(old: str, new: str, salt: str) -> list[str]:
    """Let the files of `old` land in `new` that are undone there: the statements of one transaction.

    As `transactions.let_back` has it: their rows in the ledger stay under other ids, which no file has, by the `salt`.
    https://docs.aws.amazon.com/redshift/latest/dg/r_MD5.html

    >>> for sql in let_back("orders", "sales", "0" * 32): print(sql[:45])
    lock table lock."sales"
    delete from landing."sales" where _file_id in
    update ledger."sales" set file_id = md5(file_
    """
    ledger = table("ledger", new)
    standing = f"select file_id from {table('ledger', old)} as files where {is_original('files')}"
    barred = f"undone_at is not null and file_id in ({standing})"
    return [
        lock_dataset(new),
        f"delete from {table('landing', new)} where _file_id in (select file_id from {ledger} where {barred})",
        f"update {ledger} set file_id = md5(file_id || {literal(salt)}) where {barred}",
    ]


def carry_undone(old: str, new: str) -> list[str]:
    """Enter the files that were undone in `old` in the ledger of `new` as undone: the statements of one transaction."""
    return [lock_dataset(new), *_carry(old, new)]


def drop_moved(old: str, new: str) -> list[str]:
    """Drop the landing table of `old`, all of whose files are in `new`: the statements of one transaction.

    It holds both mutexes, so that no row is ever in neither of the two, and no undo is lost: what was undone in `old`
    since it was dropped last, while its files were on their way, is undone in `new` as well. It fails, dividing by
    zero, where a file of `old` has no rows in `new`.

    >>> for sql in drop_moved("orders", "sales"): print(sql[:33].rstrip())
    lock table lock."sales"
    lock table lock."orders"
    select 1 / case when count(*) = 0
    delete from landing."sales" where
    update lock."sales" set load_seq
    update ledger."sales" set undone_
    update ledger."sales" set undone_
    update lock."sales" set load_seq
    insert into ledger."sales" ("file
    update lock."orders" set load_seq
    update ledger."orders" set undone
    update lock."orders" set dropped_
    drop table landing."orders"
    """
    drop = drop_dataset(old)
    late = f"{_unheard(old, new)} and files.{UNDONE_SEQ[0]} > ({select_since(old)})"
    lost = f"undone_at is null and file_id in ({late})"
    return [
        lock_dataset(new),
        drop[0],
        "select 1 / case when count(*) = 0 then 1 else 0 end as is_moved "
        f"from ({select_not_moved(old, new)}) as not_moved",
        f"delete from {table('landing', new)} where _file_id in "
        f"(select file_id from {table('ledger', new)} where {lost})",
        *mark_undone(new, lost),
        *_carry(old, new),
        *drop[1:],
    ]


def _carry(old: str, new: str) -> list[str]:
    """Enter what was undone, with the number of a load that brings nothing: models take numbers for how far they are.

    What `new` has as undone from before has heard of it by now: who lets it land there from now on means it.
    """
    facts = f"{named(FILE_FACTS)}, load_id"
    return [
        f"update {table('ledger', new)} set undone_at = getdate() "
        f"where undone_at is not null and file_id in ({_unheard(old, new)})",
        advance_counter(new),
        f"insert into {table('ledger', new)} ({facts}, load_seq, loaded_at, undone_at, {UNDONE_SEQ[0]}) "
        f"select {facts}, counter.load_seq, loaded_at, undone_at, counter.load_seq "
        f"from {table('ledger', old)} as own cross join {table('lock', new)} as counter "
        f"where file_id in ({_unheard(old, new)}) and file_id not in (select file_id from {table('ledger', new)})",
    ]


def _unheard(old: str, new: str) -> str:
    """List the files undone in `old` of whose version `new` has no undo as late: one that it has let back has."""
    heard = (
        f'select bucket, "key", version_id, max(undone_at) as heard_at from {table("ledger", new)} '
        'where undone_at is not null group by bucket, "key", version_id'
    )
    return (
        f"select files.file_id from {table('ledger', old)} as files left join ({heard}) as heard "
        'on heard.bucket = files.bucket and heard."key" = files."key" and heard.version_id = files.version_id '
        "where files.undone_at is not null and (heard.heard_at is null or heard.heard_at < files.undone_at)"
    )
