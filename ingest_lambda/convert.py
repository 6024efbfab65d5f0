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

from ingest_lambda import convert_csv, convert_json, sqltypes
from ingest_lambda.canonical_checks import Converted
from ingest_lambda.canonical_reader import batches
from ingest_lambda.canonical_source import copy, opened, room_for
from ingest_lambda.canonical_values import convert
from ingest_lambda.contracts import Contract
from ingest_lambda.convert_text import convert_text
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.events import FileVersion
from ingest_lambda.footer import UNKNOWN_ROWS, WHOLE_FILE_BYTES, Budget, Footer, Inspected, inspect
from ingest_lambda.routing import Format, format_of
from ingest_lambda.schema import FileColumn, Obstacle
from ingest_lambda.sqltypes import SqlType
from ingest_lambda.statements import fold_case
from ingest_lambda.verdict import Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Converter = Callable[[pa.Array, SqlType], Converted]
NAMES: dict[Format, Callable[[BinaryIO], list[str]]] = {
    Format.CSV: convert_csv.names,
    Format.JSON: convert_json.names,
}
BATCHES: dict[Format, Callable[[BinaryIO, Sequence[FileColumn]], Iterator[tuple[int, pa.RecordBatch]]]] = {
    Format.CSV: convert_csv.batches,
    Format.JSON: convert_json.batches,
}


def inspect_any(s3: S3Client, file: FileVersion, contract: Contract, budget: Budget | None = None) -> Inspected:
    """Inspect a file of any format, as `footer.inspect` or `inspect_text`."""
    if _kind(file.key) is Format.PARQUET:
        return inspect(s3, file, budget)
    return inspect_text(s3, file, {column.name: column.type for column in contract.columns}, budget)


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
    footer = Footer(_columns(names, _kind(file.key), declared), UNKNOWN_ROWS)
    etag, modified_at = response["ETag"].strip('"'), response["LastModified"]
    return Inspected(file, footer, size, etag, modified_at, content if is_kept else None)


def names_of(key: str, content: bytes | Path) -> list[str]:
    """Name the columns of a text file.

    Raises:
        RejectedFileError: the text cannot be read.
    """
    with _binary(content) as stream:
        return NAMES[_kind(key)](stream)


def rows_of(inspected: Inspected, content: bytes | Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows of a file of any format in batches, each with the number of rows before it.

    Raises:
        RejectedFileError: the rows cannot be read.
    """
    kind = _kind(inspected.file.key)
    if kind is Format.PARQUET:
        yield from batches(content)
        return
    with _binary(content) as stream:
        yield from BATCHES[kind](stream, inspected.footer.columns)


def converter_of(inspected: Inspected) -> Converter:
    """Choose what makes landing values of a file's values."""
    return convert if _kind(inspected.file.key) is Format.PARQUET else convert_text


def _kind(key: str) -> Format:
    return format_of(key) or Format.PARQUET


def _binary(content: bytes | Path) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _columns(names: Sequence[str], kind: Format, declared: Mapping[str, SqlType]) -> tuple[FileColumn, ...]:
    found = f"text ({kind.value})"
    return tuple(
        FileColumn(name, found, declared.get(fold_case(name), sqltypes.VARCHAR), Obstacle.TEXT) for name in names
    )
