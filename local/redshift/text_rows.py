"""Rows of CSV and JSON files as the CSV that PostgreSQL's COPY FROM STDIN takes; rows that do not fit are told.

In: the lines of a file, the table's columns and a COPY's options. Out: chunks of bytes. NULL is an empty field, a text
is quoted. A row that does not fit is an error of STL_LOAD_ERRORS; at MAXERROR errors the COPY fails.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from local.redshift.copy_text import TextOptions
from local.redshift.csv_blanks import without_blanks
from local.redshift.errors import INTERNAL_ERROR, RedshiftError
from local.redshift.history import LoadedFile, LoadError, LoadReport
from local.redshift.json_paths import PathError, Step, found_at
from local.redshift.parquet_types import TargetColumn
from local.redshift.super_text import Digits, digits, spelt
from local.redshift.text_values import TEXTS, MisfitError, converter

CHUNK_ROWS = 10_000
RAW_CHARACTERS = 1024
_SHOWN_TYPES = {"character varying": "varchar", "character": "char", "smallint": "int2", "integer": "int4",
                "bigint": "int8", "real": "float4", "double precision": "float8", "boolean": "bool",
                "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz"}  # fmt: skip
_MISSING = {"character varying": ""}  # what FILLRECORD fills with: NULL, but for VARCHAR
Row = tuple[int, str, list[str | None] | MisfitError]
"""The number of a row's last line, the row as the file has it, and its fields (None: NULL), or why there are none."""


class Rows:
    """Makes rows of fields, and counts the errors of a COPY over all its files."""

    def __init__(self, targets: list[TargetColumn], options: TextOptions, report: LoadReport) -> None:
        self.targets, self.options, self.report = targets, options, report
        self._place = 0  # of the field at hand, which an error is about
        self._converters = [converter(target, options) for target in targets]

    def chunks(self, lines: TextIO, file: LoadedFile, paths: list[list[Step]] | None) -> Iterator[bytes]:
        """Yield the rows of a file.

        Raises:
            RedshiftError: as many rows as MAXERROR says do not fit.
        """
        rows = csv_rows(lines, self.options) if self.options.json is None else self._json_rows(lines, paths)
        chunk: list[str] = []
        for number, raw, fields in rows:
            try:
                chunk.append(self._row(fields) + "\n")
                file.rows += 1
            except MisfitError as error:
                self._note(error, file, number, raw, fields)
            if len(chunk) == CHUNK_ROWS:
                yield "".join(chunk).encode()
                chunk.clear()
        yield "".join(chunk).encode()

    def _row(self, fields: list[str | None] | MisfitError) -> str:
        if isinstance(fields, MisfitError):
            raise fields
        width = len(self.targets)
        if len(fields) > width:
            raise MisfitError(1202, "Extra column(s) found")
        if len(fields) < width and not self.options.fills:
            raise MisfitError(1203, "Delimiter not found")
        filled = [*fields, *(_MISSING.get(target.base) for target in self.targets[len(fields) :])]
        shown = []
        for self._place, field in enumerate(filled):
            value = self._value(field)
            shown.append("" if value is None else '"' + value.replace('"', '""') + '"')
        return ",".join(shown)

    def _value(self, field: str | None) -> str | None:
        target, options = self.targets[self._place], self.options
        is_text = target.base in TEXTS
        is_null = field is None or field == options.null
        if not is_null and field is not None and not field.strip():
            is_null = not is_text or options.blanks_are_null or (options.empties_are_null and not field)
        value = None if is_null or field is None else self._converters[self._place](field)
        if value is None and target.not_null:
            raise MisfitError(1213, "Missing data for not-null field")
        return value

    def _note(self, error: MisfitError, file: LoadedFile, number: int, raw: str, fields: Any) -> None:
        row = LoadError(error.reason, error.code, file.name, number, raw_line=_raw(raw.rstrip("\r\n")))
        if isinstance(fields, list) and error.code not in (1202, 1203):
            target = self.targets[self._place]
            row.column, row.type = target.name, _SHOWN_TYPES.get(target.base, target.base)
            row.length = str(target.length) if target.length and target.base in TEXTS else None
            row.position = 0
            value = fields[self._place] if self._place < len(fields) else None
            row.raw_value = _raw(value) if value is not None else None
        self.report.errors.append(row)
        if len(self.report.errors) >= max(self.options.max_errors, 1):
            table = self.report.table
            raise RedshiftError(
                f"Load into table '{table}' failed.  Check 'stl_load_errors' system table for details.", INTERNAL_ERROR
            )

    def _json_rows(self, lines: TextIO, paths: list[list[Step]] | None) -> Iterator[Row]:
        """Yield the objects (with JSONPaths, arrays too) of a file; they stand one after the other."""
        text = lines.read()
        decoder = json.JSONDecoder(parse_float=digits)
        place, folds = 0, self.options.json == "auto ignorecase"
        while True:
            while place < len(text) and text[place].isspace():
                place += 1
            if place >= len(text):
                return
            start = place
            try:
                value, place = decoder.raw_decode(text, place)
            except (ValueError, RecursionError) as error:
                number = text.count("\n", 0, start) + 1
                yield number, text[start : start + RAW_CHARACTERS], MisfitError(1216, f"Invalid JSON: {error}")
                place = text.find("\n", start) + 1 or len(text)
                continue
            yield text.count("\n", 0, place) + 1, text[start:place], self._elements(value, paths, folds)

    def _elements(self, value: Any, paths: list[list[Step]] | None, folds: bool) -> list[str | None] | MisfitError:
        if paths is not None:
            try:
                return self._fields([found_at(value, path) for path in paths])
            except PathError as error:
                return MisfitError(1216, str(error))
        if not isinstance(value, dict):
            return MisfitError(1216, "Invalid JSON: COPY by 'auto' takes objects")
        if folds:
            found = {key.lower(): element for key, element in value.items()}
            return self._fields([found.get(target.name.lower()) for target in self.targets])
        return self._fields([value.get(target.name) for target in self.targets])

    def _fields(self, elements: list[Any]) -> list[str | None]:
        return [as_text(value, to.base == "super") for value, to in zip(elements, self.targets, strict=True)]


