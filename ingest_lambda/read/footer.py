"""LAND: what a file says of itself.

In: an object version. Out: its `Footer`: columns, row count, size, S3's own facts; or the rejection of what is no
readable parquet file. One ranged GET reads the tail, a second one only where the footer is longer than the tail. Of a
small file the tail is the whole, and is kept while the invocation's `Budget` lasts, so that nothing is read twice.

Some footers make pyarrow abort the whole process: reading `row_group(i).column(j)` of encrypted columns does, and so
does `.compression` of a codec it does not know. Only the schema and the row counts are asked of it, which is safe; what
else a footer says, `metadata` reads. `parse_footer` takes bytes alone, so that a suspicious file can be parsed in a
process of its own.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types
from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.bucket.refusals import empty_object, s3_error
from ingest_lambda.errors import OverLimitError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.blame import rejection_of
from ingest_lambda.read.columns import columns_of
from ingest_lambda.read.dialects import TextFacts
from ingest_lambda.read.metadata import Metadata, read_metadata
from ingest_lambda.read.schema import FileColumn
from ingest_lambda.read.seekable import SeekableFile
from ingest_lambda.read.table_signs import Sign, sign_of
from ingest_lambda.reasons import Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAIL_BYTES = 65_536  # what pyarrow's own reader fetches first; holds the footer of almost every file
# Read whole at once. Larger files are few or are copied as they are, and a second GET costs little beside them.
WHOLE_FILE_BYTES = 8 * 1024 * 1024
MAX_FOOTER_BYTES = 64 * 1024 * 1024
# https://parquet.apache.org/docs/file-format/: the footer's length (4 bytes, little-endian) and the magic end a file.
TRAILER_BYTES = 8
MAGIC = b"PAR1"
ENCRYPTED_MAGIC = b"PARE"  # https://parquet.apache.org/docs/file-format/data-pages/encryption/
SMALLEST_FILE = len(MAGIC) + TRAILER_BYTES

UNKNOWN_ROWS = -1


@dataclass(frozen=True)
class Footer:
    """The schema of a file and its number of rows, UNKNOWN_ROWS where only reading it tells.

    `sign` says that the file belongs to a table format, where its footer does.
    """

    columns: tuple[FileColumn, ...]
    row_count: int
    sign: Sign | None = None


@dataclass(frozen=True)
class Inspected:
    """A readable file: what its footer says, and what S3 says (size in bytes, LastModified in UTC).

    `content` is all of it where it is small and was kept; `text` is what was found of a text file. `over_limit`: its
    rows are not for this function to read, and why; COPY may.
    """

    file: FileVersion
    footer: Footer
    size: int
    etag: str
    modified_at: datetime
    content: bytes | None = field(default=None, repr=False, compare=False)
    text: TextFacts | None = None
    over_limit: OverLimitError | None = field(default=None, compare=False)

    @property
    def has_no_records(self) -> bool:
        """Tell whether it is a text whose records name its columns, and which has none: `[]`."""
        return self.text is not None and not self.footer.columns and self.footer.row_count == 0

    @property
    def size_to_read(self) -> int:
        """The bytes that reading it to its end takes."""
        return self.text.unpacked_size or self.size if self.text else self.size


class Budget:
    """How many bytes of whole files one invocation may keep. Threads share it."""

    def __init__(self, total_bytes: int) -> None:
        self._left = total_bytes
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take `size` bytes of what is left, if there are as many."""
        with self._lock:
            is_granted = size <= self._left
            self._left -= size if is_granted else 0
        return is_granted


@dataclass(frozen=True)
class _Tail:
    """The last bytes of an object, and what S3 said with them."""

    data: bytes
    size: int
    etag: str
    modified_at: datetime


def inspect(s3: S3Client, file: FileVersion, budget: Budget | None = None) -> Inspected:
    """Read the footer of exactly this version; keep the whole file if it is small and `budget` allows.

    Raises:
        RejectedFileError: the object is no parquet file that can be read.
        FileGoneError: that version exists no more.
        TransientError: S3 did not answer.
        ConfigError: S3 denies access.
    """
    is_kept = budget is not None and file.size <= WHOLE_FILE_BYTES and budget.take(file.size or TAIL_BYTES)
    tail = _read_tail(s3, file, max(file.size, TAIL_BYTES) if is_kept else TAIL_BYTES)
    needed = footer_bytes(tail.data, tail.size)
    if needed > len(tail.data):
        tail = _read_tail(s3, file, needed)
    content = tail.data if is_kept and len(tail.data) == tail.size else None
    return Inspected(file, parse_footer(tail.data, tail.size), tail.size, tail.etag, tail.modified_at, content)


