"""Objects of a bucket that keeps no versions: what is overwritten is never taken for what has landed."""

# ruff: noqa: S608 - the tests' own queries, of names that they made

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest

from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.reasons import Reason
from ingest_lambda.reconcile.find import Tally, find
from ingest_lambda.reconcile.ledger import Standing
from ingest_lambda.reconcile.listing import Scope
from ingest_lambda.tell.waiting import Waiting, note
from ingest_lambda.warehouse import removals
from landfall.operate import files, replays, waiting
from tests.land.warehouse import Land, new_dataset, parquet


@pytest.fixture
def bucket(land: Land) -> str:
    """A bucket that keeps no versions."""
    name = new_dataset("unversioned").replace("_", "-")
    land.client("s3").create_bucket(Bucket=name)
    return name


def put(land: Land, bucket: str, dataset: str, number: int) -> FileVersion:
    """Store a file of one row under one key, and announce it as S3 does."""
    return put_bytes(land, bucket, dataset, parquet(pa.table({"id": [number]})))


def put_bytes(land: Land, bucket: str, dataset: str, body: bytes) -> FileVersion:
    key = f"raw/{dataset}/a.parquet"
    stored = land.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return FileVersion(bucket, key, stored.get("VersionId", UNVERSIONED), stored["ETag"].strip('"'), len(body))


def receive(land: Land, file: FileVersion, dataset: str, receive_count: int = 1) -> FileOutcome:
    """Land a file together with another, so that the function reads both: no local copy can name the null version."""
    other = land.put(f"raw/{dataset}/{uuid.uuid4().hex}.parquet", pa.table({"id": [0]}))
    outcome, beside = land.function().receive(file, other, receive_count=receive_count)
    assert beside.status is Status.LANDED
    return outcome


def stack_of(land: Land, bucket: str, queue: str) -> Any:
    """What the operator's commands need of a stack."""
    clients = {"s3": land.client("s3"), "sqs": land.client("sqs"), "warehouse": land.warehouse}
    return SimpleNamespace(**clients, bucket=bucket, route_pattern=None, output=lambda _: queue)


@pytest.fixture
def queue(land: Land) -> Iterator[str]:
    """A landing queue of the test's own."""
    url = land.client("sqs").create_queue(QueueName=new_dataset("landing"))["QueueUrl"]
    yield url
    land.client("sqs").delete_queue(QueueUrl=url)


def announced(land: Land, queue: str) -> list[tuple[str, str]]:
    """Take the messages of the queue: key and ETag of each object."""
    messages = land.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for each in messages:
        land.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
    return [(file.key, file.etag) for each in messages for file in parse_notification(each["Body"])]


def kept(land: Land, file: FileVersion) -> set[str]:
    """Read the verdicts in quarantine on the objects of a key: whose each is, which its name must say too."""
    found = set()
    for key in land.keys(f"quarantine/{file.key}"):
        verdict = json.loads(land.client("s3").get_object(Bucket=land.bucket, Key=key)["Body"].read())
        assert key == f"quarantine/{file.key}.{verdict['etag']}.{UNVERSIONED}.verdict.json"
        found.add(verdict["etag"])
    return found


def ids(land: Land, dataset: str) -> list[int]:
    return [row["id"] for row in land.rows(f"select id from landing.{dataset} where id > 0 order by id")]


@pytest.mark.parametrize("receive_count", [1, 2])
def test_an_object_that_takes_the_place_of_one_that_landed_is_rejected_until_the_bucket_keeps_versions(
    land: Land, bucket: str, receive_count: int
) -> None:
    dataset = new_dataset()
    first = put(land, bucket, dataset, 1)
    assert receive(land, first, dataset).status is Status.LANDED
    assert receive(land, first, dataset).status is Status.DUPLICATE

    second = put(land, bucket, dataset, 2)
    assert (second.file_id, second.version_id) == (first.file_id, UNVERSIONED)
    outcome = receive(land, second, dataset, receive_count)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.OVERWRITTEN)
    assert ids(land, dataset) == [1]
    [rejected] = land.rows(f"select reason from ops.rejected_files where dataset = '{dataset}'")
    assert rejected["reason"] == "overwritten"
    asked, by_etag = {dataset: [first.file_id]}, {first.file_id: second.etag}
    assert files.outcomes(land.warehouse, asked, {first.file_id: first.etag})[first.file_id].outcome == "landed"
    assert files.outcomes(land.warehouse, asked, by_etag)[first.file_id].outcome == "rejected"
    assert files.outcomes(land.warehouse, asked, {first.file_id: "a third"}) == {}
    lines = [line.outcome for line in files.history(land.warehouse, dataset) if line.source_file == second.uri]
    assert sorted(lines) == ["landed", "rejected"]
    assert [each.files_rejected for each in files.totals(land.warehouse, dataset)] == [1]

    land.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    assert receive(land, put(land, bucket, dataset, 2), dataset).status is Status.LANDED
    assert ids(land, dataset) == [1, 2]


