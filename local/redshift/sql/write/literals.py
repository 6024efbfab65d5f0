"""Literals and parameters: what is written as it stands. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.values import decimals
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import BOOLEAN, DOUBLE, UNKNOWN, Type
from local.redshift.sql.write.writer import Writer


def write_literal(writer: Writer, node: tree.Literal) -> Typed:
    text = node.text
    if node.kind == "string":
        return Typed(text, UNKNOWN, is_literal=True)
    if node.kind != "number":
        return Typed(text, UNKNOWN if node.kind == "null" else BOOLEAN, is_literal=node.kind == "null")
    if "e" in text.lower():
        return Typed(text + "::double precision", DOUBLE)
    if "." in text or int(text) >= 2**63:
        return Typed(text, decimals.of_digits(text))
    return Typed(text, Type("integer" if int(text) < 2**31 else "bigint"))


def write_parameter(writer: Writer, node: tree.Parameter) -> Typed:
    """Write a parameter, of the type that it is declared of: PostgreSQL forgets a DECIMAL's precision and scale."""
    type_ = writer.parameters.get(node.text, UNKNOWN)
    return Typed(f"({node.text})::{type_.sql}" if type_.precision else node.text, type_)


def write_interval(writer: Writer, node: tree.Interval) -> Typed:
    return Typed(f"interval {node.text} {node.unit}".strip(), Type("interval"))
