"""Lines of JSON in two files of the data folder, which the system views read: the newest, up to twice a limit.

In: lines. Out: two files that PostgreSQL's user alone may read; a restart begins them anew.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

LIMIT, LIMIT_BYTES = 20_000, 16 * 2**20  # of a file: what comes first; a view reads both files whole


class Lines:
    """Two files: lines go to the current one, which becomes the previous one when it is full."""

    def __init__(self, folder: Path, current: str, previous: str) -> None:
        """Begin both in a folder inside of the data folder."""
        self._current, self._previous = folder / current, folder / previous
        self._written = self._bytes = 0
        self._owner = folder.parent.stat()  # PostgreSQL's user
        folder.mkdir(exist_ok=True, mode=0o700)
        os.chown(folder, self._owner.st_uid, self._owner.st_gid)
        for file in (self._current, self._previous):
            file.unlink(missing_ok=True)
        self._create()

    def write(self, lines: Iterable[str]) -> None:
        """Write lines, each without its end."""
        if self._written > LIMIT or self._bytes > LIMIT_BYTES:
            self._current.replace(self._previous)
            self._create()
        with self._current.open("a") as file:
            for line in lines:
                self._bytes += file.write(f"{line}\n")
                self._written += 1

    def _create(self) -> None:
        self._current.touch(mode=0o600)
        os.chown(self._current, self._owner.st_uid, self._owner.st_gid)
        self._written = self._bytes = 0
