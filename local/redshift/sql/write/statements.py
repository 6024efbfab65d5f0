"""Statements that hold a query as PostgreSQL reads them: SELECT, INSERT, UPDATE, DELETE, MERGE. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Any

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import quote, quote_names, quote_path
from local.redshift.sql.values.casts import hold_assigned, stored
from local.redshift.sql.values.types import UNKNOWN, Type
from local.redshift.sql.write.common_tables import write_common_tables
from local.redshift.sql.write.merge import hold_merge, merge_without_duplicates
from local.redshift.sql.write.queries import write_query
from local.redshift.sql.write.targets import hold_joins, hold_no_view, hold_self_join, is_target, write_target
from local.redshift.sql.write.writer import Writer

_UNSUPPORTED = "Specified types or functions (one per INFO message) not supported on Redshift tables."
# https://docs.aws.amazon.com/redshift/latest/dg/c_SQL_functions_compute_node_only.html
_OF_USERS_TABLES = "One or more of the used functions must be applied on at least one user created table."
# They run on the leader node, yet a query of users' tables may call them.
_HARMLESS = frozenset({"current_setting", "pg_sleep"})
# A row that the leader node makes of no table can be written into one: dbt-redshift's tests make one of this moment
# (BaseIncrementalNotSchemaChange of dbt-tests-adapter 1.11); which other functions can, no page says.
_OF_ONE_ROW = frozenset({"current_timestamp"})


def write_statement(writer: Writer, statement: tree.Statement, makes_table: bool) -> str:
    """Return a statement for PostgreSQL; `makes_table`: its rows become a table of users.

    A query of the catalog and of users' tables at once runs on the compute nodes, where most of the catalog's
    functions and types are unknown (https://docs.aws.amazon.com/redshift/latest/dg/c_join_PG.html): here none pass.
    """
    sql = _RULES[type(statement)](writer, statement)
    writes = makes_table or writer.into is not None or not isinstance(statement, tree.Query)
    if writer.reads_catalog and (writer.reads_users or writes):
        raise RedshiftError(_UNSUPPORTED)
    refused = writer.leader_functions - _HARMLESS - (frozenset() if writer.reads_users else _OF_ONE_ROW)
    if refused and (writer.reads_users or writes):
        name = min(refused)
        raise RedshiftError(f'Function "{name}()" not supported.' if name == "now" else _UNSUPPORTED)
    reads_tables = writer.reads_users or writer.reads_system
    if writer.compute_functions and not reads_tables and isinstance(statement, tree.Query):
        raise RedshiftError(_OF_USERS_TABLES)
    return sql


def _write_rows(writer: Writer, query: tree.Query) -> str:
    first = query
    while isinstance(first, tree.SetOperation):
        first = first.left
    if not isinstance(first, tree.Select) or first.into is None:
        return writer.query_sql(query)
    writer.into = first.into
    temporary = "temp " if first.into_temporary else ""
    return f"create {temporary}table {quote_path(first.into.name)} as {writer.query_sql(query)}"


def _write_insert(writer: Writer, insert: tree.Insert) -> str:
    hold_no_view(writer, insert.table, "insert into")
    columns = f" {quote_names(insert.columns)}" if insert.columns else ""
    into = f"insert into {quote_path(insert.table)}{columns} "
    if insert.query is not None:
        types = _types(writer, insert.table, insert.columns)
        sql, output = write_query(writer, insert.query, types)
        for (_, type_), to in zip(output or [], types, strict=False):
            hold_assigned(type_, to)
        return into + sql
    if not insert.rows:
        return into + "default values"
    types = _types(writer, insert.table, insert.columns)
    return into + f"values {', '.join(f'({_values(writer, row, types)})' for row in insert.rows)}"


def _write_update(writer: Writer, update: tree.Update) -> str:
    common = _common(writer, update.common)
    target = write_target(writer, update.table, "update")
    hold_joins(update.source, update.where)
    source = f" from {writer.source(update.source)}" if update.source else ""
    assigned = _assigned(writer, update.table.name, update.assignments)
    where = f" where {writer.condition(update.where)}" if update.where else ""
    if joined := is_target(writer):
        where = f" where ({where.removeprefix(' where ') or 'true'}) and {joined}"
    return f"{common}update {target} set {assigned}{source}{where}"  # noqa: S608 - of a tree


def _write_delete(writer: Writer, delete: tree.Delete) -> str:
    common = _common(writer, delete.common)
    target = write_target(writer, delete.table, "delete from")
    source = f" using {writer.source(delete.source)}" if delete.source else ""
    where = f" where {writer.condition(delete.where)}" if delete.where else ""
    hold_self_join(writer)
    return f"{common}delete from {target}{source}{where}"  # noqa: S608 - of a tree


def _write_merge(writer: Writer, merge: tree.Merge) -> str:
    target = write_target(writer, tree.Table(merge.table), "merge into")
    source = writer.source(merge.source)
    on = writer.condition(merge.on)
    hold_merge(writer.scope, merge)
    if merge.removes_duplicates:
        return merge_without_duplicates(writer.scope, target, source, on)
    if merge.assignments is None:
        matched = "delete"
    else:
        matched = f"update set {_assigned(writer, merge.table, merge.assignments)}"
    columns = f" {quote_names(merge.columns)}" if merge.columns else ""
    values = _values(writer, merge.values, _types(writer, merge.table, merge.columns))
    return (
        f"merge into {target} using {source} on {on} when matched then {matched}"
        f" when not matched then insert{columns} values ({values})"
    )


def _common(writer: Writer, common: list[tree.CommonTable]) -> str:
    return write_common_tables(writer, tree.Query(common=common))


def _types(writer: Writer, table: tree.Name, columns: Iterable[str]) -> list[Type]:
    """Return the types of the columns that values go to, none where the table is not known."""
    relation = writer.catalog.get(table)
    return [relation.columns.get(name, UNKNOWN) for name in columns or relation.columns] if relation else []


def _values(writer: Writer, values: Iterable[tree.Expression | None], types: list[Type]) -> str:
    return ", ".join(
        _value(writer, value, to) for value, to in zip(values, chain(types, repeat(UNKNOWN)), strict=False)
    )


def _assigned(writer: Writer, table: tree.Name, assignments: Sequence[tuple[str, tree.Expression | None]]) -> str:
    types = _types(writer, table, [name for name, _ in assignments]) or [UNKNOWN] * len(assignments)
    pairs = zip(assignments, types, strict=True)
    return ", ".join(f"{quote(name)} = {_value(writer, value, to)}" for (name, value), to in pairs)


def _value(writer: Writer, value: tree.Expression | None, to: Type) -> str:
    return "default" if value is None else stored(writer.write(value), to)


_RULES: dict[type[tree.Statement], Callable[[Writer, Any], str]] = {
    tree.Select: _write_rows,
    tree.SetOperation: _write_rows,
    tree.Insert: _write_insert,
    tree.Update: _write_update,
    tree.Delete: _write_delete,
    tree.Merge: _write_merge,
}
