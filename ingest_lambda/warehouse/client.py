"""LAND: the Redshift Data API, as statements that either return rows or raise our errors.

In: SQL text. Out: rows as dictionaries, or the error that says who must act. Used by the function, the operator's
command line and the bootstrap alike; a client is passed in.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.errors import (
    CatalogChangedError,
    ConfigError,
    LoginRefusedError,
    ObjectInTheWayError,
    StagedDataError,
    TransactionConflictError,
    TransientError,
)
from ingest_lambda.warehouse.failures import Failure, classify
from ingest_lambda.warehouse.statements import MAX_STATEMENT_BYTES, MAX_STATEMENTS, size_of

if TYPE_CHECKING:
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient

MAX_WAIT_SECONDS = 30  # the most that the Data API waits inside one call
SUBMIT_ATTEMPTS = 5
CONFLICT_ATTEMPTS = 6
# A rotation changes user and secret within a second, and not at once; the Data API reads the secret at each log-in.
LOGIN_PAUSES = (0.5, 1.0, 2.0, 4.0)
NO_MORE_SESSIONS = "ActiveSessionsExceededException"
# Refusals that pass: quotas of running statements, sessions and waiting calls, and throttling.
BUSY = {
    NO_MORE_SESSIONS,
    "ActiveStatementsExceededException",
    "ActiveWaitingRequestsExceededException",
    "ThrottlingException",
}
ENDED = {"FINISHED", "FAILED", "ABORTED"}
DENIED = {"AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException"}

Row = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """Where to log in: a database of a serverless workgroup or of a cluster, with the secret of a warehouse user."""

    database: str
    secret_arn: str
    workgroup: str | None = None
    cluster_id: str | None = None

    def arguments(self) -> dict[str, str]:
        """Spell the target as the Data API's arguments."""
        place = {"WorkgroupName": self.workgroup} if self.workgroup else {"ClusterIdentifier": self.cluster_id or ""}
        return {"Database": self.database, "SecretArn": self.secret_arn, **place}


@dataclass(frozen=True)
class Outcome:
    """A committed batch: ask for the rows or the row count of its statement number `index`, counted from 0.

    Most batches are asked for the rows of one statement, or for nothing: it is described only to who asks for counts.
    """

    connection: Connection
    batch_id: str

    def count(self, index: int) -> int:
        """Return how many rows the statement returned or changed."""
        return int(self._described[index].get("ResultRows", 0))

    def has_rows(self, index: int) -> bool:
        """Tell whether the statement returned rows, even none of them."""
        return bool(self._described[index].get("HasResultSet"))

    def rows(self, index: int) -> list[Row]:
        """Fetch the rows that the statement returned.

        A suffix numbers a batch's statements, from 1:
        https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_GetStatementResult.html
        """
        return self.connection.fetch(f"{self.batch_id}:{index + 1}")

    @cached_property
    def _described(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.connection.describe(self.batch_id)["SubStatements"]
        return found


@dataclass(frozen=True)
class Table:
    """A result as it is: the names of its columns, which need not differ, and a list of values a row."""

    columns: list[str]
    rows: list[list[Any]]


class RefusedError(TransientError):
    """The Data API refuses a request by a `code`.

    `is_certain`: nothing runs for it, since it was sent once. Of what was sent before, by us or by boto3, an answer may
    have been lost.
    """

    def __init__(self, error: ClientError, attempt: int) -> None:
        super().__init__(f"the Data API refuses: {error}")
        self.code = error.response.get("Error", {}).get("Code", "")
        self.is_certain = attempt == 1 and not error.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)


