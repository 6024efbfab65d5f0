"""CancelStatement ends a statement whenever it comes: before PostgreSQL has it, while it runs, when it has ended."""

from __future__ import annotations

import threading
from typing import Any

import psycopg2  # type: ignore[import-untyped]  # psycopg2 ships no types
import pytest

from local.redshift.data_runner import Runner, run_part
from local.redshift.data_statement import Statement

SECONDS = 20


class Backend:
    """A session of PostgreSQL's that is not there yet for the first cancels."""

    description, rowcount = None, 1

    def __init__(self, deaf_to: int) -> None:
        self.canceled = 0
        self._deaf_to = deaf_to
        self.has_begun, self._ends = threading.Event(), threading.Event()

    def cancel(self, _pid: int) -> None:
        self.canceled += 1
        if self.canceled > self._deaf_to:
            self._ends.set()

    def execute(self, _sql: str) -> None:
        self.has_begun.set()
        if not self._ends.wait(SECONDS):
            raise AssertionError("was not canceled")
        raise psycopg2.errors.QueryCanceled


@pytest.fixture
def statement() -> Statement:
    statement = Statement({"Database": "d"}, ["select 1"], is_batch=False)
    statement.become("STARTED")
    return statement


@pytest.mark.parametrize("deaf_to", [0, 3])
def test_a_cancel_that_comes_before_the_statement_is_sent_again(statement: Statement, deaf_to: int) -> None:
    backend: Any = Backend(deaf_to)
    runs = threading.Thread(target=run_part, args=(statement.parts[0], backend, statement))
    runs.start()
    assert backend.has_begun.wait(SECONDS)
    Runner("host", 1, "token", backend.cancel).cancel(statement)
    runs.join(SECONDS)
    assert (statement.parts[0].status, backend.canceled) == ("ABORTED", deaf_to + 1)


def test_what_is_canceled_before_it_is_sent_is_never_sent(statement: Statement) -> None:
    backend: Any = Backend(0)
    Runner("host", 1, "token", backend.cancel).cancel(statement)
    run_part(statement.parts[0], backend, statement)
    assert (statement.parts[0].status, backend.canceled, backend.has_begun.is_set()) == ("ABORTED", 0, False)


def test_a_cancel_behind_the_end_does_not_reach_what_the_session_runs_next(statement: Statement) -> None:
    backend: Any = Backend(0)
    assert statement.begin_part()
    statement.end_part()
    Runner("host", 1, "token", backend.cancel).cancel(statement)
    assert backend.canceled == 0
