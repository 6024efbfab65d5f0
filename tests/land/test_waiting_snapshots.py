"""Reconcile: a snapshot that stays half is told of, with what has come, what is missing and a remedy that is true."""

import json
import time
from datetime import UTC, datetime, timedelta

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.judge.contracts import Contract
from ingest_lambda.judge.snapshots import End, Snapshot
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile import alert, handler, snapshots
from ingest_lambda.reconcile.snapshots import Waiting, waiting
from landfall.operate import undos
from tests.land.test_snapshot_ends import manifest_of
from tests.land.warehouse import Land, new_dataset, target

ROWS = pa.table({"id": [1, 2]})
AT_ONCE = timedelta(0)


def dataset_of(land: Land, end: End, marker: str | None = None, count: int | None = None) -> str:
    """Name a dataset whose snapshots end so."""
    dataset = new_dataset()
    land.contracts[dataset] = Contract(snapshot=Snapshot(end, marker, count))
    return dataset


def told(land: Land, dataset: str, patience: timedelta = AT_ONCE) -> list[Waiting]:
    """Say what waits of a dataset."""
    return waiting(land.warehouse, {dataset: land.contracts[dataset]}, patience)


def test_a_folder_without_its_marker_waits_until_the_marker_is_stored(land: Land) -> None:
    dataset = dataset_of(land, End.MARKER, "_SUCCESS")
    folder = f"raw/{dataset}/2025-11-13/"
    files = [land.put(f"{folder}{number}.parquet", ROWS) for number in range(5)]
    function = land.function()
    function.receive(*files)

    [each] = told(land, dataset)

    assert (each.place, each.came, each.missing) == (folder, tuple(file.key for file in files), "the marker _SUCCESS")
    assert f"landed: {files[0].key}, {files[1].key}, {files[2].key} and 2 more; missing: the marker" in each.describe()
    assert "did the export die? store the marker _SUCCESS in the folder that it was written to" in each.remedy
    assert told(land, dataset, timedelta(hours=1)) == []
    function.receive(land.put(f"{folder}_SUCCESS", b""))
    assert told(land, dataset) == []


def test_a_rejected_part_is_named_with_its_reason_until_one_that_lands_is_stored_and_the_marker_again(
    land: Land,
) -> None:
    dataset = dataset_of(land, End.MARKER, "_SUCCESS")
    good = land.put(f"raw/{dataset}/a.parquet", ROWS)
    bad = land.put(f"raw/{dataset}/b.parquet", b"no parquet")
    end = land.put(f"raw/{dataset}/_SUCCESS", b"")
    function = land.function()
    function.receive(good, bad, end)

    [each] = told(land, dataset)

    assert set(each.came) == {good.key, end.key}
    assert each.missing == f"rejected: {bad.key} (not_parquet)"
    assert each.remedy.startswith("store files that land, then the marker _SUCCESS again; or,")
    time.sleep(1.1)  # S3 tells times in seconds
    mended = land.put(bad.key, ROWS)
    function.receive(mended, land.put(end.key, b""))
    assert told(land, dataset) == [], "an older one waits for nobody"


def test_a_part_that_is_on_its_way_or_was_undone_is_told_of_as_such(land: Land) -> None:
    dataset = dataset_of(land, End.MANIFEST, "*manifest")
    files = [land.put(f"raw/{dataset}/{number}.parquet", ROWS) for number in range(2)]
    function = land.function()
    function.receive(files[0], land.put(f"raw/{dataset}/manifest", manifest_of(files)))

    [each] = told(land, dataset)
    assert each.missing == "1 that neither landed nor were rejected"
    assert "landfall reconcile sends them again" in each.remedy

    function.receive(files[1])
    assert told(land, dataset) == []
    undos.undo(land.warehouse, land.bucket, files[0].key)
    [each] = told(land, dataset)
    assert each.missing == f"undone: {files[0].key}"
    assert each.remedy == "store the files, then the manifest *manifest again"

    time.sleep(1.1)
    again = land.put(files[0].key, ROWS)
    function.receive(again, land.put(f"raw/{dataset}/manifest", manifest_of([again, files[1]])))
    assert told(land, dataset) == []


