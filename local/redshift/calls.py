"""CALL of a procedure with OUT arguments, which Redshift leaves out and PostgreSQL wants to be named. Pure.

In: a CALL, and the places of the procedure's OUT arguments (prelude/46_calls.sql). Out: the CALL that PostgreSQL reads.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CALL_procedure.html
"""

from __future__ import annotations

import re

from local.redshift.brackets import closing, split_commas
from local.redshift.masking import NAME, mask, quote_literal, without_comments

_CALL = re.compile(rf"call\s+(?P<name>{NAME})\s*\(", re.IGNORECASE)


def asks_for_places(statement: str) -> str | None:
    """Return the query for the places of a procedure's OUT arguments, None for what is no CALL.

    >>> asks_for_places("call s.p(1, f(2, 3))")
    "select pg_catalog.rs_out_places('s.p', 2)"
    """
    masked = mask(statement)
    code = without_comments(masked.text)
    match = _CALL.match(code)
    if not match:
        return None
    name = masked.restore(re.sub(r"\s", "", match["name"]))
    return f"select pg_catalog.rs_out_places({quote_literal(name)}, {len(_arguments(code, match.end() - 1))})"


def with_out_arguments(statement: str, places: list[int]) -> str:
    """Return a CALL with NULL at the places, counted from one, of the OUT arguments.

    >>> with_out_arguments("call p(1, 'a')", [1, 4])
    "call p(null, 1, 'a', null)"
    """
    masked = mask(statement)
    code = without_comments(masked.text)
    match = _CALL.match(code)
    if not match:
        return statement
    arguments = _arguments(code, match.end() - 1)
    for place in places:
        arguments.insert(place - 1, "null")
    return masked.restore(f"{code[: match.end()]}{', '.join(arguments)})")


def _arguments(code: str, opening: int) -> list[str]:
    inner = code[opening + 1 : closing(code, opening)]
    return split_commas(inner) if inner.strip() else []
