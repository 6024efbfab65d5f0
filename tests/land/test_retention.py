"""Old rows leave landing only where nobody needs them, with a record, and come back as they were, once."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest_lambda.errors import ConfigError, StagedDataError, TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.judge.snapshots import Snapshot
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile import ledger, retention
from ingest_lambda.reconcile.ledger import Standing, Window
from ingest_lambda.reconcile.retention import Removal
from ingest_lambda.warehouse import removals, snapshot_files
from ingest_lambda.warehouse.client import Outcome, Row
from ingest_lambda.warehouse.removals import Removable
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.deploy import bootstrap
from landfall.operate.statements import transactions
from scripts.contracts import from_document
from tests.land.warehouse import Land, new_dataset

DAYS = 90
KEEPS = Contract(retention_days=DAYS)
ALL = 1_000  # a load behind every other
BY_RUN = ("run_bounds", "runs")


@dataclass
class Models:
    """What the transform function would say, and which datasets it was asked about."""

    upto_seq: int = ALL
    kept: Sequence[str] = ()
    refused: str | None = None
    asked: list[str] = field(default_factory=list)
    days: int | None = DAYS
    lists_each_file: bool = False
    meanwhile: Callable[[], object] = bool

    def __call__(self, datasets: Sequence[str]) -> Mapping[str, Any]:
        self.asked += datasets
        self.meanwhile()
        declared = {"retention_days": self.days, "lists_each_file": self.lists_each_file}
        bounds = {
            "upto_seq": self.upto_seq,
            "kept": list(self.kept),
            "refused": self.refused,
            "declared": declared,
        }
        return {"datasets": dict.fromkeys(datasets, bounds), "read_with": {}}


@dataclass
class Between:
    """A warehouse in which something happens between the first statement and the second."""

    warehouse: Warehouse
    then: Callable[[], object]

    def query(self, sql: str) -> list[Row]:
        rows = self.warehouse.query(sql)
        then, self.then = self.then, bool
        then()
        return rows

    def transaction(self, statements: Sequence[str]) -> Outcome:
        return self.warehouse.transaction(statements)


@pytest.fixture
def dataset(land: Land) -> str:
    """A dataset that keeps its rows for a while."""
    name = new_dataset()
    land.contracts[name] = KEEPS
    return name


def put(land: Land, dataset: str, *numbers: int, name: str = "") -> FileVersion:
    table = pa.table({"n": pa.array(numbers, pa.int32()), "t": [f"text {number} " for number in numbers]})
    return land.put(f"raw/{dataset}/{name or '_'.join(map(str, numbers))}x.parquet", table)


def age(land: Land, dataset: str, *files: FileVersion, days: int = DAYS + 1) -> None:
    """Let files have landed so many days earlier."""
    ids = ", ".join(f"'{file.file_id}'" for file in files)
    land.warehouse.transaction(
        [
            f'update ledger."{dataset}" set loaded_at = dateadd(day, -{days}, loaded_at) where file_id in ({ids})',
            f'update landing."{dataset}" set _loaded_at = dateadd(day, -{days}, _loaded_at) where _file_id in ({ids})',
        ]
    )


def landing(land: Land, dataset: str) -> list[tuple[Any, ...]]:
    """Return every row with its metadata, in no order that matters."""
    return sorted(tuple(row.values()) for row in land.rows(f'select * from landing."{dataset}"'))


def in_landing(land: Land, dataset: str) -> set[str]:
    return {row["id"] for row in land.rows(f'select distinct _file_id as id from landing."{dataset}"')}


def keep_house(land: Land, dataset: str, models: Models | None = None, **options: Any) -> Removal:
    [done] = retention.keep_house(
        land.warehouse, {dataset: land.contracts[dataset]}, models or Models(), dataset=dataset, **options
    )
    return done


def test_old_rows_leave_landing_with_a_record_and_come_back_as_they_were_once(land: Land, dataset: str) -> None:
    function = land.function()
    old, young = put(land, dataset, 1, 2), put(land, dataset, 3)
    function.receive(old)
    function.receive(young)
    age(land, dataset, old)
    before = landing(land, dataset)

    assert keep_house(land, dataset) == Removal(dataset, "removed", DAYS, 1, 2)

    assert in_landing(land, dataset) == {young.file_id}
    [row] = land.rows(
        f"select row_count, load_seq, removed_at from ledger.\"{dataset}\" where file_id = '{old.file_id}'"
    )
    assert (row["row_count"], row["load_seq"], row["removed_at"] is not None) == (2, 1, True)
    asked = {dataset: [old.file_id, young.file_id]}
    assert ledger.standings(land.warehouse, asked) == {old.file_id: Standing.REMOVED, young.file_id: Standing.LANDED}
    assert ledger.mismatches(land.warehouse, [dataset]) == []
    assert ledger.mismatches(land.warehouse, [dataset], Window(datetime(2020, 1, 1, tzinfo=UTC), "")) == []
    assert keep_house(land, dataset).outcome == "nothing"

    # Whoever is warm knows no such column yet; both learn of it, and one of the two brings the rows back.
    [outcome] = function.receive(old)
    assert (outcome.status, outcome.rows, outcome.load_seq) == (Status.LANDED, 2, 1)
    assert [each.status for each in function.receive(old, young)] == [Status.DUPLICATE] * 2
    assert land.function().receive(old)[0].status is Status.DUPLICATE
    assert landing(land, dataset) == before
    assert ledger.standings(land.warehouse, asked)[old.file_id] is Standing.LANDED
    assert keep_house(land, dataset).outcome == "nothing"  # what has come back stays as long again


@pytest.mark.parametrize("options", [{"dry_run": True}, {"slack_days": 7}])
def test_nothing_changes_where_it_is_only_asked_or_not_due(land: Land, dataset: str, options: dict[str, Any]) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    done = keep_house(land, dataset, **options)
    assert done == (
        Removal(dataset, "would_remove", DAYS, 1, 1) if "dry_run" in options else Removal(dataset, "nothing", DAYS)
    )
    assert in_landing(land, dataset) == {file.file_id}
    assert not land.rows(f"select 1 from svv_columns where table_name = '{dataset}' and column_name = 'removed_at'")


def test_a_week_beyond_its_days_a_night_removes_what_is_due(land: Land, dataset: str) -> None:
    oldest, old = put(land, dataset, 1), put(land, dataset, 2)
    land.function().receive(oldest, old)
    age(land, dataset, oldest, days=DAYS + 8)
    age(land, dataset, old)
    assert keep_house(land, dataset, slack_days=7).files == 2


def test_without_a_declaration_nothing_is_asked(land: Land) -> None:
    models, dataset = Models(), new_dataset()
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    assert retention.keep_house(land.warehouse, {dataset: Contract()}, models) == []
    assert models.asked == []
    assert in_landing(land, dataset) == {file.file_id}


def test_rows_that_a_model_has_not_taken_in_or_that_are_open_stay(land: Land, dataset: str) -> None:
    function = land.function()
    files = [put(land, dataset, number) for number in range(4)]
    for file in files:
        function.receive(file)
    age(land, dataset, *files)
    assert keep_house(land, dataset, Models(upto_seq=3, kept=[files[1].file_id])).files == 2
    assert in_landing(land, dataset) == {files[1].file_id, files[3].file_id}


def test_what_the_models_refuse_is_told_and_stays(land: Land, dataset: str) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    done = keep_house(land, dataset, Models(refused="a mart reads it"))
    assert (done.outcome, done.reason) == ("refused", "a mart reads it")
    assert in_landing(land, dataset) == {file.file_id}


def test_while_a_run_is_under_way_nothing_leaves(land: Land, dataset: str) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    land.warehouse.execute(f"insert into ops.run_bounds values ('run-{dataset}', '{dataset}', 1, getdate())")
    try:
        done = keep_house(land, dataset)
        assert (done.outcome, f"run-{dataset} is under way" in (done.reason or "")) == ("refused", True)
        assert in_landing(land, dataset) == {file.file_id}
    finally:
        land.warehouse.execute(f"delete from ops.run_bounds where run_id = 'run-{dataset}'")
    assert keep_house(land, dataset).outcome == "removed"


@pytest.mark.parametrize(("minutes", "outcome"), [(30, "refused"), (90, "removed")])
def test_a_developer_s_run_is_waited_for_but_not_for_long(land: Land, dataset: str, minutes: int, outcome: str) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    began = f"dateadd(minute, -{minutes}, getdate())"
    land.warehouse.execute(f"insert into ops.run_bounds values ('run-{dataset}', 'dbt_alice_/{dataset}', 1, {began})")
    try:
        assert keep_house(land, dataset).outcome == outcome
    finally:
        land.warehouse.execute(f"delete from ops.run_bounds where run_id = 'run-{dataset}'")


@pytest.mark.parametrize("other", [Models(days=None), Models(days=DAYS + 1), Models(lists_each_file=True)])
def test_what_is_declared_here_and_not_deployed_removes_nothing(land: Land, dataset: str, other: Models) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    for is_dry_run in (True, False):
        done = keep_house(land, dataset, other, dry_run=is_dry_run)
        assert (done.outcome, "is deployed: landfall deploy" in (done.reason or "")) == ("refused", True)
    assert in_landing(land, dataset) == {file.file_id}
    assert not land.rows(f"select 1 from svv_columns where table_name = '{dataset}' and column_name = 'removed_at'")


def test_what_happened_while_the_models_were_asked_is_not_overlooked(land: Land, dataset: str) -> None:
    other = new_dataset()
    old, read_with_it = put(land, dataset, 1), put(land, other, 1)
    function = land.function()
    function.receive(old)
    function.receive(read_with_it)
    age(land, dataset, old)
    ran = f"insert into ops.run_bounds values ('run-{dataset}', '{dataset}', 1, dateadd(day, 1, getdate()))"
    ended = (
        "insert into ops.runs (run_id, command, outcome, started_at, ended_at, models, gates, failed) "
        f"values ('run-{dataset}', 'build', 'succeeded', getdate(), getdate(), 1, 1, 0)"
    )
    undone = transactions.undo_file(other, read_with_it.file_id)
    try:
        for steps in (undone, [ran, ended]):
            done = keep_house(land, dataset, Models(meanwhile=partial(land.warehouse.transaction, steps)))
            assert (done.outcome, "try again" in (done.reason or "")) == ("refused", True)
            assert in_landing(land, dataset) == {old.file_id}
    finally:
        land.warehouse.transaction([f"delete from ops.{table} where run_id = 'run-{dataset}'" for table in BY_RUN])
    assert keep_house(land, dataset).outcome == "removed"


def test_a_first_removal_while_rows_are_compared_is_no_loss(land: Land, dataset: str) -> None:
    old, young = put(land, dataset, 1), put(land, dataset, 2)
    function = land.function()
    function.receive(old)
    function.receive(young)
    age(land, dataset, old)
    compared = Between(land.warehouse, lambda: keep_house(land, dataset))
    assert ledger.mismatches(cast("Warehouse", compared), [dataset]) == []
    assert in_landing(land, dataset) == {young.file_id}

    land.warehouse.execute(f'delete from landing."{dataset}"')
    [lost] = ledger.mismatches(land.warehouse, [dataset])
    assert (lost.file_id, lost.expected, lost.found) == (young.file_id, 1, 0)


def test_rows_that_do_not_match_the_ledger_stay_for_somebody_to_look_at(land: Land, dataset: str) -> None:
    file = put(land, dataset, 1, 2)
    land.function().receive(file)
    age(land, dataset, file)
    land.warehouse.execute(f'delete from landing."{dataset}" where n = 1')
    done = keep_house(land, dataset)
    assert (done.outcome, f"landfall reconcile --dataset {dataset}" in (done.reason or "")) == ("refused", True)
    assert len(landing(land, dataset)) == 1


def test_a_removal_that_fails_removes_nothing(land: Land, dataset: str) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    land.warehouse.transaction(removals.add_columns(dataset))
    steps = removals.remove(Removable(dataset, DAYS, ALL), "2999-01-01 00:00:00", ALL)
    with pytest.raises((StagedDataError, TransientError, ConfigError)):
        land.warehouse.transaction([*steps, "select 1 / 0"])
    assert in_landing(land, dataset) == {file.file_id}
    assert land.rows(f'select file_id from ledger."{dataset}" where removed_at is not null') == []


def test_the_newest_snapshot_stays(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = Contract(retention_days=DAYS, snapshot=Snapshot())
    files = [put(land, dataset, number, name=f"day_{number}") for number in (1, 2)]
    function = land.function()
    for file in files:
        function.receive(file)
    age(land, dataset, *files)
    land.warehouse.execute(
        f"update ops.snapshot_files set ended_at = dateadd(day, -1, ended_at) where end_file_id = '{files[0].file_id}'"
    )
    assert keep_house(land, dataset, Models(lists_each_file=True)).files == 1
    assert in_landing(land, dataset) == {files[1].file_id}
    land.warehouse.execute(f"delete from ops.snapshot_files where file_id = '{files[0].file_id}'")
    land.warehouse.execute(snapshot_files.insert_landed(dataset))
    listed = f"select file_id from ops.snapshot_files where dataset = '{dataset}'"
    assert {row["file_id"] for row in land.rows(listed)} == {files[1].file_id}  # of the other, nobody knows its time
    assert function.receive(files[0])[0].status is Status.LANDED
    assert {row["file_id"] for row in land.rows(listed)} == {file.file_id for file in files}


def test_a_file_that_was_given_up_stays_out(land: Land, dataset: str) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    keep_house(land, dataset)
    land.warehouse.transaction(removals.give_up(dataset, [file.file_id]))
    [outcome] = land.function().receive(file)
    assert (outcome.status, outcome.reason) == (Status.DUPLICATE, "undone")
    assert landing(land, dataset) == []
    assert land.rows(removals.select_files(dataset)) == []
    assert ledger.mismatches(land.warehouse, [dataset]) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    upto_seq=st.integers(0, 6),
    rounds=st.integers(1, 2),
    dice=st.randoms(use_true_random=False),
)
def test_whatever_is_removed_and_announced_again_landing_ends_as_if_nothing_had_been(
    land: Land, sizes: list[int], upto_seq: int, rounds: int, dice: Any
) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = KEEPS
    warm = land.function()
    files = [put(land, dataset, *range(size), name=f"f{number}") for number, size in enumerate(sizes)]
    for file in files:
        warm.receive(file)
    age(land, dataset, *files)
    before = landing(land, dataset)
    for _ in range(rounds):
        kept = [file.file_id for file in files if dice.random() < 0.3]
        keep_house(land, dataset, Models(upto_seq, kept))
        expected = {
            file.file_id for number, file in enumerate(files, start=1) if number > upto_seq or file.file_id in kept
        }
        assert in_landing(land, dataset) >= expected
        assert ledger.mismatches(land.warehouse, [dataset]) == []
        for _ in range(2):
            for function in (warm, land.function()):
                function.receive(*dice.sample(files, len(files)))
        assert landing(land, dataset) == before
        assert ledger.mismatches(land.warehouse, [dataset]) == []
        land.warehouse.execute(f'update ledger."{dataset}" set {aged_again(land, dataset)}')


def aged_again(land: Land, dataset: str) -> str:
    """Let what has come back be old, too, where it can have."""
    has = land.rows(f"select 1 from svv_columns where table_name = '{dataset}' and column_name = 'restored_at'")
    return f"restored_at = dateadd(day, -{DAYS + 1}, restored_at)" if has else "undone_at = undone_at"


def declared(**meta: Any) -> dict[str, Any]:
    table = {"name": "orders", "config": {"meta": meta}, "columns": [{"name": "n", "data_type": "integer"}]}
    return {"sources": [{"name": "landing", "tables": [table]}]}


def test_the_days_are_declared_with_the_source_and_reach_the_function() -> None:
    contract = from_document(declared(retention_days=30))["orders"]
    assert parse_contract(dict(contract)).retention_days == 30
    assert parse_contract(dict(from_document(declared())["orders"])).retention_days is None


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"retention_days": 0}, "1 to 36,500"),
        ({"retention_days": True}, "a whole number of days"),
        ({"retention_days": "90"}, "'90'"),
        ({"retention_day": 90}, "did you mean retention_days"),
        ({"retention_days": 90, "snapshot": {"end": "marker"}}, "snapshots are of several files"),
    ],
)
def test_days_that_cannot_be_are_refused(meta: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_document(declared(**meta))


def test_a_warehouse_is_prepared_again_over_removed_rows(land: Land, dataset: str) -> None:
    file = put(land, dataset, 1)
    land.function().receive(file)
    age(land, dataset, file)
    keep_house(land, dataset)
    land.warehouse.transaction(bootstrap.dataset_statements(dataset, KEEPS))
    assert ledger.standings(land.warehouse, {dataset: [file.file_id]}) == {file.file_id: Standing.REMOVED}
