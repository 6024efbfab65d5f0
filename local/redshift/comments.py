"""COMMENT ON VIEW: a materialized view is a view on Redshift, and another kind of relation in PostgreSQL.

In: a statement, masked. Out: a call of the procedure that knows which it is (53_materialized_views.sql), or None
for any other statement. dbt-redshift comments on materialized views so; no page tells of a form of their own. Pure.
"""

from __future__ import annotations

import re

from local.redshift.masking import NAME, Masked, quote_literal

_ON_VIEW = re.compile(rf"^\s*comment\s+on\s+view\s+(?P<name>{NAME})\s+is\s+(?P<text>\S+)\s*;?\s*$", re.IGNORECASE)


def comment_on_view(code: str, masked: Masked) -> str | None:
    """Return the call that keeps the comment.

    >>> from local.redshift.masking import mask
    >>> masked = mask("comment on view s.v is 'its text'")
    >>> comment_on_view(masked.text, masked)
    "call pg_catalog.rs_comment_on_view('s.v', 'its text')"
    """
    match = _ON_VIEW.match(code)
    if not match:
        return None
    name = masked.restore(re.sub(r"\s", "", match["name"]))
    return f"call pg_catalog.rs_comment_on_view({quote_literal(name)}, {masked.restore(match['text'])})"
