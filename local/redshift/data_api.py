"""The Redshift Data API over HTTP (AWS JSON 1.1), for unmodified boto3 by AWS_ENDPOINT_URL_REDSHIFT_DATA.

In: POST / with `X-Amz-Target: RedshiftData.<Operation>`. Out: the operation's answer, shaped as botocore's model of the
service says. What a deployment asks of Redshift Serverless is answered here too (serverless_api.py).
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from local.redshift.data_fields import to_field
from local.redshift.data_rights import Caller, checks_of
from local.redshift.data_runner import Runner
from local.redshift.data_statement import Part, Request, Statement
from local.redshift.data_validation import ApiError, check_execution, invalid, not_found
from local.redshift.serverless_api import TARGET, Serverless

SERVICE = "redshift-data"
TOKEN_SECONDS = 8 * 3600  # how long a ClientToken is remembered
KEEP_SECONDS = 24 * 3600  # how long a statement and its result are
ACTIVE_STATEMENTS = 500
PAGE_BYTES = 1_000_000
NO_RESULT = "Query does not have result. Please check query status with DescribeStatement."

Answer = dict[str, Any]


class Operations:
    """The operations of the Data API on statements kept in memory."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._lock = threading.Lock()
        # The oldest first. A dict would look for its first one among all that are gone.
        self._statements = OrderedDict[str, Statement]()
        self._tokens = OrderedDict[str, tuple[float, str]]()
        self._active: list[Statement] = []
        self._table: dict[str, Callable[[Request], Answer]] = {
            "ExecuteStatement": self.execute,
            "BatchExecuteStatement": self.batch_execute,
            "DescribeStatement": self.describe,
            "GetStatementResult": self.get_result,
            "CancelStatement": self.cancel,
            "ListStatements": self.list_statements,
        }

    def call(self, name: str, request: Request, caller: Caller) -> Answer:
        """Run one operation, if the caller may.

        Raises:
            ApiError: what AWS would answer instead.
        """
        operation = self._table.get(name)
        if operation is None:
            raise ApiError("UnknownOperationException", f"{name} is not offered by the local Redshift")
        from local.redshift.service_models import (
            check_shape,  # here: botocore takes longer to load than all else to start
        )

        check_shape(SERVICE, name, request)
        if "Id" in request:
            known = self._statements.get(request["Id"].split(":")[0])
            if known:  # whoever asks for what is not there is told so
                caller.require(*checks_of(name, request, known.owner))
            return operation(request)
        user = caller.require(*checks_of(name, request, ""))
        answer = operation(request)
        if "Id" in answer:
            submitted = self._statements[answer["Id"]]
            submitted.owner = submitted.owner or user
        return answer

    def execute(self, request: Request) -> Answer:
        """ExecuteStatement."""
        return self._submit(request, [request["Sql"]], is_batch=False)

    def batch_execute(self, request: Request) -> Answer:
        """BatchExecuteStatement."""
        return self._submit(request, request["Sqls"], is_batch=True)

    def _submit(self, request: Request, sqls: list[str], is_batch: bool) -> Answer:
        check_execution(request, sqls)
        with self._lock:
            self._forget_old()
            known = self._tokens.get(request.get("ClientToken") or "")
            if known:
                return self._statements[known[1]].receipt()
            self._active = [statement for statement in self._active if not statement.has_ended]
            if len(self._active) >= ACTIVE_STATEMENTS:
                raise ApiError("ActiveStatementsExceededException", "The number of active statements exceeds the limit")
            statement = Statement(request, sqls, is_batch)
            self._runner.submit(statement)
            self._statements[statement.id] = statement
            self._active.append(statement)
            if request.get("ClientToken"):
                self._tokens[request["ClientToken"]] = (time.time(), statement.id)
        statement.wait(request.get("WaitTimeSeconds", 0))
        return statement.receipt()

    def _forget_old(self) -> None:
        """Forget what is too old; a statement is kept for longer than its token."""
        now = time.time()
        while self._tokens and next(iter(self._tokens.values()))[0] + TOKEN_SECONDS <= now:
            self._tokens.popitem(last=False)
        while self._statements and next(iter(self._statements.values())).created + KEEP_SECONDS <= now:
            self._statements.popitem(last=False)

    def _find(self, request: Request) -> tuple[Statement, Part | None]:
        """Return the statement that `Id` names and, for `<id>:<n>`, its part; wait for it if asked to."""
        statement = self._statements.get(request["Id"].split(":")[0])
        part = statement.part(request["Id"]) if statement else None
        if statement is None or (":" in request["Id"] and part is None):
            raise not_found("Query does not exist.", request["Id"])
        statement.wait(request.get("WaitTimeSeconds", 0))
        return statement, part if ":" in request["Id"] else None

    def describe(self, request: Request) -> Answer:
        """DescribeStatement, of a statement or of one part of a batch."""
        statement, part = self._find(request)
        return statement.identity() | part.describe(statement.created) if part else statement.describe()

    def get_result(self, request: Request) -> Answer:
        """GetStatementResult: one page of rows."""
        statement, part = self._find(request)
        if part is None and not statement.is_batch:
            part = statement.parts[0]
        result = part.result if part else None
        if statement.status != "FINISHED" or result is None or result.columns is None:
            raise not_found(NO_RESULT, request["Id"])
        start = _offset(request.get("NextToken"))
        end, size = start, 0
        while end < len(result.rows) and (size < PAGE_BYTES):
            size += sum(len(value or "") for value in result.rows[end])
            end += 1
        oids = [column.oid for column in result.columns]
        answer: Answer = {
            "Records": [
                [to_field(value, oid) for value, oid in zip(row, oids, strict=True)] for row in result.rows[start:end]
            ],
            "ColumnMetadata": [column.metadata() for column in result.columns],
            "TotalNumRows": len(result.rows),
        }
        return answer | ({"NextToken": str(end)} if end < len(result.rows) else {})

    def cancel(self, request: Request) -> Answer:
        """CancelStatement."""
        statement, _ = self._find(request)
        if statement.has_ended:
            raise invalid(
                f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}"
            )
        self._runner.cancel(statement)
        return {"Status": True}

    def list_statements(self, request: Request) -> Answer:
        """ListStatements: newest first; those that ended well unless a status is given (AWS's default)."""
        wanted = request.get("Status", "FINISHED")
        name = request.get("StatementName", "")
        with self._lock:
            newest = list(reversed(self._statements.values()))
        found = [
            statement
            for statement in newest
            if wanted in ("ALL", statement.status) and statement.request.get("StatementName", "").startswith(name)
        ]
        start, limit = _offset(request.get("NextToken")), request.get("MaxResults") or 100
        page = [statement.listed() for statement in found[start : start + limit]]
        more = start + limit < len(found)
        return {"Statements": page} | ({"NextToken": str(start + limit)} if more else {})


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdigit():
        raise invalid("Invalid NextToken")
    return int(token)


