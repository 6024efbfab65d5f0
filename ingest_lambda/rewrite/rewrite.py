"""LAND: rewriting files that COPY would misread, or many small ones into one.

In: readable files of one dataset, and the landing columns that they bring. Out: a few parquet objects of one shape,
which one COPY reads right: the number of the file, then the columns in their transport types. Each file is read on its
own, streamed, so that memory does not grow with its size and a bad one is named with row, column and value. The rows of
a file that turns out bad halfway stay in an object under its number; whoever inserts leaves that number out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.arrive.partitions import PathColumn
from ingest_lambda.arrive.routing import Format
from ingest_lambda.clock import Clock
from ingest_lambda.errors import FileGoneError, RejectedFileError, UnexpectedValueError
from ingest_lambda.judge.widening import Fit, fit
from ingest_lambda.read.faults import faults_of_the_file
from ingest_lambda.read.footer import UNKNOWN_ROWS, Footer, Inspected
from ingest_lambda.read.formats import kind_of, rows_of
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.ahead import contents
from ingest_lambda.rewrite.checks import BadValueError, Converted, plain
from ingest_lambda.rewrite.path_values import PathValue, path_values
from ingest_lambda.rewrite.texts import TextSource, convert_text
from ingest_lambda.rewrite.values import convert
from ingest_lambda.rewrite.writer import CanonicalObject, Parts
from ingest_lambda.warehouse.sqltypes import SUPER, VARCHAR, SqlType
from ingest_lambda.warehouse.statements import ROW_NUMBER, Column
from ingest_lambda.warehouse.transport import transport_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILE_NUMBER = "_file_number"
Converter = Callable[[pa.Array, SqlType, FileColumn], Converted]


@dataclass(frozen=True)
class Source:
    """A file to rewrite: its number in the load, and the landing name of each of its columns, in the file's order.

    `path`: the columns that the folders of its key name. `empty`: those of which its footer says that all values are
    NULL, whatever their type. `keeps_positions`: the landing column ROW_NUMBER takes each row's place in the file.
    """

    inspected: Inspected
    number: int
    names: tuple[str, ...]
    path: tuple[PathColumn, ...] = ()
    empty: frozenset[str] = frozenset()
    keeps_positions: bool = False


@dataclass(frozen=True)
class Rewritten:
    """What was written, by the files' numbers: `rows` of the good ones, `rejections` of the others.

    `cut` names the columns of good files in which digits below a microsecond were dropped, `clocks` says what the
    timestamps of texts and folders are.
    """

    objects: tuple[CanonicalObject, ...]
    rows: dict[int, int]
    rejections: dict[int, RejectedFileError | FileGoneError]
    cut: dict[int, tuple[str, ...]]
    clocks: dict[int, frozenset[tuple[str, Clock]]]


def rewrite(s3: S3Client, bucket: str, prefix: str, sources: Iterable[Source], columns: Sequence[Column]) -> Rewritten:
    """Rewrite `sources` into objects under `prefix` with the columns `columns`; one that a file has not is NULL.

    Raises:
        UnexpectedValueError: a column has a value that should have none; nothing stays behind.
        TransientError: S3 does not answer; nothing stays behind.
        ConfigError: S3 denies access, or the disk is too small for a file.
    """
    fields = [(f"c{position}", transport_of(column.type).arrow) for position, column in enumerate(columns, start=1)]
    parts = Parts(s3, bucket, prefix, pa.schema([(FILE_NUMBER, pa.int32()), *fields]))
    rewriting = _Rewriting(parts, columns)
    rejections: dict[int, RejectedFileError | FileGoneError] = {}
    try:
        for source, fetched in contents(s3, sources):
            try:
                with fetched as content:
                    rewriting.add(source, content)
            except (RejectedFileError, FileGoneError) as error:
                rejections[source.number] = error
        return Rewritten(parts.close(), rewriting.rows, rejections, rewriting.cut, rewriting.clocks)
    except BaseException:
        parts.discard()
        raise


class _Rewriting:
    """Adds file after file to the parts, and remembers how many rows each had."""

    def __init__(self, parts: Parts, columns: Sequence[Column]) -> None:
        self._parts = parts
        self._columns = columns
        self.rows: dict[int, int] = {}
        self.cut: dict[int, tuple[str, ...]] = {}
        self.clocks: dict[int, frozenset[tuple[str, Clock]]] = {}

    def add(self, source: Source, content: bytes | Path) -> None:
        rows, cut, clocks = 0, set[str](), set[tuple[str, Clock]]()
        for converted, noticed in converted_batches(source, content, self._columns):
            self._parts.write(pa.record_batch(converted, schema=self._parts.schema))
            cut |= noticed.cut
            clocks |= noticed.clocks
            rows += len(converted[0])
        self.rows[source.number] = rows
        if cut:
            self.cut[source.number] = tuple(column.name for column in self._columns if column.name in cut)
        if clocks:
            self.clocks[source.number] = frozenset(clocks)


def converted_batches(
    source: Source, content: bytes | Path, columns: Sequence[Column]
) -> Iterator[tuple[list[pa.Array], Noticed]]:
    """Read a file to its end; yield its rows in batches, as `convert_batch` returns them.

    Raises:
        RejectedFileError: the file cannot be read, a column cannot hold a value, or the footer promises other rows.
    """
    rows, convert, described = 0, converter_of(source.inspected), source.inspected.footer.columns
    said = path_values(source.path, columns)
    for rows_before, batch in rows_of(source.inspected, content):
        file = BatchOf(
            source.number, source.names, rows_before, convert, described, said, source.empty, source.keeps_positions
        )
        yield convert_batch(batch, file, columns)
        rows = rows_before + len(batch)
    check_row_count(rows, source.inspected.footer)


@dataclass(frozen=True)
class Noticed:
    """What converting a batch has shown: columns that lost nanoseconds; what timestamps of texts and folders are."""

    cut: set[str] = field(default_factory=set)
    clocks: set[tuple[str, Clock]] = field(default_factory=set)


@dataclass(frozen=True)
class BatchOf:
    """Where a batch comes from: its file's number and landing names, the rows before it, what converts its values.

    `columns` are the file's, `empty` those of which its footer says that all values are NULL. `said`: by landing name,
    what the file's path says of its rows. `keeps_positions`: the landing column ROW_NUMBER takes their places in it.
    """

    number: int
    names: Sequence[str]
    rows_before: int
    convert: Converter
    columns: Sequence[FileColumn]
    said: Mapping[str, PathValue] = field(default_factory=dict)
    empty: frozenset[str] = frozenset()
    keeps_positions: bool = False

    def converted(self, batch: pa.RecordBatch, position: int, landing: Column) -> Converted:
        """Convert the values of the column at `position`.

        Raises:
            RejectedFileError: a value cannot land, or the path says another.
        """
        name = batch.schema.field(position).name
        with faults_of_the_file(f"reading the values after row {self.rows_before}", name):
            try:
                if landing.name in self.empty:
                    found = Converted(pa.nulls(len(batch), transport_of(landing.type).arrow))
                else:
                    found = self.convert(batch.column(position), landing.type, self.columns[position])
            except BadValueError as error:
                raise _bad_value(error, self.rows_before, name, landing) from error
        if landing.name in self.said:
            self.said[landing.name].check(found.values, name, self.rows_before)
        return found


def convert_batch(batch: pa.RecordBatch, source: BatchOf, columns: Sequence[Column]) -> tuple[list[pa.Array], Noticed]:
    """Convert a batch to the canonical columns.

    Returns:
        The arrays, the file's number first, and what was noticed.

    Raises:
        RejectedFileError: a landing column cannot hold a value, or the path says another.
        UnexpectedValueError: a column has a value that should have none.
    """
    positions = {name: position for position, name in enumerate(source.names)}
    for name in source.empty:
        check_empty(batch, source.number, positions[name])
    arrays, noticed = [pa.repeat(pa.scalar(source.number, pa.int32()), len(batch))], Noticed()
    for column in columns:
        if source.keeps_positions and column.name == ROW_NUMBER:
            arrays.append(places(source.rows_before, len(batch)))
            continue
        position, said = positions.get(column.name), source.said.get(column.name)
        if position is None:
            absent = pa.nulls(len(batch), transport_of(column.type).arrow)
            arrays.append(absent if said is None else said.repeated(len(batch)))
            noticed.clocks.update((column.name, clock) for clock in (said.clocks if said else ()))
            continue
        converted = source.converted(batch, position, column)
        arrays.append(converted.values)
        if converted.is_cut:
            noticed.cut.add(column.name)
        noticed.clocks.update((column.name, clock) for clock in converted.clocks)
    return arrays, noticed


def places(rows_before: int, length: int) -> pa.Array:
    """Number `length` rows of a file, the first row of which is 1.

    >>> places(2, 3).to_pylist()
    [3, 4, 5]
    """
    return pa.arange(rows_before + 1, rows_before + length + 1)


def check_empty(batch: pa.RecordBatch, number: int, position: int) -> None:
    """Check that a column is NULL in every row.

    Raises:
        UnexpectedValueError: it is not.
    """
    values = plain(batch.column(position))
    if values.null_count < len(values):
        raise UnexpectedValueError(number, position)


def _bad_value(error: BadValueError, rows_before: int, name: str, column: Column) -> RejectedFileError:
    row = rows_before + error.index + 1
    # A text that is no value of the column's type could land as text.
    as_text = VARCHAR if error.reason is Reason.INVALID_VALUE and column.type != SUPER else None
    evolve_to = error.evolve_to or as_text
    return RejectedFileError(
        error.reason,
        f"row {row} has a value that the landing column of type {column.type} cannot hold",
        column=name,
        found=error.found,
        expected=error.expected,
        row=row,
        remedy=error.remedy,
        evolve_to=str(evolve_to) if evolve_to else None,
    )


def check_row_count(rows: int, footer: Footer) -> None:
    """Compare the rows that were read with those that the footer promises.

    Raises:
        RejectedFileError: they differ.
    """
    if footer.row_count not in (rows, UNKNOWN_ROWS):
        raise RejectedFileError(
            Reason.ROW_COUNT_MISMATCH,
            "the footer promises another number of rows than the data holds",
            found=f"{rows} rows",
            expected=f"{footer.row_count} rows",
        )


def converter_of(inspected: Inspected) -> Converter:
    """Choose what makes landing values of a file's values."""
    kind = kind_of(inspected.file.key)
    if kind is Format.PARQUET or inspected.text is None:
        return convert_stored
    return partial(convert_written, source=TextSource(kind.value, inspected.text.dialects.encoding_of(kind.value)))


def convert_stored(values: pa.Array, landing: SqlType, column: FileColumn) -> Converted:
    """Convert values that a parquet file stores, as `convert`."""
    return convert(values, landing, column.meaning)


def convert_written(
    values: pa.Array, landing: SqlType, column: FileColumn, source: TextSource | None = None
) -> Converted:
    """Convert values that are written as text, as `convert_text`.

    What is declared to be a whole number or a decimal is read as one, even where it lands in a floating-point column:
    else it would be rounded.
    """
    if column.type is not None and fit(column.type, landing) is Fit.BY_VALUE:
        return convert(convert_text(values, column.type, source).values, landing)
    return convert_text(values, landing, source)
