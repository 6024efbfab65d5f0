"""MODEL: sessions with the warehouse that dbt's nodes and this function's own questions share.

In: a way to log in. Out: sessions, each lent to one borrower at a time. A login takes longer than most of what is
asked here, and dbt would make one for every node. What a borrower leaves behind is cleaned by Redshift's own statements
(there is no DISCARD), and a session that cannot be cleaned is closed. The pool is closed before an action of the state
machine returns: a frozen Lambda holds no session, and so no lock.
"""

from __future__ import annotations

import re
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

# A login is a call of IAM, TLS and a handshake: it is worth a moment's wait for a session that somebody gives back.
_PATIENCE_SECONDS = 0.25

_DBT_TABLE = re.compile(r'\bcreate\s+temp(?:orary)?\s+table\s+("?\w+__dbt_tmp\d*"?)', re.IGNORECASE)
_TEMPORARY = re.compile(r"\btemp(?:orary)?\b|(?:table|into)\s+#", re.IGNORECASE)
_SETTING = re.compile(r"(set|reset)\s+(?:session\s+)?([\w.]+)\s*(?:to\b|=|;|$)", re.IGNORECASE)
_CHANGES_SESSION = re.compile(r"(?:set|reset|use|declare|prepare)\b", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)

Login = Callable[[], Any]


@dataclass(eq=False)
class Session:
    """A connection of redshift_connector's, lent once: `cursor`, `rollback` and `close` of the DB-API, as dbt uses it.

    BEGIN is sent with the first statement that follows it, and not at all when none does: dbt begins and ends a
    transaction around nothing after every DROP, before the hooks and at the end of each node.
    """

    connection: Any
    pool: Pool
    pid: int | None = None
    is_doomed: bool = False
    _is_to_begin: bool = False
    _tables: list[str] = field(default_factory=list)
    _settings: set[str] = field(default_factory=set)

    def cursor(self) -> Cursor:
        """Return a cursor."""
        return Cursor(self, self.connection.cursor())

    def rollback(self) -> None:
        """Roll back, if the server is in a transaction; what it made is gone with it."""
        self._is_to_begin = False
        self.connection.rollback()

    def close(self) -> None:
        """Give the session back to its pool, as dbt does at the end of a node."""
        self.pool.give_back(self)

    def run(self, cursor: Any, sql: str, *arguments: Any) -> None:
        """Send a statement, and note what it leaves in the session."""
        text = _COMMENT.sub(" ", sql).strip().rstrip(";").strip()
        word = text.lower()
        if word == "begin":
            self._is_to_begin = True
            return
        if word == "commit" and self._is_to_begin:
            self._is_to_begin = False
            return
        if self._is_to_begin:
            self.pool.count()
            cursor.execute("BEGIN")
            self._is_to_begin = False
        if word == "commit":
            self._drop_tables(cursor)
        self.pool.count()
        cursor.execute(sql, *arguments)
        self._note(text)

    def _note(self, text: str) -> None:
        made = _DBT_TABLE.findall(text)
        self._tables += made
        if _TEMPORARY.search(_DBT_TABLE.sub("", text)):
            self.is_doomed = True
        if _CHANGES_SESSION.match(text):
            changed = _SETTING.match(text)
            if changed is None or changed[2].lower() in ("role", "all"):
                self.is_doomed = True
            elif changed[1].lower() == "set":
                self._settings.add(changed[2])
            else:
                self._settings.discard(changed[2])

    def _drop_tables(self, cursor: Any) -> None:
        """Drop dbt's temporary tables; no other table is named as they are, so one that is gone does no harm."""
        if self._tables:
            self.pool.count()
            cursor.execute(f"drop table if exists {', '.join(self._tables)}")
            self._tables.clear()

    def clean(self) -> None:
        """Take back what a borrower did to the session: transaction, temporary tables, settings."""
        self.rollback()
        cursor = self.connection.cursor()
        self._drop_tables(cursor)
        for name in sorted(self._settings):
            cursor.execute(f"reset {name}")
        self._settings.clear()

    def is_alive(self) -> bool:
        """Tell whether the server has not ended the session meanwhile: it would have said so, and closed its end.

        Nothing is asked unless something was said (https://www.postgresql.org/docs/current/protocol-flow.html: notices
        and errors may come at any time).
        """
        try:
            said, _, _ = select.select([self.connection._usock], [], [], 0)
            if said:
                self.connection.cursor().execute("select 1")
        except Exception:  # whatever is wrong with it, another session is not
            return False
        return True

    def end(self) -> None:
        """Close the connection for good."""
        with suppress(Exception):  # it may be gone already
            self.connection.close()


