"""How long texts are: of literals, and of what becomes a text. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
"""

from __future__ import annotations

import re

from local.redshift.errors import RedshiftError
from local.redshift.sql.values.types import INTEGERS, Type

VARCHAR_BYTES, CHAR_BYTES = 65_535, 4_096
MOST_VARBYTE_BYTES = 16_777_216  # https://docs.aws.amazon.com/redshift/latest/dg/r_VARBYTE_type.html
_MOMENT_BYTES = 32  # `294276-12-31 23:59:59.999999 BC`
PLAIN_STRING = re.compile(r"'((?:[^'\\]|'')*)'")
"""A string literal in which no backslash escapes."""


def hold_varbyte(length: int) -> None:
    """Hold the length of a VARBYTE to those that there are.

    Raises:
        RedshiftError: there is no such length.
    """
    if not 1 <= length <= MOST_VARBYTE_BYTES:
        raise RedshiftError(f"length for type varbyte must be between 1 and {MOST_VARBYTE_BYTES}", "22023")


def literal_length(text: str) -> int:
    """Return the length of a string literal's type: its bytes, 1 at least; 0 (not known) where a backslash escapes.

    dbt-redshift's tests have it so (tests/functional/test_columns_in_relation.py of 1.11.1); there is no VARCHAR(0).

    >>> literal_length("'a'"), literal_length("'it''s é'"), literal_length("''"), literal_length("'a\\\\n'")
    (1, 7, 1, 0)
    """
    match = PLAIN_STRING.fullmatch(text)
    length = max(len(match[1].replace("''", "'").encode()), 1) if match else 0
    return length if length <= VARCHAR_BYTES else 0


def fits_varchar(type_: Type, sql: str) -> bool:
    """Tell whether no value of a type is a longer text than a VARCHAR, as `of_words` writes it, holds.

    >>> fits_varchar(Type("bigint"), "varchar(20)"), fits_varchar(Type("numeric", 18, 2), "varchar(20)")
    (True, False)
    """
    name, _, length = sql.rstrip(")").partition("(")
    if name != "varchar" or not length:
        return False
    longest = {"date": _MOMENT_BYTES, "timestamp": _MOMENT_BYTES} | {kind: 1 + INTEGERS[kind] for kind in INTEGERS}
    if type_.name == "numeric" and type_.precision:
        longest["numeric"] = type_.precision + 3  # the sign, the point, and a zero before it
    return type_.name in longest and longest[type_.name] <= int(length)
