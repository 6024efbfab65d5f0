"""One COPY of parquet from S3: files found, checked, and turned into rows for COPY FROM STDIN.

In: a CopyStatement and the table's columns. Out: CSV chunks. All files are checked before the first row leaves, and any
error fails the whole COPY: PostgreSQL rolls back what it took.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.copy_statement import CopyStatement
from local.redshift.errors import ErrorFields, LoadFault
from local.redshift.history import LoadedFile, LoadReport
from local.redshift.parquet_rows import csv_chunks
from local.redshift.parquet_types import CODE_DATA, SPECTRUM, TargetColumn, plan_columns
from local.redshift.s3_source import client_for_role, downloaded, find_files

# Where PostgreSQL says in its CONTEXT that a value of COPY is wrong.
_COLUMN = re.compile(r"^COPY .*?, line \d+, column ([^:\n]+)")


def load_chunks(
    statement: CopyStatement, targets: list[TargetColumn], folder: Path, report: LoadReport
) -> Iterator[bytes]:
    """Yield the rows of the COPY as CSV chunks.

    Args:
        statement: what to load.
        targets: the table's columns in order.
        folder: where to keep objects while they are read.
        report: what is told of the files that are read.

    Raises:
        RedshiftError: anything that would fail the COPY in Redshift.
    """
    client = client_for_role(statement.role)
    with ExitStack() as stack:
        opened = []
        for source in find_files(client, statement):
            path = stack.enter_context(downloaded(client, source, folder))
            file = stack.enter_context(_open(path, source.url))
            plans = plan_columns(file, targets, source.url, statement.fill_record, statement.serialize)
            opened.append((file, plans, LoadedFile(source.url, source.size)))
        for file, plans, loaded in opened:
            report.files.append(loaded)
            loaded.started = time.time()
            try:
                yield from csv_chunks(file, plans, len(targets), loaded.name, statement.replacement)
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(loaded.name, error) from error
            loaded.rows, loaded.ended = file.metadata.num_rows, time.time()


def _open(path: Path, name: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, coerce_int96_timestamp_unit="us")
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> Exception:
    return LoadFault(
        SPECTRUM, CODE_DATA, f"File '{name}' is not a readable Parquet file: {error}", file=name
    ).to_error()


def of_value(fields: ErrorFields) -> LoadFault | None:
    """Return an error of PostgreSQL's COPY as Redshift's, where a value is at fault (SQLSTATE class 22, or a NULL).

    >>> of_value({"C": "22008", "M": "date out of range"}).error
    'Spectrum Scan Error'
    >>> of_value({"C": "53100", "M": "disk full"})
    """
    if not fields.get("C", "").startswith(("22", "23502")):
        return None
    found = _COLUMN.search(fields.get("W", ""))
    return LoadFault(SPECTRUM, CODE_DATA, fields.get("M", ""), column=found[1] if found else None)
