"""The Data API client: rows and values, pages, sessions, errors that say who must act."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import (
    CatalogChangedError,
    ConfigError,
    LoginRefusedError,
    StagedDataError,
    TransactionConflictError,
    TransientError,
)
from ingest_lambda.warehouse import client, sessions
from ingest_lambda.warehouse.client import NO_MORE_SESSIONS, Target, retry_conflicts
from ingest_lambda.warehouse.failures import Failure, classify
from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.statements import MAX_STATEMENT_BYTES
from tests.land.warehouse import Land, new_dataset, target
from tests.support.waiting import wait_for

SLOW = "select count(*) from lock._bootstrap"


@contextmanager
def held(land: Land) -> Iterator[None]:
    """Hold the table that SLOW reads, behind the front's back."""
    facts = land.services.redshift
    login = {"user": facts["admin_user"], "password": facts["admin_password"], "dbname": facts["database"]}
    holder = psycopg2.connect(host=facts["host"], port=facts["postgres_port"], **login)
    with closing(holder), holder.cursor() as cursor:
        cursor.execute("lock table lock._bootstrap in access exclusive mode")
        yield


def test_a_query_gives_rows_with_null_as_none(land: Land) -> None:
    rows = land.warehouse.query("select 1 as n, cast('x' as varchar) as t, cast(null as bigint) as nothing, true as b")

    assert rows == [{"n": 1, "t": "x", "nothing": None, "b": True}]


class CountedApi:
    """The Data API client, whose calls are listed."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**request: Any) -> Any:
            self.calls.append(name)
            return operation(**request)

        return call


def test_what_ends_while_it_is_submitted_is_not_asked_about(land: Land) -> None:
    api: Any = CountedApi(land.client("redshift-data"))
    warehouse = Warehouse(api, target(land.settings))

    warehouse.query("select 1 as n")
    assert api.calls == ["execute_statement", "get_statement_result"]
    api.calls.clear()
    warehouse.execute("create temp table briefly (n bigint)")
    assert api.calls == ["execute_statement"]
    api.calls.clear()
    done = warehouse.transaction(["create temp table t (n bigint)", "insert into t select 1", "select n from t"])
    assert done.rows(2) == [{"n": 1}]
    assert api.calls == ["batch_execute_statement", "get_statement_result"]
    api.calls.clear()
    assert ([done.count(index) for index in (1, 2)], [done.has_rows(index) for index in (1, 2)]) == (
        [1, 1],
        [False, True],
    )
    assert api.calls == ["describe_statement"]


def test_an_answer_that_leaves_open_whether_there_are_rows_is_asked_about(land: Land) -> None:
    class Terse(CountedApi):
        def execute_statement(self, **request: Any) -> Any:
            answer = self._client.execute_statement(**request)
            return {name: value for name, value in answer.items() if name != "HasResultSet"}

    api: Any = Terse(land.client("redshift-data"))
    assert Warehouse(api, target(land.settings)).query("select 1 as n") == [{"n": 1}]


class Sessions(CountedApi):
    """The Data API client; `opened` are the submissions that log in, `at` the sessions of the others."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self.opened: list[dict[str, Any]] = []
        self.at: list[str] = []
        self.tokens: list[str] = []

    def execute_statement(self, **request: Any) -> Any:
        self.tokens.append(request["ClientToken"])
        if "SessionId" in request:
            self.at.append(request["SessionId"])
        else:
            self.opened.append(request)
        return self._client.execute_statement(**request)


def test_statements_one_after_the_other_log_in_once_and_at_once_each_for_itself(land: Land) -> None:
    api: Any = Sessions(land.client("redshift-data"))
    warehouse = Warehouse(api, target(land.settings))
    for _ in range(3):
        warehouse.query("select 1 as n")
    assert (len(api.opened), len(api.at), len(set(api.at))) == (1, 2, 1)

    with held(land):
        threads = [threading.Thread(target=warehouse.query, args=[SLOW]) for _ in range(2)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(api.opened) == 2, "a session for the statement that came second")
    for thread in threads:
        thread.join()
    assert {request["SessionKeepAliveSeconds"] for request in api.opened} == {sessions.POOLED_IDLE_SECONDS}


