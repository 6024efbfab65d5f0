"""Queries inside an expression. Pure."""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import BOOLEAN, UNKNOWN
from local.redshift.sql.write.writer import Writer


def write_quantified(writer: Writer, node: tree.Quantified) -> Typed:
    if node.operator not in (("<>", "!=") if node.quantifier == "all" else ("=",)):
        # https://docs.aws.amazon.com/redshift/latest/dg/r_comparison_condition.html
        raise RedshiftError(f"{node.operator} {node.quantifier.upper()} is not supported: only <> ALL and = ANY are")
    query = writer.query_sql(node.query)
    writer.correlations.hold_predicate(node, node.quantifier == "all")
    return Typed(f"({writer.sql(node.operand)} {node.operator} {node.quantifier} ({query}))", BOOLEAN)


def write_exists(writer: Writer, node: tree.Exists) -> Typed:
    return Typed(f"exists ({writer.query_sql(node.query)})", BOOLEAN)


def write_subquery(writer: Writer, node: tree.Subquery) -> Typed:
    sql, columns = writer.query(node.query)
    type_ = next(iter(columns))[1] if columns else UNKNOWN
    return Typed(f"({sql})", type_)
