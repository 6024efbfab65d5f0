"""Rows and columns of a result as the Data API gives them.

In: values as PostgreSQL writes them, and a column's type. Out: Field and ColumnMetadata structures
(https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_Field.html). Pure.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

BOOLEAN, BIGINT, SMALLINT, INTEGER, OID, REAL, DOUBLE, VARBYTE = 16, 20, 21, 23, 26, 700, 701, 6551
NUMERIC, VARCHAR = 1700, 1043
_LONGS = {BIGINT, SMALLINT, INTEGER, OID}
_DOUBLES = {REAL, DOUBLE}
_SIGNED = {BIGINT, SMALLINT, INTEGER, REAL, DOUBLE, NUMERIC}

TYPE_NAMES = {
    16: "bool",
    17: "varbyte",
    18: "char",
    20: "int8",
    21: "int2",
    23: "int4",
    26: "oid",
    700: "float4",
    701: "float8",
    1042: "bpchar",
    1043: "varchar",
    1082: "date",
    1083: "time",
    1114: "timestamp",
    1184: "timestamptz",
    1266: "timetz",
    1700: "numeric",
    4000: "super",
    6551: "varbyte",
}


@dataclass(frozen=True)
class Column:
    """A column of a result: name, type OID as Redshift reports it, PostgreSQL's type modifier (-1 if none)."""

    name: str
    oid: int
    modifier: int = -1

    def metadata(self) -> dict[str, Any]:
        """Return the column's ColumnMetadata."""
        precision, scale = self._precision()
        return {
            "name": self.name,
            "label": self.name,
            "typeName": TYPE_NAMES.get(self.oid, "varchar"),
            "isCaseSensitive": self.oid == VARCHAR,
            "isCurrency": False,
            "isSigned": self.oid in _SIGNED,
            "nullable": 1,
            "precision": precision,
            "scale": scale,
            "length": 0,
            "schemaName": "",
            "tableName": "",
        }

    def _precision(self) -> tuple[int, int]:
        """Precision and scale of a DECIMAL; the length of a VARCHAR stands as its precision."""
        if self.modifier < 4:
            return 0, 0
        bits = self.modifier - 4
        return (bits >> 16, bits & 0xFFFF) if self.oid == NUMERIC else (bits, 0)


def to_field(value: str | None, oid: int) -> dict[str, Any]:
    """Return one value as a Field.

    >>> to_field("t", 16), to_field("7", 20), to_field(None, 20), to_field("1.50", 1700)
    ({'booleanValue': True}, {'longValue': 7}, {'isNull': True}, {'stringValue': '1.50'})
    """
    if value is None:
        return {"isNull": True}
    if oid == BOOLEAN:
        return {"booleanValue": value == "t"}
    if oid in _LONGS:
        return {"longValue": int(value)}
    if oid in _DOUBLES:
        return {"doubleValue": float(value)}
    if oid == VARBYTE:
        return {"blobValue": base64.b64encode(bytes.fromhex(value.removeprefix("\\x"))).decode()}
    return {"stringValue": value}
