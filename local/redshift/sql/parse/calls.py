"""The grammar of calls: arguments, between words for some functions, and what follows them. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html and the pages under it.
"""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.parse.parser import CONCATENATION, Parser
from local.redshift.sql.parse.windows import parse_order, parse_window
from local.redshift.sql.tokens import STRING


def parse_call(parser: Parser, name: tree.Name) -> tree.Call:
    """Pass the call of a function whose name has been passed."""
    parser.need("(")
    parser.called.add(name)
    call = tree.Call(name, [])
    if parser.take("*"):
        call.is_star = True
    elif parser.token.key != ")":
        call.distinct = parser.take("distinct")
        if not call.distinct:
            parser.take("all")
        call.arguments = parser.expressions()
        call.nulls = _parse_null_treatment(parser)
    parser.need(")")
    if parser.take("within", "group", "("):
        call.within = parse_order(parser)
        parser.need(")")
    if parser.token.key == "filter" and parser.ahead("filter", "("):
        parser.position += 1
        raise parser.error()
    call.nulls = call.nulls or _parse_null_treatment(parser)
    if parser.take("over"):
        call.window = parse_window(parser)
    return call


def _parse_null_treatment(parser: Parser) -> str:
    word = parser.take_one(("ignore", "respect"))
    if word:
        parser.need("nulls")
    return word


def parse_extract(parser: Parser) -> tree.Expression | None:
    """Pass a call of EXTRACT, between whose arguments words may stand; None if none comes next."""
    if not parser.take("extract", "("):
        return None
    part = _parse_part(parser)
    parser.need("from")
    operand = parser.expression()
    parser.need(")")
    return tree.Call(("extract",), [part, operand])


def _parse_part(parser: Parser) -> tree.Expression:
    token = parser.token
    if token.kind != STRING:
        return tree.Column((parser.label(),))
    parser.position += 1
    return tree.Literal(token.kind, token.text)


def parse_trim(parser: Parser) -> tree.Expression | None:
    """Pass a call of TRIM, between whose arguments words may stand; None if none comes next."""
    if not parser.take("trim", "("):
        return None
    side = parser.take_one(("both", "leading", "trailing")) or "both"
    first = None if parser.token.key == "from" else parser.expression()
    name = {"both": "btrim", "leading": "ltrim", "trailing": "rtrim"}[side]
    if parser.take("from"):
        arguments = [parser.expression(), *([first] if first else [])]
    elif first is None:
        raise parser.error()
    else:
        arguments = [first, *(parser.expressions() if parser.take(",") else [])]
    parser.need(")")
    return tree.Call((name,), arguments)


def parse_substring(parser: Parser) -> tree.Expression | None:
    """Pass a call of SUBSTRING, between whose arguments words may stand; None if none comes next."""
    if not parser.take("substring", "("):
        return None
    arguments = [parser.expression()]
    if parser.take("from"):
        arguments.append(parser.expression())
        if parser.take("for"):
            arguments.append(parser.expression())
    else:
        while parser.take(","):
            arguments.append(parser.expression())
    parser.need(")")
    return tree.Call(("substring",), arguments)


def parse_position(parser: Parser) -> tree.Expression | None:
    """Pass a call of POSITION, between whose arguments words may stand; None if none comes next."""
    if not parser.take("position", "("):
        return None
    part = parser.expression(CONCATENATION)
    parser.need("in")
    whole = parser.expression()
    parser.need(")")
    return tree.Call(("position",), [part, whole])
