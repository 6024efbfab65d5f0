"""LAND, reconcile: what the warehouse says of files.

In: file ids by dataset. Out: what has become of each; and, for all files of a dataset, whether landing holds as many
rows as its ledger says. The SQL is built by pure functions, each statement under the Data API's limit.
"""

# ruff: noqa: S608 - building SQL is half of this module's purpose; names and ids go through ingest_lambda.statements

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.same_object import etag_of_rejected, is_same_etag, unversioned_etags
from ingest_lambda.warehouse import removals
from ingest_lambda.warehouse.client import Connection, Row
from ingest_lambda.warehouse.copies import SKIPPED
from ingest_lambda.warehouse.statements import (
    DATASET_NAME,
    MAX_STATEMENT_BYTES,
    MAX_STATEMENTS,
    literal,
    size_of,
    table,
)

# Each statement reads a column of the whole ledger, so that they should be few. Ids are digests: files are asked for by
# the first characters of theirs, of which 5,000 are 80 KB of the 100 KB that a statement may have, and are told apart
# by the whole ids that are answered. That another's begins alike is rare, and costs a row.
IDS_A_STATEMENT = 5_000
FIRST = 12


class Standing(StrEnum):
    """What the warehouse knows of a file version."""

    LANDED = "landed"
    UNDONE = "undone"
    SKIPPED = "skipped"  # its bytes had landed before
    REMOVED = "removed"  # it landed, and its rows have left landing since, being old
    REJECTED = "rejected"


@dataclass(frozen=True)
class Mismatch:
    """A file whose rows in landing are not as many as its ledger row says (none, where the file was undone).

    `source_file` is None for rows that no ledger row accounts for. `is_undone`: the ledger says that it was.
    """

    dataset: str
    file_id: str
    source_file: str | None
    version_id: str | None
    expected: int
    found: int
    is_undone: bool = False


@dataclass(frozen=True)
class Window:
    """Whose rows are compared: files that landed or were undone since a moment, and those whose ids begin so."""

    since: datetime
    digit: str


def datasets(warehouse: Connection, wanted: str | None = None) -> list[str]:
    """List the datasets that have a ledger; only the wanted one where it is given (none if it has none)."""
    return [name for name in ledgers(warehouse) if wanted in (None, name)]


def ledgers(warehouse: Connection) -> dict[str, bool]:
    """List the datasets that have a ledger, and whether it can say whose rows were removed."""
    rows = warehouse.query(select_datasets())
    return {row["dataset"]: bool(int(row["has_removals"])) for row in rows if DATASET_NAME.fullmatch(row["dataset"])}


def standings(
    warehouse: Connection, ids_by_dataset: Mapping[str, Sequence[str]], etags: Mapping[str, str] | None = None
) -> dict[str, Standing]:
    """Look up what has become of files by id; those that the warehouse does not know are absent.

    A file that was rejected and has landed since counts as landed. `etags`, by id, are of objects without a version:
    what became of another one that has had the same key, and so the same id, says nothing of them.
    """
    wanted = etags or {}
    found = _known(warehouse, ids_by_dataset)
    said = {file_id: _standing(rows, wanted.get(file_id)) for file_id, rows in found.items()}
    return {file_id: standing for file_id, standing in said.items() if standing}


def standings_of(warehouse: Connection, files: Sequence[tuple[str, FileVersion]]) -> list[Standing | None]:
    """Look up what has become of files, each with its dataset, in their order: several may be objects of one id."""
    ids: dict[str, list[str]] = defaultdict(list)
    for dataset, file in files:
        ids[dataset].append(file.file_id)
    found, etags = _known(warehouse, ids), [unversioned_etags([file]).get(file.file_id) for _, file in files]
    return [_standing(found.get(file.file_id, []), etag) for (_, file), etag in zip(files, etags, strict=True)]


def _known(warehouse: Connection, ids_by_dataset: Mapping[str, Sequence[str]]) -> dict[str, list[Row]]:
    """Ask rejections and ledgers for files, by id."""
    found: dict[str, list[Row]] = defaultdict(list)
    if not ids_by_dataset:
        return found
    known = ledgers(warehouse)
    every_id = [file_id for ids in ids_by_dataset.values() for file_id in ids]
    sqls = [select_rejected_ids(ids) for ids in _parts(every_id)]
    for dataset in ids_by_dataset.keys() & known.keys():
        has_removals = known[dataset]
        parts = _parts(ids_by_dataset[dataset])
        sqls += [select_ledger_ids(dataset, ids, has_removals=has_removals) for ids in parts]
    for row in _rows(warehouse, packed(sqls, " union all ")):
        found[row["file_id"]].append(row)
    return found


def _standing(rows: Iterable[Row], etag: str | None) -> Standing | None:
    """Say what has become of the object with an ETag, of rows of its id; the ledger has the last word."""
    of_it = [Standing(row["standing"]) for row in rows if is_same_etag(row["etag"], etag)]
    return sorted(of_it, key=lambda each: each is not Standing.REJECTED)[-1] if of_it else None


def mismatches(warehouse: Connection, names: Iterable[str], window: Window | None = None) -> list[Mismatch]:
    """Compare the rows of each file in landing with the ledger, all or those of a window: 130 datasets a statement."""
    removing = _removing(warehouse)
    found = _mismatches(warehouse, list(names), removing, window)
    # A first removal may have come in between: the files of a ledger that could not say so would be taken for lost.
    late = {each.dataset for each in found} & (_removing(warehouse) - removing) if found else set[str]()
    if not late:
        return found
    certain = [each for each in found if each.dataset not in late]
    return certain + _mismatches(warehouse, sorted(late), removing | late, window)


def _removing(warehouse: Connection) -> set[str]:
    return {str(row["dataset"]) for row in warehouse.query(removals.select_ledgers())}


