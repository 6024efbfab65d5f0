"""One COPY from S3: files found, checked, and turned into rows for COPY FROM STDIN.

In: a CopyStatement and the table's columns. Out: chunks of CSV, of columnar files in PostgreSQL's binary format. All
columnar files are checked before the first row leaves. An error fails the whole COPY, for CSV and JSON as many as
MAXERROR says: PostgreSQL rolls back what it took.
"""

from __future__ import annotations

import bz2
import gzip
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.binary_rows import HEADER, TRAILER, binary_chunks
from local.redshift.columnar import open_columnar, plan_columns, unreadable
from local.redshift.copy_statement import CopyStatement
from local.redshift.copy_text import TextOptions
from local.redshift.errors import INTERNAL_ERROR, LoadFault, RedshiftError
from local.redshift.history import LoadedFile, LoadReport
from local.redshift.json_paths import read_paths
from local.redshift.parquet_types import TargetColumn
from local.redshift.s3_clients import CODE_S3, client_for_keys, client_for_role
from local.redshift.s3_objects import downloaded
from local.redshift.s3_source import find_files, read_text
from local.redshift.stop import Stop
from local.redshift.text_rows import Rows

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_OPENERS: dict[str, Any] = {"": open, "gzip": gzip.open, "bzip2": bz2.open}


def load_chunks(
    statement: CopyStatement, targets: list[TargetColumn], folder: Path, report: LoadReport, stop: Stop
) -> Generator[bytes]:
    """Yield the rows of the COPY in chunks: of columnar files in binary, of others as CSV.

    Args:
        statement: what to load.
        targets: the table's columns in order.
        folder: where to keep objects while they are read.
        report: what is told of the files that are read.
        stop: ends it when the statement is canceled.

    Raises:
        RedshiftError: anything that would fail the COPY in Redshift.
    """
    keys = statement.authorization.keys
    client = client_for_keys(keys) if keys else client_for_role(statement.authorization.role)
    if statement.text:
        rows = Rows(targets, statement.text, report)
        yield from _text_chunks(client, statement, statement.text, rows, folder, stop)
        return
    with ExitStack() as stack:
        opened = []
        sources = find_files(client, statement, stop)
        for source, path in stack.enter_context(downloaded(client, sources, folder, stop)):
            file = open_columnar(path, source.url, statement.format)
            plans = plan_columns(file, targets, statement.fill_record, statement.serialize)
            opened.append((file, plans, LoadedFile(source.url, source.size)))
        yield HEADER
        for file, plans, loaded in opened:
            report.files.append(loaded)
            loaded.started = time.time()
            try:
                yield from binary_chunks(file, plans, len(targets), statement.replacement)
            except (pa.ArrowException, OSError) as error:
                raise unreadable(loaded.name, file.form, error) from error
            loaded.rows, loaded.ended = file.rows, time.time()
        yield TRAILER


def _text_chunks(
    client: S3Client, statement: CopyStatement, options: TextOptions, rows: Rows, folder: Path, stop: Stop
) -> Iterator[bytes]:
    paths = None
    if options.json and options.json.startswith("s3://"):
        paths = read_paths(read_text(client, options.json))
        if paths is not None and len(paths) != len(rows.targets):
            raise RedshiftError(
                "Number of jsonpaths and the number of columns should match. "
                f"JSONPath size: {len(paths)}, Number of columns in table or column list: {len(rows.targets)}",
                INTERNAL_ERROR,
            )
    with downloaded(client, find_files(client, statement, stop), folder, stop) as files:
        for source, path in files:
            loaded = LoadedFile(source.url, source.size, started=time.time())
            rows.report.files.append(loaded)
            try:
                with _OPENERS[options.compression](
                    path, "rt", encoding="utf-8", errors="surrogateescape", newline=""
                ) as text:
                    yield from rows.chunks(text, loaded, paths)
            except (OSError, EOFError) as error:
                raise LoadFault(
                    f"The file is not {options.compression.upper()}: {error}", CODE_S3, source.url
                ).to_error() from error
            path.unlink()
            loaded.ended = time.time()
