"""Redshift's Data API in memory: sessions, batches that commit or not, COPY, on an SQLite that lives in this process.

In: the statements of landing and of the operator's commands, as they are. Out: what the Data API answers. It keeps the
contract that landing rests on: a batch is one transaction, sessions have temporary tables of their own, a statement may
run on after whoever sent it has died. One transaction follows the other here: that two meet is the SQL layer's matter.
"""

# ruff: noqa: S608 - a warehouse of these tests' own

from __future__ import annotations

import functools
import io
import itertools
import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.warehouse.ddl import CATALOG_NAMES
from landfall.deploy import bootstrap
from tests.chaos.memory_aws import MemoryS3, refuse

SCHEMAS = ("landing", "ledger", "lock", "ops")
COPY = re.compile(r"copy (\S+) from 's3://[^/]+/(\S+)' iam_role '\S+' format as parquet( manifest)?")
DECLARED = re.compile(r"([A-Z ]+?)(?:\((\d+)(?:,(\d+))?\))?")
# What SQLite says otherwise, or lacks.
REWRITES = (
    (re.compile(r" diststyle even .*"), ""),
    (re.compile(r"\bsysdate\b"), "getdate()"),
    (re.compile(r"1 / (case when .*? end)"), r"inverse(\1)"),
    (re.compile(r"\(max\)"), ""),
    (re.compile(r"\bleft\(([^,()]+), (\d+)\)"), r"substr(\1, 1, \2)"),
    (re.compile(r" as (?:TIMESTAMP|DATE|TIME)\)"), " as TEXT)"),
)
WORDS = (
    (re.compile(r"no such table: (\S+)"), r'relation "\1" does not exist'),
    (re.compile(r"no such column: (\S+)"), r'column "\1" does not exist'),
    (re.compile(r".* has no column named (\S+)"), r'column "\1" of relation does not exist'),
    (re.compile(r"duplicate column name: (\S+)"), r'column "\1" of relation already exists'),
)
CATALOG = (
    "create table {name} (table_schema text, table_name text, column_name text, data_type text, "
    "character_maximum_length int, numeric_precision int, numeric_scale int, ordinal_position int)"
)


@dataclass
class Run:
    """A statement or a batch: its SQL, its session, and what came of it."""

    sqls: Sequence[str]
    session: str | None
    status: str = "SUBMITTED"
    error: str = ""
    results: list[tuple[list[str], list[tuple[Any, ...]], int]] = field(default_factory=list)

    @property
    def has_result_set(self) -> bool:
        return any(columns for columns, _, _ in self.results)


