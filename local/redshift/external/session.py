"""External schemas in a session: what a statement's names mean there, and the commands that make and drop.

In: statements that name a relation of an external schema, or a late-binding view over one. Out: what the names mean,
for the translation. Where no external schema was ever made, nothing is asked. A Spectrum query needs the right to make
temporary tables on Redshift too (https://docs.aws.amazon.com/redshift/latest/dg/c-spectrum-external-tables.html).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from local.redshift.conversation import Known
from local.redshift.errors import RedshiftError
from local.redshift.external.bring import schemas_asked
from local.redshift.external.catalog import ExternalSchema
from local.redshift.external.command import Command, CreateSchema, CreateTable
from local.redshift.external.perform import hold, perform
from local.redshift.external.rows import NO_SUCH, ExternalRows, in_thread
from local.redshift.external.seen import EXTERNAL_NAMES
from local.redshift.external.statement import external_command, made_in
from local.redshift.external.told import TOLD, is_beside
from local.redshift.masking import code_of, mask, quote_literal
from local.redshift.messages import Message
from local.redshift.name_case import keeps_case
from local.redshift.names import folded
from local.redshift.naming import Named
from local.redshift.recorder import Sent
from local.redshift.rewrite import query_of
from local.redshift.sql import tree
from local.redshift.sql.translate import UNIT, VIEW, Answer, Needs, needs, statement_tree

_MAKES_VIEW = re.compile(r"create\s+(?:or\s+replace\s+)?(materialized\s+)?view\b", re.IGNORECASE)
_UNBOUND = re.compile(r"\bwith\s+no\s+schema\s+binding\s*;?$", re.IGNORECASE)
DUPLICATE_SCHEMA = "42P06"
_PREPARES = re.compile(r"prepare\b", re.IGNORECASE)
_MEANINGS = "select * from pg_catalog.rs_external(variadic array[{names}])"
_FAULT = "select * from pg_catalog.rs_external_schema_fault({name})"
_NAMES = "select * from pg_catalog.rs_external_names()"
_A_VIEW = ""  # what rs_external_names says if there is a view over external tables
_SCHEMAS = "select * from pg_catalog.rs_external_schemas()"


@dataclass(frozen=True)
class Meaning:
    """What rs_external tells of a name."""

    name: tree.Name
    is_view: bool
    body: str  # the database, or the view's query
    role: str
    region: str
    may_use: bool
    may_create: bool

    def schema(self, database: str) -> ExternalSchema:
        """Return the schema of a table."""
        return ExternalSchema(self.name[-2], self.body, self.role, self.region, database)

    def refuse_strangers(self) -> None:
        """Hold users to USAGE of an external schema, and SELECT of a view.

        Raises:
            RedshiftError: the user may not.
        """
        if not self.may_use:
            what = f"relation {self.name[-1]}" if self.is_view else f"schema {self.name[-2]}"
            raise RedshiftError(f"permission denied for {what}", "42501")


@dataclass
class ExternalTables(ExternalRows):
    """A conversation whose statements may read external tables, make and drop them."""

    _query: str = ""  # the query that is being translated, and the statement that it is of
    _statement: str = ""
    _view_source: str = ""
    _met: dict[Needs, list[Meaning]] = field(default_factory=dict)  # as long as `_known` holds them
    _there: tuple[int, frozenset[str]] | None = None  # an epoch, and what rs_external_names said in it
    _commands: dict[bytes, tuple[Command, ExternalSchema]] = field(default_factory=dict)  # by prepared statement

    # --- commands ---

    async def _command(self, sql: str) -> tuple[Command, ExternalSchema] | None:
        """Return the command that a statement is, with its schema, None for any other statement.

        Raises:
            RedshiftError: a syntax error, no such schema, or no right to it.
        """
        command = external_command(sql)
        if command is None or self._status == b"E":
            return None
        self._is_external = True
        if self._unsynced:
            raise RedshiftError(f"{command.words} cannot be pipelined behind messages without a Sync")
        await self._idle.wait()
        if isinstance(command, CreateSchema):
            _refuse_case((command.schema,), sql)
            command = await self._to_create(command)
            return command, ExternalSchema(command.schema, command.database, command.role, command.region)
        found = await self._meanings([command.place])
        if not found:
            if not isinstance(command, CreateTable):
                return None  # of a schema that is no longer external, or of another database
            raise RedshiftError(f'external schema "{".".join(command.place[:-1])}" does not exist', "3F000")
        _refuse_case(command.place, sql)
        hold(command, self._status == b"T")
        if not found[0].may_create:
            raise RedshiftError(f"must be owner of schema {command.schema}", "42501")
        return command, found[0].schema(self.recorder.origin.database)

    async def _to_create(self, command: CreateSchema) -> CreateSchema:
        """Return what a CREATE EXTERNAL SCHEMA may do, before anything is done: of one that is there, nothing.

        Raises:
            RedshiftError: the user may not, or there is such a schema.
        """
        faults = await self._ask(_FAULT.format(name=quote_literal(command.schema)))
        if not faults:
            raise RedshiftError("the catalog does not tell whether the schema may be made")
        code, message = faults[0]
        if not code:
            return command
        if code == DUPLICATE_SCHEMA and command.unless_there:
            return replace(command, creates_database=False, is_there=True)
        raise RedshiftError(message or "", code)

    async def _perform(self, command: Command, schema: ExternalSchema) -> None:
        """Change the catalog."""
        await in_thread(perform, command, schema)
        if isinstance(command, CreateSchema) and not command.is_there:
            EXTERNAL_NAMES.add(command.schema)
        self._known.clear()
        self._has_changed = True
        self._count_change()

    async def _perform_prepared(self, statement: bytes, message: Message) -> Message:
        """Change the catalog when a prepared command runs; return the Execute, or one that fails."""
        if statement not in self._commands or self._status == b"E":
            return message
        try:
            hold(self._commands[statement][0], self._status == b"T")
            await self._perform(*self._commands[statement])
        except RedshiftError as error:
            self._load_error = error.fields()
            return Message(b"E", NO_SUCH + message.body[-4:])
        return message

    # --- queries ---

    async def _rewrite(self, named: Named, parameters: Answer = ()) -> tuple[str, Sent]:
        if not EXTERNAL_NAMES:
            return await super()._rewrite(named, parameters)
        statement = named.text
        command = external_command(statement)
        if command and await self._meanings([command.place]):
            raise RedshiftError("a command of an external schema or table must be sent as a statement of its own")
        self._reads(query_of(statement), statement)
        schema = made_in(statement)
        if schema in EXTERNAL_NAMES and await self._meanings([(schema, "")]):
            raise RedshiftError(f'tables and views of the warehouse cannot be made in the external schema "{schema}"')
        return await super()._rewrite(named, parameters)

    def _reads(self, query: str, statement: str) -> None:
        """Remember what is about to be translated: a query, and the statement that it stands in."""
        self._query, self._statement, self._view_source = query, statement, ""

    async def _answer(self, needed: Needs) -> Known:
        if not self._is_known(needed):
            self._met.pop(needed, None)
        known = await super()._answer(needed)
        if not EXTERNAL_NAMES or self._status == b"E":
            return known
        if needed not in self._met:
            self._met[needed] = await self._meanings(needed.relations) if await self._may_mean(needed.relations) else []
        found = self._met[needed]
        told = [name for name in needed.relations if name[-1] in TOLD]
        schemas = await self._all_schemas() if told else ()
        if not schemas:
            told = [name for name in told if not is_beside(name)]
        if not found and not told:
            return known
        self._is_external = True
        known, views, tables, told = await self._expanded(known, found, told)
        trees = tuple(statement_tree(query) for query in (self._query, *views.values()))
        schemas = schemas or (await self._all_schemas() if told else ())
        wanted = [
            self._wanted(name, asked, trees)
            for name in dict.fromkeys(told)
            if (asked := schemas_asked(name, schemas, trees)) or not is_beside(name)
        ]
        if not wanted and not tables and not views:
            return known
        self._refuse_statement(needed, {each.name for each in found}, [each.name for each in wanted])
        wanted += [self._wanted(name, (schema,), trees) for name, schema in tables.items()]
        brought = await self._bring(wanted, is_empty=bool(self._view_source))
        self._wants += wanted
        mine = {UNIT.join(each.name) for each in wanted} | {UNIT.join(name) for name in views}
        answer = tuple(row for row in known.answer if row[0] not in mine)
        answer += tuple(each.answer for each in brought)
        answer += tuple((UNIT.join(name), VIEW, query) for name, query in views.items())
        return replace(known, answer=answer)

    async def _expanded(
        self, known: Known, found: list[Meaning], told: list[tree.Name]
    ) -> tuple[Known, dict[tree.Name, str], dict[tree.Name, ExternalSchema], list[tree.Name]]:
        """Follow views to what they read; return what is known then, their queries, external tables, system views."""
        views: dict[tree.Name, str] = {}
        tables: dict[tree.Name, ExternalSchema] = {}
        answer, case, waiting = known.answer, dict(known.case), list(found)
        while waiting:
            each = waiting.pop()
            if each.name in views or each.name in tables:
                continue
            each.refuse_strangers()
            if not each.is_view:
                _refuse_case(each.name)
                tables[each.name] = each.schema(self.recorder.origin.database)
                continue
            views[each.name] = each.body
            inner = needs(each.body)
            of_view = await super()._answer(inner)
            answer += of_view.answer
            case |= of_view.case
            waiting += await self._meanings(inner.relations)
            told = [*told, *(name for name in inner.relations if name[-1] in TOLD)]
        return replace(known, answer=tuple(dict.fromkeys(answer)), case=case), views, tables, told

    def _refuse_statement(self, needed: Needs, found: set[tree.Name], told: list[tree.Name]) -> None:
        """Refuse what reads or writes external tables in a way that Redshift does not have, or that is not offered."""
        code = code_of(self._statement)
        if needed.target in found:
            raise RedshiftError(
                "INSERT into an external table is not offered by the local Redshift, and nothing else changes its rows "
                "(https://docs.aws.amazon.com/redshift/latest/dg/r_INSERT_external_table.html)"
            )
        if _PREPARES.match(code):
            raise RedshiftError("PREPARE of a query of external tables is not offered by the local Redshift")
        match = _MAKES_VIEW.match(code)
        if not match:
            return
        if not found and all(map(is_beside, told)):
            raise RedshiftError(
                f"where there are external schemas, the local Redshift offers no view over {told[0][-1]}: "
                "it would not tell of their tables. Name schemas of the warehouse in its WHERE"
            )
        if match[1]:
            raise RedshiftError("materialized views of external tables are not offered by the local Redshift")
        if not _UNBOUND.search(code):
            raise RedshiftError(
                "External tables are not supported in views",
                detail="Please use late binding view and add 'with no schema binding' at the query end.",
            )
        self._view_source = self._query

    async def _may_mean(self, relations: tuple[tree.Name, ...]) -> bool:
        """Tell whether any of these names may be external: asked of the catalog once, until it changes."""
        epoch = self.settings.epoch.number
        if relations and (self._there is None or self._there[0] != epoch):
            self._there = epoch, frozenset(row[0] or "" for row in await self._ask(_NAMES))
        there = self._there[1] if self._there else frozenset()
        return bool(relations) and (_A_VIEW in there or any(name[-2] in there for name in relations if len(name) > 1))

    async def _meanings(self, names: list[tree.Name] | tuple[tree.Name, ...]) -> list[Meaning]:
        listed = ", ".join(quote_literal(UNIT.join(name)) for name in names)
        rows = await self._ask(_MEANINGS.format(names=listed)) if listed else []
        return [
            Meaning(
                tuple((row[0] or "").split(UNIT)), row[1] == "v", row[2] or "", row[3] or "", row[4] or "",
                row[5] == "t", row[6] == "t",
            )
            for row in rows
        ]  # fmt: skip

    async def _all_schemas(self) -> tuple[ExternalSchema, ...]:
        rows = await self._ask(_SCHEMAS)
        database = self.recorder.origin.database
        return tuple(ExternalSchema(a or "", b or "", c or "", d or "", database) for a, b, c, d in rows)

    # --- prepared statements ---

    def _keep_external(self, statement: bytes, command: tuple[Command, ExternalSchema] | None) -> None:
        """Keep what a prepared statement wants, or is, for when it runs."""
        self._kept.pop(statement, None)
        self._commands.pop(statement, None)
        if command:
            self._commands[statement] = command
        if self._wants:
            self._kept[statement], self._wants, self._fresh = self._wants, [], statement


def _refuse_case(name: tree.Name, statement: str = "") -> None:
    """Refuse names with capital letters: the Data Catalog has none, and no page tells what Redshift makes of them.

    Raises:
        RedshiftError: the relation's, or another one of the statement, keeps its case.
    """
    if folded(name[-1]) != name[-1] or (statement and keeps_case(mask(statement))):
        raise RedshiftError(
            f'names of external schemas, tables and columns that keep their case are not offered: "{name[-1]}"'
        )
