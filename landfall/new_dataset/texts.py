"""OPERATE: the columns of a CSV or JSON file, which says nothing of their types. In: its rows. Out: names, types, rows.

A column gets the first type that landing would read all its values as; one that might be codes (`007`, `0x10`, `1E5`)
is text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.dialects import Declared, Dialects
from ingest_lambda.read.footer import Inspected
from ingest_lambda.read.formats import describe, rows_of
from ingest_lambda.rewrite.checks import BadValueError
from ingest_lambda.rewrite.texts import convert_text
from ingest_lambda.warehouse import sqltypes
from ingest_lambda.warehouse.sqltypes import SqlType

MOST_ROWS = 100_000  # that are looked at; what comes later and is no value of the type is rejected with its row
CODE = re.compile(rb"[+-]?0[\dxX]")
POWER = re.compile(rb"[+-]?\d+[eE]\d+")
WRITTEN_AS_NUMBERS = re.compile(rb"\.|[eE][+-]")  # somewhere in a column of such numbers: a point, an exponent's sign
FRACTION = re.compile(rb"[+-]?\d+\.(\d+)")
LEAST_SCALE = 4  # digits behind the point that a decimal has room for, whatever was seen
BOOLEANS = {b"true", b"false"}  # of 1 and 0 nobody knows


@dataclass(frozen=True)
class TextColumn:
    """A column of a text: its name as the file has it, its type, and its values as they are written."""

    name: str
    type: SqlType
    values: pa.Array


def read_columns(path: Path, key: str) -> tuple[list[TextColumn], int]:
    """Read a text, packed or not, that is called `key`; return its columns, and the number of rows looked at.

    Raises:
        RejectedFileError: it cannot be read.
    """
    footer, facts = describe(key, path, Declared({}, Dialects()))
    file = FileVersion("", key, "", size=path.stat().st_size)
    inspected = Inspected(file, footer, file.size or 0, "", datetime.now(UTC), text=facts)
    batches = list(_first(inspected, path))
    rows = sum(batch.num_rows for batch in batches)
    columns = []
    for position, column in enumerate(footer.columns):
        values = pa.concat_arrays(
            [batch.column(position).cast(pa.binary()) for batch in batches] or [pa.array([], pa.binary())]
        )
        columns.append(TextColumn(column.name, type_of(values), values))
    return columns, rows


def type_of(values: pa.Array) -> SqlType:
    """Choose the type of a column by its values.

    >>> kinds = ([b"1", None], [b"007"], [b"0x10", b"16"], [b"1.5", b"2"], [b"2026-01-31"], [b"true"], [None])
    >>> [str(type_of(pa.array(kind, pa.binary()))) for kind in kinds]
    ['BIGINT', 'VARCHAR(65535)', 'VARCHAR(65535)', 'DECIMAL(38,4)', 'DATE', 'BOOLEAN', 'VARCHAR(65535)']
    >>> [str(type_of(pa.array(kind, pa.binary()))) for kind in ([b"1E5", b"234"], [b"1e16", b"1.5e-7"], [b"1e+16"])]
    ['VARCHAR(65535)', 'DOUBLE PRECISION', 'DOUBLE PRECISION']
    """
    known = values.drop_null().unique()
    texts: list[bytes] = known.to_pylist()
    if not texts or any(map(CODE.match, texts)) or _may_be_powers_or_codes(texts):
        return sqltypes.VARCHAR
    return next((type_ for type_ in _candidates(texts) if _holds(type_, known)), sqltypes.VARCHAR)


def _may_be_powers_or_codes(texts: list[bytes]) -> bool:
    return any(map(POWER.fullmatch, texts)) and not any(map(WRITTEN_AS_NUMBERS.search, texts))


def _candidates(texts: list[bytes]) -> Iterator[SqlType]:
    if all(text[:1] in (b"{", b"[") for text in texts):
        yield sqltypes.SUPER
        return
    yield sqltypes.BIGINT
    scales = [len(found[1]) for found in map(FRACTION.fullmatch, texts) if found]
    if scales and max(scales) <= sqltypes.MAX_SCALE:
        yield sqltypes.decimal(sqltypes.MAX_PRECISION, max(LEAST_SCALE, *scales))
    yield sqltypes.DOUBLE
    yield sqltypes.DATE
    yield sqltypes.TIMESTAMP
    if {text.lower() for text in texts} <= BOOLEANS:
        yield sqltypes.BOOLEAN


def _holds(type_: SqlType, values: pa.Array) -> bool:
    try:
        convert_text(values, type_)
    except BadValueError:
        return False
    return True


def _first(inspected: Inspected, path: Path) -> Iterator[Any]:
    left = MOST_ROWS
    for _, batch in rows_of(inspected, path):
        yield batch.slice(0, left)
        left -= batch.num_rows
        if left <= 0:
            return
