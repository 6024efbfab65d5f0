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

from ingest_lambda.same_object import is_same_object
from ingest_lambda.warehouse.sqltypes import Restore, SqlType

# https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html
MAX_STATEMENT_BYTES = 100_000
MAX_STATEMENTS = 40
# https://docs.aws.amazon.com/redshift/latest/dg/r_names.html
MAX_IDENTIFIER_BYTES = 127

DATASET_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
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
METADATA = {name for name, _ in METADATA_COLUMNS}
OURS = "_landfall_"  # begins the names of columns that a landing table has for the moment of a transaction
# Of a dataset that declares `changes`: the row's place in its file, counted from 1; NULL of rows that landed before the
# dataset declared it. It lands as the columns of the file do.
ROW_NUMBER = "_row_number"
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
# Which columns came from the file's path, as a JSON list. Ledgers of datasets that were first seen before there were
# such columns lack it, and so tell that a dataset takes none unless its contract says so.
PATH_FACT = ("path_columns", "VARCHAR(4096)")
# What the timestamps of its columns are (ingest_lambda/warehouse/clocks.py). Older ledgers get it when a file with
# timestamps comes.
CLOCK_FACT = ("timestamp_kinds", "VARCHAR(65535)")
LOAD_FACTS: tuple[tuple[str, str], ...] = (
    ("load_id", "VARCHAR(64)"),
    ("load_seq", "BIGINT"),
    ("loaded_at", "TIMESTAMP"),
    ("undone_at", "TIMESTAMP"),
)
# Which of the dataset's transactions, counted with its loads, has undone the file (ingest_lambda/warehouse/undone.py).
UNDONE_SEQ = ("undone_seq", "BIGINT")
# ... of the mutex: which of them has dropped the dataset last. NULL: none, as long as its landing table stands.
DROPPED_SEQ = ("dropped_seq", "BIGINT")
# ... with the number that the file has in its load, which ties the staged rows to their file, and what they say of it.
STAGED_FACTS = (
    ("file_number", "INTEGER"),
    *FILE_FACTS,
    PATH_FACT,
    CLOCK_FACT,
    ("file_modified_at", "TIMESTAMP"),
    ("source_file", "VARCHAR(1100)"),
)


@dataclass(frozen=True)
class Column:
    """A column of a landing table: its name as the warehouse has it (ASCII letters in lower case), and its type."""

    name: str
    type: SqlType


@dataclass(frozen=True)
class Widening:
    """A column of landing that takes on a wider type: `found` before, `into` after."""

    column: str
    found: SqlType
    into: SqlType


@dataclass(frozen=True)
class Stage:
    """The temporary table that the rows of a load are copied into: columns `c1`, `c2`, ... by position.

    `numbered`: a column `file_number` stands first and says which file a row is from; else all are of one file.
    """

    name: str
    types: tuple[SqlType, ...]
    numbered: bool


@dataclass(frozen=True)
class Target:
    """A column of landing, and the expression over the row `staged` that is its value."""

    column: str
    value: str


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
    if name.isascii():
        return name.lower()
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


def lock_dataset(dataset: str) -> str:
    """Take the dataset's mutex. First in its transaction, so that the snapshot is taken behind it."""
    return f"lock table {table('lock', dataset)}"


def advance_counter(dataset: str, only_if: Sequence[str] = ()) -> str:
    """Count the transaction. A snapshot older than the mutex becomes a conflict here, and is retried.

    `only_if` are conditions as those of `insert_ledger`, which has them as long as they fit it.
    """
    held = f" where {' and '.join(only_if)}" if only_if else ""
    return f"update {table('lock', dataset)} set load_seq = load_seq + 1{held}"


def create_stage(stage: Stage) -> str:
    """Create the temporary table of a load.

    >>> from ingest_lambda.warehouse.sqltypes import BIGINT
    >>> create_stage(Stage("stage_1", (BIGINT,), numbered=True))
    'create temp table "stage_1" (file_number INTEGER, c1 BIGINT)'
    """
    columns = [f"c{position} {type_}" for position, type_ in enumerate(stage.types, start=1)]
    number = ["file_number INTEGER"] if stage.numbered else []
    return f"create temp table {identifier(stage.name)} ({', '.join(number + columns)})"


def create_file_stage(name: str, path_types: Sequence[SqlType] = ()) -> str:
    """Create the temporary table that the facts of a load's files are copied into.

    `path_types`: of the columns `p1`, `p2`, ... that hold what the path says of the rows, where all are of one file.
    """
    said = [(f"p{position}", str(type_)) for position, type_ in enumerate(path_types, start=1)]
    return f"create temp table {identifier(name)} ({declared((*STAGED_FACTS, *said))})"


