"""LAND, read: an object that is read here and there, never whole.

In: an object version. Out: a file of which each read is one ranged GET. For a reader that wants a few pages of a large
file; it asks in pieces of its own buffer's size.
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


class RangedObject(SeekableFile):
    """A version of `size` bytes. `fault` keeps what S3 refused: readers may word an error of theirs for it."""

    def __init__(self, s3: S3Client, file: FileVersion, size: int) -> None:
        super().__init__(size)
        self._s3 = s3
        self._file = file
        self.fault: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        if end <= self._position:
            return b""
        try:
            data = self._get(self._position, end)
        except Exception as error:
            self.fault = error
            raise
        self._position = end
        return data

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
