"""Types by their names: those that a query writes, and those that PostgreSQL's catalog tells. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
"""

from __future__ import annotations

import re
from functools import lru_cache

from local.redshift.errors import RedshiftError
from local.redshift.sql.values.decimals import hold_decimal
from local.redshift.sql.values.lengths import CHAR_BYTES, VARCHAR_BYTES, hold_varbyte
from local.redshift.sql.values.types import ARRAY, CODE, STRINGS, UNKNOWN, Type
from local.redshift.sql.words import CATALOG_TYPES, TYPES

_FORMATTED = re.compile(
    r'^(?:pg_catalog\.)?"?(?P<name>[a-z_ ]+?)"?(?:\((?P<arguments>[\d,]+)\))?(?P<rest> with(?:out)? time zone)?$'
)
_VECTORS = frozenset({"oidvector", "int2vector"})
_SPELLINGS = {**TYPES, "text": "varchar", "name": "varchar", "json": "super", "bytea": "varbyte"}


@lru_cache(maxsize=1000)
def of_catalog(formatted: str) -> Type:
    """Return the type that PostgreSQL's format_type names.

    >>> of_catalog("numeric(8,2)").sql, of_catalog("character varying(9)").length, of_catalog("text").name
    ('numeric(8, 2)', 9, 'varchar')
    """
    match = _FORMATTED.match(formatted)
    name = _SPELLINGS.get((match["name"] + (match["rest"] or "")) if match else "")
    if formatted.endswith("[]") or formatted in _VECTORS:
        return ARRAY
    if formatted == CODE.name:
        return CODE
    if not match or not name:
        return UNKNOWN
    if name == "varchar":
        return Type(name, length=int(match["arguments"] or 0))
    if name != "numeric":
        return Type(name)
    if not match["arguments"]:
        return Type("numeric")
    precision, _, scale = match["arguments"].partition(",")
    return Type("numeric", int(precision), int(scale or 0))


def of_words(name: str, arguments: list[str], allows_catalog: bool) -> tuple[Type, str]:
    """Return the type that a query names, and how PostgreSQL writes it.

    A VARCHAR without a length is one of any length: only a column gets 256 bytes
    (https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html).

    >>> of_words("decimal", ["8", "2"], False)[1], of_words("varchar", ["max"], False)[1]
    ('numeric(8, 2)', 'varchar(65535)')

    Raises:
        RedshiftError: there is no such type, or its length is too large.
    """
    if allows_catalog and name in CATALOG_TYPES:
        return UNKNOWN, CATALOG_TYPES[name]
    if name == "abstime":  # of which no page tells: Redshift's drivers do
        return UNKNOWN, name
    known = TYPES.get(name)
    if known is None:
        raise RedshiftError(f'type "{name}" does not exist', "42704")
    if known == "numeric":
        precision, scale = (int(text) for text in [*(arguments or ["18"]), "0"][:2])
        hold_decimal(precision, scale)
        return Type("numeric", precision, scale), f"numeric({precision}, {scale})"
    if known in STRINGS and arguments:
        limit = VARCHAR_BYTES if known == "varchar" else CHAR_BYTES
        length = limit if arguments[0] == "max" else int(arguments[0])
        if length > limit:
            raise RedshiftError(f"length for type {name} cannot exceed {limit}", "22023")
        return Type(known, length=length if known == "varchar" else 0), f"{known}({length})"
    if name == "bpchar":
        return Type("char"), "char(256)"
    if name == "float" and arguments:
        known = "real" if int(arguments[0]) <= 24 else known
    elif known.startswith("interval ") and not arguments:
        return Type("interval"), known
    elif known == "interval":
        return Type(known), f"interval {' '.join(arguments)}".strip()
    elif known == "varbyte" and arguments:
        hold_varbyte(int(arguments[0]) if arguments[0] != "max" else 0)
    elif arguments:
        raise RedshiftError(f'type modifier is not allowed for type "{name}"', "42601")
    return Type(known), known
