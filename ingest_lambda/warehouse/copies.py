"""LAND, warehouse: copies, for datasets that declare `copies: skip`.

In: the staged facts of a load's files. Out: the statements that enter in the ledger, before any row is inserted, those
of them whose bytes have landed already: so the load passes them over as it does any file that the ledger holds.

Same bytes are those of the same ETag and size
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). A ledger row of a copy has no rows, SKIPPED as its
`load_path`, and the load that its bytes landed with: no load is new by it, so nobody models one. Files whose keys have
hive parts, which may be columns of their rows, are compared within their folder alone. Pure.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; names go through `table` and `identifier`

from __future__ import annotations

from collections.abc import Iterable

from ingest_lambda.warehouse.statements import (
    FILE_FACTS,
    PATH_FACT,
    identifier,
    literal,
    lock_dataset,
    named,
    not_in_ledger,
    table,
)

SKIPPED = "skipped"  # the `load_path` of a copy
STATEMENTS = 2


def insert_copies(dataset: str, load_id: str, files: str, *, records_paths: bool = False) -> list[str]:
    """Enter the copies among a load's files: of what has landed and was not undone, then of each other.

    `files` is the temporary table of their facts. The first of those that are alike in the load lands. For a
    transaction that holds the mutex.

    >>> [sql.partition(" (")[0] for sql in insert_copies("orders", "load-1", "files_1")]
    ['insert into ledger."orders"', 'insert into ledger."orders"']
    """
    staged = identifier(files)
    landed = (
        f"select etag, size_bytes, {_place('known')} as place, load_id, load_seq, "
        f"row_number() over (partition by etag, size_bytes, {_place('known')} order by load_seq, file_id) as nth "
        f"from {table('ledger', dataset)} as known where {is_original('known')} "
        f"and etag in (select etag from {staged})"
    )
    first = (
        f"select etag, size_bytes, {_place('files')} as place, min(file_number) as file_number "
        f"from {staged} as files where {not_in_ledger(dataset)} group by etag, size_bytes, {_place('files')}"
    )
    return [
        _insert(
            dataset, staged, "original.load_id, original.load_seq", f"({landed})", "original.nth = 1", records_paths
        ),
        _insert(
            dataset,
            f"{table('lock', dataset)} as counter cross join {staged}",
            f"{literal(load_id)}, counter.load_seq",
            f"({first})",
            "original.file_number < files.file_number",
            records_paths,
        ),
    ]


def as_planned(dataset: str, files: str) -> str:
    """Fail, dividing by zero, where a file that was to be skipped is no copy any more.

    For the statement that enters a load's files in the ledger: by then copies are in it.
    """
    still_new = f"from {identifier(files)} as files where load_path = {literal(SKIPPED)} and {not_in_ledger(dataset)}"
    return f"(select 1 / case when count(*) = 0 then 1 else 0 end {still_new}) = 1"


def select_bytes(dataset: str, etags: Iterable[str]) -> str:
    """List the bytes that have landed, of those with some ETags, and where (`place_of`, with a slash at the end)."""
    return (
        f"select distinct etag, size_bytes, {_place('known')} as place from {table('ledger', dataset)} as known "
        f"where {is_original('known')} and etag in ({', '.join(map(literal, etags))})"
    )


def is_original(name: str) -> str:
    """Ask of a ledger row, by its alias, whether the bytes of its file have landed, and were not undone since.

    Of a file whose rows have left landing, being old, they are not there; but they come back by that file alone.
    """
    return f"{name}.undone_at is null and {name}.load_path <> {literal(SKIPPED)}"


def same_bytes(one: str, other: str) -> str:
    """Ask of two ledger rows, by their aliases, whether their files have the same bytes, and the same rows by them."""
    return f"{one}.etag = {other}.etag and {one}.size_bytes = {other}.size_bytes and {_place(one)} = {_place(other)}"


def forget_copies(dataset: str, file_ids: Iterable[str], *, if_alone: bool) -> list[str]:
    """Take skipped files out of the ledger, as if they had never come: the statements of one transaction.

    `if_alone`: those alone whose bytes are in landing no more. What was undone, as a drop has it, stays so.
    """
    ledger = table("ledger", dataset)
    alone = (
        f" and file_id not in (select own.file_id from {ledger} as own inner join {ledger} as original "
        f"on {same_bytes('own', 'original')} where {is_original('original')})"
    )
    return [
        lock_dataset(dataset),
        f"delete from {ledger} where load_path = {literal(SKIPPED)} and undone_at is null "
        f"and file_id in ({', '.join(map(literal, file_ids))}){alone if if_alone else ''}",
    ]


def select_copies_of(dataset: str, file_ids: Iterable[str]) -> str:
    """List the files that were skipped since these have landed."""
    ledger = table("ledger", dataset)
    ids = ", ".join(map(literal, file_ids))
    return (
        f'select distinct skipped.bucket, skipped."key", skipped.version_id from {ledger} as skipped '
        f"inner join {ledger} as original on {same_bytes('skipped', 'original')} "
        f"where skipped.load_path = {literal(SKIPPED)} and skipped.undone_at is null and original.file_id in ({ids}) "
        f'order by skipped."key", skipped.version_id'
    )


def count_copies(dataset: str) -> str:
    """Count the files that were skipped."""
    return f"select count(*) as files from {table('ledger', dataset)} where load_path = {literal(SKIPPED)}"


def place_of(key: str) -> str:
    """Name the folder of a key that has hive parts, within which copies are looked for; an empty text for any other.

    >>> place_of("raw/sales/region=EU/a.parquet"), place_of("raw/sales/a.parquet")
    ('raw/sales/region=EU', '')
    """
    return key.rpartition("/")[0] if "=" in key else ""


def _insert(dataset: str, staged: str, load: str, originals: str, is_copy: str, records_paths: bool) -> str:
    columns = (*FILE_FACTS, PATH_FACT) if records_paths else FILE_FACTS
    said = {"row_count": "0", "load_path": literal(SKIPPED)}
    facts = ", ".join(said.get(name, f"files.{identifier(name)}") for name, _ in columns)
    return (
        f"insert into {table('ledger', dataset)} ({named(columns)}, load_id, load_seq, loaded_at) "
        f"select {facts}, {load}, sysdate from {staged} as files inner join {originals} as original "
        f"on files.etag = original.etag and files.size_bytes = original.size_bytes "
        f"and {_place('files')} = original.place and {is_copy} where {not_in_ledger(dataset)}"
    )


def _place(name: str) -> str:
    """Say in SQL what `place_of` says."""
    key = f'{name}."key"'
    return f"case when strpos({key}, '=') > 0 then regexp_replace({key}, '[^/]*$', '') else '' end"
