"""The grammar of operators, by how strongly they bind. In: tokens. Out: a tree, or a syntax error. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_conditions.html and the pages under it;
https://docs.aws.amazon.com/redshift/latest/dg/r_compound_expressions.html for what binds more strongly than what.
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse.parser import (
    ABSOLUTE,
    AND,
    BITWISE,
    COMPARE,
    CONCATENATION,
    IS,
    MATCH,
    NOT,
    OR,
    POWER,
    PRODUCT,
    SUM,
    ZONE,
    Parser,
)
from local.redshift.sql.parse.primaries import parse_primary
from local.redshift.sql.parse.types import parse_type
from local.redshift.sql.words import COMPARISONS

# The page has no place for the matches of POSIX: they stand beside `||`, as in PostgreSQL.
_BINARY = {
    "or": OR, "and": AND, "=": COMPARE, "<>": COMPARE, "!=": COMPARE, "<": COMPARE, ">": COMPARE, "<=": COMPARE,
    ">=": COMPARE, "||": CONCATENATION, "~": CONCATENATION, "~*": CONCATENATION, "!~": CONCATENATION,
    "!~*": CONCATENATION, "&": BITWISE, "|": BITWISE, "#": BITWISE, "<<": BITWISE, ">>": BITWISE, "+": SUM, "-": SUM,
    "*": PRODUCT, "/": PRODUCT, "%": PRODUCT, "^": POWER,
}  # fmt: skip


_SUFFIXES = frozenset({"at", "is", "isnull", "notnull", "not", "like", "ilike", "similar", "between", "in"})
_POSTFIXES = frozenset({"::", "[", ".", "("})
# What stands before its operand, and how strongly that binds at least: more than the operator itself.
_UNARY = {"-": ZONE, "+": ZONE, "|/": POWER + 1, "||/": POWER + 1, "@": ABSOLUTE + 1, "~": BITWISE + 1}
_ROOTS = frozenset({"|/", "||/"})


def parse_expression(parser: Parser, level: int = OR) -> tree.Expression:
    """Pass an expression whose operators bind at least as strongly as `level`."""
    if level <= NOT and parser.take("not"):
        left: tree.Expression = tree.Unary("not", parse_expression(parser, NOT))
    else:
        left = _parse_prefixed(parser)
    while True:
        key = parser.tokens[parser.position].key
        binding = _BINARY.get(key)
        if binding is None:
            if key not in _SUFFIXES:
                return left
        else:
            if binding < level:
                return left
            parser.position += 1
            if key in COMPARISONS and parser.token.key in ("any", "some", "all"):
                left = _parse_quantified(parser, left, key)
            else:
                left = tree.Binary(key, left, parse_expression(parser, binding + 1))
            continue
        more = _parse_suffixed(parser, left, key, level)
        if more is None:
            return left
        left = more


def _parse_prefixed(parser: Parser) -> tree.Expression:
    operator = parser.token.key
    if operator not in _UNARY:
        return _parse_postfixed(parser, parse_primary(parser))
    parser.position += 1
    operand = parse_expression(parser, _UNARY[operator])
    if operator in _ROOTS and parser.token.key == "^":
        raise RedshiftError(f"no page tells whether {operator} or ^ comes first: put parentheses around one of them")
    return tree.Unary(operator, operand)


def _parse_suffixed(parser: Parser, left: tree.Expression, key: str, level: int) -> tree.Expression | None:
    """Apply IS, ISNULL, [NOT] LIKE, BETWEEN, IN, AT TIME ZONE to what stands before them."""
    if key == "at":
        if level > ZONE or not parser.take("at", "time", "zone"):
            return None
        return tree.Binary("at time zone", left, parse_expression(parser, ZONE + 1))
    if level <= IS:
        if parser.take("is"):
            negated = parser.take("not")
            what = parser.take_one(("null", "true", "false", "unknown"))
            if not what:
                raise _not_a_test(parser)
            return tree.Is(left, what, negated)
        if key in ("isnull", "notnull"):
            parser.position += 1
            return tree.Is(left, "null", key == "notnull")
    if level > MATCH:
        return None
    negated = key == "not"
    word = parser.tokens[parser.position + negated].key
    if word not in ("like", "ilike", "similar", "between", "in"):
        return None
    parser.position += 1 + negated
    if word == "between":
        if parser.take("symmetric"):
            raise RedshiftError("BETWEEN SYMMETRIC is not supported: order the bounds by least() and greatest()")
        low = parse_expression(parser, CONCATENATION)
        parser.need("and")
        return tree.Between(left, low, parse_expression(parser, CONCATENATION), negated)
    if word == "in":
        return _parse_in(parser, left, negated)
    if word == "similar":
        parser.need("to")
        word = "similar to"
    pattern = parse_expression(parser, CONCATENATION)
    escape = parse_expression(parser, CONCATENATION) if parser.take("escape") else None
    return tree.Like(word, left, pattern, escape, negated)


def _not_a_test(parser: Parser) -> RedshiftError:
    if parser.ahead("distinct", "from"):
        return RedshiftError("IS DISTINCT FROM is not supported")
    return parser.error()


def _parse_in(parser: Parser, left: tree.Expression, negated: bool) -> tree.In:
    parser.need("(")
    if parser.at_query():
        among: list[tree.Expression] | tree.Query = parser.query()
    else:
        among = parser.expressions()
    parser.need(")")
    return tree.In(left, among, negated)


def _parse_quantified(parser: Parser, left: tree.Expression, operator: str) -> tree.Expression:
    quantifier = parser.take_one(("any", "some", "all"))
    parser.need("(")
    if not parser.at_query():
        operand = parse_expression(parser)
        parser.need(")")
        return tree.Binary(operator, left, tree.Call((quantifier,), [operand]))
    query = parser.query()
    parser.need(")")
    return tree.Quantified(left, operator, quantifier, query)


def _parse_postfixed(parser: Parser, left: tree.Expression) -> tree.Expression:
    while True:
        key = parser.tokens[parser.position].key
        if key not in _POSTFIXES:
            return left
        if key == "::":
            parser.position += 1
            left = tree.Cast(left, parse_type(parser))
        elif key in ("[", ".") and not isinstance(left, tree.Literal | tree.Star):
            left = _parse_navigation(parser, left)
        elif key == "(" and isinstance(left, tree.Column) and parser.take("(", "+", ")"):
            left.is_outer = True
        else:
            return left


def _parse_navigation(parser: Parser, base: tree.Expression) -> tree.Expression:
    steps: list[str | tree.Expression] = []
    while True:
        if parser.take("["):
            steps.append(parse_expression(parser))
            parser.need("]")
        elif parser.take("."):
            steps.append(parser.label())
        else:
            return tree.Navigation(base, steps)