def copy_parquet(name: str, uri: str, role_arn: str, *, manifest: bool = False) -> str:
    """Copy an object, or what a manifest lists, into a temporary table.

    Only parameters that COPY takes for parquet
    (https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html). Without a manifest the
    URI is a prefix of keys: it must be a whole key, and no other may start with it.

    Raises:
        ValueError: the URI or the role has a character that neither ever has.
    """
    if not SAFE_URI.fullmatch(uri) or not SAFE_ROLE.fullmatch(role_arn):
        raise ValueError(f"unsafe in a COPY: {uri!r} {role_arn!r}")
    copy = f"copy {identifier(name)} from '{uri}' iam_role '{role_arn}' format as parquet"
    return f"{copy} manifest" if manifest else copy


def select_miscounted(stage: Stage, files: str, conditions: Sequence[str] = ()) -> str:
    """Find the files of which another number of rows was staged than promised.

    `conditions`, over `staged` and `files`, hold for each row that counts, of a file that is alone in its load.
    """
    rows, what = identifier(stage.name), "*"
    if conditions:
        rows = f"{rows} as staged cross join {identifier(files)} as files"
        what = f"case when {' and '.join(conditions)} then 1 end"
    counted = f"{'file_number, ' if stage.numbered else ''}count({what}) as row_count"
    group, join = (
        (" group by file_number", "left join {} on staged.file_number = files.file_number")
        if stage.numbered
        else ("", "cross join {}")
    )
    staged = f"(select {counted} from {rows}{group}) as staged"
    return (
        "select files.file_number, files.row_count as promised, coalesce(staged.row_count, 0) as found "
        f"from {identifier(files)} as files {join.format(staged)} "
        "where coalesce(staged.row_count, 0) <> files.row_count"
    )


def insert_rows(
    dataset: str, load_id: str, stage: Stage, files: str, targets: Sequence[Target], *, restores: bool = False
) -> str:
    """Insert the staged rows into landing, by name, of the files that the ledger does not hold (undone ones included).

    A row whose file is not among `files` stays behind. With `restores`, the rows of a file that were removed come back,
    as of the load that they came with: models have taken it in, and it stands where it stood in the order of loads.
    An object that has taken the place of such a file, and its id, is not that file (`is_same_object`).

    What is the same in every row is not made row by row: the counter is asked once, since joined without a condition it
    is a nested loop (https://docs.aws.amazon.com/redshift/latest/dg/query-performance-improvement-opportunities.html),
    and the file's address is a fact. Where the counter is missing nothing is inserted here, as nothing in the ledger.
    """
    _check_ids(load_id)
    counter = table("lock", dataset)
    names = [identifier(target.column) for target in targets]
    values = [*(target.value for target in targets), "files.file_id"]
    join = "inner join {} on files.file_number = staged.file_number" if stage.numbered else "cross join {}"
    return (
        f"insert into {table('landing', dataset)} ({', '.join([*names, named(METADATA_COLUMNS)])}) "
        f"select {', '.join(values)}, files.source_file, files.file_modified_at, "
        f"{_load_of_rows(load_id, counter, restores=restores)} "
        f"from {identifier(stage.name)} as staged {join.format(f'{identifier(files)} as files')} "
        f"{_removed(dataset) if restores else ''}"
        f"where {_has_no_rows() if restores else not_in_ledger(dataset)} and exists (select 1 from {counter})"
    )


def _load_of_rows(load_id: str, counter: str, *, restores: bool) -> str:
    facts = (f"'{load_id}'", f"(select load_seq from {counter})", "sysdate")
    names = ("load_id", "load_seq", "loaded_at")
    return ", ".join(
        f"coalesce(removed.{name}, {fact})" if restores else fact for name, fact in zip(names, facts, strict=True)
    )


def _removed(dataset: str) -> str:
    return f"left join {table('ledger', dataset)} as removed on removed.file_id = files.file_id "


def _has_no_rows() -> str:
    """Ask of a staged file whether the ledger has none of its id, or says that its rows were removed."""
    is_back = f"removed.removed_at is not null and removed.undone_at is null and {is_same_object('removed', 'files')}"
    return f"(removed.file_id is null or ({is_back}))"


