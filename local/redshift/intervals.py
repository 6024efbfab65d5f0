"""Intervals as Redshift's drivers read and name them. Pure.

In: type modifiers and values of PostgreSQL, which has one type of interval. Out: those of Redshift, which has three:
of literals, YEAR TO MONTH, DAY TO SECOND (https://docs.aws.amazon.com/redshift/latest/dg/r_interval_data_types.html).
Their OIDs and binary forms are not documented: they are what redshift_connector reads.
"""

from __future__ import annotations

import struct

OID_INTERVAL, OID_YEAR_TO_MONTH, OID_DAY_TO_SECOND = 1186, 1188, 1190
INTERVALS = frozenset({OID_INTERVAL, OID_YEAR_TO_MONTH, OID_DAY_TO_SECOND})
# The fields of an interval as PostgreSQL's modifier holds them (src/include/utils/datetime.h): bits by unit.
_MONTH, _YEAR, _DAY, _HOUR, _MINUTE, _SECOND = (1 << bit for bit in (1, 2, 3, 10, 11, 12))
_MONTHS, _SECONDS = _YEAR | _MONTH, _DAY | _HOUR | _MINUTE | _SECOND
_DAY_MICROSECONDS = 24 * 3600 * 1_000_000
_POSTGRES, _LITERAL, _MONTHS_ALONE, _MICROSECONDS_ALONE = map(struct.Struct, ("!qii", "!qi", "!i", "!q"))


def oid_of(modifier: int) -> int:
    """Return the OID of an interval by its type modifier, -1 for none.

    >>> oid_of(-1), oid_of(6 << 16 | 0xFFFF), oid_of(0x1C08 << 16 | 0xFFFF)
    (1186, 1188, 1190)
    """
    fields = modifier >> 16 if modifier >= 0 else 0
    if fields and not fields & ~_MONTHS:
        return OID_YEAR_TO_MONTH
    return OID_DAY_TO_SECOND if fields and not fields & ~_SECONDS else OID_INTERVAL


def as_redshift(value: bytes, oid: int) -> bytes:
    """Return a binary interval of PostgreSQL's, of 16 bytes, as Redshift sends one of this type.

    >>> as_redshift(_POSTGRES.pack(0, 0, 13), OID_YEAR_TO_MONTH).hex()
    '0000000d'
    >>> int.from_bytes(as_redshift(_POSTGRES.pack(1, 2, 0), OID_DAY_TO_SECOND))
    172800000001
    """
    microseconds, days, months = _POSTGRES.unpack(value)
    if oid == OID_YEAR_TO_MONTH:
        return _MONTHS_ALONE.pack(months)
    microseconds += days * _DAY_MICROSECONDS
    return _MICROSECONDS_ALONE.pack(microseconds) if oid == OID_DAY_TO_SECOND else _LITERAL.pack(microseconds, months)


def as_postgres(value: bytes, oid: int) -> bytes:
    """Return a binary interval of Redshift's as PostgreSQL reads it; of another length, as it is: it will be refused.

    >>> as_postgres(_MONTHS_ALONE.pack(13), OID_YEAR_TO_MONTH) == _POSTGRES.pack(0, 0, 13)
    True
    >>> as_redshift(as_postgres(_LITERAL.pack(5, 2), OID_INTERVAL), OID_INTERVAL) == _LITERAL.pack(5, 2)
    True
    """
    form = {OID_YEAR_TO_MONTH: _MONTHS_ALONE, OID_DAY_TO_SECOND: _MICROSECONDS_ALONE}.get(oid, _LITERAL)
    if len(value) != form.size:
        return value
    if oid == OID_YEAR_TO_MONTH:
        return _POSTGRES.pack(0, 0, *form.unpack(value))
    microseconds, months = (*form.unpack(value), 0)[:2]
    return _POSTGRES.pack(microseconds, 0, months)
