"""Where a statement holds a query: all of it, or what follows AS in CREATE TABLE, CREATE VIEW and PREPARE. Pure.

In: one statement, masked, without comments. Out: the span of its query, which local/redshift/sql translates; the rest
is the business of the rules by pattern.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.masking import IDENTIFIER

_QUERY = re.compile(r"\s*\(*\s*(?:select|with|insert|update|delete|merge)\b", re.IGNORECASE)
_BEFORE = re.compile(
    rf"""\s*(?:
          explain\s+(?:verbose\s+)?
        | prepare\s+{IDENTIFIER}\s*(?:\((?:[^()]|\([^()]*\))*\)\s*)?as\s+
        | declare\s+{IDENTIFIER}\s+cursor\s+(?:without\s+hold\s+)?for\s+
        | (?:explain\s+(?:verbose\s+)?)?
          (?P<makes>create\s+(?:(?:or\s+replace|local|temp|temporary|materialized)\s+)*(?:table|view)\b).*?\bas\s*
    )(?=\(*\s*(?:select|with|insert|update|delete|merge)\b)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_WITHOUT_BINDING = re.compile(r"\bwith\s+no\s+schema\s+binding$", re.IGNORECASE)


@dataclass(frozen=True)
class QueryPart:
    """The span of a query in a statement, and whether its rows become a table of users."""

    start: int
    end: int
    makes_table: bool


def query_part(code: str) -> QueryPart | None:
    """Return where the query of a statement stands, None if it holds none.

    >>> part = query_part("create table t as select 1")
    >>> part.start, part.makes_table
    (18, True)
    >>> query_part("grant select on t to u")
    """
    match = _QUERY.match(code) or _BEFORE.match(code)
    if not match:
        return None
    before = match.re is _BEFORE
    head = match["makes"].lower() if before and match["makes"] else ""
    return QueryPart(match.end() if before else 0, _end(code), "table" in head)


def _end(code: str) -> int:
    text = code.rstrip().removesuffix(";").rstrip()
    binding = _WITHOUT_BINDING.search(text)
    return len(text[: binding.start()].rstrip()) if binding else len(text)
