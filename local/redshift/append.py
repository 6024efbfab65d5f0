"""ALTER TABLE ... APPEND FROM as PostgreSQL runs it: a procedure of prelude/52_append.sql. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE_APPEND.html
"""

from __future__ import annotations

import re

from local.redshift.masking import NAME, Masked, quote_literal

_APPEND = re.compile(
    rf"^alter\s+table\s+(?P<target>{NAME})\s+append\s+from\s+(?P<source>{NAME})"
    r"(?:\s+(?P<extra>ignoreextra|filltarget))?\s*;?\s*$",
    re.IGNORECASE,
)


def rewrite_append(code: str, masked: Masked) -> str | None:
    """Return what runs an ALTER TABLE APPEND, None for any other statement.

    >>> from local.redshift.masking import mask
    >>> rewrite_append("alter table t append from s.u filltarget", mask(""))
    "call pg_catalog.rs_append('t', 's.u', 'filltarget')"

    Args:
        code: the masked statement without comments.
        masked: holds the pieces behind `code`'s placeholders.
    """
    if not (match := _APPEND.match(code)):
        return None
    names = (masked.restore(match["target"]), masked.restore(match["source"]), (match["extra"] or "").lower())
    return f"call pg_catalog.rs_append({', '.join(map(quote_literal, names))})"
