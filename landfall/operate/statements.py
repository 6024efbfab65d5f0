"""OPERATE: all SQL text of the operator's commands, as pure functions; names and values are quoted by LAND's builders.

Bookkeeping is one table a dataset, so what spans datasets is one UNION ALL, not a statement each.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; identifiers and literals go through ingest_lambda.statements

from collections.abc import Callable, Iterable, Mapping, Sequence

from ingest_lambda.arrive.known_folders import PARTS
from ingest_lambda.reconcile.ledger import packed
from ingest_lambda.warehouse import ledger
from ingest_lambda.warehouse.copies import SKIPPED, is_original, same_bytes
from ingest_lambda.warehouse.statements import (
    DATASET_NAME,
    FILE_FACTS,
    ROW_NUMBER,
    UNDONE_SEQ,
    advance_counter,
    literal,
    lock_dataset,
    named,
    table,
)
from ingest_lambda.warehouse.undone import mark_undone

MARGIN_SECONDS = 5  # as transform_lambda/plan.py, of undos without a number


def select_totals(datasets: Sequence[str]) -> list[str]:
    """Count files and rows in landing, a row a dataset."""

    def totals(dataset: str) -> str:
        return (
            f"select {literal(dataset)} as dataset, count(*) as files, coalesce(sum(row_count), 0) as row_count, "
            f"max(loaded_at) as last_loaded_at from {table('ledger', dataset)} as files where {is_original('files')}"
        )

    return _union_all(datasets, totals)


def select_rejected_totals(datasets: Sequence[str]) -> list[str]:
    """Count the rejected files that have not landed since, a row a dataset; `datasets` are those with a ledger."""

    def still_rejected(dataset: str) -> str:
        return (
            f"select {literal(dataset)} as dataset, count(distinct file_id) as files from ops.rejected_files "
            f"where dataset = {literal(dataset)} and file_id not in (select file_id from {table('ledger', dataset)})"
        )

    never_landed = "select dataset, count(distinct file_id) as files from ops.rejected_files"
    if datasets:
        never_landed += f" where dataset not in ({_literals(datasets)})"
    return [f"{never_landed} group by dataset", *_union_all(datasets, still_rejected)]


def select_landed_files(datasets: Sequence[str]) -> list[str]:
    """List every file of the ledgers, undone and skipped ones too."""

    def landed(dataset: str) -> str:
        return (
            f'select {literal(dataset)} as dataset, file_id, bucket, "key", row_count, load_id, load_seq, load_path, '
            f"etag, size_bytes, loaded_at, undone_at from {table('ledger', dataset)}"
        )

    return _union_all(datasets, landed)


def select_folders(datasets: Sequence[str], prefixes: Mapping[str, str]) -> list[str]:
    """List the folders that the files of each dataset come from, without hive parts and dates.

    Those below a prefix that is declared for the dataset are left out; `prefixes` are datasets by prefix.
    """

    def folders(dataset: str) -> str:
        own = [prefix for prefix, owner in prefixes.items() if owner == dataset]
        return (
            f"select {literal(dataset)} as dataset, folder from ({ledger.select_folders(dataset, PARTS, own)}) as found"
        )

    return _union_all(datasets, folders)


def select_elsewhere(folders: Mapping[str, str]) -> list[str]:
    """Count the landed files of each dataset whose keys are not below its folder, and name the first of them."""

    def elsewhere(dataset: str) -> str:
        folder = folders[dataset]
        return (
            f'select {literal(dataset)} as dataset, count(*) as files, min("key") as first_key '
            f"from {table('ledger', dataset)} as files where {is_original('files')} "
            f'and left("key", {len(folder)}) <> {literal(folder)} having count(*) > 0'
        )

    return _union_all(list(folders), elsewhere)


def select_rejected_files(dataset: str | None) -> str:
    """List every rejected file, of one dataset or of all."""
    of_dataset = f" where dataset = {literal(dataset)}" if dataset else ""
    columns = 'dataset, file_id, bucket, "key", reason, detail, verdict, rejected_at'
    return f"select {columns} from ops.rejected_files{of_dataset}"


def select_rejected_versions(dataset: str | None, reason: str | None) -> str:
    """List the file versions that were rejected, of one dataset or all, for one reason or any."""
    conditions = [
        f"{column} = {literal(value)}" for column, value in (("dataset", dataset), ("reason", reason)) if value
    ]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    return f'select distinct dataset, bucket, "key", version_id from ops.rejected_files{where}'


def select_landed(files_by_dataset: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Ask the ledgers for files by id: (dataset, its file ids) pairs."""
    ids = dict(files_by_dataset)

    def landed(dataset: str) -> str:
        return (
            f'select {literal(dataset)} as dataset, file_id, "key", row_count, load_seq, load_path, undone_at '
            f"from {table('ledger', dataset)} "
            f"where file_id in ({_literals(ids[dataset])})"
        )

    return _union_all(list(ids), landed)


