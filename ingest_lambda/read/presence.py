"""LAND, read: which columns of a file have a value, where its footer does not tell.

In: a file and positions of its columns. Out: the file with that known of them, and of a text also whether it has rows
at all. Of parquet these columns alone are read, and no further than to the first value of each.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.arrive.routing import Format
from ingest_lambda.errors import FileGoneError, RejectedFileError
from ingest_lambda.read.content import content_of
from ingest_lambda.read.footer import UNKNOWN_ROWS, Inspected
from ingest_lambda.read.formats import kind_of, rows_of
from ingest_lambda.read.parquet_rows import batches, find_values
from ingest_lambda.read.ranges import RangedObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def look_into(s3: S3Client, inspected: Inspected, positions: Set[int]) -> Inspected:
    """Find out which of the columns have a value, reading from S3 as little as that takes.

    Of a file that cannot be read, or is gone, all are taken to have one: who reads it next says what is wrong with it.

    Raises:
        TransientError, ConfigError: S3 does not answer or denies access.
    """
    ranged = RangedObject(s3, inspected.file, inspected.size)
    try:
        if inspected.content is None and kind_of(inspected.file.key) is Format.PARQUET:
            return with_known_values(inspected, ranged, positions)
        with content_of(s3, inspected) as content:
            return with_known_values(inspected, content, positions)
    except (RejectedFileError, FileGoneError) as error:
        if ranged.fault is not None and not isinstance(ranged.fault, FileGoneError):
            raise ranged.fault from error
        return known(inspected, positions)


def with_known_values(inspected: Inspected, content: bytes | Path | RangedObject, positions: Set[int]) -> Inspected:
    """Find out which of the columns have a value.

    Raises:
        RejectedFileError: the file cannot be read.
    """
    if kind_of(inspected.file.key) is Format.PARQUET:
        return known(inspected, positions, _empty_in_parquet(inspected, content, positions))
    if isinstance(content, RangedObject):
        raise TypeError("a text is read whole")
    empty, rows = set(positions), 0
    for before, batch in rows_of(inspected, content):
        empty -= {position for position in empty if _has_value(batch.column(position))}
        rows = before + len(batch)
        if not empty:
            break
    found = known(inspected, positions, empty)
    if rows == 0 and inspected.footer.row_count == UNKNOWN_ROWS:
        return replace(found, footer=replace(found.footer, row_count=0))
    return found


def _empty_in_parquet(inspected: Inspected, content: bytes | Path | RangedObject, positions: Set[int]) -> set[int]:
    """Look into the first rows of all the columns; then further, into those that had no value in these."""
    names = {inspected.footer.columns[position].name: position for position in positions}
    empty = set(positions)
    for _, batch in islice(batches(content, list(names)), 1):
        empty = {position for name, position in names.items() if not _has_value(batch.column(name))}
    left = [name for name, position in sorted(names.items(), key=itemgetter(1)) if position in empty]
    return empty - {names[name] for name in (find_values(content, left, _has_value) if left else ())}


def _has_value(values: pa.Array) -> bool:
    """Tell whether an array has a value; a dictionary may hold a null, so that an index is not yet a value."""
    if isinstance(values, pa.DictionaryArray):
        values = values.dictionary_decode() if len(values.dictionary) else pa.nulls(len(values))
    return bool(values.null_count < len(values))


def known(inspected: Inspected, positions: Set[int], empty: Set[int] = frozenset()) -> Inspected:
    """Note of columns whether they have a value: all but those that are `empty`."""
    columns = tuple(
        replace(column, has_values=position not in empty) if position in positions else column
        for position, column in enumerate(inspected.footer.columns)
    )
    return replace(inspected, footer=replace(inspected.footer, columns=columns))
