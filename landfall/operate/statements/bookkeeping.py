"""OPERATE: the SQL that reads the bookkeeping: what became of files that landed, were rejected, skipped or undone.

In: names of datasets, files, folders. Out: SELECTs of ledgers, of landing and of ops.rejected_files.
"""

# ruff: noqa: S608 - SQL is this module's purpose; identifiers and literals go through ingest_lambda.warehouse.statements

from collections.abc import Iterable, Mapping, Sequence, Set

from ingest_lambda.arrive.known_folders import PARTS
from ingest_lambda.same_object import etag_of_rejected, is_of_object, objects_of
from ingest_lambda.warehouse import ledger, removals
from ingest_lambda.warehouse.copies import SKIPPED, is_original, same_bytes
from ingest_lambda.warehouse.statements import ROW_NUMBER, literal, table
from landfall.operate.statements.unions import literals, union_all


def select_totals(datasets: Sequence[str]) -> list[str]:
    """Count files and rows in landing, a row a dataset."""

    def totals(dataset: str) -> str:
        return (
            f"select {literal(dataset)} as dataset, count(*) as files, coalesce(sum(row_count), 0) as row_count, "
            f"max(loaded_at) as last_loaded_at from {table('ledger', dataset)} as files where {is_original('files')}"
        )

    return union_all(datasets, totals)


def select_rejected_totals(datasets: Sequence[str], removing: Set[str] = frozenset()) -> list[str]:
    """Count the rejected objects that have not landed since, a row a dataset; `datasets` are those with a ledger.

    `removing`: the ledgers that can say whose rows were removed, which do not count as landed. What has landed
    under the id of an object without a version is another one, unless its ETag is that of the verdict.
    """
    objects = f"select {{}} as dataset, {objects_of('rejected')} as files from ops.rejected_files as rejected"

    def summed(sql: str) -> str:
        return f"select dataset, sum(files) as files from ({sql}) as objects group by dataset"

    def still_rejected(dataset: str) -> str:
        since = (
            f" or ({removals.is_removed('files')} and rejected.rejected_at >= files.{removals.REMOVED_AT})"
            if dataset in removing
            else ""
        )
        return summed(
            f"{objects.format(literal(dataset))} left join {table('ledger', dataset)} as files "
            f"on rejected.file_id = files.file_id "
            f"where rejected.dataset = {literal(dataset)} and (files.file_id is null "
            f"or not {is_of_object('rejected', 'files.etag')}{since}) group by rejected.file_id"
        )

    never_landed = objects.format("rejected.dataset")
    if datasets:
        never_landed += f" where rejected.dataset not in ({literals(datasets)})"
    return [
        summed(f"{never_landed} group by rejected.dataset, rejected.file_id"),
        *union_all(datasets, still_rejected),
    ]


def select_landed_files(datasets: Sequence[str], removing: Set[str] = frozenset()) -> list[str]:
    """List every file of the ledgers, undone and skipped ones too; `removing` can say whose rows were removed."""

    def landed(dataset: str) -> str:
        return (
            f'select {literal(dataset)} as dataset, file_id, bucket, "key", row_count, load_id, load_seq, load_path, '
            f"etag, size_bytes, loaded_at, undone_at, {_removed_at(dataset, removing)} from {table('ledger', dataset)}"
        )

    return union_all(datasets, landed)


def select_folders(datasets: Sequence[str], prefixes: Mapping[str, str]) -> list[str]:
    """List the folders that the files of each dataset come from, without hive parts and dates.

    Those below a prefix that is declared for the dataset are left out; `prefixes` are datasets by prefix.
    """

    def folders(dataset: str) -> str:
        own = [prefix for prefix, owner in prefixes.items() if owner == dataset]
        return (
            f"select {literal(dataset)} as dataset, folder from ({ledger.select_folders(dataset, PARTS, own)}) as found"
        )

    return union_all(datasets, folders)


def select_elsewhere(folders: Mapping[str, str]) -> list[str]:
    """Count the landed files of each dataset whose keys are not below its folder, and name the first of them."""

    def elsewhere(dataset: str) -> str:
        folder = folders[dataset]
        return (
            f'select {literal(dataset)} as dataset, count(*) as files, min("key") as first_key '
            f"from {table('ledger', dataset)} as files where {is_original('files')} "
            f'and left("key", {len(folder)}) <> {literal(folder)} having count(*) > 0'
        )

    return union_all(list(folders), elsewhere)


def select_rejected_files(dataset: str | None) -> str:
    """List every rejected file, of one dataset or of all."""
    of_dataset = f" where dataset = {literal(dataset)}" if dataset else ""
    columns = 'dataset, file_id, bucket, "key", reason, detail, verdict, rejected_at'
    return f"select {columns} from ops.rejected_files{of_dataset}"


