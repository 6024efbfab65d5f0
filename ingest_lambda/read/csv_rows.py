"""LAND: the rows of a CSV file.

In: bytes: UTF-8, commas, a first line of names, quotes doubled within quotes. Out: batches of text columns. A field
without anything is NULL, `""` is an empty string. RFC 4180: https://www.rfc-editor.org/rfc/rfc4180.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason

BLOCK_BYTES = 4 * 1024 * 1024  # holds a row of a few of the longest values


def names(stream: BinaryIO) -> list[str]:
    """Read the first line.

    Raises:
        RejectedFileError: it is no UTF-8, or there is none.
    """
    try:
        return next(csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise RejectedFileError(Reason.UNREADABLE_DATA, f"the first line cannot be read: {error}") from error


def batches(stream: BinaryIO, columns: Sequence[FileColumn]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows in batches of bytes, each with the number of rows before it; UTF-8 is checked with the values.

    Raises:
        RejectedFileError: a row has another number of fields, or a quote is not closed.
    """
    import pyarrow.csv as pa_csv  # type: ignore[import-untyped]  # no types; not loaded where no CSV comes

    odd: list[Any] = []

    def note(row: Any) -> str:
        odd.append(row)
        return "error"

    rows = 0
    reading = pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES)
    # of a single column, an empty line is a NULL
    parsing = pa_csv.ParseOptions(
        newlines_in_values=True, ignore_empty_lines=len(columns) > 1, invalid_row_handler=note
    )
    texts = pa_csv.ConvertOptions(
        check_utf8=False,
        column_types={column.name: pa.binary() for column in columns},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    try:
        for batch in pa_csv.open_csv(stream, reading, parsing, texts):
            yield rows, batch
            rows += len(batch)
    except pa.ArrowInvalid as error:
        if odd:
            raise _odd_row(odd[0], len(columns)) from error
        if "Empty CSV file" in str(error):  # nothing follows the names
            return
        raise RejectedFileError(Reason.UNREADABLE_DATA, f"the data after row {rows} cannot be read: {error}") from error


def _odd_row(row: Any, columns: int) -> RejectedFileError:
    number = row.number - 1 if row.number else None  # the names are the first
    return RejectedFileError(
        Reason.UNREADABLE_DATA,
        "a row has another number of fields than the first line has names",
        found=f"{row.actual_columns} fields: {row.text[:200]}",
        expected=f"{columns} fields",
        row=number,
    )
