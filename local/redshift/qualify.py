"""QUALIFY and TOP, which PostgreSQL lacks, by sqlglot from Redshift to Redshift.

Only statements that hold one of the two come here: sqlglot changes other things in what it reads.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.transforms import eliminate_qualify

from local.redshift.errors import SYNTAX_ERROR, RedshiftError

_QUALIFY_OR_TOP = re.compile(r"\bqualify\b|\bselect\s+(?:distinct\s+)?top\s+\(?\d+", re.IGNORECASE)


def has_qualify_or_top(masked_text: str) -> bool:
    """Tell whether masked SQL holds QUALIFY or SELECT TOP n."""
    return bool(_QUALIFY_OR_TOP.search(masked_text))


def without_qualify(sql: str) -> str:
    """Return the statement with QUALIFY as a filter over a subquery, and TOP as LIMIT.

    >>> without_qualify("select a from t qualify row_number() over (partition by a order by b) = 1")
    'SELECT a FROM (SELECT a, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b) AS _w FROM t) AS _t WHERE _w = 1'

    Raises:
        RedshiftError: the statement cannot be read.
    """
    try:
        tree = sqlglot.parse_one(sql, read="redshift")
    except sqlglot.errors.ParseError as error:
        raise RedshiftError(f"syntax error: {error.errors[0].get('description', error)}", SYNTAX_ERROR) from error
    return tree.transform(_transform).sql("redshift")


def _transform(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Select) and node.args.get("qualify"):
        return eliminate_qualify(node)
    return node
