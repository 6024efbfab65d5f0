"""Runs Data API statements through the wire front: SQL rules, COPY and privileges are the same as for any client.

In: Statements. Out: the same Statements with their results. One thread a running statement; sessions keep a connection.
"""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import psycopg2.extensions  # type: ignore[import-untyped]  # psycopg2 ships no types

from local.redshift.data_fields import NUMERIC, TYPE_NAMES, Column
from local.redshift.data_statement import Part, Result, Statement, bind_parameters
from local.redshift.data_validation import ApiError, invalid
from local.redshift.login import as_data_api

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2 writes its classes in lower case

CONNECT_SECONDS = 10
CANCEL_SECONDS = 0.1  # between two cancels of one statement
ACTIVE_SESSIONS = 500  # AWS's own limit; postgres.py allows as many connections
_AS_TEXT = psycopg2.extensions.new_type(tuple(TYPE_NAMES), "AS_TEXT", lambda value, _: value)


@dataclass
class Session:
    """A kept connection, for one statement at a time; it closes `keep_alive` seconds after the last one."""

    connection: Connection
    keep_alive: int
    request: dict[str, object]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    is_busy: bool = True
    created: float = field(default_factory=time.time)
    used: float = field(default_factory=time.time)


class Runner:
    """Runs statements; knows the sessions that are open."""

    def __init__(self, host: str, port: int, token: str, cancel_backend: Callable[[int], None]) -> None:
        self._host, self._port, self._token = host, port, token
        self._cancel_backend = cancel_backend
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def submit(self, statement: Statement) -> None:
        """Take the statement's session, or connect, and run it in a thread of its own.

        Raises:
            ApiError: the session is unknown or busy, or the secret cannot be read.
        """
        request = statement.request
        self._close_expired()
        if request.get("SessionKeepAliveSeconds") and len(self._sessions) >= ACTIVE_SESSIONS:
            raise ApiError("ActiveSessionsExceededException", "The maximum number of active sessions is exceeded")
        session = self._take(request["SessionId"]) if request.get("SessionId") else None
        credentials = None if session else read_secret(request["SecretArn"], request.get("ClusterIdentifier", ""))
        if session:
            statement.session_id = session.id
            session.keep_alive = request.get("SessionKeepAliveSeconds", session.keep_alive)
            statement.request = {**session.request, **request}
        elif request.get("SessionKeepAliveSeconds"):
            statement.session_id = str(uuid.uuid4())
        threading.Thread(target=self._run, args=(statement, session, credentials), daemon=True).start()

    def cancel(self, statement: Statement) -> None:
        """Stop a running statement; it becomes ABORTED.

        It is canceled until it has ended: a cancel that comes before the statement does finds nothing to end.
        """
        if statement.cancel_part(self._cancel_backend):
            threading.Thread(target=self._cancel_again, args=[statement], daemon=True).start()

    def _cancel_again(self, statement: Statement) -> None:
        time.sleep(CANCEL_SECONDS)
        while statement.cancel_part(self._cancel_backend):
            time.sleep(CANCEL_SECONDS)

    def stop(self) -> None:
        """Close every connection."""
        with self._lock:
            sessions = list(self._sessions.values())
            self._sessions.clear()
        for session in sessions:
            session.connection.close()

    def _take(self, session_id: str) -> Session:
        with self._lock:
            session = self._sessions.get(session_id)
            if session is None or session.connection.closed:
                raise invalid(f"Session {session_id} does not exist or has expired")
            if session.is_busy:
                raise invalid(f"Session {session_id} is busy: a statement runs in it")
            session.is_busy = True
            return session

    def _close_expired(self) -> None:
        now = time.time()
        with self._lock:
            expired = [s for s in self._sessions.values() if not s.is_busy and s.used + s.keep_alive < now]
            for session in expired:
                del self._sessions[session.id]
        for session in expired:
            session.connection.close()

    def _run(self, statement: Statement, session: Session | None, credentials: dict[str, str] | None) -> None:
        statement.become("PICKED")
        connection = None
        try:
            connection = session.connection if session else self._connect(statement, credentials or {})
            if statement.session_id and not session:
                session = Session(connection, statement.request["SessionKeepAliveSeconds"], statement.identity())
                session.id = statement.session_id
                session.request.pop("SessionId", None)
                with self._lock:
                    self._sessions[session.id] = session
            statement.redshift_pid = connection.info.backend_pid
            statement.become("STARTED")
            status, error = run_parts(statement, connection)
        except psycopg2.Error as failure:
            status, error = "FAILED", error_text(failure)
        except Exception as failure:  # a statement must end, whatever happens to its thread
            status, error = "FAILED", f"ERROR: {failure}"
        self._release(session, connection)
        statement.become(status, error)

    def _release(self, session: Session | None, connection: Connection | None) -> None:
        """Give the session back before the statement is seen to end, or close the connection."""
        if session is None:
            if connection is not None:
                connection.close()
            return
        session.used, session.is_busy = time.time(), False
        if session.keep_alive == 0 or session.connection.closed:
            with self._lock:
                self._sessions.pop(session.id, None)
            session.connection.close()

    def _connect(self, statement: Statement, credentials: dict[str, str]) -> Connection:
        connection = psycopg2.connect(
            host=self._host,
            port=self._port,
            user=credentials["username"],
            password=credentials["password"],
            dbname=statement.request["Database"],
            sslmode="disable",
            connect_timeout=CONNECT_SECONDS,
            application_name="redshift-data",
            options=as_data_api(self._token),
        )
        connection.autocommit = True
        psycopg2.extensions.register_type(_AS_TEXT, connection)
        return connection


