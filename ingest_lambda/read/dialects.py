"""LAND: how a dataset's text files are written.

In: what the source YAML declares under `config.meta.csv` and `config.meta.json`. Out: a dialect of each, checked.
What is not declared is as docs/verdicts.md says: UTF-8, commas, double quotes, records at the top of the text. Pure.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest_lambda.read.characters import UTF_8
from ingest_lambda.read.clues import Clues
from ingest_lambda.warehouse.sqltypes import SqlType


@dataclass(frozen=True)
class CsvDialect:
    """How CSV is written: `quote` is empty where nothing is quoted; `null` are texts that stand for NULL unquoted."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = UTF_8
    null: tuple[str, ...] = ()


@dataclass(frozen=True)
class JsonDialect:
    """How JSON is written: `records` is the path of fields below which the records stand."""

    encoding: str = UTF_8
    records: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dialects:
    """How the text files of a dataset are written."""

    csv: CsvDialect = field(default_factory=CsvDialect)
    json: JsonDialect = field(default_factory=JsonDialect)

    def encoding_of(self, kind: str) -> str:
        """Name the encoding of files of a kind: csv or json."""
        return self.json.encoding if kind == "json" else self.csv.encoding


@dataclass(frozen=True)
class Declared:
    """What is declared of a dataset's columns, by name, and of how its text files are written."""

    types: Mapping[str, SqlType] = field(default_factory=dict)
    dialects: Dialects = field(default_factory=Dialects)


@dataclass(frozen=True)
class TextFacts:
    """What was found of a text: how it is written, and how many bytes it unpacks to if it is packed.

    `clues` are there where none of its columns is declared.
    """

    dialects: Dialects
    unpacked_size: int | None = None
    clues: Clues | None = None


def parse_csv(declared: object) -> CsvDialect:
    r"""Read what is declared of CSV.

    >>> parse_csv({"delimiter": ";", "encoding": "latin-1", "null": ["NULL", "\\N"]})
    CsvDialect(delimiter=';', quote='"', encoding='iso8859-1', null=('NULL', '\\N'))

    Raises:
        ValueError: a setting does not exist, or has no such value; the text is one line.
    """
    settings = _settings("csv", declared, {"delimiter", "quote", "encoding", "null"})
    known = CsvDialect()
    quote = settings.get("quote", known.quote)
    dialect = CsvDialect(
        _character("csv.delimiter", settings.get("delimiter", known.delimiter)),
        _character("csv.quote", quote) if quote not in (None, False, "") else "",
        _encoding("csv.encoding", settings.get("encoding", known.encoding)),
        _texts("csv.null", settings.get("null", known.null)),
    )
    if dialect.delimiter == dialect.quote:
        raise ValueError(f"csv.delimiter and csv.quote are both {dialect.quote!r}")
    return dialect


def parse_json(declared: object) -> JsonDialect:
    """Read what is declared of JSON.

    >>> parse_json({"records": "data.items"}), parse_json({"records": ["a.b", "c"]}).records
    (JsonDialect(encoding='utf-8', records=('data', 'items')), ('a.b', 'c'))

    Raises:
        ValueError: a setting does not exist, or has no such value; the text is one line.
    """
    settings = _settings("json", declared, {"encoding", "records"})
    path = settings.get("records", ())
    fields = _texts("json.records", path.split(".") if isinstance(path, str) else path)
    if not all(fields):
        raise ValueError(f"json.records is {path!r}: it must be names of fields, with a point between them")
    return JsonDialect(_encoding("json.encoding", settings.get("encoding", UTF_8)), fields)


def _settings(kind: str, declared: object, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(declared, Mapping):
        raise ValueError(f"{kind} is {declared!r}: it must be settings, of {_listed(known)}")
    # `null` is a word of YAML's own: unquoted it is read as None
    settings = {"null" if name is None else name: value for name, value in declared.items()}
    for name in settings:
        if name not in known:
            raise ValueError(f"{kind}.{name} is no setting; there are {_listed(known)}")
    return settings


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


def _character(name: str, value: object) -> str:
    if isinstance(value, str) and len(value) == 1 and value.isascii() and value not in "\r\n\0":
        return value
    hint = '; write "\\t", with the quotes, for a tab' if value == "\\t" else ""
    raise ValueError(f"{name} is {value!r}: it must be one ASCII character{hint}")


def _encoding(name: str, value: object) -> str:
    try:
        found = codecs.lookup(value) if isinstance(value, str) else None
    except LookupError:
        found = None
    if found is None or found.incrementaldecoder is None or not found._is_text_encoding:
        raise ValueError(f"{name} is {value!r}: it must be an encoding that Python knows, such as cp1252 or utf-16")
    return found.name


def _texts(name: str, value: object) -> tuple[str, ...]:
    values = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else (value,)
    for each in values:
        if not isinstance(each, str):
            raise ValueError(f"{name} has {each!r}, which is no text: write it in quotes")
    return values
