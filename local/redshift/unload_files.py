"""The files of one UNLOAD: a query's rows, written to S3 as Redshift lays them out, the manifest last.

In: an UnloadStatement, the columns and rows of its query as PostgreSQL spells them. Out: objects in S3, or a
RedshiftError. What was written before an error stays, as on Redshift.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from botocore.exceptions import BotoCoreError, ClientError

from local.redshift import unload_text
from local.redshift.errors import INTERNAL_ERROR, RedshiftError
from local.redshift.s3_clients import client_for_keys, client_for_role
from local.redshift.s3_source import refuse_other_region
from local.redshift.unload_column import KEYS, UnloadColumn
from local.redshift.unload_statement import UnloadStatement

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SLICES = 2
NO_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_PLAIN = re.compile(r"[\w.-][\w. -]*")


_Content: TypeAlias = "pa.Table | list[bytes]"  # of a folder: columns, or lines


@dataclass(frozen=True)
class _File:
    """A file to be written: its key, its bytes, how many rows a manifest counts in it."""

    key: str
    body: bytes
    rows: int


class UnloadedFiles:
    """The files of an UNLOAD whose rows are there."""

    def __init__(self, statement: UnloadStatement, columns: list[UnloadColumn], rows: list[list[str | None]]) -> None:
        """`rows`: as PostgreSQL spells them, in the order of the columns."""
        self.statement, self.columns, self.rows = statement, columns, rows
        self._header = b""

    def write(self) -> None:
        """Write the files, and the manifest when they are there.

        Raises:
            RedshiftError: the destination holds files, a column cannot be unloaded, or S3 refuses.
        """
        unload = self.statement
        contents = list(self._contents())
        keys = unload.authorization.keys
        client = client_for_keys(keys) if keys else client_for_role(unload.authorization.role)
        try:
            refuse_other_region(client, unload.bucket, unload.region)
            _ask_to_read(client, unload)
            self._prepare(client, sorted({folder for folder, _ in contents}))
            entries = [self._write(client, file) for file in self._files(contents)]
            if unload.manifest:
                body = json.dumps(self._manifest(entries), indent=2).encode()
                _put(client, unload, f"{unload.prefix}manifest", body)
        except (BotoCoreError, ClientError) as error:
            raise RedshiftError(f"S3ServiceException:{error}", INTERNAL_ERROR) from error

    def _contents(self) -> Iterator[tuple[str, _Content]]:
        """Yield what each folder ("" without partitions) will hold, without the columns that its name tells."""
        unload = self.statement
        names = [column.name for column in self.columns]
        keys = [self._key(name) for name in unload.partition_by]
        kept = [place for place in range(len(names)) if place not in keys or unload.includes_partition]
        if not kept:
            raise RedshiftError("UNLOAD with PARTITION BY needs at least one column that is no partition's")
        folders: dict[str, list[list[str | None]]] = {}
        for row in self.rows:
            folder = "".join(f"{names[key]}={_spelled(names[key], row[key])}/" for key in keys)
            folders.setdefault(folder, []).append([row[place] for place in kept])
        columns = [self.columns[place] for place in kept]
        self._header = unload_text.header(unload, columns)
        empty: list[list[str | None]] = []
        for folder, rows in sorted(folders.items()) or [("", empty)]:
            if unload.format == "parquet":
                arrays = [column.arrow([row[place] for row in rows]) for place, column in enumerate(columns)]
                yield folder, pa.table(arrays, names=[column.name for column in columns])
            else:
                yield folder, list(unload_text.lines(unload, columns, rows))

    def _key(self, name: str) -> int:
        for place, column in enumerate(self.columns):
            if column.name == name:
                if column.oid not in KEYS:
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

    def _files(self, contents: list[tuple[str, _Content]]) -> Iterator[_File]:
        """Deal each folder's rows to the slices, and a slice's to files of at most the size; no rows are no file."""
        unload = self.statement
        for folder, content in contents:
            count = len(content)
            share = -(-count // (1 if unload.is_serial else SLICES)) or 1
            for number, start in enumerate(range(0, count, share)):
                key = unload.prefix if unload.is_serial else f"{unload.prefix}{folder}{number:04}_part_"
                if isinstance(content, pa.Table):
                    yield from _parquet_files(unload, key, content.slice(start, share))
                else:
                    yield from self._text_files(key, content[start : start + share])

    def _text_files(self, key: str, lines: list[bytes]) -> Iterator[_File]:
        unload, head = self.statement, self._header
        parts: list[list[bytes]] = [[]]
        size = len(head)
        for line in lines:
            if parts[-1] and size + len(line) > unload.max_file_size:
                parts.append([])
                size = len(head)
            parts[-1].append(line)
            size += len(line)
        suffix = f".{unload.extension}" if unload.extension else unload_text.SUFFIXES.get(unload.compression, "")
        for number, part in enumerate(parts):
            body = unload_text.compressed(head + b"".join(part), unload.compression)
            yield _File(f"{key}{_number(unload, number)}{suffix}", body, len(part) + bool(head))

    def _write(self, client: S3Client, file: _File) -> dict[str, Any]:
        _put(client, self.statement, file.key, file.body)
        meta = {"content_length": len(file.body), "record_count": file.rows}
        return {"url": f"s3://{self.statement.bucket}/{file.key}", "meta": meta}

    def _manifest(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the manifest's content.

        Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD_command_examples.html
        """
        lengths, counts = (sum(entry["meta"][name] for entry in entries) for name in ("content_length", "record_count"))
        if not self.statement.verbose and self.statement.format != "parquet":
            return {"entries": [{"url": entry["url"]} for entry in entries]}
        if not self.statement.verbose:  # COPY of parquet needs the lengths
            return {"entries": [{**e, "meta": {"content_length": e["meta"]["content_length"]}} for e in entries]}
        return {
            "entries": entries,
            "schema": {"elements": [column.element() for column in self.columns]},
            "meta": {"content_length": lengths, "record_count": counts},
            "author": {"name": "Amazon Redshift", "version": "1.0.0"},
        }


