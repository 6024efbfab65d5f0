"""LAND: the records of a JSON file.

In: bytes: UTF-8, an array of objects or one object after another (JSON lines). Out: batches of text columns, in which a
number is its text as it is written, so that no digit is lost, and a nested value its JSON. Read in chunks: an object is
cut out of the text as soon as it is whole.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, NoReturn

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason
from ingest_lambda.warehouse import sqltypes

CHUNK_CHARACTERS = 1 << 20
LARGEST_OBJECT = 16 << 20  # characters: beyond this, an unclosed bracket would swallow the file
BATCH_ROWS = 4_096
BETWEEN = re.compile(r"[\s,\[\]]*")


class NumberText(str):
    """A number as it is written."""

    __slots__ = ()


def names(stream: BinaryIO) -> list[str]:
    """Name the fields of all objects, in the order in which they appear.

    Raises:
        RejectedFileError: the text is no such JSON.
    """
    return list(dict.fromkeys(name for record in records(stream) for name in record))


def batches(stream: BinaryIO, columns: Sequence[FileColumn]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the records in batches of texts, each with the number of records before it; what an object lacks is null.

    Raises:
        RejectedFileError: the text is no such JSON.
    """
    found, rows = records(stream), 0
    while batch := list(islice(found, BATCH_ROWS)):
        arrays = [
            pa.array([_text(record.get(column.name), column) for record in batch], pa.binary()) for column in columns
        ]
        yield rows, pa.record_batch(arrays, names=[column.name for column in columns])
        rows += len(batch)


def records(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield the objects of a text, numbers as `NumberText`.

    Raises:
        RejectedFileError: the text is not JSON in UTF-8, or holds something that is not an object.
    """
    decoder = json.JSONDecoder(
        parse_float=NumberText, parse_int=NumberText, parse_constant=_refuse, object_pairs_hook=_distinct
    )
    text, position, number = "", 0, 1
    for chunk in _chunks(stream):
        text, position = text[position:] + chunk, 0
        while True:
            position = BETWEEN.match(text, position).end()  # type: ignore[union-attr]  # it matches the empty text too
            if position == len(text):
                break
            try:
                record, end = decoder.raw_decode(text, position)
            except ValueError as error:
                if chunk and len(text) - position <= LARGEST_OBJECT and isinstance(error, json.JSONDecodeError):
                    break
                raise _bad(f"it is not JSON: {error}", text, position, number) from error
            except RecursionError as error:
                raise _bad("it is nested too deeply", text, position, number) from error
            if not isinstance(record, dict):
                raise _bad("it is no object", text, position, number)
            yield record
            position, number = end, number + 1


def _chunks(stream: BinaryIO) -> Iterator[str]:
    """Read the text in chunks; the last one is empty."""
    file = io.TextIOWrapper(stream, encoding="utf-8-sig")
    while True:
        try:
            chunk = file.read(CHUNK_CHARACTERS)
        except UnicodeDecodeError as error:
            raise RejectedFileError(Reason.INVALID_TEXT, f"the file is not UTF-8: {error}") from error
        yield chunk
        if not chunk:
            return


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
        return (
            "{"
            + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{_dump(item)}" for name, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a name twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _bad(detail: str, text: str, position: int, number: int) -> RejectedFileError:
    found = text[position : position + 100]
    return RejectedFileError(Reason.UNREADABLE_DATA, f"record {number}: {detail}", found=found, row=number)
