"""Values as Redshift's drivers read them, where PostgreSQL spells them else. Pure.

In: the columns of a RowDescription and the values of rows, as PostgreSQL sends them. Out: those of Redshift: VARBYTE
without `\\x`, TIME before 24:00, intervals (intervals.py). Under the binary protocol
(row_description.py) DECIMAL is a whole number of 8 or 16 bytes whose scale the column's modifier tells, and VARBYTE the
bytes themselves, as text too.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from local.redshift.errors import RedshiftError
from local.redshift.intervals import OID_INTERVAL, as_redshift, oid_of
from local.redshift.messages import OID_BYTEA
from local.redshift.row_description import OID_NUMERIC, Field, scale_of

Change = Callable[[bytes], bytes]
OUT_OF_RANGE = "22003"
_FRACTION = re.compile(rb"\.\d+")
# PostgreSQL's DECIMAL (numeric_send): how many digits to the base of 10,000, the first one's power of that base, sign,
# digits after the point; then the digits.
_DECIMAL = struct.Struct("!hhHH")
_BASE, _BASE_DIGITS = 10_000, 4
_POSITIVE, _NEGATIVE = 0x0000, 0x4000
_SMALL, _LARGE = 8, 16  # bytes of a DECIMAL
OID_TIME, OID_TIMETZ, OID_ABSTIME = 1083, 1266, 702
_DAY = struct.pack("!q", 86_400_000_000)  # microseconds
_MOMENT = struct.Struct("!q")  # microseconds since 2000, or infinity
_FIRST, _LAST = -(2**63), 2**63 - 1
_EPOCH = 946_684_800  # seconds from 1970 to 2000
_LENGTH = struct.Struct("!i")
_BINARY = 1  # the code of a format


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a column's values are spelt anew, as text and in binary; None: they stay. And whether that may fail."""

    text: Change | None
    binary: Change | None
    may_fail: bool = False


def spellings(fields: Sequence[Field], is_binary: bool) -> dict[int, Spelling]:
    """Return the columns of a description whose values are spelt anew, by index.

    Args:
        fields: the columns as PostgreSQL describes them.
        is_binary: whether the client speaks the binary protocol.
    """
    return {
        index: spelling
        for index, field in enumerate(fields)
        if (spelling := _spelling(field.oid, field.modifier, is_binary)) is not None
    }


@lru_cache(maxsize=1000)
def _spelling(oid: int, modifier: int, is_binary: bool) -> Spelling | None:
    if oid == OID_BYTEA:
        return Spelling(as_bytes if is_binary else bare, None)
    if oid == OID_INTERVAL:
        return Spelling(None, partial(as_redshift, oid=oid_of(modifier)))
    if oid in (OID_TIME, OID_TIMETZ):
        return Spelling(_midnight, _binary_midnight)
    if oid == OID_ABSTIME:
        return Spelling(_whole_seconds, abstime, may_fail=True)
    if oid == OID_NUMERIC and is_binary:
        return Spelling(None, partial(decimal, scale_of(modifier)), may_fail=True)
    return None


def spelt_in(columns: dict[int, Spelling], formats: Sequence[int]) -> dict[int, Change]:
    """Return how the values of rows in these formats are spelt anew, by column.

    Args:
        columns: as `spellings` tells them.
        formats: 0 text, 1 binary: none for text, one for all columns, or one each.

    >>> columns = {0: Spelling(None, bytes.upper), 1: Spelling(bytes.lower, None)}
    >>> spelt_in(columns, [1, 0]).keys(), spelt_in(columns, []).keys()
    (dict_keys([0, 1]), dict_keys([1]))
    """
    found = {}
    for index, spelling in columns.items():
        place = index if len(formats) > 1 else 0
        is_binary = place < len(formats) and formats[place] == _BINARY
        if change := spelling.binary if is_binary else spelling.text:
            found[index] = change
    return found


def bare(value: bytes) -> bytes:
    r"""Return a VARBYTE's text as Redshift spells it, without `\x`.

    >>> bare(rb"\xff")
    b'ff'
    """
    return value.removeprefix(b"\\x")


