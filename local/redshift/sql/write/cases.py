"""CASE and casts, each of which may decide on the other. Pure."""

from __future__ import annotations

from dataclasses import replace

from local.redshift.names import physical_words
from local.redshift.sql import tree
from local.redshift.sql.values.casts import cast, kept
from local.redshift.sql.values.choice import case_of, case_words
from local.redshift.sql.values.comparisons import compare
from local.redshift.sql.values.lengths import literal_length
from local.redshift.sql.values.try_casts import try_cast
from local.redshift.sql.values.type_names import of_words
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import STRINGS, VARBYTE, VARCHAR, Type
from local.redshift.sql.write.writer import Writer


def write_case(writer: Writer, node: tree.Case) -> Typed:
    return _write_choice(writer, node)


def _write_choice(writer: Writer, node: tree.Case, to: tuple[Type, str] | None = None) -> Typed:
    """Write a CASE, cast to a type: where it chooses among texts, each is cast, a literal so once for all rows."""
    results = [writer.write(result) for _, result in node.branches]
    values = [*results, writer.write(node.otherwise)] if node.otherwise else results
    subject = writer.write(node.subject) if node.subject else None
    conditions = [
        compare("=", subject, writer.write(condition)).sql if subject else writer.condition(condition)
        for condition, _ in node.branches
    ]
    if to is None:
        return case_of(conditions, values)
    if all(each.type.name in STRINGS or each.is_literal for each in values):
        type_, sql = to
        fitted = [f"({each.sql})::{sql}" for each in values]
        return Typed(
            f"({case_words(conditions, fitted if node.otherwise else [*fitted, f'(null)::{sql}'])})::{sql}", type_
        )
    return cast(case_of(conditions, values), *to)


def write_cast(writer: Writer, node: tree.Cast) -> Typed:
    type_, sql = of_words(node.to.name, node.to.arguments, writer.allows_catalog)
    if isinstance(node.operand, tree.Case) and sql.startswith("varchar(") and not node.is_try:
        return _write_choice(writer, node.operand, (type_, sql))
    operand = writer.write(node.operand)
    if sql == "regclass":  # of a relation's name, which PostgreSQL would cut
        operand = Typed(physical_words(operand.sql), operand.type, operand.is_literal)
    if not _is_literal(node.operand):  # which is rounded, as what goes into a column is (r_CAST_function)
        operand = kept(operand, type_)
    if node.is_try:
        return try_cast(operand, type_, sql)
    if sql == "varchar":
        type_ = replace(type_, length=_length(operand))
    if type_ == VARBYTE and node.to.arguments:  # no page tells whether a longer value is cut
        held = f"pg_catalog.rs_hold_varbyte({cast(operand, type_, sql).sql}, {node.to.arguments[0]})"
        return Typed(held, type_)
    return cast(operand, type_, sql)


def _is_literal(node: tree.Expression) -> bool:
    return _is_literal(node.operand) if isinstance(node, tree.Unary) else isinstance(node, tree.Literal)


def _length(operand: Typed) -> int:
    """Return the length of what is cast to a VARCHAR without one, which the operand's decides on; 0 if not known.

    Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html, and for NULL what users of Redshift
    found: https://github.com/brooklyn-data/dbt_artifacts/issues/60.
    """
    if operand.is_literal:
        return 1 if operand.is_null else literal_length(operand.sql)
    return operand.type.length if operand.type == VARCHAR else 0
