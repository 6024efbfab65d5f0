"""LAND: all SQL text of the stage, as pure functions.

In: validated names, types, ids. Out: statements, each under the Data API's 100 KB. No value that came from outside
stands in a statement unquoted: identifiers go through `identifier`, text through `literal`, and what the files are
called travels as data, in the parquet file of the batch's ledger rows.
"""

# ruff: noqa: S608 - building SQL is this module's purpose; the tests fuzz its quoting

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest_lambda.routing import DATASET_NAME
from ingest_lambda.sqltypes import SqlType

# https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html
MAX_STATEMENT_BYTES = 100_000
MAX_STATEMENTS = 40
# https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
MAX_IDENTIFIER_BYTES = 127

SAFE_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,62}/[A-Za-z0-9/_.-]+")
SAFE_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9+=,.@_/-]+")
SAFE_ID = re.compile(r"[A-Za-z0-9-]{1,64}")

METADATA_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_file_id", "VARCHAR(64)"),
    ("_source_file", "VARCHAR(1100)"),
    ("_file_modified_at", "TIMESTAMP"),
    ("_load_id", "VARCHAR(64)"),
    ("_load_seq", "BIGINT"),
    ("_loaded_at", "TIMESTAMP"),
)
# The file's own facts in a ledger row: these travel in the batch's ledger file, in this order.
FILE_FACTS: tuple[tuple[str, str], ...] = (
    ("file_id", "VARCHAR(64)"),
    ("bucket", "VARCHAR(63)"),
    ("key", "VARCHAR(4096)"),
    ("version_id", "VARCHAR(1024)"),
    ("etag", "VARCHAR(128)"),
    ("size_bytes", "BIGINT"),
    ("sequencer", "VARCHAR(64)"),
    ("event_time", "TIMESTAMP"),
    ("row_count", "BIGINT"),
    ("schema_fingerprint", "VARCHAR(64)"),
    ("load_path", "VARCHAR(16)"),
)
LOAD_FACTS: tuple[tuple[str, str], ...] = (
    ("load_id", "VARCHAR(64)"),
    ("load_seq", "BIGINT"),
    ("loaded_at", "TIMESTAMP"),
    ("undone_at", "TIMESTAMP"),
)
STAGED_FACTS = (*FILE_FACTS, ("file_modified_at", "TIMESTAMP"))


@dataclass(frozen=True)
class Column:
    """A column of a landing table: its name as the warehouse has it (ASCII letters in lower case), and its type."""

    name: str
    type: SqlType


@dataclass(frozen=True)
class StagedColumn:
    """Where the values of the stage's column number `position` (from 1) go; `cast` where the types differ."""

    position: int
    name: str
    cast: SqlType | None = None


@dataclass(frozen=True)
class StagedFile:
    """One file in its stage: the temporary table, whose file it is, and where its columns go."""

    stage: str
    file_id: str
    columns: tuple[StagedColumn, ...]


def identifier(name: str) -> str:
    """Quote a name (https://docs.aws.amazon.com/redshift/latest/dg/r_names.html).

    >>> print(identifier("Order"), identifier('5" pipe'))
    "order" "5"" pipe"

    Raises:
        ValueError: no identifier of Redshift can have this name.
    """
    if not 0 < len(name.encode("utf-8", "surrogatepass")) <= MAX_IDENTIFIER_BYTES or not name.isprintable():
        raise ValueError(f"{name!r} cannot be an identifier: 1 to {MAX_IDENTIFIER_BYTES} bytes, printable")
    return '"' + fold_case(name).replace('"', '""') + '"'


def fold_case(name: str) -> str:
    """Fold ASCII letters, and only those, to lower case, as Redshift folds identifiers.

    >>> fold_case("Größe_ÄB")
    'größe_Äb'
    """
    return "".join(character.lower() if character.isascii() else character for character in name)


def literal(text: str) -> str:
    r"""Quote a text.

    Redshift reads a backslash in a literal as an escape, PostgreSQL does not: so none is left in one.

    >>> print(literal("it's"), literal("a\\b"))
    'it''s' 'a' || chr(92) || 'b'

    Raises:
        ValueError: the text has a NUL, which no string of Redshift can hold.
    """
    if "\0" in text:
        raise ValueError("a NUL cannot stand in a string")
    return " || chr(92) || ".join("'" + part.replace("'", "''") + "'" for part in text.split("\\"))


