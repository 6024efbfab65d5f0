"""MODEL: sessions that nodes share: one borrower at a time, nothing left behind, none open when an action has ended."""

import json
import os
import re
import select
import threading
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace as Object
from typing import Any

import pytest
import redshift_connector
import sqlparse
from aws_lambda_powertools import Logger
from dbt.adapters.factory import FACTORY
from dbt.adapters.redshift.impl import RedshiftAdapter as StockAdapter
from hypothesis import given
from hypothesis import strategies as st
from redshift_connector.error import InterfaceError, ProgrammingError

from local.home import ROOT
from local.services import aws_environment
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from tests.support.model_warehouse import ModelWarehouse
from tests.support.order_rows import order, orders_file
from tests.support.waiting import wait_for
from transform_lambda import adapter, handler
from transform_lambda import login as login_module
from transform_lambda.build import Builder
from transform_lambda.dbt_runtime import connected
from transform_lambda.errors import ConfigError
from transform_lambda.login import PASSWORD_VARIABLE, SECRET_VARIABLE
from transform_lambda.sessions import POOL, Pool, Session

BUILDER = Builder(ROOT, Logger(service="test"))
PLAN = {"select": ["source:landing.order_summary+"], "full_refresh": False}
OPEN = "select count(*) from pg_stat_activity where usename = 'landfall_transformer'"

Login = Callable[[], Any]

COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
TOKENS = ("select 1", ";", "/* a; b */", "-- c; d\n", "'e; f'", "'it''s; g'", '"h; i"', "$$ j; k $$", "(a)")


@pytest.fixture
def ready(built_warehouse: ModelWarehouse, monkeypatch: pytest.MonkeyPatch) -> ModelWarehouse:
    """A warehouse in which everything has been built over nothing, and the environment of the function."""
    for name, value in built_warehouse.environment.items():
        monkeypatch.setenv(name, value)
    return built_warehouse


@pytest.fixture
def login(ready: ModelWarehouse) -> Login:
    """A way to log in as the transformer."""

    def connect() -> Any:
        connection = redshift_connector.connect(
            host=os.environ["LANDFALL_REDSHIFT_HOST"],
            port=int(os.environ["LANDFALL_REDSHIFT_PORT"]),
            database=os.environ["LANDFALL_REDSHIFT_DATABASE"],
            user=os.environ["LANDFALL_REDSHIFT_USER"],
            password=os.environ["DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD"],
            ssl=False,
        )
        connection.autocommit = True
        return connection

    return connect


@pytest.fixture
def pool() -> Iterator[Pool]:
    """An empty pool, which waits for nobody."""
    pool = Pool(patience_seconds=0)
    yield pool
    pool.close()


def value(session: Session, sql: str) -> Any:
    """Return the first value of the first row."""
    return session.cursor().execute(sql).fetchone()[0]


def pid(session: Session) -> int:
    """Return the server's process of a session."""
    return int(value(session, "select pg_backend_pid()"))


def kill(warehouse: ModelWarehouse, session: Session, process: int) -> None:
    """Have the server end a session, and wait until it has said so."""
    warehouse.admin.run(f"select pg_terminate_backend({process})")
    wait_for(lambda: select.select([session.connection._usock], [], [], 0)[0], "the session's end")


def test_a_session_serves_one_borrower_at_a_time_and_then_the_next(pool: Pool, login: Login) -> None:
    with pool.lending(login) as first, pool.lending(login) as second:
        pids = {pid(first), pid(second)}
        assert len(pids) == 2
    with pool.lending(login) as third:
        assert third not in (first, second)
        assert pid(third) in pids


def test_who_comes_while_all_are_lent_waits_a_moment_for_one_to_come_back(login: Login) -> None:
    pool = Pool(patience_seconds=60)
    first = pool.take(login)
    expected = pid(first)
    giving = threading.Timer(0.2, first.close)
    giving.start()
    with pool.lending(login) as second:
        assert pid(second) == expected
    giving.join()
    pool.close()


def test_a_transaction_that_was_left_open_is_rolled_back_and_spans_no_two_borrowers(
    ready: ModelWarehouse, pool: Pool, login: Login
) -> None:
    with pool.lending(login) as first:
        first.cursor().execute("BEGIN")
        first.cursor().execute("insert into ops.alerts (kind, fingerprint, sent_at) values ('left', 'f', getdate())")
        expected = pid(first)
    with pool.lending(login) as second:
        assert pid(second) == expected
        assert not second.connection.in_transaction
    assert ready.loader.value("select count(*) from ops.alerts where kind = 'left'") == 0