def read_end(s3: S3Client, file: FileVersion) -> bytes:
    """Read the end of exactly this version, its footer and perhaps more; nothing of it is parsed but its length.

    Raises:
        RejectedFileError, FileGoneError, TransientError, ConfigError: as `inspect`.
    """
    tail = _read_tail(s3, file, TAIL_BYTES)
    needed = footer_bytes(tail.data, tail.size)
    return tail.data if needed <= len(tail.data) else _read_tail(s3, file, needed).data


def footer_bytes(tail: bytes, size: int) -> int:
    """Tell how many bytes at the end of a file of `size` bytes are its footer, from its last bytes.

    Raises:
        RejectedFileError: the end is not that of a readable parquet file.
    """
    magic = tail[-len(MAGIC) :]
    if magic == ENCRYPTED_MAGIC:
        raise RejectedFileError(Reason.ENCRYPTED, "the footer is encrypted", found="PARE", expected="PAR1")
    if magic != MAGIC or size < SMALLEST_FILE:
        raise RejectedFileError(
            Reason.NOT_PARQUET,
            f"the file of {size} bytes does not end as a parquet file does: cut short, or of another format",
            found=repr(magic)[1:],
            expected="PAR1 as the last four bytes",
        )
    length = int.from_bytes(tail[-TRAILER_BYTES : -len(MAGIC)], "little") + TRAILER_BYTES
    if length > size - len(MAGIC):
        raise RejectedFileError(
            Reason.CORRUPT_FOOTER,
            "the footer's length cannot be true",
            found=f"{length} bytes of footer in a file of {size} bytes",
        )
    if length > MAX_FOOTER_BYTES:  # or four bytes of damage, which nothing tells from a length
        raise RejectedFileError(
            Reason.OVERSIZE_FILE,
            "the function does not read a footer of so many bytes",
            found=f"{length} bytes of footer in a file of {size} bytes",
            expected=f"at most {MAX_FOOTER_BYTES} bytes",
            remedy="write the file with larger row groups, or its rows into several files",
        )
    return length


def parse_footer(tail: bytes, size: int) -> Footer:
    """Parse the footer of a file of `size` bytes that ends with `tail` (at least its footer).

    Raises:
        RejectedFileError: the footer is damaged, or a column is encrypted or closes the file to its reader.
        MemoryError: this process has too little.
    """
    length = int.from_bytes(tail[-TRAILER_BYTES : -len(MAGIC)], "little")
    footer = tail[-TRAILER_BYTES - length : -TRAILER_BYTES]
    try:
        arrow = pq.read_metadata(pa.PythonFile(_FileEnd(tail, size), mode="r"))
        # the row groups are what readers go by; a writer may have left the file's own count at zero
        row_count = sum(arrow.row_group(number).num_rows for number in range(arrow.num_row_groups))
        said = read_metadata(footer)
        _refuse_encrypted(said)
        columns = columns_of(arrow.schema, said, is_kept=length <= TAIL_BYTES)
        return Footer(columns, row_count, sign_of(said))
    except MemoryError:  # this process's fault, perhaps: a file seen again is read in a process of its own
        raise
    except Exception as error:  # whatever parsing raises comes of the bytes: the next attempt would raise it too
        raise rejection_of(error, footer) from error


def _refuse_encrypted(said: Metadata) -> None:
    if said.encrypted is not None:
        raise RejectedFileError(
            Reason.ENCRYPTED,
            "the column is encrypted, although the footer is not",
            column=said.encrypted.name,
        )


def _read_tail(s3: S3Client, file: FileVersion, length: int) -> _Tail:
    try:
        response = s3.get_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id, Range=f"bytes=-{length}")
        data = response["Body"].read()
    except ClientError as error:
        raise s3_error(error, file) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not answer for {file.uri}: {error}") from error
    total = re.fullmatch(r"bytes \d+-\d+/(\d+)", response.get("ContentRange", ""))
    size = int(total[1]) if total else len(data)
    if size == 0:
        raise empty_object()
    return _Tail(data, size, response["ETag"].strip('"'), response["LastModified"])


class _FileEnd(SeekableFile):
    """A file of `size` bytes of which only the end is there: before it, all is zero (a reader may fetch too much)."""

    def __init__(self, tail: bytes, size: int) -> None:
        super().__init__(size)
        self._tail = tail

    def read(self, size: int = -1) -> bytes:
        wanted = min(self._size - self._position, size if size >= 0 else self._size)
        start = self._position - (self._size - len(self._tail))
        absent = min(max(-start, 0), wanted)
        data = bytes(absent) + self._tail[max(start, 0) : max(start + wanted, 0)]
        self._position += len(data)
        return data
