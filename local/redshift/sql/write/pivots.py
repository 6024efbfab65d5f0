"""PIVOT and UNPIVOT in FROM. Pure.

Source: https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_clause-pivot-unpivot-examples.html
"""

from __future__ import annotations

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.masking import quote_literal
from local.redshift.names import physical, true_name
from local.redshift.sql import tree
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.sql.scope import Scope, no_such_column, quote, quote_names, walk
from local.redshift.sql.values.choice import column_type
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import VARCHAR
from local.redshift.sql.write.sources import add_source
from local.redshift.sql.write.writer import Writer


def write_pivot(writer: Writer, pivot: tree.Pivot) -> str:
    here, source, columns = _enter(writer, pivot.source)
    used = {node.name[-1] for node in walk(pivot.aggregates) if isinstance(node, tree.Column)} | {pivot.column[-1]}
    kept = [(name, typed) for name, typed in columns if name not in used]
    items, found = [f"{typed.sql} as {quote(name)}" for name, typed in kept], {name: t.type for name, t in kept}
    for value in pivot.values:
        value_name = value.alias or _text(value.expression)
        for aggregate in pivot.aggregates:
            call = _aggregate(aggregate.expression)
            writer.scope.sorted_by = []  # each aggregate sorts the rows of its own value
            written = writer.write(_only_where(call, tree.Column(pivot.column), value.expression))
            name = physical(true_name(f"{value_name}_{aggregate.alias}" if aggregate.alias else value_name))
            items.append(f"{written.sql} as {quote(name)}")
            found[name] = written.type
    group = f" group by {', '.join(typed.sql for _, typed in kept)}" if kept else ""
    writer.scope = here
    alias = pivot.alias or f"pivoted {len(here.sources)}"
    label = add_source(writer, alias, found)
    return f"(select {', '.join(items)} from {source}{group}) as {quote(label)}"  # noqa: S608 - of a tree


def write_unpivot(writer: Writer, unpivot: tree.Unpivot) -> str:
    here, source, columns = _enter(writer, unpivot.source)
    turned = {item.expression.name[-1]: item for item in unpivot.columns if isinstance(item.expression, tree.Column)}
    kept = [(name, typed) for name, typed in columns if name not in turned]
    by_name = dict(columns)
    if missing := turned.keys() - by_name.keys():
        raise no_such_column(min(missing))
    values = [by_name[name] for name in turned]
    type_, casts = column_type(values)
    rows = ", ".join(
        f"({quote_literal(true_name(item.alias or name))}::varchar, {value.sql}{'::' + to if to else ''})"
        for (name, item), value, to in zip(turned.items(), values, casts, strict=True)
    )
    items = ", ".join(
        [*(f"{typed.sql} as {quote(name)}" for name, typed in kept), '"turned"."label"', '"turned"."value"']
    )
    where = "" if unpivot.includes_nulls else ' where "turned"."value" is not null'
    names = [*(name for name, _ in kept), unpivot.label, unpivot.value]
    writer.scope = here
    alias = unpivot.alias or f"unpivoted {len(here.sources)}"
    columns_now = {name: typed.type for name, typed in kept}
    label = add_source(writer, alias, {**columns_now, unpivot.label: VARCHAR, unpivot.value: type_})
    turned_rows = f'{source} cross join lateral (values {rows}) as "turned"("label", "value"){where}'
    named = f"{quote(label)}{quote_names(names)}"
    return f"(select {items} from {turned_rows}) as {named}"  # noqa: S608 - of a tree


def _enter(writer: Writer, source: tree.Relation) -> tuple[Scope, str, list[tuple[str, Typed]]]:
    """Return the scope around, the source of a PIVOT or UNPIVOT, and its columns; the scope is now its."""
    here = writer.scope
    writer.scope = Scope(here.parent, depth=here.depth)
    sql = writer.source(source)
    columns = writer.scope.star()
    if columns is None:
        raise RedshiftError("the columns to turn are not known: a relation does not exist", "42P01")
    return here, sql, columns


def _aggregate(node: tree.Expression) -> tree.Call:
    """Return what PIVOT computes.

    Raises:
        RedshiftError: it is no aggregate.
    """
    if isinstance(node, tree.Call) and node.window is None:
        function = FUNCTIONS.get(node.name[-1])
        if function is not None and function.kind == "a" and (node.arguments or node.is_star):
            return node
    raise RedshiftError("PIVOT takes aggregates", SYNTAX_ERROR)


def _text(node: tree.Expression) -> str:
    """Return the name of a column that PIVOT makes of a value."""
    if isinstance(node, tree.Literal):
        return node.text.strip("'").lower() if node.kind == "string" else node.text
    raise RedshiftError("a value of PIVOT's IN list is a literal", SYNTAX_ERROR)


def _only_where(call: tree.Call, column: tree.Column, value: tree.Expression) -> tree.Call:
    """Return an aggregate over the rows whose column has a value, or is NULL."""
    argument = tree.Literal("number", "1") if call.is_star else call.arguments[0]
    is_null = isinstance(value, tree.Literal) and value.kind == "null"
    condition = tree.Is(column, "null", False) if is_null else tree.Binary("=", column, value)
    case = tree.Case(None, [(condition, argument)], None)
    return tree.Call(call.name, [case, *call.arguments[1:]], call.distinct)
