"""Several expressions as one: rows, arrays, grouping sets. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import ARRAY
from local.redshift.sql.write.writer import Writer


def write_array_list(writer: Writer, node: tree.ArrayList) -> Typed:
    if not writer.reads_catalog:
        raise syntax_error("[")
    return Typed(f"array[{', '.join(writer.sql(item) for item in node.items)}]", ARRAY)


def write_row(writer: Writer, node: tree.Row) -> Typed:
    return Typed(f"({', '.join(writer.sql(item) for item in node.items)})")


def write_grouping(writer: Writer, node: tree.Grouping) -> Typed:
    return Typed(f"{node.word} ({', '.join(writer.sql(item) for item in node.items)})")
