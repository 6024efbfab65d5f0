"""What a PostgreSQL server was asked between two moments, told by the server itself.

In: a running local Redshift's facts. Out: connections and statements from the server's log, and the transactions that
wrote from its write-ahead log, where each has the record of its commit: an implicit one as well, and one that only
read has none.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types

# A vacuum that PostgreSQL starts by itself writes too, and is not what is measured. The log in which commits are
# counted is kept, whatever checkpoints come while something slow is measured.
_SETTINGS = {"log_statement": "all", "log_connections": "on", "autovacuum": "off", "wal_keep_size": "16GB"}

_LINE = re.compile(
    r"(?P<at>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) UTC \[(?P<pid>\d+)\] (?P<user>\S*) LOG:  (?P<said>.*)"
)
_STATEMENT = re.compile(r"(?:statement|execute [^:]+): (?P<sql>.*)", re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_CATALOGS = re.compile(r"\b(?:pg_\w+|svv_\w+|stv_\w+|information_schema)\b")

# The first pattern that a statement matches names its kind; else its first word does.
_KINDS: Mapping[str, re.Pattern[str]] = {
    "select: pid": re.compile(r"select pg_backend_pid\(\)"),
    "create view": re.compile(r"create (?:or replace )?view\b|call pg_catalog\.rs_create_late_binding_view\b"),
    "create temporary table": re.compile(r"create (?:local )?temp"),
    "create table": re.compile(r"create table\b"),
    "rename": re.compile(r"alter (?:table|view) \S+ rename\b"),
    "drop": re.compile(r"drop\b"),
    "commit": re.compile(r"(?:commit|end)\b"),
    "rollback": re.compile(r"(?:rollback|abort)\b"),
    "begin": re.compile(r"(?:begin|start)\b"),
}


@dataclass(frozen=True)
class Statement:
    """One statement of a client, as the server logged it."""

    at: datetime
    pid: int
    sql: str

    @property
    def kind(self) -> str:
        """Name its kind.

        >>> now = datetime.now(UTC)
        >>> Statement(now, 1, "/* {} */ alter table a.b rename to c").kind
        'rename'
        >>> Statement(now, 1, "select * from pg_tables").kind, Statement(now, 1, "MERGE INTO a").kind
        ('select: catalog', 'merge')
        """
        text = " ".join(_COMMENT.sub(" ", self.sql).lower().split())
        for kind, pattern in _KINDS.items():
            if pattern.match(text):
                return kind
        word = text.partition(" ")[0].rstrip(";")
        if word in ("select", "with"):
            return "select: catalog" if _CATALOGS.search(text) else "select"
        return word


@dataclass(frozen=True)
class Asked:
    """What the server was asked by one user."""

    connections: Sequence[datetime]
    statements: Sequence[Statement]
    writing_transactions: int

    def between(self, since: datetime, until: datetime) -> Asked:
        """Leave out what came before or after; the transactions are not told apart."""
        connections = [at for at in self.connections if since <= at < until]
        statements = [statement for statement in self.statements if since <= statement.at < until]
        return Asked(connections, statements, 0)

    def by_kind(self) -> dict[str, int]:
        """Count the statements by kind, most first."""
        return dict(Counter(statement.kind for statement in self.statements).most_common())


def parse(lines: Iterator[str], user: str) -> tuple[list[datetime], list[Statement]]:
    """Read connections and statements of one user out of a server's log.

    >>> start = "2025-11-28 04:19:39.123 UTC [7] dbt LOG:  "
    >>> log = [start + "connection authorized: user=dbt", start + "execute <unnamed>: select", "\\t1"]
    >>> connections, statements = parse(iter(log), "dbt")
    >>> len(connections), statements[0].sql
    (1, 'select\\n1')
    """
    connections: list[datetime] = []
    statements: list[Statement] = []
    for at, pid, said in _entries(lines, user):
        if said.startswith("connection authorized"):
            connections.append(at)
        elif found := _STATEMENT.match(said):
            statements.append(Statement(at, pid, found["sql"]))
    return connections, statements


def _entries(lines: Iterator[str], user: str) -> Iterator[tuple[datetime, int, str]]:
    """Join the lines of each entry; those that go on begin with a tab."""
    entry: re.Match[str] | None = None
    more: list[str] = []
    for line in (*lines, ""):
        if line.startswith("\t"):
            more.append(line[1:].rstrip("\n"))
            continue
        if entry and entry["user"] == user:
            at = datetime.fromisoformat(entry["at"]).replace(tzinfo=UTC)
            yield at, int(entry["pid"]), "\n".join([entry["said"], *more])
        entry, more = _LINE.match(line), []


@dataclass
class ServerLog:
    """The server of one local Redshift: its log, its write-ahead log, and a session as its administrator."""

    home: Path
    facts: Mapping[str, Any]

    def __post_init__(self) -> None:
        self._session = psycopg2.connect(
            host="127.0.0.1",
            port=self.facts["postgres_port"],
            user=self.facts["admin_user"],
            password=self.facts["admin_password"],
            dbname=self.facts["database"],
        )
        self._session.autocommit = True
        self.configure(_SETTINGS)

    def configure(self, settings: Mapping[str, str]) -> None:
        """Change settings of the server."""
        for name, value in settings.items():
            self._ask(f"alter system set {name} = '{value}'")
        self._ask("select pg_reload_conf()")

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def begin(self, user: str) -> Callable[[], Asked]:
        """Mark this moment; the function returned tells what the user asked since."""
        offset, since = self._log.stat().st_size, self._written()

        def asked() -> Asked:
            until = self._written()
            with self._log.open(encoding="utf-8", errors="replace") as log:
                log.seek(offset)
                connections, statements = parse(iter(log), user)
            return Asked(connections, statements, len(self._commits(since, until)))

        return asked

    def analyze(self) -> None:
        """Let the planner know the tables as they are, since nothing does it by itself meanwhile."""
        self._ask("analyze")

    def _commits(self, since: str, until: str) -> set[str]:
        """Return the ids of the transactions whose commit the write-ahead log records."""
        if since == until:
            return set()
        # Without segments named it asks any file there for their size, even one that the server is just creating.
        within = (f"'{since}'::pg_lsn + 1", f"'{until}'::pg_lsn - 1")
        first, last = (self._ask(f"select pg_walfile_name({at})") for at in within)
        options = ["-p", str(self.home / "data" / "pg_wal"), "-s", since, "-e", until, "-r", "Transaction"]
        told = subprocess.run(  # noqa: S603 - a program beside the server's own
            [self._waldump, *options, first, last],
            capture_output=True,
            text=True,
            check=False,
        )
        if told.returncode and "could not find a valid record" not in told.stderr:  # nothing was written
            raise RuntimeError(told.stderr)
        return set(re.findall(r"tx:\s+(\d+),.*desc: COMMIT ", told.stdout))

    @property
    def _waldump(self) -> Path:
        return Path(f"/proc/{self.facts['postgres_pid']}/exe").resolve().parent / "pg_waldump"

    @property
    def _log(self) -> Path:
        return self.home / "logs" / "postgres.log"

    def _written(self) -> str:
        """Return the end of the write-ahead log, once all of it is on disk."""
        end = str(self._ask("select pg_current_wal_insert_lsn()"))
        while not self._ask(f"select pg_current_wal_flush_lsn() >= '{end}'"):
            time.sleep(0.05)
        return end

    def _ask(self, sql: str) -> Any:
        with self._session.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
