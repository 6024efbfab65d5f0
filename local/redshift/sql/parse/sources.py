"""The grammar of FROM. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_clause30.html
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse.calls import parse_call
from local.redshift.sql.parse.items import parse_item
from local.redshift.sql.parse.parser import Parser
from local.redshift.sql.parse.types import parse_type

_JOINS = ("join", "inner", "left", "right", "full", "cross", "natural")


def parse_from(parser: Parser) -> tree.Relation:
    """Pass what stands after FROM, and after USING of DELETE."""
    left = _parse_joined(parser)
    while parser.take(","):
        left = tree.Join(",", left, _parse_joined(parser))
    return left


def _parse_joined(parser: Parser) -> tree.Relation:
    left = _parse_relation(parser)
    while parser.token.key in _JOINS:
        natural = "natural " if parser.take("natural") else ""
        side = parser.take_one(("inner", "left", "right", "full", "cross")) or "inner"
        if side in ("left", "right", "full"):
            parser.take("outer")
        parser.need("join")
        join = tree.Join(f"{natural}{side} join", left, _parse_relation(parser))
        if side != "cross" and not natural:
            if parser.take("on"):
                join.on = parser.expression()
            else:
                parser.need("using")
                join.using = parser.names()
        left = join
    return left


def _parse_relation(parser: Parser) -> tree.Relation:
    relation = parse_simple_relation(parser)
    while parser.token.key in ("pivot", "unpivot"):
        relation = _parse_pivot(parser, relation) if parser.take("pivot") else _parse_unpivot(parser, relation)
    return relation


def parse_simple_relation(parser: Parser) -> tree.Relation:
    """Pass one relation of FROM, which is neither joined nor turned."""
    if parser.token.key == "(":
        return _parse_bracketed(parser)
    if parser.token.key == "unpivot":
        parser.position += 1
        path = parser.path()
        alias = parser.name() if parser.take("as") else parser.bare_alias()
        return tree.UnpivotObject(path, alias, parser.name() if parser.take("at") else "")
    if parser.token.key == "lateral":
        raise parser.error()
    name = ("unnest",) if parser.take("unnest") else parser.path()
    if parser.token.key == "(":
        call = parse_call(parser, name)
        alias = parser.name() if parser.take("as") else parser.bare_alias()
        return tree.FunctionTable(call, alias, *_parse_definitions(parser))
    parser.named.add(name)
    alias, columns = _parse_table_alias(parser)
    return tree.Table(name, alias, columns, parser.name() if parser.take("at") else "")


def _parse_definitions(parser: Parser) -> tuple[list[str], list[tuple[str, tree.TypeName]]]:
    """Pass the columns of a function in FROM: names, or names with types."""
    names: list[str] = []
    definitions = []
    if parser.take("("):
        while True:
            names.append(parser.label())
            if parser.token.key not in (",", ")"):
                definitions.append((names[-1], parse_type(parser)))
            if parser.take(")"):
                break
            parser.need(",")
    return names, definitions


def _parse_bracketed(parser: Parser) -> tree.Relation:
    start = parser.position
    if parser.at_query():
        try:
            parser.need("(")
            query = parser.query()
            parser.need(")")
        except RedshiftError:
            parser.position = start  # ((select ...) as a join b ...)
            if parser.tokens[start + 1].key != "(":
                raise
        else:
            alias, columns = _parse_table_alias(parser)
            return tree.Derived(query, alias, columns)
    parser.need("(")
    if parser.token.key == "values":
        raise parser.error()
    relation = parse_from(parser)
    parser.need(")")
    return relation


def _parse_table_alias(parser: Parser) -> tuple[str, list[str]]:
    alias = parser.name() if parser.take("as") else "" if parser.ahead("at") else parser.bare_alias()
    return alias, parser.names() if alias else []


def _parse_pivot(parser: Parser, source: tree.Relation) -> tree.Relation:
    parser.need("(")
    aggregates = parser.listed(parse_item)
    parser.need("for")
    column = parser.path()
    parser.need("in", "(")
    values = parser.listed(parse_item)
    parser.need(")", ")")
    return tree.Pivot(source, aggregates, column, values, _parse_table_alias(parser)[0])


def _parse_unpivot(parser: Parser, source: tree.Relation) -> tree.Relation:
    parser.need("unpivot")
    includes = parser.take("include", "nulls")
    if not includes:
        parser.take("exclude", "nulls")
    parser.need("(")
    value = parser.name()
    parser.need("for")
    label = parser.name()
    parser.need("in", "(")
    columns = parser.listed(parse_item)
    parser.need(")", ")")
    return tree.Unpivot(source, includes, value, label, columns, _parse_table_alias(parser)[0])
