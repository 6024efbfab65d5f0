"""Statements that hold a query as PostgreSQL reads them: SELECT, INSERT, UPDATE, DELETE, MERGE. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from local.redshift.errors import RedshiftError
from local.redshift.sql import tree
from local.redshift.sql.scope import Scope, Typed, quote, quote_path
from local.redshift.sql.write_merge import merge_without_duplicates
from local.redshift.sql.write_query import QueryWriter
from local.redshift.sql.write_source import SourceWriter

UNSUPPORTED = "Specified types or functions (one per INFO message) not supported on Redshift tables."


class StatementWriter(QueryWriter):
    """Writes statements."""

    keeps_literals = False

    def statement(self, statement: tree.Statement, makes_table: bool) -> str:
        """Return a statement for PostgreSQL; `makes_table`: its rows become a table of users.

        A query of the catalog and of users' tables at once runs on the compute nodes, where most of the catalog's
        functions and types are unknown (https://docs.aws.amazon.com/redshift/latest/dg/c_join_PG.html): here none pass.
        """
        sql = _RULES[type(statement)](self, statement)
        writes = makes_table or not isinstance(statement, tree.Query)
        if self.reads_catalog and (self.reads_users or writes):
            raise RedshiftError(UNSUPPORTED)
        refused = self.leader_functions - _HARMLESS - (frozenset() if self.reads_users else _OF_ONE_ROW)
        if refused and (self.reads_users or writes):
            name = min(refused)
            raise RedshiftError(f'Function "{name}()" not supported.' if name == "now" else UNSUPPORTED)
        return sql

    def _select_item(self, expression: tree.Expression) -> Typed:
        return self.write(expression) if self.keeps_literals else super()._select_item(expression)

    def subquery(self, query: tree.Query) -> tuple[str, list[tuple[str, Any]] | None]:
        keeps, self.keeps_literals = self.keeps_literals, False
        if keeps and isinstance(query, tree.Select) and not query.distinct and query.qualify is None:
            self.keeps_literals = True  # a literal becomes what its column is
        found = super().subquery(query)
        self.keeps_literals = False
        return found

    def _query(self, query: tree.Query) -> str:
        if isinstance(query, tree.Select) and query.into is not None:
            temporary = "temp " if query.into_temporary else ""
            return f"create {temporary}table {quote_path(query.into.name)} as {self.query_sql(query)}"
        return self.query_sql(query)

    def _common(self, common: list[tree.CommonTable]) -> str:
        return self._common_tables(tree.Query(common=common))

    def _insert(self, insert: tree.Insert) -> str:
        columns = f" ({', '.join(quote(name) for name in insert.columns)})" if insert.columns else ""
        into = f"insert into {quote_path(insert.table)}{columns} "
        if insert.query is not None:
            self.keeps_literals = True
            return into + self.query_sql(insert.query)
        if not insert.rows:
            return into + "default values"
        rows = (f"({', '.join(self._value(value) for value in row)})" for row in insert.rows)
        return into + f"values {', '.join(rows)}"

    def _value(self, value: tree.Expression | None) -> str:
        return "default" if value is None else self.sql(value)

    def _target(self, table: tree.Table) -> str:
        self.scope = Scope()
        return SourceWriter._table(self, tree.Table(table.name, table.alias))

    def _update(self, update: tree.Update) -> str:
        common = self._common(update.common)
        target = self._target(update.table)
        source = f" from {self.source(update.source)}" if update.source else ""
        assigned = ", ".join(f"{quote(name)} = {self._value(value)}" for name, value in update.assignments)
        where = f" where {self.condition(update.where)}" if update.where else ""
        return f"{common}update {target} set {assigned}{source}{where}"  # noqa: S608 - of a tree

    def _delete(self, delete: tree.Delete) -> str:
        common = self._common(delete.common)
        target = self._target(delete.table)
        source = f" using {self.source(delete.source)}" if delete.source else ""
        where = f" where {self.condition(delete.where)}" if delete.where else ""
        return f"{common}delete from {target}{source}{where}"  # noqa: S608 - of a tree

    def _merge(self, merge: tree.Merge) -> str:
        target = self._target(tree.Table(merge.table))
        source = self.source(merge.source)
        on = self.condition(merge.on)
        if merge.removes_duplicates:
            return merge_without_duplicates(self.scope, target, source, on)
        if merge.assignments is None:
            matched = "delete"
        else:
            matched = (
                f"update set {', '.join(f'{quote(name)} = {self.sql(value)}' for name, value in merge.assignments)}"
            )
        columns = f" ({', '.join(quote(name) for name in merge.columns)})" if merge.columns else ""
        values = ", ".join(self.sql(value) for value in merge.values)
        return (
            f"merge into {target} using {source} on {on} when matched then {matched}"
            f" when not matched then insert{columns} values ({values})"
        )


# They run on the leader node, yet a query of users' tables may call them.
_HARMLESS = frozenset({"current_setting", "pg_sleep"})
# A row that the leader node makes of no table can be written into one: dbt-redshift's tests make one of this moment
# (BaseIncrementalNotSchemaChange of dbt-tests-adapter 1.11); which other functions can, no page says.
_OF_ONE_ROW = frozenset({"current_timestamp"})
_W = StatementWriter
_RULES: dict[type[Any], Callable[[Any, Any], str]] = {
    tree.Select: _W._query,
    tree.SetOperation: _W._query,
    tree.Insert: _W._insert,
    tree.Update: _W._update,
    tree.Delete: _W._delete,
    tree.Merge: _W._merge,
}