@pytest.mark.parametrize("count", [3, None])
def test_a_count_says_how_many_are_missing_until_they_are_stored(land: Land, count: int | None) -> None:
    dataset = dataset_of(land, End.COUNT, count=count)
    names = [f"raw/{dataset}/2025-11-13/x-{number}-of-3.parquet" for number in range(3)]
    function = land.function()
    function.receive(*(land.put(name, ROWS) for name in names[:2]))

    [each] = told(land, dataset)
    assert (len(each.came), each.missing) == (2, "1 of 3 files; or 3 others are whole without them")
    assert each.place == f"raw/{dataset}/2025-11-13/" + ("" if count else "x-")
    function.receive(land.put(names[2], ROWS))
    assert told(land, dataset) == []

    time.sleep(1.1)
    function.receive(land.put(names[0], ROWS))
    [each] = told(land, dataset)
    assert each.came == (names[0],)
    assert "to another folder" in each.remedy
    time.sleep(1.1)
    function.receive(*(land.put(name.replace("11-13", "11-14"), ROWS) for name in names))
    assert told(land, dataset) == []


def test_a_rejected_file_of_a_count_asks_for_the_export_in_another_folder(land: Land) -> None:
    dataset = dataset_of(land, End.COUNT, count=2)
    good = land.put(f"raw/{dataset}/2025-11-13/a.parquet", ROWS)
    bad = land.put(f"raw/{dataset}/2025-11-13/b.parquet", b"no parquet")
    land.function().receive(good, bad)
    [each] = told(land, dataset)
    assert (each.came, each.missing) == ((good.key,), f"rejected: {bad.key} (not_parquet)")
    assert each.remedy.startswith("store the whole export again, to another folder; or,")


def test_names_that_do_not_say_how_many_they_are_and_files_too_many_are_told_of(land: Land) -> None:
    dataset = dataset_of(land, End.COUNT)
    land.function().receive(land.put(f"raw/{dataset}/a.parquet", ROWS))
    [each] = told(land, dataset)
    assert each.missing == "how many they are: their names do not say it"

    dataset = dataset_of(land, End.COUNT, count=1)
    function = land.function()
    function.receive(land.put(f"raw/{dataset}/a.parquet", ROWS))
    assert told(land, dataset) == []
    time.sleep(1.1)
    function.receive(land.put(f"raw/{dataset}/b.parquet", ROWS))
    [each] = told(land, dataset)
    assert each.missing == "nothing: they came after 1 files were whole"
    assert "a folder of its own" in each.remedy


def test_what_an_export_has_beyond_its_count_is_told_of_although_a_newer_one_is_whole(land: Land) -> None:
    dataset = dataset_of(land, End.COUNT, count=2)
    function = land.function()
    days = [[land.put(f"raw/{dataset}/{day}/{name}.parquet", ROWS) for name in "abc"] for day in (13, 14)]
    function.receive(*days[0], *days[1][:2])
    [each] = told(land, dataset)
    assert each.came == (days[0][2].key,)
    assert each.missing == "1 of 2 files; or 2 others are whole without them"
    assert "raise the count that the source YAML declares" in each.remedy


def test_datasets_of_other_ends_and_of_none_wait_for_nothing(land: Land) -> None:
    whole, plain = dataset_of(land, End.FILE), new_dataset()
    land.contracts[plain] = Contract()
    outcomes = land.function().receive(*(land.put(f"raw/{name}/a.parquet", ROWS) for name in (whole, plain)))
    assert [outcome.status for outcome in outcomes] == [Status.LANDED] * 2
    assert waiting(land.warehouse, {name: land.contracts[name] for name in (whole, plain)}, AT_ONCE) == []


def test_the_nightly_message_tells_of_it(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = dataset_of(land, End.MARKER, "_SUCCESS")
    part = land.put(f"raw/{dataset}/a.parquet", ROWS)
    land.function().receive(part)
    sqs = land.client("sqs")
    queue = sqs.create_queue(QueueName=new_dataset("night"))["QueueUrl"]
    topic, lease_table = land.settings.failure_topic_arn, land.settings.lease_table
    settings = handler.Settings(land.bucket, "test", queue, topic, target(land.settings), lease_table, None, 400, "")
    clients = handler.Clients(land.client("s3"), sqs, land.client("sns"))
    monkeypatch.setattr(handler, "read_contracts", lambda: {dataset: land.contracts[dataset]})

    def night() -> alert.Result:
        return handler.run(settings, clients, land.warehouse, lambda: 60.0, datetime.now(UTC) - timedelta(hours=1))

    assert night().waiting == []
    monkeypatch.setattr(snapshots, "PATIENCE", AT_ONCE)
    result = night()
    [each] = result.waiting
    assert result.severity is not None
    assert dataset in result.datasets
    assert "1 snapshot not whole" in alert.subject("test", result)
    assert each.describe() in alert.text(result)
    assert each.remedy in alert.text(result)
    assert json.loads(json.dumps(result.facts()))["waiting_snapshots"] == [each.face()]
    assert alert.Result(waiting=[each]).severity == "medium"
