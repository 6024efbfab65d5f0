"""LAND: fetching a file to read its rows.

In: an inspected object version. Out: its bytes, or the path of a copy on disk. One GET; none if the bytes were kept
when the footer was read.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.footer import WHOLE_FILE_BYTES, Inspected, read_end

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef

CHUNK_BYTES = 1024 * 1024
# What stays free beside a file that is read from disk: room for a part of what it is rewritten to.
SPARE_BYTES = 128 * 1024 * 1024


def fits_memory(inspected: Inspected) -> bool:
    """Tell whether a file is read as bytes, and not from disk."""
    return inspected.size <= WHOLE_FILE_BYTES


@contextmanager
def content_of(s3: S3Client, inspected: Inspected) -> Iterator[bytes | Path]:
    """Give the file's bytes if they were kept or are few, else the path of a copy on disk, which goes afterwards.

    Raises:
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer or denies access; the disk is too small.
    """
    if inspected.content is not None:
        yield inspected.content
    elif fits_memory(inspected):
        memory = io.BytesIO()
        copy(opened(s3, inspected.file), inspected.file, memory)
        yield memory.getvalue()
    else:
        with on_disk(s3, inspected.file, inspected.size) as path:
            yield path


@contextmanager
def on_disk(s3: S3Client, file: FileVersion, size: int) -> Iterator[Path]:
    """Give the path of a copy of a file of `size` bytes.

    Raises:
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer or denies access; the disk is too small.
    """
    room_for(file, size)
    with tempfile.NamedTemporaryFile() as disk:
        copy(opened(s3, file), file, disk)
        disk.flush()
        yield Path(disk.name)


@contextmanager
def only_end(s3: S3Client, file: FileVersion, size: int) -> Iterator[Path]:
    """Give the path of a file of `size` bytes whose end is a parquet file's, with its footer; the rest is a hole.

    Raises:
        RejectedFileError: the end is not that of a parquet file.
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer or denies access.
    """
    end = read_end(s3, file)
    with tempfile.NamedTemporaryFile() as disk:
        disk.truncate(size)
        disk.seek(size - len(end))
        disk.write(end)
        disk.flush()
        yield Path(disk.name)


def room_for(file: FileVersion, size: int) -> None:
    """Check that a file of `size` bytes fits the disk, and a part of what it is rewritten to.

    Raises:
        ConfigError: it does not.
    """
    if room_on_disk() < size:
        raise ConfigError(
            f"{file.uri} of {size} bytes does not fit the function's disk, which has room for {room_on_disk()} bytes: "
            "raise the parameter EphemeralStorageMegabytes of land.yaml"
        )


def room_on_disk() -> int:
    """Tell how many bytes a file may have that is read from disk."""
    return shutil.disk_usage(tempfile.gettempdir()).free - SPARE_BYTES


def opened(s3: S3Client, file: FileVersion) -> GetObjectOutputTypeDef:
    """Ask for exactly this version, whole.

    Raises:
        FileGoneError: that version exists no more.
        TransientError, ConfigError: S3 does not answer, or denies access.
    """
    try:
        return s3.get_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)
    except ClientError as error:
        raise s3_error(error, file) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not answer for {file.uri}: {error}") from error


def copy(response: GetObjectOutputTypeDef, file: FileVersion, into: IO[bytes]) -> None:
    """Write what S3 answers to `into`, chunk by chunk.

    Raises:
        TransientError: S3 stops before the end.
    """
    try:
        for chunk in response["Body"].iter_chunks(CHUNK_BYTES):
            into.write(chunk)
    except BotoCoreError as error:
        raise TransientError(f"S3 does not answer for {file.uri}: {error}") from error
    if into.tell() != response["ContentLength"]:
        raise TransientError(f"S3 gave {into.tell()} of the {response['ContentLength']} bytes of {file.uri}")
