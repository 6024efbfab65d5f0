"""LAND: which files make a snapshot is written down once, with what the ledger says of them."""

import time
from dataclasses import replace

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.arrive.routing import Ignored, Route, Rules, route
from ingest_lambda.judge.contracts import Contract, parse_contract, rules_of
from ingest_lambda.judge.snapshots import End, Snapshot, parse_snapshot
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile.find import find
from ingest_lambda.reconcile.listing import Scope
from landfall.deploy import bootstrap
from landfall.operate import undos
from tests.land.warehouse import Land, new_dataset

ROWS = pa.table({"id": [1, 2]})
OF_FILES = Contract(snapshot=Snapshot())
OF_FOLDERS = Contract(snapshot=Snapshot(End.MARKER, "_SUCCESS"))


@pytest.fixture
def folders(land: Land) -> str:
    """A dataset whose folders are ended by a marker."""
    dataset = new_dataset()
    land.contracts[dataset] = OF_FOLDERS
    return dataset


def test_each_file_of_a_snapshot_dataset_is_listed_in_the_transaction_that_lands_it(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = OF_FILES
    files = [land.put(f"raw/{dataset}/{name}.parquet", ROWS) for name in "ab"]
    function = land.function()
    assert [outcome.status for outcome in function.receive(*files)] == [Status.LANDED] * 2
    assert [outcome.status for outcome in function.receive(*files)] == [Status.DUPLICATE] * 2

    joined = f"ops.snapshot_files as files inner join landing.{dataset} as landed on landed._file_id = files.file_id"
    listed = land.rows(f"select distinct end_file_id, ended_at = _file_modified_at as is_timed from {joined}")  # noqa: S608 - the test's own names
    assert {row["end_file_id"] for row in listed} == {file.file_id for file in files}
    assert all(row["is_timed"] for row in listed)


def test_nothing_is_listed_of_other_datasets_nor_of_what_is_rejected(land: Land) -> None:
    plain, declared = new_dataset(), new_dataset()
    land.contracts[declared] = OF_FILES
    bad = land.put(f"raw/{declared}/a.parquet", b"no parquet")
    outcomes = land.function().receive(land.put(f"raw/{plain}/a.parquet", ROWS), bad)
    assert [outcome.status for outcome in outcomes] == [Status.LANDED, Status.REJECTED]
    assert listed_of(land, plain) == listed_of(land, declared) == {}


def test_a_marker_lists_what_its_folder_held_and_is_a_file_of_no_rows_in_the_ledger(land: Land, folders: str) -> None:
    parts = [land.put(f"raw/{folders}/2025-11-13/region=EU/part-{number}.parquet", ROWS) for number in range(2)]
    land.put(f"raw/{folders}/2025-11-13/_committed_1", b"")  # a writer's own
    land.put(f"raw/{folders}/2025-11-14/part-0.parquet", ROWS)  # another snapshot's
    end = land.put(f"raw/{folders}/2025-11-13/_SUCCESS", b"")

    [first] = land.function().receive(end)
    [again] = land.function().receive(end)

    assert (first.status, first.rows, again.status) == (Status.LANDED, 0, Status.DUPLICATE)
    assert listed_of(land, folders) == {end.file_id: {end.file_id, *(part.file_id for part in parts)}}
    assert ledger_of(land, folders) == [(end.file_id, 0, 1)]
    assert [outcome.status for outcome in land.function().receive(*parts)] == [Status.LANDED] * 2


def test_a_marker_that_is_handled_late_lists_the_folder_as_it_was(land: Land, folders: str) -> None:
    s3 = land.client("s3")
    kept, removed, replaced = (land.put(f"raw/{folders}/2025-11-13/part-{number}.parquet", ROWS) for number in range(3))
    s3.delete_object(Bucket=land.bucket, Key=removed.key)
    end = land.put(f"raw/{folders}/2025-11-13/_SUCCESS", b"")
    time.sleep(1.1)  # S3 tells times in seconds
    later = land.put(replaced.key, ROWS)
    s3.delete_object(Bucket=land.bucket, Key=kept.key)
    land.put(f"raw/{folders}/2025-11-13/part-9.parquet", ROWS)
    second = land.put(end.key, b"")

    outcomes = land.function().receive(end, second)

    assert [outcome.status for outcome in outcomes] == [Status.LANDED] * 2
    lists = listed_of(land, folders)
    assert lists[end.file_id] == {file.file_id for file in (end, kept, replaced)}
    assert later.file_id in lists[second.file_id]
    assert len(lists[second.file_id]) == 3


def test_more_parts_than_a_statement_holds_are_listed_all_the_same(
    land: Land, folders: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest_lambda.warehouse.snapshot_files.FILES_A_STATEMENT", 2)
    monkeypatch.setattr("ingest_lambda.warehouse.snapshot_files.MAX_STATEMENTS", 2)
    parts = [land.put(f"raw/{folders}/part-{number}.parquet", ROWS) for number in range(6)]
    end = land.put(f"raw/{folders}/_SUCCESS", b"")
    land.function().receive(end)
    assert listed_of(land, folders)[end.file_id] == {end.file_id, *(part.file_id for part in parts)}


def test_a_marker_whose_event_was_lost_is_found_missing_and_can_be_undone(land: Land, folders: str) -> None:
    end = land.put(f"raw/{folders}/2025-11-13/_SUCCESS", b"")
    scope = Scope(land.bucket, f"raw/{folders}/", rules=rules_of(land.contracts))
    missing = [listed.file for tally in find(land.client("s3"), land.warehouse, scope) for listed in tally.missing]
    assert [file.file_id for file in missing] == [end.file_id]

    assert [outcome.status for outcome in land.function().receive(*missing)] == [Status.LANDED]
    assert [tally.missing for tally in find(land.client("s3"), land.warehouse, scope)] == [[]]
    assert undos.undo(land.warehouse, land.bucket, end.key).outcome == "undone"
    [outcome] = land.function().receive(end)
    assert (outcome.status, outcome.reason) == (Status.DUPLICATE, "undone")


def test_a_marker_that_is_gone_or_whose_warehouse_is_away_leaves_nothing(land: Land, folders: str) -> None:
    gone = replace(land.put(f"raw/{folders}/2025-11-13/_SUCCESS", b""), version_id="never-was")
    [outcome] = land.function().receive(gone)
    assert outcome.status is Status.GONE
    assert listed_of(land, folders) == {}
    assert land.count(f"ledger.{folders}") == 0


def test_files_that_landed_before_each_was_declared_a_snapshot_become_ones(land: Land) -> None:
    dataset = new_dataset()
    file = land.put(f"raw/{dataset}/a.parquet", ROWS)
    land.function().receive(file)
    for _ in range(2):  # a deployment can be repeated
        land.warehouse.transaction(bootstrap.dataset_statements(dataset, OF_FILES))
    assert listed_of(land, dataset) == {file.file_id: {file.file_id}}
    assert len(land.rows(f"select 1 from ops.snapshot_files where dataset = '{dataset}'")) == 1  # noqa: S608


def test_a_marker_is_one_where_it_is_declared_and_a_writers_own_file_elsewhere() -> None:
    rules = Rules(markers={"catalogs": "_SUCCESS"})
    assert route("raw/catalogs/2025-11-13/_SUCCESS", rules) == Route("catalogs", is_marker=True)
    assert route("raw/catalogs/_SUCCESS", rules) == Route("catalogs", is_marker=True)
    assert isinstance(route("raw/catalogs/_temporary/0/_SUCCESS", rules), Ignored)
    assert isinstance(route("raw/orders/_SUCCESS", rules), Ignored)
    assert route("raw/catalogs/part-0.parquet", rules) == Route("catalogs")


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        (True, "how one ends"),
        ({}, "how one ends"),
        ({"end": "never"}, "how one ends"),
        ({"end": "file", "marker": "_SUCCESS"}, "has no marker"),
        ({"end": "marker", "marker": "a/b"}, "the name of an object"),
        ({"end": "marker", "marker": ""}, "the name of an object"),
        ({"end": "marker", "manifest": "a"}, "has no manifest"),
        ({"end": "manifest", "manifest": "a?"}, "the name of an object"),
        ({"end": "count", "count": 0}, "how many files"),
        ({"end": "count", "count": True}, "how many files"),
        ({"end": "count", "count": "8"}, "how many files"),
        ({"end": "count", "count": 10_001}, "how many files"),
    ],
)
def test_what_ends_no_snapshot_is_refused_with_the_reason(declared: object, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_snapshot(declared)


@pytest.mark.parametrize(
    ("declared", "meant"),
    [
        ({"end": "file"}, Snapshot()),
        ({"end": "marker"}, OF_FOLDERS.snapshot),
        ({"end": "manifest"}, Snapshot(End.MANIFEST, "*manifest")),
        ({"end": "manifest", "manifest": "files.json"}, Snapshot(End.MANIFEST, "files.json")),
        ({"end": "count"}, Snapshot(End.COUNT)),
        ({"end": "count", "count": 8}, Snapshot(End.COUNT, count=8)),
    ],
)
def test_each_end_is_read_and_spelled_out_as_it_is_read(declared: dict[str, object], meant: Snapshot) -> None:
    assert parse_contract({"snapshot": declared}).snapshot == meant
    assert parse_snapshot(meant.declared()) == meant


def listed_of(land: Land, dataset: str) -> dict[str, set[str]]:
    """Return the files of each snapshot by its end."""
    rows = land.rows(f"select end_file_id, file_id from ops.snapshot_files where dataset = '{dataset}'")  # noqa: S608 - the test's own names
    lists: dict[str, set[str]] = {}
    for row in rows:
        lists.setdefault(row["end_file_id"], set()).add(row["file_id"])
    return lists


def ledger_of(land: Land, dataset: str) -> list[tuple[str, int, int]]:
    """Return id, rows and load of each file in the ledger."""
    rows = land.rows(f"select file_id, row_count, load_seq from ledger.{dataset} order by load_seq")  # noqa: S608 - the test's own names
    return [(row["file_id"], row["row_count"], row["load_seq"]) for row in rows]
