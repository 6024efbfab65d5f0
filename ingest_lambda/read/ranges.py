"""LAND, read: an object that is read here and there, never whole.

In: an object version. Out: a file of which a read is one ranged GET, or none where it lies in what the last has got.
For a reader that wants a few pages of a large file; it asks in pieces of its own buffer's size. Where it goes on a
little further than it has read, as from one small column to the next, more is got at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.seekable import SeekableFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


NEAR_BYTES = 64 * 1024
AHEAD_BYTES = 256 * 1024


class RangedObject(SeekableFile):
    """A version of `size` bytes. `fault` keeps what S3 refused: readers may word an error of theirs for it."""

    def __init__(self, s3: S3Client, file: FileVersion, size: int) -> None:
        super().__init__(size)
        self._s3 = s3
        self._file = file
        self._block, self._block_start, self._last_end = b"", 0, 0
        self.fault: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        start = self._position
        if end <= start:
            return b""
        if start < self._block_start or end > self._block_start + len(self._block):
            goes_on = 0 <= start - self._last_end <= NEAR_BYTES
            self._fetch(start, min(max(end, start + AHEAD_BYTES), self._size) if goes_on else end)
        self._position = self._last_end = end
        return self._block[start - self._block_start : end - self._block_start]

    def _fetch(self, start: int, end: int) -> None:
        try:
            self._block, self._block_start = self._get(start, end), start
        except Exception as error:
            self.fault = error
            raise

    def _get(self, start: int, end: int) -> bytes:
        """Get the bytes from `start` to before `end`.

        Raises:
            FileGoneError: that version exists no more.
            TransientError, ConfigError: S3 does not answer, or denies access.
        """
        file = self._file
        try:
            wanted = f"bytes={start}-{end - 1}"
            response = self._s3.get_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id, Range=wanted)
            data = response["Body"].read()
        except ClientError as error:
            raise s3_error(error, file) from error
        except BotoCoreError as error:
            raise TransientError(f"S3 does not answer for {file.uri}: {error}") from error
        if len(data) != end - start:
            raise TransientError(f"S3 gave {len(data)} of {end - start} bytes of {file.uri}")
        return data
