"""The one table of whose rows CREATE TABLE AS makes its own, as they are: it inherits how that one is stored. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_CTAS_usage_notes.html
"""

from __future__ import annotations

from typing import Any

from local.redshift.names import physical_words
from local.redshift.sql import tree
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.sql.scope import quote_path
from local.redshift.sql.translate import called, statement_tree

EVERY = "*"


def simple_source(sql: str) -> dict[str, Any]:
    """Return the table that a query selects from, simply, and which of its columns the query's are, None for none.

    >>> simple_source("select a, b + 1 as b, t.* from s.t where c")
    {'from': '"s"."t"', 'columns': ['a', None, '*']}
    >>> simple_source("select a from t limit 1"), simple_source("select a from t join u using (a)")
    ({}, {})
    """
    query = statement_tree(sql)
    if not isinstance(query, tree.Select) or not isinstance(query.source, tree.Table):
        return {}
    parts = (query.common, query.order, query.group, query.groups_all, query.distinct, query.excluded)
    clauses = (query.limit, query.offset, query.top, query.having, query.qualify)
    names, relations = called(sql)
    is_computed = any(name in FUNCTIONS and FUNCTIONS[name].kind in "aw" for name in names)
    if any(parts) or any(clause is not None for clause in clauses) or is_computed or len(relations) != 1:
        return {}
    columns = [_column(item.expression) for item in query.items]
    return {"from": physical_words(quote_path(query.source.name[-2:])), "columns": columns}


def _column(expression: tree.Expression) -> str | None:
    if isinstance(expression, tree.Star):
        return None if expression.excluded else EVERY
    return expression.name[-1] if isinstance(expression, tree.Column) else None
