"""Where a dataset declares `copies: skip`, bytes that have landed do not land again, and nothing else is lost."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.errors import ConfigError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract, parse_contract
from ingest_lambda.judge.snapshots import Snapshot
from ingest_lambda.judge.statement_budget import free_statements
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.reconcile import ledger
from ingest_lambda.reconcile.ledger import Standing
from ingest_lambda.warehouse import copies
from ingest_lambda.warehouse.ledger import select_folders
from ingest_lambda.warehouse.owned_folders import select_landed_within
from landfall.deploy import bootstrap
from landfall.operate.planning import Planner
from landfall.operate.undos import undo
from scripts.contracts import from_document, read_contracts
from tests.land.flaky_data_api import FlakyDataApi
from tests.land.invariants import assert_nothing_is_half_there
from tests.land.warehouse import Land, new_dataset
from transform_lambda import archive

SKIPS = Contract(skips_copies=True)
ONE, TWO = pa.table({"a": [1]}), pa.table({"a": [2, 3]})


@pytest.fixture
def skipping(land: Land) -> str:
    """A dataset that skips copies."""
    dataset = new_dataset()
    land.contracts[dataset] = SKIPS
    return dataset


def put(land: Land, dataset: str, name: str, content: pa.Table | bytes = ONE) -> FileVersion:
    return land.put(f"raw/{dataset}/{name}.parquet", content)


def statuses(outcomes: Sequence[FileOutcome]) -> list[Status]:
    return [outcome.status for outcome in outcomes]


def landed_rows(land: Land, dataset: str) -> dict[str, int]:
    """Count the rows of each file that has any, and see that nothing is half there."""
    return {file_id: rows for file_id, rows in assert_nothing_is_half_there(land, dataset).items() if rows}


def test_bytes_that_have_landed_are_skipped_under_any_key_and_however_often_they_are_announced(
    land: Land, skipping: str
) -> None:
    function = land.function()
    first = put(land, skipping, "a")
    assert statuses(function.receive(first)) == [Status.LANDED]
    again, elsewhere, other = put(land, skipping, "a"), put(land, skipping, "b"), put(land, skipping, "c", TWO)

    outcomes = function.receive(again, elsewhere, other)

    assert statuses(outcomes) == [Status.SKIPPED, Status.SKIPPED, Status.LANDED]
    assert (outcomes[0].reason, outcomes[0].rows, outcomes[0].load_seq) == ("same bytes as load 1", 0, 1)
    assert statuses(land.function().receive(again, elsewhere, first)) == [
        Status.SKIPPED,
        Status.SKIPPED,
        Status.DUPLICATE,
    ]
    assert landed_rows(land, skipping) == {first.file_id: 1, other.file_id: 2}
    standings = ledger.standings(land.warehouse, {skipping: [first.file_id, again.file_id, elsewhere.file_id]})
    assert list(standings.values()).count(Standing.SKIPPED) == 2
    assert ledger.mismatches(land.warehouse, [skipping]) == []


def test_of_files_of_one_load_that_are_alike_the_first_lands(land: Land, skipping: str) -> None:
    files = [put(land, skipping, name) for name in "abc"] + [put(land, skipping, "d", TWO)]
    outcomes = land.function().receive(*files)
    assert statuses(outcomes) == [Status.LANDED, Status.SKIPPED, Status.SKIPPED, Status.LANDED]
    assert {outcome.load_seq for outcome in outcomes} == {1}
    assert landed_rows(land, skipping) == {files[0].file_id: 1, files[3].file_id: 2}


def test_by_default_each_version_lands(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = parse_contract({"copies": "land"})
    files = [put(land, dataset, "a"), put(land, dataset, "a"), put(land, dataset, "b")]
    assert statuses(land.function().receive(*files)) == [Status.LANDED] * 3
    assert land.count(f"landing.{dataset}") == 3


def test_a_copy_of_what_was_undone_lands_and_a_decided_one_stays_where_it_is(land: Land, skipping: str) -> None:
    function = land.function()
    first, decided = put(land, skipping, "a"), put(land, skipping, "b")
    function.receive(first)
    function.receive(decided)
    undo(land.warehouse, land.bucket, first.key)

    late = put(land, skipping, "c")
    assert statuses(function.receive(decided, late)) == [Status.SKIPPED, Status.LANDED]
    assert landed_rows(land, skipping) == {late.file_id: 1}


def test_bytes_below_another_hive_part_are_other_rows(land: Land, skipping: str) -> None:
    eu, us, again = (put(land, skipping, name) for name in ("region=EU/a", "region=US/a", "region=EU/b"))
    assert statuses(land.function().receive(eu, us, again)) == [Status.LANDED, Status.LANDED, Status.SKIPPED]
    rows = land.rows(f"select region from landing.{skipping} order by region")
    assert [row["region"] for row in rows] == ["EU", "US"]
    below_none = put(land, skipping, "a")
    assert statuses(land.function().receive(below_none)) == [Status.LANDED]


def test_a_file_that_goes_as_it_is_is_skipped_as_well(land: Land, skipping: str) -> None:
    function = land.function()
    alone = [put(land, skipping, name) for name in "ab"]  # a single small file is copied as it is
    outcomes = [function.receive(file)[0] for file in alone]
    assert [outcome.load_path for outcome in outcomes] == ["as_is", "as_is"]
    assert statuses(outcomes) == [Status.LANDED, Status.SKIPPED]
    assert landed_rows(land, skipping) == {alone[0].file_id: 1}


def test_of_concurrent_loads_of_the_same_bytes_one_lands(land: Land, skipping: str) -> None:
    land.function().receive(put(land, skipping, "first", TWO))
    files = [put(land, skipping, f"f{number}") for number in range(4)]
    functions = [land.function() for _ in files]
    with ThreadPoolExecutor(len(files)) as pool:
        found = list(pool.map(lambda each: each[0].receive(each[1])[0], zip(functions, files, strict=True)))
    left = [outcome.file for outcome in found if outcome.status is Status.RETRIED]
    found = [*found, *(land.function().receive(*left) if left else [])]
    assert [outcome.status for outcome in found].count(Status.LANDED) == 1
    assert len(landed_rows(land, skipping)) == 2


@pytest.mark.parametrize("fails_at", range(1, 8))
@pytest.mark.parametrize("answer_lost", [False, True])
def test_whatever_call_fails_the_bytes_land_once(land: Land, skipping: str, fails_at: int, answer_lost: bool) -> None:
    files = [put(land, skipping, name) for name in "ab"]
    api = FlakyDataApi(land.client("redshift-data"), fails_at, answer_lost=answer_lost)
    land.function(api).receive(*files)
    land.function().receive(*files)
    assert landed_rows(land, skipping) == {files[0].file_id: 1}
    standings = ledger.standings(land.warehouse, {skipping: [file.file_id for file in files]})
    assert [standings[file.file_id] for file in files] == [Standing.LANDED, Standing.SKIPPED]


def test_a_dataset_is_no_snapshot_while_files_of_it_are_skipped(land: Land, skipping: str) -> None:
    first, copy = put(land, skipping, "a"), put(land, skipping, "b")
    land.function().receive(first, copy)
    snapshots = Contract(snapshot=Snapshot())
    listed = f"select file_id from ops.snapshot_files where dataset = '{skipping}'"
    with pytest.raises(ConfigError, match=f"{skipping} is declared a snapshot, and 1 files of it were skipped"):
        bootstrap.prepare_dataset(land.warehouse, skipping, snapshots)
    assert land.rows(listed) == []

    land.warehouse.transaction(copies.forget_copies(skipping, [copy.file_id], if_alone=False))
    bootstrap.prepare_dataset(land.warehouse, skipping, snapshots)
    assert [row["file_id"] for row in land.rows(listed)] == [first.file_id]


def test_a_skipped_file_has_no_rows_of_its_own_for_who_counts_them(land: Land, skipping: str) -> None:
    function = land.function()
    function.receive(put(land, skipping, "a"))
    function.receive(put(land, skipping, "b", TWO))
    land.rows(f"update ledger.{skipping} set loaded_at = dateadd(hour, -2, loaded_at)")
    before = land.rows("select cast(dateadd(hour, -1, sysdate) as varchar(32)) as now")[0]["now"]
    assert statuses(function.receive(put(land, skipping, "2025/c"))) == [Status.SKIPPED]
    since = datetime.fromisoformat(before).replace(tzinfo=UTC)
    [window] = land.rows(ledger.select_first_load(skipping, since))
    assert window["first_seq"] is None
    [counted] = land.rows(select_landed_within(skipping, land.bucket, f"raw/{skipping}/2025/", 1)[0])
    assert int(counted["files"]) == 0
    folders = land.rows(select_folders(skipping, "none"))
    assert [row["folder"] for row in folders] == [f"raw/{skipping}/"]


def test_what_was_skipped_since_a_run_is_archived_with_the_next(
    land: Land, skipping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(run_id: str, from_seq: int, upto_seq: int) -> set[str]:
        """Model loads; return the files that are to be marked."""
        land.rows(
            "insert into ops.model_loads (model, dataset, from_seq, upto_seq, run_id, loaded_at) "
            f"values ('modeled.m', '{skipping}', {from_seq}, {upto_seq}, '{run_id}', sysdate)"
        )
        return {row["file_id"] for row in land.rows(archive.files_sql([skipping], [run_id], datetime.max))}

    monkeypatch.setattr(archive, "SMALLEST_BYTES", 0)
    function = land.function()
    first, early, late, other = (put(land, skipping, name) for name in ("a", "b", "c", "d"))
    function.receive(first, early)
    assert run(f"{skipping}-1", 0, 1) == {first.file_id, early.file_id}
    new = put(land, skipping, "new", TWO)
    function.receive(late, new)
    assert run(f"{skipping}-2", 1, 2) == {late.file_id, new.file_id}
    function.receive(other)
    assert run(f"{skipping}-3", 2, 2) == {other.file_id}


WALL, INSTANT = (pa.table({"at": pa.array([0], pa.timestamp("us", zone))}) for zone in (None, "UTC"))


def of_other_clocks(land: Land, dataset: str, content: pa.Table | bytes, other: pa.Table, suffix: str) -> FileVersion:
    """Land a file of which, as of an earlier release's, nobody knows what its timestamps are; then another kind."""
    first = land.put(f"raw/{dataset}/first.{suffix}", content)
    assert statuses(land.function().receive(first)) == [Status.LANDED]
    land.warehouse.transaction([f"update ledger.{dataset} set timestamp_kinds = null"])
    assert statuses(land.function().receive(put(land, dataset, "other", other))) == [Status.LANDED]
    return first


