"""Files of an external table that is stored as text: lines of fields with a character between them.

In: a file on disk and its table. Out: columns as text, which PostgreSQL reads in their types, or a LoadFault. A field
that is missing is NULL, one too many is not read; so is the table's text for NULL (Hive's `\\N` unless it has another),
and nothing where the column is no text. A value that is not spelt as its type is documented to be fails.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

import bz2
import gzip
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.columnar import BATCH_ROWS
from local.redshift.columnar_values import cut
from local.redshift.errors import LoadFault, RedshiftError
from local.redshift.external.catalog import ExternalColumn, ExternalTable
from local.redshift.external.properties import MISMATCH
from local.redshift.external.text_form import DISABLED, DROP_ROW, END, FAIL, TextForm, text_form
from local.redshift.parquet_types import CODE_DATA, SPECTRUM, TargetColumn
from local.redshift.s3_source import SourceFile

_OPENERS: dict[str, Any] = {"none": open, "gzip": gzip.open, "bzip2": bz2.open}
_BY_EXTENSION = {".gz": "gzip", ".bz2": "bzip2"}
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
SPELT = {
    "smallint": r"[+-]?\d+",
    "integer": r"[+-]?\d+",
    "bigint": r"[+-]?\d+",
    "numeric": _NUMBER,
    "real": rf"{_NUMBER}(?:[eE][+-]?\d+)?",
    "double precision": rf"{_NUMBER}(?:[eE][+-]?\d+)?",
    "boolean": r"(?i:true|false)",
    "date": r"\d{4}-\d\d-\d\d",
    "timestamp without time zone": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?",
}


def read_delimited(
    path: Path, file: SourceFile, table: ExternalTable, read: frozenset[str]
) -> Iterator[tuple[list[pa.Array], int]]:
    """Yield the table's own columns, some rows at a time, each with their number; a column not in `read` is NULL.

    Raises:
        RedshiftError: a form that is not offered, a compression that is not what it says, or a value.
    """
    form = text_form(table.stored.properties, table.full_name)
    try:
        with _OPENERS[_compression(file, form)](path, "rt", encoding="utf-8", newline=END) as lines:
            for _ in range(form.header):
                next(lines, None)
            while some := list(islice(lines, BATCH_ROWS)):
                rows = _rows(some, table, form, file)
                yield [_column(rows, place, table, read, form, file) for place in range(len(table.columns))], len(rows)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise _fault(f"The file cannot be read: {error}", file) from error


def _compression(file: SourceFile, told: TextForm) -> str:
    extension = next((form for end, form in _BY_EXTENSION.items() if file.key.endswith(end)), "none")
    form = told.compression or extension
    if told.mismatch != DISABLED and form != "none":
        raise RedshiftError(
            f"the property '{MISMATCH}' is for text that is not compressed, as {file.url} is: write the file without"
        )
    if form not in _OPENERS or file.key.endswith(".snappy"):
        raise RedshiftError(f"text compressed as {form} is not offered by the local Redshift: {file.url}")
    return form


def _rows(lines: list[str], table: ExternalTable, form: TextForm, file: SourceFile) -> list[list[str]]:
    """Return the fields of lines, without the rows that are dropped for their number."""
    rows = [line.removesuffix(END).split(form.delimiter) for line in lines]
    wanted = len(table.columns)
    if form.mismatch == DROP_ROW:
        return [row for row in rows if len(row) == wanted]
    if form.mismatch == FAIL and (wrong := next((row for row in rows if len(row) != wanted), None)):
        raise _fault(f"A row of {len(wrong)} fields, of {wanted} columns: {form.delimiter.join(wrong)!r}", file)
    return rows


def _column(
    rows: list[list[str]], place: int, table: ExternalTable, read: frozenset[str], form: TextForm, file: SourceFile
) -> pa.Array:
    column = table.columns[place]
    if column.name not in read:
        return pa.nulls(len(rows), pa.string())
    texts = [row[place] if place < len(row) else None for row in rows]
    return pa.array(_values(texts, column, form, file), pa.large_string())


def _values(texts: list[str | None], column: ExternalColumn, form: TextForm, file: SourceFile) -> Iterator[str | None]:
    target = TargetColumn(column.name, column.type or "")
    spelling = SPELT.get(target.base)
    if spelling is None:
        for text in texts:
            shown = None if text is None or text == form.null else cut(text, target.length or 1)
            if form.is_cleansed and shown is not None and shown != text:
                raise _fault(f"Value '{text}' is too long and 'surplus_char_handling' is not offered", file, column)
            yield shown
        return
    pattern = re.compile(spelling, re.ASCII)
    for text in texts:
        if text is None or text in (form.null, ""):
            yield None
        elif pattern.fullmatch(text):
            yield text
        else:
            raise _fault(f"Invalid value '{text}'", file, column)


def _fault(what: str, file: SourceFile, column: ExternalColumn | None = None) -> RedshiftError:
    of = f" of column {column.name}, {column.kind}" if column else ""
    named = column.name if column else None
    return LoadFault(SPECTRUM, CODE_DATA, f"{what}{of} (file: {file.url})", file=file.url, column=named).to_error()
