"""LAND: nested values as JSON text, for a SUPER.

In: an array of lists, structs or maps. Out: their JSON, one text a row. Pure.

A list is an array, a struct an object, a map an object by its keys' text. What JSON has no exact number for is a
string: NaN and the infinities, uint64 and decimals of more digits than a double surely holds (by type, so that a column
is not now a number and now a string). Dates and times are ISO 8601 in full precision (an instant in UTC, with a Z),
but times to the microsecond, durations microseconds, bytes hexadecimal. Limits: https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.read.arrow_types import inner_types
from ingest_lambda.read.meaning import Kind, Meaning
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import (
    DOUBLE_DIGITS,
    BadValueError,
    first_bad,
    plain,
    refuse,
    text,
    time_text,
    whole_days,
    whole_microseconds,
)
from ingest_lambda.rewrite.meant import as_meant
from ingest_lambda.rewrite.shredded import variants
from ingest_lambda.warehouse import sqltypes


def json_text(values: pa.Array, meaning: Meaning | None = None) -> pa.Array:
    """Write each value as JSON in UTF-8; null stays null. `meaning` is how the values are to be taken.

    >>> json_text(pa.array([{"a": 1, "b": ["x", None]}, None])).to_pylist()
    [b'{"a":1,"b":["x",null]}', None]

    Raises:
        BadValueError: a value within is none that Redshift can hold, or the JSON is too long.
    """
    try:
        values = plain(values)
        decoded = zip(_decoded(values, meaning), values.is_valid().to_pylist(), strict=True)
        found = [_dump(value) if is_there else None for value, is_there in decoded]
    except BadValueError as error:  # its index counts the values within; which row holds it, halving tells
        row = first_bad(values, lambda some: _decoded(some, meaning), (BadValueError,))
        raise BadValueError(error.reason, row, error.found, error.expected) from None
    limit = sqltypes.MAX_VARBYTE
    for row, value in enumerate(found):
        if value is not None and len(value) > limit:
            raise BadValueError(Reason.OVERSIZE_VALUE, row, f"{len(value)} bytes of JSON", f"at most {limit} bytes")
    return pa.array(found, pa.binary())


def is_cut(values: pa.Array, meaning: Meaning | None = None) -> bool:
    """Tell whether a time or duration within has digits below a microsecond, which its JSON leaves out.

    >>> [is_cut(pa.array([[count]], pa.list_(pa.duration("ns")))) for count in (1_000, 1_001)]
    [False, True]
    """
    kind = meaning.kind if meaning else None
    if len(values) == 0 or kind is Kind.VARIANT or (meaning is None and "[ns]" not in str(values.type)):
        return False
    values = as_meant(values, meaning) if kind is Kind.ORIGINAL else plain(values)
    if types.is_time64(values.type) or types.is_duration(values.type):
        return whole_microseconds(values).is_cut
    inner = meaning.inner if meaning and meaning.inner else (None,) * len(inner_types(values.type) or ())
    return any(is_cut(child, of_child) for child, of_child in zip(_children(values), inner, strict=True))


def _children(values: pa.Array) -> list[pa.Array]:
    """Give the arrays that lie within an array, without what stands below its nulls."""
    if types.is_map(values.type):
        start, bounds = _bounds(values)
        return [child.slice(start, bounds[-1][1]) for child in (values.keys, values.items)]
    if types.is_struct(values.type):
        return list(values.flatten())
    return [values.flatten()] if types.is_nested(values.type) else []


def _dump(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _decoded(values: pa.Array, meaning: Meaning | None) -> list[Any]:
    """Turn an array into what the JSON encoder takes, child by child and not value by value."""
    values = as_meant(values, meaning)
    kind = values.type
    if len(values) == 0:
        return []
    if meaning and meaning.kind is Kind.VARIANT:
        return variants(values, meaning, _decoded)
    if types.is_nested(kind):
        inner = meaning.inner if meaning and meaning.inner else (None,) * len(inner_types(kind) or ())
        if types.is_map(kind):
            return _maps(values, *inner)
        return _structs(values, inner) if types.is_struct(kind) else _lists(values, *inner)
    for is_type, decode in LEAVES:
        if is_type(kind):
            return decode(values)
    return list(values.to_pylist())


def _structs(values: pa.Array, inner: Sequence[Meaning | None]) -> list[Any]:
    names = [field.name for field in values.type]
    children = [_decoded(child, meaning) for child, meaning in zip(values.flatten(), inner, strict=True)]
    rows = zip(*children, strict=True) if children else ((),) * len(values)
    return [
        dict(zip(names, row, strict=True)) if is_valid else None
        for row, is_valid in zip(rows, values.is_valid().to_pylist(), strict=True)
    ]


def _lists(values: pa.Array, meaning: Meaning | None) -> list[Any]:
    kind = values.type
    if types.is_list_view(kind) or types.is_large_list_view(kind):
        starts, children = values.offsets.to_pylist(), _decoded(values.values, meaning)
        ends = [start + size for start, size in zip(starts, values.sizes.to_pylist(), strict=True)]
        return _split(values, list(zip(starts, ends, strict=True)), children)
    if types.is_fixed_size_list(kind):
        values = values.cast(pa.large_list(kind.value_type))
    start, bounds = _bounds(values)
    return _split(values, bounds, _decoded(values.values.slice(start, bounds[-1][1]), meaning))


def _maps(values: pa.Array, of_keys: Meaning | None, of_items: Meaning | None) -> list[Any]:
    start, bounds = _bounds(values)
    length = bounds[-1][1]
    keys = [
        key if isinstance(key, str) else json.dumps(key) for key in _decoded(values.keys.slice(start, length), of_keys)
    ]
    pairs = list(zip(keys, _decoded(values.items.slice(start, length), of_items), strict=True))
    return [None if entries is None else _distinct(entries) for entries in _split(values, bounds, pairs)]


def _bounds(values: pa.Array) -> tuple[int, list[tuple[int, int]]]:
    """Tell where the children of an array start, and where each value's start and end, counted from there."""
    offsets = values.offsets.to_pylist()
    return offsets[0], [(start - offsets[0], end - offsets[0]) for start, end in pairwise(offsets)]


