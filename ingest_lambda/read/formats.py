"""LAND: text files, for datasets that take them.

In: a version of a `.csv`, `.json`, `.ndjson` or `.jsonl` object, and its dataset's contract. Out: an `Inspected` as of
parquet, whose columns have the types that the contract declares (VARCHAR else), and batches of its rows as text. Such a
file is always rewritten: what a text means is known only when it is read.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.arrive.routing import Format, format_of
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read import csv_rows, json_rows
from ingest_lambda.read.content import copy, opened, room_for
from ingest_lambda.read.faults import faults_of_the_file
from ingest_lambda.read.footer import UNKNOWN_ROWS, WHOLE_FILE_BYTES, Budget, Footer, Inspected, inspect
from ingest_lambda.read.parquet_rows import batches
from ingest_lambda.read.schema import FileColumn, Obstacle
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.statements import fold_case

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NAMES: dict[Format, Callable[[BinaryIO], list[str]]] = {
    Format.CSV: csv_rows.names,
    Format.JSON: json_rows.names,
}
BATCHES: dict[Format, Callable[[BinaryIO, Sequence[FileColumn]], Iterator[tuple[int, pa.RecordBatch]]]] = {
    Format.CSV: csv_rows.batches,
    Format.JSON: json_rows.batches,
}


def inspect_any(
    s3: S3Client, file: FileVersion, declared: Mapping[str, SqlType], budget: Budget | None = None
) -> Inspected:
    """Inspect a file of any format, as `footer.inspect` or `inspect_text`; `declared`: types by column."""
    if kind_of(file.key) is Format.PARQUET:
        return inspect(s3, file, budget)
    return inspect_text(s3, file, declared, budget)


def inspect_text(
    s3: S3Client, file: FileVersion, declared: Mapping[str, SqlType], budget: Budget | None = None
) -> Inspected:
    """Read the names of the columns of exactly this version; keep the whole file if it is small and `budget` allows.

    The names of a CSV file are its first line; those of a JSON file stand in all its records.

    Raises:
        RejectedFileError: the object is no such text.
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer or denies access; the disk is too small.
    """
    response = opened(s3, file)
    size = response["ContentLength"]
    if size == 0:
        raise RejectedFileError(Reason.EMPTY_FILE, "the object has no bytes", found="0 bytes")
    content = None
    if size <= WHOLE_FILE_BYTES:
        memory = io.BytesIO()
        copy(response, file, memory)
        content = memory.getvalue()
        names = names_of(file.key, content)
    else:
        room_for(file, size)
        with tempfile.NamedTemporaryFile() as disk:
            copy(response, file, disk)
            disk.flush()
            names = names_of(file.key, Path(disk.name))
    is_kept = content is not None and budget is not None and budget.take(size)
    footer = Footer(_columns(names, kind_of(file.key), declared), UNKNOWN_ROWS)
    etag, modified_at = response["ETag"].strip('"'), response["LastModified"]
    return Inspected(file, footer, size, etag, modified_at, content if is_kept else None)


def names_of(key: str, content: bytes | Path) -> list[str]:
    """Name the columns of a text file.

    Raises:
        RejectedFileError: the text cannot be read.
    """
    with faults_of_the_file("reading the names of the columns"), _binary(content) as stream:
        return NAMES[kind_of(key)](stream)


def rows_of(inspected: Inspected, content: bytes | Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows of a file of any format in batches, each with the number of rows before it.

    Raises:
        RejectedFileError: the rows cannot be read.
    """
    kind = kind_of(inspected.file.key)
    if kind is Format.PARQUET:
        yield from batches(content)
        return
    with faults_of_the_file("reading the rows"), _binary(content) as stream:
        yield from BATCHES[kind](stream, inspected.footer.columns)


def kind_of(key: str) -> Format:
    return format_of(key) or Format.PARQUET


def _binary(content: bytes | Path) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _columns(names: Sequence[str], kind: Format, declared: Mapping[str, SqlType]) -> tuple[FileColumn, ...]:
    found = f"text ({kind.value})"
    return tuple(
        FileColumn(name, found, declared.get(fold_case(name), sqltypes.VARCHAR), Obstacle.TEXT) for name in names
    )