@dataclass
class Cursor:
    """A cursor of redshift_connector's that tells its session what it sends."""

    _session: Session
    _cursor: Any

    def execute(self, sql: str, *arguments: Any) -> Cursor:
        """Send a statement."""
        self._session.run(self._cursor, sql, *arguments)
        return self

    def __enter__(self) -> Cursor:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Forget the result."""
        self._cursor.close()

    def __getattr__(self, name: str) -> Any:
        """Answer all else as the driver's cursor does."""
        return getattr(self._cursor, name)


@dataclass
class Pool:
    """Sessions of one action. The one that was used last is lent first, each time as another `Session`."""

    patience_seconds: float = _PATIENCE_SECONDS
    sent: int = 0  # statements that borrowers have sent, BEGIN and COMMIT among them
    _idle: list[Session] = field(default_factory=list)
    _lent: set[Session] = field(default_factory=set)
    _holders: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep sessions open for several borrowers; when the last that holds the pool ends, all of them are closed."""
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self.close()

    def count(self) -> None:
        """Count a statement that is sent."""
        with self._changed:
            self.sent += 1

    def take(self, login: Login) -> Session:
        """Lend a session: one that is idle, or becomes it in a moment, or else a new one."""
        until = time.monotonic() + self.patience_seconds
        while (session := self._take_idle(until)) is not None:
            if session.is_alive():
                return session
            self._forget(session)
        return self._lend(login(), None)

    def _take_idle(self, until: float) -> Session | None:
        with self._changed:
            while not self._idle and self._lent and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            if not self._idle:
                return None
            idle = self._idle.pop()
            return self._lend(idle.connection, idle.pid)

    def _lend(self, connection: Any, pid: int | None) -> Session:
        session = Session(connection, self, pid)
        with self._changed:
            self._lent.add(session)
        return session

    def give_back(self, session: Session) -> None:
        """Take a session back, cleaned; close it where that cannot be done. What is not lent is left alone."""
        if session not in self._lent:
            return
        try:
            session.clean()
        except Exception:  # it is in no state to be lent again
            session.is_doomed = True
        with self._changed:
            is_kept = session in self._lent and not session.is_doomed
            self._lent.discard(session)
            if is_kept:
                self._idle.append(session)
            self._changed.notify()
        if not is_kept:
            session.end()

    def _forget(self, session: Session) -> None:
        with self._changed:
            self._lent.discard(session)
        session.end()

    def doom(self, session: Session) -> int | None:
        """Return the process id of a session that the server is to end, if it is lent still, and never lend it again.

        So ending it cannot hit who borrows next.
        """
        with self._changed:
            if session not in self._lent:
                return None
            session.is_doomed = True
            return session.pid

    @contextmanager
    def lending(self, login: Login) -> Iterator[Session]:
        """Lend a session for a while."""
        session = self.take(login)
        try:
            yield session
        finally:
            self.give_back(session)

    def close(self) -> None:
        """Close every session, those still lent too: the server rolls their transactions back."""
        with self._changed:
            sessions = [*self._idle, *self._lent]
            self._idle.clear()
            self._lent.clear()
        for session in sessions:
            session.end()


POOL = Pool()
