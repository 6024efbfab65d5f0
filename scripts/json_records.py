"""Sample data: JSON documents out of a file, one at a time. In: a path. Out: the documents, numbered from 1.

Read as landing reads JSON: an array of documents and JSON lines alike, to the end, in bounded memory. Numbers with a
point stay texts, so that money never passes through a binary float.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.dialects import JsonDialect
from ingest_lambda.read.json_rows import records
from ingest_lambda.read.json_text import strict_decoder
from ingest_lambda.reasons import Reason

LONGEST_SHOWN = 80


class BadRecordError(ValueError):
    """A record that cannot be converted: the message names the record, the field and the value."""


def read_documents(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of each JSON object in a file, with the object.

    Raises:
        BadRecordError: the text is not JSON in UTF-8, or holds something that is not an object.
    """
    with path.open("rb") as file:
        try:
            yield from enumerate(records(file, JsonDialect(), strict_decoder(whole=int, fraction=str)), start=1)
        except RejectedFileError as error:
            if error.reason is Reason.EMPTY_FILE:  # no line is no document
                return
            what = f"{path.name} is not UTF-8: " if error.reason is Reason.INVALID_TEXT else ""
            raise BadRecordError(f"{what}{error.detail}, near {shorten(error.found)}") from error


def shorten(value: Any) -> str:
    """Show a value in a message, not all of it."""
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."
