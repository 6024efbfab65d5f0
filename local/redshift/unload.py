"""One UNLOAD to parquet: a query's rows gathered, written to S3 as Redshift lays them out, the manifest last.

In: an UnloadStatement, the columns and rows of its query as PostgreSQL spells them. Out: objects in S3, or a
RedshiftError. What was written before an error stays, as on Redshift. Which parquet types UNLOAD writes is documented
for SUPER and TIMESTAMPTZ alone; for the others it is the type that COPY reads into the same column.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from botocore.exceptions import BotoCoreError, ClientError

from local.redshift.errors import INTERNAL_ERROR, RedshiftError
from local.redshift.messages import OID_JSONB, OID_TEXT, OID_UNKNOWN, OID_VARCHAR, respelt
from local.redshift.s3_source import client_for_role, refuse_other_region
from local.redshift.unload_statement import UnloadStatement

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SLICES = 2
NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_BOOLEAN, _BPCHAR, _TIMESTAMPTZ, _NUMERIC = 16, 1042, 1184, 1700
_SAME = {
    20: ("bigint", pa.int64()),
    21: ("smallint", pa.int16()),
    23: ("integer", pa.int32()),
    700: ("real", pa.float32()),
    701: ("double precision", pa.float64()),
    1082: ("date", pa.date32()),
    1114: ("timestamp without time zone", pa.timestamp("us")),
}
_TEXTS = {_BPCHAR: "character", OID_VARCHAR: "character varying", OID_TEXT: "character varying"}
# Of those that may be a partition's key, the ones whose spelling in a path leaves no choice.
_KEYS = {20, 21, 23, 1082, _NUMERIC, _BPCHAR, OID_VARCHAR, OID_TEXT}
_PLAIN = re.compile(r"[\w.-][\w. -]*")


@dataclass(frozen=True)
class UnloadColumn:
    """A column of the query: its name, the OID of its type in PostgreSQL and the type's modifier (-1 if none)."""

    name: str
    oid: int
    modifier: int

    def element(self) -> dict[str, Any]:
        """Describe the column as a manifest does."""
        if self.oid == _NUMERIC:
            return {"name": self.name, "type": {"base": "numeric", "precision": self.size >> 16, "scale": self._scale}}
        if self.oid in _TEXTS:
            return {"name": self.name, "type": {"base": _TEXTS[self.oid], "max_length": self.size}}
        others = {_BOOLEAN: "boolean", _TIMESTAMPTZ: "timestamp with time zone", OID_JSONB: "super"}
        return {"name": self.name, "type": {"base": others.get(self.oid) or _SAME[self.oid][0]}}

    @property
    def size(self) -> int:
        """What the modifier says: a text's length; precision and scale in one number."""
        return self.modifier - 4 if self.modifier >= 4 else 65535

    @property
    def _scale(self) -> int:
        return self.size & 0xFFFF

    def arrow(self, texts: list[str | None]) -> pa.Array:
        """Return values as PostgreSQL spells them in the type that is written.

        Raises:
            RedshiftError: UNLOAD writes no such column to parquet, or not here.
        """
        values = pa.array(texts, pa.string())
        if self.oid == _BOOLEAN:
            return pa.array([None if text is None else text == "t" for text in texts], pa.bool_())
        if self.oid == _NUMERIC and self.modifier >= 4:
            return values.cast(pa.decimal128(self.size >> 16, self._scale))
        if self.oid == _TIMESTAMPTZ:  # the time zone is not unloaded
            return values.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
        if self.oid == OID_JSONB:  # https://docs.aws.amazon.com/redshift/latest/dg/unload-super-parquet.html
            spelt = [None if text is None else respelt(text.encode(), OID_JSONB).decode() for text in texts]
            return pa.ExtensionArray.from_storage(pa.json_(), pa.array(spelt, pa.string()))
        if self.oid in {*_TEXTS, OID_UNKNOWN}:
            return values
        if self.oid in _SAME:
            return values.cast(_SAME[self.oid][1])
        raise RedshiftError(f'UNLOAD to PARQUET does not support the type of column "{self.name}"')


