"""LAND: the Redshift types that landing tables use.

In: type names as contracts and catalogs spell them. Out: `SqlType`, and whether every value of one fits another. Pure.
Facts: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

MAX_VARCHAR = 65_535  # bytes, not characters
# A VARBYTE may have 16,777,216 bytes (https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_type.html). Landing
# keeps to fewer: its older tables were made with these, and of a column the catalog need not tell the length.
MAX_VARBYTE = 1_024_000
MAX_PRECISION = 38
# https://docs.aws.amazon.com/redshift/latest/dg/r_Datetime_types.html: from 4713 BC (year -4712) to 294276 AD.
# In days since 1970, the years before 1582 counted as if the Gregorian calendar had been there.
FIRST_DAY, LAST_DAY = -2_440_550, 106_762_939
# A DECIMAL of up to 19 digits is kept in 64 bits, so that not all values of 19 digits fit
# (https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html).
LONG_DIGITS, LARGEST_LONG = 19, 2**63 - 1
MAX_SCALE = 37  # https://docs.aws.amazon.com/redshift/latest/dg/r_Numeric_types201.html


@dataclass(frozen=True)
class SqlType:
    """A Redshift type: its name and arguments (precision and scale, or a length in bytes)."""

    name: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        """Spell the type as DDL does.

        >>> str(decimal(18, 2)), str(BIGINT)
        ('DECIMAL(18,2)', 'BIGINT')
        """
        return f"{self.name}({','.join(map(str, self.arguments))})" if self.arguments else self.name


class Restore(Enum):
    """What INSERT does with a value that came through COPY: nothing, cast it to the landing type, parse it as JSON."""

    NONE = "none"
    CAST = "cast"
    JSON = "json"


BOOLEAN = SqlType("BOOLEAN")
SMALLINT = SqlType("SMALLINT")
INTEGER = SqlType("INTEGER")
BIGINT = SqlType("BIGINT")
REAL = SqlType("REAL")
DOUBLE = SqlType("DOUBLE PRECISION")
DATE = SqlType("DATE")
TIME = SqlType("TIME")
TIMESTAMP = SqlType("TIMESTAMP")
SUPER = SqlType("SUPER")
VARCHAR = SqlType("VARCHAR", (MAX_VARCHAR,))
VARBYTE = SqlType("VARBYTE", (MAX_VARBYTE,))


def decimal(precision: int, scale: int) -> SqlType:
    """Name a decimal type of `precision` digits, `scale` of them behind the point."""
    return SqlType("DECIMAL", (precision, scale))


ALIASES = {
    "bool": "BOOLEAN",
    "boolean": "BOOLEAN",
    "int2": "SMALLINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "int4": "INTEGER",
    "integer": "INTEGER",
    "int8": "BIGINT",
    "bigint": "BIGINT",
    "float4": "REAL",
    "real": "REAL",
    "float": "DOUBLE PRECISION",
    "float8": "DOUBLE PRECISION",
    "double precision": "DOUBLE PRECISION",
    "decimal": "DECIMAL",
    "numeric": "DECIMAL",
    "varchar": "VARCHAR",
    "nvarchar": "VARCHAR",
    "text": "VARCHAR",
    "character varying": "VARCHAR",
    "char": "CHAR",
    "character": "CHAR",
    "bpchar": "CHAR",
    "varbyte": "VARBYTE",
    "varbinary": "VARBYTE",
    "binary varying": "VARBYTE",
    "date": "DATE",
    "time": "TIME",
    "time without time zone": "TIME",
    "timestamp": "TIMESTAMP",
    "timestamp without time zone": "TIMESTAMP",
    "timestamptz": "TIMESTAMPTZ",
    "timestamp with time zone": "TIMESTAMPTZ",
    "super": "SUPER",
}
# What Redshift assumes where a type is written without arguments.
DEFAULT_ARGUMENTS: dict[str, tuple[int, ...]] = {
    "VARCHAR": (256,),
    "CHAR": (1,),
    "DECIMAL": (18, 0),
    "VARBYTE": (64_000,),
}
WRITTEN_TYPE = re.compile(r"([a-z][a-z0-9 ]*?)\s*(?:\(\s*(max|\d+)\s*(?:,\s*(\d+)\s*)?\))?")


def parse_type(text: str) -> SqlType:
    """Read a type as a contract or a catalog writes it.

    >>> str(parse_type("numeric(18, 2)")), str(parse_type("varchar(max)")), str(parse_type("character varying"))
    ('DECIMAL(18,2)', 'VARCHAR(65535)', 'VARCHAR(256)')

    Raises:
        ValueError: the text names no type that landing tables use.
    """
    match = WRITTEN_TYPE.fullmatch(text.strip().lower())
    name = ALIASES.get(match[1]) if match else None
    if match is None or name is None:
        known = ", ".join(sorted({each.lower() for each in ALIASES.values()}))
        raise ValueError(f"{text!r} is not a type of landing tables; these are {known}")
    if name not in DEFAULT_ARGUMENTS:
        return SqlType(name)
    if match[2] is None:
        return SqlType(name, DEFAULT_ARGUMENTS[name])
    if match[2] == "max":
        return SqlType(name, (MAX_VARBYTE if name == "VARBYTE" else MAX_VARCHAR,))
    if name == "DECIMAL":
        return decimal(int(match[2]), int(match[3] or 0))
    return SqlType(name, (int(match[2]),))


# Digits before the point that hold every value of an integer type.
INTEGER_DIGITS = {"SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}


def fits(found: SqlType, into: SqlType) -> bool:
    """Tell whether a column of type `into` holds every value of type `found`, unchanged.

    The order is SMALLINT < INTEGER < BIGINT < DECIMAL, REAL < DOUBLE PRECISION, DATE < TIMESTAMP; a decimal or string
    type fits one that is at least as long on every side.

    >>> fits(INTEGER, BIGINT), fits(BIGINT, INTEGER), fits(BIGINT, decimal(18, 0)), fits(decimal(5, 2), decimal(7, 3))
    (True, False, False, True)
    """
    if found == into:
        return True
    if found.name == into.name == "DECIMAL":
        return _whole(into) >= _whole(found) and into.arguments[1] >= found.arguments[1]
    if found.name == into.name and found.arguments:
        return into.arguments[0] >= found.arguments[0]
    if found.name in INTEGER_DIGITS:
        if into.name == "DECIMAL":
            return _whole(into) >= INTEGER_DIGITS[found.name]
        return INTEGER_DIGITS.get(into.name, 0) > INTEGER_DIGITS[found.name]
    return (found, into) in {(REAL, DOUBLE), (DATE, TIMESTAMP)}


def _whole(type_: SqlType) -> int:
    precision, scale = type_.arguments
    return precision - scale
