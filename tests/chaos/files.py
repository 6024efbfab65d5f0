"""The files of a storm: good ones of a few shapes that fit one table, and bad ones; each number is of one file."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types

from tests.chaos.events import Poison, Shape, Upload
from tests.land.warehouse import parquet

SPAN = 1_000  # of the numbers of one file
BIG = 2**40  # what only a wider column holds


@dataclass(frozen=True)
class Written:
    """What a file holds: its bytes, and the numbers in its column `id`; a bad file has none that shall land."""

    body: bytes
    ids: tuple[int, ...]
    is_good: bool


def write(upload: Upload, number: int) -> Written:
    """Write the file of an upload, the storm's `number`th."""
    if isinstance(upload.content, Poison):
        return Written(_poison(upload.content, number), (), is_good=False)
    rows = 0 if upload.content is Shape.EMPTY else upload.rows
    base = number * SPAN + (BIG if upload.content is Shape.WIDE else 0)
    ids = tuple(range(base, base + rows))
    return Written(parquet(_table(upload.content, ids)), ids, is_good=True)


def _table(shape: Shape, ids: tuple[int, ...]) -> pa.Table:
    columns = {"id": pa.array(ids, pa.int32() if shape is not Shape.WIDE else pa.int64())}
    names = [None if shape is Shape.NULLS else "é"] * len(ids)
    columns["name"] = pa.array(names, pa.string())
    if shape is Shape.WIDE:
        columns["more"] = pa.array(["x"] * len(ids))
    if shape is Shape.NANOSECONDS:
        columns["at"] = pa.array(range(len(ids)), pa.timestamp("ns"))
    return pa.table(columns)


def _poison(poison: Poison, number: int) -> bytes:
    good = parquet(_table(Shape.PLAIN, (number * SPAN,)))
    match poison:
        case Poison.NONSENSE:
            return f"nonsense {number}".encode()
        case Poison.CUT:
            return good[: len(good) // 2]
        case Poison.NO_BYTES:
            return b""
        case Poison.BAD_PAGE:
            return good[:4] + b"\xff" * 40 + good[44:]