def test_a_statement_whose_session_is_gone_logs_in_anew(land: Land) -> None:
    api: Any = Sessions(land.client("redshift-data"))
    warehouse = Warehouse(api, target(land.settings))
    warehouse.query("select 1 as n")
    warehouse.query("select 1 as n")
    land.client("redshift-data").execute_statement(
        SessionId=api.at[0], Sql="select 1", SessionKeepAliveSeconds=0, WaitTimeSeconds=10
    )

    assert warehouse.query("select 2 as n") == [{"n": 2}]
    assert len(api.opened) == 2
    assert len(api.tokens) == len(set(api.tokens))  # what was refused does not run, so it is sent as another
    with pytest.raises(TransientError, match="refuses"):  # and what is refused in a new one too, is refused
        warehouse.query("x" * 200_000)


def test_a_statement_that_fails_leaves_its_session_to_nobody(land: Land) -> None:
    api: Any = Sessions(land.client("redshift-data"))
    warehouse = Warehouse(api, target(land.settings))
    warehouse.query("select 1 as n")
    with pytest.raises(TransientError):
        warehouse.query("select 1 / 0")
    warehouse.query("select 1 as n")

    assert (len(api.opened), len(api.at)) == (2, 1)


def refusal(code: str, retries: int = 0) -> ClientError:
    """Refuse a submission, which boto3 has sent so many times before."""
    metadata: Any = {"RetryAttempts": retries}
    return ClientError({"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": metadata}, "ExecuteStatement")


@pytest.mark.parametrize("lost", ["by us", "by boto3"])
def test_what_may_be_running_is_not_sent_to_another_session(
    land: Land, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(client, "backoff_seconds", lambda _: 0.0)
    name = new_dataset()
    land.warehouse.execute(f"create table landing.{name} (n bigint)")

    class Lossy(Sessions):
        """The Data API that loses its answer to an insert, and says of the session then that it is busy."""

        def execute_statement(self, **request: Any) -> Any:
            if not request["Sql"].startswith("insert"):
                return super().execute_statement(**request)
            if request["ClientToken"] in self.tokens and "SessionId" in request:
                raise refusal(sessions.GONE)
            answer = super().execute_statement(**request)
            if "SessionId" not in request:
                return answer
            raise refusal("ThrottlingException") if lost == "by us" else refusal(sessions.GONE, retries=1)

    api: Any = Lossy(land.client("redshift-data"))
    warehouse = Warehouse(api, target(land.settings))
    warehouse.query("select 1 as n")
    with pytest.raises(TransientError, match="refuses"):
        warehouse.execute(f"insert into landing.{name} select 1")

    assert land.rows(f"select n from landing.{name}") == [{"n": 1}]  # noqa: S608 - the test's own


def test_where_no_more_sessions_are_to_be_had_statements_run_without_and_wait_for_none(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[int] = []
    monkeypatch.setattr(client, "backoff_seconds", lambda attempt: pauses.append(attempt) or 0.0)  # type: ignore[func-returns-value]

    class Full(Sessions):
        asked = 0

        def execute_statement(self, **request: Any) -> Any:
            if "SessionKeepAliveSeconds" in request:
                self.asked += 1
                raise refusal(NO_MORE_SESSIONS)
            return super().execute_statement(**request)

    api: Any = Full(land.client("redshift-data"))
    warehouse = Warehouse(api, target(land.settings))

    for number in range(3):
        assert warehouse.query(f"select {number} as n") == [{"n": number}]
    assert (api.asked, len(api.opened), pauses) == (1, 3, [])
    warehouse._full_until = 0.0  # as some seconds later
    warehouse.query("select 1 as n")
    assert api.asked == 2


def test_a_statement_that_may_still_run_leaves_its_session_to_itself(land: Land) -> None:
    left = iter([1.0, -1.0])
    api: Any = Sessions(land.client("redshift-data"))
    warehouse = Warehouse(api, target(land.settings), lambda: next(left, 60.0))
    with held(land), pytest.raises(TransientError, match="time is up"):
        warehouse.query(SLOW)

    assert warehouse.query("select 1 as n") == [{"n": 1}]
    assert (len(api.opened), api.at) == (2, [])


def test_what_outlasts_its_submission_is_waited_for(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_WAIT_SECONDS", 1)
    api: Any = CountedApi(land.client("redshift-data"))
    found: list[Any] = []
    with held(land):
        thread = threading.Thread(target=lambda: found.extend(Warehouse(api, target(land.settings)).query(SLOW)))
        thread.start()
        wait_for(lambda: "describe_statement" in api.calls, "the second request")
    thread.join()

    assert len(found) == 1
    assert api.calls[0] == "execute_statement"
    assert api.calls[-1] == "get_statement_result"
    assert set(api.calls[1:-1]) == {"describe_statement"}


def test_what_is_submitted_again_runs_once(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "backoff_seconds", lambda _: 0.0)
    name = new_dataset()
    land.warehouse.execute(f"create table landing.{name} (n bigint)")

    class Refused(CountedApi):
        """The Data API whose first submission runs, and is answered as if it had been refused."""

        def execute_statement(self, **request: Any) -> Any:
            self.calls.append("execute_statement")
            answer = self._client.execute_statement(**request)
            if len(self.calls) == 1:
                raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "injected"}}, "ExecuteStatement")
            return answer

    api: Any = Refused(land.client("redshift-data"))
    Warehouse(api, target(land.settings)).execute(f"insert into landing.{name} select 1")

    assert api.calls == ["execute_statement", "execute_statement"]
    assert land.count(f"landing.{name}") == 1


