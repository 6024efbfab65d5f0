"""OPERATE: questions in SQL. In: one SELECT. Out: its columns and rows, the values of sensitive datasets withheld.

A question is read before it is asked: one statement that reads, and nothing else. Who asks is the warehouse's reader;
the transformer, which reads landing and the gates too, where a table stands outside of what the reader may see.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp

from ingest_lambda.errors import ConfigError, TransactionConflictError, TransientError
from ingest_lambda.judge.verdict import WITHHELD
from ingest_lambda.warehouse.client import Table
from landfall.deploy.bootstrap import READ_BY_READER

if TYPE_CHECKING:
    from landfall.stack import Stack

READER, TRANSFORMER = "ReaderSecretArn", "TransformerSecretArn"
# What bookkeeping says of a row is no value of the dataset's.
BOOKKEEPING = {"reject_reason", "row_status"}
HOLDS_VALUES = {"landing", "staging", "gate"}  # in clear
CHANGES = (exp.Into, exp.DML, exp.DDL, exp.Command, exp.Lock)
ACTS = ("pg_cancel", "pg_terminate", "set_config")  # functions that do something
UNSEEN = {"restricted"}  # the key that masks


@dataclass(frozen=True)
class Question:
    """A SELECT: its text without the semicolon, the (schema, table) pairs that it reads, and as whom it is asked."""

    sql: str
    tables: frozenset[tuple[str, str]]
    is_bounded: bool

    @property
    def login(self) -> str:
        """Name the output with the secret of the user who asks: the one that may do least."""
        return READER if all(schema in {*READ_BY_READER, ""} for schema, _ in self.tables) else TRANSFORMER

    def first(self, rows: int) -> str:
        """Return the text that asks for at most that many rows; one that says itself how many it wants stays."""
        return self.sql if self.is_bounded else f"{self.sql}\nlimit {rows}"


def read(sql: str) -> Question:
    """Read a question, and refuse what does more than ask.

    >>> question = read("select id from landing.orders;")
    >>> question.login, question.first(5)
    ('TransformerSecretArn', 'select id from landing.orders\\nlimit 5')

    Raises:
        ConfigError: it is not exactly one SELECT, or cannot be read as Redshift's SQL.
    """
    try:
        parsed = [each for each in sqlglot.parse(sql, dialect="redshift") if each is not None]
    except sqlglot.errors.SqlglotError as error:
        raise ConfigError(f"the query cannot be read: {str(error).splitlines()[0]}") from error
    if len(parsed) != 1:
        raise ConfigError(f"a query is one SELECT, not {len(parsed)} statements")
    tree = parsed[0]
    if not isinstance(tree, exp.Query) or any(tree.find_all(*CHANGES)) or _acts(tree):
        raise ConfigError("a query is a SELECT that changes nothing: what landed is changed by landing and dbt alone")
    names = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    tables = {(each.db.lower(), each.name.lower()) for each in tree.find_all(exp.Table)}
    if any(schema in UNSEEN for schema, _ in tables):
        raise ConfigError("what is in the schema restricted is nobody's to see")
    text = sql.strip().rstrip(";").strip()
    is_bounded = bool(tree.args.get("limit") or tree.args.get("fetch"))
    return Question(text, frozenset(each for each in tables if each[0] or each[1] not in names), is_bounded)


def ask(stack: "Stack", question: Question, rows: int, sensitive: Collection[str]) -> Table:
    """Ask the warehouse; of what reads a table of a sensitive dataset, only bookkeeping and counts are shown.

    Raises:
        ConfigError: the warehouse refuses the query, or denies access.
        TransientError: it does not answer.
    """
    try:
        found = stack.warehouse_as(question.login).table(question.first(rows))
    except TransactionConflictError:
        raise
    except TransientError as error:
        if error.__cause__ is None:  # the statement's own failure, and not the Data API's
            raise ConfigError(f"the warehouse refuses the query: {error}") from error
        raise
    return withheld(found, shown(question, found.columns)) if reads_sensitive(question, sensitive) else found


def reads_sensitive(question: Question, sensitive: Collection[str]) -> bool:
    """Tell whether a query reads rows of a sensitive dataset where they are in clear.

    A table is of the dataset whose name, or its singular, is a part of its own: `gate.quarantine_claims`. That may hold
    for others too, whose values are then withheld for nothing.

    >>> reads_sensitive(read("select 1 from staging.stg_patient_identities"), ["patients"])
    True
    >>> reads_sensitive(read("select 1 from modeled.patients"), ["patients"])
    False
    """
    stems = [name.removesuffix("s") for name in sensitive]
    return any(schema in HOLDS_VALUES and any(stem in table for stem in stems) for schema, table in question.tables)


def shown(question: Question, columns: Sequence[str]) -> set[str]:
    """Pick the columns of a query on a sensitive dataset that may be seen: plain bookkeeping, and counts.

    Of a query within a query nothing may: what a column is made of cannot be told by its name.
    """
    [tree] = sqlglot.parse(question.sql, dialect="redshift")
    if not isinstance(tree, exp.Select) or len(list(tree.find_all(exp.Query))) > 1:
        return set()
    if len(tree.selects) == 1 and tree.is_star:
        return {name for name in columns if is_bookkeeping(name)}
    return {each.alias_or_name for each in tree.selects if _may_be_seen(each)}


def withheld(table: Table, may_be_seen: Collection[str]) -> Table:
    """Withhold every value of the other columns; NULL stays NULL."""
    visible = [name in may_be_seen for name in table.columns]
    rows = [
        [value if seen or value is None else WITHHELD for value, seen in zip(row, visible, strict=True)]
        for row in table.rows
    ]
    return replace(table, rows=rows)


def records(table: Table) -> list[dict[str, Any]]:
    """Spell the rows as JSON objects.

    Raises:
        ConfigError: two columns have one name.
    """
    if twice := _twice(table.columns):
        raise ConfigError(f"two columns are called {twice}: give them names of their own (`as`)")
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def _acts(tree: exp.Query) -> bool:
    return any(each.name.lower().startswith(ACTS) for each in tree.find_all(exp.Anonymous))


def _may_be_seen(expression: exp.Expr) -> bool:
    inner = expression.unalias()
    if isinstance(inner, exp.Count):
        return True
    return isinstance(inner, exp.Column) and not inner.is_star and is_bookkeeping(inner.name)


def is_bookkeeping(name: str) -> bool:
    """Tell whether a column says where a row comes from and what was found of it, and not what it holds."""
    return name in BOOKKEEPING or name.startswith("_")


def _twice(names: Iterable[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)
