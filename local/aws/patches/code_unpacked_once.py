"""A function's zip is unpacked once, and not again for each of its workers.

Lambda's new instances find their code unpacked (https://docs.aws.amazon.com/lambda/latest/dg/concepts-basics.html).
Stock ministack unpacks it, some thousand files, whenever a worker starts, and removes it when that ends: half a second
of each cold start. Here a worker's folder of code is a link to one that all workers of the same bytes share; large
codes are unpacked once for all stacks (code_store.py).
On Lambda that folder cannot be written; here it can. A folder that is no longer what its zip says, `__pycache__` apart,
is therefore no new worker's: one that runs may see what another writes, one that starts never does. What a function
with layers has is its own, as ministack links layers of Node.js into it.
"""

import contextlib
import functools
import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-not-found]  # server environment

from local.aws.patches.code_store import MANY, fill
from local.aws.patches.guard import expect_source

MOST_UNUSED = (
    4  # codes without a worker, of a hundred megabytes each: those of the functions here, and one release back
)
_SHARED, _PARTIAL = "ministack-code-", "ministack-unpacking-"
_BYTECODE = "__pycache__"
_lock = threading.Lock()
_of = threading.local()  # `is_shared`: whether the worker that this thread starts may share its code


class Archive(zipfile.ZipFile):
    """A zip of which the folder `code` is a link to what was unpacked before."""

    def extractall(self, path: Any = None, *how: Any, **ways: Any) -> None:
        """Unpack a layer as ever, and the code of a function with layers; other code where there is none as it is."""
        place = Path(path or "")
        if place.name != "code" or not getattr(_of, "is_shared", False):
            super().extractall(path, *how, **ways)
            return
        with _lock:
            place.rmdir()
            place.symlink_to(self._unpacked(), target_is_directory=True)
            _remove_unused()

    def _unpacked(self) -> Path:
        with Path(str(self.filename)).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        expected = {
            each.filename: (each.file_size, _moment(each))
            for each in self.infolist()
            if not each.is_dir() and _BYTECODE not in each.filename.split("/")
        }
        for shared in _folder().glob(f"{_SHARED}{digest}-*"):
            with contextlib.suppress(FileNotFoundError):  # another server has just removed it
                if _found(shared) == expected:
                    os.utime(shared)
                    return shared
                os.utime(shared, (0, 0))  # the first to be removed when no worker has it any more
        partial = Path(tempfile.mkdtemp(prefix=f"{_PARTIAL}{os.getpid()}-"))
        if len(expected) < MANY:
            self._unpack(partial, expected)
        else:
            fill(digest, lambda folder: self._unpack(folder, expected), lambda kept: _found(kept) == expected, partial)
        return partial.rename(_folder() / f"{_SHARED}{digest}-{partial.name.rpartition('-')[2]}")

    def _unpack(self, folder: Path, expected: dict[str, tuple[int, float]]) -> None:
        super().extractall(folder)
        for name, (_, moment) in expected.items():
            os.utime(folder / name, (moment, moment))


def apply() -> None:
    """Let workers that start find their code unpacked, and remove what a server that was killed was unpacking."""
    expect_source(lambda_runtime.Worker._spawn, "c55febf956565c5e83b8a36e069852483461164e899afa9c735a17e138ad1c93")
    spawn = lambda_runtime.Worker._spawn

    @functools.wraps(spawn)
    def spawn_sharing(worker: Any) -> None:
        _of.is_shared = not worker.config.get("Layers")
        spawn(worker)

    lambda_runtime.Worker._spawn = spawn_sharing
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": Archive})
    _remove_partial()


def _moment(file: zipfile.ZipInfo) -> float:
    """Return when a file of a zip was last changed, which extractall() does not keep."""
    return time.mktime((*file.date_time, 0, 0, -1))


def _found(folder: Path) -> dict[str, tuple[int, float]]:
    """Return the size and the last change of each file in a folder and its folders, by path; bytecode apart."""
    found: dict[str, tuple[int, float]] = {}
    waiting = [""]
    while waiting:
        before = waiting.pop()
        with os.scandir(folder / before) as entries:
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    found[before + entry.name] = status.st_size, status.st_mtime
                elif entry.name != _BYTECODE:
                    waiting.append(f"{before}{entry.name}/")
    return found


def _remove_unused() -> None:
    """Remove the oldest of the codes that no worker's folder links to."""
    used = {link.resolve() for link in _folder().glob("ministack-lambda-*/code") if link.is_symlink()}
    unused = [each for each in _folder().glob(f"{_SHARED}*") if each.resolve() not in used]
    for old in sorted(unused, key=lambda each: each.stat().st_mtime)[:-MOST_UNUSED]:
        shutil.rmtree(old, ignore_errors=True)


def _remove_partial() -> None:
    """Remove what servers that no longer run were unpacking."""
    for partial in _folder().glob(f"{_PARTIAL}*"):
        server = re.fullmatch(rf"{_PARTIAL}(\d+)-.*", partial.name)
        if not (server and Path(f"/proc/{server[1]}").exists()):
            shutil.rmtree(partial, ignore_errors=True)


def _folder() -> Path:
    return Path(tempfile.gettempdir())
