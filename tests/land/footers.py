"""Footers changed by hand: annotations, groups and words that pyarrow does not write, in files that it wrote.

A structure is a dictionary from a field's id to its Thrift type and value, as the compact protocol has them
(https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md); the ids are those of
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
"""

import struct
from collections.abc import Callable
from typing import Any

from ingest_lambda.read.thrift import BINARY, BYTE, DOUBLE, FALSE, I16, I32, I64, LIST, STRUCT, TRUE

Structure = dict[int, tuple[int, Any]]
TRAILER = 8
SCHEMA, KEY_VALUES, CREATED_BY = 2, 5, 6
# fields of a schema's element
PHYSICAL, LENGTH, REPETITION, NAME, CHILDREN, CONVERTED, LOGICAL = 1, 2, 3, 4, 5, 6, 10
ENUM_CONVERTED = 4
ENUM, UUID, VARIANT = 4, 14, 16  # kinds of logical type


def changed(content: bytes, change: Callable[[Structure], None]) -> bytes:
    """Return the file with its footer changed."""
    [length] = struct.unpack("<I", content[-TRAILER:-4])
    footer, _ = _structure(content[-TRAILER - length : -TRAILER], 0)
    change(footer)
    written = encode(footer)
    return content[: -TRAILER - length] + written + struct.pack("<I", len(written)) + b"PAR1"


def annotated(content: bytes, path: str, kind: int) -> bytes:
    """Annotate the element of that path (`a.list.element`) with a logical type of that kind, in place of its own."""

    def change(footer: Structure) -> None:
        element = elements(footer)[path]
        element.pop(CONVERTED, None)
        element[LOGICAL] = (STRUCT, {kind: (STRUCT, {})})

    return changed(content, change)


def with_words(content: bytes, words: dict[str, str], created_by: str | None = None) -> bytes:
    """Give the file these key-value pairs alone, and another writer's name."""

    def change(footer: Structure) -> None:
        pairs = [{1: (BINARY, key.encode()), 2: (BINARY, value.encode())} for key, value in words.items()]
        footer[KEY_VALUES] = (LIST, (STRUCT, pairs))
        if created_by:
            footer[CREATED_BY] = (BINARY, created_by.encode())

    return changed(content, change)


def with_empty_group(content: bytes, name: str, parent: str | None = None) -> bytes:
    """Add a group without fields as the last one of `parent`, or of all columns."""

    def change(footer: Structure) -> None:
        schema = footer[SCHEMA][1][1]
        above = elements(footer)[parent] if parent else schema[0]
        above[CHILDREN] = (I32, above[CHILDREN][1] + 1)
        group = {REPETITION: (I32, 1), NAME: (BINARY, name.encode()), CHILDREN: (I32, 0)}
        at = len(schema) if parent is None else next(n for n, one in enumerate(schema) if one is above) + _size(above)
        schema.insert(at, group)

    def _size(above: Structure) -> int:
        return int(above[CHILDREN][1])  # of a flat struct: itself, and its fields but the new one

    return changed(content, change)


def elements(footer: Structure) -> dict[str, Structure]:
    """Find the schema's elements by path."""
    schema, found = footer[SCHEMA][1][1], dict[str, Structure]()

    def walk(at: int, path: str) -> int:
        element = schema[at]
        here = f"{path}.{element[NAME][1].decode()}" if at and path else (element[NAME][1].decode() if at else "")
        found[here] = element
        at += 1
        for _ in range(element.get(CHILDREN, (I32, 0))[1]):
            at = walk(at, here)
        return at

    walk(0, "")
    return found


def encode(fields: Structure) -> bytes:
    """Write a structure."""
    written, last = bytearray(), 0
    for field, (kind, value) in sorted(fields.items()):
        delta = field - last
        if 0 < delta <= 15:
            written.append(delta << 4 | kind)
        else:
            written += bytes([kind]) + _varint(_zigzag(field))
        written += _encoded(kind, value)
        last = field
    return bytes(written) + b"\0"


def _encoded(kind: int, value: Any) -> bytes:
    if kind in (TRUE, FALSE):
        return b""
    if kind == BYTE:
        return bytes([value & 255])
    if kind in (I16, I32, I64):
        return _varint(_zigzag(value))
    if kind == DOUBLE:
        return bytes(value)
    if kind == BINARY:
        return _varint(len(value)) + bytes(value)
    if kind == LIST:
        of, items = value
        return bytes([0xF0 | of]) + _varint(len(items)) + b"".join(_encoded(of, item) for item in items)
    assert kind == STRUCT, kind
    return encode(value)


def _structure(data: bytes, at: int) -> tuple[Structure, int]:
    found: Structure = {}
    field = 0
    while header := data[at]:
        at += 1
        kind = header & 15
        if header >> 4:
            field += header >> 4
        else:
            number, at = _read_varint(data, at)
            field = (number >> 1) ^ -(number & 1)
        value, at = _value(data, at, kind)
        found[field] = (kind, value)
    return found, at + 1


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (TRUE, FALSE):
        return None, at
    if kind == BYTE:
        return data[at], at + 1
    if kind in (I16, I32, I64):
        number, at = _read_varint(data, at)
        return (number >> 1) ^ -(number & 1), at
    if kind == DOUBLE:
        return data[at : at + 8], at + 8
    if kind == BINARY:
        size, at = _read_varint(data, at)
        return data[at : at + size], at + size
    if kind == LIST:
        header = data[at]
        size, at = (header >> 4, at + 1) if header >> 4 < 15 else _read_varint(data, at + 1)
        items = []
        for _ in range(size):
            if header & 15 in (TRUE, FALSE):
                item, at = data[at], at + 1
            else:
                item, at = _value(data, at, header & 15)
            items.append(item)
        return (header & 15, items), at
    assert kind == STRUCT, kind
    return _structure(data, at)


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value, shift, at = value | (byte & 127) << shift, shift + 7, at + 1
        if not byte & 128:
            return value, at


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def _zigzag(value: int) -> int:
    return (value << 1) ^ (value >> 63)
