"""LAND: a text as a stream, unpacked where it is packed.

In: the bytes of a text file, or the path of a copy. Out: a stream of the text. gzip is known by its first bytes
(https://www.rfc-editor.org/rfc/rfc1952), whatever the name says: a producer may name a packed file `.csv`, and a client
may have unpacked one that is named `.csv.gz`. What is unpacked is never whole in memory or on disk, and is bounded.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ingest_lambda.errors import RejectedFileError
from ingest_lambda.reasons import Reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"
# gzip makes a thousandth of zeros: without a bound, a file of a few megabytes would keep the function until its end.
# JSON of more than this is not read within the 300 seconds of a load: it would come back until the queue gives it up.
MAX_UNPACKED_BYTES = 1024**3
CHUNK_BYTES = 1024 * 1024


@contextmanager
def opened_text(content: bytes | Path) -> Iterator[BinaryIO]:
    """Open a text, unpacked. Its `tell` counts the bytes of the text.

    Raises (the stream, when it is read):
        RejectedFileError: what is packed is damaged or cut, or too large.
    """
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        is_packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        yield io.BufferedReader(_Unpacked(file), CHUNK_BYTES) if is_packed else file


def is_unpacked(stream: BinaryIO) -> bool:
    """Tell whether a text that was opened is unpacked while it is read."""
    return isinstance(stream, io.BufferedReader) and isinstance(stream.raw, _Unpacked)


def read_to_end(stream: BinaryIO) -> int:
    """Read what is left of a text, which shows whether it is whole; return how many bytes the text has.

    Raises:
        RejectedFileError: what is packed is damaged or cut, or too large.
    """
    while stream.read(CHUNK_BYTES):
        pass
    return stream.tell()


class _Unpacked(io.RawIOBase):
    """The text in a gzip stream (of one member or several), its failures as verdicts."""

    def __init__(self, packed: BinaryIO) -> None:
        self._gzip = gzip.GzipFile(fileobj=packed)
        self._size = 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def readinto(self, buffer: WriteableBuffer) -> int:
        try:
            count = self._gzip.readinto(buffer)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            detail = f"what is packed with gzip cannot be unpacked behind {self._size} bytes of text: {error}"
            raise RejectedFileError(Reason.UNREADABLE_DATA, detail) from error
        self._size += count
        if self._size > MAX_UNPACKED_BYTES:
            raise RejectedFileError(
                Reason.OVERSIZE_FILE,
                "the file is packed with gzip, and unpacks to more than one load reads",
                found=f"more than {MAX_UNPACKED_BYTES} bytes",
                expected=f"at most {MAX_UNPACKED_BYTES} bytes",
            )
        return count
