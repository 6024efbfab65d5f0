"""LAND, read: the parquet metadata of a file, as its footer says it.

In: the bytes of a footer. Out: `Metadata`: the elements of the schema with their annotations, the writer's key-value
pairs, and which columns hold nothing but NULLs. Pure.
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift

pyarrow tells neither the annotations that it does not know nor, without a risk to the process, what is said of column
chunks (`footer` has the reasons).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from ingest_lambda.read.thrift import Fields, Wanted, decode

# Decoding takes about a second for 10 MB; a footer beyond this tells nothing of NULLs, which then are looked for.
MAX_STATISTICS_BYTES = 4 * 1024**2
MAX_SCHEMA_DEPTH = 200
FIRST_GAP = 2**53
MOST_DECIMAL_BYTES = 32

PHYSICAL_TYPES = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
LOGICAL_TYPES = {
    1: "STRING",
    2: "MAP",
    3: "LIST",
    4: "ENUM",
    5: "DECIMAL",
    6: "DATE",
    7: "TIME",
    8: "TIMESTAMP",
    10: "INTEGER",
    11: "UNKNOWN",
    12: "JSON",
    13: "BSON",
    14: "UUID",
    15: "FLOAT16",
    16: "VARIANT",
    17: "GEOMETRY",
    18: "GEOGRAPHY",
}
# The annotations before logical types, where these have no equal: what older writers leave.
CONVERTED_TYPES = {
    0: "STRING",
    1: "MAP",
    2: "MAP",
    3: "LIST",
    4: "ENUM",
    5: "DECIMAL",
    6: "DATE",
    19: "JSON",
    20: "BSON",
    21: "INTERVAL",
}


class Repetition(IntEnum):
    """How often an element stands in its parent."""

    REQUIRED = 0
    OPTIONAL = 1
    REPEATED = 2


@dataclass(frozen=True)
class Element:
    """A node of the schema's tree. `physical` is None for a group, `children` are its nodes.

    `annotation` is the logical type by name, or else the older converted type; None where there is none, or one that
    this module does not know.
    """

    name: str
    physical: str | None
    repetition: Repetition
    annotation: str | None
    length: int | None
    field_id: int | None
    children: tuple[Element, ...] = ()

    def leaves(self) -> int:
        """Count the physical columns."""
        return sum(child.leaves() for child in self.children) if self.physical is None else 1

    def leaf_elements(self) -> list[Element]:
        """List the physical columns, in the file's order."""
        if self.physical is not None:
            return [self]
        return [leaf for child in self.children for leaf in child.leaf_elements()]


Reach = tuple[int, int]


@dataclass(frozen=True)
class Metadata:
    """What a footer says. `columns` are the schema's top elements.

    `has_values` tells of each physical column whether it has a value: False where all are NULL, None where no
    statistics say it. What it tells of columns inside of groups is of their leaves. `is_huge` tells in the same way
    whether it has a double that is whole and beyond those that a double has without gaps. `reach` are the smallest and
    the largest number of a column of whole numbers, days, moments or decimals (without their point): None where no
    statistics say it, and zeros where it has no values. `encrypted` is the first of the top elements of which a
    physical column is encrypted, None where none is.
    """

    columns: tuple[Element, ...]
    has_values: tuple[bool | None, ...]
    key_values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    created_by: str | None = None
    reach: tuple[Reach | None, ...] = ()
    is_huge: tuple[bool | None, ...] = ()
    encrypted: Element | None = None


class TooDeepError(ValueError):
    """Columns are nested in more groups than this module follows."""


LOGICAL: Wanted = {number: {} for number in LOGICAL_TYPES}
ELEMENT: Wanted = {1: int, 2: int, 3: int, 4: bytes, 5: int, 6: int, 9: int, 10: LOGICAL}
# values, and their nulls, maximum, minimum; the first two again, as older writers leave them
CHUNK: Wanted = {3: {5: int, 12: {3: int, 5: bytes, 6: bytes, 1: bytes, 2: bytes}}}
# that it is encrypted: https://github.com/apache/parquet-format/blob/master/Encryption.md
ENCRYPTION: Wanted = {8: {}}
FILE: Wanted = {2: [ELEMENT], 5: [{1: bytes, 2: bytes}], 6: bytes, **ENCRYPTION}
CHUNKS_ALONE: Wanted = {4: [{1: [ENCRYPTION]}]}


def read_metadata(footer: bytes) -> Metadata:
    """Read a footer: the bytes before its length and magic.

    Raises:
        ValueError: it is none.
    """
    with_statistics = len(footer) <= MAX_STATISTICS_BYTES
    found = decode(footer, {**FILE, 4: [{1: [{**CHUNK, **ENCRYPTION}]}]} if with_statistics else FILE)
    elements = found.get(2)
    if not elements:
        raise ValueError("the footer has no schema")
    root, used = _element(elements, 0)
    if used != len(elements):
        raise ValueError(f"{len(elements)} elements in the schema, of which its tree has {used}")
    pairs = {_text(pair.get(1)): _text(pair.get(2)) for pair in found.get(5, [])}
    groups = found.get(4, []) if with_statistics else None
    leaves = root.leaf_elements()
    return Metadata(
        root.children,
        _told(groups, [True] * len(leaves), _chunk_has_values),
        pairs,
        _text(found.get(6)) or None,
        tuple(_reach(groups, position, leaf) for position, leaf in enumerate(leaves)),
        _told(groups, [leaf.physical == "DOUBLE" for leaf in leaves], _chunk_is_huge),
        _encrypted(root.children, found if with_statistics else decode(footer, CHUNKS_ALONE)) if 8 in found else None,
    )


