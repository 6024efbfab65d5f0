"""Files of an external table that is stored as text: lines of fields with a character between them.

In: a file on disk and its table. Out: columns as text, which PostgreSQL reads in their types, or a LoadFault. A field
that is missing is NULL, one too many is not read; so is the table's text for NULL (Hive's `\\N` unless it has another),
and nothing where the column is no text. A value that is not spelt as its type is documented to be, or that its type
does not hold as it is, fails.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html
"""

from __future__ import annotations

import bz2
import gzip
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
from local.redshift.external.values import fitting, is_spelt
from local.redshift.parquet_types import CODE_DATA, SPECTRUM, TargetColumn
from local.redshift.s3_source import SourceFile

_OPENERS: dict[str, Any] = {"none": open, "gzip": gzip.open, "bzip2": bz2.open}
_BY_EXTENSION = {".gz": "gzip", ".bz2": "bzip2"}
# Of what other compressions call a file, and the bytes that files of any begin with.
_OTHERS = (".snappy", ".lzo", ".lz4", ".zip", ".zst", ".zstd", ".deflate", ".xz", ".br", ".7z", ".tar", ".tgz")
_MAGIC = {
    b"\x1f\x8b": "gzip", b"BZh91AY&SY": "bzip2", b"PK\x03\x04": "zip", b"\x28\xb5\x2f\xfd": "zstd",
    b"\x04\x22\x4d\x18": "lz4", b"\x89LZO": "lzo", b"\xfd7zXZ": "xz", b"\xff\x06\x00\x00sNaPpY": "snappy",
}  # fmt: skip
_MARK = "\ufeff"


def read_delimited(
    path: Path, file: SourceFile, table: ExternalTable, read: frozenset[str]
) -> Iterator[tuple[list[pa.Array], int]]:
    """Yield the table's own columns, some rows at a time, each with their number; a column not in `read` is NULL.

    Raises:
        RedshiftError: a form that is not offered, a compression that is not what it says, or a value.
    """
    form = text_form(table.stored.properties, table.full_name)
    try:
        with _OPENERS[_compression(path, file, form)](path, "rt", encoding="utf-8", newline=END) as opened:
            lines = _lines(opened, file)
            for _ in range(form.header):
                next(lines, None)
            while some := list(islice(lines, BATCH_ROWS)):
                rows = _rows(some, table, form, file)
                yield [_column(rows, place, table, read, form, file) for place in range(len(table.columns))], len(rows)
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise _fault(f"The file cannot be read: {error}", file) from error


def _compression(path: Path, file: SourceFile, told: TextForm) -> str:
    """Return how a file is compressed: as its table says, else as its name does.

    Raises:
        RedshiftError: in a way that is not offered, or in another one.
    """
    extension = next((form for end, form in _BY_EXTENSION.items() if file.key.endswith(end)), "none")
    other = "" if told.compression else next((end for end in _OTHERS if file.key.lower().endswith(end)), "")
    form = told.compression or other or extension
    if form == "none":
        with path.open("rb") as opened:
            head = opened.read(max(map(len, _MAGIC)))
        form = next((other for magic, other in _MAGIC.items() if head.startswith(magic)), form)
        other = form if form != "none" else ""
    if other:
        raise RedshiftError(
            f"text compressed as {form.lstrip('.')} is not offered by the local Redshift, or not under such a name: "
            f"{file.url}; write it plain, or with gzip as .gz or bzip2 as .bz2"
        )
    if told.mismatch != DISABLED and form != "none":
        raise RedshiftError(
            f"the property '{MISMATCH}' is for text that is not compressed, as {file.url} is: write the file without"
        )
    return form


def _lines(opened: Iterator[str], file: SourceFile) -> Iterator[str]:
    """Yield lines without their ends.

    Raises:
        RedshiftError: one has what others take for its end, or the file begins with a mark of its encoding: no page
            tells whether they are part of the rows.
    """
    for number, line in enumerate(opened, 1):
        if "\r" in line:
            raise RedshiftError(
                f"line {number} of {file.url} has a carriage return, which the local Redshift does not offer in text: "
                "end lines in a line feed alone"
            )
        if number == 1 and line.startswith(_MARK):
            raise RedshiftError(
                f"line 1 of {file.url} begins with a byte order mark, which the local Redshift does not offer in text: "
                "write UTF-8 without one"
            )
        yield line.removesuffix(END)


def _rows(lines: list[str], table: ExternalTable, form: TextForm, file: SourceFile) -> list[list[str]]:
    """Return the fields of lines, without the rows that are dropped for their number."""
    rows = [line.split(form.delimiter) for line in lines]
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
    kind = column.type or ""
    if not is_spelt(kind):
        for text in texts:
            shown = None if text is None or text == form.null else cut(text, TargetColumn("", kind).length or 1)
            if form.is_cleansed and shown is not None and shown != text:
                raise _fault(f"Value '{text}' is too long and 'surplus_char_handling' is not offered", file, column)
            yield shown
        return
    fits = fitting(kind)
    for text in texts:
        if text is None or text in (form.null, ""):
            yield None
        elif fits(text):
            yield text
        else:
            raise _fault(f"Invalid value '{text}'", file, column)


def _fault(what: str, file: SourceFile, column: ExternalColumn | None = None) -> RedshiftError:
    of = f" of column {column.name}, {column.kind}" if column else ""
    named = column.name if column else None
    return LoadFault(SPECTRUM, CODE_DATA, f"{what}{of} (file: {file.url})", file=file.url, column=named).to_error()
