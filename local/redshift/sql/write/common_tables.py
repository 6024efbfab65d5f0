"""WITH as PostgreSQL reads it. Pure."""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import quote, quote_names, walk
from local.redshift.sql.values.types import UNKNOWN
from local.redshift.sql.write.apart import KEPT_APART, is_computed_once, names, selects
from local.redshift.sql.write.sets import first_of, is_plain
from local.redshift.sql.write.sources import renamed
from local.redshift.sql.write.writer import Writer


def write_common_tables(writer: Writer, query: tree.Query) -> str:
    """Return the WITH of a query, whose tables it may name from now on; '' if it has none."""
    parts = []
    for table in query.common:
        if query.is_recursive:
            _hold_recursion(table)
        if query.is_recursive and table.columns:
            writer.common[table.name] = dict.fromkeys(table.columns, UNKNOWN)
            _, columns = writer.query(first_of(table.query))  # which alone gives them their types
            writer.common[table.name] = renamed(columns, table.columns)
            writer.named_common.discard(table.name)
            writer.recursions[id(table.query)] = table.name
        recurs, writer.recurs = writer.recurs, writer.recurs or query.is_recursive
        writer.depth += 1
        sql, columns = writer.query(table.query)
        writer.recurs, writer.depth = recurs, writer.depth - 1
        named = quote_names(table.columns) if table.columns else ""
        how = "not materialized " if _is_scan(table.query) and not query.is_recursive else ""
        if not query.is_recursive and is_computed_once(table, query):
            sql = KEPT_APART + sql
        parts.append(f"{quote(table.name)}{named} as {how}({sql})")
        writer.common[table.name] = renamed(columns, table.columns)
    word = "with recursive " if query.is_recursive else "with "
    return f"{word}{', '.join(parts)} " if parts else ""


def _hold_recursion(table: tree.CommonTable) -> None:
    """Hold a table that names itself to UNION ALL, and to a list of its columns
    (https://docs.aws.amazon.com/redshift/latest/dg/r_WITH_clause.html).

    Raises:
        RedshiftError: it is something else.
    """
    if not any(table.name in names(select.source) for select in selects(table.query)):
        return
    if not table.columns:
        raise RedshiftError(f'the recursive common table expression "{table.name}" needs a list of its columns')
    if not isinstance(table.query, tree.SetOperation) or table.query.operator != "union all":
        raise RedshiftError(f'the recursive common table expression "{table.name}" is no UNION ALL')


def _is_scan(query: tree.Query) -> bool:
    """Tell whether a query only picks columns and rows of one relation.

    PostgreSQL writes to disk what a common table expression yields where two parts of a query name it; a scan that is
    read twice, under the conditions of each, yields the same for less.
    """
    if not isinstance(query, tree.Select) or not is_plain(query) or not isinstance(query.source, tree.Table):
        return False
    whole = (query.distinct, query.top, query.into, query.group, query.groups_all, query.having, query.qualify)
    picked = all(isinstance(item.expression, tree.Column | tree.Star) for item in query.items)
    return picked and not any(whole) and all(isinstance(node, _OF_A_ROW) for node in walk(query.where))


# What a condition may hold that its row alone decides: no query, and no call, which may be random().
_OF_A_ROW = (
    *(tree.Binary, tree.Unary, tree.Is, tree.Between, tree.Like, tree.Column, tree.Literal, tree.Parameter),
    *(tree.Cast, tree.TypeName),
)