def _encrypted(columns: Sequence[Element], footer: Fields) -> Element | None:
    """Find the first top element with an encrypted leaf. A writer's footer may be readable, and only some columns not.

    https://github.com/apache/parquet-format/blob/master/Encryption.md#42-plaintext-footer-mode
    """
    groups = [group.get(1) or [] for group in footer.get(4, [])]
    first = 0
    for column in columns:
        last = first + column.leaves()
        if any(8 in chunk for chunks in groups for chunk in chunks[first:last]):
            return column
        first = last
    return None


def _element(elements: Sequence[Fields], at: int, depth: int = 0) -> tuple[Element, int]:
    """Make the tree whose root is element number `at` (they stand depth first); tell where it ends."""
    if at >= len(elements):
        raise ValueError("the schema's tree is larger than its elements")
    if depth > MAX_SCHEMA_DEPTH:
        raise TooDeepError(f"columns are nested more than {MAX_SCHEMA_DEPTH} deep")
    fields, end = elements[at], at + 1
    children: list[Element] = []
    for _ in range(fields.get(5) or 0):
        child, end = _element(elements, end, depth + 1)
        children.append(child)
    kind = fields.get(1)
    physical = PHYSICAL_TYPES[kind] if kind is not None and 0 <= kind < len(PHYSICAL_TYPES) else None
    repetition = fields.get(3) or 0
    element = Element(
        name=_text(fields.get(4)),
        physical=physical if not fields.get(5) else None,
        repetition=Repetition(repetition) if repetition in (0, 1, 2) else Repetition.REQUIRED,
        annotation=_annotation(fields),
        length=fields.get(2),
        field_id=fields.get(9),
        children=tuple(children),
    )
    return element, end


def _annotation(fields: Fields) -> str | None:
    logical = next(iter(fields.get(10) or {}), None)
    return LOGICAL_TYPES[logical] if logical is not None else CONVERTED_TYPES.get(fields.get(6, -1))


def _told(
    groups: Sequence[Fields] | None, asked: Sequence[bool], of_chunk: Callable[[Fields], bool | None]
) -> tuple[bool | None, ...]:
    """Tell something of the physical columns that are asked for, by their chunks: True where it is so of one of them.

    False where it is so of none, None where they do not tell it or are not asked.
    """
    found: list[bool | None] = [False if is_asked and groups is not None else None for is_asked in asked]
    leaves = [leaf for leaf, is_asked in enumerate(asked) if is_asked]
    for group in groups or ():
        chunks = group.get(1) or []
        for leaf in leaves:
            said = of_chunk(chunks[leaf]) if leaf < len(chunks) else None
            known = found[leaf]
            found[leaf] = True if said or known else (None if said is None or known is None else False)
    return tuple(found)


def _chunk_has_values(chunk: Fields) -> bool | None:
    said = chunk.get(3) or {}
    values, nulls = said.get(5), (said.get(12) or {}).get(3)
    if values == 0:
        return False
    return None if values is None or nulls is None else nulls < values


def _reach(groups: Sequence[Fields] | None, position: int, leaf: Element) -> Reach | None:
    """Tell how far a column reaches by all of its chunks."""
    is_whole = leaf.physical == "INT64" or (leaf.physical, leaf.annotation) == ("INT32", "DATE")
    is_decimal = leaf.annotation == "DECIMAL" and leaf.physical in ("BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
    if groups is None or not (is_whole or is_decimal):
        return None
    sizes = (4 if leaf.physical == "INT32" else 8,) if is_whole else range(1, MOST_DECIMAL_BYTES + 1)
    numbers: list[int] = []
    for group in groups:
        chunks = group.get(1) or []
        chunk = chunks[position] if position < len(chunks) else {}
        if _chunk_has_values(chunk) is False:
            continue
        extremes = _extremes(chunk, sizes, is_old_told=is_whole)
        if extremes is None:
            return None
        numbers += (int.from_bytes(one, "little" if is_whole else "big", signed=True) for one in extremes)
    return (min(numbers), max(numbers)) if numbers else (0, 0)


def _chunk_is_huge(chunk: Fields) -> bool | None:
    extremes = _extremes(chunk, (8,))
    if extremes is None:
        return None
    return any(one.is_integer() and abs(one) >= FIRST_GAP for (one,) in map(struct.Struct("<d").unpack, extremes))


def _extremes(chunk: Fields, sizes: Container[int], *, is_old_told: bool = False) -> list[bytes] | None:
    """Find the largest and the smallest value as they are stored; None where they are not told.

    `is_old_told`: older writers tell them in fields that compare bytes as signed numbers, which integers are.
    """
    statistics = (chunk.get(3) or {}).get(12) or {}
    for fields in ((5, 6), (1, 2))[: 2 if is_old_told else 1]:
        found: list[bytes] = [statistics.get(field, b"") for field in fields]
        if all(len(one) in sizes for one in found):
            return found
    return None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""