class MemoryRedshift:
    """The Data API's client, and the warehouse behind it. `s3`: where COPY reads.

    `holds_next`: the next statement runs when somebody asks for it, or at `let_run`.
    """

    def __init__(self, s3: MemoryS3) -> None:
        self._s3 = s3
        self._database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for schema in SCHEMAS:
            self._database.execute(f"attach ':memory:' as {schema}")
        for name, arguments, function in (
            ("getdate", 0, lambda: datetime.now(UTC).replace(tzinfo=None).isoformat(" ")),
            ("inverse", 1, lambda value: 1 // value),
            ("strpos", 2, lambda text, part: None if text is None else text.find(part) + 1),
            ("chr", 1, chr),
            ("json_parse", 1, lambda value: value),
            ("json_extract_path_text", 2, lambda text, name: None if text is None else json.loads(text).get(name)),
            ("octet_length", 1, lambda value: None if value is None else len(str(value).encode())),
        ):
            self._database.create_function(name, arguments, function)
        self._runs: dict[str, Run] = {}
        self._temporary: dict[str, list[str]] = {}
        self._held: list[Run] = []
        self._ids = itertools.count(1)
        self._is_catalog_old = True
        self.holds_next = False
        for name in ("svv_columns", "svv_tables"):
            self._database.execute(CATALOG.format(name=name))
        told = "table_schema as schemaname, table_name as tablename"
        self._database.execute(f"create temp view pg_tables as select {told} from svv_tables")
        for sql in bootstrap.ops_statements():
            self._database.execute(_spelled(sql))

    def execute_statement(self, *, Sql: str, **request: Any) -> dict[str, Any]:  # noqa: N803 - boto3's names
        for parameter in request.get("Parameters", ()):
            Sql = Sql.replace(f":{parameter['name']}", "'" + parameter["value"].replace("'", "''") + "'")  # noqa: N806
        return self._submit([Sql], request)

    def batch_execute_statement(self, *, Sqls: Sequence[str], **request: Any) -> dict[str, Any]:  # noqa: N803
        return self._submit(list(Sqls), request)

    def describe_statement(self, *, Id: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        run = self._runs[Id]
        self._execute(run)
        parts: list[dict[str, Any]] = [
            {"Id": f"{Id}:{number}", "Status": "FINISHED", "ResultRows": count}
            for number, (_, _, count) in enumerate(run.results, start=1)
        ]
        if run.status == "FAILED":
            parts.append({"Id": f"{Id}:{len(parts) + 1}", "Status": "FAILED", "Error": run.error})
        whole: dict[str, Any] = {"Id": Id, "Status": run.status, "Error": run.error, "SubStatements": parts}
        return whole | {"HasResultSet": run.has_result_set, "ResultRows": run.results[-1][2] if run.results else 0}

    def get_statement_result(self, *, Id: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        name, number = [*Id.split(":"), "1"][:2]
        columns, rows = self._runs[name].results[int(number) - 1][:2]
        metadata = [{"name": column} for column in columns]
        return {"Records": [list(map(_field, row)) for row in rows], "ColumnMetadata": metadata}

    def let_run(self) -> None:
        """Let statements run to their ends that were held, and that nobody has asked for."""
        held, self._held = self._held, []
        for run in held:
            self._execute(run)

    def _submit(self, sqls: Sequence[str], request: Mapping[str, Any]) -> dict[str, Any]:
        session = request.get("SessionId")
        if session is not None and session not in self._temporary:
            raise refuse("ValidationException", "ExecuteStatement", "Session is not available.")
        if session is None and "SessionKeepAliveSeconds" in request:
            session = f"session-{next(self._ids)}"
            self._temporary[session] = []
        name = f"statement-{next(self._ids)}"
        run = self._runs[name] = Run(sqls, session)
        is_held, self.holds_next = self.holds_next, False
        if not is_held:
            self.let_run()
        self._held.append(run)
        if not is_held:
            self.let_run()
        if request.get("SessionKeepAliveSeconds") == 0 and session is not None:
            for table in self._temporary.pop(session):
                self._database.execute(f"drop table if exists temp.{table}")
        shown = {"Id": name, "SessionId": session}
        return shown | (
            {"Status": run.status, "HasResultSet": run.has_result_set} if "WaitTimeSeconds" in request else {}
        )

    def _execute(self, run: Run) -> None:
        if run.status != "SUBMITTED":
            return
        self._database.execute("begin")
        try:
            for sql in run.sqls:
                run.results.append(self._statement(sql, run.session))
        except (sqlite3.Error, ArithmeticError) as error:
            self._database.execute("rollback")
            self._is_catalog_old = True
            run.status, run.error = "FAILED", _worded(error)
        else:
            self._database.execute("commit")
            run.status = "FINISHED"

    def _statement(self, sql: str, session: str | None) -> tuple[list[str], list[tuple[Any, ...]], int]:
        if sql.startswith("lock table "):
            return [], [], 0
        if copy := COPY.fullmatch(sql):
            return [], [], self._copy(copy[1], copy[2], is_manifest=bool(copy[3]))
        if sql.startswith("drop table "):
            for name in sql.removeprefix("drop table ").split(", "):
                self._database.execute(f"drop table {name}")
            return [], [], 0
        if made := re.match(r"create temp table (\S+)", sql):
            self._temporary[str(session)].append(made[1])
        if ("svv_" in sql or "pg_tables" in sql) and self._is_catalog_old:
            self._read_catalog()
            self._is_catalog_old = False
        if sql.startswith(("create table", "alter table")):
            self._is_catalog_old = True
        cursor = self._database.execute(_spelled(sql))
        columns = [each[0] for each in cursor.description or ()]
        rows = cursor.fetchall()
        return columns, rows, len(rows) if columns else max(cursor.rowcount, 0)

    def _copy(self, table: str, key: str, *, is_manifest: bool) -> int:
        keys = [key]
        if is_manifest:
            listed = json.loads(self._body(key))["entries"]
            keys = [entry["url"].split("/", 3)[3] for entry in listed]
        count = 0
        for each in keys:
            try:
                read = pq.ParquetFile(io.BytesIO(self._body(each))).read(use_threads=False)
            except (pa.ArrowException, OSError) as error:
                raise sqlite3.OperationalError(f"Spectrum Scan Error code: 15001 {error}") from error
            rows = [tuple(map(_stored, row.values())) for row in read.to_pylist()]
            marks = ", ".join("?" * read.num_columns)
            self._database.executemany(f"insert into {table} values ({marks})", rows)
            count += len(rows)
        return count

    def _body(self, key: str) -> bytes:
        found = self._s3.versions.get(key) or []
        if not found or found[-1].body is None:
            raise sqlite3.OperationalError(f"S3ServiceException: NoSuchKey {key}")
        return found[-1].body

    def _read_catalog(self) -> None:
        self._database.execute("delete from svv_columns")
        self._database.execute("delete from svv_tables")
        for schema in SCHEMAS:
            tables = [name for (name,) in self._database.execute(f"select name from {schema}.sqlite_master").fetchall()]
            for table in tables:
                columns = self._database.execute(f"pragma {schema}.table_info('{table}')").fetchall()
                rows = [(schema, table, name, *_catalogued(type_), number) for number, name, type_, *_ in columns]
                self._database.executemany("insert into svv_columns values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
                self._database.execute(
                    "insert into svv_tables (table_schema, table_name) values (?, ?)", (schema, table)
                )


def _spelled(sql: str) -> str:
    for pattern, spelled in REWRITES:
        sql = pattern.sub(spelled, sql)
    return sql


def _worded(error: Exception) -> str:
    text = str(error)
    if "user-defined function" in text:
        return "ERROR: division by zero"
    for pattern, words in WORDS:
        text = pattern.sub(words, text)
    return f"ERROR: {text}"


@functools.cache
def _catalogued(declared: str) -> tuple[str, int | None, int | None, int | None]:
    found = DECLARED.fullmatch(declared.upper())
    name, first, second = found.groups() if found else (declared, None, None)
    length = int(first) if first and name in ("VARCHAR", "CHAR") else None
    precision, scale = (int(first), int(second or 0)) if first and name == "DECIMAL" else (None, None)
    return CATALOG_NAMES.get(name, name.lower()), length, precision, scale


def _stored(value: object) -> Any:
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _field(value: object) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    return {"longValue": value} if isinstance(value, int) else {"stringValue": str(value)}
