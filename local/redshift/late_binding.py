"""CREATE VIEW ... WITH NO SCHEMA BINDING: a view that knows its tables by name alone.

In: masked SQL. Out: a call of the procedure that keeps such views (prelude/late_binding.sql), or None. Pure.
Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html
"""

from __future__ import annotations

import re

from local.redshift.errors import RedshiftError
from local.redshift.masking import NAME, Masked, quote_literal

_LATE_BINDING = re.compile(
    rf"^\s*create\s+(?P<replace>or\s+replace\s+)?view\s+(?P<name>{NAME})\s*(?P<columns>\([^()]*\))?\s*\bas\b(?P<query>.*?)"
    r"\bwith\s+no\s+schema\s+binding\s*;?\s*$",
    re.IGNORECASE | re.DOTALL,
)


def rewrite_late_binding_view(
    text: str, masked: Masked, statement: str, keeps_case: bool | None, external_query: str = ""
) -> str | None:
    """Return the call that creates the view, or None when the statement creates no late-binding view.

    Its query is PostgreSQL's already; `statement` is what the client sent, `keeps_case` whether quoted names kept their
    case in it, None where that makes no difference, and `external_query` its query, of a view over external tables,
    which the front reads in the view's place (prelude/54_external.sql).

    Raises:
        RedshiftError: the view names its columns.
    """
    match = _LATE_BINDING.match(text)
    if not match:
        return None
    if match["columns"]:
        raise RedshiftError("a late-binding view takes its column names from its query", "0A000")
    query = masked.restore(match["query"].strip())
    name = masked.restore(re.sub(r"\s", "", match["name"]))
    replace = "true" if match["replace"] else "false"
    arguments = f"{quote_literal(name)}, {quote_literal(query)}, {replace}"
    case = "null" if keeps_case is None else str(keeps_case).lower()
    told = f"{quote_literal(statement.strip().removesuffix(';'))}, {case}"
    if external_query:
        return f"call pg_catalog.rs_create_external_view({arguments}, {told}, {quote_literal(external_query)})"
    return f"call pg_catalog.rs_create_late_binding_view({arguments}, {told})"
