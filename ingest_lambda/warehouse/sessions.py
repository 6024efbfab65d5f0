"""LAND: sessions of the Redshift Data API: one that shares temporary tables, and those that spare log-ins.

In: where to log in. Out: a warehouse whose statements run in sessions that are logged in already, where there are any.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.errors import TransientError
from ingest_lambda.warehouse.client import NO_MORE_SESSIONS, Connection, Target

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

SESSION_IDLE_SECONDS = 300
SESSION_REUSE_SECONDS = 240  # well before the server lets it go
# Of a session that serves statements of no session: a log-in costs ten times what most of them do, and commands send
# one after the other. Short, since sessions count towards the most that there may be, and commands end.
PASSING_IDLE_SECONDS = 20
PASSING_REUSE_SECONDS = 10
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
        self.is_free = True  # no statement runs in it, as far as is known

    @property
    def is_begun(self) -> bool:
        """Tell whether it has been logged in to."""
        return self._arguments is not self._login

    def _run_once(self, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        self.is_free = False
        return super()._run_once(operation, **request)

    def _submitted(self, response: Mapping[str, Any]) -> None:
        self._arguments = {"SessionId": response["SessionId"]}

    def _ended(self) -> None:
        self.is_free = True

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
        self._passing: list[tuple[Session, float]] = []

    def _run_once(self, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        """Run a statement in a session that is logged in, if there is one; what that refuses has not run.

        Whichever session it is sent in, it has one token: had it run after all, it would not run again.
        """
        request.setdefault("ClientToken", str(uuid.uuid4()))
        while session := self._warm_passing():
            try:
                return self._run_passing(session, operation, **request)
            except TransientError as error:
                if _code_of(error) != GONE:
                    raise
        arguments = {**self._arguments, "SessionKeepAliveSeconds": PASSING_IDLE_SECONDS}
        session = Session(self._client, arguments, self._remaining_seconds)
        try:
            return self._run_passing(session, operation, **request)
        except TransientError as error:
            if _code_of(error) != NO_MORE_SESSIONS:
                raise
        return super()._run_once(operation, **request)

    def _run_passing(self, session: Session, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        try:
            return session._run_once(operation, **request)
        finally:
            if session.is_free and session.is_begun:
                self._passing.append((session, time.monotonic()))

    def _warm_passing(self) -> Session | None:
        """Take a session for one statement: threads that ask at once get one each."""
        while self._passing:
            with suppress(IndexError):  # another thread was quicker
                session, used_at = self._passing.pop()
                if time.monotonic() - used_at < PASSING_REUSE_SECONDS:
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


def _code_of(error: Exception) -> str:
    """Return by which code the Data API has refused a request; nothing where it has not."""
    refused = error.__cause__
    return str(refused.response.get("Error", {}).get("Code", "")) if isinstance(refused, ClientError) else ""
