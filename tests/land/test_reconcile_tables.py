"""Reconcile finds the folders of tables whose logs nobody heard of, and lets files land where the log is gone."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest_lambda.arrive.routing import Rules
from ingest_lambda.load.outcomes import Status
from ingest_lambda.reconcile import alert, handler, tables
from ingest_lambda.reconcile.find import OF_A_TABLE, Tally, find
from ingest_lambda.reconcile.listing import Scope
from ingest_lambda.table_format import TableFormat
from ingest_lambda.warehouse import owned_folders
from tests.land.nights import Queue, settings_for
from tests.land.test_owned_folders import LOGS, REFUSED, ROWS, put_log, status_of
from tests.land.test_reconcile import tally_of
from tests.land.warehouse import Land, new_dataset

pytestmark = pytest.mark.xdist_group("nights")  # one warehouse, which no worker starts but theirs


@pytest.fixture(scope="module")
def land(nights: Land) -> Land:
    """What nightly runs go through: they would ask of every file of all other tests."""
    return nights


def night(land: Land, queue: Queue) -> alert.Result:
    clients = handler.Clients(land.client("s3"), queue.sqs, land.client("sns"))
    return handler.run(settings_for(land, queue), clients, land.warehouse, lambda: 60.0, datetime.now(UTC))


def folders_of(land: Land, dataset: str) -> list[str]:
    return [folder.prefix for folder in owned_folders.read_folders(land.warehouse, dataset)]


@pytest.fixture
def nobody_s(land: Land) -> Iterator[None]:
    """Leave no folder of another test, whose log the nightly run would find or miss."""
    yield
    for folder in owned_folders.read_folders(land.warehouse):
        owned_folders.forget(land.warehouse, folder)


@pytest.mark.usefixtures("nobody_s")
def test_a_table_whose_log_nobody_heard_of_is_recorded_and_its_files_are_not_announced(
    land: Land, queue: Queue, alerts: Callable[[], list[dict[str, Any]]]
) -> None:
    dataset = new_dataset()
    landed = land.put(f"raw/{dataset}/a.parquet", ROWS)
    land.function().receive(landed)
    lost = land.put(f"raw/{dataset}/b.parquet", ROWS)
    put_log(land, dataset)
    alerts()

    result = night(land, queue)

    assert folders_of(land, dataset) == [f"raw/{dataset}/"]
    assert not any(lost.version_id in body for body in queue.bodies())
    [found] = [each for each in result.tables if each.folder.dataset == dataset]
    assert (found.landed.files, found.landed.keys) == (1, (landed.key,))
    assert result.severity in {"medium", "high"}
    assert alert.publish(land.client("sns"), land.settings.failure_topic_arn, "test", result)
    [message] = alerts()
    assert dataset in message["MessageAttributes"]["dataset"]["Value"]
    assert f"landfall undo {landed.key}" in alert.text(result)
    assert status_of(land.function().receive(lost)[0]) == REFUSED
    assert [each for each in night(land, queue).tables if each.folder.dataset == dataset] == []


@pytest.mark.usefixtures("nobody_s")
def test_a_folder_whose_log_is_gone_is_freed_and_the_command_that_is_named_lands_its_files(
    land: Land, queue: Queue
) -> None:
    dataset = new_dataset()
    log = put_log(land, dataset)
    file = land.put(f"raw/{dataset}/a.parquet", ROWS)
    land.function().receive(log)
    assert status_of(land.function().receive(file)[0]) == REFUSED
    assert dataset not in {folder.dataset for folder in night(land, queue).freed}

    land.client("s3").delete_object(Bucket=land.bucket, Key=log.key)  # a marker: its versions are still listed
    result = night(land, queue)

    [freed] = [folder for folder in result.freed if folder.dataset == dataset]
    assert f"landfall replay --rejected --dataset {dataset}" in tables.describe_gone(freed)
    assert folders_of(land, dataset) == []
    assert land.function().receive(file)[0].status is Status.LANDED


def test_a_listing_of_other_places_frees_nothing(land: Land) -> None:
    dataset = new_dataset()
    log = put_log(land, dataset)
    land.function().receive(log)
    land.client("s3").delete_object(Bucket=land.bucket, Key=log.key)

    def freed(scope: Scope) -> bool:
        total = Tally()
        for tally in find(land.client("s3"), land.warehouse, scope):
            total.add(tally)
        return dataset in {folder.dataset for folder in tables.gone(total, scope)}

    assert freed(Scope(land.bucket))
    assert freed(Scope(land.bucket, dataset=dataset))
    assert not freed(Scope(land.bucket, dataset="another"))
    assert not freed(Scope(land.bucket, prefix=f"raw/{dataset}/year=2025/"))
    assert not freed(Scope(land.bucket, rules=Rules(append_only={dataset})))


def test_a_scope_of_one_dataset_finds_no_other_one_s_tables(land: Land) -> None:
    dataset = new_dataset()
    put_log(land, dataset)

    def found(asked: str) -> list[str]:
        return [folder.prefix for folder in tables.unrecorded(tally_of(land, dataset, dataset=asked))]

    assert found(dataset) == [f"raw/{dataset}/"]
    assert found("another") == []


def test_what_lies_in_a_table_is_not_missing_whatever_comes_first_in_the_listing(land: Land) -> None:
    dataset = new_dataset()
    for key in (f"A/{LOGS[TableFormat.ICEBERG]}", "A/data/a.parquet", "A/part-00000", "b.parquet"):
        land.put(f"raw/{dataset}/year=2025/{key}" if key.startswith("A") else f"raw/{dataset}/{key}", ROWS)

    tally = tally_of(land, dataset)
    new = tables.unrecorded(tally)
    tables.set_apart(tally, new)

    assert [folder.prefix for folder in new] == [f"raw/{dataset}/year=2025/A/"]
    assert [listed.file.key for listed in tally.missing] == [f"raw/{dataset}/b.parquet"]
    assert tally.unread == []
    assert tally.passed_over[OF_A_TABLE] == 2
    assert tally.listed == 4


def test_files_of_a_table_that_is_declared_are_missing_as_any_others(land: Land) -> None:
    dataset = new_dataset()
    land.function().receive(put_log(land, dataset))
    land.put(f"raw/{dataset}/a.parquet", ROWS)

    tally = tally_of(land, dataset, rules=Rules(append_only={dataset}))

    assert [listed.file.key for listed in tally.missing] == [f"raw/{dataset}/a.parquet"]
    assert tables.unrecorded(tally) == []
