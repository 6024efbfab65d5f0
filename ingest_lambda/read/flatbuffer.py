"""LAND, read: tables in a FlatBuffer, as arrow's schemas are written in.

In: bytes, and the numbers of the fields that are asked for. Out: their values. Pure; of hostile bytes as well, whose
offsets are held against the bytes that are there.
https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

MAX_ELEMENTS = 100_000


class Table:
    """A table at a position of a buffer.

    Each method raises ValueError where the bytes are no such table.
    """

    def __init__(self, data: bytes, at: int) -> None:
        self._data = data
        self._at = at
        self._fields = at - self._read("<i", at)

    @classmethod
    def root(cls, data: bytes) -> Table:
        """Find the table that a buffer is."""
        return cls(data, cls._unpacked("<I", data, 0))

    def number(self, field: int, form: str = "<i") -> int:
        """Read a scalar of that `struct` format; 0 where the field is left out."""
        at = self._position(field)
        return self._read(form, at) if at else 0

    def text(self, field: int) -> str:
        """Read a text, empty where the field is left out."""
        at = self._position(field)
        if not at:
            return ""
        at += self._read("<I", at)
        return self._data[at + 4 : at + 4 + self._read("<I", at)].decode("utf-8", "replace")

    def table(self, field: int) -> Table | None:
        """Follow a field to another table."""
        at = self._position(field)
        return Table(self._data, at + self._read("<I", at)) if at else None

    def tables(self, field: int) -> Iterator[Table]:
        """Go through a vector of tables."""
        at = self._position(field)
        if not at:
            return
        at += self._read("<I", at)
        for number in range(min(self._read("<I", at), MAX_ELEMENTS)):
            element = at + 4 * (number + 1)
            yield Table(self._data, element + self._read("<I", element))

    def _position(self, field: int) -> int:
        """Find a field; 0 where it is left out."""
        slot = 4 + 2 * field
        if slot >= self._read("<H", self._fields):
            return 0
        offset = self._read("<H", self._fields + slot)
        return self._at + offset if offset else 0

    def _read(self, form: str, at: int) -> int:
        return self._unpacked(form, self._data, at)

    @staticmethod
    def _unpacked(form: str, data: bytes, at: int) -> int:
        if at < 0:
            raise ValueError("an offset before the buffer's start")
        try:
            return int(struct.unpack_from(form, data, at)[0])
        except struct.error as error:
            raise ValueError("an offset beyond the buffer's end") from error
