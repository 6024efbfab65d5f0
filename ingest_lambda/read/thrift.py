"""LAND, read: structures in Thrift's compact protocol, as a parquet footer is written in.

In: bytes, a position, the fields that are wanted. Out: their values by field id; the rest is passed over. Pure.
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

pyarrow decodes footers too, but aborts the whole process on some that are damaged or encrypted, and keeps back what it
does not know, such as newer annotations. This reads what the file says, of hostile bytes as well: every length is held
against the bytes that are there, and nesting against a bound.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

# The fields of a structure that are wanted, by id, and what each is: `int`, `bytes`, a list of one kind (`[int]`), or a
# structure, of which some fields are wanted.
Wanted = Mapping[int, Any]
Fields = dict[int, Any]

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT, UUID = range(1, 14)
MAX_DEPTH = 32
TOO_DEEP = f"structures are nested in more than {MAX_DEPTH} others"
MAX_VARINT_BYTES = 10
LAST_BYTE_OF_A_VARINT = 127  # a larger one says that another follows
LONG_LIST = 15


def decode(data: bytes, wanted: Wanted) -> Fields:
    """Decode the structure that `data` begins with.

    >>> decode(bytes.fromhex("15 02 18 01 61 00"), {1: int, 2: bytes})
    {1: 1, 2: b'a'}

    Raises:
        ValueError: the bytes are no such structure.
    """
    try:
        return _Reader(data).structure(wanted, 0)
    except (IndexError, struct.error) as error:
        raise ValueError("the structure ends in the middle of a field") from error


class _Reader:
    """Reads forward through bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def structure(self, wanted: Wanted, depth: int) -> Fields:
        if depth > MAX_DEPTH:
            raise ValueError(TOO_DEEP)
        found: Fields = {}
        data, field = self._data, 0
        while header := data[self._at]:
            self._at += 1
            kind = header & 15
            field = field + (header >> 4) if header >> 4 else self._integer()
            if field not in wanted:
                self._skip(kind, depth)
            else:
                found[field] = self._value(kind, wanted[field], depth)
        self._at += 1
        return found

    def _value(self, kind: int, wanted: Any, depth: int) -> Any:
        if wanted is int and kind in (I16, I32, I64):
            return self._integer()
        if wanted is bytes and kind == BINARY:
            return self._bytes()
        if isinstance(wanted, list) and kind in (LIST, SET):
            size, element = self._list_header()
            return [self._value(element, wanted[0], depth + 1) for _ in range(size)]
        if isinstance(wanted, Mapping) and kind == STRUCT:
            return self.structure(wanted, depth + 1)
        raise ValueError(f"a field has type {kind}, which is not what it should be")

    def _skip(self, kind: int, depth: int) -> None:
        data = self._data
        if kind in (I16, I32, I64):
            end = self._at + MAX_VARINT_BYTES
            while data[self._at] > LAST_BYTE_OF_A_VARINT:
                self._at += 1
                if self._at == end:
                    raise ValueError("a number is longer than 64 bits")
            self._at += 1
        elif kind == BINARY:
            self._bytes()
        elif kind == STRUCT:
            self._skip_structure(depth + 1)
        elif kind in (LIST, SET):
            size, element = self._list_header()
            for _ in range(size):
                self._skip(BYTE if element in (TRUE, FALSE) else element, depth + 1)
        elif kind == MAP:
            self._skip_map(depth)
        elif kind in (BYTE, DOUBLE, UUID):
            self._take({BYTE: 1, DOUBLE: 8, UUID: 16}[kind])
        elif kind not in (TRUE, FALSE):
            raise ValueError(f"a field has type {kind}, which Thrift does not have")

    def _skip_structure(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ValueError(TOO_DEEP)
        while header := self._data[self._at]:
            self._at += 1
            if not header >> 4:
                self._varint()
            self._skip(header & 15, depth)
        self._at += 1

    def _skip_map(self, depth: int) -> None:
        size = self._checked(self._varint())
        kinds = self._byte() if size else 0
        for _ in range(size):
            self._skip(kinds >> 4, depth + 1)
            self._skip(kinds & 15, depth + 1)

    def _list_header(self) -> tuple[int, int]:
        header = self._byte()
        size = header >> 4
        return self._checked(self._varint() if size == LONG_LIST else size), header & 15

    def _checked(self, size: int) -> int:
        """Hold a number of elements against the bytes that are left: each has at least one."""
        if size > len(self._data) - self._at:
            raise ValueError(f"a list of {size} elements in {len(self._data) - self._at} bytes")
        return size

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _bytes(self) -> bytes:
        return self._take(self._varint())

    def _take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise ValueError(f"a value of {size} bytes where {len(self._data) - self._at} are left")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def _varint(self) -> int:
        data, at = self._data, self._at
        byte = data[at]
        if byte <= LAST_BYTE_OF_A_VARINT:
            self._at = at + 1
            return byte
        value, shift = byte & 127, 7
        for position in range(at + 1, at + MAX_VARINT_BYTES):
            byte = data[position]
            value |= (byte & 127) << shift
            if byte <= LAST_BYTE_OF_A_VARINT:
                self._at = position + 1
                return value
            shift += 7
        raise ValueError("a number is longer than 64 bits")

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
