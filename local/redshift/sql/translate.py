"""A query of Redshift as PostgreSQL reads it. Pure; what it has to know of the catalog is passed in.

In: the SQL of a query (SELECT, INSERT, UPDATE, DELETE, MERGE). Out: first the names whose meaning the catalog must tell
(`needs`), then the SQL for PostgreSQL (`translate`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.redshift.errors import SYNTAX_ERROR, RedshiftError
from local.redshift.names import NAMES
from local.redshift.remembering import remembered
from local.redshift.sql import tree
from local.redshift.sql.functions import FUNCTIONS
from local.redshift.sql.parse.parser import Parser
from local.redshift.sql.parse.statements import parse
from local.redshift.sql.scope import Relation
from local.redshift.sql.values.type_names import of_catalog
from local.redshift.sql.values.types import Type
from local.redshift.sql.write.correlation import Correlations, is_system
from local.redshift.sql.write.rules import RULES
from local.redshift.sql.write.statements import write_statement
from local.redshift.sql.write.writer import Writer

UNIT, RECORD = "\x1f", "\x1e"
NAMING, USERS_VIEW = "n", "w"
PARAMETER = "parameter"
STORED, STORED_CATALOG, STORED_BESIDE, VIEW = "s", "c", "b", "v"
_NAMES = re.compile(r"name$|text$|character(?: varying)?\b|information_schema\.(?:sql_identifier|character_data)$")


@dataclass(frozen=True)
class Needs:
    """Names of relations and of functions that no table here lists; the relation whose rows change (() for none)."""

    relations: tuple[tree.Name, ...]
    functions: tuple[str, ...]
    target: tree.Name = ()


Answer = tuple[tuple[str, str, str], ...]
"""What rs_relations answers: a name (parts joined by UNIT), whose (t the catalog's, f users', w a view of users', or
function), columns. Of a function: the type that all of its name return; of a PARAMETER, `$1`, the type that it is
declared of.

Of a column: name, type, and what else there is to tell of it; one that was dropped is empty. NAMING is the catalog's
too, where names may stand in it that are longer than PostgreSQL keeps. STORED is a users' relation that is kept in a
temporary table, STORED_CATALOG one of the catalog's, STORED_BESIDE one of which such a table has more rows: joined to
it by UNIT are its name and the columns that `*` does not mean. VIEW is one that its query, in place of columns,
stands for."""


@remembered(most=2000)
def _parse(sql: str) -> tuple[tree.Statement, Parser]:
    return parse(sql)


def statement_tree(sql: str) -> tree.Statement:
    """Return the tree of a query's SQL.

    Raises:
        RedshiftError: a syntax error.
    """
    return _parse(sql)[0]


def called(sql: str) -> tuple[set[str], set[tree.Name]]:
    """Return the functions that a query calls, and the relations that it names."""
    _, parser = _parse(sql)
    return {name[-1] for name in parser.called}, set(parser.named)


@remembered(most=2000)
def needs(sql: str) -> Needs:
    """Return the names whose meaning the catalog must tell.

    >>> needs("select f(a), nvl(b, 1) from s.t").relations, needs("select f(a)").functions
    ((('s', 't'),), ('f',))

    Raises:
        RedshiftError: a syntax error.
    """
    _, parser = _parse(sql)
    functions = {name[-1] for name in parser.called if name[-1] not in FUNCTIONS}
    return Needs(tuple(sorted(parser.named)), tuple(sorted(functions)), parser.target)


@remembered(most=4000)
def translate(sql: str, answer: Answer, makes_table: bool = False) -> str:
    """Return a query as PostgreSQL reads it.

    >>> print(translate("select a / 3 as b from t", (("t", "f", "a\\x1fnumeric(8,2)"),)))
    select (round(("a")::numeric, 13) / 3)::numeric(19, 13) as "b" from "t" as "t"

    Args:
        sql: one statement.
        answer: what the catalog says of the names that it needs.
        makes_table: whether its rows become a table.

    Raises:
        RedshiftError: Redshift would refuse it, or this front does not know a part of it.
    """
    statement, parser = _parse(sql)
    catalog, functions = _told(answer)
    parameters = {name: of_catalog(type_) for name, kind, type_ in answer if kind == PARAMETER}
    users = [name for name in parser.named if not (name in catalog and catalog[name].is_catalog)]
    reads_system = any(is_system(name, catalog.get(name)) for name in parser.named)
    writer = Writer(
        RULES,
        catalog,
        functions,
        parameters,
        allows_catalog=not users,
        correlations=Correlations(runs_on_leader=not users and not reads_system),
    )
    return write_statement(writer, statement, makes_table)


def _told(answer: Answer) -> tuple[dict[tree.Name, Relation], dict[str, Type]]:
    """Return the relations that an answer tells, and what its functions return."""
    catalog: dict[tree.Name, Relation] = {}
    functions: dict[str, Type] = {}
    for name, kind, told in answer:
        if kind == "function":
            functions[name] = of_catalog(told)
        elif kind == PARAMETER:
            continue
        elif kind != VIEW:
            catalog[tuple(name.split(UNIT))] = _relation(kind, told)
        elif isinstance(query := statement_tree(told), tree.Query):
            catalog[tuple(name.split(UNIT))] = Relation({}, query=query, is_view=True)
    return catalog, functions


def _relation(kind: str, columns: str) -> Relation:
    kind, *stored = kind.split(UNIT)
    pairs = [column.split(UNIT)[:2] for column in columns.split(RECORD) if column]
    is_beside = kind == STORED_BESIDE
    tells_names = kind == NAMING or (is_beside and bool(NAMES))
    return Relation(
        columns={column: of_catalog(type_) for column, type_ in pairs},
        is_view=kind == USERS_VIEW,
        is_catalog=kind in ("t", NAMING, STORED_CATALOG, STORED_BESIDE),
        naming=frozenset(column for column, type_ in pairs if tells_names and _NAMES.match(type_)),
        stored="".join(stored[:1]),
        hidden=frozenset(stored[1:]),
        is_beside=is_beside,
    )


def translate_unloaded(sql: str, answer: Answer) -> str:
    """Return the query of an UNLOAD as PostgreSQL reads it: its columns have the types that a table's would.

    Source: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html#unload-usage-limit-clause

    Raises:
        RedshiftError: it is no query, or has a LIMIT, which only a query inside may have.
    """
    statement, _ = _parse(sql)
    if not isinstance(statement, tree.Query):
        raise RedshiftError("UNLOAD takes a SELECT", SYNTAX_ERROR)
    if statement.limit is not None:
        raise RedshiftError("Limit clause is not supported")
    return translate(sql, answer, makes_table=True)
