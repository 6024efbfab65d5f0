"""LAND: the rows of one parquet file, some at a time.

In: a file's bytes, or its path. Out: record batches of bounded size, with the number of rows before each; or the
rejection of a file whose pages cannot be decoded. Column chunks are read through a small buffer, never whole.

Nothing of `row_group(i).column(j)` is touched: on some damaged files pyarrow aborts the process there.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason

PAGE_BUFFER_BYTES = 1024 * 1024
ALL_BUFFERS_BYTES = 64 * 1024 * 1024  # every column has a buffer of its own while a row group is read
SMALLEST_BUFFER = 16 * 1024
# What a first batch may have where its values may take more in memory than the file says: a text that is the same in
# every row is in it once. Later batches have so many times the rows of those before them at most.
FIRST_ROWS = 16
GROWTH = 16
MAX_ROWS = 65_536
TARGET_BYTES = 16 * 1024 * 1024


def joined_batches(source: bytes | Path | io.RawIOBase) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield all the rows of a file in batches as large as TARGET_BYTES allows, each with the number of rows before it.

    Batches of flat columns are joined: to convert one takes as long for a thousand rows as for tens of thousands.

    Raises:
        RejectedFileError: a page cannot be decoded.
    """
    pending: list[pa.RecordBatch] = []
    rows_before = rows = size = 0
    is_flat: bool | None = None
    for before, batch in batches(source):
        if is_flat is None:
            is_flat = all(_is_flat(field.type) for field in batch.schema)
        if not is_flat:
            yield before, batch
            continue
        if pending and (size + batch.nbytes > TARGET_BYTES or rows + len(batch) > MAX_ROWS):
            yield rows_before, _one(pending)
            pending, rows_before, rows, size = [], before, 0, 0
        pending.append(batch)
        rows, size = rows + len(batch), size + batch.nbytes
    if pending:
        yield rows_before, _one(pending)


def _one(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


def _is_flat(kind: Any) -> bool:
    return bool(types.is_primitive(kind) or types.is_decimal(kind) or types.is_string(kind) or types.is_binary(kind))


def batches(
    source: bytes | Path | io.RawIOBase, columns: Sequence[str] | None = None
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the rows of a file in batches, each with the number of rows before it; some of its columns, or all.

    A row group begins with few rows, and goes on with as many as the widest rows so far let fit TARGET_BYTES, down to
    one; who looks at the first alone has read no more. INT96 timestamps are read in microseconds: in nanoseconds only
    the years 1678 to 2261 would fit. A page whose writer gave it a checksum is compared with that.

    Raises:
        RejectedFileError: a page cannot be decoded, or is not what was written.
    """
    rows = 0
    with _faults_after(lambda: rows), _opened(source) as file:
        for number in range(file.num_row_groups):
            for batch in _batches_of(file, number, columns):
                yield rows, batch
                rows += len(batch)


def find_values(
    source: bytes | Path | io.RawIOBase, columns: Sequence[str], is_value: Callable[[Any], bool]
) -> set[str]:
    """Name those of the columns of which an array holds what `is_value` looks for; each is read no further than there.

    Row group by row group, and in each one column after the other: neighbours in the file, which are read together.

    Raises:
        RejectedFileError: a page cannot be decoded, or is not what was written.
    """
    left, rows = list(columns), 0
    with ExitStack() as stack:
        with _faults_after(lambda: rows):
            file = stack.enter_context(_opened(source))
        for number in range(file.num_row_groups):
            left = [name for name in left if not any(map(is_value, _values_of(file, number, name, rows)))]
            rows += file.metadata.row_group(number).num_rows
            if not left:
                break
    return set(columns) - set(left)


def _values_of(file: Any, number: int, name: str, rows_before: int) -> Iterator[Any]:
    """Yield the values of one column of a row group; what they are looked at for is no fault of the file's."""
    with _faults_after(lambda: rows_before):
        for batch in _batches_of(file, number, [name]):
            yield batch.column(name)


def _batches_of(file: Any, number: int, columns: Sequence[str] | None) -> Iterator[pa.RecordBatch]:
    """Yield the rows of one row group."""
    group = file.metadata.row_group(number)
    said = max(group.total_byte_size, 1)
    batch_rows = first_rows(said, group.num_rows)
    width = said // max(group.num_rows, 1)
    for batch in file.iter_batches(batch_rows, row_groups=[number], columns=columns, use_threads=False):
        yield batch
        width = max(width, batch.nbytes // max(len(batch), 1), 1)
        batch_rows = max(min(TARGET_BYTES // width, batch_rows * GROWTH, MAX_ROWS), 1)
        file.reader.set_batch_size(batch_rows)  # of the batch that is read next


@contextmanager
def _opened(source: bytes | Path | io.RawIOBase) -> Iterator[Any]:
    opened = _source(source)
    metadata = None if isinstance(source, bytes) else pq.read_metadata(opened)  # else it is read twice
    with pq.ParquetFile(
        opened,
        metadata=metadata,
        coerce_int96_timestamp_unit="us",
        buffer_size=_buffer_bytes(metadata.num_columns) if metadata else 0,
        pre_buffer=False,
        page_checksum_verification=True,
    ) as file:
        yield file


@contextmanager
def _faults_after(rows: Callable[[], int]) -> Iterator[None]:
    """Reject a file that cannot be read, and say after how many rows."""
    try:
        yield
    except MemoryError:  # this process's fault, perhaps: a file seen again is read in a process of its own
        raise
    except Exception as error:  # whatever reading raises comes of the bytes, and would come again
        if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the file's
            raise
        detail = f"the data after row {rows()} cannot be read: {error}"
        raise RejectedFileError(Reason.UNREADABLE_DATA, detail) from error


def first_rows(said: int, rows: int) -> int:
    """Tell how many rows are read at first of a row group that is said to have `said` bytes, before compression.

    No value is longer than all that is said, whatever is written once for many rows.

    >>> first_rows(1_000_000, 100_000), first_rows(10_000, 100_000)  # sixteen, or what fits in any case
    (16, 1677)
    >>> first_rows(900_000_000, 1_000), first_rows(10**12, 1_000)  # wide rows
    (16, 1)
    """
    width = max(said // max(rows, 1), 1)
    return max(min(max(TARGET_BYTES // said, FIRST_ROWS), TARGET_BYTES // width, MAX_ROWS), 1)


def _buffer_bytes(columns: int) -> int:
    return max(min(PAGE_BUFFER_BYTES, ALL_BUFFERS_BYTES // max(columns, 1)), SMALLEST_BUFFER)


def _source(source: bytes | Path | io.RawIOBase) -> Any:
    if isinstance(source, bytes):
        return pa.BufferReader(source)
    return str(source) if isinstance(source, Path) else pa.PythonFile(source, mode="r")
