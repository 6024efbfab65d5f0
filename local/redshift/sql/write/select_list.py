"""The select list: what each item is called, and what type it tells. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import no_such_column, quote
from local.redshift.sql.values.casts import stored
from local.redshift.sql.values.lengths import literal_length
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import VARCHAR, Type
from local.redshift.sql.write.writer import Writer

Items = list[tuple[str, str, Typed | None]]
"""Of each column of a query its name, what PostgreSQL reads, and its type; None for columns that are not known."""


def write_items(writer: Writer, select: tree.Select, into: Iterable[Type] | None) -> Items:
    """Return the select list; `into`: the types of where the rows go, from which a literal gets its own."""
    found: Items = []
    targets = None if into is None else list(islice(into, len(select.items)))
    is_plain = not any(isinstance(item.expression, tree.Star) for item in select.items)
    keeps = into is not None and not select.distinct and select.qualify is None
    for item in select.items:
        if isinstance(item.expression, tree.Star):
            found += _star_items(writer, item.expression, select)
            continue
        typed = writer.write(item.expression) if keeps else _write_item(writer, item.expression)
        name = item.alias or _output_name(item.expression)
        if targets and is_plain and len(found) >= len(targets):
            raise RedshiftError("INSERT has more expressions than target columns", SYNTAX_ERROR)
        sql = stored(typed, targets[len(found)]) if targets and is_plain else typed.sql
        found.append((name, f"{sql} as {quote(name)}", typed))
        if item.alias:
            writer.scope.aliases.setdefault(item.alias, typed)
    return found


def _star_items(writer: Writer, star: tree.Star, select: tree.Select) -> Items:
    columns = writer.scope.star(star.qualifier)
    written = f"{'.'.join(quote(part) for part in star.qualifier[-1:])}.*" if star.qualifier else "*"
    if columns is None:
        if select.excluded:
            raise RedshiftError("the columns to exclude from are not known: a relation does not exist", "42P01")
        return [("", written, None)]
    is_plain = not any(source.is_element or source.hidden for source in writer.scope.sources)
    is_cast = any(typed.sql != quote(name) for name, typed in writer.scope.merged.items())
    is_plain &= bool(star.qualifier) or not is_cast
    if is_plain and not select.excluded and select.qualify is None:  # as written: views see columns that come later
        first, *others = [(name, written, typed) for name, typed in columns] or [("", written, Typed(""))]
        return [first, *((name, "", typed) for name, _, typed in others)]
    if missing := set(select.excluded) - {name for name, _ in columns}:
        raise no_such_column(min(missing))
    return [(name, f"{typed.sql} as {quote(name)}", typed) for name, typed in columns if name not in select.excluded]


def _write_item(writer: Writer, expression: tree.Expression) -> Typed:
    if isinstance(expression, tree.Is) and expression.what != "null":
        raise RedshiftError("IS TRUE, IS FALSE and IS UNKNOWN are not supported in the select list")
    typed = writer.write(expression)
    if writer.recurs:
        return _of_any_length(typed)
    return _sized(expression, typed)


def _of_any_length(typed: Typed) -> Typed:
    """Return an item of a select list; a string literal is a VARCHAR."""
    is_string = typed.is_literal and not typed.is_null
    return Typed(f"{typed.sql}::varchar", VARCHAR) if is_string else typed


def _sized(expression: tree.Expression, typed: Typed) -> Typed:
    """Return an item of a select list; a literal, and what is cast to VARCHAR, tells its length or precision."""
    if isinstance(expression, tree.Literal | tree.Unary) and typed.type.precision:
        return Typed(f"({typed.sql})::{typed.type.sql}", typed.type)
    if isinstance(expression, tree.Literal) and (length := literal_length(typed.sql)):
        return Typed(f"{typed.sql}::varchar({length})", replace(VARCHAR, length=length))
    if isinstance(expression, tree.Cast) and typed.type.length and typed.sql.endswith("::varchar"):
        return replace(typed, sql=f"{typed.sql}({typed.type.length})")
    return _of_any_length(typed)


_TYPE_NAMES = {
    "int": "int4",
    "integer": "int4",
    "bigint": "int8",
    "smallint": "int2",
    "decimal": "numeric",
    "boolean": "bool",
    "char": "bpchar",
    "character": "bpchar",
}
# What the pages of these functions call their columns.
_CALL_NAMES = {
    "nvl": "coalesce",
    "decode": "case",
    "extract": "date_part",
    "date_part": "pgdate_part",
    "datepart": "pgdate_part",
    "dateadd": "date_add",
    "datediff": "date_diff",
    "log": "dlog10",
}


def _output_name(expression: tree.Expression) -> str:
    """Return the name of an item of the select list that is given none."""
    if isinstance(expression, tree.Column):
        return expression.name[-1]
    if isinstance(expression, tree.Navigation):
        names = [step for step in expression.steps if isinstance(step, str)]
        return names[-1] if names else _output_name(expression.base)
    if isinstance(expression, tree.Cast):
        inner = _output_name(expression.operand)
        return inner if inner != "?column?" else _TYPE_NAMES.get(expression.to.name, expression.to.name)
    if isinstance(expression, tree.Call):
        if expression.name[-1] == "nullif":  # that of its first argument: r_NULLIF_function
            return _output_name(expression.arguments[0])
        return _CALL_NAMES.get(expression.name[-1], expression.name[-1])
    if isinstance(expression, tree.Case):
        return "case"
    return "?column?"
