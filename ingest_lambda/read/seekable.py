"""LAND, read: what files that are not all at hand have in common. In: a size. Out: a file that can be sought in."""

from __future__ import annotations

import io


class SeekableFile(io.RawIOBase):
    """A file of `size` bytes that is read at its position; a subclass says how."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position