def test_parameters_are_values_and_never_sql(land: Land) -> None:
    hostile = "x' or '1'='1'; drop table y; -- \\"

    assert land.warehouse.query("select :it as said", {"it": hostile}) == [{"said": hostile}]


def test_a_result_of_many_pages_comes_whole(land: Land) -> None:
    digits = " union all ".join(f"select {digit} as d" for digit in range(10))
    tables = ", ".join(f"({digits}) t{number}" for number in range(4))

    rows = land.warehouse.query(f"select t0.d, repeat('x', 200) as wide from {tables}")  # noqa: S608 - the test's own

    assert len(rows) == 10_000


def test_a_transaction_that_fails_at_its_end_leaves_nothing(land: Land) -> None:
    name = new_dataset()

    with pytest.raises(CatalogChangedError):
        land.warehouse.transaction([f"create table landing.{name} (id bigint)", "insert into landing.nowhere select 1"])

    assert land.count(f"landing.{name}") == 0
    assert land.rows(f"select 1 from svv_columns where table_name = '{name}'") == []  # noqa: S608 - the test's own


def test_a_session_keeps_its_temporary_tables_and_is_lent_again(land: Land) -> None:
    warehouse = Warehouse(land.client("redshift-data"), target(land.settings))
    with warehouse.session() as session:
        session.transaction(["create temp table kept (id bigint)", "insert into kept select 1"])
    with warehouse.session() as session:
        assert session.query("select id from kept") == [{"id": 1}]
    with pytest.raises(TransientError), warehouse.session() as session:
        session.query("select 1 / 0")
    with warehouse.session() as session, pytest.raises(CatalogChangedError):
        session.query("select id from kept")


def test_a_session_in_which_something_failed_is_ended_at_once(land: Land) -> None:
    client = land.client("redshift-data")
    warehouse = Warehouse(client, target(land.settings))
    with pytest.raises(TransientError), warehouse.session() as session:
        session.query("select 1 / 0")

    def is_gone() -> bool:
        with pytest.raises(TransientError) as refused:
            session.query("select 1")
        return "does not exist" in str(refused.value)

    wait_for(is_gone, "the session to end")


def test_a_busy_session_is_left_to_expire_and_what_failed_is_still_told(land: Land) -> None:
    left = iter([1.0, -1.0])
    warehouse = Warehouse(land.client("redshift-data"), target(land.settings), lambda: next(left, 60.0))
    with held(land), pytest.raises(TransientError, match="time is up"), warehouse.session() as session:
        session.query(SLOW)


