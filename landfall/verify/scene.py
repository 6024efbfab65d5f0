"""OPERATE: where probes are tried: a schema and objects of their own, which are taken away again.

In: a deployed stack, and the administrator's secret. Out: a `Scene`. What is tried is tried as the loader, the user who
lands; the administrator makes the schema and drops it, and nothing else in the warehouse is touched.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from ingest_lambda.warehouse.client import Connection, Outcome, retry_conflicts
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.deploy import bootstrap

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from landfall.stack import Stack

Rows = list[tuple[Any, ...]]
# A statement by itself, or several as one transaction.
Step = str | Sequence[str]
LOADER, TRANSFORMER, ADMINISTRATOR = "loader", "transformer", "administrator"
AT_ONCE = 4


@dataclass
class Scene:
    """A schema of its own, users who try things in it, and a place for objects that COPY reads."""

    database: str
    schema: str
    role: str
    export_role: str
    bucket: str
    prefix: str
    exports: str  # the folder that UNLOAD writes below, as a key's beginning
    s3: S3Client
    users: Mapping[str, Warehouse]
    keys: list[str] = field(default_factory=list)

    def run(self, steps: Sequence[Step], last_by: str = LOADER) -> Rows:
        """Run steps one after the other, the last one as a user; return the rows of its last statement."""
        if last_by != LOADER:
            self.run(steps[:-1])
            steps = steps[-1:]
        rows: Rows = []
        with self.users[last_by].session() as session:
            for step in steps:
                rows = self._run(session, step)
        return rows

    def at_once(self, statements: Sequence[str]) -> None:
        """Run one transaction several times at the same time, each again while it loses against another."""
        filled = [self.fill(sql) for sql in statements]

        def once(_: int) -> Outcome:
            return retry_conflicts(lambda: self.users[LOADER].transaction(filled))

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(once, range(AT_ONCE)))

    def fill(self, sql: str) -> str:
        """Put the scene's names into a probe's SQL."""
        values = {
            "database": self.database,
            "schema": self.schema,
            "role": self.role,
            "export_role": self.export_role,
            "staging": self.uri(""),
            "exports": f"s3://{self.bucket}/{self.exports}",
        }
        for name, value in values.items():
            sql = sql.replace(f"{{{name}}}", value)
        return sql

    def exported(self, folder: str) -> dict[str, bytes]:
        """Return what UNLOAD has written into a folder, by the names below it."""
        prefix = f"{self.exports}{folder}"
        return {
            key.removeprefix(prefix): self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
            for key in self.exported_keys(prefix)
        }

    def exported_keys(self, prefix: str) -> list[str]:
        """List the keys of what UNLOAD has written; a probe writes a few files."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [each["Key"] for each in listed.get("Contents", [])]

    def uri(self, name: str) -> str:
        """Return the address of an object of the scene."""
        return f"s3://{self.bucket}/{self.prefix}{name}"

    def put(self, name: str, body: bytes) -> int:
        """Store an object; return its size in bytes."""
        self.keys.append(self.prefix + name)
        self.s3.put_object(Bucket=self.bucket, Key=self.prefix + name, Body=body)
        return len(body)

    def put_parquet(self, name: str, table: pa.Table, *, int96: bool = False) -> int:
        """Store a table as parquet; return its size in bytes."""
        sink = io.BytesIO()
        pq.write_table(table, sink, use_deprecated_int96_timestamps=int96)
        return self.put(name, sink.getvalue())

    def _run(self, session: Connection, step: Step) -> Rows:
        if isinstance(step, str):
            return [tuple(row.values()) for row in session.query(self.fill(step))]
        outcome = session.transaction([self.fill(sql) for sql in step])
        last = len(step) - 1
        return [tuple(row.values()) for row in outcome.rows(last)] if outcome.has_rows(last) else []


@contextmanager
def scene(stack: Stack, admin_secret: str) -> Iterator[Scene]:
    """Make a scene on a deployed stack, and take it away again, whatever happens in it.

    Raises:
        ConfigError: there is no such secret, or the administrator cannot log in or may not create a schema.
    """
    _require_secret(admin_secret)
    name = f"verify_{uuid.uuid4().hex[:12]}"
    users = {
        ADMINISTRATOR: stack.warehouse_with(admin_secret),
        LOADER: stack.warehouse_as("LoaderSecretArn"),
        TRANSFORMER: stack.warehouse_as("TransformerSecretArn"),
    }
    roles = stack.output("CopyRoleArn"), stack.output("ExportRoleArn")
    places = stack.output("DatabaseName"), name
    made = Scene(*places, *roles, stack.bucket, f"staging/{name}/", f"exports/{name}/", stack.s3, users)
    users[ADMINISTRATOR].transaction(
        [
            f"create schema {name} authorization {bootstrap.LOADER}",
            f"grant usage on schema {name} to {bootstrap.TRANSFORMER}",
            f"alter default privileges for user {bootstrap.LOADER} in schema {name} "
            f"grant select on tables to {bootstrap.TRANSFORMER}",
        ]
    )
    try:
        yield made
    finally:
        with suppress(Exception):  # the bucket's life cycle removes what stays under staging/
            for key in (*made.keys, *made.exported_keys(made.exports)):
                made.s3.delete_object(Bucket=made.bucket, Key=key)
        users[ADMINISTRATOR].execute(f"drop schema {name} cascade")


def _require_secret(name: str) -> None:
    try:
        boto3.client("secretsmanager").describe_secret(SecretId=name)
    except ClientError as error:
        raise ConfigError(
            f"no secret {name} with the administrator's login ({error}): name it with --admin-secret-arn"
        ) from error