def _raw(text: str) -> str:
    """Return raw data as STL_LOAD_ERRORS shows it: its beginning, a period for each character of several bytes."""
    return re.sub(r"[^\x00-\x7f]", ".", text[:RAW_CHARACTERS])


def csv_rows(lines: TextIO, options: TextOptions) -> Iterator[Row]:
    """Yield the rows of a CSV file."""
    passed: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            passed.append(line)
            yield line

    for _ in range(options.header):
        next(lines, None)
    reader = csv.reader(
        without_blanks(noted(), options), delimiter=options.delimiter, quotechar=options.quote, strict=True
    )
    while True:
        passed.clear()
        try:
            fields = next(reader, None)
        except csv.Error as error:
            yield (
                options.header + reader.line_num,
                "".join(passed),
                MisfitError(1214, f"Invalid quote formatting: {error}"),
            )
            continue
        if fields is None:
            return
        if fields or not options.skips_blank_lines:
            yield options.header + reader.line_num, "".join(passed), [*(fields or [""])]


def as_text(value: Any, is_json: bool = False) -> str | None:
    """Return an element of JSON as the text of a field; `is_json` keeps it JSON, for a column of SUPER.

    >>> [as_text(value) for value in (None, True, 1, "a", [1, {"b": None}])], as_text("1", is_json=True)
    ([None, 'true', '1', 'a', '[1,{"b":null}]'], '"1"')
    """
    if value is None or (isinstance(value, str) and not is_json):
        return value
    if is_json:
        return spelt(value)
    if isinstance(value, Digits):
        return value.text
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
