"""What the tests of the local Redshift share: a client, and parquet in the local S3 for COPY."""

from __future__ import annotations

import io
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
import redshift_connector
from redshift_connector.error import Error

Rows = list[tuple[Any, ...]]


@dataclass
class Client:
    """One redshift_connector connection, in autocommit."""

    facts: dict[str, Any]
    user: str = ""
    password: str = ""
    application: str | None = None
    connection: Any = field(init=False)

    def __post_init__(self) -> None:
        self.connection = redshift_connector.connect(
            host=self.facts["host"],
            port=self.facts["wire_port"],
            database=self.facts["database"],
            user=self.user or self.facts["admin_user"],
            password=self.password or self.facts["admin_password"],
            ssl=False,
            application_name=self.application,
        )
        self.connection.autocommit = True

    def run(self, *statements: str) -> Rows:
        """Run statements; return the rows of the last, none if it brings none."""
        cursor = self.connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []

    def value(self, sql: str) -> Any:
        """Return the first value of a query."""
        return self.run(sql)[0][0]

    def error(self, *statements: str) -> dict[str, str]:
        """Run statements of which the last must fail; return its error's protocol fields."""
        self.run(*statements[:-1])
        try:
            self.run(statements[-1])
        except Error as error:
            fields: dict[str, str] = error.args[0]
            return fields
        raise AssertionError(f"did not fail: {statements[-1]}")

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def psycopg2_connection(
    facts: dict[str, Any], schema: str = "public", port: str = "wire_port", sslmode: str = "disable"
) -> Any:
    """Return a connection that sends statements as simple queries, in autocommit, as the Data API does.

    `port`: "postgres_port" for the PostgreSQL behind the front, to make there what the front would refuse.
    """
    connection = psycopg2.connect(
        host=facts["host"], port=facts[port], dbname=facts["database"], user=facts["admin_user"],
        password=facts["admin_password"], sslmode=sslmode,
    )  # fmt: skip
    connection.autocommit = True
    connection.cursor().execute(f"set search_path to {schema}")
    return connection


def drop_owned(facts: dict[str, Any], user: str) -> None:
    """Drop what belongs to a user and take back what was granted to him; Redshift has no command that does."""
    connection = psycopg2_connection(facts, port="postgres_port")
    connection.cursor().execute(f"drop owned by {user} cascade")
    connection.close()


@dataclass
class Lake:
    """A bucket of the local S3, and the role that COPY reads it with."""

    s3: Any
    iam: Any
    bucket: str
    role: str = field(init=False)

    def __post_init__(self) -> None:
        self.role = self.role_for(self.bucket)

    def role_for(self, bucket: str) -> str:
        """Make a role that Redshift may assume and that may read the bucket; return its ARN."""
        trust = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
        read = {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        }
        trusted, allowed = (json.dumps({"Version": "2012-10-17", "Statement": [part]}) for part in (trust, read))
        role = self.iam.create_role(RoleName=bucket, AssumeRolePolicyDocument=trusted)
        self.iam.put_role_policy(RoleName=bucket, PolicyName="read", PolicyDocument=allowed)
        return str(role["Role"]["Arn"])

    def put(self, table: pa.Table | bytes, key: str = "", **options: Any) -> str:
        """Put a table as parquet (or bytes as they are) under a new key; return its s3:// address."""
        key = key or f"{uuid.uuid4().hex}.parquet"
        body = table if isinstance(table, bytes) else to_parquet(table, **options)
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def manifest(self, *entries: dict[str, Any]) -> str:
        """Put a manifest of these entries; return its s3:// address."""
        return self.put(json.dumps({"entries": entries}).encode(), f"{uuid.uuid4().hex}.manifest")

    def entry(self, url: str) -> dict[str, Any]:
        """Return a manifest entry with the object's true length."""
        key = url.removeprefix(f"s3://{self.bucket}/")
        size = self.s3.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        return {"url": url, "mandatory": True, "meta": {"content_length": size}}

    def copy(self, table: str, url: str, options: str = "") -> str:
        """Return a COPY of parquet."""
        return f"copy {table} from '{url}' iam_role '{self.role}' format as parquet {options}"


class Exports:
    """A prefix of the lake's bucket that a role of its own may write below."""

    def __init__(self, lake: Lake, role: str) -> None:
        self.lake, self.role = lake, role
        self.prefix = f"exports/{uuid.uuid4().hex}/"

    def unload(self, query: str, options: str = "", below: str = "", form: str = "format as parquet") -> str:
        """Return an UNLOAD of a query."""
        quoted = query.replace("'", "''")
        to = f"s3://{self.lake.bucket}/{self.prefix}{below}"
        return f"unload ('{quoted}') to '{to}' iam_role '{self.role}' {form} {options}"

    def listed(self) -> list[str]:
        """List what stands below the prefix, without it."""
        listed = self.lake.s3.list_objects_v2(Bucket=self.lake.bucket, Prefix=self.prefix)
        return [entry["Key"].removeprefix(self.prefix) for entry in listed.get("Contents", [])]

    def body(self, key: str) -> bytes:
        body: bytes = self.lake.s3.get_object(Bucket=self.lake.bucket, Key=self.prefix + key)["Body"].read()
        return body

    def files(self) -> dict[str, pq.ParquetFile]:
        """Open the parquet files by key."""
        return {key: pq.ParquetFile(io.BytesIO(self.body(key))) for key in self.listed() if key.endswith(".parquet")}

    def rows(self) -> list[dict[str, Any]]:
        """Read every row of every file."""
        return [row for file in self.files().values() for row in file.read().to_pylist()]


def to_parquet(table: pa.Table, **options: Any) -> bytes:
    """Return a table as a parquet file."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


@dataclass
class External:
    """An external schema, its database of the Data Catalog, its role, and the folder of its tables."""

    name: str
    database: str
    role: str
    lake: Lake
    glue: Any

    def folder(self, name: str = "") -> str:
        """Return the address of a table's folder."""
        return (
            f"s3://{self.lake.bucket}/{self.database}/{name}/" if name else f"s3://{self.lake.bucket}/{self.database}/"
        )

    def put(self, table: pa.Table | bytes, path: str) -> None:
        """Put a file below the folder."""
        self.lake.put(table, f"{self.database}/{path}")

    def create(self, table: str, columns: str, rest: str = "stored as parquet") -> str:
        """Return a CREATE EXTERNAL TABLE."""
        return f"create external table {self.name}.{table} ({columns}) {rest} location '{self.folder(table)}'"