def test_a_transaction_in_which_nothing_was_asked_is_never_begun(pool: Pool, login: Login) -> None:
    with pool.lending(login) as session:
        session.cursor().execute("BEGIN")
        assert not session.connection.in_transaction
        session.cursor().execute("COMMIT")
        session.cursor().execute("/* dbt's comment */ begin;")
        value(session, "select 1")
        assert session.connection.in_transaction
        session.cursor().execute("commit")
        assert not session.connection.in_transaction


def test_a_temporary_table_of_dbt_s_is_gone_when_its_transaction_or_its_borrower_ends(pool: Pool, login: Login) -> None:
    making = 'create temporary table "orders__dbt_tmp1234" (a int)'
    with pool.lending(login) as first:
        cursor = first.cursor()
        for sql in ("begin", making, "commit", making):
            cursor.execute(sql)
        expected = pid(first)
    with pool.lending(login) as second:
        assert pid(second) == expected
        second.cursor().execute(making)
        second.cursor().execute("begin")
        second.rollback()


@pytest.mark.parametrize(
    "leaving", ["create temp table left_here (a int)", "create temporary table left_here as select 1 as a"]
)
def test_a_session_with_anybody_else_s_temporary_table_is_not_lent_again(
    pool: Pool, login: Login, leaving: str
) -> None:
    with pool.lending(login) as first:
        first.cursor().execute(leaving)
        expected = pid(first)
    with pool.lending(login) as second:
        assert pid(second) != expected
        with pytest.raises(ProgrammingError, match="left_here"):
            second.cursor().execute("select * from left_here")


def test_a_setting_is_reset_before_the_next_borrower(pool: Pool, login: Login) -> None:
    with pool.lending(login) as first:
        before = value(first, "select current_setting('statement_timeout')")
        first.cursor().execute("set statement_timeout to 12345")
        assert value(first, "select current_setting('statement_timeout')") != before
        expected = pid(first)
    with pool.lending(login) as second:
        assert pid(second) == expected
        assert value(second, "select current_setting('statement_timeout')") == before


def test_a_session_that_cannot_be_cleaned_is_closed(pool: Pool, login: Login) -> None:
    with pool.lending(login) as first:
        expected = pid(first)
        first.connection._usock.close()
        first.connection._sock.close()
    with pool.lending(login) as second:
        assert pid(second) != expected


def test_a_session_that_the_server_ended_between_two_borrowers_is_replaced(
    ready: ModelWarehouse, pool: Pool, login: Login
) -> None:
    with pool.lending(login) as first:
        expected = pid(first)
    kill(ready, first, expected)
    with pool.lending(login) as second:
        assert pid(second) != expected


def test_ending_a_session_that_has_come_back_hits_nobody(pool: Pool, login: Login) -> None:
    with pool.lending(login) as first:
        first.pid = pid(first)
    with pool.lending(login) as second:
        assert second.pid == first.pid
        assert pool.doom(first) is None
        assert pool.doom(second) == second.pid
    with pool.lending(login) as third:
        assert third.pid is None


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=9).map(lambda tokens: " ".join(["select 1", *tokens])))
def test_statements_end_where_sqlparse_says(sql: str) -> None:
    def words(statements: list[str]) -> list[list[str]]:
        """Leave comments out: one behind a statement may go with it or with the next."""
        return [said for statement in statements if (said := COMMENT.sub("", statement).split()) not in ([], [";"])]

    assert words(adapter.statements_of(sql)) == words(sqlparse.split(sql))


def test_a_backslash_escapes_the_quote_behind_it_as_in_redshift() -> None:
    assert adapter.statements_of(r"select 'it\'s; one'; select 2") == [r"select 'it\'s; one';", "select 2"]


