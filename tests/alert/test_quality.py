"""ALERT: what runs recorded, as trend, score and history; each read as the reader, who asks for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from ingest_lambda.errors import ConfigError
from landfall.deploy import bootstrap
from landfall.operate import gates
from tests.support.model_warehouse import ModelWarehouse
from tests.support.warehouse_seed import Warehouse, login

RESULTS = [
    ("r-1", "orders__volume", "fail", "error", 5, "2025-11-13 12:00:00"),
    ("r-1", "orders__freshness", "pass", "warn", 0, "2025-11-13 12:00:00"),
    ("r-2", "orders__volume", "pass", "error", 0, "2025-11-14 12:00:00"),
    ("r-2", "orders__freshness", "skipped", "warn", None, "2025-11-14 12:00:00"),
]


UNIT_TESTS = (
    "a_days_last_word_and_its_change",
    "what_stops_weighs_twice",
    "rows_in_quarantine_lower_the_score",
)


@pytest.fixture(scope="module")
def reader(worker_warehouse: ModelWarehouse) -> Iterator[Warehouse]:
    """Return a session of the reader, after two runs of two gates, and after the views' own unit tests."""
    worker_warehouse.empty()
    environment = worker_warehouse.environment
    values = ", ".join(
        f"('{run}', '{gate}', 'int_orders__checked', '{status}', '{severity}', "
        f"{'null' if failures is None else failures}, null, timestamp '{at}')"
        for run, gate, status, severity, failures, at in RESULTS
    )
    columns = "run_id, gate, model, status, severity, failures, message, executed_at"
    worker_warehouse.loader.run(
        f"insert into ops.gate_results ({columns}) values {values}",  # noqa: S608 - the rows above
        "insert into ops.checked_rows values "
        "('r-1', 'orders', 'order_summary', 0, 1, 0, 5, 0, timestamp '2025-11-13 12:00:00'), "
        "('r-2', 'orders', 'order_summary', 0, 2, 3, 1, 0, timestamp '2025-11-14 12:00:00')",
        "insert into ops.runs values ('r-1', 'build', 'gate_failed', timestamp '2025-11-13 11:59:00', "
        "timestamp '2025-11-13 12:00:00', 8, 2, 1)",
    )
    tested = worker_warehouse.dbt("test", "--select", "path:dbt_project/models/alert,test_type:unit")
    assert tested.success, tested.messages
    assert [tested.status(name) for name in UNIT_TESTS] == ["pass"] * len(UNIT_TESTS)
    facts = {
        "host": environment["LANDFALL_REDSHIFT_HOST"],
        "wire_port": int(environment["LANDFALL_REDSHIFT_PORT"]),
        "database": environment["LANDFALL_REDSHIFT_DATABASE"],
    }
    user = bootstrap.Login(bootstrap.READER, "Reader-password-1")
    worker_warehouse.admin.run(*bootstrap.user_statements([user], {bootstrap.READER}))
    with login(facts, user.username, user.password) as session:
        yield session


def test_the_trend_shows_each_gate_s_last_word_of_a_day_and_what_changed(reader: Warehouse) -> None:
    rows = reader.rows(
        "select gate, last_status, failed_runs, last_failures, failures_change from alert.gate_trend "
        "order by result_date, gate"
    )
    assert [tuple(row) for row in rows] == [
        ("orders__freshness", "pass", 0, 0, None),
        ("orders__volume", "fail", 1, 5, None),
        ("orders__volume", "pass", 0, 0, -5),
    ]


def test_the_score_weighs_what_stops_the_upsert_twice_and_counts_rows(reader: Warehouse) -> None:
    rows = reader.rows(
        "select subject, gates, checked_rows, quality_score from alert.quality_score order by result_date"
    )
    assert [(subject, gates, checked, float(score)) for subject, gates, checked, score in rows] == [
        ("orders", 2, 5, 0.0),
        ("orders", 1, 4, 75.0),
    ]


def test_the_history_keeps_every_run_with_its_length(reader: Warehouse) -> None:
    rows = reader.rows("select outcome, failed, seconds from alert.run_history where run_id = 'r-1'")
    assert [tuple(row) for row in rows] == [("gate_failed", 1, 60)]
    recorded = reader.rows("select command, outcome from alert.run_history where run_id <> 'r-1'")
    assert [tuple(row) for row in recorded] == [("test", "succeeded")]


@dataclass(frozen=True)
class TextSession:
    """A session that answers as the Data API does: a mapping a row, times as text."""

    session: Warehouse

    def query(self, sql: str) -> Sequence[dict[str, Any]]:
        """Return what a query answers."""
        with self.session.connection.cursor() as cursor:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description]
            plain = (int, str, type(None))
            rows = [[value if isinstance(value, plain) else str(value) for value in row] for row in cursor.fetchall()]
        return [dict(zip(names, row, strict=True)) for row in rows]


EVER = 100_000  # days


def test_the_command_shows_each_gate_s_last_word_with_its_runs_and_the_score(reader: Warehouse) -> None:
    freshness, volume = sorted(gates.last_results(TextSession(reader), EVER), key=lambda line: line.gate)
    assert (volume.status, volume.failures, volume.change) == ("pass", 0, -5)
    assert (volume.runs, volume.failed_runs, volume.asked_at) == (2, 1, "2025-11-14T12:00:00.000000Z")
    assert (freshness.status, freshness.runs) == ("pass", 1)
    (score,) = gates.scores(TextSession(reader), EVER)
    assert (score.subject, score.score, score.average, score.day) == ("orders", 75.0, 37.5, "2025-11-14")
    assert (score.rows, score.quarantined) == (4, 1)


def test_the_command_says_whether_something_is_stopped_now(worker_warehouse: ModelWarehouse, reader: Warehouse) -> None:
    assert not gates.is_stopped(gates.last_results(TextSession(reader), EVER))
    worker_warehouse.loader.run(
        "insert into ops.gate_results values "
        "('r-9', 'orders__volume', 'int_orders__checked', 'fail', 'error', 1, null, timestamp '2025-11-15 12:00:00')"
    )
    lines = gates.last_results(TextSession(reader), EVER)
    assert gates.is_stopped(lines)
    assert lines[0].gate == "orders__volume"
    worker_warehouse.loader.run("delete from ops.gate_results where run_id = 'r-9'")


class Nothing:
    """A warehouse in which dbt has built nothing."""

    def query(self, sql: str) -> Sequence[dict[str, Any]]:
        """Return no rows."""
        assert "svv_tables" in sql
        return []


def test_before_the_first_run_the_command_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="landfall transform --wait"):
        gates.last_results(Nothing(), EVER)
