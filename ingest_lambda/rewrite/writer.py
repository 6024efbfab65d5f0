"""LAND: the parquet objects that a rewriting leaves for COPY.

In: record batches of one schema. Out: objects of at most about PART_BYTES under a prefix. Batches are gathered into row
groups, and a part is put when it is full, so that neither memory nor disk grows with the number of rows. A thread of
its own writes and puts one row group while the next is gathered: reading waits for no upload, and has a processor to
itself where there are two.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from botocore.exceptions import BotoCoreError, ClientError
from pyarrow import types

from ingest_lambda.bucket import objects
from ingest_lambda.read.content import SPARE_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROW_GROUP_BYTES = 32 * 1024 * 1024  # in memory
MAX_PENDING = 256  # batches; the Python objects around the columns of a tiny one outweigh its rows by far
# COPY splits no parquet object below 128 MB
# (https://docs.aws.amazon.com/redshift/latest/dg/c_best-practices-use-multiple-files.html).
PART_BYTES = SPARE_BYTES


@dataclass(frozen=True)
class CanonicalObject:
    """An object that COPY reads, and its exact size in bytes, as the manifest names it."""

    stored: objects.Stored
    size: int


class Parts:
    """Writes batches to numbered objects under `prefix`, which ends with a slash. Call `close` or `discard`."""

    def __init__(self, s3: S3Client, bucket: str, prefix: str, schema: pa.Schema) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix
        self.schema = schema
        # Of the file's number, which is the first, and of texts. Other numbers and times are rarely few, and to find
        # out that a dictionary does not pay costs half the writing.
        self._with_dictionary = [field.name for field in schema if field.name == schema.names[0] or _is_text(field)]
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = 0
        self._file: IO[bytes] | None = None
        self._writer: Any = None
        self._objects: list[CanonicalObject] = []
        self._thread = ThreadPoolExecutor(1)
        self._writing: Future[None] | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows.

        Raises:
            TransientError, ConfigError: S3 has not taken a part of those before.
        """
        if len(batch) == 0:
            return
        self._pending.append(batch)
        self._pending_bytes += batch.nbytes
        if self._pending_bytes >= ROW_GROUP_BYTES:
            self._begin_row_group()
        elif len(self._pending) >= MAX_PENDING:
            self._pending = [pa.concat_batches(self._pending)]

    def close(self) -> tuple[CanonicalObject, ...]:
        """Put what is left; return all objects, none if there was no row.

        Raises:
            TransientError, ConfigError: S3 does not take the last part.
        """
        if self._pending:
            self._begin_row_group()
        self._end_row_group()
        self._thread.shutdown()
        if self._file is not None:
            self._put_part()
        return tuple(self._objects)

    def discard(self) -> None:
        """Give up: close the file at hand and delete what was put, as far as S3 lets us."""
        self._thread.shutdown()
        if self._file is not None:
            self._file.close()
        with suppress(ClientError, BotoCoreError):
            objects.delete(self._s3, self._bucket, [part.stored for part in self._objects])

    def _begin_row_group(self) -> None:
        """Have the thread write what has been gathered, once it has written what was before."""
        self._end_row_group()
        gathered, self._pending, self._pending_bytes = self._pending, [], 0
        self._writing = self._thread.submit(self._write_row_group, gathered)

    def _end_row_group(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _write_row_group(self, batches: Sequence[pa.RecordBatch]) -> None:
        if self._file is None:
            # closed, and gone with that, when the part is put
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            self._writer = pq.ParquetWriter(
                self._file,
                self.schema,
                use_dictionary=self._with_dictionary,
                write_statistics=False,
                store_schema=False,
            )
        self._writer.write_table(pa.Table.from_batches(batches, self.schema))
        if self._file.tell() >= PART_BYTES:
            self._put_part()

    def _put_part(self) -> None:
        file = self._file
        assert file is not None  # noqa: S101 - for the type checker: both callers have seen it
        self._writer.close()
        size = file.tell()
        file.seek(0)
        key = f"{self._prefix}rows_{len(self._objects) + 1:04}.parquet"
        stored = objects.put(self._s3, self._bucket, key, file, "application/vnd.apache.parquet")
        self._objects.append(CanonicalObject(stored, size))
        file.close()
        self._file = None


def _is_text(field: pa.Field) -> bool:
    return bool(types.is_string(field.type))