def as_bytes(value: bytes) -> bytes:
    r"""Return a VARBYTE's text, which begins with `\x`, as the binary protocol sends it as text too: its bytes.

    >>> as_bytes(rb"\x6162")
    b'ab'
    """
    return bytes.fromhex(value[2:].decode()) if value.startswith(b"\\x") else value


def _midnight(value: bytes) -> bytes:
    """Return a TIME as text, the day's end as its beginning: so its drivers' tests expect 24:00:00 to be told."""
    return b"00" + value[2:] if value.startswith(b"24") else value


def _binary_midnight(value: bytes) -> bytes:
    """Return a TIME in binary, its zone behind it if it has one; see `_midnight`."""
    return bytes(len(_DAY)) + value[len(_DAY) :] if value.startswith(_DAY) else value


def _whole_seconds(value: bytes) -> bytes:
    return _FRACTION.sub(b"", value)


def abstime(value: bytes) -> bytes:
    """Return a moment as PostgreSQL sends a TIMESTAMPTZ as an ABSTIME: the seconds since 1970, in 4 bytes.

    The numbers of both infinities are those of PostgreSQL 8.0, as which Redshift's drivers read them.

    >>> [int.from_bytes(abstime(_MOMENT.pack(moment)), signed=True) for moment in (0, 2**63 - 1, -(2**63))]
    [946684800, 2147483644, -2147483648]

    Raises:
        RedshiftError: 4 bytes do not hold it.
    """
    (moment,) = _MOMENT.unpack(value)
    seconds: int = {_LAST: 2**31 - 4, _FIRST: -(2**31)}.get(moment, moment // 1_000_000 + _EPOCH)
    try:
        return seconds.to_bytes(4, signed=True)
    except OverflowError:
        raise RedshiftError("abstime out of range: it lies between 1901-12-13 and 2038-01-19", "22008") from None


def decimal(scale: int, value: bytes) -> bytes:
    """Return PostgreSQL's binary DECIMAL as a whole number of 8 or 16 bytes: the value times 10 to the scale.

    What has more digits behind the point is rounded, half away from zero.

    >>> decimal(2, _DECIMAL.pack(2, 0, _NEGATIVE, 2) + bytes.fromhex("0001 0bb8")).hex()  # -1.30
    'ffffffffffffff7e'
    >>> len(decimal(0, _DECIMAL.pack(1, 9, _POSITIVE, 0) + bytes.fromhex("0001")))  # 10 to the power of 36
    16

    Raises:
        RedshiftError: it is no number, or has more digits than a DECIMAL.
    """
    count, weight, sign, _ = _DECIMAL.unpack_from(value)
    number: int = 0
    for digit in struct.unpack_from(f"!{count}H", value, _DECIMAL.size):
        number = number * _BASE + digit
    power = scale + _BASE_DIGITS * (weight - count + 1)
    number = number * 10**power if power >= 0 else (number * 2 // 10**-power + 1) // 2
    if sign == _NEGATIVE:
        number = -number
    elif sign != _POSITIVE:
        raise RedshiftError("a DECIMAL cannot hold NaN or infinity", OUT_OF_RANGE)
    size = _SMALL if -(2**63) <= number < 2**63 else _LARGE
    try:
        return number.to_bytes(size, signed=True)
    except OverflowError:
        raise RedshiftError("numeric field overflow", OUT_OF_RANGE) from None


def spelt_row(body: bytes, changes: dict[int, Change]) -> bytes:
    r"""Return a DataRow's body with the values of some columns changed.

    >>> spelt_row(b"\0\2\0\0\0\1a\0\0\0\1b", {1: bytes.upper})
    b'\x00\x02\x00\x00\x00\x01a\x00\x00\x00\x01B'
    """
    parts, kept, position = [], 0, 2
    for index in range(max(changes) + 1):
        (length,) = _LENGTH.unpack_from(body, position)
        end = position + 4 + max(length, 0)
        if length >= 0 and index in changes:
            value = changes[index](body[position + 4 : end])
            parts += [body[kept:position], _LENGTH.pack(len(value)), value]
            kept = end
        position = end
    return b"".join([*parts, body[kept:]])
