"""The grammar of queries. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_SELECT_synopsis.html and the pages under it.
"""

from __future__ import annotations

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse.items import parse_item
from local.redshift.sql.parse.parser import Parser
from local.redshift.sql.parse.primaries import parse_primary
from local.redshift.sql.parse.sources import parse_from
from local.redshift.sql.parse.windows import parse_order
from local.redshift.sql.tokens import syntax_error

_SET_OPERATORS = ("union", "except", "minus")


def parse_query(parser: Parser) -> tree.Query:
    """Pass a query with its WITH."""
    return parse_query_after(parser, parse_common_tables(parser))


def parse_common_tables(parser: Parser) -> tuple[list[tree.CommonTable], bool]:
    """Pass WITH, if it comes next; return its tables, and whether it is recursive."""
    if not parser.take("with"):
        return [], False
    is_recursive = parser.take("recursive")
    tables = []
    while True:
        name, columns = parser.name(), parser.names()
        parser.need("as", "(")
        tables.append(tree.CommonTable(name, columns, parse_query(parser)))
        parser.need(")")
        if not parser.take(","):
            return tables, is_recursive


def parse_query_after(parser: Parser, common: tuple[list[tree.CommonTable], bool]) -> tree.Query:
    """Pass a query whose WITH has been passed."""
    found = _parse_set_operation(parser)
    if common[0]:
        if found.common:
            raise parser.error()
        found.common, found.is_recursive = common
    if parser.token.key in ("order", "limit", "offset") and (found.order or found.limit or found.offset):
        found = tree.Select(
            items=[tree.Item(tree.Star(), "")], source=tree.Derived(found, "derived", []), common=found.common
        )
    if parser.token.key == "order":
        found.order = parse_order(parser)
    taken: set[str] = set()
    while parser.token.key in {"limit", "offset"} - taken:  # a second one is a syntax error
        word = parser.token.key
        taken.add(word)
        parser.need(word)
        if word == "offset":
            found.offset = _parse_count(parser)
        elif not parser.take("all"):
            found.limit = _parse_count(parser)
    return found


def _parse_count(parser: Parser) -> tree.Expression:
    """Pass a number of rows (https://docs.aws.amazon.com/redshift/latest/dg/r_ORDER_BY_clause.html)."""
    count = parser.expression()
    if isinstance(count, tree.Literal) and count.kind == "number" and not count.text.isdigit():
        raise syntax_error(count.text)
    return count


def _parse_set_operation(parser: Parser) -> tree.Query:
    left = _parse_intersection(parser)
    while word := parser.take_one(_SET_OPERATORS):
        operator = "except" if word == "minus" else word
        if parser.take("all"):
            if operator != "union":
                parser.position -= 1
                raise parser.error()
            operator = "union all"
        else:
            parser.take("distinct")
        left = tree.SetOperation(operator=operator, left=left, right=_parse_intersection(parser))
    return left


def _parse_intersection(parser: Parser) -> tree.Query:
    left = _parse_term(parser)
    while parser.take("intersect"):
        if parser.token.key == "all":
            raise parser.error()
        left = tree.SetOperation(operator="intersect", left=left, right=_parse_term(parser))
    return left


def _parse_term(parser: Parser) -> tree.Query:
    if parser.take("("):
        found = parse_query(parser)
        parser.need(")")
        return found
    return _parse_select(parser)


def _parse_select(parser: Parser) -> tree.Select:
    parser.need("select")
    select = tree.Select()
    select.top = _parse_top(parser)
    select.distinct = parser.take("distinct")
    if select.distinct and parser.ahead("on", "("):
        raise RedshiftError("SELECT DISTINCT ON is not supported")
    if not select.distinct:
        parser.take("all")
    select.top = select.top or _parse_top(parser)
    select.items = parser.listed(parse_item)
    if parser.take("exclude"):
        select.excluded = parser.names() or [parser.name()]
    if parser.take("into"):
        is_temporary = bool(parser.take_one(("temporary", "temp")))
        parser.take("table")
        select.into = tree.Table(parser.full_name())
        select.into_temporary = is_temporary or select.into.name[-1].startswith("#")
    if parser.take("from"):
        select.source = parse_from(parser)
    if parser.take("where"):
        select.where = parser.expression()
    if parser.ahead("start", "with") or parser.ahead("connect", "by"):
        raise RedshiftError("CONNECT BY is not offered by the local Redshift: use WITH RECURSIVE")
    if parser.take("group", "by"):
        select.groups_all = parser.take("all")
        select.group = [] if select.groups_all else _parse_groups(parser)
    if parser.take("having"):
        select.having = parser.expression()
    if parser.take("qualify"):
        select.qualify = parser.expression()
    return select


def _parse_groups(parser: Parser) -> list[tree.Expression]:
    """Pass what GROUP BY lists, or one of its extensions
    (https://docs.aws.amazon.com/redshift/latest/dg/r_GROUP_BY_aggregation-extensions.html)."""
    return parser.listed(_parse_grouping)


def _parse_grouping(parser: Parser) -> tree.Expression:
    if parser.ahead("(", ")"):
        parser.position += 2
        return tree.Row([])
    word = parser.token.key
    if parser.ahead("grouping", "sets", "("):
        word, parser.position = "grouping sets", parser.position + 2
    elif word in ("rollup", "cube") and parser.ahead(word, "("):
        parser.position += 1
    else:
        return parser.expression()
    parser.need("(")
    items = _parse_groups(parser)
    parser.need(")")
    return tree.Grouping(word, items)


def _parse_top(parser: Parser) -> tree.Expression | None:
    if not parser.take("top"):
        return None
    if parser.take("("):
        top = parser.expression()
        parser.need(")")
        return top
    return parse_primary(parser)
