"""Conditions by words: IS, BETWEEN, LIKE, IN. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.values.casts import hold_moment, text_of, truth
from local.redshift.sql.values.comparisons import as_string, compare
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import BOOLEAN, MOMENTS, NUMBERS, STRINGS, SUPER, UNKNOWN, VARCHAR, Type
from local.redshift.sql.write.lists import row_sql
from local.redshift.sql.write.writer import Output, Writer


def write_is(writer: Writer, node: tree.Is) -> Typed:
    operand, word = writer.write(node.operand), "not " if node.negated else ""
    if node.what != "null":
        return Typed(f"({truth(operand)} is {word}{node.what})", BOOLEAN)
    if operand.type == SUPER:  # a JSON null is NULL too
        return Typed(f"(nullif(json_typeof({operand.sql}), 'null') is {word}null)", BOOLEAN)
    return Typed(f"({operand.sql} is {word}null)", BOOLEAN)


def write_between(writer: Writer, node: tree.Between) -> Typed:
    operand, low, high = (writer.write(each) for each in (node.operand, node.low, node.high))
    for each in (low, high):
        hold_moment(each, operand.type)
    if low.is_literal and high.is_literal:
        operand = as_string(operand)
    if {each.type for each in (operand, low, high)} <= {operand.type, UNKNOWN} and operand.type != SUPER:
        word = "not between" if node.negated else "between"
        return Typed(f"({operand.sql} {word} {low.sql} and {high.sql})", BOOLEAN)
    both = f"({compare('>=', operand, low).sql} and {compare('<=', operand, high).sql})"
    return Typed(f"(not {both})" if node.negated else both, BOOLEAN)


def write_like(writer: Writer, node: tree.Like) -> Typed:
    operand, pattern = text_of(writer.write(node.operand)), writer.sql(node.pattern)
    escape = f" escape {writer.sql(node.escape)}" if node.escape else ""
    return Typed(f"({operand} {'not ' if node.negated else ''}{node.operator} {pattern}{escape})", BOOLEAN)


def write_in(writer: Writer, node: tree.In) -> Typed:
    word = "not in" if node.negated else "in"
    if isinstance(node.operand, tree.Row):
        return _write_row_in(writer, node, word)
    if isinstance(node.among, tree.Query):
        operand = writer.write(node.operand)
        among_sql, columns = writer.query(node.among)
        sql = f"({_beside(operand, among_sql, columns, word)})"
        writer.correlations.hold_predicate(node, node.negated)
        return Typed(sql, BOOLEAN)
    operand = writer.write(node.operand)
    among = [writer.write(item) for item in node.among]
    for item in among:
        hold_moment(item, operand.type)
    if operand.type == SUPER or _mixes(operand, among):
        any_of = " or ".join(compare("=", operand, item).sql for item in among)
        return Typed(f"(not ({any_of}))" if node.negated else f"({any_of})", BOOLEAN)
    if all(item.is_literal for item in among):
        operand = as_string(operand)
    return Typed(f"({operand.sql} {word} ({', '.join(item.sql for item in among)}))", BOOLEAN)


def _write_row_in(writer: Writer, node: tree.In, word: str) -> Typed:
    operand = row_sql(writer, node.operand)
    if isinstance(node.among, tree.Query):
        sql = f"({operand} {word} ({writer.query_sql(node.among)}))"
        writer.correlations.hold_predicate(node, node.negated)
        return Typed(sql, BOOLEAN)
    return Typed(f"({operand} {word} ({', '.join(row_sql(writer, item) for item in node.among)}))", BOOLEAN)


def _beside(operand: Typed, query: str, columns: Output | None, word: str) -> str:
    """Return a value among those of a query, each cast as where two are compared (see comparisons.py)."""
    if not columns or len(columns) != 1:
        return f"{operand.sql} {word} ({query})"
    [(_, type_)] = columns
    other = type_ if operand.type.name in STRINGS else operand.type
    if (operand.type.name in STRINGS) == (type_.name in STRINGS) or other.name not in NUMBERS | MOMENTS:
        return f"{operand.sql} {word} ({query})"
    to = VARCHAR if other.name in NUMBERS - {"numeric"} else Type(other.name)  # not to its scale
    cast_query = f"select (c)::{to.sql} from ({query}) as among_(c)"  # noqa: S608 - of a tree
    return f"({operand.sql})::{to.sql} {word} ({cast_query})"


def _mixes(operand: Typed, among: list[Typed]) -> bool:
    """Tell whether a string is compared with a number, of which the number's type decides how."""
    names = {item.type.name for item in among}
    return (operand.type.name in STRINGS and bool(names & NUMBERS)) or (
        operand.type.name in NUMBERS and bool(names & STRINGS)
    )
