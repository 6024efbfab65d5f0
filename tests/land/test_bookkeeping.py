"""What runs have recorded is let go after so many days, and no plan decides otherwise for it."""

# ruff: noqa: S608 - the test's own rows

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.reconcile.bookkeeping import TABLES, prune
from ingest_lambda.warehouse.statements import lock_dataset
from ingest_lambda.warehouse.undone import mark_undone
from tests.land.warehouse import Land, new_dataset
from transform_lambda.facts import Facts, read_facts
from transform_lambda.facts_sql import UNDONE_SEQ

DAYS = 400
NOW = datetime.now(UTC).replace(tzinfo=None, microsecond=0)


class Past:
    """Rows of ops from long ago and from now, of one dataset."""

    def __init__(self, land: Land) -> None:
        self.land, self.dataset = land, new_dataset()
        self.model = f"modeled.{self.dataset}"

    def insert(self, table: str, days_ago: float, **values: Any) -> None:
        """Insert a row as of so many days ago."""
        times = {"runs": "started_at", "run_bounds": "frozen_at", "gate_results": "executed_at"}
        times |= {"alerts": "sent_at", "checked_rows": "counted_at", "model_loads": "loaded_at"}
        row = {**values, times[table]: (NOW - timedelta(days=days_ago)).isoformat(sep=" ")}
        spelled = ", ".join("null" if value is None else f"'{value}'" for value in row.values())
        self.land.rows(f"insert into ops.{table} ({', '.join(row)}) values ({spelled})")

    def rows(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        """Read what is left of a table, sorted."""
        return sorted(tuple(row.values()) for row in self.land.rows(f"select {columns} from ops.{table}"))

    def facts(self) -> Facts:
        """Read what a plan reads."""

        def query(sql: str) -> list[dict[str, Any]]:
            rows = self.land.rows(sql)
            for row in rows:  # dbt's driver gives moments, where the Data API gives texts
                row |= {name: datetime.fromisoformat(row[name]) for name in ("at", "read_at") if row[name]}
            return rows

        landed = {self.dataset: frozenset({UNDONE_SEQ})} if self.land.count(f"ledger.{self.dataset}") else {}
        return read_facts(query, {self.dataset: {self.model}}, landed)


@pytest.fixture
def past(land: Land) -> Iterator[Past]:
    for table in TABLES:
        land.rows(f"delete from ops.{table}")
    yield Past(land)
    for table in TABLES:
        land.rows(f"delete from ops.{table}")


def test_what_is_old_goes_and_what_is_asked_for_stays(past: Past) -> None:
    for days in (900, 500, 3):
        run = f"run-{days}"
        past.insert("runs", days, run_id=run)
        past.insert("checked_rows", days, run_id=run)
        past.insert("gate_results", days, run_id=run, gate="a__unique", severity="error", status="pass")
        past.insert("gate_results", days, run_id=run, gate="b__rare", severity="error", status="skipped")
    past.insert("gate_results", 700, run_id="run-700", gate="b__rare", severity="error", status="fail")
    past.insert("gate_results", 800, run_id="run-800", gate="b__rare", severity="error", status="pass")
    past.insert("gate_results", 850, run_id="run-850", gate="b__rare", severity="warn", status="warn")
    assert prune(past.land.warehouse, DAYS) == {
        "gate_results": 4,
        "checked_rows": 2,
        "runs": 2,
        "run_bounds": 0,
        "model_loads": 0,
        "alerts": 0,
    }
    assert past.rows("runs", "run_id") == past.rows("checked_rows", "run_id") == [("run-3",)]
    assert past.rows("gate_results", "gate, severity, status, run_id") == [
        ("a__unique", "error", "pass", "run-3"),
        ("b__rare", "error", "fail", "run-700"),  # it has said nothing since
        ("b__rare", "error", "skipped", "run-3"),
        ("b__rare", "error", "skipped", "run-500"),
        ("b__rare", "warn", "warn", "run-850"),
    ]
    assert sum(prune(past.land.warehouse, DAYS).values()) == 0


def test_an_undo_of_an_old_file_rebuilds_its_model_all_the_same(past: Past) -> None:
    land, dataset = past.land, past.dataset
    land.function().receive(land.put(f"raw/{dataset}/a.parquet", pa.table({"a": [1]})))
    for days, run in ((900, "took-it-in"), (800, "found-nothing"), (500, "found-nothing-again")):
        past.insert("run_bounds", days, run_id=run, dataset=dataset, upto_seq=1)
        past.insert("run_bounds", days, run_id=run, dataset="another", upto_seq=1)
    past.insert("model_loads", 900, model=past.model, dataset=dataset, from_seq=0, upto_seq=1, run_id="took-it-in")
    land.warehouse.transaction([lock_dataset(dataset), *mark_undone(dataset, "undone_at is null")])
    before = past.facts()
    assert before.datasets[0].undone[0].is_held
    assert prune(land.warehouse, DAYS)["run_bounds"] == 3
    assert past.facts() == before
    assert past.rows("run_bounds", "dataset, run_id") == sorted(
        [
            ("another", "found-nothing-again"),  # when each dataset was looked at last
            (dataset, "found-nothing-again"),
            (dataset, "took-it-in"),
        ]
    )


def test_what_a_developer_s_runs_have_looked_at_goes_by_its_age_alone_and_no_plan_goes_by_it(past: Past) -> None:
    land, dataset = past.land, past.dataset
    land.function().receive(land.put(f"raw/{dataset}/a.parquet", pa.table({"a": [1]})))
    past.insert("run_bounds", 3, run_id="production", dataset=dataset, upto_seq=1)
    before = past.facts()
    for days in (900, 500):
        past.insert("run_bounds", days, run_id=f"pr-{days}", dataset=f"dbt_cloud_pr_{days}_/{dataset}", upto_seq=1)
    past.insert("run_bounds", 2, run_id="alice", dataset=f"dbt_alice_/{dataset}", upto_seq=1)
    assert past.facts() == before
    for days, schema in ((900, "dbt_cloud_pr_1_2_modeled"), (2, "dbt_alice_modeled"), (900, "modeled")):
        said = {"dataset": dataset, "from_seq": 0, "upto_seq": 1, "run_id": schema}
        past.insert("model_loads", days, model=f"{schema}.{dataset}", **said)
    before = past.facts()
    gone = prune(land.warehouse, DAYS)
    assert (gone["run_bounds"], gone["model_loads"]) == (2, 1)
    assert past.facts() == before
    assert past.rows("run_bounds", "run_id") == [("alice",), ("production",)]
    assert past.rows("model_loads", "run_id") == [("dbt_alice_modeled",), ("modeled",)]


@pytest.mark.parametrize("newest", ["", "unique a"])
def test_the_last_message_and_the_last_failure_of_each_kind_stay(past: Past, newest: str) -> None:
    for days in (900, 800, 700):
        past.insert("alerts", days, kind="transform", fingerprint=f"volume {days}")
        past.insert("alerts", days - 50, kind="transform", fingerprint="")
        past.insert("alerts", days, kind="freshness", fingerprint="")
    past.insert("alerts", 500, kind="transform", fingerprint=newest)
    past.insert("gate_results", 900, run_id="r", gate="a__volume", severity="error", status="fail")
    before = past.facts()
    assert before.failing == {"a__volume"}
    gone = prune(past.land.warehouse, DAYS)["alerts"]
    after = past.facts()
    assert (after.told, after.failure_age, after.failing) == (before.told, before.failure_age, before.failing)
    assert past.rows("alerts", "kind, fingerprint") == sorted(
        [("freshness", ""), ("transform", ""), ("transform", newest or "volume 700")]
    )
    assert gone == 7
