"""Names of columns, `*`, and paths into a SUPER value. Pure."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import quote_literal
from local.redshift.names import true_name
from local.redshift.sql import tree
from local.redshift.sql.scope import Scope, Source, no_such_column, quote, quote_path
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import ARRAY, SUPER, UNKNOWN
from local.redshift.sql.write.catalog import COLUMNS
from local.redshift.sql.write.writer import Writer


def write_column(writer: Writer, node: tree.Column) -> Typed:
    name = node.name
    for length in range(min(len(name) - 1, 3), 0, -1):
        source = writer.scope.source(name[:length])
        if source is None:
            continue
        source.is_used = True
        writer.correlations.note(writer.scope, writer.scope.holder(source), source)
        if source.is_element:
            return _navigate(writer, Typed(f"{quote(source.label)}.{quote(source.alias)}", SUPER), name[length:])
        if own := COLUMNS.get((*source.relation[-1:], name[length])):
            return _own_column(own, source, name[length])
        type_ = (source.columns or {}).get(name[length], UNKNOWN)
        column = Typed(f"{quote(source.label)}.{quote(name[length])}", type_)
        return _from_column(writer, writer.scope.holder(source), column, name[length + 1 :])
    for scope in writer.scope.chain():
        owns = [(own, s) for s in scope.sources if (own := COLUMNS.get((*s.relation[-1:], name[0])))]
        if len(owns) == 1:
            return _own_column(*owns[0], name[0])
        found = scope.column(name[0])
        if found is not None:
            found[0].is_used = True
            writer.correlations.note(writer.scope, scope, found[0])
            column = scope.merged.get(name[0]) or Typed(quote(name[0]), found[1])
            return _from_column(writer, scope, column, name[1:])
        if not scope.is_known:
            break
        if name[0] in scope.aliases:
            writer.correlations.note(writer.scope, scope)
            return _navigate(writer, scope.aliases[name[0]], name[1:])
    else:
        if name[0] in writer.scope.in_where:
            return _navigate(writer, writer.scope.in_where[name[0]], name[1:])
    if len(name) == 1 and (source := writer.scope.source(name)) and source.columns is not None:
        raise no_such_column(name[0])  # a row of a relation as a value: composite types are not supported
    return Typed(quote_path(name))


def _own_column(own: str, source: Source, name: str) -> Typed:
    return Typed(own.format(quote(source.label)), (source.columns or {}).get(name, UNKNOWN))


def _from_column(writer: Writer, holder: Scope, column: Typed, steps: tuple[str, ...]) -> Typed:
    """Navigate into a column; where only the scalar at the end counts, the query may read it with others."""
    value = _navigate(writer, column, steps)
    if column.type != SUPER or not steps or holder is not writer.scope or writer.paths is None:
        return value
    beyond = _path(writer, steps[1:])
    return replace(value, scalar=writer.paths.mark(column.sql, true_name(steps[0]), beyond, value.sql))


def write_navigation(writer: Writer, node: tree.Navigation) -> Typed:
    return _navigate(writer, writer.write(node.base), tuple(node.steps))


def _navigate(writer: Writer, base: Typed, steps: tuple[str | tree.Expression, ...]) -> Typed:
    """Navigate into a SUPER value; what is not there is NULL
    (https://docs.aws.amazon.com/redshift/latest/dg/query-super.html)."""
    if not steps:
        return base
    if base.type == ARRAY and len(steps) == 1 and not isinstance(steps[0], str):
        return Typed(f"({base.sql})[{writer.sql(steps[0])}]")
    if base.type not in (SUPER, UNKNOWN):
        raise RedshiftError(f'cannot navigate into a value of type "{base.type.name}"', SYNTAX_ERROR)
    if base.type == UNKNOWN and all(isinstance(step, str) for step in steps):
        return Typed(".".join([base.sql, *(quote(step) for step in steps if isinstance(step, str))]))
    path = _path(writer, steps)
    return Typed(f"({base.sql}{path})", SUPER, scalar=f"{base.scalar}{path}" if base.scalar else "")


def _path(writer: Writer, steps: tuple[str | tree.Expression, ...]) -> str:
    """Return the way from a SUPER value on."""
    sql = ""
    for is_name, together in groupby(steps, lambda step: isinstance(step, str)):
        if is_name:
            sql += _by_names([true_name(step) for step in together if isinstance(step, str)])
            continue
        for step in together:
            if isinstance(step, str):
                continue
            index = writer.write(step)
            if index.is_literal:
                sql += f" -> ({index.sql})"
            elif isinstance(step, tree.Literal):
                sql += f" -> ({index.sql})::integer"
            else:  # below zero PostgreSQL counts from the end
                sql += f" -> nullif(greatest(({index.sql})::integer, -1), -1)"
    return sql


def _by_names(names: list[str]) -> str:
    """Return the way along attributes: the value is read once for all, which PostgreSQL does where none is a number."""
    if len(names) > 1 and not any(name.lstrip("-").isdigit() for name in names):
        return f" #> array[{', '.join(quote_literal(name) for name in names)}]"
    return "".join(f" -> {quote_literal(name)}" for name in names)


def write_star(writer: Writer, node: tree.Star) -> Typed:
    raise syntax_error("*")
