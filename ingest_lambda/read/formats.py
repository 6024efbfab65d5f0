"""LAND: text files, for datasets that take them.

In: a version of a `.csv`, `.json`, `.ndjson` or `.jsonl` object, perhaps packed, and its dataset's contract. Out: an
`Inspected` as of parquet, whose columns have the types that the contract declares (VARCHAR else), and batches of its
rows as text. Such a file is always rewritten: what a text means is known only when it is read.
"""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.arrive.routing import Format, format_of
from ingest_lambda.errors import RejectedFileError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read import csv_rows, json_rows
from ingest_lambda.read.characters import UTF_8
from ingest_lambda.read.clues import Below, Clues, head_of, refuse_other_formats
from ingest_lambda.read.content import copy, opened, room_for
from ingest_lambda.read.dialects import Declared, Dialects, TextFacts
from ingest_lambda.read.encodings import MAX_SAMPLE, looks_wide, not_in_encoding
from ingest_lambda.read.faults import faults_of_the_file
from ingest_lambda.read.footer import UNKNOWN_ROWS, WHOLE_FILE_BYTES, Budget, Footer, Inspected, inspect
from ingest_lambda.read.parquet_rows import joined_batches
from ingest_lambda.read.schema import FileColumn, Obstacle
from ingest_lambda.read.unpacking import is_unpacked, opened_text, read_to_end
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType
from ingest_lambda.warehouse.statements import fold_case

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOTHING_BELOW: Below = {}
# A record of JSON takes up to forty times its size in memory, and the interpreter parses one at a time anyway.
ONE_AT_A_TIME = threading.Lock()
HEAD_BYTES = 4_096  # that show what a text is


def inspect_any(s3: S3Client, file: FileVersion, declared: Declared, budget: Budget | None = None) -> Inspected:
    """Inspect a file of any format, as `footer.inspect` or `inspect_text`."""
    if kind_of(file.key) is Format.PARQUET:
        return inspect(s3, file, budget)
    return inspect_text(s3, file, declared, budget)


def inspect_text(s3: S3Client, file: FileVersion, declared: Declared, budget: Budget | None = None) -> Inspected:
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
        footer, facts = describe(file.key, content, declared)
    else:
        room_for(file, size)
        with tempfile.NamedTemporaryFile() as disk:
            copy(response, file, disk)
            disk.flush()
            footer, facts = describe(file.key, Path(disk.name), declared)
    kept = content if content is not None and budget is not None and budget.take(size) else None
    etag, modified_at = response["ETag"].strip('"'), response["LastModified"]
    return Inspected(file, footer, size, etag, modified_at, kept, facts)


def describe(key: str, content: bytes | Path, declared: Declared) -> tuple[Footer, TextFacts]:
    """Name the columns of a text file, and see that it unpacks to its end where it is packed.

    Raises:
        RejectedFileError: the text cannot be read.
    """
    kind, dialects = kind_of(key), declared.dialects
    with opened_text(content) as stream:
        head = stream.read(HEAD_BYTES)
    encoding, below = dialects.encoding_of(kind.value), NOTHING_BELOW
    refuse_other_formats(head, kind.value, encoding)
    if looks_wide(head) and encoding == UTF_8:
        raise not_in_encoding(head[:MAX_SAMPLE], UTF_8, kind.value)
    with faults_of_the_file("reading the names of the columns"), opened_text(content) as stream:
        if kind is Format.JSON:
            with ONE_AT_A_TIME:
                found = json_rows.survey(stream, dialects.json)
            names, rows, below = found.names, found.count, found.below
        else:
            names, rows = csv_rows.names(stream, dialects.csv), UNKNOWN_ROWS
        unpacked_size = read_to_end(stream) if is_unpacked(stream) else None
    is_known = any(fold_case(name) in declared.types for name in names)
    clues = None if is_known else Clues(head_of(head, encoding), below)
    return Footer(_columns(names, kind, declared.types), rows), TextFacts(dialects, unpacked_size, clues)


def rows_of(inspected: Inspected, content: bytes | Path) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows of a file of any format in batches, each with the number of rows before it.

    Raises:
        RejectedFileError: the rows cannot be read.
    """
    kind = kind_of(inspected.file.key)
    if kind is Format.PARQUET:
        yield from joined_batches(content)
        return
    columns, dialects = inspected.footer.columns, inspected.text.dialects if inspected.text else Dialects()
    with faults_of_the_file("reading the rows"), opened_text(content) as stream:
        if kind is Format.JSON:
            yield from json_rows.batches(stream, columns, dialects.json)
        else:
            yield from csv_rows.batches(stream, columns, dialects.csv)


def kind_of(key: str) -> Format:
    return format_of(key) or Format.PARQUET


def _columns(names: Sequence[str], kind: Format, declared: Mapping[str, SqlType]) -> tuple[FileColumn, ...]:
    found = f"text ({kind.value})"
    return tuple(
        FileColumn(name, found, declared.get(fold_case(name), sqltypes.VARCHAR), Obstacle.TEXT) for name in names
    )
