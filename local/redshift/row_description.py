"""RowDescriptions as Redshift's drivers read them, by the version of the protocol that they ask for. Pure.

A driver names a version in its start message (`client_protocol_version`), and the server the one that holds
(`server_protocol_version`): 0 PostgreSQL's; 1 adds to each column the names of its schema, table, column and database,
and flags; 2 sends DECIMAL in binary too (spelling.py). 3, which the JDBC driver asks for, tells of COLLATE, which is
not offered. https://docs.aws.amazon.com/redshift/latest/dg/r_STL_CONNECTION_LOG.html names the versions; how messages
look is drawn from the sources of redshift_connector (`core.py`) and of the JDBC driver (`QueryExecutorImpl.java`).
Who names no version, as libpq, gets PostgreSQL's.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local.redshift.intervals import OID_INTERVAL, oid_of
from local.redshift.messages import REDSHIFT_OIDS
from local.redshift.settings import SETTINGS

PLAIN, NAMED, BINARY = 0, 1, 2
OID_NUMERIC = 1700
_FIELD = struct.Struct("!IhIhih")
_COUNT = struct.Struct("!H")
_HEAD = 4  # of a DECIMAL's modifier
# A column that is an expression, or of which nothing is known, may hold NULL and stand in a condition.
_NOT_NULL, _IDENTITY, _SEARCHABLE = 1, 1 << 4, 1 << 12
# What is told of a DECIMAL whose scale nothing tells (no driver could read one without).
UNTOLD_PRECISION, UNTOLD_SCALE = 38, 16
_UNTOLD = (UNTOLD_PRECISION << 16 | UNTOLD_SCALE) + _HEAD
# What SHOW names its column, by what PostgreSQL does.
_OWN_SETTINGS = {each.kept.encode(): each.name.encode() for each in SETTINGS.values() if each.is_own}


@dataclass(frozen=True, slots=True)
class Field:
    """A column: its name as sent, table and place there (0 for none), type, size, modifier, 0 text or 1 binary."""

    name: bytes
    table: int
    place: int
    oid: int
    size: int
    modifier: int
    format: int


@dataclass(frozen=True, slots=True)
class Described:
    """A relation: its schema, its name, and its columns in order, each with its flags; dropped ones are empty."""

    schema: str
    name: str
    columns: Sequence[tuple[str, str]]


NOT_NULL, IDENTITY = "n", "i"  # flags of a column


def version_asked(parameters: Mapping[str, str]) -> int | None:
    """Return the version of the protocol that holds for a start message, None where it names none.

    >>> version_asked({"client_protocol_version": "3"}), version_asked({"client_protocol_version": "1"})
    (2, 1)
    >>> version_asked({"client_protocol_version": "9" * 5000}), version_asked({"client_protocol_version": "00"})
    (2, 0)
    >>> version_asked({"user": "ann"})
    """
    asked = parameters.get("client_protocol_version", "")
    if not (asked.isascii() and asked.isdecimal()):
        return None
    return min(int(asked.lstrip("0")[:2] or "0"), BINARY)  # two digits are enough: a client may send any number of them


def fields(body: bytes) -> list[Field]:
    """Return the columns of a RowDescription.

    >>> fields(bytes.fromhex("0001 6100 00000007 0001 00000017 0004 ffffffff 0000"))
    [Field(name=b'a', table=7, place=1, oid=23, size=4, modifier=-1, format=0)]
    """
    found, position = [], _COUNT.size
    for _ in range(_COUNT.unpack_from(body)[0]):
        end = body.index(b"\0", position)
        found.append(Field(body[position:end], *_FIELD.unpack_from(body, end + 1)))
        position = end + 1 + _FIELD.size
    return found


def scale_of(modifier: int) -> int:
    """Return the scale of a DECIMAL by its modifier, as it is told of it.

    >>> scale_of(8 << 16 | 2 + 4), scale_of(-1)
    (2, 16)
    """
    return modifier - _HEAD & 0xFFFF if modifier >= _HEAD else UNTOLD_SCALE


def shown(columns: Sequence[Field], version: int, database: str, relations: Mapping[int, Described]) -> bytes:
    """Return the body of a RowDescription as a client of a version reads it.

    Args:
        columns: as PostgreSQL describes them.
        version: PLAIN, NAMED or BINARY.
        database: the name of the session's.
        relations: by OID, those that the statement names; of a column of another nothing is told but PostgreSQL's own.
    """
    parts, many = [_COUNT.pack(len(columns))], len(columns) > 1  # SHOW has one
    for field in columns:
        oid, modifier = REDSHIFT_OIDS.get(field.oid, field.oid), field.modifier
        if oid == OID_INTERVAL:
            oid = oid_of(modifier)
        if version >= BINARY and oid == OID_NUMERIC and modifier < 0:
            modifier = _UNTOLD
        numbers = _FIELD.pack(field.table, field.place, oid, field.size, modifier, field.format)
        parts += [field.name if many else _OWN_SETTINGS.get(field.name, field.name), b"\0", numbers]
        if version >= NAMED:
            parts.append(_named(field, database, relations.get(field.table)))
    return b"".join(parts)


def _named(field: Field, database: str, relation: Described | None) -> bytes:
    """Return what version 1 adds: four names, each ended by a zero byte, and the flags."""
    if relation is None or not 0 < field.place <= len(relation.columns):
        return b"\0\0\0\0" + _COUNT.pack(_SEARCHABLE)
    name, kept = relation.columns[field.place - 1]
    flags = _SEARCHABLE | (_NOT_NULL if NOT_NULL in kept else 0) | (_IDENTITY if IDENTITY in kept else 0)
    names = (relation.schema, relation.name, name, database)
    return b"".join(each.encode() + b"\0" for each in names) + _COUNT.pack(flags)