def table(schema: str, dataset: str) -> str:
    """Name one of a dataset's three tables.

    >>> table("landing", "orders")
    'landing."orders"'
    """
    if not DATASET_NAME.fullmatch(dataset):
        raise ValueError(f"{dataset!r} is no dataset name")
    return f'{schema}."{dataset}"'


def lock_bootstrap() -> str:
    """Serialise the creation of tables: `CREATE TABLE IF NOT EXISTS` alone can fail when two run it at once."""
    return "lock table lock._bootstrap"


def create_landing(dataset: str, columns: Iterable[Column], *, if_missing: bool = True) -> str:
    """Create `landing.<dataset>`: the file's columns, then the metadata. What is new is a range of the sort key."""
    data = [f"{identifier(column.name)} {column.type}" for column in columns]
    return (
        f"create table {'if not exists ' if if_missing else ''}{table('landing', dataset)} "
        f"({', '.join([*data, _declared(METADATA_COLUMNS)])}) "
        "diststyle auto sortkey (_load_seq) encode auto"
    )


def create_ledger(dataset: str) -> str:
    """Create `ledger.<dataset>`: one row per file version, never deleted."""
    return f"create table if not exists {table('ledger', dataset)} ({_declared((*FILE_FACTS, *LOAD_FACTS))})"


def create_lock(dataset: str) -> str:
    """Create `lock.<dataset>`: the dataset's mutex and its counter."""
    return f"create table if not exists {table('lock', dataset)} (load_seq bigint not null)"


def seed_lock(dataset: str) -> str:
    """Start the counter at 0, once."""
    counter = table("lock", dataset)
    return f"insert into {counter} select 0 where not exists (select 1 from {counter})"


def lock_dataset(dataset: str) -> str:
    """Take the dataset's mutex. First in its transaction, so that the snapshot is taken behind it."""
    return f"lock table {table('lock', dataset)}"


def advance_counter(dataset: str) -> str:
    """Count the transaction. A snapshot older than the mutex becomes a conflict here, and is retried."""
    return f"update {table('lock', dataset)} set load_seq = load_seq + 1"


def add_column(dataset: str, column: Column) -> str:
    """Add a column to `landing.<dataset>`; Redshift adds one a statement."""
    return f"alter table {table('landing', dataset)} add column {identifier(column.name)} {column.type}"


def create_stage(name: str, types: Sequence[SqlType]) -> str:
    """Create the temporary table that one file is copied into: its columns by position, `c1` first.

    >>> from ingest_lambda.sqltypes import BIGINT
    >>> create_stage("stage_1", [BIGINT])
    'create temp table "stage_1" (c1 BIGINT)'
    """
    columns = ", ".join(f"c{position} {type_}" for position, type_ in enumerate(types, start=1))
    return f"create temp table {identifier(name)} ({columns})"


def create_file_stage(name: str) -> str:
    """Create the temporary table that the batch's ledger rows are copied into."""
    return f"create temp table {identifier(name)} ({_declared(STAGED_FACTS)})"


def copy_parquet(name: str, manifest_uri: str, role_arn: str) -> str:
    """Copy what a manifest lists into a temporary table.

    Only parameters that COPY takes for parquet
    (https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html).

    Raises:
        ValueError: the URI or the role has a character that neither ever has.
    """
    if not SAFE_URI.fullmatch(manifest_uri) or not SAFE_ROLE.fullmatch(role_arn):
        raise ValueError(f"unsafe in a COPY: {manifest_uri!r} {role_arn!r}")
    return f"copy {identifier(name)} from '{manifest_uri}' iam_role '{role_arn}' format as parquet manifest"


def count_staged(names: Sequence[str]) -> str:
    """Count the rows of each stage; `stage_number` counts from 0 in the order of `names`."""
    counts = (
        f"select {number} as stage_number, count(*) as row_count from {identifier(name)}"
        for number, name in enumerate(names)
    )
    return " union all ".join(counts)


