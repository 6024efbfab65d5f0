"""What a column of a columnar file holds, made ready for its table's column, whichever way it is then written.

In: an arrow array of one batch. Out: plain arrays, or a LoadFault where a value does not fit.
"""

from __future__ import annotations

import json

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # pyarrow ships no types

from local.redshift.errors import LoadFault
from local.redshift.parquet_types import CODE_DATA, SPECTRUM, TargetColumn, Transport
from local.redshift.super_text import spelt

# Spells what holds no floats as super_text does, but faster.
_PLAIN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


def plain(values: pa.Array) -> pa.Array:
    """Return values without a type of a library's own, and without a dictionary."""
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def json_text(values: pa.Array) -> list[str | None]:
    """Return values as SUPER reads them: dates and times are texts there, as documented of ORC.

    >>> from decimal import Decimal
    >>> json_text(pa.array(["a", None])), json_text(pa.array([[1, None]])), json_text(pa.array([Decimal("1.50")]))
    (['"a"', None], ['[1,null]'], ['1.50'])
    """
    if pa.types.is_decimal(values.type):
        return [None if value is None else format(value, "f") for value in values.to_pylist()]
    spell = spelt if _holds_floats(values.type) else _PLAIN.encode
    return [None if value is None else spell(value) for value in values.to_pylist()]


def _holds_floats(kind: pa.DataType) -> bool:
    return pa.types.is_floating(kind) or any(_holds_floats(kind.field(i).type) for i in range(kind.num_fields))


def microseconds(values: pa.Array, transport: Transport, name: str) -> pa.Array:
    """Return the timestamps of a file as microseconds since 1970, in UTC.

    Raises:
        RedshiftError: one is beyond 64 bits of them. What Redshift makes of it is not documented; a load that fails is
            the answer that nobody can build upon.
    """
    if transport is Transport.NANOSECONDS_MISREAD:
        # Redshift reads an INT64 nanosecond timestamp without an error and wrongly: the model here is that it takes
        # the number for microseconds, so that 2025 becomes a year past 50000.
        return values.view(pa.int64())
    into = pc.CastOptions(pa.timestamp("us", values.type.tz), allow_time_truncate=True)
    try:
        return pc.cast(values, options=into).view(pa.int64())
    except pa.ArrowInvalid as error:
        context = f"A timestamp is out of range: {error} (file: {name})"
        raise LoadFault(SPECTRUM, CODE_DATA, context, file=name).to_error() from error


def fitted_text(
    values: pa.Array, target: TargetColumn, name: str, replacement: str | None, *, cuts: bool = False
) -> pa.Array:
    """Return texts that are valid and short enough, as a large_string.

    Args:
        values: of one batch.
        target: the table's column.
        name: the file's.
        replacement: what stands for a character that is not valid, None to fail.
        cuts: whether a text that is too long is cut, as for external tables, instead of failing.

    Raises:
        RedshiftError: a text is not valid, or too long.
    """
    values = _valid_utf8(values, target, name, replacement)
    limit = target.length
    longest = pc.max(pc.binary_length(values)).as_py()
    if limit is not None and longest is not None and longest > limit:
        if cuts:
            return pa.array([cut(value, limit) for value in values.to_pylist()], pa.large_string())
        context = (
            f"The length of the data column {target.name} is longer than the length defined in the table. "
            f"Table: {limit}, Data: {longest} (file/column: {name}/{target.name})"
        )
        raise LoadFault(SPECTRUM, CODE_DATA, context, file=name, column=target.name).to_error()
    return values


def cut(value: str | None, limit: int) -> str | None:
    """Return a text of at most so many bytes, of whole characters.

    >>> cut("éé", 3), cut("ab", 3)
    ('é', 'ab')
    """
    return None if value is None else value.encode()[:limit].decode(errors="ignore")


def _valid_utf8(values: pa.Array, target: TargetColumn, name: str, replacement: str | None) -> pa.Array:
    binary = values.cast(pa.large_binary())
    try:
        text = binary.cast(pa.large_string())
        if not pc.any(pc.match_substring(text, "\0")).as_py():
            return text
    except pa.ArrowInvalid:
        pass
    if replacement is None:
        context = f"Invalid UTF8 or NUL byte in column {target.name} (file: {name})"
        raise LoadFault(SPECTRUM, CODE_DATA, context, file=name, column=target.name).to_error()
    repaired = [_repair(value, replacement) for value in binary.to_pylist()]
    return pa.array(repaired, pa.large_string())


def _repair(value: bytes | None, replacement: str) -> str | None:
    if value is None:
        return None
    return value.decode(errors="replace").replace("\ufffd", replacement).replace("\0", replacement)
