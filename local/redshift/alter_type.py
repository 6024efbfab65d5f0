"""ALTER TABLE ... ALTER COLUMN ... TYPE as PostgreSQL runs it: a procedure of prelude/42_storage_rules.sql. Pure.

Redshift changes the length of VARCHAR and VARBYTE, and nothing else
(https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html).
"""

from __future__ import annotations

import re

from local.redshift.ddl import VARBYTE, VARBYTE_BYTES
from local.redshift.errors import RedshiftError
from local.redshift.masking import IDENTIFIER, NAME, Masked, quote_literal, unquote_identifier
from local.redshift.sql.values.lengths import VARCHAR_BYTES, hold_varbyte

_ALTER_TYPE = re.compile(
    rf"^alter\s+table\s+(?P<table>{NAME})\s+alter\s+column\s+(?P<column>{IDENTIFIER})\s+type\s+(?P<type>.+?)\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_VARCHAR = re.compile(
    r"(?:varchar|nvarchar|(?:national\s+)?character\s+varying)\s*(?:\(\s*(?P<length>\d+|max)\s*\))?", re.IGNORECASE
)
_VARBYTE = re.compile(rf"(?:{VARBYTE})\s*(?:\(\s*(?P<length>\d+)\s*\))?", re.IGNORECASE)
_BARE_VARCHAR = 256


def rewrite_alter_type(code: str, masked: Masked) -> str | None:
    """Return what runs a change of a column's length, None for any other statement.

    >>> from local.redshift.masking import mask
    >>> rewrite_alter_type("alter table s.t alter column a type varchar(max)", mask(""))
    "call pg_catalog.rs_alter_type('s.t', 'a', 'varchar', 65535)"

    Raises:
        RedshiftError: a type whose columns cannot be changed.
    """
    if not (match := _ALTER_TYPE.match(code)):
        return None
    if varchar := _VARCHAR.fullmatch(match["type"]):
        length = (varchar["length"] or "").lower()
        kind, size = "varchar", VARCHAR_BYTES if length == "max" else int(length or _BARE_VARCHAR)
    elif varbyte := _VARBYTE.fullmatch(match["type"]):
        kind, size = "varbyte", int(varbyte["length"] or VARBYTE_BYTES)
        hold_varbyte(size)
    else:
        raise RedshiftError(f"target data type {match['type']} is not supported by ALTER COLUMN TYPE")
    table = quote_literal(masked.restore(re.sub(r"\s", "", match["table"])))
    column = quote_literal(unquote_identifier(masked.restore(match["column"])))
    return f"call pg_catalog.rs_alter_type({table}, {column}, '{kind}', {size})"
