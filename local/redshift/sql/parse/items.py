"""The grammar of an item of a list that may be given a name. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.parse.parser import Parser


def parse_item(parser: Parser) -> tree.Item:
    """Pass an expression, and its alias if it has one."""
    expression = parser.expression()
    alias = parser.label() if parser.take("as") else parser.bare_alias()
    return tree.Item(expression, alias)
