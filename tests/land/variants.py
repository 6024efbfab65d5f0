"""A writer of VARIANTs, as the tests need one: values in, the bytes that they are encoded as out.

https://github.com/apache/parquet-format/blob/master/VariantEncoding.md
"""

import struct
from collections.abc import Iterable
from typing import Any

EMPTY_NAMES = bytes.fromhex("010000")


def metadata(names: Iterable[str]) -> bytes:
    """Encode a dictionary of names."""
    encoded = [name.encode() for name in names]
    offsets = [0]
    for name in encoded:
        offsets.append(offsets[-1] + len(name))
    width = max(1, (max(len(encoded), offsets[-1]).bit_length() + 7) // 8)
    numbers = b"".join(number.to_bytes(width, "little") for number in (len(encoded), *offsets))
    return bytes([1 | (width - 1) << 6]) + numbers + b"".join(encoded)


def names_of(value: Any) -> list[str]:
    """List the names of all fields in a value."""
    found: dict[str, None] = {}
    if isinstance(value, dict):
        for name, child in value.items():
            found.update(dict.fromkeys([name, *names_of(child)]))
    elif isinstance(value, list):
        for child in value:
            found.update(dict.fromkeys(names_of(child)))
    return list(found)


def encode(value: Any, names: list[str]) -> bytes:
    """Encode a value of what JSON has."""
    if value is None or isinstance(value, bool):
        return primitive({None: 0, True: 1, False: 2}[value])
    if isinstance(value, int):
        return primitive(6, value.to_bytes(8, "little", signed=True))
    if isinstance(value, float):
        return primitive(7, struct.pack("<d", value))
    if isinstance(value, str):
        data = value.encode()
        if len(data) < 64:
            return bytes([len(data) << 2 | 1]) + data
        return primitive(16, len(data).to_bytes(4, "little") + data)
    if isinstance(value, list):
        children = [encode(child, names) for child in value]
        return array(children)
    fields = sorted(value.items(), key=lambda field: field[0].encode())
    ids = [names.index(name) for name, _ in fields]
    return objekt(ids, [encode(child, names) for _, child in fields])


def primitive(kind: int, data: bytes = b"") -> bytes:
    """Encode a value of one of the primitive types."""
    return bytes([kind << 2]) + data


def array(children: list[bytes]) -> bytes:
    """Encode an array of encoded values, with offsets of four bytes."""
    return bytes([(3 | 4) << 2 | 3]) + len(children).to_bytes(4, "little") + _offsets(children) + b"".join(children)


def objekt(ids: list[int], children: list[bytes]) -> bytes:
    """Encode an object of encoded values, with ids and offsets of four bytes."""
    numbers = b"".join(number.to_bytes(4, "little") for number in (len(ids), *ids))
    return bytes([(3 | 3 << 2 | 1 << 4) << 2 | 2]) + numbers + _offsets(children) + b"".join(children)


def _offsets(children: list[bytes]) -> bytes:
    found, at = b"", 0
    for size in [0, *map(len, children)]:
        at += size
        found += at.to_bytes(4, "little")
    return found
