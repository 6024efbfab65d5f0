"""LAND: why a text file has none of its dataset's columns.

In: the beginning of the file, and the columns that are known of its dataset. Out: the likely cause and its remedy.
What is quoted of a text is no value: a delimiter, a path to known columns, or a field that errors have. Pure.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ingest_lambda.read.clues import ANSWER, Below
from ingest_lambda.read.dialects import CsvDialect
from ingest_lambda.read.encodings import declaring
from ingest_lambda.warehouse.statements import fold_case

DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar", ":": "a colon", " ": "a blank", "^": "^"}
QUOTES = ('"', "'")
MOST_LINES = 20
# What answers of servers call their parts; nothing else of such a document is named, since it may be data.
SURE_WORDS = "error errors exception fault error_code errorcode errormessage error_message"
OTHER_WORDS = (
    "code detail details error_description message messages request_id requestid stacktrace status status_code "
    "statuscode title traceback type"
)
SURE_SIGNS = frozenset(SURE_WORDS.split())
ERROR_FIELDS = SURE_SIGNS | frozenset(OTHER_WORDS.split())
# What no name is: a number, a date, nothing.
DATUM = re.compile(r"[-+]?[\d.,]*\d%?|\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*|")
PLAIN = re.compile(r"[A-Za-z_]\w*")
NAMES_FIRST = "write the names of the columns into the first line"
REWRITE = "write the file with the dataset's columns"


@dataclass(frozen=True)
class Cause:
    """Why a file has none of its dataset's columns, as far as its beginning shows, and what to do."""

    detail: str
    remedy: str


def has_any(names: Collection[str], known: Collection[str]) -> bool:
    """Tell whether one of the names is of a known column."""
    return not {fold_case(name) for name in names}.isdisjoint(known)


def cause_in_csv(head: str, declared: CsvDialect, known: Sequence[str]) -> Cause:
    """Find why a CSV that begins with `head` has none of the `known` columns."""
    lines = head.splitlines()[:MOST_LINES]
    number = next((number for number, line in enumerate(lines) if line.strip()), 0)
    first = lines[number] if lines else ""
    if first.lstrip()[:1] in ("{", "["):
        return _json_in_csv(first)
    if found := _names_somewhere(lines, declared, known):
        line, dialect = found
        if line == number:
            return Cause(_words(dialect, declared), f"{_as_declared(declared)}; or {_declaring(dialect, declared)}")
        above = f"its names stand in line {line + 1}: what stands above them is no part of a CSV"
        return Cause(above, f"{NAMES_FIRST}, with nothing above it")
    fields = _fields(first, declared)
    if len(fields) == len(known) or any(map(DATUM.fullmatch, fields)):
        return Cause("it has no line of names, as far as its first line shows", NAMES_FIRST)
    return Cause(
        f"the names in its first line are others, which {_delimiter(declared.delimiter)} divides into {len(fields)}",
        f"{REWRITE}, and their names in the first line; or put it where its own dataset is",
    )


def _names_somewhere(lines: Sequence[str], declared: CsvDialect, known: Sequence[str]) -> tuple[int, CsvDialect] | None:
    """Find the line, and the dialect, in which at least half of the fields are names of known columns."""
    best, found = 0, None
    for number, line in enumerate(lines):
        for dialect in _dialects(declared):
            fields = _fields(line, dialect)
            matches = sum(fold_case(field) in known for field in fields)
            if matches > best and 2 * matches >= len(fields):
                best, found = matches, (number, dialect)
    return found


def _dialects(declared: CsvDialect) -> Iterator[CsvDialect]:
    for delimiter in dict.fromkeys((declared.delimiter, *DELIMITERS)):
        for quote in dict.fromkeys((declared.quote, *QUOTES)):
            if delimiter != quote:
                yield replace(declared, delimiter=delimiter, quote=quote)


def _fields(line: str, dialect: CsvDialect) -> list[str]:
    quoting: Any = {"quotechar": dialect.quote} if dialect.quote else {"quoting": csv.QUOTE_NONE}
    try:
        return [field.strip() for field in next(csv.reader([line], delimiter=dialect.delimiter, **quoting), [])]
    except csv.Error:
        return []


def _json_in_csv(first: str) -> Cause:
    said = {fold_case(name) for name in re.findall(r'"(\w+)"\s*:', first)}
    if said & SURE_SIGNS:
        return Cause(f"it is JSON, an error document with {_listed(said & ERROR_FIELDS)}", ANSWER)
    return Cause(
        "it is JSON, and its name says CSV", "write it as CSV; or end its name with .json, if it is the dataset's"
    )


def cause_in_json(names: Sequence[str], below: Below, known: Sequence[str]) -> Cause:
    """Find why a JSON whose objects have the fields `names`, and objects `below` them, has none of the columns."""
    for path, fields in below.items():
        if has_any(fields, known):
            return Cause(
                f"its records stand below the field {'.'.join(path)}",
                f"write them as an array, with nothing around it; or {declaring('json', f'records: {_path(path)}')}",
            )
    said = {fold_case(name) for name in names}
    if said & SURE_SIGNS or (said and said <= ERROR_FIELDS):
        return Cause(f"it is an error document, with {_listed(said & ERROR_FIELDS)}", ANSWER)
    return Cause("the fields of its objects are others", f"{REWRITE}; or put it where its own dataset is")


def _listed(fields: Collection[str]) -> str:
    return f"the field{'s' if len(fields) > 1 else ''} {', '.join(sorted(fields))}"


def _path(path: Sequence[str]) -> str:
    return ".".join(path) if all(map(PLAIN.fullmatch, path)) else json.dumps(list(path), ensure_ascii=False)


def _words(dialect: CsvDialect, declared: CsvDialect) -> str:
    """Say how a dialect differs from the one that is declared."""
    words = []
    if dialect.delimiter != declared.delimiter:
        words.append(f"{_delimiter(dialect.delimiter)} divides its fields, not {_delimiter(declared.delimiter)}")
    if dialect.quote != declared.quote:
        words.append(f"its names are quoted with {dialect.quote}, not with {declared.quote or 'nothing'}")
    return ", and ".join(words)


def _delimiter(character: str) -> str:
    return DELIMITERS.get(character, character)


def _as_declared(declared: CsvDialect) -> str:
    quote = f"quotes of {declared.quote}" if declared.quote else "no quotes"
    return f"write the file with {_delimiter(declared.delimiter)} between fields and {quote}"


def _declaring(dialect: CsvDialect, declared: CsvDialect) -> str:
    """Word the declaration of a dialect: what differs, and what has been declared beside it."""
    usual = CsvDialect()
    settings = {
        name: value
        for name, value in asdict(dialect).items()
        if value != getattr(usual, name) or value != getattr(declared, name)
    }
    return declaring("csv", ", ".join(f"{name}: {json.dumps(value)}" for name, value in settings.items()))