def test_an_object_that_takes_the_place_of_one_whose_rows_were_removed_brings_none(land: Land, bucket: str) -> None:
    dataset = new_dataset()
    first = put(land, bucket, dataset, 1)
    receive(land, first, dataset)
    land.warehouse.transaction(removals.add_columns(dataset))
    land.warehouse.transaction(
        [
            f"update ledger.{dataset} set removed_at = getdate() where file_id = '{first.file_id}'",
            f"delete from landing.{dataset} where _file_id = '{first.file_id}'",
        ]
    )

    second = put(land, bucket, dataset, 2)
    outcome = receive(land, second, dataset)

    assert (outcome.status, outcome.reason) == (Status.REJECTED, Reason.OVERWRITTEN)
    assert ids(land, dataset) == []
    [row] = land.rows(f"select removed_at, restored_at, etag from ledger.{dataset} where file_id = '{first.file_id}'")
    assert (row["removed_at"] is not None, row["restored_at"], row["etag"]) == (True, None, first.etag)

    again = put(land, bucket, dataset, 1)
    assert (again.etag, receive(land, again, dataset).status) == (first.etag, Status.LANDED)
    assert ids(land, dataset) == [1]


@pytest.mark.parametrize("receive_count", [1, 2])
def test_a_bad_object_that_takes_the_place_of_one_that_landed_gets_its_own_verdict_once(
    land: Land, bucket: str, receive_count: int
) -> None:
    """Its message has come before, and the ledger holds its id: it has not landed all the same."""
    dataset = new_dataset()
    first = put(land, bucket, dataset, 1)
    receive(land, first, dataset)

    bad = put_bytes(land, bucket, dataset, b"no parquet")
    outcome = receive(land, bad, dataset, receive_count)
    again = receive(land, bad, dataset, receive_count=2)

    assert [(each.status, each.reason) for each in (outcome, again)] == [(Status.REJECTED, Reason.NOT_PARQUET)] * 2
    assert len(land.rows(f"select file_id from ops.rejected_files where dataset = '{dataset}'")) == 1
    assert ids(land, dataset) == [1]
    assert [each.files_rejected for each in files.totals(land.warehouse, dataset)] == [1]
    asked = {dataset: [first.file_id]}
    assert files.outcomes(land.warehouse, asked, {first.file_id: bad.etag})[first.file_id].outcome == "rejected"
    landed = receive(land, first, dataset, receive_count=2)  # its own event, once more: what is read now is the other
    assert landed.status is Status.DUPLICATE


def test_what_lands_under_the_key_of_a_rejected_object_settles_nothing_of_it(land: Land, bucket: str) -> None:
    dataset = new_dataset()
    bad = put_bytes(land, bucket, dataset, b"no parquet")
    assert receive(land, bad, dataset).reason is Reason.NOT_PARQUET

    other = put_bytes(land, bucket, dataset, b"no parquet either")
    asked = {dataset: [bad.file_id]}
    assert files.outcomes(land.warehouse, asked, {bad.file_id: bad.etag})[bad.file_id].outcome == "rejected"
    assert files.outcomes(land.warehouse, asked, {bad.file_id: other.etag}) == {}
    assert receive(land, other, dataset).reason is Reason.NOT_PARQUET
    assert len(land.rows(f"select file_id from ops.rejected_files where dataset = '{dataset}'")) == 2

    good = put(land, bucket, dataset, 1)
    assert receive(land, good, dataset).status is Status.LANDED

    lines = [line.outcome for line in files.history(land.warehouse, dataset) if line.source_file == good.uri]
    assert sorted(lines) == ["landed", "rejected", "rejected"]
    assert [each.files_rejected for each in files.totals(land.warehouse, dataset)] == [2]
    assert kept(land, bad) == {bad.etag, other.etag}


def test_an_object_that_took_anothers_place_unheard_of_is_missing_until_it_has_its_verdict(
    land: Land, bucket: str
) -> None:
    dataset = new_dataset()
    receive(land, put(land, bucket, dataset, 1), dataset)
    assert found(land, bucket, dataset).known == {Standing.LANDED: 1}

    second = put(land, bucket, dataset, 2)

    assert [each.file.etag for each in found(land, bucket, dataset).missing] == [second.etag]
    assert receive(land, second, dataset).reason is Reason.OVERWRITTEN
    assert (found(land, bucket, dataset).missing, found(land, bucket, dataset).known) == ([], {Standing.REJECTED: 1})

    bad = put_bytes(land, bucket, dataset, b"no parquet")
    assert [each.file.etag for each in found(land, bucket, dataset).missing] == [bad.etag]
    receive(land, bad, dataset)
    assert found(land, bucket, dataset).known == {Standing.REJECTED: 1}


def found(land: Land, bucket: str, dataset: str) -> Tally:
    [tally] = find(land.client("s3"), land.warehouse, Scope(bucket, f"raw/{dataset}/"))
    return tally


