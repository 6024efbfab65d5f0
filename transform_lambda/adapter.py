"""MODEL: dbt's adapter for Redshift, on sessions that nodes share. In: dbt's connections. Out: sessions of the pool.

It takes the place of dbt-redshift's in this process alone, and changes when something is asked, never what: a `dbt run`
on somebody's machine is the stock adapter's, and ends the same.
"""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import dbt.adapters.redshift
from dbt.adapters.base.meta import available
from dbt.adapters.base.relation import BaseRelation
from dbt.adapters.contracts.connection import Connection
from dbt.adapters.redshift.connections import RedshiftConnectionManager, get_connection_method, logger
from dbt.adapters.redshift.impl import RedshiftAdapter as StockAdapter
from dbt.adapters.sql.connections import SQLConnectionManager
from redshift_connector.error import Error

from transform_lambda.catalog import NOTHING, Known
from transform_lambda.login import PASSWORD_VARIABLE, with_current_password
from transform_lambda.sessions import POOL, Session

_BUILDS = ("model.", "seed.", "snapshot.")  # a connection bears the id of the node that it serves

# A comment, a string (a backslash escapes in it, or a second quote), a name, a procedure's body: or else an end.
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_NO_END_WITHIN = re.compile(
    _COMMENT.pattern + r"|'(?:[^'\\]|\\.)*'|\"[^\"]*\"|(?P<tag>\$\w*\$).*?(?P=tag)|;", re.DOTALL
)

_TEMPORARY = "__dbt_tmp"
_QUOTED = {"database": True, "schema": True, "identifier": True}


class PooledConnectionManager(RedshiftConnectionManager):
    """Connections that borrow a session for as long as a node needs it."""

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        """Borrow a session."""
        if connection.state == "open":
            return connection

        def log_in() -> Any:
            connection.credentials.password = os.environ.get(PASSWORD_VARIABLE) or connection.credentials.password
            return get_connection_method(connection.credentials)()

        def borrow() -> Session:
            return POOL.take(functools.partial(with_current_password, log_in, os.environ))

        cls.retry_connection(
            connection,
            connect=borrow,
            logger=logger,
            retry_limit=0,  # the run is retried, and nothing less (profiles.yml)
            retryable_exceptions=(Error,),
        )
        session: Session = connection.handle
        if session.pid is None:
            session.pid = session.cursor().execute("select pg_backend_pid()").fetchone()[0]
        return connection

    def cancel(self, connection: Connection) -> None:
        """End the node's session, unless it has come back meanwhile: the next node's is not to be hit."""
        pid = POOL.doom(connection.handle)
        if pid is not None:
            self.add_query(f"select pg_terminate_backend({pid})")

    def add_query(self, sql: str, auto_begin: bool = True, *arguments: Any, **options: Any) -> tuple[Connection, Any]:
        """Send statements, in a transaction where something is built; gates and questions only read."""
        begins = auto_begin and (self.get_thread_connection().name or "").startswith(_BUILDS)
        # The stock adapter has sqlparse read all of a text to find the ends of its statements: much of a build's time.
        *before, last = statements_of(sql)
        for statement in before:
            SQLConnectionManager.add_query(self, statement, begins, *arguments, **options)
        return SQLConnectionManager.add_query(self, last, begins, *arguments, **options)

    def commit(self) -> None:
        """Commit, where there is a transaction; outside of one each statement is committed already."""
        if self.get_thread_connection().transaction_open:
            super().commit()


