"""`landfall upload` needs the bucket alone: a warehouse that is away keeps no file from being uploaded."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq
from typer.testing import CliRunner

from ingest_lambda.file_version import FileVersion
from landfall import api
from landfall.app import build
from landfall.operate import expected_table, files, uploads
from landfall.operate.uploads import Upload
from landfall.stack import Stack
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

NOBODY = "arn:aws:secretsmanager:us-east-1:000000000000:secret:none-000000"


def test_content_that_has_landed_before_is_said_where_it_is_uploaded_again(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset()

    def land(stack: Stack, done: Sequence[Upload], *_: object) -> list[Upload]:
        desk.function.receive(*(FileVersion(stack.bucket, each.plan.key, each.version_id) for each in done))
        return uploads.settle(stack, done)

    monkeypatch.setattr(uploads, "wait", land)
    said = {}
    for name, values in (("first", [1]), ("other", [2]), ("again", [1])):
        pq.write_table(pa.table({"a": values}), tmp_path / f"{name}.parquet")
        command = ["upload", str(tmp_path / f"{name}.parquet"), "--dataset", dataset, "--wait"]
        said[name] = CliRunner().invoke(build(), command, catch_exceptions=False).stderr

    assert f"raw/{dataset}/again.parquet: same bytes as load 1 of {dataset}; it lands again" in said["again"]
    assert "same bytes" not in said["first"] + said["other"]
    assert desk.land.count(f"landing.{dataset}") == 3

    desk.landfall("undo", f"raw/{dataset}/first.parquet")
    desk.landfall("undo", f"raw/{dataset}/again.parquet")
    command = ["upload", str(tmp_path / "first.parquet"), "--dataset", dataset, "--key", f"raw/{dataset}/new.parquet"]
    assert "same bytes" not in CliRunner().invoke(build(), [*command, "--wait"], catch_exceptions=False).stderr


def test_a_file_that_was_undone_is_not_said_to_have_landed_where_its_version_is_reused(
    desk: Desk, tmp_path: Path
) -> None:
    dataset, path = new_dataset(), tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    done = api.upload(path, dataset, reuse=True, stack=desk.stack)
    file = FileVersion(desk.stack.bucket, done[0].plan.key, done[0].version_id)
    desk.function.receive(file)
    desk.landfall("undo", file.key)

    with pytest.raises(api.UnsuccessfulError, match=r"undone at .*, and stays out") as failed:
        api.upload(path, dataset, reuse=True, wait=True, stack=desk.stack)

    (again,) = failed.value.result
    assert (again.version_id, again.outcome, again.rows) == (file.version_id, "undone", 0)
    named = again.reason.partition("`landfall ")[2].partition("`")[0].split()
    assert named == ["replay", file.key, "--version", file.version_id, "--undone"]
    assert desk.landfall(*named)[0]["action"] == "restored"
    desk.deliver()
    (landed,) = api.upload(path, dataset, reuse=True, wait=True, stack=desk.stack)
    assert (landed.outcome, landed.rows) == ("landed", 1)


def test_a_file_that_is_deleted_before_it_landed_is_gone_and_exits_1(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = new_dataset()

    def delete(stack: Stack, done: Sequence[Upload], *_: object) -> list[Upload]:
        for each in done:
            stack.s3.delete_object(Bucket=stack.bucket, Key=each.plan.key, VersionId=each.version_id)
        return uploads.settle(stack, done)

    monkeypatch.setattr(uploads, "wait", delete)
    pq.write_table(pa.table({"a": [1]}), tmp_path / "x.parquet")
    command = ["upload", str(tmp_path / "x.parquet"), "--dataset", dataset, "--wait"]
    said = CliRunner().invoke(build(), command, catch_exceptions=False)

    assert said.exit_code == 1
    assert "no longer exists" in said.stdout


@pytest.fixture
def away(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose warehouse lets nobody in."""
    stack = replace(desk.stack, outputs={**desk.stack.outputs, "LoaderSecretArn": NOBODY})
    monkeypatch.setattr(Stack, "from_environment", lambda: stack)
    return desk


@pytest.mark.parametrize(("options", "exits"), [((), 0), (("--wait", "--timeout", "5"), 2)])
def test_a_file_is_uploaded_although_the_warehouse_is_away(
    away: Desk, tmp_path: Path, options: tuple[str, ...], exits: int
) -> None:
    dataset = new_dataset()
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": [1]}), path)
    (done,) = away.landfall("upload", str(path), "--dataset", dataset, *options, exits=exits)
    assert away.land.keys(f"raw/{dataset}/") == {done["key"]}
    assert done["outcome"] is None
    assert ("lands by itself" in (done["reason"] or "")) == bool(options)


def test_without_versions_nobody_takes_the_object_of_today_for_the_one_that_landed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, bucket, path = new_dataset(), new_dataset("unversioned").replace("_", "-"), tmp_path / "a.parquet"
    desk.land.client("s3").create_bucket(Bucket=bucket)
    stack = replace(desk.stack, outputs={**desk.stack.outputs, "BucketName": bucket})
    monkeypatch.setattr(Stack, "from_environment", lambda: stack)
    monkeypatch.setattr(expected_table, "widen_row_limit", lambda _: 100)

    def upload(*values: int) -> Upload:
        pq.write_table(pa.table({"a": values}), path)
        (done,) = api.upload(path, dataset, stack=stack)
        return done

    def receive(done: Upload) -> None:
        """Land it beside another, so that the function reads both: no local copy can name the null version."""
        other = desk.land.put(f"raw/{dataset}/{new_dataset()}.parquet", pa.table({"a": [0]}))
        desk.function.receive(FileVersion(bucket, done.plan.key, done.version_id), other)

    def settled(done: Upload) -> tuple[str | None, int | None]:
        (upload,) = uploads.settle(stack, [done])
        return upload.outcome, upload.rows

    def planned(done: Upload, exits: int = 0) -> tuple[str, str | None]:
        (forecast,) = desk.landfall("plan", f"s3://{bucket}/{done.plan.key}", exits=exits)["files"]
        return forecast["outcome"], forecast["reason"]

    first = upload(1)
    receive(first)
    assert (settled(first), planned(first)) == (("landed", 1), ("decided", None))

    second = upload(1, 2)
    assert (settled(second), planned(second, exits=1)) == ((None, None), ("rejected", "overwritten"))
    receive(second)
    assert settled(second) == ("rejected", None)

    desk.landfall("undo", second.plan.key)
    (replayed,) = desk.landfall("replay", second.plan.key, "--version", "null", "--undone")
    assert replayed["action"] == "restored"
    assert [each.files_rejected for each in files.totals(desk.land.warehouse, dataset)] == [1]
    receive(second)
    assert (settled(second), planned(second)) == (("landed", 2), ("decided", None))
    assert [each.files_rejected for each in files.totals(desk.land.warehouse, dataset)] == [0]
    lines = [line.outcome for line in files.history(desk.land.warehouse, dataset) if bucket in line.source_file]
    assert sorted(lines) == ["landed", "resolved", "undone"]
