"""The grammar of what an expression begins with: literals, names, CASE, casts. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions.html and the pages under it.
"""

from __future__ import annotations

from collections.abc import Callable

from local.redshift.sql import tree
from local.redshift.sql.parse.calls import parse_call, parse_extract, parse_position, parse_substring, parse_trim
from local.redshift.sql.parse.parser import Parser
from local.redshift.sql.parse.types import parse_type
from local.redshift.sql.tokens import NUMBER, OPERATOR, PARAMETER, STRING, WORD
from local.redshift.sql.words import TYPES

_BARE_FUNCTIONS = frozenset(
    [
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "current_user_id",
        "session_user",
        "user",
        "sysdate",
    ]
)
_CALLABLE_RESERVED = frozenset({"left", "right", "array", "any", "user"})
_QUALIFIERS = frozenset({"year", "month", "day", "hour", "minute", "second"})  # r_interval_data_types
_INTERVAL_UNITS = frozenset({"year", "month", "week", "day", "hour", "minute", "second"})


def parse_primary(parser: Parser) -> tree.Expression:
    """Pass what needs no operator."""
    token = parser.token
    if token.kind in (NUMBER, STRING):
        parser.position += 1
        return tree.Literal(token.kind, token.text)
    if token.kind == PARAMETER:
        parser.position += 1
        return tree.Parameter(token.text)
    if token.kind == OPERATOR:
        if token.key == "*":
            parser.position += 1
            return tree.Star()
        return _parse_bracketed(parser)
    if token.kind == WORD:
        rule = _RULES.get(token.key)
        if rule is not None:
            found = rule(parser)
            if found is not None:
                return found
    return parse_named(parser)


def _parse_bracketed(parser: Parser) -> tree.Expression:
    parser.need("(")
    if parser.at_query():
        query = parser.query()
        parser.need(")")
        return tree.Subquery(query)
    items = parser.expressions()
    parser.need(")")
    return items[0] if len(items) == 1 else tree.Row(items)


def parse_named(parser: Parser) -> tree.Expression:
    """Pass a column, a path, `t.*` or a call."""
    token = parser.tokens[parser.position]
    if not token.kind:
        raise parser.error()
    following = parser.tokens[parser.position + 1]
    if following.key not in (".", "(") and following.kind != STRING:
        return tree.Column((parser.name(),))
    if token.kind == WORD and following.kind == STRING and token.key in TYPES:
        to = parse_type(parser)
        return tree.Cast(parse_primary(parser), to)
    parts = [parser.label() if following.key == "(" and token.key in _CALLABLE_RESERVED else parser.name()]
    while parser.take("."):
        if parser.take("*"):
            return tree.Star(tuple(parts))
        parts.append(parser.label())
    if parser.token.key == "(" and not parser.ahead("(", "+", ")"):
        return parse_call(parser, tuple(parts))
    return tree.Column(tuple(parts))


def _parse_array_list(parser: Parser) -> tree.Expression | None:
    if not parser.take("array", "["):
        return None
    items = parser.expressions()
    parser.need("]")
    return tree.ArrayList(items)


def _parse_literal(parser: Parser) -> tree.Expression:
    token = parser.token
    parser.position += 1
    return tree.Literal(token.key, token.key)


def _parse_bare_function(parser: Parser) -> tree.Expression | None:
    if parser.tokens[parser.position + 1].key == "(":
        return None
    return tree.Call((parser.label(),), [])


def _parse_case(parser: Parser) -> tree.Expression:
    parser.need("case")
    subject = None if parser.token.key == "when" else parser.expression()
    branches = []
    while parser.take("when"):
        condition = parser.expression()
        parser.need("then")
        branches.append((condition, parser.expression()))
    if not branches:
        raise parser.error()
    otherwise = parser.expression() if parser.take("else") else None
    parser.need("end")
    return tree.Case(subject, branches, otherwise)


def _parse_cast(parser: Parser) -> tree.Expression | None:
    word = parser.token.key
    if parser.tokens[parser.position + 1].key != "(":
        return None
    parser.position += 2
    operand = parser.expression()
    parser.need("as")
    to = parse_type(parser)
    parser.need(")")
    return tree.Cast(operand, to, word == "try_cast")


def _parse_convert(parser: Parser) -> tree.Expression | None:
    if not parser.take("convert", "("):
        return None
    to = parse_type(parser)
    parser.need(",")
    operand = parser.expression()
    parser.need(")")
    return tree.Cast(operand, to)


def _parse_exists(parser: Parser) -> tree.Expression | None:
    if not parser.take("exists", "("):
        return None
    query = parser.query()
    parser.need(")")
    return tree.Exists(query)


def _parse_interval(parser: Parser) -> tree.Expression | None:
    if parser.tokens[parser.position + 1].kind != STRING:
        return None
    text = parser.tokens[parser.position + 1].text
    parser.position += 2
    unit = ""
    if parser.token.key.removesuffix("s") in _INTERVAL_UNITS:
        if parser.token.key not in _QUALIFIERS:
            raise parser.error()
        unit = parser.label()
        if parser.take("to"):
            if parser.token.key not in _QUALIFIERS:
                raise parser.error()
            unit += f" to {parser.label()}"
    return tree.Interval(text, unit)


def _parse_approximate(parser: Parser) -> tree.Expression | None:
    if parser.tokens[parser.position + 1].key not in ("count", "percentile_disc"):
        return None
    parser.position += 1
    call = parse_named(parser)
    if not isinstance(call, tree.Call):
        raise parser.error()
    call.approximate = True
    return call


def _parse_zoned(parser: Parser) -> tree.Expression | None:
    """Pass a literal of a moment whose type is spelt out: `timestamp with time zone '...'`."""
    following = parser.tokens[parser.position + 1 : parser.position + 5]
    words = [token.key for token in following[:3]]
    if words[1:] != ["time", "zone"] or words[0] not in ("with", "without") or following[3].kind != STRING:
        return None
    to = parse_type(parser)
    return tree.Cast(parse_primary(parser), to)


# By the word that begins them; none where what follows it makes the word a name.
_RULES: dict[str, Callable[[Parser], tree.Expression | None]] = {
    **dict.fromkeys(("null", "true", "false"), _parse_literal),
    **dict.fromkeys(_BARE_FUNCTIONS, _parse_bare_function),
    "array": _parse_array_list,
    "case": _parse_case,
    "cast": _parse_cast,
    "try_cast": _parse_cast,
    "convert": _parse_convert,
    "exists": _parse_exists,
    "interval": _parse_interval,
    "time": _parse_zoned,
    "timestamp": _parse_zoned,
    "extract": parse_extract,
    "trim": parse_trim,
    "substring": parse_substring,
    "position": parse_position,
    "approximate": _parse_approximate,
}