def _mismatches(
    warehouse: Connection, every: Sequence[str], removing: set[str], window: Window | None
) -> list[Mismatch]:
    if window is None:
        sqls = [select_mismatches(name, has_removals=name in removing) for name in every]
    else:
        asked = packed([select_first_load(name, window.since) for name in every], " union all ")
        firsts = {row["dataset"]: row["first_seq"] for row in _rows(warehouse, asked)}
        sqls = [
            select_mismatches(name, window.digit, firsts.get(name), has_removals=name in removing) for name in every
        ]
    return [_mismatch(row) for row in _rows(warehouse, packed(sqls, " union all "))]


def select_datasets() -> str:
    """List the datasets that have a ledger, and whether it can say whose rows were removed.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
    """
    return (
        f"select table_name as dataset, max(case when column_name = {literal(removals.REMOVED_AT)} then 1 else 0 end) "
        "as has_removals from svv_columns where table_schema = 'ledger' group by table_name order by table_name"
    )


def select_rejected_ids(file_ids: Sequence[str]) -> str:
    """Ask which of the files were rejected; others whose ids begin alike may be among the answer."""
    return (
        f"select distinct file_id, 'rejected' as standing, {etag_of_rejected('files')} as etag "
        f"from ops.rejected_files as files where {_begins_as(file_ids)}"
    )


def select_ledger_ids(dataset: str, file_ids: Sequence[str], *, has_removals: bool = False) -> str:
    """Ask which of the files a dataset's ledger holds; others whose ids begin alike may be among the answer."""
    removed = f"when {removals.is_removed('files')} then 'removed' " if has_removals else ""
    return (
        f"select file_id, case when load_path = {literal(SKIPPED)} and undone_at is null then 'skipped' {removed}"
        f"when undone_at is null then 'landed' else 'undone' end as standing, "
        f"case when version_id = {literal(UNVERSIONED)} then etag end as etag "
        f"from {table('ledger', dataset)} as files where {_begins_as(file_ids)}"
    )


def select_first_load(dataset: str, since: datetime) -> str:
    """Ask for the first load of which a file landed, or was undone, since a moment: landing is sorted by loads.

    A file that was skipped has the number of an older load, and brought none of its rows.
    """
    moment = literal(since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"))
    return (
        f"select {literal(dataset)} as dataset, min(load_seq) as first_seq from {table('ledger', dataset)} "
        f"where load_path <> {literal(SKIPPED)} and (loaded_at >= {moment} or undone_at >= {moment})"
    )


def select_mismatches(
    dataset: str, digit: str = "", first_seq: int | None = None, *, has_removals: bool = False
) -> str:
    """Compare the rows of each file in landing with its ledger row, and find rows that have none.

    Where a digit is given, of files whose ids begin with it, and of loads from `first_seq` on. `has_removals`: the
    ledger says whose rows were removed, which are to be none.
    """
    there = f"undone_at is null{f' and {removals.REMOVED_AT} is null' if has_removals else ''}"

    def chosen(seq: str, file_id: str) -> str:
        recent = "" if first_seq is None else f"{seq} >= {int(first_seq)} or "
        return f" where {recent}{file_id} like {literal(digit + '%')}" if digit else ""

    ledger_rows = (
        'select file_id, bucket, "key", version_id, undone_at, '
        f"case when {there} then row_count else 0 end as row_count "
        f"from {table('ledger', dataset)}{chosen('load_seq', 'file_id')}"
    )
    landed = (
        f"select _file_id as file_id, count(*) as row_count from {table('landing', dataset)}"
        f"{chosen('_load_seq', '_file_id')} group by _file_id"
    )
    return (
        f"select {literal(dataset)} as dataset, coalesce(expected.file_id, landed.file_id) as file_id, "
        'expected.bucket, expected."key", expected.version_id, expected.undone_at, '
        "coalesce(expected.row_count, 0) as expected, coalesce(landed.row_count, 0) as found "
        f"from ({ledger_rows}) as expected full outer join ({landed}) as landed on landed.file_id = expected.file_id "
        "where coalesce(expected.row_count, 0) <> coalesce(landed.row_count, 0)"
    )


def packed(parts: Sequence[str], joint: str) -> Iterator[str]:
    """Join parts into as few statements as the Data API's limit allows.

    >>> list(packed(["a", "b"], " + "))
    ['a + b']
    """
    statement = ""
    for part in parts:
        longer = f"{statement}{joint}{part}" if statement else part
        if statement and size_of(longer) > MAX_STATEMENT_BYTES:
            yield statement
            longer = part
        statement = longer
    if statement:
        yield statement


def _rows(warehouse: Connection, sqls: Iterable[str]) -> Iterator[Row]:
    """Run queries, as many a request as the Data API takes."""
    waiting = list(sqls)
    for start in range(0, len(waiting), MAX_STATEMENTS):
        batch = waiting[start : start + MAX_STATEMENTS]
        outcome = warehouse.transaction(batch)
        for position in range(len(batch)):
            yield from outcome.rows(position)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + IDS_A_STATEMENT] for start in range(0, len(ids), IDS_A_STATEMENT))


def _begins_as(file_ids: Sequence[str]) -> str:
    return f"left(file_id, {FIRST}) in ({', '.join(literal(file_id[:FIRST]) for file_id in file_ids)})"


def _mismatch(row: Row) -> Mismatch:
    known = row["key"] is not None
    return Mismatch(
        dataset=row["dataset"],
        file_id=row["file_id"],
        source_file=f"s3://{row['bucket']}/{row['key']}" if known else None,
        version_id=row["version_id"] if known else None,
        expected=int(row["expected"]),
        found=int(row["found"]),
        is_undone=row["undone_at"] is not None,
    )
