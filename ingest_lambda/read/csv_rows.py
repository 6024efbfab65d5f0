"""LAND: the rows of a CSV file.

In: a stream of bytes, and the dialect: UTF-8, commas, a first line of names, quotes doubled within quotes, unless
something else is declared. Out: batches of text columns. A field without anything is NULL, `""` is an empty string.
RFC 4180: https://www.rfc-editor.org/rfc/rfc4180.
"""

from __future__ import annotations

import csv
import io
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.characters import KEPT, as_bytes, kept_bytes, utf8_chunks
from ingest_lambda.read.dialects import CsvDialect
from ingest_lambda.read.encodings import not_in_encoding
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 4 * 1024 * 1024  # holds a row of a few of the longest values
HEADER_BYTES = 1024 * 1024
LINE = re.compile(rb"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+\Z")
ODD_ROW = re.compile(r"Row #(?P<row>\d+): Expected \d+ columns, got (?P<fields>\d+)")
MAX_SHOWN = 200
UNCLOSED = "a quote is not closed: it would take what follows it for one value"


@dataclass(frozen=True)
class _Opened:
    """A CSV whose first line is read: its fields, and what follows it."""

    names: list[str]
    rows: Iterator[bytes]


def names(stream: BinaryIO, dialect: CsvDialect) -> list[str]:
    """Read the names in the first line that is not empty, without the blanks around them.

    Raises:
        RejectedFileError: it cannot be read, or there is none.
    """
    return _opened(stream, dialect).names


def batches(
    stream: BinaryIO, columns: Sequence[FileColumn], dialect: CsvDialect
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows in batches of bytes, each with the number of rows before it; UTF-8 is checked with the values.

    Raises:
        RejectedFileError: a row has another number of fields, or a quote is not closed.
    """
    names = [column.name for column in columns]
    end = _End(len(names), dialect.delimiter)
    text = io.BufferedReader(_Chunks(end.added_to(_opened(stream, dialect).rows)), BLOCK_BYTES)
    rows, held = 0, None
    for batch in _read(text, names, dialect, end):
        if held is not None:
            yield rows, held
            rows += len(held)
        held = batch
    rest = end.taken_from(held, rows)
    if len(rest):
        yield rows, rest


def _read(text: BinaryIO, names: list[str], dialect: CsvDialect, end: _End) -> Iterator[pa.RecordBatch]:
    import pyarrow.csv as pa_csv  # type: ignore[import-untyped]  # no types; not loaded where no CSV comes

    odd: list[Any] = []

    def note(row: Any) -> str:
        odd.append(row)
        return "error"

    reading = pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names)
    parsing = pa_csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote or False,
        newlines_in_values=bool(dialect.quote),
        ignore_empty_lines=len(names) > 1,  # of a single column, an empty line is a NULL
        invalid_row_handler=note,
    )
    texts = pa_csv.ConvertOptions(
        check_utf8=False,
        column_types=dict.fromkeys(names, pa.binary()),
        null_values=["", *dialect.null],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    try:
        yield from pa_csv.open_csv(text, reading, parsing, texts)
    except pa.ArrowInvalid as error:
        raise _unreadable(str(error), odd, len(names), end) from error


def _opened(stream: BinaryIO, dialect: CsvDialect) -> _Opened:
    chunks, head = utf8_chunks(stream, dialect.encoding), bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= HEADER_BYTES:
            break
    lines = _Lines(bytes(head))
    quoting: Any = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    quoting["skipinitialspace"] = dialect.delimiter != " "  # so that a quote behind a blank is one
    try:
        fields = next(filter(None, csv.reader(lines, delimiter=dialect.delimiter, **quoting)), [])
    except csv.Error as error:
        raise RejectedFileError(Reason.UNREADABLE_DATA, f"the first line cannot be read: {error}") from error
    if lines.is_over and fields:
        raise RejectedFileError(Reason.UNREADABLE_DATA, f"the first line has no end: {UNCLOSED}")
    if any(map(kept_bytes, fields)):
        raise not_in_encoding(as_bytes(dialect.delimiter.join(fields)), dialect.encoding, "csv")
    return _Opened([name.strip() for name in fields], chain([bytes(head[lines.taken :])], chunks))


class _Lines:
    """Lines of text, and how many bytes of them were taken."""

    def __init__(self, head: bytes) -> None:
        self._lines = LINE.finditer(head)
        self.taken = 0
        self.is_over = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.is_over = True
            raise StopIteration
        self.taken = line.end()
        return line[0].decode("utf-8", KEPT)


class _End:
    """A row of our own behind the last one. Where a quote is left open, arrow takes it for a part of the last value."""

    def __init__(self, columns: int, delimiter: str) -> None:
        self._mark = uuid.uuid4().hex
        self._row = (self._mark + delimiter * (columns - 1) + "\n").encode()

    def added_to(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        last = b"\n"
        for chunk in chunks:
            if chunk:
                last = chunk[-1:]
                yield chunk
        yield self._row if last in b"\r\n" else b"\n" + self._row

    def taken_from(self, batch: pa.RecordBatch | None, rows: int) -> pa.RecordBatch:
        """Return the last batch, which has so many rows before it, without it.

        Raises:
            RejectedFileError: it has not come out as a row: an open quote has made it a part of the last value.
        """
        if batch is None:
            raise RejectedFileError(Reason.UNREADABLE_DATA, UNCLOSED)
        if batch.column(0)[-1].as_py() != self._mark.encode():
            taken = batch.column(batch.num_columns - 1)[-1].as_py() or b""
            shown = taken.partition(self._mark.encode())[0][:MAX_SHOWN].decode("utf-8", "replace").rstrip()
            raise RejectedFileError(Reason.UNREADABLE_DATA, UNCLOSED, found=shown, row=rows + len(batch))
        return batch.slice(0, len(batch) - 1)

    def is_in(self, text: str) -> bool:
        return self._mark in text


class _Chunks(io.RawIOBase):
    """Chunks as a stream."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        into = memoryview(buffer).cast("B")
        while not self._rest and (chunk := next(self._chunks, None)) is not None:
            self._rest = memoryview(chunk)
        size = min(len(into), len(self._rest))
        into[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _unreadable(message: str, odd: Sequence[Any], columns: int, end: _End) -> RejectedFileError:
    """Say what is wrong in the words of a producer, not of arrow."""
    counted = ODD_ROW.search(message)  # arrow tells us of no row that is not UTF-8, but words it
    number = odd[0].number if odd else int(counted["row"]) if counted else None
    text = odd[0].text if odd else message
    if end.is_in(text):
        return RejectedFileError(Reason.UNREADABLE_DATA, UNCLOSED, row=number)
    if odd or counted:
        fields = odd[0].actual_columns if odd else int(counted["fields"]) if counted else 0
        return RejectedFileError(
            Reason.UNREADABLE_DATA,
            "a row has another number of fields than the first line has names",
            found=f"{fields} fields" + (f": {text[:MAX_SHOWN]}" if odd else ""),
            expected=f"{columns} fields",
            row=number,
        )
    if "straddl" in message:
        detail = f"a row is longer than {BLOCK_BYTES} bytes, or {UNCLOSED}"
        return RejectedFileError(Reason.UNREADABLE_DATA, detail)
    return RejectedFileError(Reason.UNREADABLE_DATA, "the rows cannot be read", found=message)