def insert_rows(dataset: str, load_id: str, files: str, staged: StagedFile) -> str:
    """Insert one staged file into landing, by name, if the ledger does not hold it (undone files included)."""
    _check_ids(load_id, staged.file_id)
    targets = [identifier(column.name) for column in staged.columns]
    values = [_staged_value(column) for column in staged.columns]
    return (
        f"insert into {table('landing', dataset)} ({', '.join([*targets, _named(METADATA_COLUMNS)])}) "
        f"select {', '.join(values)}, files.file_id, 's3://' || files.bucket || '/' || files.\"key\", "
        f"files.file_modified_at, '{load_id}', counter.load_seq, sysdate "
        f"from {identifier(staged.stage)} as staged cross join {identifier(files)} as files "
        f"cross join {table('lock', dataset)} as counter "
        f"where files.file_id = '{staged.file_id}' and {_not_in_ledger(dataset)}"
    )


def insert_ledger(dataset: str, load_id: str, files: str, file_ids: Sequence[str]) -> str:
    """Enter the files `file_ids` of the batch in the ledger, but for those it holds."""
    _check_ids(load_id, *file_ids)
    facts = ", ".join(f"files.{identifier(name)}" for name, _ in FILE_FACTS)
    listed = ", ".join(f"'{file_id}'" for file_id in file_ids)
    return (
        f"insert into {table('ledger', dataset)} ({_named(FILE_FACTS)}, load_id, load_seq, loaded_at) "
        f"select {facts}, '{load_id}', counter.load_seq, sysdate "
        f"from {identifier(files)} as files cross join {table('lock', dataset)} as counter "
        f"where files.file_id in ({listed}) and {_not_in_ledger(dataset)}"
    )


def select_outcomes(dataset: str, files: str) -> str:
    """Read what the ledger says of the batch's files."""
    return (
        "select loaded.file_id, loaded.load_id, loaded.load_seq, loaded.row_count, loaded.undone_at "
        f"from {table('ledger', dataset)} as loaded "
        f"inner join {identifier(files)} as files on files.file_id = loaded.file_id"
    )


def drop_stages(names: Iterable[str]) -> str:
    """Drop the temporary tables of a load; its session goes on to serve the next."""
    return f"drop table {', '.join(map(identifier, names))}"


def select_columns(dataset: str) -> str:
    """Read the columns of `landing.<dataset>`; no row where the table does not exist.

    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_COLUMNS.html
    """
    return (
        "select column_name, data_type, character_maximum_length, numeric_precision, numeric_scale from svv_columns "
        f"where table_schema = 'landing' and table_name = {literal(dataset)} order by ordinal_position"
    )


def select_rejected(file_ids: Sequence[str]) -> str:
    """Read which of the file versions have a row in `ops.rejected_files`."""
    _check_ids(*file_ids)
    listed = ", ".join(f"'{file_id}'" for file_id in file_ids)
    return f"select file_id from ops.rejected_files where file_id in ({listed})"


def insert_rejection(values: dict[str, str]) -> str:
    """Append a row to `ops.rejected_files` (column -> value), if that file version has none yet."""
    file_id = values["file_id"]
    _check_ids(file_id)
    return (
        f"insert into ops.rejected_files ({', '.join(map(identifier, values))}, rejected_at) "
        f"select {', '.join(map(literal, values.values()))}, sysdate "
        f"where not exists (select 1 from ops.rejected_files where file_id = '{file_id}')"
    )


def size_of(statement: str) -> int:
    """Measure a statement as the Data API does, in bytes."""
    return len(statement.encode())


def _staged_value(column: StagedColumn) -> str:
    value = f"staged.c{column.position}"
    return f"cast({value} as {column.cast})" if column.cast else value


def _not_in_ledger(dataset: str) -> str:
    return f"not exists (select 1 from {table('ledger', dataset)} as loaded where loaded.file_id = files.file_id)"


def _declared(columns: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{identifier(name)} {type_}" for name, type_ in columns)


def _named(columns: Iterable[tuple[str, str]]) -> str:
    return ", ".join(identifier(name) for name, _ in columns)


def _check_ids(*ids: str) -> None:
    for id_ in ids:
        if not SAFE_ID.fullmatch(id_):
            raise ValueError(f"{id_!r} is no id")
