"""LAND: the rows of one parquet file, some at a time.

In: a file's bytes, or its path. Out: record batches of bounded size, with the number of rows before each; or the
rejection of a file whose pages cannot be decoded. Column chunks are read through a small buffer, never whole.

Nothing of `row_group(i).column(j)` is touched: on some damaged files pyarrow aborts the process there.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason

PAGE_BUFFER_BYTES = 1024 * 1024
# So many rows of the longest strings that land (65,535 bytes) are 64 MB a column: what a first batch may cost.
FIRST_ROWS = 1_024
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

    The first row group comes in batches of few rows, since nothing tells their size, and who looks at the first alone
    has read no more. INT96 timestamps are read in microseconds: in nanoseconds only the years 1678 to 2261 would fit.
    A page whose writer gave it a checksum is compared with that.

    Raises:
        RejectedFileError: a page cannot be decoded, or is not what was written.
    """
    rows = 0
    try:
        opened = _opened(source)
        buffer_size = 0 if isinstance(source, bytes) else PAGE_BUFFER_BYTES
        with pq.ParquetFile(
            opened,
            coerce_int96_timestamp_unit="us",
            buffer_size=buffer_size,
            pre_buffer=False,
            page_checksum_verification=True,
        ) as file:
            batch_rows = FIRST_ROWS
            for group in range(file.num_row_groups):
                width = 1
                for batch in file.iter_batches(batch_rows, row_groups=[group], columns=columns, use_threads=False):
                    yield rows, batch
                    rows += len(batch)
                    width = max(width, batch.nbytes // max(len(batch), 1))
                batch_rows = min(max(TARGET_BYTES // width, FIRST_ROWS), MAX_ROWS)
    except MemoryError:  # this process's fault, perhaps: a file seen again is read in a process of its own
        raise
    except Exception as error:  # whatever reading raises comes of the bytes, and would come again
        if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the file's
            raise
        detail = f"the data after row {rows} cannot be read: {error}"
        raise RejectedFileError(Reason.UNREADABLE_DATA, detail) from error


def _opened(source: bytes | Path | io.RawIOBase) -> Any:
    if isinstance(source, bytes):
        return pa.BufferReader(source)
    return str(source) if isinstance(source, Path) else pa.PythonFile(source, mode="r")
