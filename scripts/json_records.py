"""Sample data: JSON documents out of a file, one at a time. In: a path. Out: the documents, numbered from 1.

Reads an array of documents and JSON lines alike, in bounded memory: a document is cut out of the text as soon as it is
whole. Numbers with a point stay texts, so that money never passes through a binary float.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

CHUNK_CHARACTERS = 1 << 20
LARGEST_DOCUMENT = 16 << 20  # characters: beyond this, an unclosed bracket would swallow the file
BETWEEN = re.compile(r"[\s,\[\]]*")
LONGEST_SHOWN = 80


class BadRecordError(ValueError):
    """A record that cannot be converted: the message names the record, the field and the value."""


def read_documents(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of each JSON object in a file, with the object.

    Raises:
        BadRecordError: the text is not JSON in UTF-8, or holds something that is not an object.
    """
    decoder = json.JSONDecoder(parse_float=str, parse_constant=_refuse_constant)
    number, text, position = 1, "", 0
    for chunk in _chunks(path):
        text, position = text[position:] + chunk, 0
        while True:
            start = _start_of_object(text, position, number)
            document, position = _next(decoder, text, start, number, at_end=not chunk)
            if document is None:
                break
            yield number, document
            number += 1


def shorten(value: Any) -> str:
    """Show a value in a message, not all of it."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def _chunks(path: Path) -> Iterator[str]:
    """Read the file in chunks; the last one is empty."""
    with path.open(encoding="utf-8-sig") as file:
        while True:
            try:
                chunk = file.read(CHUNK_CHARACTERS)
            except UnicodeDecodeError as error:
                raise BadRecordError(f"{path.name} is not UTF-8: {error}") from error
            yield chunk
            if not chunk:
                return


def _start_of_object(text: str, position: int, number: int) -> int:
    between = BETWEEN.match(text, position)
    start = between.end() if between else position
    if start < len(text) and text[start] != "{":
        raise BadRecordError(f"record {number}: expected a JSON object, found {shorten(text[start : start + 100])}")
    return start


def _next(
    decoder: json.JSONDecoder, text: str, start: int, number: int, at_end: bool
) -> tuple[dict[str, Any] | None, int]:
    """Decode the object at `start`; None where the text ends before it does."""
    if start == len(text):
        return None, start
    try:
        return decoder.raw_decode(text, start)
    except json.JSONDecodeError as error:
        if not at_end and len(text) - start <= LARGEST_DOCUMENT:
            return None, start
        near = text[error.pos : error.pos + 40]
        raise BadRecordError(f"record {number}: {error.msg}, near {shorten(near)}") from error
    except BadRecordError as error:
        raise BadRecordError(f"record {number}: {error}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise BadRecordError(f"{name} is not JSON")