class RedshiftAdapter(StockAdapter):
    """The adapter, under the name by which dbt finds its version."""

    ConnectionManager = PooledConnectionManager
    connections: PooledConnectionManager
    known: ClassVar[Known] = NOTHING
    before: ClassVar[str | None] = None

    def __init__(self, config: Any, mp_context: Any) -> None:
        """Begin without knowing a schema."""
        super().__init__(config, mp_context)
        self._sent_before = POOL.sent
        self._schemas: dict[str, list[str]] = {}
        self._cache_schemas: tuple[Iterable[Any], set[BaseRelation]] | None = None
        self._asking = threading.Lock()

    @available
    def statements_sent(self) -> int:
        """Return how many statements this run has sent; for the record of runs, which the stock adapter cannot tell."""
        return POOL.sent - self._sent_before

    @available
    def outcome_before(self) -> str | None:
        """Return the outcome of the run's invocations before this one, None in its first; for the record of runs."""
        return self.before

    def list_schemas(self, database: str) -> list[str]:
        """List the schemas, asked for once a run: dbt asks for each folder of models."""
        with self._asking:
            if database not in self._schemas and self.use_show_apis():
                self._schemas[database] = super().list_schemas(database)
            elif database not in self._schemas:  # as the stock adapter's macro, which takes a context of its own
                self.verify_database(database)
                _, found = self.execute("select distinct nspname from pg_namespace", fetch=True)
                self._schemas[database] = [name for (name,) in found]
            return self._schemas[database]

    def _get_cache_schemas(self, relation_configs: Iterable[Any]) -> set[BaseRelation]:
        """Return the schemas of the project's relations, found once for the whole run that asks for them."""
        if self._cache_schemas is None or self._cache_schemas[0] is not relation_configs:
            stock: Any = super()
            self._cache_schemas = (relation_configs, stock._get_cache_schemas(relation_configs))
        return set(self._cache_schemas[1])

    def get_columns_in_relation(self, relation: BaseRelation) -> list[Any]:
        """Return a relation's columns, without a question where they are known."""
        if not relation.schema and _TEMPORARY in str(relation.identifier):
            known = self.known.nodes.get(self.nice_connection_name())  # its rows come in the node's own columns
        else:
            known = self.known.columns.get(f"{relation.schema}.{relation.identifier}")
        if not known:
            stock: Any = super()
            asked: list[Any] = stock.get_columns_in_relation(relation)
            return asked
        return [self.Column.from_description(column, kind) for column, kind in known]

    def get_column_schema_from_query(self, sql: str) -> list[Any]:
        """Return a query's columns; none, on both sides of the comparison with a contract that is known to hold."""
        if self.nice_connection_name() in self.known.nodes:
            return []
        asked: list[Any] = super().get_column_schema_from_query(sql)
        return asked

    def _relations_cache_for_schemas(self, manifest: Any, cache_schemas: set[BaseRelation] | None = None) -> None:
        """Ask for the relations of all schemas at once, and for what depends on what, as dbt does schema by schema."""
        stock: Any = super()
        if self.use_show_apis():
            stock._relations_cache_for_schemas(manifest, cache_schemas)
            return
        schemas = list(cache_schemas or self._get_cache_schemas(manifest))
        names = sorted({str(schema.schema).lower() for schema in schemas})
        _, found = self.execute(relations_sql(str(self.config.credentials.database), names), fetch=True)
        for database, name, schema, kind in found:
            of_type = self.Relation.get_relation_type(kind)
            relation = self.Relation.create(
                database=database, schema=schema, identifier=name, type=of_type, quote_policy=_QUOTED
            )
            self.cache.add(relation)
        # A schema without relations is known to have none.
        self.cache.update_schemas({(schema.database, str(schema.schema)) for schema in schemas})
        stock._link_cached_relations(manifest)


def statements_of(sql: str) -> list[str]:
    """Split SQL at the semicolons that end a statement; what holds nothing but comments is none.

    >>> statements_of("create table t (a int) ; -- what; for\\ninsert into t select ';' as \\"a;b\\";")
    ['create table t (a int) ;', '-- what; for\\ninsert into t select \\';\\' as "a;b";']
    >>> statements_of("/* one */ select 1; /* no more; */")
    ['/* one */ select 1;']
    """
    ends = [found.end() for found in _NO_END_WITHIN.finditer(sql) if found[0] == ";"]
    pieces = [sql[start:end].strip() for start, end in zip([0, *ends], [*ends, len(sql)], strict=True)]
    return [piece for piece in pieces if _COMMENT.sub("", piece).strip(" \n;")] or [sql]


def relations_sql(database: str, schemas: Sequence[str]) -> str:
    """Build the query of the relations of some schemas: database, name, schema, type.

    It is `list_relations_without_caching` of dbt-redshift, which has one schema. Schemas are names of our own project.
    """
    among = ", ".join(f"'{schema}'" for schema in schemas)
    return f"""select table_catalog, table_name, table_schema, 'table' as type
from information_schema.tables
where lower(table_schema) in ({among}) and table_type = 'BASE TABLE'
union all
select table_catalog, table_name, table_schema,
    case when view_definition ilike '%create materialized view%' then 'materialized_view' else 'view' end
from information_schema.views
where lower(table_schema) in ({among})
union all
select distinct '{database}', proname, nspname, 'function'
from pg_proc
inner join pg_namespace on pronamespace = pg_namespace.oid
where lower(nspname) in ({among})"""  # noqa: S608 - names of our own project


@contextmanager
def shared_sessions(known: Known = NOTHING, before: str | None = None) -> Iterator[None]:
    """Make dbt use this adapter meanwhile, and not ask what is known; `before` is the run's outcome until now."""
    plugin: Any = dbt.adapters.redshift.Plugin  # its type is a protocol, which dbt's own adapter does not fit either
    stock, plugin.adapter = plugin.adapter, RedshiftAdapter
    RedshiftAdapter.known, RedshiftAdapter.before = known, before
    try:
        with POOL.held():
            yield
    finally:
        plugin.adapter = stock
        RedshiftAdapter.known, RedshiftAdapter.before = NOTHING, None