@pytest.mark.parametrize("refusals", [2, 99])
def test_a_refused_password_is_tried_again_for_a_while(
    land: Land, monkeypatch: pytest.MonkeyPatch, refusals: int
) -> None:
    monkeypatch.setattr(client, "LOGIN_PAUSES", (0.0, 0.0, 0.0))
    secrets, arn = land.client("secretsmanager"), target(land.settings).secret_arn
    true = secrets.get_secret_value(SecretId=arn)["SecretString"]
    false = json.dumps({**json.loads(true), "password": "Another1"})
    secret = secrets.create_secret(Name=new_dataset(), SecretString=false)["ARN"]

    class Rotating:
        """The Data API while a rotation is under way: after so many log-ins the secret has the user's password."""

        def __init__(self, client: Any) -> None:
            self._client, self.logins = client, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._client, name)

        def execute_statement(self, **request: Any) -> Any:
            self.logins += "SecretArn" in request
            if self.logins == refusals + 1:
                secrets.put_secret_value(SecretId=secret, SecretString=true)
            return self._client.execute_statement(**request)

    api: Any = Rotating(land.client("redshift-data"))
    warehouse = Warehouse(api, replace(target(land.settings), secret_arn=secret))
    if refusals > 3:
        with pytest.raises(LoginRefusedError, match="password authentication failed"), warehouse.session() as session:
            session.query("select 1 as n")
        assert api.logins == 4
        return
    with warehouse.session() as session:
        session.execute("create temp table kept (n bigint)")
        assert session.query("select n from kept") == []
    assert api.logins == refusals + 1


def test_a_lost_race_is_a_conflict_and_is_run_again(land: Land) -> None:
    name = new_dataset()
    land.warehouse.transaction([f"create table landing.{name} (n bigint)", f"insert into landing.{name} select 0"])
    warehouses = [Warehouse(land.client("redshift-data"), target(land.settings)) for _ in range(4)]
    increment = [f"select n from landing.{name}", f"update landing.{name} set n = n + 1"]  # noqa: S608 - the test's own
    at_once = threading.Barrier(len(warehouses))

    def run(warehouse: Warehouse) -> None:
        at_once.wait()
        for _ in range(3):
            retry_conflicts(lambda: warehouse.transaction(increment))

    threads = [threading.Thread(target=run, args=[warehouse]) for warehouse in warehouses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert land.rows(f"select n from landing.{name}") == [{"n": 12}]  # noqa: S608 - the test's own


def test_a_statement_that_outlasts_the_time_is_transient(land: Land) -> None:
    left = iter([1.0, -1.0])
    warehouse = Warehouse(land.client("redshift-data"), target(land.settings), lambda: next(left))

    with held(land), pytest.raises(TransientError, match="time is up"):
        warehouse.query(SLOW)


def test_a_user_without_the_right_is_the_operators_matter(land: Land) -> None:
    with pytest.raises(ConfigError, match="permission denied"):
        land.warehouse.transaction(["create table modeled.intruder (id bigint)"])


def test_a_batch_beyond_the_limits_is_not_sent(land: Land) -> None:
    with pytest.raises(ValueError, match="1 to 40"):
        land.warehouse.transaction(["select 1"] * 41)
    with pytest.raises(ValueError, match="at most"):
        land.warehouse.transaction(["select '" + "x" * MAX_STATEMENT_BYTES + "'"])


class BusyApi:
    """Refuses the first calls as the Data API does under load; `refusals` counts down."""

    def __init__(self, client: Any, code: str, refusals: int) -> None:
        self._client = client
        self._code = code
        self.refusals = refusals

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**request: Any) -> Any:
            if self.refusals:
                self.refusals -= 1
                raise ClientError({"Error": {"Code": self._code, "Message": "injected"}}, name)
            return operation(**request)

        return call