def select_rejected_versions(dataset: str | None, reason: str | None) -> str:
    """List the file versions that were rejected, of one dataset or all, for one reason or any.

    `etag` is that of an object without a version.
    """
    conditions = [
        f"{column} = {literal(value)}" for column, value in (("dataset", dataset), ("reason", reason)) if value
    ]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return (
        f'select distinct dataset, bucket, "key", version_id, {etag_of_rejected("files")} as etag '
        f"from ops.rejected_files as files{where}"
    )


def select_landed(files_by_dataset: Sequence[tuple[str, Sequence[str]]], removing: Set[str] = frozenset()) -> list[str]:
    """Ask the ledgers for files by id: (dataset, its file ids) pairs; `removing` can say whose rows were removed."""
    ids = dict(files_by_dataset)

    def landed(dataset: str) -> str:
        return (
            f'select {literal(dataset)} as dataset, file_id, "key", version_id, etag, row_count, load_seq, load_path, '
            f"undone_at, {_removed_at(dataset, removing)} from {table('ledger', dataset)} "
            f"where file_id in ({literals(ids[dataset])})"
        )

    return union_all(list(ids), landed)


def _removed_at(dataset: str, removing: Set[str]) -> str:
    """Ask a ledger row for the moment at which its rows were removed; null where the ledger cannot say it."""
    return removals.REMOVED_AT if dataset in removing else f"cast(null as timestamp) as {removals.REMOVED_AT}"


def select_copies(dataset: str, file_ids: Sequence[str]) -> str:
    """Ask which of the files that have landed have the bytes of an earlier load, and of which; a row a file."""
    ledger_table = table("ledger", dataset)
    return (
        f'select own."key", min(earlier.load_seq) as load_seq from {ledger_table} as own '
        f"inner join {ledger_table} as earlier on {same_bytes('own', 'earlier')} "
        f"and earlier.load_seq < own.load_seq and {is_original('earlier')} "
        f'where own.file_id in ({literals(file_ids)}) group by own.file_id, own."key" order by own."key"'
    )


def select_content(dataset: str, etags: Sequence[str]) -> str:
    """Ask for the files in landing that have one of some ETags, the first to land first."""
    return (
        f'select etag, size_bytes, "key", load_seq from {table("ledger", dataset)} as files '
        f"where {is_original('files')} and etag in ({literals(etags)}) order by load_seq"
    )


def select_originals(dataset: str, file_id: str) -> str:
    """Ask which files landed with the bytes of one that was skipped: first those in landing, in their order."""
    ledger_table = table("ledger", dataset)
    return (
        'select original.bucket, original."key", original.version_id, original.load_seq, original.undone_at '
        f"from {ledger_table} as own inner join {ledger_table} as original on {same_bytes('own', 'original')} "
        f"where own.file_id = {literal(file_id)} and original.load_path <> {literal(SKIPPED)} "
        "order by case when original.undone_at is null then 0 else 1 end, original.load_seq"
    )


def select_rejected(file_ids: Iterable[str]) -> str:
    """Ask for the verdicts on files by id."""
    return (
        "select file_id, reason, detail, verdict, rejected_at from ops.rejected_files "
        f"where file_id in ({literals(file_ids)}) order by rejected_at"
    )


def select_versions(datasets: Sequence[str], bucket: str, key: str) -> list[str]:
    """List the versions of one object that have landed, and whether a model has taken their rows in."""

    def versions(dataset: str) -> str:
        return (
            f"select {literal(dataset)} as dataset, file_id, version_id, row_count, load_seq, load_path, loaded_at, "
            "undone_at, "
            f"case when load_seq <= (select coalesce(max(upto_seq), 0) from ops.model_loads "
            f"where dataset = {literal(dataset)} and model like 'modeled.%') then 1 else 0 end "
            "as was_modeled "
            f'from {table("ledger", dataset)} where bucket = {literal(bucket)} and "key" = {literal(key)}'
        )

    return union_all(datasets, versions)


def count_file_rows(dataset: str, file_id: str) -> str:
    """Count the rows of one file in landing.

    >>> print(count_file_rows("orders", "f1"))
    select count(*) as found from landing."orders" where _file_id = 'f1'
    """
    return f"select count(*) as found from {table('landing', dataset)} where _file_id = {literal(file_id)}"


def select_files_without_positions(datasets: Sequence[str]) -> list[str]:
    """List the files that landed without the places of their rows, and were not undone; `datasets` keep them."""

    def without(dataset: str) -> str:
        unplaced = f"select _file_id from {table('landing', dataset)} where {ROW_NUMBER} is null"
        return (
            f'select {literal(dataset)} as dataset, file_id, bucket, "key", version_id, etag, row_count '
            f"from {table('ledger', dataset)} where undone_at is null and file_id in ({unplaced})"
        )

    return union_all(datasets, without)


def select_smoke(dataset: str, token: str) -> str:
    """Read the row of a smoke test."""
    return f"select token, number from {table('landing', dataset)} where token = {literal(token)}"