@pytest.mark.parametrize(
    ("content", "new", "suffix"),
    [
        (WALL, pa.concat_tables([WALL, WALL]), "parquet"),
        (b"at\n1970-01-01 00:00:00\n", b"at\n1970-01-02 00:00:00\n", "csv"),
    ],
)
def test_a_copy_whose_timestamps_are_of_another_kind_than_what_landed_since_is_skipped(
    land: Land, content: pa.Table | bytes, new: pa.Table | bytes, suffix: str
) -> None:
    dataset = new_dataset()
    columns = [{"name": "at", "data_type": "timestamp"}]
    land.contracts[dataset] = parse_contract({"copies": "skip", "formats": ["csv"], "columns": columns})
    first = of_other_clocks(land, dataset, content, INSTANT, suffix)
    copy, other = (land.put(f"raw/{dataset}/{name}.{suffix}", each) for name, each in (("copy", content), ("new", new)))
    stack: Any = SimpleNamespace(warehouse=land.warehouse, s3=land.client("s3"), bucket=land.bucket, route_pattern=None)

    planned = Planner(land.contracts, stack).plan([copy.uri, other.uri]).files

    assert {each.name: each.outcome for each in planned} == {copy.uri: "skipped", other.uri: "rejected"}
    outcomes = land.function().receive(copy, other)

    assert statuses(outcomes) == [Status.SKIPPED, Status.REJECTED]
    assert outcomes[1].reason is Reason.CLOCK_MISMATCH
    assert statuses(land.function().receive(copy)) == [Status.SKIPPED]
    undo(land.warehouse, land.bucket, first.key)
    again = land.put(f"raw/{dataset}/again.{suffix}", content)
    assert land.function().receive(again)[0].reason is Reason.CLOCK_MISMATCH


