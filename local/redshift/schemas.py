"""CREATE SCHEMA and DROP SCHEMA with a database before the name, which must be the one that the session is in.

In: a statement, masked. Out: a block for PostgreSQL, whose schemas have no database in front, or None for any other
statement. dbt-redshift writes them so where a profile says `datasharing: true`; no page tells of the form. Pure.
"""

from __future__ import annotations

import re

from local.redshift.masking import IDENTIFIER, Masked, block, quote_literal, unquote_identifier

_QUALIFIED = re.compile(
    rf"^\s*(?P<command>(?:create|drop)\s+schema\s+(?:if\s+(?:not\s+)?exists\s+)?)"
    rf"(?P<database>{IDENTIFIER})\s*\.\s*(?P<rest>{IDENTIFIER}.*)$",
    re.IGNORECASE | re.DOTALL,
)


def in_its_database(code: str, masked: Masked) -> str | None:
    """Return a block that holds the database's name to the session's, then makes or drops the schema.

    >>> from local.redshift.masking import mask
    >>> masked = mask('drop schema if exists d.s cascade')
    >>> print(in_its_database(masked.text, masked))
    do 'begin perform redshift.hold_database(''d''); execute ''drop schema if exists s cascade''; end'
    """
    match = _QUALIFIED.match(code)
    if not match:
        return None
    database = unquote_identifier(masked.restore(match["database"]))
    command = masked.restore(f"{match['command']}{match['rest']}").rstrip("; \n\t")
    return block(f"perform redshift.hold_database({quote_literal(database)}); execute {quote_literal(command)};")
