"""LAND, rewrite: VARIANT columns as what JSON has for their values, shredded or not.

In: the group of a VARIANT column as pyarrow reads it: `metadata`, `value`, perhaps `typed_value`. Out: what the JSON
encoder takes, one a row. Pure. https://github.com/apache/parquet-format/blob/master/VariantShredding.md

A value that its writer has shredded, into columns of its own, is put together again, and is the same as if it had not
been.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
from pyarrow import types

from ingest_lambda.read.meaning import Meaning
from ingest_lambda.reasons import Reason
from ingest_lambda.rewrite.checks import BadValueError, plain
from ingest_lambda.rewrite.variant import Names, VariantError, decimal_value, decode
from ingest_lambda.warehouse import sqltypes

Leaves = Callable[[pa.Array, Meaning | None], list[Any]]
EXPECTED = {
    Reason.MALFORMED_VARIANT: "a VARIANT as parquet's specification has it",
    Reason.OVERSIZE_VALUE: f"{sqltypes.MAX_VARBYTE} bytes of JSON at most, and {sqltypes.MAX_VARCHAR} of a text in it",
    Reason.INVALID_TEXT: "UTF-8 without NUL characters",
}


class _Missing:
    """A field that the object has not: not the same as one that is null."""


MISSING = _Missing()


def variants(values: pa.Array, meaning: Meaning, leaves: Leaves) -> list[Any]:
    """Put the values of a VARIANT column together; `leaves` decodes the columns of one type that they are shredded to.

    None stands for a row without a value as well as for a value that is null.

    Raises:
        BadValueError: a value is malformed, or none that a SUPER can hold.
    """
    group = _Group(values, meaning)
    metadata = group.child("metadata")
    names = _names(metadata.to_pylist() if metadata is not None else [None] * len(values))
    found = _Shredded(leaves).values(group, names)
    return [None if value is MISSING else value for value in found]


class _Group:
    """A struct whose fields are found by name."""

    def __init__(self, values: pa.Array, meaning: Meaning | None) -> None:
        self.values = values
        self.names = [field.name for field in values.type]
        self._inner = meaning.inner if meaning and meaning.inner else (None,) * len(self.names)
        self._children = dict(zip(self.names, values.flatten(), strict=True))

    def child(self, name: str) -> pa.Array | None:
        return plain(self._children[name]) if name in self._children else None

    def meaning(self, name: str) -> Meaning | None:
        return self._inner[self.names.index(name)]


class _Shredded:
    """Reconstructs values, column by column."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves

    def values(self, group: _Group, names: Sequence[Names | None]) -> list[Any]:
        """Put `value` and `typed_value` of each row together."""
        encoded, typed = group.child("value"), group.child("typed_value")
        values = [None] * len(names) if encoded is None else encoded.to_pylist()
        if typed is None:
            return [_decoded(row, value, names) for row, value in enumerate(values)]
        is_object = types.is_struct(typed.type)
        known = self._typed(typed, group.meaning("typed_value"), names)
        return [
            found if value is None else _joined(row, found, value, names, typed if is_object else None)
            for row, (found, value) in enumerate(zip(known, values, strict=True))
        ]

    def _typed(self, typed: pa.Array, meaning: Meaning | None, names: Sequence[Names | None]) -> list[Any]:
        if types.is_struct(typed.type):
            return self._objects(typed, meaning, names)
        if types.is_nested(typed.type):
            return self._arrays(typed, meaning, names)
        if types.is_decimal(typed.type):
            return [MISSING if one is None else _decimal(one) for one in typed.to_pylist()]
        return [MISSING if one is None else one for one in self._leaves(typed, meaning)]

    def _objects(self, typed: pa.Array, meaning: Meaning | None, names: Sequence[Names | None]) -> list[Any]:
        group = _Group(typed, meaning)
        fields = {}
        for name in group.names:
            child = group.child(name)
            assert child is not None  # noqa: S101 - for the type checker: the names are those of the children
            fields[name] = self.values(_Group(child, group.meaning(name)), names)
        is_there = typed.is_valid().to_pylist()
        return [
            {name: column[row] for name, column in fields.items() if column[row] is not MISSING} if here else MISSING
            for row, here in enumerate(is_there)
        ]

    def _arrays(self, typed: pa.Array, meaning: Meaning | None, names: Sequence[Names | None]) -> list[Any]:
        typed = typed.cast(pa.large_list(typed.type.value_type))
        offsets = typed.offsets.to_pylist()
        elements = plain(typed.values.slice(offsets[0], offsets[-1] - offsets[0]))
        bounds = [(start - offsets[0], end - offsets[0]) for start, end in pairwise(offsets)]
        of_elements = [name for name, (start, end) in zip(names, bounds, strict=True) for _ in range(end - start)]
        inner = meaning.inner[0] if meaning and meaning.inner else None
        found = [None if one is MISSING else one for one in self.values(_Group(elements, inner), of_elements)]
        is_there = typed.is_valid().to_pylist()
        return [found[start:end] if here else MISSING for (start, end), here in zip(bounds, is_there, strict=True)]


def _names(metadata: Sequence[bytes | None]) -> list[Names | None]:
    """Read the dictionaries, of which equal ones are read once; None of a row without a value."""
    known: dict[bytes, Names] = {}
    found: list[Names | None] = []
    for row, one in enumerate(metadata):
        if one is not None and one not in known:
            try:
                known[one] = Names(one)
            except VariantError as error:
                raise _bad(error, row) from error
        found.append(None if one is None else known[one])
    return found


def _decoded(row: int, value: bytes | None, names: Sequence[Names | None]) -> Any:
    if value is None:
        return MISSING
    dictionary = names[row]
    try:
        if dictionary is None:
            raise VariantError("a value without metadata")
        return decode(dictionary, value)
    except VariantError as error:
        raise _bad(error, row) from error


def _joined(row: int, found: Any, value: bytes, names: Sequence[Names | None], fields: pa.Array | None) -> Any:
    """Join what is shredded with what is not: the rest of an object's fields, or the whole of another value."""
    rest = _decoded(row, value, names)
    if found is MISSING:
        if fields is not None and isinstance(rest, dict):
            raise _bad(VariantError("an object beside the columns that it is shredded to"), row)
        return rest
    if fields is None or not isinstance(rest, dict):
        raise _bad(VariantError("a value that is given twice, shredded and not"), row)
    twice = rest.keys() & {field.name for field in fields.type}
    if twice:
        raise _bad(VariantError(f"a field that is shredded and not: {min(twice)!r}"), row)
    return {**found, **rest}


def _decimal(value: Decimal) -> float | int | str:
    sign, digits, exponent = value.as_tuple()
    unscaled = int("".join(map(str, digits)))
    return decimal_value(-unscaled if sign else unscaled, -int(exponent))


def _bad(error: VariantError, row: int) -> BadValueError:
    return BadValueError(error.reason, row, str(error), EXPECTED.get(error.reason, "a value that a SUPER can hold"))