def _split(values: pa.Array, bounds: list[tuple[int, int]], children: list[Any]) -> list[Any]:
    return [
        children[start:end] if is_valid else None
        for (start, end), is_valid in zip(bounds, values.is_valid().to_pylist(), strict=True)
    ]


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for position, (key, _) in enumerate(pairs) if key in dict(pairs[:position]))
        raise BadValueError(Reason.DUPLICATE_MAP_KEY, 0, repr(twice), "each key once")
    return found


def _floats(values: pa.Array) -> list[Any]:
    return [
        value
        if value is None or math.isfinite(value)
        else {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")
        for value in values.cast(pa.float64()).to_pylist()
    ]


def _decimals(values: pa.Array) -> list[Any]:
    if values.type.precision <= DOUBLE_DIGITS:
        return [None if value is None else float(value) for value in values.to_pylist()]
    return [None if value is None else format(value, "f") for value in values.to_pylist()]


def _instants(values: pa.Array) -> list[Any]:
    zone = "Z" if values.type.tz else ""
    written = _written(values.cast(pa.timestamp(values.type.unit)))
    return [None if value is None else value.replace(" ", "T") + zone for value in written]


def _dates(values: pa.Array) -> list[Any]:
    return _written(whole_days(values))


def _written(values: pa.Array) -> list[Any]:
    """Write dates or timestamps as arrow does, which words those it cannot write as `<value out of range: ...>`."""
    written = values.cast(pa.string())
    refuse(pc.starts_with(written, "<"), values, Reason.VALUE_OUT_OF_RANGE, "a year of at most 32767")
    return list(written.to_pylist())


def _times(values: pa.Array) -> list[Any]:
    return list(time_text(whole_microseconds(values).values).to_pylist())


def _bytes(values: pa.Array) -> list[Any]:
    return [None if value is None else value.hex() for value in values.to_pylist()]


def _strings(values: pa.Array) -> list[Any]:
    return list(text(values, sqltypes.MAX_VARCHAR).to_pylist())


LEAVES: tuple[tuple[Callable[[Any], bool], Callable[[pa.Array], list[Any]]], ...] = (
    (types.is_floating, _floats),
    (types.is_decimal, _decimals),
    (types.is_uint64, lambda values: values.cast(pa.string()).to_pylist()),
    (types.is_timestamp, _instants),
    (types.is_date, _dates),
    (types.is_time, _times),
    (types.is_duration, lambda values: whole_microseconds(values).values.to_pylist()),
    (lambda kind: types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind), _strings),
    (lambda kind: "binary" in str(kind), _bytes),
)
