"""LAND: what the beginning of a text shows of what it is.

In: the first bytes of a text file. Out: its rejection where it is no such text at all (a page, a document, another
format); else clues, for whoever finds that none of its columns is the dataset's. Pure.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.read.characters import text_chunks
from ingest_lambda.reasons import Reason

HEAD_CHARACTERS = 2_000
MAX_DEPTH = 3  # of fields below which records are looked for
MAX_FIELDS = 50  # that are looked at in an object
FORMATS = {
    b"PAR1": "a parquet file",
    b"PK\x03\x04": "a ZIP archive, as .xlsx and .zip files are",
    b"\xd0\xcf\x11\xe0": "a document of old Microsoft Office, as .xls files are",
    b"\x1f\x8b": "packed with gzip twice",
    b"\x28\xb5\x2f\xfd": "packed with zstd",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ": "packed with xz",
    b"Obj\x01": "an Avro file",
    b"ORC": "an ORC file",
    b"%PDF": "a PDF document",
}
PAGES = {
    "<!doctype html": "an HTML page",
    "<html": "an HTML page",
    "<?xml": "an XML document",
    "<error>": "an error in XML",
}
ANSWER = "a server has probably answered with it in the place of data: fetch the data again, and upload that"
Below = Mapping[tuple[str, ...], tuple[str, ...]]  # names of fields by the path of the array that holds their objects


@dataclass(frozen=True)
class Clues:
    """The first characters of a text; of JSON, the fields of the objects below fields of its first record, by path."""

    head: str
    below: Below = field(default_factory=dict)


def refuse_other_formats(head: bytes, kind: str, encoding: str) -> None:
    """Refuse what begins as no CSV or JSON does.

    >>> refuse_other_formats(b"<!DOCTYPE html><title>Sign in</title>", "csv", "utf-8")
    Traceback (most recent call last):
    ingest_lambda.errors.RejectedFileError: foreign_file: it is an HTML page, and no csv file

    Raises:
        RejectedFileError: it is a page, a document or a file of another format.
    """
    for magic, name in FORMATS.items():
        if head.startswith(magic) and not _is_name(head, magic):
            raise _other(name, kind, f"write the rows as {kind}, and end the name with what the file is")
    text = head_of(head, encoding).lstrip().lower()
    for beginning, name in PAGES.items():
        if text.startswith(beginning):
            raise _other(name, kind, ANSWER)


def head_of(head: bytes, encoding: str) -> str:
    """Return the first characters of a text, of whose bytes the first are given."""
    return "".join(text_chunks(io.BytesIO(head), encoding))[:HEAD_CHARACTERS]


def objects_below(record: Mapping[str, Any]) -> Below:
    """Name the fields of the objects that stand in arrays below a record, by the path of the array.

    >>> objects_below({"page": 1, "data": {"items": [{"id": 1, "name": "x"}], "tags": ["a"]}})
    {('data', 'items'): ('id', 'name')}
    """
    return dict(_objects_below(record, ()))


def _objects_below(
    record: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for name, value in islice(record.items(), MAX_FIELDS):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield (*path, name), tuple(islice(value[0], MAX_FIELDS))
        elif isinstance(value, dict) and len(path) < MAX_DEPTH:
            yield from _objects_below(value, (*path, name))


def _is_name(head: bytes, magic: bytes) -> bool:
    """Tell whether what looks like the beginning of a format is that of a word: `ORC` and `BZh` may begin a name."""
    return magic.isalpha() and head[len(magic) : len(magic) + 1].isalnum() and head.isascii()


def _other(name: str, kind: str, remedy: str) -> RejectedFileError:
    return RejectedFileError(
        Reason.FOREIGN_FILE, f"it is {name}, and no {kind} file", found=name, expected=f"a {kind} file", remedy=remedy
    )