def restored(value: str, restore: Restore, landing: SqlType) -> str:
    """Make the landing value of a staged one (https://docs.aws.amazon.com/redshift/latest/dg/JSON_PARSE.html).

    >>> from ingest_lambda.warehouse.sqltypes import SUPER, TIME
    >>> restored("staged.c1", Restore.CAST, TIME), restored("staged.c2", Restore.JSON, SUPER)
    ('cast(staged.c1 as TIME)', 'json_parse(staged.c2)')
    """
    if restore is Restore.JSON:
        return f"json_parse({value})"
    return f"cast({value} as {landing})" if restore is Restore.CAST else value


def equal(one: str, other: str, type_: SqlType) -> str:
    """Ask whether two values of a type are the same, NULL being the same as NULL.

    Redshift compares texts without their trailing blanks
    (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html#r_Character_types-significance-of-trailing-blanks).

    >>> from ingest_lambda.warehouse.sqltypes import DATE
    >>> equal("a", "b", DATE)
    '(a = b or (a is null and b is null))'
    """
    blanks = f" and octet_length({one}) = octet_length({other})" if type_.name in ("VARCHAR", "CHAR") else ""
    return f"({one} = {other}{blanks} or ({one} is null and {other} is null))"


def insert_ledger(
    dataset: str,
    load_id: str,
    files: str,
    only_if: Sequence[str] = (),
    *,
    records_paths: bool = False,
    records_clocks: bool = False,
) -> str:
    """Enter the files of a load in the ledger, but for those it holds.

    `only_if` are conditions that end the transaction where something is not as the load was planned. `records_paths`
    and `records_clocks`: the ledger has the columns PATH_FACT and CLOCK_FACT.
    """
    _check_ids(load_id)
    columns = (*FILE_FACTS, *([PATH_FACT] if records_paths else []), *([CLOCK_FACT] if records_clocks else []))
    facts = ", ".join(f"files.{identifier(name)}" for name, _ in columns)
    return (
        f"insert into {table('ledger', dataset)} ({named(columns)}, load_id, load_seq, loaded_at) "
        f"select {facts}, '{load_id}', counter.load_seq, sysdate "
        f"from {identifier(files)} as files cross join {table('lock', dataset)} as counter "
        f"where {' and '.join([not_in_ledger(dataset), *only_if])}"
    )


def select_outcomes(dataset: str, files: str, *, restores: bool = False) -> str:
    """Read what the ledger says of the load's files; with `restores`, also whether their rows had been removed."""
    return (
        "select files.file_number, loaded.load_id, loaded.load_seq, loaded.load_path, loaded.row_count, loaded.etag, "
        f"loaded.undone_at{', loaded.removed_at' if restores else ''} from {table('ledger', dataset)} as loaded "
        f"inner join {identifier(files)} as files on files.file_id = loaded.file_id"
    )


def drop_stages(names: Iterable[str]) -> str:
    """Drop the temporary tables of a load; its session goes on to serve the next."""
    return f"drop table {', '.join(map(identifier, names))}"


def record_schema_changes(
    dataset: str, changes: Iterable[tuple[str, str | None, str]], load_id: str | None = None
) -> str:
    """Append what a transaction does to landing's columns: the name of each, its type before (None: none) and after.

    >>> print(record_schema_changes("orders", [("note", None, "SUPER"), ("n", "INTEGER", "BIGINT")])[90:])
    values ('orders', 'note', null, 'SUPER', null, getdate()), ('orders', 'n', 'INTEGER', 'BIGINT', null, getdate())
    """

    def text(value: str | None) -> str:
        return "null" if value is None else literal(value)

    rows = (
        f"({literal(dataset)}, {literal(name)}, {text(found)}, {literal(became)}, {text(load_id)}, getdate())"
        for name, found, became in changes
    )
    columns = "dataset, column_name, found, became, load_id, changed_at"
    return f"insert into ops.schema_changes ({columns}) values {', '.join(rows)}"


def size_of(statement: str) -> int:
    """Measure a statement as the Data API does, in bytes."""
    return len(statement.encode())


def not_in_ledger(dataset: str) -> str:
    """Ask of a staged file, as the row `files`, whether the ledger has none of its id."""
    return f"not exists (select 1 from {table('ledger', dataset)} as loaded where loaded.file_id = files.file_id)"


def declared(columns: Iterable[tuple[str, str]]) -> str:
    """Declare columns of a name and a type each."""
    return ", ".join(f"{identifier(name)} {type_}" for name, type_ in columns)


def named(columns: Iterable[tuple[str, str]]) -> str:
    """List the names of columns."""
    return ", ".join(identifier(name) for name, _ in columns)


def _check_ids(*ids: str) -> None:
    for id_ in ids:
        if not SAFE_ID.fullmatch(id_):
            raise ValueError(f"{id_!r} is no id")
