"""The grammar of the statements that hold a query: SELECT, INSERT, UPDATE, DELETE, MERGE. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_INSERT_30.html, r_UPDATE.html, r_DELETE.html, r_MERGE.html.
"""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.parse.operators import parse_expression
from local.redshift.sql.parse.parser import Grammar, Parser
from local.redshift.sql.parse.queries import parse_common_tables, parse_query, parse_query_after
from local.redshift.sql.parse.sources import parse_from, parse_simple_relation

_GRAMMAR = Grammar(parse_expression, parse_query)


def parse(sql: str) -> tuple[tree.Statement, Parser]:
    """Return the tree of one statement, and the parser, which has noted what the statement names.

    Raises:
        RedshiftError: a syntax error.
    """
    parser = Parser(sql, _GRAMMAR)
    return _parse_statement(parser), parser


def _parse_statement(parser: Parser) -> tree.Statement:
    common = parse_common_tables(parser)
    match parser.token.key:
        case "insert" if not common[0]:
            found: tree.Statement = _parse_insert(parser)
        case "update":
            found = _parse_update(parser, common[0])
        case "delete":
            found = _parse_delete(parser, common[0])
        case "merge" if not common[0]:
            found = _parse_merge(parser)
        case _:
            found = parse_query_after(parser, common)
    _parse_end(parser)
    return found


def _parse_end(parser: Parser) -> None:
    """Hold that the statement ends here."""
    while parser.take(";"):
        pass
    if parser.token.kind:
        raise parser.error()


def _parse_insert(parser: Parser) -> tree.Insert:
    parser.need("insert", "into")
    table, columns = parser.full_name(), []
    parser.aim(table)
    if parser.token.key == "(" and not parser.at_query():
        columns = parser.names()
    if parser.take("default", "values"):
        return tree.Insert(table, columns, None, [], [])
    if not parser.take("values"):
        return tree.Insert(table, columns, parser.query(), [], [])
    rows = parser.listed(_parse_values)
    return tree.Insert(table, columns, None, rows, [])


def _parse_values(parser: Parser) -> list[tree.Expression | None]:
    parser.need("(")
    row = parser.listed(_parse_value)
    parser.need(")")
    return row


def _parse_value(parser: Parser) -> tree.Expression | None:
    return None if parser.take("default") else parser.expression()


def _parse_target(parser: Parser) -> tree.Table:
    name = parser.full_name()
    parser.aim(name)
    alias = parser.name() if parser.take("as") else parser.bare_alias()
    return tree.Table(name, alias)


def _parse_update(parser: Parser, common: list[tree.CommonTable]) -> tree.Update:
    parser.need("update")
    table = _parse_target(parser)
    parser.need("set")
    assignments = parser.listed(_parse_assignment)
    source = parse_from(parser) if parser.take("from") else None
    where = parser.expression() if parser.take("where") else None
    return tree.Update(table, assignments, source, where, common)


def _parse_assignment(parser: Parser) -> tuple[str, tree.Expression | None]:
    column = parser.name()
    parser.need("=")
    return column, _parse_value(parser)


def _parse_delete(parser: Parser, common: list[tree.CommonTable]) -> tree.Delete:
    parser.need("delete")
    parser.take("from")
    table = _parse_target(parser)
    source = parse_from(parser) if parser.take("using") else None
    where = parser.expression() if parser.take("where") else None
    return tree.Delete(table, source, where, common)


def _parse_merge(parser: Parser) -> tree.Merge:
    parser.need("merge", "into")
    table = parser.full_name()
    parser.aim(table)
    parser.need("using")
    source = parse_simple_relation(parser)
    parser.need("on")
    merge = tree.Merge(table, source, parser.expression(), None, [], [])
    if parser.take("remove", "duplicates"):
        merge.removes_duplicates = True
        return merge
    branches = []
    while parser.take("when"):
        negated = parser.take("not")
        parser.need("matched", "then")
        branches.append(negated)
        if negated:
            _parse_merge_insert(parser, merge)
        elif not parser.take("delete"):
            parser.need("update", "set")
            merge.assignments = parser.listed(_parse_set_column)
    if sorted(branches) != [False, True]:
        raise RedshiftError("MERGE needs exactly one WHEN MATCHED and one WHEN NOT MATCHED clause", SYNTAX_ERROR)
    return merge


def _parse_merge_insert(parser: Parser, merge: tree.Merge) -> None:
    parser.need("insert")
    merge.columns = parser.names()
    parser.need("values", "(")
    merge.values = parser.expressions()
    parser.need(")")


def _parse_set_column(parser: Parser) -> tuple[str, tree.Expression]:
    column = parser.name()
    parser.need("=")
    return column, parser.expression()
