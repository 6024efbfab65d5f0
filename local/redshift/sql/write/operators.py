"""Operators and what stands on their sides. Pure."""

from __future__ import annotations

from local.redshift.sql import tree
from local.redshift.sql.values.arithmetic import compute
from local.redshift.sql.values.casts import number_of
from local.redshift.sql.values.choice import common_type
from local.redshift.sql.values.comparisons import compare
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import BOOLEAN, DOUBLE, SUPER, Type
from local.redshift.sql.words import COMPARISONS
from local.redshift.sql.write.calls.strings import joined
from local.redshift.sql.write.lists import row_sql
from local.redshift.sql.write.writer import Writer

_ARITHMETIC = frozenset({"+", "-", "*", "/", "%"})

_ROOTS = {"|/": "sqrt", "||/": "cbrt"}  # r_OPERATOR_SYMBOLS


def write_unary(writer: Writer, node: tree.Unary) -> Typed:
    if node.operator == "not":
        condition = writer.condition(node.operand)
        if isinstance(node.operand, tree.In | tree.Quantified):
            writer.correlations.hold_predicate(node.operand, negated=True)
        return Typed(f"(not {condition})", BOOLEAN)
    operand = writer.write(node.operand)
    if root := _ROOTS.get(node.operator):
        return Typed(f"{root}(({number_of(operand)})::double precision)", DOUBLE)
    sql, type_ = f"({node.operator} {number_of(operand)})", operand.type
    if type_ == SUPER:
        return Typed(f"to_json{sql}", SUPER)
    if type_.name == "numeric" and node.operator in ("-", "+", "@"):  # whose scale PostgreSQL would not tell
        sql = f"{sql}::{type_.sql}"
    return Typed(sql, type_)


def write_binary(writer: Writer, node: tree.Binary) -> Typed:
    operator = node.operator
    if operator in ("and", "or"):
        return Typed(f"({writer.condition(node.left)} {operator} {writer.condition(node.right)})", BOOLEAN)
    if operator in ("=", "<>", "!=") and (isinstance(node.left, tree.Row) or isinstance(node.right, tree.Row)):
        return Typed(f"({row_sql(writer, node.left)} {operator} {row_sql(writer, node.right)})", BOOLEAN)
    left, right = writer.write(node.left), writer.write(node.right)
    if operator in COMPARISONS:
        return compare(operator, left, right)
    if operator in _ARITHMETIC:
        return compute(operator, left, right)
    if operator == "at time zone":
        zoned = {"timestamptz": "timestamp", "timestamp": "timestamptz", "timetz": "timetz", "time": "timetz"}
        return Typed(f"({left.sql} at time zone {right.sql})", Type(zoned.get(left.type.name, "")))
    if operator == "||":
        return joined(left, right)
    if operator == "^":
        return Typed(f"power(({left.sql})::double precision, ({right.sql})::double precision)", DOUBLE)
    if operator in ("<<", ">>"):
        return Typed(f"({left.sql} {operator} ({right.sql})::integer)", left.type)
    type_ = BOOLEAN if "~" in operator else common_type([left, right])
    return Typed(f"({left.sql} {operator} {right.sql})", type_)
