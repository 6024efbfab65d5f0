"""The grammar of types. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_Supported_data_types.html
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse.cursor import Cursor
from local.redshift.sql.tokens import NUMBER


def parse_type(parser: Cursor) -> tree.TypeName:
    """Pass a type."""
    words = [parser.label()]
    if words[0] == "national":
        words = [parser.label()]
    if words[0] in ("double", "character", "char", "nchar", "binary") and parser.token.key in (
        "precision",
        "varying",
    ):
        words.append(parser.label())
        words[0] = {"char": "character", "nchar": "character"}.get(words[0], words[0])
    while parser.take("."):  # pg_catalog.varchar
        words = [parser.label()]
    arguments = _parse_arguments(parser)
    if (
        words[0] in ("time", "timestamp")
        and parser.token.key in ("with", "without")
        and parser.ahead(parser.token.key, "time", "zone")
    ):
        words += [parser.token.key, "time", "zone"]
        parser.position += 3
    if words[0] == "interval" and parser.token.key in ("year", "day"):
        arguments = [parser.label()]
        if parser.take("to"):
            arguments += ["to", parser.label()]
    if parser.token.key == "[":
        raise RedshiftError("array types are not supported")
    return tree.TypeName(" ".join(words), arguments)


def _parse_arguments(parser: Cursor) -> list[str]:
    arguments: list[str] = []
    if parser.take("("):
        while True:
            token = parser.token
            if not (token.kind == NUMBER and token.text.isdigit()) and token.key != "max":
                raise parser.error()
            parser.position += 1
            arguments.append(token.text.lower())
            if parser.take(")"):
                break
            parser.need(",")
    return arguments