def test_a_build_opens_few_sessions(ready: ModelWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    logins: list[str] = []
    connect = redshift_connector.connect

    def count(**options: Any) -> Any:
        logins.append(options["user"])
        return connect(**options)

    monkeypatch.setattr(redshift_connector, "connect", count)
    ready.loader.land(orders_file("one", [order("o-1"), order("o-2", "unheard of")]))
    result = BUILDER.build(PLAN)
    assert result["outcome"] == "succeeded"
    assert 1 <= len(logins) <= 4
    assert ready.transformer.rows("select order_id from modeled.orders") == [("o-1",)]


@pytest.mark.parametrize("is_renewed", [True, False])
def test_a_password_that_was_rotated_is_read_again_when_it_is_refused(
    ready: ModelWarehouse, local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch, is_renewed: bool
) -> None:
    monkeypatch.setattr(login_module, "RENEWAL_PAUSES", (0.0, 0.0))
    ready.loader.land(orders_file("one", [order("o-1")]))
    value = json.dumps({"password": os.environ[PASSWORD_VARIABLE] if is_renewed else "Another1"})
    secret = local_aws.client("secretsmanager").create_secret(Name=unique("rotated"), SecretString=value)["ARN"]
    for name, text in aws_environment(local_aws.ports).items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv(SECRET_VARIABLE, secret)
    monkeypatch.setenv(PASSWORD_VARIABLE, "Rotated1")  # what a warm function has
    if not is_renewed:
        with pytest.raises(ConfigError, match="landfall rotate"), connected() as query:
            query("select 1")
    result = BUILDER.build(PLAN)
    assert result["outcome"] == ("succeeded" if is_renewed else "error")
    assert ready.transformer.rows("select order_id from modeled.orders") == [("o-1",)] * is_renewed


def test_a_session_killed_between_two_nodes_fails_no_node(
    ready: ModelWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.loader.land(orders_file("one", [order("o-1")]))
    killed: list[int] = []
    give_back = Pool.give_back

    def kill_what_came_back(pool: Pool, session: Session) -> None:
        give_back(pool, session)
        if session.pid and session.pid not in killed and len(killed) < 3:
            killed.append(session.pid)
            kill(ready, session, session.pid)

    monkeypatch.setattr(Pool, "give_back", kill_what_came_back)
    result = BUILDER.build(PLAN)
    assert len(killed) == 3
    assert (result["outcome"], result["errors"]) == ("succeeded", [])
    assert ready.transformer.rows("select order_id from modeled.orders") == [("o-1",)]


def test_the_session_of_a_cancelled_node_is_ended_and_never_lent_again(ready: ModelWarehouse) -> None:
    BUILDER.build(PLAN)
    dbt_adapter: Any = FACTORY.lookup_adapter("redshift")
    started = threading.Event()
    told: list[BaseException] = []

    def work() -> None:
        with dbt_adapter.connection_named("model.landfall.slow"):
            dbt_adapter.execute("select 1")
            started.set()
            try:
                dbt_adapter.execute("lock lock._model_orders")
            except Exception as error:
                told.append(error)

    ready.admin.run("begin", "lock lock._model_orders")
    thread = threading.Thread(target=work)
    with POOL.held():
        thread.start()
        started.wait(20)
        with dbt_adapter.connection_named("master"):
            dbt_adapter.cancel_open_connections()
        thread.join(20)
        assert not thread.is_alive()
        assert [idle.is_doomed for idle in POOL._idle] == [False]
    ready.admin.run("rollback")
    assert len(told) == 1


@pytest.mark.parametrize("breaks", [False, True])
def test_no_session_is_open_and_no_lock_is_held_once_an_action_has_ended(
    ready: ModelWarehouse, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    before = ready.admin.value(OPEN)

    def act(_event: Mapping[str, Any], _settings: Any, _context: Any) -> dict[str, Any]:
        with connected() as query:
            query("select 1")
        session = POOL.take(lambda: pytest.fail("one is idle"))
        session.cursor().execute("begin")
        session.cursor().execute("lock lock._model_orders")
        assert ready.admin.value(OPEN) == before + 1
        if breaks:
            raise InterfaceError("what is lost while it is lent")
        return {}

    monkeypatch.setitem(handler.ACTIONS, "act", act)
    monkeypatch.setattr(handler, "settings", lambda: Object(bucket="none"))
    monkeypatch.setattr(handler, "s3", lambda: None)
    context: Any = Object(
        function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn:f", aws_request_id="r", log_stream_name="s"
    )
    try:
        handler.handler({"action": "act", "execution": "e"}, context)
    except InterfaceError:
        assert breaks
    ready.admin.run("begin", "lock lock._model_orders", "rollback")
    assert ready.admin.value(OPEN) == before


def test_a_person_s_dbt_in_the_same_process_is_the_stock_one(ready: ModelWarehouse) -> None:
    BUILDER.build(PLAN)
    shared: Any = FACTORY.lookup_adapter("redshift")
    assert ready.dbt("run", "--select", "stg_orders", by_hand=True).success
    stock: Any = FACTORY.lookup_adapter("redshift")
    assert (type(shared), type(stock)) == (adapter.RedshiftAdapter, StockAdapter)
