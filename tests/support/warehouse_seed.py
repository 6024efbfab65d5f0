"""Land rows the way the loader does (rows, ledger and counter in one transaction), without S3 and Lambda."""

# ruff: noqa: S608 - the tests' own SQL

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import redshift_connector
from redshift_connector.core import Connection

from ingest_lambda.warehouse import removals
from landfall.operate.statements.transactions import undo_file
from local.home import ROOT
from scripts.contracts import read_contracts

BUCKET = "landfall-test"
NOON = datetime(2025, 11, 13, 12)
# Landing keeps the place of each row in its file where a dataset declares changes.
CHANGE_FEEDS = {dataset for dataset, contract in read_contracts(ROOT).items() if "changes" in contract}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class SeedFile:
    """One version of a file, with its rows."""

    dataset: str
    key: str
    rows: Sequence[Row]
    modified_at: datetime = NOON
    version: str = "1"
    size_bytes: int = 1_000_000
    ends: Sequence["SeedFile"] | None = None  # the files of the snapshot that this one ends, but for itself
    counted_with: "SeedFile | None" = None  # the end of a snapshot that is known to be whole when this file lands

    @property
    def file_id(self) -> str:
        """Return what identifies this version of the file."""
        return hashlib.sha256(f"{BUCKET}|{self.key}|{self.version}".encode()).hexdigest()

    @property
    def source(self) -> str:
        """Return the file's address."""
        return f"s3://{BUCKET}/{self.key}"


@dataclass(frozen=True)
class Warehouse:
    """A user's session in a Redshift."""

    connection: Connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what a query answers."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql)
            return [tuple(row) for row in cursor.fetchall()]

    def value(self, sql: str) -> Any:
        """Return the first value of the first row."""
        return self.rows(sql)[0][0]

    def run(self, *statements: str) -> None:
        """Run statements, each a transaction of its own."""
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def transaction(self, *statements: str) -> None:
        """Run statements as one transaction."""
        self.run("begin", *statements, "commit")

    def land(self, *files: SeedFile) -> None:
        """Land files of one dataset in one load; a file that has landed before changes nothing."""
        (dataset,) = {file.dataset for file in files}
        known = {file_id for (file_id,) in self.rows(f"select file_id from ledger.{dataset}")}
        new = list({file.file_id: file for file in files if file.file_id not in known}.values())
        if not new:
            return
        load_seq = self.value(f"select load_seq from lock.{dataset}") + 1
        self.transaction(
            f"lock lock.{dataset}",
            f"update lock.{dataset} set load_seq = {load_seq}",
            *(statement for file in new for statement in _landing(file, load_seq)),
        )

    def undo(self, file: SeedFile) -> None:
        """Take a file's rows back, as `landfall undo` does."""
        self.transaction(*undo_file(file.dataset, file.file_id))

    def replay(self, file: SeedFile) -> None:
        """Land again what was undone, as `landfall replay --undone` does: the ledger row of the undo stays."""
        known = f"file_id = '{file.file_id}' and undone_at is not null"
        if self.value(f"select count(*) from ledger.{file.dataset} where {known}"):
            self.run(f"update ledger.{file.dataset} set file_id = '{secrets.token_hex(16)}' where {known}")
            self.land(file)

    def may_remove(self, *datasets: str) -> None:
        """Let ledgers say whose rows were removed, as the first removal does."""
        has = "select table_name from svv_columns where table_schema = 'ledger' and column_name = 'removed_at'"
        known = {name for (name,) in self.rows(has)}
        for dataset in datasets:
            if dataset not in known:
                self.run(*removals.add_columns(dataset)[1:])

    def remove(self, file: SeedFile) -> None:
        """Take a file's rows out of landing, as housekeeping does."""
        self.transaction(
            f"update ledger.{file.dataset} set removed_at = getdate() where file_id = '{file.file_id}'",
            f"delete from landing.{file.dataset} where _file_id = '{file.file_id}'",
        )

    def bring_back(self, file: SeedFile) -> None:
        """Land a removed file again, as its load does: under the number that it had."""
        seq = self.value(f"select load_seq from ledger.{file.dataset} where file_id = '{file.file_id}'")
        self.run(f"delete from ledger.{file.dataset} where file_id = '{file.file_id}'")
        self.land(file)
        came_back = f"set load_seq = {seq}, restored_at = getdate() where file_id = '{file.file_id}'"
        self.transaction(
            f"update landing.{file.dataset} set _load_seq = {seq} where _file_id = '{file.file_id}'",
            f"update ledger.{file.dataset} {came_back}",
        )


@contextmanager
def login(facts: Mapping[str, Any], user: str, password: str) -> Iterator[Warehouse]:
    """Open a session whose statements commit on their own, and end it."""
    opened = session(facts, user, password)
    try:
        yield opened
    finally:
        opened.connection.close()


def session(facts: Mapping[str, Any], user: str, password: str) -> Warehouse:
    """Open a session whose statements commit on their own."""
    connection = redshift_connector.connect(
        host=facts["host"],
        port=facts["wire_port"],
        database=facts["database"],
        user=user,
        password=password,
        ssl=False,
    )
    connection.autocommit = True
    return Warehouse(connection)


def literal(value: object) -> str:
    """Write a value as a Redshift literal.

    >>> literal("it's"), literal(None), literal(Decimal("1.50")), literal(NOON)
    ("'it''s'", 'null', '1.50', "timestamp '2025-11-13 12:00:00'")
    """
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return f"timestamp '{value}'"
    if isinstance(value, date):
        return f"date '{value}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, float):  # NaN has no literal of its own
        return f"cast('{value}' as double precision)"
    raise TypeError(f"no literal for {type(value).__name__}")


def _landing(file: SeedFile, load_seq: int) -> Iterator[str]:
    load_id = f"load-{load_seq}"
    if file.rows:
        rows = _numbered(file) if file.dataset in CHANGE_FEEDS else file.rows
        columns = list(rows[0])
        tail = (file.file_id, file.source, file.modified_at, load_id, load_seq)
        values = ", ".join(_tuple([*(row[column] for column in columns), *tail]) for row in rows)
        names = ", ".join([*columns, "_file_id, _source_file, _file_modified_at, _load_id, _load_seq, _loaded_at"])
        yield f"insert into landing.{file.dataset} ({names}) values {values}"
    facts = (file.file_id, BUCKET, file.key, file.version, file.size_bytes, len(file.rows), load_id, load_seq)
    yield (
        f'insert into ledger.{file.dataset} (file_id, bucket, "key", version_id, size_bytes, row_count, load_id,'
        f" load_seq, loaded_at) values {_tuple(facts)}"
    )
    for end in (file, *([file.counted_with] if file.counted_with else [])):
        for member in () if end.ends is None else (*end.ends, end):
            listed = (end.dataset, end.file_id, end.modified_at, member.file_id)
            yield (
                "insert into ops.snapshot_files (dataset, end_file_id, ended_at, file_id, recorded_at)"
                f" values {_tuple(listed)}"
            )


def _numbered(file: SeedFile) -> list[Row]:
    return [{**row, "_row_number": number} for number, row in enumerate(file.rows, start=1)]


def _tuple(values: Sequence[object]) -> str:
    return f"({', '.join(map(literal, values))}, getdate())"
