"""Parameters of prepared statements as Redshift's drivers declare and send them. Pure.

In: the parameter types of a Parse or PREPARE, the body of a Bind. Out: those that PostgreSQL takes, and those that a
translation goes by. Intervals come in Redshift's types and binary forms (intervals.py). A parameter that is declared of
type `unknown`, and that the statement names nowhere, PostgreSQL refuses; Redshift does not, as redshift_connector's
tests have it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from local.redshift.intervals import INTERVALS, OID_INTERVAL, as_postgres
from local.redshift.masking import IDENTIFIER, code_of
from local.redshift.messages import OID_TEXT, OID_UNKNOWN
from local.redshift.sql.translate import PARAMETER, Answer

_BINARY = 1
_NUMBERS = {20: "bigint", 21: "smallint", 23: "integer", 700: "real", 701: "double precision"}
_PREPARED = re.compile(rf"\s*prepare\s+{IDENTIFIER}\s*\((?P<types>.*)\)\s*as\s*$", re.IGNORECASE | re.DOTALL)
_BESIDE_BRACKET = re.compile(r"\s*([(),])\s*")
_COMMA = re.compile(r",(?![^()]*\))")
_NAMED = re.compile(r"\$(\d+)")
_SHORT = struct.Struct("!h")
_LENGTH = struct.Struct("!i")


def declared(tail: bytes, sql: str, rewritten: str) -> tuple[bytes, dict[int, int]]:
    """Return a Parse's parameter types for PostgreSQL, and which of the parameters are intervals, of which type.

    Args:
        tail: the types as the client declared them.
        sql: the statement as the client wrote it.
        rewritten: what PostgreSQL is sent.

    >>> sql = "select $1, $2"
    >>> tail, intervals = declared(bytes.fromhex("0003 000004a4 000002c1 000002c1"), sql, sql)
    >>> tail.hex(), intervals  # of months, unknown, unknown and not named
    ('0003000004a2000002c100000019', {0: 1188})
    """
    (count,) = _SHORT.unpack_from(tail)
    types = list(struct.unpack_from(f"!{count}I", tail, _SHORT.size))
    intervals = {index: oid for index, oid in enumerate(types) if oid in INTERVALS}
    named = _named(sql, rewritten) if OID_UNKNOWN in types else set()
    for index, oid in enumerate(types):
        if oid in INTERVALS:
            types[index] = OID_INTERVAL
        elif oid == OID_UNKNOWN and index not in named:
            types[index] = OID_TEXT
    return tail[: _SHORT.size] + struct.pack(f"!{count}I", *types), intervals


def told(tail: bytes) -> Answer:
    """Return what a Parse tells of its parameters to a translation; a DECIMAL tells no scale, and so counts as unknown.

    >>> told(bytes.fromhex("0003 00000017 000006a4 000002bd"))
    (('$1', 'parameter', 'integer'), ('$3', 'parameter', 'double precision'))
    """
    if len(tail) < _SHORT.size:
        return ()
    (count,) = _SHORT.unpack_from(tail)
    types = struct.unpack_from(f"!{count}I", tail, _SHORT.size)
    return tuple((f"${place}", PARAMETER, _NUMBERS[oid]) for place, oid in enumerate(types, 1) if oid in _NUMBERS)


def prepared(code: str) -> Answer:
    """Return what stands before the query of a PREPARE, in masked SQL, as `told` does.

    >>> prepared("prepare p (int, DECIMAL (8, 2), Character  varying(10)) as ")
    (('$1', 'parameter', 'int'), ('$2', 'parameter', 'decimal(8,2)'), ('$3', 'parameter', 'character varying(10)'))
    """
    match = _PREPARED.match(code)
    names = _COMMA.split(match["types"]) if match else []
    return tuple(
        (f"${place}", PARAMETER, _BESIDE_BRACKET.sub(r"\1", " ".join(name.lower().split())))
        for place, name in enumerate(names, 1)
    )


def _named(sql: str, rewritten: str) -> set[int]:
    """Return the parameters that a statement names, and what is sent in its place too: a refusal names none."""
    kept = set(_NAMED.findall(code_of(sql))) & set(_NAMED.findall(rewritten))
    return {int(number) - 1 for number in kept}


def bound(body: bytes, intervals: Mapping[int, int]) -> bytes:
    """Return a Bind's body with the intervals that come in binary as PostgreSQL reads them.

    Args:
        body: as the client sent it.
        intervals: as `declared` told of the statement.
    """
    position = body.index(b"\0", body.index(b"\0") + 1) + 1
    (count,) = _SHORT.unpack_from(body, position)
    formats = struct.unpack_from(f"!{count}h", body, position + _SHORT.size)
    position += _SHORT.size * (1 + count)
    (values,) = _SHORT.unpack_from(body, position)
    position += _SHORT.size
    parts = [body[:position]]
    for index in range(values):
        (length,) = _LENGTH.unpack_from(body, position)
        end = position + _LENGTH.size + max(length, 0)
        is_binary = bool(formats) and formats[index if len(formats) > 1 else 0] == _BINARY
        if length >= 0 and is_binary and index in intervals:
            value = as_postgres(body[position + _LENGTH.size : end], intervals[index])
            parts += [_LENGTH.pack(len(value)), value]
        else:
            parts.append(body[position:end])
        position = end
    return b"".join([*parts, body[position:]])
