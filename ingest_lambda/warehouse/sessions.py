"""LAND: sessions of the Redshift Data API: one that shares temporary tables, and those that spare log-ins.

In: where to log in. Out: a warehouse whose statements run in sessions that are logged in already, where there are any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.warehouse.client import BUSY, NO_MORE_SESSIONS, Connection, RefusedError, Target

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

SESSION_IDLE_SECONDS = 300
SESSION_REUSE_SECONDS = 240  # well before the server lets it go
# Of a pooled session, which serves statements that ask for none: a log-in costs ten times what most of them do, and
# commands send one after the other. Short, since sessions count towards the most that there may be, and commands end.
POOLED_IDLE_SECONDS = 20
POOLED_REUSE_SECONDS = 10
FULL_SECONDS = 10  # for which no session is asked for, after there were no more
GONE = "ValidationException"  # among others of a session that is not there any more


class Session(Connection):
    """A connection whose statements share one database session, and so its temporary tables."""

    def __init__(
        self,
        client: RedshiftDataAPIServiceClient,
        arguments: Mapping[str, Any],
        remaining_seconds: Callable[[], float],
    ) -> None:
        super().__init__(client, arguments, remaining_seconds)
        self._login = self._arguments
        self.is_accepted = False  # the Data API has taken its last statement

    @property
    def is_begun(self) -> bool:
        """Tell whether it has been logged in to."""
        return self._arguments is not self._login

    def _run_once(self, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        self.is_accepted = False
        return super()._run_once(operation, **request)

    def _submitted(self, response: Mapping[str, Any]) -> None:
        self._arguments = {"SessionId": response["SessionId"]}
        self.is_accepted = True

    def _refused(self) -> None:
        self._arguments = self._login

    def end(self) -> None:
        """Let the session end now, with its temporary tables; one that is busy, or gone, ends by itself.

        A session stays for so many seconds after its last statement, which may be none:
        https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html
        """
        if self.is_begun:
            with suppress(ClientError, BotoCoreError):
                self._client.execute_statement(**self._arguments, Sql="select 1", SessionKeepAliveSeconds=0)


class PooledSession(Session):
    """A session for statements that can do without one: where there are no more, that is said at once."""

    waits_for = BUSY - {NO_MORE_SESSIONS}

    def refuses(self, error: RefusedError, code: str) -> bool:
        """Tell whether an error says, by a code, that the session does not take the statement, which does not run.

        The Data API has one code for all that is invalid, and documents none for a session that is busy:
        https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html#API_ExecuteStatement_Errors
        A session may be busy with this very statement, where the answer to an earlier submission was lost.
        """
        return error.code == code and error.is_certain and not self.is_accepted


class Warehouse(Connection):
    """The warehouse as one user sees it. `remaining_seconds` bounds every wait (default: 15 minutes a statement).

    Its own statements come without a session's promises: each may run in another one than the last.
    """

    def __init__(
        self,
        client: RedshiftDataAPIServiceClient,
        target: Target,
        remaining_seconds: Callable[[], float] = lambda: 900.0,
    ) -> None:
        super().__init__(client, target.arguments(), remaining_seconds)
        self._idle: tuple[Session, float] | None = None
        self._pool: list[tuple[PooledSession, float]] = []
        self._full_until = 0.0

    def _run_once(self, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        """Run a statement in a session that is logged in, if there is one.

        It is sent to another session, or to none, only where it was sent once and refused: that a token makes one of
        two requests with other parameters is not documented. Where it may be running, that is an error.
        """
        while session := self._take_pooled():
            try:
                return self._run_pooled(session, operation, **request)
            except RefusedError as error:
                if not session.refuses(error, GONE):
                    raise
        if time.monotonic() >= self._full_until:
            arguments = {**self._arguments, "SessionKeepAliveSeconds": POOLED_IDLE_SECONDS}
            session = PooledSession(self._client, arguments, self._remaining_seconds)
            try:
                return self._run_pooled(session, operation, **request)
            except RefusedError as error:
                if not session.refuses(error, NO_MORE_SESSIONS):
                    raise
                self._full_until = time.monotonic() + FULL_SECONDS
        return super()._run_once(operation, **request)

    def _run_pooled(self, session: PooledSession, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        """Keep the session for the next statement; not after one that failed in it, or may still run."""
        ended = session._run_once(operation, **request)
        self._pool.append((session, time.monotonic()))
        return ended

    def _take_pooled(self) -> PooledSession | None:
        """Take a session for one statement: threads that ask at once get one each."""
        while self._pool:
            with suppress(IndexError):  # another thread was quicker
                session, used_at = self._pool.pop()
                if time.monotonic() - used_at < POOLED_REUSE_SECONDS:
                    return session
        return None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Lend a session, the last one while it is warm. After an error it is not lent again, but ended.

        Left alone it would count for minutes towards the most sessions that there may be.
        """
        session = self._warm_session() or self._new_session()
        self._idle = None
        try:
            yield session
        except BaseException:
            session.end()
            raise
        self._idle = (session, time.monotonic())

    def _warm_session(self) -> Session | None:
        if self._idle is None:
            return None
        session, used_at = self._idle
        return session if time.monotonic() - used_at < SESSION_REUSE_SECONDS else None

    def _new_session(self) -> Session:
        arguments = {**self._arguments, "SessionKeepAliveSeconds": SESSION_IDLE_SECONDS}
        return Session(self._client, arguments, self._remaining_seconds)
