"""Literals and parameters: what is written as it stands. Pure."""

from __future__ import annotations

import re

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.values import decimals
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import BOOLEAN, DOUBLE, UNKNOWN, Type
from local.redshift.sql.words import DATE_PARTS
from local.redshift.sql.write.writer import Writer

_OF_MONTHS = ("year", "month")
_MONTHS = frozenset({"millennium", "century", "decade", "year", "quarter", "month"})
_DAYS = frozenset({"week", "day", "hour", "minute", "second", "millisecond", "microsecond"})
_ISO_8601 = re.compile(r"'\s*[-+]?p[-+\dt.]", re.IGNORECASE)


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
    """INTERVAL 'text' [ qualifier ]; by default one of months has no days in it, nor one of days months
    (r_interval_forbid_composite_literals)."""
    if _ISO_8601.match(node.text):
        raise RedshiftError(
            "no page tells of intervals written as ISO 8601: write their parts by name, as '1 year 2 months'"
        )
    parts = {DATE_PARTS.get(word, "") for word in re.findall("[a-z]+", node.text.lower())}
    is_of_months = node.unit.startswith(_OF_MONTHS)
    if node.unit and not is_of_months and parts & _MONTHS:
        raise RedshiftError("Interval Day To Second literal cannot contain year-month parts.", "22007")
    if is_of_months and parts & _DAYS:
        raise RedshiftError("Interval Year To Month literal cannot contain day-time parts.", "22007")
    return Typed(f"interval {node.text} {node.unit}".strip(), Type("interval"))