class DataApi:
    """The HTTP endpoint, served from threads."""

    def __init__(
        self, listening: socket, host: str, wire_port: int, token: str, cancel_backend: Callable[[int], None]
    ) -> None:
        self._runner = Runner(host, wire_port, token, cancel_backend)
        operations = Operations(self._runner)

        class Handler(_Handler):
            pass

        Handler.operations = operations
        Handler.serverless = Serverless()
        self._server = ThreadingHTTPServer(listening.getsockname(), Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = listening
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop serving and close every connection to the warehouse."""
        self._server.shutdown()
        self._server.server_close()
        self._runner.stop()


class _Handler(BaseHTTPRequestHandler):
    operations: Operations
    serverless: Serverless
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body go out in two writes: without this, each answer waits 40 ms

    def do_POST(self) -> None:
        """Answer one request."""
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            service, _, name = self.headers.get("X-Amz-Target", "").rpartition(".")
            request = json.loads(body or "{}")
            if service == TARGET:
                self._send(200, self.serverless.call(name, request))
                return
            self._send(200, self.operations.call(name, request, Caller(self.path, self.headers.items(), body)))
        except ApiError as error:
            self._send(400, error.body)
        except ValueError as error:
            self._send(400, {"__type": "SerializationException", "Message": str(error)})
        except Exception as error:  # an endpoint answers, whatever breaks behind it
            self._send(500, {"__type": "InternalServerException", "Message": f"{type(error).__name__}: {error}"})

    def _send(self, status: int, answer: Answer) -> None:
        payload = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(payload)))
        if "__type" in answer:
            self.send_header("x-amzn-ErrorType", answer["__type"])
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, format: str, *args: object) -> None:
        """Keep requests out of the log: statements may hold data."""
