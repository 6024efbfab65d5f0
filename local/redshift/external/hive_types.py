"""Types of columns as the Data Catalog writes them, Hive's, and as Redshift has them. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_EXTERNAL_TABLE.html (data_type)
"""

from __future__ import annotations

import re

from local.redshift.errors import RedshiftError
from local.redshift.sql.values.lengths import VARCHAR_BYTES
from local.redshift.sql.values.type_names import of_words

# Hive's name, Redshift's as PostgreSQL's format_type() prints it.
_SIMPLE = {
    "tinyint": "smallint",
    "smallint": "smallint",
    "int": "integer",
    "integer": "integer",
    "bigint": "bigint",
    "float": "real",
    "double": "double precision",
    "boolean": "boolean",
    "string": f"character varying({VARCHAR_BYTES})",
    "date": "date",
    "timestamp": "timestamp without time zone",
}
_SIZED = re.compile(r"(varchar|char|decimal)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")
_OF_REDSHIFT = {
    "smallint": "smallint",
    "integer": "int",
    "bigint": "bigint",
    "real": "float",
    "double precision": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
_WORDS = re.compile(r"(?P<name>[a-z0-9_]+(?:\s+[a-z]+)*)\s*(?:\((?P<arguments>[^)]*)\))?")
_VARCHAR, _LENGTH = "256", "1"


def postgres_type(kind: str) -> str | None:
    """Return the type of a catalog's column, None for one that is not offered here: nested ones, and bytes.

    >>> postgres_type("decimal(11,5)"), postgres_type("string"), postgres_type("array<int>")
    ('numeric(11,5)', 'character varying(65535)', None)
    """
    kind = kind.lower().strip()
    match = _SIZED.fullmatch(kind)
    if match:
        if match[1] == "decimal":
            return f"numeric({match[2]},{match[3] or 0})"
        return f"character{' varying' if match[1] == 'varchar' else ''}({match[2]})"
    return "numeric(10,0)" if kind == "decimal" else _SIMPLE.get(kind)


def hive_type(words: str) -> str:
    """Return the catalog's type of a column that CREATE EXTERNAL TABLE defines.

    >>> hive_type("varchar(20)"), hive_type("decimal(8, 2)"), hive_type("double precision"), hive_type("int4")
    ('varchar(20)', 'decimal(8,2)', 'double', 'int')

    Raises:
        RedshiftError: there is no such type, or none that an external table may have here.
    """
    match = _WORDS.fullmatch(words.strip().lower())
    if not match:
        raise RedshiftError(f'external tables with a column of type "{words}" are not offered by the local Redshift')
    arguments = [argument.strip() for argument in match["arguments"].split(",")] if match["arguments"] else []
    type_, written = of_words(" ".join(match["name"].split()), arguments, False)
    if type_.name == "numeric":
        return f"decimal({type_.precision},{type_.scale})"
    if type_.name in ("varchar", "char"):
        length = re.search(r"\d+", written)
        return f"{type_.name}({length[0] if length else _VARCHAR if type_.name == 'varchar' else _LENGTH})"
    if type_.name not in _OF_REDSHIFT:
        raise RedshiftError(f'external tables with a column of type "{words}" are not offered by the local Redshift')
    return _OF_REDSHIFT[type_.name]
