"""LAND: reading suspects in a process of their own.

In: file versions whose messages have come before, perhaps because one of them ended the function. Out: for each, the
rejection that its reading earned, or None. A child process (`probe_child`) decodes them one after another under a limit
of memory and of time. Where it dies, the file in hand is the culprit, and another child goes on with the rest. Beyond
the limits nothing is known but that (`OverLimitError`): COPY may take the file as it is.

What the function does not read cannot have ended it by its rows: of a large file that COPY reads right, and of one that
the disk does not hold, the footer alone is read.
"""

from __future__ import annotations

import json
import math
import os
import selectors
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from ingest_lambda.arrive.routing import Format
from ingest_lambda.bucket.objects import size_of
from ingest_lambda.errors import ConfigError, FileGoneError, OverLimitError, RejectedFileError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.paths import LARGE_BYTES
from ingest_lambda.read.content import on_disk, only_end, room_on_disk
from ingest_lambda.read.footer import WHOLE_FILE_BYTES
from ingest_lambda.read.formats import kind_of
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.probe_child import FOOTER, ROWS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Faults = dict[str, RejectedFileError | ConfigError | None]

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
    s3: S3Client,
    files: Iterable[FileVersion],
    limits: Limits | None = None,
    *,
    failed_before: bool = False,
    remaining_seconds: Callable[[], float] = lambda: math.inf,
) -> Faults:
    """Read files; return by file id why each cannot land, None if it can be read (or is gone by now).

    A `ConfigError` is the operator's, and of that file alone.

    `failed_before`: the function reads them all, as `group_by_path` has it. No file takes more than half of what
    remains: the other half is for its load.

    Raises:
        TransientError: S3 does not answer; the child cannot be started.
    """
    found: Faults = {}
    with _Reader(s3, limits or Limits(), remaining_seconds) as reader:
        for file in files:
            if kind_of(file.key) is not Format.PARQUET:  # no text ends its reader
                found[file.file_id] = None
                continue
            try:
                found[file.file_id] = reader.fault_of(file, failed_before=failed_before)
            except FileGoneError:
                found[file.file_id] = None
            except (RejectedFileError, ConfigError) as error:
                found[file.file_id] = error
    return found


class _Reader:
    """Has children read files, each as long as it lives."""

    def __init__(self, s3: S3Client, limits: Limits, remaining_seconds: Callable[[], float]) -> None:
        self._s3 = s3
        self._limits = limits
        self._remaining_seconds = remaining_seconds
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child:
            self._child.end()

    def fault_of(self, file: FileVersion, *, failed_before: bool) -> RejectedFileError | None:
        size, is_for_copy = size_of(self._s3, file), False
        fits = size <= max(room_on_disk(), WHOLE_FILE_BYTES)
        if not fits or size > LARGE_BYTES:
            with only_end(self._s3, file, size) as path:
                fault, is_for_copy = self._ask(FOOTER, path, self._limits.seconds)
            if isinstance(fault, OverLimitError):  # who inspects it would need as much
                return RejectedFileError(fault.reason, fault.detail)
            if fault or not fits or (is_for_copy and not failed_before):
                return fault
        seconds, left = self._limits.seconds_for(size), self._remaining_seconds() / 2
        with on_disk(self._s3, file, size) as path:
            fault, _ = self._ask(ROWS, path, min(seconds, left))
        is_late = isinstance(fault, OverLimitError) and self._child and self._child.is_over
        if is_late and left < seconds and not is_for_copy:
            raise TransientError(f"the time that is left is too short to read {file.uri}")
        return fault

    def _ask(self, what: str, path: Path, seconds: float) -> tuple[RejectedFileError | None, bool]:
        if self._child is None or self._child.is_over:
            self._child = _Child(self._limits)
        return self._child.read(what, path, seconds)


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

    def read(self, what: str, path: Path, seconds: float) -> tuple[RejectedFileError | None, bool]:
        """Tell what is wrong with a file, and whether COPY reads it right, which is asked of a footer alone."""
        assert self._process.stdin is not None  # noqa: S101 - for the type checker: it is a pipe
        self._process.stdin.write(f"{what} {path}\n".encode())
        self._process.stdin.flush()
        line = self._line(seconds)
        if line:
            return _answer(line)
        self.end()
        if line is None:
            return OverLimitError(f"reading the file takes more than {seconds:.0f} seconds"), False
        code = self._process.returncode
        if code > 0:  # it ended itself, which a file cannot make it do
            raise TransientError(f"the process that reads suspects failed: {self._last_words()}")
        words = f"reading the file ends the process with {signal.Signals(-code).name}: {self._last_words()}"
        return RejectedFileError(Reason.CRASHES_READER, words), False

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
            return self._process.stdout.readline() if selector.select(max(seconds, 0.0)) else None

    def _last_words(self) -> str:
        self._said.seek(0)
        return self._said.read().decode(errors="replace").strip()[-MAX_SAID:]


def _answer(line: bytes) -> tuple[RejectedFileError | None, bool]:
    said = json.loads(line)
    if "over_limit" in said:
        return OverLimitError(said["over_limit"]), False
    if "reason" in said:
        return RejectedFileError(Reason(said.pop("reason")), said.pop("detail"), **said), False
    return None, bool(said.get("is_for_copy"))
