"""The grammar of what sorts and what frames rows: ORDER BY and OVER. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html
"""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse.parser import Parser
from local.redshift.sql.tokens import NUMBER


def parse_window(parser: Parser) -> tree.Window:
    parser.need("(")
    partition = parser.expressions() if parser.take("partition", "by") else []
    order = parse_order(parser) if parser.token.key == "order" else []
    frame = _parse_frame(parser) if order and parser.token.key in ("rows", "range") else ""
    parser.need(")")
    return tree.Window(partition, order, frame)


def _parse_frame(parser: Parser) -> str:
    """Pass a frame: https://docs.aws.amazon.com/redshift/latest/dg/r_Window_function_synopsis.html."""
    if parser.token.key == "range":
        raise RedshiftError("RANGE frames are not supported: use ROWS", SYNTAX_ERROR)
    parser.need("rows")
    if not parser.take("between"):
        bound = _parse_bound(parser)
        if bound == "unbounded following":
            return f"rows between current row and {bound}"
        return f"rows {bound}"
    low = _parse_bound(parser)
    parser.need("and")
    return f"rows between {low} and {_parse_bound(parser)}"


def _parse_bound(parser: Parser) -> str:
    if parser.take("current", "row"):
        return "current row"
    amount = parser.token.text.lower()
    if amount != "unbounded" and not (parser.token.kind == NUMBER and amount.isdigit()):
        raise parser.error()
    parser.position += 1
    side = parser.take_one(("preceding", "following"))
    if not side:
        raise parser.error()
    return f"{amount} {side}"


def parse_order(parser: Parser) -> list[tree.OrderItem]:
    """Pass `order by ...`."""
    parser.need("order", "by")
    items = []
    while True:
        expression = parser.expression()
        direction = parser.take_one(("asc", "desc"))
        nulls = ""
        if parser.take("nulls"):
            nulls = parser.take_one(("first", "last"))
            if not nulls:
                raise parser.error()
        items.append(tree.OrderItem(expression, direction == "desc", nulls))
        if not parser.take(","):
            return items