class Connection:
    """Runs statements one after the other, each in a transaction, and waits for them."""

    waits_for = BUSY  # codes of refusals after which a request is sent again

    def __init__(
        self,
        client: RedshiftDataAPIServiceClient,
        arguments: Mapping[str, Any],
        remaining_seconds: Callable[[], float],
    ) -> None:
        self._client = client
        self._arguments = dict(arguments)
        self._remaining_seconds = remaining_seconds

    def query(self, sql: str, parameters: Mapping[str, str] | None = None) -> list[Row]:
        """Run a statement and fetch its rows.

        Parameters are named `:name` in the text; the Data API takes neither NULL nor an empty text.

        Raises:
            TransientError, ConfigError: as `transaction`.
        """
        ended = self._run(self._client.execute_statement, Sql=sql, **_parameters(parameters))
        return self.fetch(ended["Id"]) if ended.get("HasResultSet") else []

    def table(self, sql: str) -> Table:
        """Run a statement and fetch its result with the columns' names, which one without rows has too.

        Raises:
            TransientError, ConfigError: as `transaction`.
        """
        ended = self._run(self._client.execute_statement, Sql=sql)
        return self._fetch(ended["Id"]) if ended.get("HasResultSet") else Table([], [])

    def execute(self, sql: str, parameters: Mapping[str, str] | None = None) -> None:
        """Run a statement for its effect.

        Raises:
            TransientError, ConfigError: as `transaction`.
        """
        self._run(self._client.execute_statement, Sql=sql, **_parameters(parameters))

    def transaction(self, statements: Sequence[str]) -> Outcome:
        """Run up to 40 statements as one transaction: all of them are committed, or none.

        Raises:
            TransactionConflictError: lost against a concurrent transaction.
            CatalogChangedError: a table or column has come or gone.
            ObjectInTheWayError: something stands on a column that the transaction drops.
            StagedDataError: COPY cannot read the data.
            ConfigError: a right or a resource is missing.
            TransientError: anything else, time running out included. The transaction may still commit.
        """
        if not 1 <= len(statements) <= MAX_STATEMENTS:
            raise ValueError(f"a transaction has 1 to {MAX_STATEMENTS} statements, not {len(statements)}")
        if oversize := [sql for sql in statements if size_of(sql) > MAX_STATEMENT_BYTES]:
            raise ValueError(f"a statement has at most {MAX_STATEMENT_BYTES} bytes: {oversize[0][:80]}...")
        return Outcome(self, self._run(self._client.batch_execute_statement, Sqls=list(statements))["Id"])

    def check_time(self) -> None:
        """Stop before work that would not end in time.

        Raises:
            TransientError: the time is up.
        """
        if self.remaining_seconds() <= 0:
            raise TransientError("the time is up")

    def remaining_seconds(self) -> float:
        """Tell how long a wait may take."""
        return self._remaining_seconds()

    def fetch(self, statement_id: str) -> list[Row]:
        """Fetch all pages of a statement's result; numbers and texts as the Data API gives them, NULL as None."""
        result = self._fetch(statement_id)
        return [dict(zip(result.columns, row, strict=True)) for row in result.rows]

    def _fetch(self, statement_id: str) -> Table:
        rows: list[list[Any]] = []
        page: dict[str, str] = {}
        while True:
            result = self._call(self._client.get_statement_result, Id=statement_id, **page)
            rows += [list(map(_value, record)) for record in result["Records"]]
            if not result.get("NextToken"):
                return Table([column["name"] for column in result["ColumnMetadata"]], rows)
            page = {"NextToken": result["NextToken"]}

    def describe(self, statement_id: str) -> Mapping[str, Any]:
        """Return what the Data API tells of a statement, once that is over; wait for it while there is time.

        Raises:
            TransientError: the time is up.
        """
        while wait := self._wait_seconds():
            description = self._call(self._client.describe_statement, Id=statement_id, **wait)
            if description["Status"] in ENDED:
                return dict(description)
        raise TransientError(f"statement {statement_id} is still running and the time is up")

    def _run(self, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        """Run a statement or a batch; where the log-in is refused nothing has run, and it is tried again."""
        for pause in LOGIN_PAUSES:
            try:
                return self._run_once(operation, **request)
            except LoginRefusedError:
                if self._remaining_seconds() <= pause:
                    raise
            time.sleep(pause)
        return self._run_once(operation, **request)

    def _run_once(self, operation: Callable[..., Any], **request: Any) -> Mapping[str, Any]:
        """Submit and wait within one request, and return its answer; ask on only where that does not tell the end.

        The token makes one statement of it, however often it is submitted:
        https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html
        """
        request.setdefault("ClientToken", str(uuid.uuid4()))
        ended = self._call(operation, **self._arguments, **request, **self._wait_seconds())
        self._submitted(ended)
        if ended.get("Status") != "FINISHED" or "HasResultSet" not in ended:
            ended = self.describe(ended["Id"])
        if ended["Status"] != "FINISHED":
            error = _error(ended)
            if isinstance(error, LoginRefusedError):
                self._refused()
            raise error
        return dict(ended)

    def _submitted(self, response: Mapping[str, Any]) -> None:
        """Hook of the session: learn its id from the first response."""

    def _refused(self) -> None:
        """Hook of the session: there is none, since its log-in was refused."""

    def _wait_seconds(self) -> dict[str, int]:
        """Say how long the Data API shall wait for a statement's end: not at all, once the time is up."""
        left = self._remaining_seconds()
        return {"WaitTimeSeconds": max(1, min(MAX_WAIT_SECONDS, int(left)))} if left > 0 else {}

    def _call(self, operation: Callable[..., Any], **request: Any) -> Any:
        for attempt in range(1, SUBMIT_ATTEMPTS + 1):
            try:
                return operation(**request)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                if code in DENIED:
                    raise ConfigError(f"the Data API refuses: {error}") from error
                if code not in self.waits_for or attempt == SUBMIT_ATTEMPTS:
                    raise RefusedError(error, attempt) from error
            except BotoCoreError as error:
                raise TransientError(f"the Data API does not answer: {error}") from error
            time.sleep(backoff_seconds(attempt))
        raise AssertionError("unreachable: the last attempt returns or raises")


def backoff_seconds(attempt: int, first: float = 0.2, most: float = 5.0) -> float:
    """Choose a pause before the attempt after number `attempt`: exponential, with full jitter.

    https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
    """
    return random.uniform(0, min(most, first * 2**attempt))  # noqa: S311 - spreads load, guards nothing


def retry_conflicts(transaction: Callable[[], Outcome]) -> Outcome:
    """Run a transaction again, with jitter, while it loses against concurrent ones.

    Raises:
        TransactionConflictError: it lost every time.
    """
    for attempt in range(1, CONFLICT_ATTEMPTS):
        try:
            return transaction()
        except TransactionConflictError:
            time.sleep(backoff_seconds(attempt))
    return transaction()


def _parameters(parameters: Mapping[str, str] | None) -> dict[str, Any]:
    if not parameters:
        return {}
    return {"Parameters": [{"name": name, "value": value} for name, value in parameters.items()]}


def _value(field: Mapping[str, Any]) -> Any:
    """Take a value out of the Data API's wrapping, such as `{"longValue": 1}` or `{"isNull": True}`."""
    kind, value = next(iter(field.items()))
    return None if kind == "isNull" else value


def _error(description: Mapping[str, Any]) -> Exception:
    """Turn a failed statement or batch into the error that says who must act."""
    parts = description.get("SubStatements") or [description]
    index = next((number for number, part in enumerate(parts) if part.get("Status") == "FAILED"), 0)
    text = str(parts[index].get("Error") or description.get("Error") or f"ended {description['Status']}")
    return ERRORS.get(classify(text), TransientError)(text)


ERRORS: dict[Failure, type[Exception]] = {
    Failure.CONFLICT: TransactionConflictError,
    Failure.CATALOG_CHANGED: CatalogChangedError,
    Failure.IN_THE_WAY: ObjectInTheWayError,
    Failure.BAD_DATA: StagedDataError,
    Failure.LOGIN_REFUSED: LoginRefusedError,
    Failure.DENIED: ConfigError,
}