@dataclass
class Unload:
    """An UNLOAD under way: its columns are told once, its rows one by one, then it is finished."""

    statement: UnloadStatement
    columns: list[UnloadColumn] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)

    def finish(self) -> None:
        """Write the files, and the manifest when they are there.

        Raises:
            RedshiftError: the destination holds files, a column cannot be unloaded, or S3 refuses.
        """
        unload = self.statement
        tables = list(self._tables())
        client = client_for_role(unload.role)
        try:
            refuse_other_region(client, unload.bucket)
            self._prepare(client, sorted({folder for folder, _ in tables}))
            entries = [self._write(client, key, part) for key, part in _parts(unload, tables)]
            if unload.manifest:
                body = json.dumps(self._manifest(entries), indent=2).encode()
                _put(client, unload, f"{unload.prefix}manifest", body)
        except (BotoCoreError, ClientError) as error:
            raise RedshiftError(f"S3ServiceException:{error}", INTERNAL_ERROR) from error

    def _tables(self) -> Iterator[tuple[str, pa.Table]]:
        """Yield the rows of each folder ("" without partitions), without the columns that its name tells."""
        unload = self.statement
        names = [column.name for column in self.columns]
        keys = [self._key(name) for name in unload.partition_by]
        kept = [place for place in range(len(names)) if place not in keys or unload.includes_partition]
        if not kept:
            raise RedshiftError("UNLOAD with PARTITION BY needs at least one column that is no partition's")
        folders: dict[str, list[list[str | None]]] = {}
        for row in self.rows:
            folder = "".join(f"{names[key]}={_spelled(names[key], row[key])}/" for key in keys)
            folders.setdefault(folder, []).append(row)
        empty: list[list[str | None]] = []
        for folder, rows in sorted(folders.items()) or [("", empty)]:
            arrays = [self.columns[place].arrow([row[place] for row in rows]) for place in kept]
            yield folder, pa.table(arrays, names=[names[place] for place in kept])

    def _key(self, name: str) -> int:
        for place, column in enumerate(self.columns):
            if column.name == name:
                if column.oid not in _KEYS:
                    raise RedshiftError(f'UNLOAD: a partition by the type of "{name}" is not offered here')
                return place
        raise RedshiftError(f'column "{name}" of PARTITION BY is not in the query', "42703")

    def _prepare(self, client: S3Client, folders: list[str]) -> None:
        """Clear the path, or refuse one that holds files."""
        unload = self.statement
        if unload.allow_overwrite:
            return
        places = [unload.prefix + folder for folder in folders] if unload.clean_path else [unload.prefix]
        pages = client.get_paginator("list_objects_v2")
        found = [
            entry["Key"]
            for place in places
            for page in pages.paginate(Bucket=unload.bucket, Prefix=place)
            for entry in page.get("Contents", [])
        ]
        if found and not unload.clean_path:
            raise RedshiftError(
                "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually "
                "removing the target files in S3, or using the ALLOWOVERWRITE option.",
                INTERNAL_ERROR,
            )
        for key in found:
            client.delete_object(Bucket=unload.bucket, Key=key)

    def _write(self, client: S3Client, key: str, part: pa.Table) -> dict[str, Any]:
        buffer = io.BytesIO()
        # As a writer that is not arrow's: no schema of its own in the footer.
        pq.write_table(part, buffer, version="1.0", compression="snappy", store_schema=False)
        _put(client, self.statement, key, buffer.getvalue())
        meta = {"content_length": buffer.getbuffer().nbytes, "record_count": part.num_rows}
        return {"url": f"s3://{self.statement.bucket}/{key}", "meta": meta}

    def _manifest(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the manifest's content.

        Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD_command_examples.html
        """
        lengths, counts = (sum(entry["meta"][name] for entry in entries) for name in ("content_length", "record_count"))
        if not self.statement.verbose:  # COPY of parquet needs the lengths
            return {"entries": [{**e, "meta": {"content_length": e["meta"]["content_length"]}} for e in entries]}
        return {
            "entries": entries,
            "schema": {"elements": [column.element() for column in self.columns]},
            "meta": {"content_length": lengths, "record_count": counts},
            "author": {"name": "Amazon Redshift", "version": "1.0.0"},
        }


def _parts(unload: UnloadStatement, tables: list[tuple[str, pa.Table]]) -> Iterator[tuple[str, pa.Table]]:
    """Deal each folder's rows to the slices, and a slice's to files of at most the size; no rows are no file."""
    for folder, table in tables:
        share = -(-table.num_rows // SLICES) or 1
        for number, start in enumerate(range(0, table.num_rows, share)):
            rows = table.slice(start, share)
            most = max(rows.num_rows * unload.max_file_size // max(rows.nbytes, 1), 1)
            for part, first in enumerate(range(0, rows.num_rows, most)):
                yield f"{unload.prefix}{folder}{number:04}_part_{part:02}.parquet", rows.slice(first, most)


def _spelled(name: str, value: str | None) -> str:
    """Spell a partition's key; how Redshift spells other texts in a path is not documented.

    >>> _spelled("region", "EU"), _spelled("region", None)
    ('EU', '__HIVE_DEFAULT_PARTITION__')
    """
    if value is None:
        return NO_PARTITION
    if not _PLAIN.fullmatch(value):
        raise RedshiftError(f'UNLOAD: a partition of "{name}" by such a text is not offered by the local Redshift')
    return value


def _put(client: S3Client, unload: UnloadStatement, key: str, body: bytes) -> None:
    if unload.kms_key:
        client.put_object(
            Bucket=unload.bucket, Key=key, Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=unload.kms_key
        )
    else:
        client.put_object(Bucket=unload.bucket, Key=key, Body=body, ServerSideEncryption="AES256")
