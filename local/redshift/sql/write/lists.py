"""Several expressions as one: rows, arrays, grouping sets. Pure."""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import ARRAY
from local.redshift.sql.write.writer import Writer


def write_array_list(writer: Writer, node: tree.ArrayList) -> Typed:
    if not writer.reads_catalog:
        raise syntax_error("[")
    return Typed(f"array[{', '.join(writer.sql(item) for item in node.items)}]", ARRAY)


def refuse_row(writer: Writer, node: tree.Row) -> Typed:
    """Refuse a row as a value, which is a row constructor
    (https://docs.aws.amazon.com/redshift/latest/dg/c_unsupported-postgresql-features.html)."""
    raise RedshiftError("row constructors are not supported: a row is compared by =, <> and IN alone")


def row_sql(writer: Writer, node: tree.Expression) -> str:
    """Return an expression, or several of one row where one may stand."""
    return f"({', '.join(writer.sql(item) for item in node.items)})" if isinstance(node, tree.Row) else writer.sql(node)


def write_grouping(writer: Writer, node: tree.Grouping) -> Typed:
    return Typed(f"{node.word} ({', '.join(row_sql(writer, item) for item in node.items)})")
