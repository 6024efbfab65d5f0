"""A warehouse that is lost and restored from an older snapshot, under a bucket that went on: nothing is lost, or twice.

The snapshot is a copy of the database's files, made while it is stopped, and put back the same way.
"""

# ruff: noqa: S608 - the test's own dataset

import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile import alert
from ingest_lambda.reconcile.mark import Marks
from landfall.operate import undos
from local.services import REDSHIFT, start_services, stop_service
from local.state import load
from tests.land import warehouse
from tests.land.nights import Queue, night
from tests.land.warehouse import Land, message, new_dataset
from transform_lambda.facts import read_facts
from transform_lambda.facts_sql import UNDONE_SEQ
from transform_lambda.plan import decide


@pytest.fixture(scope="module")
def land() -> Iterator[Land]:
    """Services of the test's own, whose database nobody else uses."""
    with warehouse.land(name="recovery") as land:
        yield land


def copy(source: Path, target: Path) -> None:
    """Copy a folder with its owners, which PostgreSQL insists on."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S603, S607 - our own folders


def while_stopped(land: Land, source: Path, target: Path) -> None:
    """Stop the local Redshift, copy its data from one folder to another, and start it again."""
    home = land.services.home
    state = load(home)
    stop_service(home, state, REDSHIFT)
    if target.exists():
        target.rename(target.with_name(f"{target.name}-lost"))
    copy(source, target)
    start_services(home, state, (REDSHIFT,), print)
    land.__dict__.pop("warehouse", None)  # its session is gone


def put(land: Land, dataset: str, name: str) -> FileVersion:
    return land.put(f"raw/{dataset}/{name}.parquet", pa.table({"a": [1, 2, 3]}))


def deliver(land: Land, queue: Queue) -> dict[str, Status]:
    """Let a function handle what is on the queue; return what became of each key."""
    bodies = queue.bodies()
    function = land.function()
    assert function.handle([message(body) for body in bodies]) == []
    assert {outcome.file.key for outcome in function.report.outcomes} == {
        file.key for body in bodies for file in parse_notification(body)
    }
    return {outcome.file.key.rpartition("/")[2]: outcome.status for outcome in function.report.outcomes}


def why_to_build(land: Land, dataset: str) -> tuple[str, ...]:
    """Say what a plan makes of the warehouse."""

    def query(sql: str) -> list[dict[str, object]]:
        rows = land.rows(sql)
        for row in rows:  # dbt's driver gives moments, where the Data API gives texts
            row |= {name: datetime.fromisoformat(str(row[name])) for name in ("at", "read_at") if row[name]}
        return rows

    facts = read_facts(query, {dataset: {f"modeled.{dataset}"}}, {dataset: {UNDONE_SEQ}})
    return decide(facts.datasets, project_changed=False).reasons


def model(land: Land, dataset: str, upto_seq: int) -> None:
    """Record that a model has taken the dataset in, as its UPSERT does."""
    land.rows(
        "insert into ops.model_loads (model, dataset, from_seq, upto_seq, run_id, loaded_at) "
        f"values ('modeled.{dataset}', '{dataset}', 0, {upto_seq}, 'run-{upto_seq}', getdate())"
    )
    land.rows(
        "insert into ops.run_bounds (run_id, dataset, upto_seq, frozen_at) "
        f"values ('run-{upto_seq}', '{dataset}', {upto_seq}, getdate())"
    )


def test_an_older_warehouse_under_a_newer_bucket_is_made_whole_by_one_reconcile(
    land: Land, queue: Queue, marks: Marks, tmp_path: Path
) -> None:
    dataset, home = new_dataset(), land.services.home
    kept, taken_out = put(land, dataset, "kept"), put(land, dataset, "taken_out")
    land.function().receive(kept, taken_out)
    model(land, dataset, 1)
    assert not night(land, queue, marks).is_restored

    snapshot = tmp_path / "snapshot"
    copy_of = home.redshift / "data"
    while_stopped(land, copy_of, snapshot)

    later = [put(land, dataset, name) for name in ("later", "latest")]
    for file in later:
        land.function().receive(file)
    model(land, dataset, 3)
    undos.undo(land.warehouse, taken_out.bucket, taken_out.key)
    assert not night(land, queue, marks, days=1).is_restored
    assert queue.bodies() == []
    assert land.count(f"landing.{dataset}") == 9

    while_stopped(land, snapshot, copy_of)
    assert land.count(f"landing.{dataset}") == 6
    assert why_to_build(land, dataset) == (), "by itself it knows of nothing"

    result = night(land, queue, marks, days=2)
    assert (result.is_restored, result.sent, result.mismatches) == (True, 2, [])
    assert "restored from a snapshot" in alert.text(result)
    assert deliver(land, queue) == {"later.parquet": Status.LANDED, "latest.parquet": Status.LANDED}

    rows = land.rows(f"select _file_id, count(*) as n from landing.{dataset} group by _file_id")
    assert {row["_file_id"]: row["n"] for row in rows} == {file.file_id: 3 for file in (kept, taken_out, *later)}, (
        "every file once; what was undone after the snapshot is there again"
    )
    sequences = land.rows(f"select file_id, load_seq from ledger.{dataset} where load_seq > 1")
    assert {row["file_id"] for row in sequences} == {file.file_id for file in later}
    assert why_to_build(land, dataset) == (f"{dataset}: landed up to load 2, modeled up to 1",)

    undone = undos.undo(land.warehouse, taken_out.bucket, taken_out.key)
    assert (undone.outcome, undone.rows) == ("undone", 3)
    assert any("was undone" in reason for reason in why_to_build(land, dataset))
    after = night(land, queue, marks, days=3)
    assert (after.is_restored, after.sent, after.mismatches) == (False, 0, [])
    redelivered = land.function().receive(kept, *later)
    assert [outcome.status for outcome in redelivered] == [Status.DUPLICATE] * 3
