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
from ingest_lambda.warehouse.statements import METADATA
from landfall.deploy.bootstrap import READ_BY_READER
from landfall.operate.sensitive import holds_values

if TYPE_CHECKING:
    from landfall.stack import Stack

READER, TRANSFORMER = "ReaderSecretArn", "TransformerSecretArn"
# The transformer is asked about these beside what the reader sees; values stand in clear in the first three.
HOLDS_VALUES = frozenset({"landing", "staging", "gate"})
BOOKKEEPING = frozenset({"ledger", "ops"})
CHANGES = (exp.Into, exp.DML, exp.DDL, exp.Command, exp.Lock)
MADE_UP = (exp.Values, exp.Unnest, exp.Lateral, exp.Pivot)  # what stands in the place of a table
END = sqlglot.TokenType.SEMICOLON
ACTS = ("pg_cancel", "pg_terminate", "set_config")  # functions that do something


@dataclass(frozen=True)
class Question:
    """A SELECT: its text without the semicolon, the (schema, table) pairs that it reads, and as whom it is asked."""

    sql: str
    tables: frozenset[tuple[str, str]]
    is_bounded: bool

    @property
    def login(self) -> str:
        """Name the output with the secret of the user who asks: the one that may do least."""
        return TRANSFORMER if any(schema in HOLDS_VALUES | BOOKKEEPING for schema, _ in self.tables) else READER

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
        parsed = [
            each for each in sqlglot.parse(sql, dialect="redshift") if each and not isinstance(each, exp.Semicolon)
        ]
    except sqlglot.errors.SqlglotError as error:
        raise ConfigError(f"the query cannot be read: {str(error).splitlines()[0]}") from error
    if len(parsed) != 1:
        raise ConfigError(f"a query is one SELECT, not {len(parsed)} statements")
    tree = parsed[0]
    if not isinstance(tree, exp.Query) or any(tree.find_all(*CHANGES)) or _acts(tree):
        raise ConfigError("a query is a SELECT that changes nothing: what landed is changed by landing and dbt alone")
    names = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    tables = {(each.db.lower(), each.name.lower()) for each in tree.find_all(exp.Table)}
    is_bounded = bool(tree.args.get("limit") or tree.args.get("fetch"))
    read_tables = frozenset(each for each in tables if each[0] or each[1] not in names)
    question = Question(_without_end(sql), read_tables, is_bounded)
    known = {*HOLDS_VALUES, *BOOKKEEPING, *READ_BY_READER}
    strange = sorted(schema or table for schema, table in read_tables if schema not in known)
    if strange and (question.login == TRANSFORMER or "restricted" in strange):
        raise ConfigError(f"{strange[0]} cannot be asked about here; schemas that can are {', '.join(sorted(known))}")
    return question


def ask(stack: "Stack", question: Question, rows: int, sensitive: Collection[str]) -> Table:
    """Ask the warehouse; of what reads a table of a sensitive dataset, only landing's own columns and counts are shown.

    Raises:
        ConfigError: the warehouse refuses the query, or denies access.
        TransientError: it does not answer.
    """
    is_sensitive = reads_sensitive(question, sensitive)
    try:
        found = stack.warehouse_as(question.login).table(question.first(rows))
    except TransactionConflictError:
        raise
    except TransientError as error:
        if error.__cause__ is not None:  # the Data API's failure, and not the statement's own
            raise
        words = f"its words are {WITHHELD}, as they may quote values" if is_sensitive else str(error)
        raise ConfigError(f"the warehouse refuses the query: {words}") from error
    return withheld(found, shown(question, found.columns)) if is_sensitive else found


def reads_sensitive(question: Question, sensitive: Collection[str]) -> bool:
    """Tell whether a query reads rows of a sensitive dataset where they are in clear."""
    return any(schema in HOLDS_VALUES and holds_values(schema, table, sensitive) for schema, table in question.tables)


def shown(question: Question, columns: Sequence[str]) -> list[bool]:
    """Tell of each column of the result of a query on a sensitive dataset whether it may be seen.

    Those of landing's own that no file can bring, and counts, may: where the query is one plain SELECT of tables whose
    columns bear their own names. Of anything else nothing may.
    """
    [tree] = [each for each in sqlglot.parse(question.sql, dialect="redshift") if isinstance(each, exp.Query)]
    if not isinstance(tree, exp.Select) or not _is_plain(tree):
        return [False] * len(columns)
    if len(tree.selects) == 1 and isinstance(tree.selects[0], exp.Star):
        return [is_own(name) for name in columns]
    if len(tree.selects) != len(columns):  # a star among others
        return [False] * len(columns)
    return [_may_be_seen(each) for each in tree.selects]


def withheld(table: Table, may_be_seen: Sequence[bool]) -> Table:
    """Withhold every value of the other columns; NULL stays NULL."""
    rows = [
        [value if seen or value is None else WITHHELD for value, seen in zip(row, may_be_seen, strict=True)]
        for row in table.rows
    ]
    return replace(table, rows=rows)


def is_own(name: str) -> bool:
    """Tell whether a column is landing's own, which no file can bring."""
    return name in METADATA


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


def _is_plain(tree: exp.Select) -> bool:
    """Tell whether a SELECT reads tables alone, by the names that they and their columns have."""
    if len(list(tree.find_all(exp.Query))) > 1 or any(tree.find_all(*MADE_UP)):
        return False
    aliases = list(tree.find_all(exp.TableAlias))
    return not any(alias.columns or is_own(alias.name.lower()) for alias in aliases)


def _may_be_seen(expression: exp.Expr) -> bool:
    inner = expression.unalias()
    if isinstance(inner, exp.Count):
        return True
    return isinstance(inner, exp.Column) and not isinstance(inner.this, exp.Star) and is_own(inner.name.lower())


def _without_end(sql: str) -> str:
    """Leave out the semicolon at the end, and comments after it.

    >>> _without_end("select 1; -- all")
    'select 1'
    """
    ends = [token.start for token in sqlglot.tokenize(sql, dialect="redshift") if token.token_type is END]
    return sql[: ends[0]].strip() if ends else sql.strip()


def _twice(names: Iterable[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)