def _number(unload: UnloadStatement, number: int) -> str:
    """Return what tells one file of a slice from the next, of one of PARALLEL OFF from the next."""
    return f"{number:03}" if unload.is_serial else f"{number:02}"


def _parquet_files(unload: UnloadStatement, key: str, rows: pa.Table) -> Iterator[_File]:
    most = max(rows.num_rows * unload.max_file_size // max(rows.nbytes, 1), 1)
    for number, first in enumerate(range(0, rows.num_rows, most)):
        part = rows.slice(first, most)
        buffer = io.BytesIO()
        # As a writer that is not arrow's: no schema of its own in the footer.
        pq.write_table(part, buffer, version="1.0", compression="snappy", store_schema=False)
        yield _File(f"{key}{_number(unload, number)}.parquet", buffer.getvalue(), part.num_rows)


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


def _ask_to_read(client: S3Client, unload: UnloadStatement) -> None:
    """Ask for an object of the destination, whether or not there is one: who may not GET there may not unload there.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-access-permissions.html ("GET, LIST, and
    PUT"); for what Redshift reads is not said.
    """
    try:
        client.get_object(Bucket=unload.bucket, Key=f"{unload.prefix}manifest")["Body"].close()
    except client.exceptions.NoSuchKey:
        return


def _put(client: S3Client, unload: UnloadStatement, key: str, body: bytes) -> None:
    if unload.kms_key:
        client.put_object(
            Bucket=unload.bucket, Key=key, Body=body, ServerSideEncryption="aws:kms", SSEKMSKeyId=unload.kms_key
        )
    else:
        client.put_object(Bucket=unload.bucket, Key=key, Body=body, ServerSideEncryption="AES256")
