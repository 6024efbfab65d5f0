"""`landfall drop-dataset`: the table goes, the ledger stays, and no file comes back that nobody has asked for."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from typer.testing import CliRunner

from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile import ledger
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.app import build
from landfall.commands import drop_dataset
from landfall.operate import drops
from landfall.stack import Stack
from local.home import ROOT
from tests.land.competitor import transaction, wait_until_blocked
from tests.land.flaky_data_api import FlakyDataApi
from tests.land.warehouse import new_dataset, target
from tests.landfall.conftest import Desk

ROWS = pa.table({"a": [1, 2]})


@pytest.fixture
def landed(desk: Desk) -> list[FileVersion]:
    """Two files of a dataset that have landed."""
    dataset = new_dataset()
    files = [desk.land.put(f"raw/{dataset}/{name}.parquet", ROWS) for name in "ab"]
    for file in files:
        desk.function.receive(file)
    return files


def dataset_of(files: list[FileVersion]) -> str:
    return files[0].key.split("/")[1]


def tables(desk: Desk, dataset: str) -> set[str]:
    rows = desk.land.rows(f"select table_schema from svv_tables where table_name = '{dataset}'")
    return {row["table_schema"] for row in rows}


def assert_nothing_is_changed(desk: Desk, files: list[FileVersion]) -> None:
    dataset = dataset_of(files)
    assert tables(desk, dataset) == {"landing", "ledger", "lock"}
    assert desk.land.count(f"landing.{dataset}") == 4
    assert desk.land.rows(f"select file_id from ledger.{dataset} where undone_at is not null") == []


def test_the_table_goes_and_the_ledger_and_the_files_stay(desk: Desk, landed: list[FileVersion]) -> None:
    dataset = dataset_of(landed)
    before = desk.land.keys(f"raw/{dataset}/")

    planned = desk.landfall("drop-dataset", dataset, "--dry-run")
    assert planned == {"dataset": dataset, "outcome": "planned", "files": 2, "rows": 4, "models": []}
    assert_nothing_is_changed(desk, landed)

    assert desk.landfall("drop-dataset", dataset, "--yes") == {**planned, "outcome": "dropped"}
    assert tables(desk, dataset) == {"ledger", "lock"}
    assert desk.land.keys(f"raw/{dataset}/") == before
    assert [line["outcome"] for line in desk.landfall("history", "--dataset", dataset)] == ["undone"] * 2
    assert desk.landfall("status", "--dataset", dataset)["datasets"] == []
    found = desk.landfall("reconcile", "--dataset", dataset, "--grace", "0")
    assert (found["known"], found["sent"], found["mismatches"]) == ({"undone": 2}, 0, [])
    assert desk.landfall("drop-dataset", dataset, "--yes") == {
        **planned,
        "outcome": "already_dropped",
        "files": 0,
        "rows": 0,
    }


def test_every_dataset_is_compared_though_one_was_dropped(desk: Desk, landed: list[FileVersion]) -> None:
    desk.landfall("drop-dataset", dataset_of(landed), "--yes")
    names = landed_datasets(desk.land.warehouse)
    assert dataset_of(landed) not in names
    assert dataset_of(landed) in ledger.datasets(desk.land.warehouse)
    ledger.mismatches(desk.land.warehouse, names)


def test_an_event_that_comes_late_brings_no_row_back(desk: Desk, landed: list[FileVersion]) -> None:
    dataset = dataset_of(landed)
    desk.landfall("drop-dataset", dataset, "--yes")
    for function in (desk.function, desk.land.function()):
        assert [each.status for each in function.receive(*landed)] == [Status.DUPLICATE] * 2
    assert desk.land.count(f"landing.{dataset}") == 0


def test_new_versions_land_in_a_table_made_anew(desk: Desk, landed: list[FileVersion]) -> None:
    dataset = dataset_of(landed)
    desk.landfall("drop-dataset", dataset, "--yes")
    again = desk.land.put(landed[0].key, pa.table({"a": ["now a text"], "b": [1]}))

    [outcome] = desk.function.receive(again)  # which remembers the table that is gone

    assert (outcome.status, outcome.load_seq) == (Status.LANDED, 4), "the drop has a number too"
    assert desk.land.rows(f"select a, b from landing.{dataset}") == [{"a": "now a text", "b": 1}]
    assert sorted(line["outcome"] for line in desk.landfall("history", "--dataset", dataset)) == [
        "landed",
        "undone",
        "undone",
    ]
    assert ledger.mismatches(desk.land.warehouse, [dataset]) == []


def test_one_file_lands_again_when_it_is_asked_for(desk: Desk, landed: list[FileVersion]) -> None:
    dataset = dataset_of(landed)
    desk.landfall("drop-dataset", dataset, "--yes")
    assert desk.landfall("undo", landed[0].key)["outcome"] == "already_undone"
    assert desk.landfall("replay", landed[0].key, exits=1)[0]["action"] == "undone"
    assert desk.landfall("replay", landed[0].key, "--undone")[0]["action"] == "restored"
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert desk.land.count(f"landing.{dataset}") == 2


def test_what_nobody_knows_and_what_is_declared_is_refused(desk: Desk, landed: list[FileVersion]) -> None:
    dataset = dataset_of(landed)
    said = desk.landfall("drop-dataset", f"{dataset}x", "--yes", exits=3)
    assert f"no dataset {dataset}x is known; did you mean {dataset}?" in said

    said = desk.landfall("drop-dataset", "fx_rates", "--yes", exits=3)
    assert "nothing was changed: fx_rates is declared here" in said
    for file in ("landing/_fx__sources.yml", "staging/fx/stg_fx_rates.sql", "modeled/fx/fx_rates.sql"):
        assert f"dbt_project/models/{file}" in said
    assert "_orders__sources.yml" not in said
    assert_nothing_is_changed(desk, landed)


def test_nothing_is_dropped_where_nobody_can_be_asked_or_no_stack_is_named(
    desk: Desk, landed: list[FileVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--yes asks nothing" in desk.landfall("drop-dataset", dataset_of(landed), exits=3)
    monkeypatch.delenv("LANDFALL_STACK")
    assert "which stack?" in desk.landfall("drop-dataset", dataset_of(landed), "--yes", exits=3)
    assert_nothing_is_changed(desk, landed)


@pytest.mark.parametrize(("name", "sure", "is_dropped"), [("", "y", False), (None, "n", False), (None, "y", True)])
def test_a_person_is_told_what_goes_and_asked_twice(
    desk: Desk,
    landed: list[FileVersion],
    monkeypatch: pytest.MonkeyPatch,
    name: str | None,
    sure: str,
    is_dropped: bool,
) -> None:
    dataset = dataset_of(landed)
    there = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(drop_dataset, "sys", there)
    answers = f"{f'not_{dataset}' if name is not None else dataset}\n{sure}\n"
    done = CliRunner().invoke(build(), ["drop-dataset", dataset], input=answers)
    assert f"goes: landing.{dataset}, 4 rows of 2 files" in done.stderr
    assert f"stays: the files in {desk.stack.bucket}; ledger.{dataset}" in done.stderr
    if is_dropped:
        assert (done.exit_code, tables(desk, dataset)) == (0, {"ledger", "lock"})
        assert f"landing.{dataset} is dropped, 2 files count as undone" in done.stdout
    else:
        assert done.exit_code == 1
        assert_nothing_is_changed(desk, landed)


def test_what_becomes_of_the_catalogs_table_is_told(
    desk: Desk, landed: list[FileVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = dataset_of(landed)
    command = ["drop-dataset", dataset, "--dry-run"]
    assert "landfall catalog" not in CliRunner().invoke(build(), command).stderr
    outputs = {**desk.stack.outputs, "CatalogDatabaseName": "landfall_test_raw"}
    monkeypatch.setattr(Stack, "from_environment", lambda: replace(desk.stack, outputs=outputs))
    told = CliRunner().invoke(build(), command).stderr
    assert f"stays until the next `landfall catalog`: the table landfall_test_raw.{dataset}" in told


def test_models_that_took_rows_in_are_named(desk: Desk, landed: list[FileVersion]) -> None:
    dataset = dataset_of(landed)
    desk.land.rows(
        "insert into ops.model_loads (model, dataset, from_seq, upto_seq, run_id, loaded_at) "
        f"values ('modeled.penguins', '{dataset}', 0, 2, 'r', sysdate)"
    )
    assert desk.landfall("drop-dataset", dataset, "--dry-run")["models"] == ["modeled.penguins"]


def test_a_view_that_is_bound_to_the_table_stops_it_and_is_named(desk: Desk, landed: list[FileVersion]) -> None:
    dataset = dataset_of(landed)
    desk.land.rows(f"create view landing.{dataset}_view as select a from landing.{dataset}")
    said = desk.landfall("drop-dataset", dataset, "--yes", exits=3)
    assert f"views that are bound to it: landing.{dataset}_view; drop them" in said
    assert_nothing_is_changed(desk, landed)
    desk.land.rows(f"drop view landing.{dataset}_view")
    assert desk.landfall("drop-dataset", dataset, "--yes")["outcome"] == "dropped"


@pytest.mark.parametrize("answer_lost", [False, True])
@pytest.mark.parametrize("fails_at", [1, 2])
def test_a_drop_that_is_cut_short_is_whole_or_not_there(
    desk: Desk, landed: list[FileVersion], fails_at: int, answer_lost: bool
) -> None:
    dataset = dataset_of(landed)
    planned = drops.plan_drop(desk.land.warehouse, dataset, (), ROOT)
    api: Any = FlakyDataApi(desk.land.client("redshift-data"), fails_at, answer_lost=answer_lost)
    with pytest.raises((TransientError, ConfigError)):
        drops.drop(Warehouse(api, target(desk.land.settings)), planned)
    if fails_at == 1 and not answer_lost:  # else the transaction may commit at any moment
        assert_nothing_is_changed(desk, landed)
    assert desk.landfall("drop-dataset", dataset, "--yes")["outcome"] in {"dropped", "already_dropped"}
    assert tables(desk, dataset) == {"ledger", "lock"}
    assert desk.land.rows(f"select file_id from ledger.{dataset} where undone_at is null") == []


@pytest.mark.parametrize("drop_first", [False, True])
def test_a_load_that_waits_for_the_mutex_with_the_drop_ends_before_or_after_it(
    desk: Desk, landed: list[FileVersion], drop_first: bool
) -> None:
    dataset = dataset_of(landed)
    file = desk.land.put(f"raw/{dataset}/late.parquet", pa.table({"a": [3]}))
    planned = drops.plan_drop(desk.land.warehouse, dataset, (), ROOT)
    work = [
        threading.Thread(target=desk.land.function().receive, args=(file,)),
        threading.Thread(target=drops.drop, args=(desk.stack.warehouse_as("LoaderSecretArn"), planned)),
    ]
    if drop_first:
        work.reverse()
    with transaction(desk.land, f"lock table lock.{dataset}"):
        for number, each in enumerate(work, start=1):
            each.start()
            wait_until_blocked(desk.land, dataset, number)
    for each in work:
        each.join()

    ids = {
        row["file_id"]: row["undone_at"] for row in desk.land.rows(f"select file_id, undone_at from ledger.{dataset}")
    }
    assert set(ids) == {file.file_id, *(each.file_id for each in landed)}
    assert [name for name, undone_at in ids.items() if not undone_at] == ([file.file_id] if drop_first else [])
    assert desk.land.count(f"landing.{dataset}") == (1 if drop_first else 0)
    assert tables(desk, dataset) == ({"landing", "ledger", "lock"} if drop_first else {"ledger", "lock"})