def test_a_replay_of_a_key_asks_after_the_object_that_has_it_now(land: Land, bucket: str, queue: str) -> None:
    dataset, stack = new_dataset(), stack_of(land, bucket, queue)
    first = put(land, bucket, dataset, 1)
    receive(land, first, dataset)
    assert [each.action for each in replays.replay_key(stack, bucket, first.key)] == [replays.LANDED]
    assert announced(land, queue) == []

    bad = put_bytes(land, bucket, dataset, b"no parquet")
    receive(land, bad, dataset)

    assert [each.action for each in replays.replay_key(stack, bucket, first.key)] == [replays.SENT]
    assert announced(land, queue) == [(bad.key, bad.etag)]


def test_a_replay_of_what_was_rejected_leaves_out_no_object_whose_id_has_landed(
    land: Land, bucket: str, queue: str
) -> None:
    dataset, stack = new_dataset(), stack_of(land, bucket, queue)
    receive(land, put(land, bucket, dataset, 1), dataset)
    bad = put_bytes(land, bucket, dataset, b"no parquet")
    receive(land, bad, dataset)

    again = replays.replay_rejected(stack, dataset, None, 0.0)

    assert [(each.file.etag, each.action) for each in again] == [(bad.etag, replays.SENT)]
    assert announced(land, queue) == [(bad.key, bad.etag)]

    worse = put_bytes(land, bucket, dataset, b"no parquet either")
    receive(land, worse, dataset)
    again = replays.replay_rejected(stack, dataset, None, 0.0)
    assert {each.file.etag: each.action for each in again} == {bad.etag: replays.GONE, worse.etag: replays.SENT}
    assert announced(land, queue) == [(worse.key, worse.etag)]


def test_a_replay_of_what_was_rejected_leaves_out_the_object_that_has_landed_since(
    land: Land, bucket: str, queue: str
) -> None:
    dataset, stack = new_dataset(), stack_of(land, bucket, queue)
    receive(land, put_bytes(land, bucket, dataset, b"no parquet"), dataset)
    good = put(land, bucket, dataset, 1)
    receive(land, good, dataset)
    verdict = f'{{"reason": "not_parquet", "etag": "{good.etag}"}}'
    land.warehouse.execute(f"update ops.rejected_files set verdict = '{verdict}' where dataset = '{dataset}'")

    assert replays.replay_rejected(stack, dataset, None, 0.0) == []
    assert announced(land, queue) == []
    assert [each.files_rejected for each in files.totals(land.warehouse, dataset)] == [0]


def test_an_object_that_is_tried_again_is_seen_though_another_of_its_key_has_landed(
    land: Land, bucket: str, queue: str
) -> None:
    dataset, stack = new_dataset(), stack_of(land, bucket, queue)
    first = put(land, bucket, dataset, 1)
    receive(land, first, dataset)
    second = put(land, bucket, dataset, 2)

    def seen(file: FileVersion) -> list[str]:
        tried_at = datetime.now(UTC).isoformat(timespec="seconds")
        note(land.client("s3"), bucket, [Waiting(file, dataset, 1, "TransientError: busy", tried_at)], 10)
        return [each.file.etag for each in waiting.still_waiting(stack, dataset)]

    assert seen(first) == []
    assert seen(second) == [second.etag]


@pytest.mark.parametrize("is_of_earlier_release", [False, True])
def test_a_message_that_comes_again_after_an_upgrade_is_told_once(
    land: Land, bucket: str, *, is_of_earlier_release: bool
) -> None:
    dataset = new_dataset()
    bad = put_bytes(land, bucket, dataset, b"no parquet")
    receive(land, bad, dataset)
    if is_of_earlier_release:  # whose verdicts said no ETag
        verdict = '{"reason": "not_parquet"}'
        land.warehouse.execute(f"update ops.rejected_files set verdict = '{verdict}' where dataset = '{dataset}'")

    receive(land, bad, dataset, receive_count=2)

    assert len(land.rows(f"select file_id from ops.rejected_files where dataset = '{dataset}'")) == 1
    assert [each.files_rejected for each in files.totals(land.warehouse, dataset)] == [1]


@pytest.mark.parametrize(("is_of_it", "expected"), [(True, 1), (False, 0)])
def test_a_file_whose_rows_left_was_rejected_since_if_that_very_object_was(
    land: Land, bucket: str, *, is_of_it: bool, expected: int
) -> None:
    dataset = new_dataset()
    first = put(land, bucket, dataset, 1)
    receive(land, first, dataset)
    land.warehouse.transaction(removals.add_columns(dataset))
    land.warehouse.execute(f"update ledger.{dataset} set removed_at = getdate() where file_id = '{first.file_id}'")
    receive(land, put_bytes(land, bucket, dataset, b"no parquet"), dataset)
    assert land.rows(removals.select_rejected(dataset)) == []

    etag = first.etag if is_of_it else "another"
    verdict = f'{{"reason": "not_parquet", "etag": "{etag}"}}'
    land.warehouse.execute(f"update ops.rejected_files set verdict = '{verdict}' where dataset = '{dataset}'")
    assert len(land.rows(removals.select_rejected(dataset))) == expected
