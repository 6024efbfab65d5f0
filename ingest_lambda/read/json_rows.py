"""LAND: the records of a JSON file.

In: a stream of bytes: UTF-8 unless another encoding is declared; an array of objects, or one object after another (JSON
lines), at the top or below declared fields. Out: batches of text columns, in which a number is its text as it is
written, so that no digit is lost, and a nested value its JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.characters import text_chunks
from ingest_lambda.read.clues import Below, objects_below
from ingest_lambda.read.dialects import JsonDialect
from ingest_lambda.read.encodings import declaring
from ingest_lambda.read.json_text import AS_WRITTEN, JsonText, NumberText
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import sqltypes

BATCH_ROWS = 4_096
BATCH_BYTES = 8 << 20  # so that memory holds few of the longest records
MOST_NAMES = 1_600  # columns of a table


@dataclass(frozen=True)
class Records:
    """The fields of all records of a file, in the order in which they appear, and how many records there are.

    `below` are the fields of the objects below the first one's.
    """

    names: list[str]
    count: int
    below: Below


def survey(stream: BinaryIO, dialect: JsonDialect) -> Records:
    """Read all records, for their fields.

    Raises:
        RejectedFileError: the text is no such JSON.
    """
    names: dict[str, None] = {}
    below: Below = {}
    count = 0
    for record in records(stream, dialect):
        names |= dict.fromkeys(record)
        below = below if count else objects_below(record)
        count += 1
        if len(names) > MOST_NAMES:
            raise RejectedFileError(
                Reason.TOO_MANY_COLUMNS,
                f"the first {count} records have more fields than a table has columns",
                found=f"{len(names)} fields",
                expected=f"at most {MOST_NAMES}",
            )
    return Records(list(names), count, below)


def batches(
    stream: BinaryIO, columns: Sequence[FileColumn], dialect: JsonDialect
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the records in batches of texts, each with the number of records before it; what an object lacks is null.

    Raises:
        RejectedFileError: the text is no such JSON.
    """
    rows, size = 0, 0
    values: list[list[bytes | None]] = []
    for number, record in enumerate(records(stream, dialect), start=1):
        values.append(_texts(record, columns, number))
        size += sum(map(len, filter(None, values[-1])))
        if len(values) == BATCH_ROWS or size > BATCH_BYTES:
            yield rows, _batch(values, columns)
            rows, size, values = number, 0, []
    if values:
        yield rows, _batch(values, columns)


def records(stream: BinaryIO, dialect: JsonDialect, decoder: json.JSONDecoder = AS_WRITTEN) -> Iterator[dict[str, Any]]:
    """Yield the objects of a text, numbers as `NumberText` unless the decoder makes something else of them.

    Raises:
        RejectedFileError: the text is no JSON, is cut, has no such path, or holds something that is not an object.
    """
    text = JsonText(text_chunks(stream, dialect.encoding), dialect.encoding, decoder)
    for found in _documents(text, dialect.records):
        if not isinstance(found, dict):
            text.refuse_last("it is no object")
        yield found
        text.number += 1


def _documents(text: JsonText, path: Sequence[str]) -> Iterator[Any]:
    """Read an array of documents and nothing behind it, or one document after another."""
    if not text.peek():
        raise RejectedFileError(Reason.EMPTY_FILE, "the file holds no JSON: nothing, or blanks alone")
    if text.peek() == "[":
        for _ in _elements(text):
            yield from _below(text, path)
        if text.peek():
            text.refuse("something follows the array")
        return
    while text.peek():
        yield from _below(text, path)
        if text.peek() == ",":
            text.refuse("a comma follows the object, which only within an array is JSON")


def _below(text: JsonText, path: Sequence[str]) -> Iterator[Any]:
    """Read a value: itself, or the records below a path of its fields; what stands beside them is read too."""
    if not path:
        yield text.value()
        return
    is_found, names = False, []
    for name in _fields(text):
        names.append(name)
        if name != path[0]:
            _pass(text)
            continue
        is_found = True
        if len(path) == 1 and text.peek() == "[":
            for _ in _elements(text):
                yield text.value()
        else:
            yield from _below(text, path[1:])
    if not is_found:
        raise RejectedFileError(
            Reason.FOREIGN_FILE,
            f"record {text.number}: an object has no field {path[0]}, of the path that is declared for records",
            found=", ".join(names),
            expected=path[0],
            remedy=f"write the records below that field; or correct the path: {declaring('json', 'records: ...')}",
        )


def _pass(text: JsonText) -> None:
    """Read a value that is no record, and may be as long as all records."""
    if text.peek() == "[":
        for _ in _elements(text):
            text.value()
    elif text.peek() == "{":
        for _ in _fields(text):
            text.value()
    else:
        text.value()


def _elements(text: JsonText) -> Iterator[None]:
    """Stop at every element of an array, for whoever reads it."""
    text.expect("[", "it is no array")
    if text.takes("]"):
        return
    while True:
        yield
        if not text.takes(","):
            break
    text.expect("]", "neither a comma nor the end of the array follows")


def _fields(text: JsonText) -> Iterator[str]:
    """Stop at the value of every field of an object, for whoever reads it."""
    text.expect("{", "it is no object")
    if text.takes("}"):
        return
    names: set[str] = set()
    while True:
        if text.peek() != '"':
            text.refuse("a field has no name")
        name = text.value()
        if name in names:
            text.refuse("an object has a name twice")
        names.add(name)
        text.expect(":", "a field has no value")
        yield name
        if not text.takes(","):
            break
    text.expect("}", "neither a comma nor the end of the object follows")


def _texts(record: dict[str, Any], columns: Sequence[FileColumn], number: int) -> list[bytes | None]:
    try:
        return [_text(record.get(column.name), column) for column in columns]
    except RecursionError as error:
        detail = f"record {number}: it is nested too deeply"
        raise RejectedFileError(Reason.UNREADABLE_DATA, detail, row=number) from error


def _batch(rows: list[list[bytes | None]], columns: Sequence[FileColumn]) -> pa.RecordBatch:
    arrays = [pa.array([row[position] for row in rows], pa.binary()) for position in range(len(columns))]
    return pa.record_batch(arrays, names=[column.name for column in columns])


def _text(value: Any, column: FileColumn) -> bytes | None:
    if value is None:
        return None
    is_plain = isinstance(value, str) and column.type != sqltypes.SUPER
    return (value if is_plain else _dump(value)).encode("utf-8", "surrogatepass")


def _dump(value: Any) -> str:
    """Write a value as JSON, its numbers as they were."""
    if isinstance(value, NumberText):
        return str(value)
    if isinstance(value, dict):
        fields = (f"{json.dumps(name, ensure_ascii=False)}:{_dump(item)}" for name, item in value.items())
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
