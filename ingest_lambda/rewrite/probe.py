"""LAND: reading suspects in a process of their own.

In: file versions whose messages have come before, perhaps because one of them ended the function. Out: for each, the
rejection that its reading earned, or None. A child process (`probe_child`) decodes them one after another under a limit
of memory and of time. Where it dies, the file in hand is the culprit, and another child goes on with the rest.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive.routing import Format
from ingest_lambda.bucket.refusals import s3_error
from ingest_lambda.errors import FileGoneError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.read.content import on_disk
from ingest_lambda.read.formats import kind_of
from ingest_lambda.reasons import Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_SAID = 500
START_SECONDS = 30


@dataclass(frozen=True)
class Limits:
    """What a child may use: bytes of address space, and seconds for a file, one more for each `bytes_per_second`.

    A file that lands needs about 250 MB of memory, whatever its size (benchmarks/rewrite_memory.py).
    """

    address_space: int = 1024**3
    seconds: float = 30
    bytes_per_second: int = 4_000_000

    def seconds_for(self, size: int) -> float:
        """Tell how long the reading of a file of `size` bytes may take."""
        return self.seconds + size / self.bytes_per_second


def probe(
    s3: S3Client, files: Iterable[FileVersion], limits: Limits | None = None
) -> dict[str, RejectedFileError | None]:
    """Read every file whole; return by file id why it cannot land, None if it can be read (or is gone by now).

    Raises:
        TransientError, ConfigError: S3 does not answer or denies access; the child cannot be started.
    """
    limits = limits or Limits()
    found: dict[str, RejectedFileError | None] = {}
    child: _Child | None = None
    try:
        for file in files:
            if kind_of(file.key) is not Format.PARQUET:  # no text ends its reader
                found[file.file_id] = None
                continue
            try:
                size = _size(s3, file)
                with on_disk(s3, file, size) as path:
                    child = child or _Child(limits)
                    found[file.file_id] = child.read(path, limits.seconds_for(size))
            except FileGoneError:
                found[file.file_id] = None
            if child and child.is_over:
                child = None
    finally:
        if child:
            child.end()
    return found


def _size(s3: S3Client, file: FileVersion) -> int:
    try:
        return s3.head_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)["ContentLength"]
    except ClientError as error:
        raise s3_error(error, file) from error
    except BotoCoreError as error:
        raise TransientError(f"S3 does not answer for {file.uri}: {error}") from error


class _Child:
    """A process that answers each path with a line: what it found."""

    def __init__(self, limits: Limits) -> None:
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "ingest_lambda.rewrite.probe_child", str(limits.address_space)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "ARROW_DEFAULT_MEMORY_POOL": "system"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
        )
        self.is_over = False
        if self._line(START_SECONDS) != b"ready\n":
            self.end()
            raise TransientError(f"the process that reads suspects does not start: {self._last_words()}")

    def read(self, path: Path, seconds: float) -> RejectedFileError | None:
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: it is a pipe
        self._process.stdin.write(f"{path}\n".encode())
        self._process.stdin.flush()
        line = self._line(seconds)
        if line:
            return _rejection(line)
        self.end()
        if line is None:
            return _crash(f"reading the file takes more than {seconds:.0f} seconds")
        code = self._process.returncode
        if code > 0:  # it ended itself, which a file cannot make it do
            raise TransientError(f"the process that reads suspects failed: {self._last_words()}")
        return _crash(f"reading the file ends the process with {signal.Signals(-code).name}: {self._last_words()}")

    def end(self) -> None:
        self.is_over = True
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def _line(self, seconds: float) -> bytes | None:
        """Wait for a line; b"" if the process has ended, None if the time has."""
        assert self._process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            return self._process.stdout.readline() if selector.select(seconds) else None

    def _last_words(self) -> str:
        self._said.seek(0)
        return self._said.read().decode(errors="replace").strip()[-MAX_SAID:]


def _rejection(line: bytes) -> RejectedFileError | None:
    answer = json.loads(line)
    return RejectedFileError(Reason(answer.pop("reason")), answer.pop("detail"), **answer) if answer else None


def _crash(detail: str) -> RejectedFileError:
    return RejectedFileError(Reason.CRASHES_READER, detail)