class Meanwhile:
    """The Data API client, but something is done before the first rows are inserted into landing."""

    def __init__(self, client: Any, work: Callable[[], object]) -> None:
        self._client = client
        self._work = [work]

    def __getattr__(self, name: str) -> Any:
        operation = getattr(self._client, name)

        def call(**request: Any) -> Any:
            if any(sql.startswith("insert into landing") for sql in request.get("Sqls", [])):
                while self._work:
                    self._work.pop()()
            return operation(**request)

        return call


def test_a_copy_of_other_timestamps_whose_original_is_undone_meanwhile_does_not_land(land: Land, skipping: str) -> None:
    first = of_other_clocks(land, skipping, WALL, INSTANT, "parquet")
    api = Meanwhile(land.client("redshift-data"), lambda: undo(land.warehouse, land.bucket, first.key))

    [outcome] = land.function(api).receive(put(land, skipping, "copy", WALL))

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.CLOCK_MISMATCH)


@pytest.mark.parametrize("contract", [SKIPS, Contract(snapshot=Snapshot())])
def test_a_load_has_room_for_as_many_new_columns_as_it_says(land: Land, contract: Contract) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = contract
    most = free_statements(contract)
    function = land.function()
    function.receive(put(land, dataset, "first"))
    wide = [put(land, dataset, f"n{n}", pa.table({"a": [1]} | {f"n{i}": [i] for i in range(n)})) for n in (most, 1)]
    too_wide = put(land, dataset, "wide", pa.table({"a": [1]} | {f"m{i}": [i] for i in range(most + 1)}))
    assert statuses([function.receive(file)[0] for file in (too_wide, *wide)]) == [
        Status.REJECTED,
        Status.LANDED,
        Status.LANDED,
    ]


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"copies": "skipped"}, "orders: copies is 'skipped'; it can be land, skip"),
        ({"copies": True}, "orders: copies is True; it can be land, skip"),
        ({"copies": "skip", "snapshot": {"end": "file"}}, "orders: it is a snapshot, so that"),
        ({"copies": "skip", "changes": {"order": "file"}}, "orders: its changes are ordered by file, so that"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(meta: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_document(document(meta))


@pytest.mark.parametrize(
    "meta",
    [
        {"copies": "skip"},
        {"copies": "land", "snapshot": {"end": "file"}},
        {"copies": "skip", "changes": {"operation": "a"}},
    ],
)
def test_what_is_declared_reaches_the_function(meta: dict[str, object]) -> None:
    contract = parse_contract(dict(from_document(document(meta))["orders"]))
    assert contract.skips_copies is (meta["copies"] == "skip")


@pytest.mark.parametrize(
    ("times", "meta", "is_refused"),
    [
        ("['_file_modified_at']", {"copies": "skip"}, True),
        ("['updated_at']", {"copies": "skip"}, False),
        ("['_file_modified_at', 'updated_at']", {"copies": "skip"}, False),
        ('["dateadd(ms, seen_at, epoch)"]', {"copies": "skip"}, False),
        ("['_file_modified_at']", {"copies": "land"}, False),
        ("['_file_modified_at']", {"copies": "skip", "changes": {"sequence": ["a"], "order": "sequence"}}, False),
    ],
)
def test_copies_are_not_skipped_of_what_is_ordered_by_its_files(
    tmp_path: Path, times: str, meta: dict[str, object], is_refused: bool
) -> None:
    models = tmp_path / "dbt_project" / "models"
    for folder in ("landing", "staging/shop"):
        (models / folder).mkdir(parents=True)
    (models / "landing" / "_shop__sources.yml").write_text(json.dumps(document(meta)))
    sql = "{{ business_time(TIMES) }} as _business_at from {{ source('landing', 'orders') }}".replace("TIMES", times)
    (models / "staging/shop/stg_orders.sql").write_text(sql)
    if is_refused:
        with pytest.raises(ConfigError, match=r"stg_orders\.sql: rows of orders have no time but their file's"):
            read_contracts(tmp_path)
    else:
        assert set(read_contracts(tmp_path)) == {"orders"}


def document(meta: dict[str, object]) -> dict[str, object]:
    columns = [{"name": "a", "data_type": "varchar(1)"}]
    return {
        "sources": [{"name": "landing", "tables": [{"name": "orders", "config": {"meta": meta}, "columns": columns}]}]
    }
