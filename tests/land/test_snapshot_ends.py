"""LAND: a snapshot that a manifest lists, and one that is complete when so many files have been stored."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.routing import Route, Rules, route
from ingest_lambda.bucket.versions import Version
from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract, parse_contract, rules_of
from ingest_lambda.judge.snapshots import End, Parts, Snapshot, counted, parts_of
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reasons import Reason
from ingest_lambda.reconcile.find import find
from ingest_lambda.reconcile.listing import Scope
from ingest_lambda.warehouse.catalog import read_columns
from ingest_lambda.warehouse.snapshot_files import FILES_A_STATEMENT, SnapshotFiles, insert_lists
from ingest_lambda.warehouse.statements import MAX_STATEMENT_BYTES, size_of
from tests.land.test_snapshots import ledger_of, listed_of
from tests.land.warehouse import Land, new_dataset

NOON = datetime(2025, 11, 13, 12, tzinfo=UTC)
ROWS = pa.table({"id": [1, 2]})
OF_MANIFESTS = Contract(snapshot=Snapshot(End.MANIFEST, "*manifest"))
OF_THREE = Contract(snapshot=Snapshot(End.COUNT, count=3))
OF_NUMBERED = Contract(snapshot=Snapshot(End.COUNT))


@pytest.fixture
def unloads(land: Land) -> str:
    """A dataset whose snapshots are listed by manifests."""
    dataset = new_dataset()
    land.contracts[dataset] = OF_MANIFESTS
    return dataset


@pytest.fixture
def threes(land: Land) -> str:
    """A dataset whose folders have three files."""
    dataset = new_dataset()
    land.contracts[dataset] = OF_THREE
    return dataset


def manifest_of(files: Sequence[FileVersion], *, sizes: bool = True) -> bytes:
    """Write a manifest as UNLOAD does."""
    entries = [{"url": file.uri, **({"meta": {"content_length": file.size}} if sizes else {})} for file in files]
    return json.dumps({"entries": entries}).encode()


def test_a_manifest_lists_its_files_and_nothing_else_that_the_folder_holds(land: Land, unloads: str) -> None:
    parts = [land.put(f"raw/{unloads}/x_000{number}_part_00.parquet", ROWS) for number in range(2)]
    land.put(f"raw/{unloads}/x_0002_part_00.parquet", ROWS)  # of an earlier unload, of more slices
    end = land.put(f"raw/{unloads}/x_manifest", manifest_of(parts))

    function = land.function()
    [first], [again] = function.receive(end), function.receive(end)

    assert (first.status, first.rows, again.status) == (Status.LANDED, 0, Status.DUPLICATE)
    assert listed_of(land, unloads) == {end.file_id: {end.file_id, *(part.file_id for part in parts)}}
    assert ledger_of(land, unloads) == [(end.file_id, 0, 1)]
    assert [outcome.status for outcome in function.receive(*parts)] == [Status.LANDED] * 2


def test_a_manifest_means_the_versions_that_were_there_when_it_was_stored(land: Land, unloads: str) -> None:
    key = f"raw/{unloads}/part.parquet"
    land.put(key, pa.table({"id": [0]}))
    time.sleep(1.1)  # S3 tells times in seconds
    meant = land.put(key, ROWS)
    end = land.put(f"raw/{unloads}/manifest", manifest_of([meant]))
    time.sleep(1.1)
    land.put(key, ROWS)
    land.function().receive(end)
    assert listed_of(land, unloads) == {end.file_id: {end.file_id, meant.file_id}}


@pytest.mark.parametrize("sizes", [True, False])
def test_a_manifest_that_is_stored_before_its_files_is_tried_again_until_they_are_there(
    land: Land, unloads: str, sizes: bool
) -> None:
    key = f"raw/{unloads}/part.parquet"
    meant = FileVersion(land.bucket, key, "to come", size=len(b"not yet"))
    old = land.put(key, b"of another length") if sizes else None
    end = land.put(f"raw/{unloads}/manifest", manifest_of([meant], sizes=sizes))

    [waits] = land.function().receive(end)

    assert waits.status is Status.RETRIED
    assert f"1 of 1 files are not there, or not of the size that it says: {key}" in str(waits.reason)
    assert listed_of(land, unloads) == {}
    assert land.count(f"ledger.{unloads}") == 0
    scope = Scope(land.bucket, f"raw/{unloads}/", rules=rules_of(land.contracts))
    missing = [listed.file for tally in find(land.client("s3"), land.warehouse, scope) for listed in tally.missing]
    assert end.file_id in {file.file_id for file in missing}, "nobody would send it again"

    time.sleep(1.1)
    stored = land.put(key, b"not yet")
    assert [outcome.status for outcome in land.function().receive(end)] == [Status.LANDED]
    assert listed_of(land, unloads) == {end.file_id: {end.file_id, stored.file_id}}
    assert old is None or old.file_id != stored.file_id


def test_a_manifest_whose_files_have_not_come_for_a_day_is_rejected_until_it_is_sent_again_with_them(
    land: Land, unloads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"raw/{unloads}/part.parquet"
    end = land.put(f"raw/{unloads}/manifest", manifest_of([FileVersion(land.bucket, key, "to come")], sizes=False))
    monkeypatch.setattr("ingest_lambda.load.markers.PATIENCE", timedelta(seconds=-1))
    [outcome] = land.function().receive(end)
    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.INVALID_MANIFEST)
    assert listed_of(land, unloads) == {}
    stored = land.put(key, ROWS)
    assert [outcome.status for outcome in land.function().receive(end)] == [Status.LANDED]
    assert listed_of(land, unloads) == {end.file_id: {end.file_id, stored.file_id}}


@pytest.mark.parametrize("name", ["_SUCCESS", "manifest"])
def test_the_list_of_an_end_that_has_landed_stands_whatever_s3_says_by_now(land: Land, unloads: str, name: str) -> None:
    if name == "_SUCCESS":
        land.contracts[unloads] = Contract(snapshot=Snapshot(End.MARKER, name))
    part = land.put(f"raw/{unloads}/part.parquet", ROWS)
    other = land.put(f"raw/{unloads}/other.parquet", ROWS)
    deletion = land.client("s3").delete_object(Bucket=land.bucket, Key=other.key)["VersionId"]
    end = land.put(f"raw/{unloads}/{name}", manifest_of([part]))
    assert [outcome.status for outcome in land.function().receive(end)] == [Status.LANDED]
    listed = listed_of(land, unloads)
    land.client("s3").delete_object(Bucket=land.bucket, Key=other.key, VersionId=deletion)
    assert [outcome.status for outcome in land.function().receive(end)] == [Status.DUPLICATE]
    assert listed_of(land, unloads) == listed == {end.file_id: {end.file_id, part.file_id}}


def test_the_end_of_a_snapshot_in_a_folder_that_may_be_another_tables_is_refused_and_lets_no_file_of_one_land(
    land: Land, unloads: str
) -> None:
    land.contracts[unloads] = Contract(snapshot=Snapshot(End.MARKER, "_SUCCESS"))
    end = land.put(f"raw/{unloads}/orders/_SUCCESS", b"")
    other = land.put(f"raw/{unloads}/items/a.parquet", ROWS)
    [refused] = land.function().receive(end)
    assert (refused.status, refused.reason) == (Status.REJECTED, Reason.AMBIGUOUS_FOLDER)

    land.contracts[unloads] = replace(land.contracts[unloads], any_folders=True)
    assert [outcome.status for outcome in land.function().receive(end)] == [Status.LANDED]
    land.contracts[unloads] = replace(land.contracts[unloads], any_folders=False)
    [refused] = land.function().receive(other)
    assert (refused.status, refused.reason) == (Status.REJECTED, Reason.AMBIGUOUS_FOLDER)

    # what has ended there before there was this rule goes on
    assert [outcome.status for outcome in land.function().receive(land.put(end.key, b""))] == [Status.LANDED]


def test_a_marker_that_comes_first_makes_the_table_as_it_is_declared(land: Land, unloads: str) -> None:
    columns = [{"name": "id", "data_type": "smallint"}, {"name": "note", "data_type": "varchar"}]
    contract = parse_contract({"columns": columns, "snapshot": {"end": "marker"}})
    land.contracts[unloads] = contract
    assert [outcome.status for outcome in land.function().receive(land.put(f"raw/{unloads}/_SUCCESS", b""))] == [
        Status.LANDED
    ]
    assert read_columns(land.warehouse, unloads) == contract.columns


def test_a_manifest_of_no_files_is_a_snapshot_of_no_rows(land: Land, unloads: str) -> None:
    end = land.put(f"raw/{unloads}/manifest", manifest_of([]))
    land.function().receive(end)
    assert listed_of(land, unloads) == {end.file_id: {end.file_id}}


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"no JSON", "no list of files"),
        (b'{"files": []}', "no list of files"),
        (b'{"entries": {}}', "its entries are dict, not a list"),
        (b'{"entries": ""}', "its entries are str, not a list"),
        (b'{"entries": ' + b"[" * 100_000, "no list of files: RecursionError"),
        (b'{"entries": [{"url": "s3://BUCKET/raw/a", "meta": {"content_length": 1e999}}]}', "no list of files"),
        (b'{"entries": [{"endpoint": "host"}]}', "no list of files"),
        (b'{"entries": [{"url": "s3://another/raw/a.parquet"}]}', "it lists 's3://another/raw/a.parquet'"),
        (b'{"entries": [{"url": "s3://BUCKET/raw/another/a.parquet"}]}', "it lists 'raw/another/a.parquet'"),
        (b'{"entries": [{"url": "s3://BUCKET/raw/DATASET/_a.parquet"}]}', "_a.parquet"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_rejected_until_one_is_written_as_the_verdict_says(
    land: Land, unloads: str, body: bytes, detail: str
) -> None:
    part = land.put(f"raw/{unloads}/part.parquet", ROWS)
    bad = body.replace(b"BUCKET", land.bucket.encode()).replace(b"DATASET", unloads.encode())
    [outcome] = land.function().receive(land.put(f"raw/{unloads}/manifest", bad))

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.INVALID_MANIFEST)
    assert outcome.verdict is not None
    assert detail in outcome.verdict.detail
    assert f"quarantine/raw/{unloads}/manifest" in land.keys("quarantine/")
    assert len(land.rows(f"select 1 from ops.rejected_files where dataset = '{unloads}'")) == 1
    assert listed_of(land, unloads) == {}
    assert land.count(f"ledger.{unloads}") == 0

    [outcome] = land.function().receive(land.put(f"raw/{unloads}/manifest", manifest_of([part])))
    assert outcome.status is Status.LANDED


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_files_of_a_folder_are_listed_before_the_last_of_them_is_in_the_ledger(
    land: Land, threes: str, order: Sequence[int]
) -> None:
    files = [land.put(f"raw/{threes}/2025-11-13/{number}.parquet", ROWS) for number in range(3)]
    land.put(f"raw/{threes}/2025-11-13/_committed", b"")  # a writer's own
    land.put(f"raw/{threes}/2025-11-13/y=1/0.parquet", ROWS)  # another folder's
    function = land.function()
    for number in order:
        assert [outcome.status for outcome in function.receive(files[number])] == [Status.LANDED]
        [listed] = listed_of(land, threes).values()
        assert listed == {file.file_id for file in files}
    assert [outcome.status for outcome in function.receive(*files)] == [Status.DUPLICATE] * 3
    assert len(land.rows(f"select 1 from ops.snapshot_files where dataset = '{threes}'")) == 3


def test_nothing_is_listed_while_a_file_is_missing_nor_does_a_later_one_change_the_list(
    land: Land, threes: str
) -> None:
    replaced, other = (land.put(f"raw/{threes}/2025-11-13/{name}.parquet", ROWS) for name in "ab")
    function = land.function()
    function.receive(replaced, other)
    assert listed_of(land, threes) == {}
    time.sleep(1.1)
    newer = land.put(replaced.key, ROWS)
    function.receive(newer)
    assert listed_of(land, threes) == {}

    last = land.put(f"raw/{threes}/2025-11-13/c.parquet", ROWS)
    time.sleep(1.1)
    late = [land.put(f"raw/{threes}/2025-11-13/{name}.parquet", ROWS) for name in "ad"]
    function.receive(*late)
    assert listed_of(land, threes) == {}
    function.receive(last)
    whole = {last.file_id: {file.file_id for file in (newer, other, last)}}
    assert listed_of(land, threes) == whole
    function.receive(other, last, *late)
    assert listed_of(land, threes) == whole


def test_a_rejected_file_is_of_its_snapshot_and_never_lands(land: Land, threes: str) -> None:
    good = [land.put(f"raw/{threes}/2025-11-13/{name}.parquet", ROWS) for name in "ab"]
    bad = land.put(f"raw/{threes}/2025-11-13/c.parquet", b"no parquet")
    outcomes = land.function().receive(*good, bad)
    assert [outcome.status for outcome in outcomes] == [Status.LANDED, Status.LANDED, Status.REJECTED]
    assert listed_of(land, threes) == {bad.file_id: {file.file_id for file in (*good, bad)}}
    assert {file_id for file_id, _, _ in ledger_of(land, threes)} == {file.file_id for file in good}


def test_a_rejected_file_that_comes_last_and_alone_is_of_its_snapshot_too(land: Land, threes: str) -> None:
    files = [land.put(f"raw/{threes}/2025-11-13/{name}.parquet", ROWS) for name in "ab"]
    bad = land.put(f"raw/{threes}/2025-11-13/c.parquet", b"no parquet")
    land.function().receive(*files)
    assert [outcome.status for outcome in land.function().receive(bad)] == [Status.REJECTED]
    assert listed_of(land, threes) == {bad.file_id: {file.file_id for file in (*files, bad)}}


def test_files_whose_names_say_how_many_they_are_share_a_folder_with_other_exports(land: Land) -> None:
    dataset = new_dataset()
    land.contracts[dataset] = OF_NUMBERED
    days = [[land.put(f"raw/{dataset}/{day}-0000{n}-of-00002.parquet", ROWS) for n in range(2)] for day in (13, 14)]
    odd = land.put(f"raw/{dataset}/odd.parquet", ROWS)
    land.function().receive(days[0][1], days[1][0], odd, days[0][0], days[1][1])
    lists = list(listed_of(land, dataset).values())
    assert sorted(map(sorted, lists)) == sorted(sorted(file.file_id for file in day) for day in days)


def test_a_list_that_was_not_written_is_written_before_the_file_is_tried_again(
    land: Land, threes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [land.put(f"raw/{threes}/2025-11-13/{number}.parquet", ROWS) for number in range(3)]
    with monkeypatch.context() as broken:
        broken.setattr("ingest_lambda.warehouse.snapshot_files.COLUMNS", "no, such, columns, at, all")
        assert [outcome.status for outcome in land.function().receive(*files)] == [Status.RETRIED] * 3
    assert land.count(f"landing.{threes}") == 0
    assert [outcome.status for outcome in land.function().receive(*files)] == [Status.LANDED] * 3
    assert [len(listed) for listed in listed_of(land, threes).values()] == [3]


def test_lists_of_many_snapshots_are_each_written_as_one(
    land: Land, threes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest_lambda.warehouse.snapshot_files.FILES_A_STATEMENT", 2)
    monkeypatch.setattr("ingest_lambda.warehouse.snapshot_files.MAX_STATEMENTS", 2)
    monkeypatch.setattr("ingest_lambda.warehouse.snapshot_files.ENDS_A_STATEMENT", 2)
    files = [land.put(f"raw/{threes}/{folder}/{name}.parquet", ROWS) for folder in range(2020, 2025) for name in "abc"]
    outcomes = land.function().receive(*files)
    assert {outcome.status for outcome in outcomes} == {Status.LANDED}
    assert [len(listed) for listed in listed_of(land, threes).values()] == [3] * 5


@given(sizes=st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_a_list_that_one_transaction_can_hold_is_written_in_one(sizes: list[int]) -> None:
    snapshots = [
        SnapshotFiles(FileVersion("b", f"{n}/0", "1"), NOON, [FileVersion("b", f"{n}/{m}", "1") for m in range(size)])
        for n, size in enumerate(sizes)
    ]
    with pytest.MonkeyPatch.context() as small:
        small.setattr("ingest_lambda.warehouse.snapshot_files.FILES_A_STATEMENT", 2)
        small.setattr("ingest_lambda.warehouse.snapshot_files.MAX_STATEMENTS", 3)
        transactions = ["; ".join(statements) for statements in insert_lists("catalogs", snapshots)]
    for each in snapshots:
        holding = [text for text in transactions if any(file_id in text for file_id in each.file_ids)]
        assert len(holding) == 1
        assert all(file_id in holding[0] for file_id in each.file_ids)


def test_a_statement_of_a_list_is_within_the_limit_for_the_longest_of_names() -> None:
    files = [FileVersion("b", str(number), "1") for number in range(FILES_A_STATEMENT * 2)]
    for statements in insert_lists("d" * 100, [SnapshotFiles(files[0], NOON, files)]):
        assert all(size_of(sql) <= MAX_STATEMENT_BYTES for sql in statements)


def test_a_manifest_is_known_by_how_its_name_ends() -> None:
    rules = Rules(markers={"catalogs": "*manifest"})
    for name in ("manifest", "2025-11-13_manifest"):
        assert route(f"raw/catalogs/{name}", rules) == Route("catalogs", is_marker=True)
    assert route("raw/catalogs/manifest.parquet", rules) == Route("catalogs")


@pytest.mark.parametrize(
    ("key", "count"),
    [
        ("raw/catalogs/part-00003-of-00008.parquet", 8),
        ("raw/catalogs/2025-11-13/3-of-8", 8),
        ("raw/catalogs/1-of-0.parquet", None),
        ("raw/catalogs/1-of-10001.parquet", None),
        ("raw/catalogs/1-of-2/a.parquet", None),
        ("raw/catalogs/a.parquet", None),
    ],
)
def test_a_name_says_of_how_many_files_it_is_one_or_it_does_not(key: str, count: int | None) -> None:
    parts = parts_of(key, Snapshot(End.COUNT))
    assert (parts.count if parts else None) == count
    assert parts is None or parts.has(key)


@given(
    stored=st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3), st.booleans()), max_size=12),
    count=st.integers(1, 4),
)
def test_whatever_is_stored_later_a_snapshot_that_is_whole_stays_what_it_was(
    stored: list[tuple[str, int, bool]], count: int
) -> None:
    parts = Parts("raw/x/", "raw/x/.", count)
    history = [
        Version(FileVersion("b", f"raw/x/{name}", str(number)), NOON + timedelta(seconds=second), is_deletion)
        for number, (name, second, is_deletion) in enumerate(sorted(stored, key=lambda each: (each[1], each[0])))
    ]
    seen = [
        counted([each for each in history if each.stored_at < NOON + timedelta(seconds=n)], parts) for n in range(5)
    ]
    whole = [found for found in seen if found]
    assert whole == whole[:1] * len(whole)
    assert all(len({file.key for file in files}) == len(files) == count for _, files in whole)
    assert all(
        end.file in files and all(int(f.version_id) <= int(end.file.version_id) for f in files) for end, files in whole
    )