@pytest.mark.parametrize("code", ["ActiveStatementsExceededException", "ThrottlingException"])
def test_a_busy_data_api_is_asked_again(land: Land, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(client, "backoff_seconds", lambda _: 0.0)
    api: Any = BusyApi(land.client("redshift-data"), code, refusals=3)

    assert Warehouse(api, target(land.settings)).query("select 1 as n") == [{"n": 1}]

    api.refusals = 99
    with pytest.raises(TransientError):
        Warehouse(api, target(land.settings)).query("select 1 as n")


def test_a_denied_call_is_the_operators_matter(land: Land) -> None:
    api: Any = BusyApi(land.client("redshift-data"), "AccessDeniedException", refusals=1)

    with pytest.raises(ConfigError):
        Warehouse(api, target(land.settings)).query("select 1")


def test_a_target_names_a_workgroup_or_a_cluster() -> None:
    assert Target("db", "arn", workgroup="w").arguments()["WorkgroupName"] == "w"
    assert Target("db", "arn", cluster_id="c").arguments()["ClusterIdentifier"] == "c"


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (
            "ERROR: 1023 DETAIL: Serializable isolation violation on table - 111, transactions forming the cycle",
            "CONFLICT",
        ),
        ("ERROR: could not serialize access due to concurrent update", "CONFLICT"),
        ("ERROR: Could not complete because of conflict with concurrent transaction", "CONFLICT"),
        ("ERROR: deadlock detected", "CONFLICT"),
        ('ERROR: relation "landing.orders" does not exist', "CATALOG_CHANGED"),
        ('ERROR: column "x" of relation "orders" already exists', "CATALOG_CHANGED"),
        ("ERROR: Spectrum Scan Error Detail: error: Spectrum Scan Error code: 15001 context: bad page", "BAD_DATA"),
        ("ERROR: Spectrum Scan Error code:      15007 context: has an incompatible Parquet schema", "BAD_DATA"),
        ("code: 15001 context: The length of the data column c1 is longer than the length defined", "BAD_DATA"),
        ("ERROR: Spectrum Scan Error code: 15003 context: content_length", "UNKNOWN"),
        ('ERROR: column "1023" of relation "orders" already exists', "CATALOG_CHANGED"),
        ("ERROR: column orders.1023 does not exist", "CATALOG_CHANGED"),
        ('ERROR: column "deadlock detected" of relation "orders" already exists', "CATALOG_CHANGED"),
        ('ERROR: column "value too long for "it"" of relation "orders" does not exist', "CATALOG_CHANGED"),
        ('ERROR: relation "permission denied" already exists', "CATALOG_CHANGED"),
        ('ERROR: cannot cast type super to integer in column "code: 15001"', "UNKNOWN"),
        ("ERROR: permission denied for schema modeled", "DENIED"),
        ('ERROR: permission denied for relation "division by zero"', "DENIED"),
        ('FATAL: password authentication failed for user "landfall_loader"', "LOGIN_REFUSED"),
        ("ERROR: S3ServiceException: Please reduce your request rate, Status 503", "UNKNOWN"),
        ("ERROR: division by zero", "CATALOG_CHANGED"),
        ("ERROR: out of memory", "UNKNOWN"),
        ("", "UNKNOWN"),
    ],
)
def test_an_error_text_is_classified_and_what_is_unknown_is_transient(text: str, failure: str) -> None:
    assert classify(text) is Failure[failure]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ERROR: 1023", TransactionConflictError),
        ("ERROR: relation x does not exist", CatalogChangedError),
        ("code: 15001", StagedDataError),
        ("permission denied for x", ConfigError),
        ("a new message", TransientError),
    ],
)
def test_a_failed_batch_raises_what_its_failed_statement_says(text: str, expected: type[Exception]) -> None:
    parts = [{"Status": "FINISHED"}, {"Status": "FAILED", "Error": text}, {"Status": "ABORTED"}]
    api: Any = FailingApi({"Id": "1", "Status": "FAILED", "SubStatements": parts})

    with pytest.raises(expected) as caught:
        Warehouse(api, Target("db", "arn", workgroup="w")).transaction(["a", "b", "c"])
    assert getattr(caught.value, "index", 1) == 1


class FailingApi:
    """A Data API on which every batch ends as told."""

    def __init__(self, description: dict[str, Any]) -> None:
        self._description = description

    def batch_execute_statement(self, **_: Any) -> dict[str, Any]:
        return {"Id": "1", "SessionId": "1"}

    def describe_statement(self, **_: Any) -> dict[str, Any]:
        return self._description