def select_copies(dataset: str, file_ids: Sequence[str]) -> str:
    """Ask which of the files that have landed have the bytes of an earlier load, and of which; a row a file."""
    ledger_table = table("ledger", dataset)
    return (
        f'select own."key", min(earlier.load_seq) as load_seq from {ledger_table} as own '
        f"inner join {ledger_table} as earlier on {same_bytes('own', 'earlier')} "
        f"and earlier.load_seq < own.load_seq and {is_original('earlier')} "
        f'where own.file_id in ({_literals(file_ids)}) group by own.file_id, own."key" order by own."key"'
    )


def select_content(dataset: str, etags: Sequence[str]) -> str:
    """Ask for the files in landing that have one of some ETags, the first to land first."""
    return (
        f'select etag, size_bytes, "key", load_seq from {table("ledger", dataset)} as files '
        f"where {is_original('files')} and etag in ({_literals(etags)}) order by load_seq"
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
        "select file_id, reason, detail, verdict from ops.rejected_files "
        f"where file_id in ({_literals(file_ids)}) order by rejected_at"
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

    return _union_all(datasets, versions)


def select_held(dataset: str, bucket: str, key: str, version_id: str) -> str:
    """Count what models may hold of a version that was undone: by the next plan's own rule (transform_lambda/plan.py).

    The run that counts for a model is its last one from the first row, or else its first one. It held rows of the file
    where its bound lies below the number of the undo; one of an earlier release has none, and goes by the times. What
    developers' targets hold, whose schemas have other names, no plan rebuilds.
    """
    runs = (
        "select run_id, min(frozen_at) as frozen_at, max(upto_seq) as upto_seq from ops.run_bounds "
        f"where dataset = {literal(dataset)} group by run_id"
    )

    def that_counts(column: str) -> str:
        return f"coalesce(max(case when loads.from_seq = 0 then runs.{column} end), min(runs.{column}))"

    return (
        "select count(*) as held from (select files.undone_at, files.undone_seq, "
        f"{that_counts('upto_seq')} as read_upto, {that_counts('frozen_at')} as read_at "
        f"from {table('ledger', dataset)} as files inner join ops.model_loads as loads "
        f"on loads.dataset = {literal(dataset)} and loads.model like 'modeled.%' "
        "and files.load_seq > loads.from_seq "
        f"and files.load_seq <= loads.upto_seq inner join ({runs}) as runs on runs.run_id = loads.run_id "
        f'where files.bucket = {literal(bucket)} and files."key" = {literal(key)} '
        f"and files.version_id = {literal(version_id)} and files.undone_at is not null "
        "group by files.file_id, files.undone_at, files.undone_seq, loads.model) as readings "
        f"where case when undone_seq is null then undone_at > dateadd(second, -{MARGIN_SECONDS}, read_at) "
        "else undone_seq > read_upto end"
    )


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


def count_file_rows(dataset: str, file_id: str) -> str:
    """Count the rows of one file in landing.

    >>> print(count_file_rows("orders", "f1"))
    select count(*) as found from landing."orders" where _file_id = 'f1'
    """
    return f"select count(*) as found from {table('landing', dataset)} where _file_id = {literal(file_id)}"


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


def drop_dataset(dataset: str, moved_to: str | None = None) -> list[str]:
    """Drop the landing table, and let the ledger's files count as undone: the statements of one transaction.

    It fails, dividing by zero, where the ledger of the dataset `moved_to` does not have each file that is in landing.

    >>> for sql in drop_dataset("orders"): print(sql[:33])
    lock table lock."orders"
    update lock."orders" set load_seq
    update ledger."orders" set undone
    drop table landing."orders"
    """
    not_moved = f"({select_not_moved(dataset, moved_to)}) as not_moved"
    check = f"select 1 / case when count(*) = 0 then 1 else 0 end as is_moved from {not_moved}"
    return [
        lock_dataset(dataset),
        *([check] if moved_to else []),
        *mark_undone(dataset, "undone_at is null"),
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


def select_smoke(dataset: str, token: str) -> str:
    """Read the row of a smoke test."""
    return f"select token, number from {table('landing', dataset)} where token = {literal(token)}"


def select_not_moved(old: str, new: str | None) -> str:
    """List the files whose rows are in the landing table of `old`, and that the ledger of `new`, if any, has not."""
    known = f" and file_id not in (select file_id from {table('ledger', new)})" if new else ""
    return f'select bucket, "key", version_id from {table("ledger", old)} as files where {is_original("files")}{known}'


def carry_undone(old: str, new: str) -> list[str]:
    """Enter the files that were undone in `old` in the ledger of `new` as undone: the statements of one transaction.

    They have the number of a load of `new` that brings nothing: its models take numbers for how far they have come.
    """
    facts = f"{named(FILE_FACTS)}, load_id"
    return [
        lock_dataset(new),
        advance_counter(new),
        f"insert into {table('ledger', new)} ({facts}, load_seq, loaded_at, undone_at, {UNDONE_SEQ[0]}) "
        f"select {facts}, counter.load_seq, loaded_at, undone_at, counter.load_seq "
        f"from {table('ledger', old)} as files cross join {table('lock', new)} as counter "
        f"where undone_at is not null and file_id not in (select file_id from {table('ledger', new)})",
    ]


def select_models(dataset: str) -> str:
    """List the models that have taken rows of a dataset in."""
    return f"select distinct model from ops.model_loads where dataset = {literal(dataset)} order by model"


def select_files_without_positions(datasets: Sequence[str]) -> list[str]:
    """List the files that landed without the places of their rows; `datasets` keep them."""

    def without(dataset: str) -> str:
        unplaced = f"select _file_id from {table('landing', dataset)} where {ROW_NUMBER} is null"
        return (
            f'select {literal(dataset)} as dataset, file_id, bucket, "key", version_id, row_count '
            f"from {table('ledger', dataset)} where file_id in ({unplaced})"
        )

    return _union_all(datasets, without)


def forget_files(dataset: str, file_ids: Sequence[str]) -> list[str]:
    """Take files out of landing and ledger, as if they had never landed: the statements of one transaction.

    >>> for sql in forget_files("orders", ["f" * 64]): print(sql[:40])
    lock table lock."orders"
    delete from landing."orders" where _file
    delete from ledger."orders" where file_i
    """
    ids = _literals(file_ids)
    return [
        lock_dataset(dataset),
        f"delete from {table('landing', dataset)} where _file_id in ({ids})",
        f"delete from {table('ledger', dataset)} where file_id in ({ids})",
    ]


def select_schema_owners() -> str:
    """List the schemas with their owners (https://docs.aws.amazon.com/redshift/latest/dg/r_PG_NAMESPACE.html)."""
    return (
        "select spaces.nspname as name, users.usename as owner from pg_namespace as spaces "
        "inner join pg_user as users on users.usesysid = spaces.nspowner"
    )


def select_tables(schema: str) -> str:
    """List the tables of a schema."""
    return f"select tablename as name from pg_tables where schemaname = {literal(schema)}"


def select_tables_with(schema: str, columns: Sequence[str]) -> str:
    """List the tables of a schema that have all of some columns.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
    """
    return (
        f"select table_name as name from svv_columns where table_schema = {literal(schema)} "
        f"and column_name in ({_literals(columns)}) group by table_name having count(*) = {len(columns)} "
        "order by table_name"
    )


def select_tables_without_right(right: str, schemas: Iterable[str], tables: Iterable[str] | None = None) -> str:
    """List the tables of some schemas (only those of certain names, where given) on which who asks lacks a right.

    Each user asks for itself: to name a table takes the right to use its schema, which another user may not have.
    https://docs.aws.amazon.com/redshift/latest/dg/r_HAS_TABLE_PRIVILEGE.html
    """
    quoted = "'\"' || schemaname || '\".\"' || tablename || '\"'"
    of_names = f" and tablename in ({_literals(tables)})" if tables else ""
    return (
        f"select schemaname as schema_name, tablename as name from pg_tables where schemaname in ({_literals(schemas)})"
        f"{of_names} and not has_table_privilege({quoted}, {literal(right)})"
    )


def copy_probe(uri: str, role_arn: str) -> list[str]:
    """Copy a file of one INTEGER column into a temporary table that is dropped at once: one transaction."""
    return [
        "create temp table landfall_probe (probe integer)",
        f"copy landfall_probe from {literal(uri)} iam_role {literal(role_arn)} format as parquet",
        "drop table landfall_probe",
    ]


def _literals(values: Iterable[str]) -> str:
    return ", ".join(map(literal, values))


def _union_all(datasets: Sequence[str], select: Callable[[str], str]) -> list[str]:
    """Join one SELECT a dataset into as few statements as the Data API's limit allows.

    Names that are no dataset's (other tables that an operator made beside them) are left out.
    """
    return list(packed([select(dataset) for dataset in datasets if DATASET_NAME.fullmatch(dataset)], " union all "))


def select_alert_views() -> str:
    """Ask whether dbt has built the views of what runs recorded."""
    return "select table_name from svv_tables where table_schema = 'alert' and table_name = 'gate_trend'"


def select_gates(days: int) -> str:
    """Ask for what each gate said last, with its runs of the last days."""
    return (
        "select trend.gate, trend.subject, trend.severity, trend.last_status, trend.last_failures, "
        "trend.failures_change, trend.last_executed_at, days.runs, days.failed_runs "
        "from alert.gate_trend as trend inner join ("
        "select gate, max(result_date) as last_date, sum(runs) as runs, sum(failed_runs) as failed_runs "
        f"from alert.gate_trend where result_date > dateadd(day, -{days}, getdate()) group by gate"
        ") as days on trend.gate = days.gate and trend.result_date = days.last_date"
    )


def select_scores(days: int) -> str:
    """Ask for each subject's last score, and the average of its last days."""
    return (
        "select scores.subject, scores.quality_score, scores.checked_rows, scores.quarantined_rows, "
        "scores.result_date, days.average "
        "from alert.quality_score as scores inner join ("
        "select subject, max(result_date) as last_date, avg(quality_score) as average "
        f"from alert.quality_score where result_date > dateadd(day, -{days}, getdate()) group by subject"
        ") as days on scores.subject = days.subject and scores.result_date = days.last_date"
    )


def select_quarantines(prefix: str) -> str:
    """List the views of quarantined rows that dbt has built (https://docs.aws.amazon.com/redshift/latest/dg/c_intro_catalog_views.html)."""
    return (
        "select viewname as name from pg_views where schemaname = 'gate' "
        f"and strpos(viewname, {literal(prefix)}) = 1 order by viewname"
    )


def select_modeled_datasets() -> str:
    """List the datasets that a model has taken rows of."""
    return "select distinct dataset from ops.model_loads"


def select_quarantined(view: str, entity: str, dataset: str | None, reason: str | None, rows: int) -> str:
    """Read the rows of one such view, the latest first; `dataset` is a dataset, or the entity itself.

    Reasons are joined by a comma and a blank; each is looked for as a whole.
    """
    conditions = []
    if dataset not in (None, entity):
        conditions.append(f"_dataset = {literal(str(dataset))}")
    if reason:
        conditions.append(f"strpos(', ' || reject_reason || ', ', {literal(f', {reason}, ')}) > 0")
    where = f" where {' and '.join(conditions)}" if conditions else ""
    order = "_loaded_at desc, _source_file, _row_number"
    return f"select * from {table('gate', view)}{where} order by {order} limit {rows:d}"
