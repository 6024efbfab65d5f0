"""A function's zip is unpacked once, and not again for each of its workers.

Lambda's new instances find their code unpacked (https://docs.aws.amazon.com/lambda/latest/dg/concepts-basics.html).
Stock ministack unpacks it, some thousand files, whenever a worker starts, and removes it when that ends: half a second
of each cold start. Here a worker's folder of code is a link to one that all workers of the same bytes share.
On Lambda that folder cannot be written; here it can, and others see what a function writes into it.
"""

import hashlib
import os
import shutil
import tempfile
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

MOST_UNUSED = (
    4  # codes without a worker, of a hundred megabytes each: those of the functions here, and one release back
)
_SHARED = "ministack-code-"
_lock = threading.Lock()


class Archive(zipfile.ZipFile):
    """A zip of which the folder `code` is a link to what was unpacked before."""

    def extractall(self, path: Any = None, *how: Any, **ways: Any) -> None:
        """Unpack a layer as ever; code, where its bytes are new."""
        place = Path(path or "")
        if place.name != "code":
            super().extractall(path, *how, **ways)
            return
        with _lock:
            place.rmdir()
            place.symlink_to(self._unpacked(), target_is_directory=True)
            _remove_unused()

    def _unpacked(self) -> Path:
        with Path(str(self.filename)).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        shared = _folder() / f"{_SHARED}{digest}"
        if shared.exists():
            os.utime(shared)
            return shared
        partial = Path(tempfile.mkdtemp(prefix="ministack-unpacking-"))
        super().extractall(partial)
        return partial.rename(shared)


def apply() -> None:
    """Let workers that start find their code unpacked."""
    expect_source(lambda_runtime.Worker._spawn, "c55febf956565c5e83b8a36e069852483461164e899afa9c735a17e138ad1c93")
    lambda_runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": Archive})


def _remove_unused() -> None:
    """Remove the oldest of the codes that no worker's folder links to."""
    used = {link.resolve() for link in _folder().glob("ministack-lambda-*/code") if link.is_symlink()}
    unused = [each for each in _folder().glob(f"{_SHARED}*") if each.resolve() not in used]
    for old in sorted(unused, key=lambda each: each.stat().st_mtime)[:-MOST_UNUSED]:
        shutil.rmtree(old, ignore_errors=True)


def _folder() -> Path:
    return Path(tempfile.gettempdir())