def run_parts(statement: Statement, connection: Connection) -> tuple[str, str | None]:
    """Run the statement's parts; return its last status and error.

    A batch is one transaction, unless its ExecutionMode is AUTO_COMMIT.
    """
    one_transaction = statement.is_batch and statement.request.get("ExecutionMode") != "AUTO_COMMIT"
    with connection.cursor() as cursor:
        if one_transaction:
            cursor.execute("begin")
        failed = None
        for number, part in enumerate(statement.parts, start=1):
            if statement.cancelled or (failed and one_transaction):
                part.status = "ABORTED"
                continue
            run_part(part, cursor, statement)
            if part.status == "FAILED":
                failed = failed or (f"Query #{number} failed with {part.error}" if statement.is_batch else part.error)
        cancelled = any(part.status == "ABORTED" for part in statement.parts) and statement.cancelled
        if one_transaction and not connection.closed:
            failed = _end_transaction(cursor, failed, cancelled)
    if cancelled:
        return "ABORTED", None
    return ("FAILED", failed) if failed else ("FINISHED", None)


def _end_transaction(cursor: psycopg2.extensions.cursor, failed: str | None, cancelled: bool) -> str | None:
    try:
        cursor.execute("rollback" if failed or cancelled else "commit")
    except psycopg2.Error as failure:
        return error_text(failure)
    return failed


def run_part(part: Part, cursor: psycopg2.extensions.cursor, statement: Statement) -> None:
    """Run one SQL statement; keep its rows, or its error."""
    values = {parameter["name"]: parameter["value"] for parameter in statement.request.get("Parameters") or []}
    if not statement.begin_part():
        part.status = "ABORTED"
        return
    part.status, begun = "STARTED", time.monotonic()
    try:
        cursor.execute(bind_parameters(part.sql, values))
        part.result = fetch(cursor)
        part.status = "FINISHED"
    except psycopg2.Error as failure:
        part.status = "ABORTED" if statement.cancelled else "FAILED"
        part.error = error_text(failure)
    finally:
        statement.end_part()
    part.seconds, part.updated = time.monotonic() - begun, time.time()


def fetch(cursor: psycopg2.extensions.cursor) -> Result:
    """Return what the cursor's statement brought."""
    if cursor.description is None:
        return Result(None, [], cursor.rowcount)
    columns = [Column(d.name, d.type_code, _modifier(d)) for d in cursor.description]
    return Result(columns, cursor.fetchall(), cursor.rowcount)


def _modifier(description: psycopg2.extensions.Column) -> int:
    if description.type_code == NUMERIC and description.precision:
        return int((description.precision << 16) + (description.scale or 0) + 4)
    size = description.internal_size or -1
    return int(size + 4) if size > 0 and TYPE_NAMES.get(description.type_code) in ("varchar", "bpchar") else -1


def error_text(failure: psycopg2.Error) -> str:
    """Return an error as the Data API words it: severity, message, then detail and hint on lines of their own."""
    if not failure.diag.message_primary:
        text = str(failure).strip()
        return text if text.startswith(("ERROR", "FATAL")) else f"ERROR: {text}"
    text = f"{failure.diag.severity}: {failure.diag.message_primary}"
    if failure.diag.message_detail:
        text += f"\n  Detail: {failure.diag.message_detail}"
    return text + (f"\n  Hint: {failure.diag.message_hint}" if failure.diag.message_hint else "")


def read_secret(arn: str, cluster: str = "") -> dict[str, str]:
    """Return the user name and password that the secret holds, and that are of the cluster, where one is asked for.

    Source: https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html

    Raises:
        ApiError: ValidationException; Secrets Manager does not give it, or it is no log-in, or another cluster's.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # here: it takes longer to load than all else to start

    try:
        secret = json.loads(_secrets_manager().get_secret_value(SecretId=arn)["SecretString"])
        login = {"username": secret["username"], "password": secret["password"]}
    except (BotoCoreError, ClientError) as error:
        raise ApiError("ValidationException", f"Secret {arn} cannot be read: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise invalid(f"Secret {arn} must be JSON with username and password") from error
    if cluster and secret.get("dbClusterIdentifier") != cluster:
        raise invalid(f"Cluster {cluster} does not match the dbClusterIdentifier of secret {arn}")
    return login


@cache
def _secrets_manager() -> Any:
    """Return one client for all statements: making it takes longer than most of them."""
    import boto3  # here, as above

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    return boto3.session.Session(region_name=region).client("secretsmanager")
