"""FROM as PostgreSQL reads it: tables, queries, functions, unnested SUPER values. Pure.

Sources: https://docs.aws.amazon.com/redshift/latest/dg/r_FROM_clause30.html, query-super.html.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import Columns, Scope, Source, quote, quote_names
from local.redshift.sql.tokens import syntax_error
from local.redshift.sql.values.type_names import of_words
from local.redshift.sql.values.typed import Typed
from local.redshift.sql.values.types import SUPER, UNKNOWN, VARCHAR, Type
from local.redshift.sql.write.catalog import told
from local.redshift.sql.write.correlation import is_system
from local.redshift.sql.write.writer import Writer

# Tables of the leader node, and system tables that both kinds of query may read (where they do not exist yet, by name).
_CATALOG = re.compile(r"(?:pg_catalog\.|information_schema\.|pg_|svv_)")
_CALL = re.compile(r"[\w.\"]+\(.*\)", re.DOTALL)


def write_table(writer: Writer, table: tree.Table) -> str:
    name, alias, is_of_system = table.name, table.alias or table.name[-1], False
    if len(name) == 1 and name[0] in writer.common:
        columns = writer.common[name[0]]
        writer.named_common.add(name[0])
    elif len(name) > 1 and name not in writer.catalog and writer.scope.source(name[:1]):
        return _write_unnested(writer, writer.write(tree.Column(name)), alias, table.at)
    else:
        relation = writer.catalog.get(name)
        if relation and relation.query is not None:
            return write_derived(writer, tree.Derived(relation.query, alias, table.columns))
        _note_relation(writer, name)
        is_of_system = is_system(name, relation)
        columns = dict(relation.columns) if relation else None
    if table.at:
        raise syntax_error("at")
    if table.columns:
        columns = renamed(list(columns.items()) if columns is not None else None, table.columns)
    label = add_source(writer, alias, columns, () if table.alias else name)
    writer.scope.sources[-1].relation, writer.scope.sources[-1].is_system = name, is_of_system
    if (known := writer.catalog.get(name)) and known.hidden:
        writer.scope.sources[-1].hidden = known.hidden
    named = quote_names(table.columns) if table.columns else ""
    relation = writer.catalog.get(name) if columns is not None else None
    return f"{told(name, relation)} as {quote(label)}{named}"


def _note_relation(writer: Writer, name: tree.Name) -> None:
    """Note whether a relation is the catalog's or users'."""
    relation = writer.catalog.get(name)
    if is_system(name, relation):
        writer.reads_system = True
        return
    if relation.is_catalog if relation else bool(_CATALOG.match(".".join(name))):
        writer.reads_catalog = True
    else:
        writer.reads_users = True


def renamed(columns: list[tuple[str, Type]] | None, names: Sequence[str]) -> Columns | None:
    """Return columns under the names that an alias gives them."""
    if columns is None:
        return dict.fromkeys(names, UNKNOWN) if names else None
    if len(names) > len(columns):
        raise RedshiftError(
            f"a query of {len(columns)} columns is given {len(names)} names: {', '.join(names)}", "42P10"
        )
    return dict(
        zip([*names, *(name for name, _ in columns[len(names) :])], (type_ for _, type_ in columns), strict=True)
    )


def add_source(
    writer: Writer, alias: str, columns: Columns | None, name: tree.Name = (), is_element: bool = False
) -> str:
    label = alias if is_element else writer.scope.label(alias, name)
    writer.scope.sources.append(Source(alias, columns, name, label, is_element))
    return label


def _write_unnested(writer: Writer, value: Typed, alias: str, at: str) -> str:
    if value.type not in (SUPER, UNKNOWN):
        raise RedshiftError(f'a value of type "{value.type.name}" cannot be unnested', SYNTAX_ERROR)
    index = at or f"{alias} index"
    add_source(writer, alias, {alias: SUPER, **({at: Type("bigint")} if at else {})}, is_element=True)
    return f"lateral pg_catalog.rs_unnest({value.sql}) as {quote(alias)}({quote(alias)}, {quote(index)})"


def write_unpivot_object(writer: Writer, relation: tree.UnpivotObject) -> str:
    value = writer.write(tree.Column(relation.path))
    alias = relation.alias or relation.path[-1]
    key = relation.at or f"{alias} key"
    add_source(writer, alias, {**({relation.at: VARCHAR} if relation.at else {}), alias: SUPER}, is_element=True)
    return f"lateral pg_catalog.rs_unpivot({value.sql}) as {quote(alias)}({quote(key)}, {quote(alias)})"


def write_derived(writer: Writer, relation: tree.Derived) -> str:
    here = writer.scope
    writer.scope = here.parent or Scope()
    sql, columns = writer.query(relation.query)
    writer.scope = here
    alias = relation.alias or f"unnamed {len(here.sources)}"
    label = add_source(writer, alias, renamed(columns, relation.columns))
    named = quote_names(relation.columns) if relation.columns else ""
    return f"({sql}) as {quote(label)}{named}"


def write_function_table(writer: Writer, relation: tree.FunctionTable) -> str:
    if relation.call.name == ("unnest",):
        if len(relation.call.arguments) != 1:
            raise RedshiftError(
                f"function unnest with {len(relation.call.arguments)} arguments does not exist", "42883"
            )
        value = writer.write(relation.call.arguments[0])
        return _write_unnested(writer, value, relation.alias or "unnest", "")
    call, alias = writer.write(relation.call), relation.alias or relation.call.name[-1]
    if relation.definitions:
        written = [(name, of_words(to.name, to.arguments, True)) for name, to in relation.definitions]
        label = add_source(writer, alias, {name: type_ for name, (type_, _) in written})
        writer.reads_catalog = True
        listed = ", ".join(f"{quote(name)} {sql}" for name, (_, sql) in written)
        return f"{call.sql} as {quote(label)}({listed})"
    names = relation.columns or [alias]
    label = add_source(writer, alias, dict.fromkeys(names, call.type))
    if not _CALL.fullmatch(call.sql):  # what is written as more than a call: PostgreSQL's FROM takes no casts
        call = Typed(f"(select {call.sql})", call.type)
    return f"{call.sql} as {quote(label)}{quote_names(names)}"
