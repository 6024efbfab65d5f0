"""What sorts and what frames rows: OVER and ORDER BY. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.write.writer import Writer


def over(writer: Writer, node: tree.Call) -> str:
    return f" over {window_sql(writer, node.window)}" if node.window is not None else ""


def window_sql(writer: Writer, node: tree.Window) -> str:
    """Return what follows OVER."""
    parts = []
    if node.partition:
        parts.append("partition by " + ", ".join(writer.sql(each) for each in node.partition))
    if node.order:
        parts.append(order_sql(writer, node.order))
    return f"({' '.join([*parts, node.frame]).strip()})"


def order_sql(writer: Writer, items: list[tree.OrderItem]) -> str:
    """Return ORDER BY: NULL comes last, and first where the order descends, as in PostgreSQL."""
    return "order by " + ", ".join(order_item_sql(writer, item) for item in items)


def order_item_sql(writer: Writer, item: tree.OrderItem) -> str:
    """Return one expression of ORDER BY."""
    return ordered(writer.sql(item.expression), item)


def ordered(sql: str, item: tree.OrderItem) -> str:
    """Return what an expression of ORDER BY has become, in its direction."""
    words = f"{sql} desc" if item.descending else sql
    return f"{words} nulls {item.nulls}" if item.nulls else words
