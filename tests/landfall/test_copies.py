"""Copies at the operator's desk: they are told apart, forecast, found again; undo and replay say where the rows are."""

from __future__ import annotations

import shlex
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq
from typer.testing import CliRunner

from ingest_lambda.file_version import FileVersion
from ingest_lambda.judge.contracts import Contract
from ingest_lambda.load.outcomes import Status
from landfall import api
from landfall.app import build
from landfall.operate import declared, drops, expected_table, objects, uploads
from landfall.operate.statements import bookkeeping
from tests.land.warehouse import new_dataset
from tests.landfall.conftest import Desk

CONTENT = pa.table({"a": [1, 2]})


@pytest.fixture
def skipping(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    """A dataset that skips copies."""
    dataset = new_dataset()
    desk.land.contracts[dataset] = Contract(skips_copies=True)
    monkeypatch.setattr(declared, "contracts", lambda: desk.land.contracts)
    return dataset


def put(desk: Desk, dataset: str, *names: str) -> list[FileVersion]:
    """Put files of the same bytes, and let them land one after the other."""
    files = [desk.land.put(f"raw/{dataset}/{name}.parquet", CONTENT) for name in names]
    for file in files:
        desk.function.receive(file)
    return files


def lines(desk: Desk, dataset: str, *options: str) -> list[tuple[str, str, str | None]]:
    found = desk.landfall("history", "--dataset", dataset, *options)
    return sorted((Path(each["source_file"]).stem, each["outcome"], each["reason"]) for each in found)


def test_history_says_what_was_skipped_and_why(desk: Desk, skipping: str) -> None:
    put(desk, skipping, "a", "b")
    assert lines(desk, skipping) == [("a", "landed", None), ("b", "skipped", "same bytes as load 1")]
    assert lines(desk, skipping, "--outcome", "skipped") == [("b", "skipped", "same bytes as load 1")]
    (totals,) = desk.landfall("status", "--dataset", skipping)["datasets"]
    assert (totals["files_landed"], totals["rows_landed"]) == (1, 2)
    assert desk.landfall("reconcile", "--dataset", skipping, "--grace", "0")["known"] == {"landed": 1, "skipped": 1}


def test_history_says_of_each_version_that_landed_whether_its_bytes_had(desk: Desk) -> None:
    dataset = new_dataset()
    put(desk, dataset, "a", "b")
    assert lines(desk, dataset) == [("a", "landed", None), ("b", "landed", "same bytes as load 1")]
    desk.landfall("undo", f"raw/{dataset}/a.parquet")
    assert [(name, outcome) for name, outcome, _ in lines(desk, dataset)] == [("a", "undone"), ("b", "landed")]
    assert lines(desk, dataset)[1][2] is None


def test_undo_of_a_copy_names_the_file_whose_rows_they_are(desk: Desk, skipping: str) -> None:
    first, copy = put(desk, skipping, "it's a", "b")
    said = desk.landfall("undo", copy.key, exits=3)
    assert "was skipped: no row in landing is its own; the same bytes landed with load 1" in said
    assert said.endswith(f"landfall undo {shlex.quote(first.uri)} --version {first.version_id}")
    assert desk.land.count(f"landing.{skipping}") == 2

    desk.landfall("undo", first.key)
    assert "the file with the same bytes was undone" in desk.landfall("undo", copy.key, exits=3)


def test_undo_of_a_key_whose_last_version_was_skipped_takes_out_the_one_that_landed(desk: Desk, skipping: str) -> None:
    first, again = put(desk, skipping, "a", "a")
    done = desk.landfall("undo", first.key)
    assert (done["version_id"], done["rows"], done["other_versions"]) == (first.version_id, 2, [])
    assert "was skipped" in desk.landfall("undo", first.key, "--version", again.version_id, exits=3)
    assert desk.land.count(f"landing.{skipping}") == 0


def test_undo_of_a_key_whose_last_bytes_are_another_files_undoes_nothing(desk: Desk, skipping: str) -> None:
    other = desk.land.put(f"raw/{skipping}/other.parquet", CONTENT)
    own = desk.land.put(f"raw/{skipping}/a.parquet", pa.table({"a": [7]}))
    last = desk.land.put(own.key, CONTENT)
    for file in (other, own, last):
        desk.function.receive(file)
    said = desk.landfall("undo", own.key, exits=3)
    assert said.endswith(f"landfall undo {other.uri} --version {other.version_id}")
    assert desk.land.count(f"landing.{skipping}") == 3

    newer = desk.land.put(other.key, pa.table({"a": [8]}))
    desk.function.receive(newer)
    desk.landfall("undo", other.uri, "--version", other.version_id)  # as it says, though a newer version has landed
    left = desk.land.rows(f"select a from landing.{skipping} order by a")  # noqa: S608 - the test's own names
    assert [row["a"] for row in left] == [7, 8]
    assert desk.landfall("undo", own.key, exits=3).endswith("the file with the same bytes was undone")


def test_what_was_skipped_lands_by_replay_once_copies_land(desk: Desk, skipping: str) -> None:
    first, copy = put(desk, skipping, "a", "b")
    desk.land.contracts[skipping] = Contract()
    assert desk.landfall("replay", copy.key)[0]["action"] == "sent"
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert lines(desk, skipping) == [("a", "landed", None), ("b", "landed", "same bytes as load 1")]
    assert desk.landfall("replay", first.key)[0]["action"] == "landed"
    assert desk.land.count(f"landing.{skipping}") == 4


def test_what_was_skipped_in_a_dataset_that_was_dropped_stays_out_until_it_is_let_land(
    desk: Desk, skipping: str, tmp_path: Path
) -> None:
    _, copy = put(desk, skipping, "a", "b")
    drops.drop(desk.stack.warehouse, drops.plan_drop(desk.stack.warehouse, skipping, {}, tmp_path))

    assert desk.landfall("replay", copy.key, exits=1)[0]["action"] == "undone"
    assert desk.messages() == []
    assert desk.landfall("reconcile", "--dataset", skipping, "--grace", "0")["known"] == {"undone": 2}
    assert desk.landfall("undo", copy.key)["outcome"] == "already_undone"

    assert desk.landfall("replay", copy.key, "--undone")[0]["action"] == "restored"
    assert desk.landfall("undo", copy.key)["ends_replay"] is True
    assert [outcome.status for outcome in desk.deliver()] == [Status.DUPLICATE]

    assert desk.landfall("replay", copy.key, "--undone")[0]["action"] == "restored"
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert desk.land.count(f"landing.{skipping}") == 2


def test_bytes_below_another_hive_part_are_no_copy_in_history(desk: Desk, skipping: str) -> None:
    put(desk, skipping, "region=EU/a", "region=US/b", "region=US/c")
    assert lines(desk, skipping) == [
        ("a", "landed", None),
        ("b", "landed", None),
        ("c", "skipped", "same bytes as load 2"),
    ]
    desk.landfall("undo", f"raw/{skipping}/region=US/b.parquet")
    assert "was undone since" in (lines(desk, skipping)[2][2] or "")


def test_an_upload_of_what_was_skipped_says_that_its_rows_are_gone(desk: Desk, skipping: str, tmp_path: Path) -> None:
    (first,) = put(desk, skipping, "a")
    pq.write_table(CONTENT, tmp_path / "b.parquet")
    path = tmp_path / "b.parquet"
    path.write_bytes(desk.stack.s3.get_object(Bucket=first.bucket, Key=first.key)["Body"].read())
    (sent,) = api.upload(path, skipping, reuse=True, stack=desk.stack)
    desk.function.receive(FileVersion(desk.stack.bucket, sent.plan.key, sent.version_id))
    desk.landfall("undo", first.key)
    (again,) = api.upload(path, skipping, reuse=True, wait=True, stack=desk.stack)
    assert (again.version_id, again.outcome, again.rows) == (sent.version_id, "skipped", 0)
    assert again.reason == f"same bytes as load 1, which was undone since; `landfall replay {sent.plan.key}` lands it"


def test_a_copy_lands_by_replay_once_its_original_was_undone(desk: Desk, skipping: str) -> None:
    first, copy, other = put(desk, skipping, "a", "b", "c")
    (kept,) = desk.landfall("replay", copy.key)
    assert (kept["action"], desk.messages()) == ("skipped", [])
    assert "the same bytes have landed" in kept["reason"]

    desk.landfall("undo", first.key)
    why = f"same bytes as load 1, which was undone since; `landfall replay {copy.key}` lands it"
    assert ("b", "skipped", why) in lines(desk, skipping)
    assert desk.landfall("replay", copy.key)[0]["action"] == "sent"
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert [each["action"] for each in desk.landfall("replay", other.key)] == ["skipped"]
    assert desk.messages() == []
    assert ("c", "skipped", "same bytes as load 1") in lines(desk, skipping)
    assert desk.land.count(f"landing.{skipping}") == 2


def test_a_replay_that_is_cut_short_leaves_a_file_that_reconcile_announces(
    desk: Desk, skipping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, copy = put(desk, skipping, "a", "b")
    desk.landfall("undo", first.key)
    with monkeypatch.context() as patched:
        patched.setattr("landfall.operate.missing.send", lambda *_: 1 / 0)
        with pytest.raises(AssertionError):
            desk.landfall("replay", copy.key)
    assert desk.messages() == []
    assert desk.landfall("reconcile", "--dataset", skipping, "--grace", "0")["sent"] == 1
    assert [outcome.status for outcome in desk.deliver()] == [Status.LANDED]
    assert desk.land.count(f"landing.{skipping}") == 2


def test_an_upload_that_waits_says_that_a_copy_was_skipped(
    desk: Desk, skipping: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(desk, skipping, "a")
    pq.write_table(CONTENT, tmp_path / "b.parquet")

    def wait(stack: api.Stack, done: list[api.Upload], *_: object) -> list[api.Upload]:
        desk.function.receive(*(FileVersion(stack.bucket, each.plan.key, each.version_id) for each in done))
        return uploads.settle(stack, done)

    monkeypatch.setattr(uploads, "wait", wait)
    (done,) = api.upload(tmp_path / "b.parquet", skipping, wait=True, stack=desk.stack)
    assert (done.outcome, done.rows) == ("skipped", 0)
    assert done.reason == "same bytes as load 1"
    assert desk.land.count(f"landing.{skipping}") == 2


def test_plan_forecasts_what_is_skipped_of_local_files_and_of_objects(
    desk: Desk, skipping: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expected_table, "widen_row_limit", lambda _: 100)  # no function is deployed here
    put(desk, skipping, "a")
    there = desk.land.put(f"raw/{skipping}/b.parquet", CONTENT)
    contents = {"same": CONTENT, "new": pa.table({"a": [3]}), "twin": pa.table({"a": [3]})}
    for name, table in contents.items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    paths = [str(tmp_path / f"{name}.parquet") for name in contents]

    planned = desk.landfall("plan", *paths, there.uri, "--dataset", skipping)["files"]

    assert {Path(each["file"]).stem: (each["outcome"], each["rows"]) for each in planned} == {
        "same": ("skipped", 0),
        "b": ("skipped", 0),
        "new": ("lands", 1),
        "twin": ("skipped", 0),
    }
    whys = {Path(each["file"]).stem: each["why"] for each in planned}
    assert whys["same"] == "same bytes as load 1"
    assert whys["twin"] == f"same bytes as raw/{skipping}/new.parquet"
    files = [
        desk.land.put(f"raw/{skipping}/{name}.parquet", Path(path).read_bytes())
        for name, path in zip(contents, paths, strict=True)
    ]
    assert [each.status for each in desk.function.receive(*files)] == [Status.SKIPPED, Status.LANDED, Status.SKIPPED]


def test_a_local_file_has_the_etag_that_its_upload_gets(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "parts"
    path.write_bytes(bytes(range(256)) * 50_000)  # of 12.8 MB
    for part in (objects.PART_BYTES, 5 * 1024**2):
        monkeypatch.setattr(objects, "PART_BYTES", part)
        key = f"raw/{new_dataset()}/parts"
        version = objects.put_file(desk.stack.s3, path, desk.stack.bucket, key)
        stored = objects.describe(desk.stack.s3, FileVersion(desk.stack.bucket, key, version))
        assert stored is not None
        assert stored.etag == objects.etag_of(path)


def test_a_copy_is_no_earlier_load(desk: Desk, skipping: str) -> None:
    first, copy = put(desk, skipping, "a", "b")
    desk.landfall("undo", first.key)
    (late,) = put(desk, skipping, "c")
    assert desk.land.rows(bookkeeping.select_copies(skipping, [late.file_id])) == []
    assert desk.land.rows(bookkeeping.select_originals(skipping, copy.file_id))[0]["key"] == late.key


def test_people_read_it_too(desk: Desk, skipping: str) -> None:
    put(desk, skipping, "a", "b")
    assert "skipped" in CliRunner().invoke(build(), ["history", "--dataset", skipping]).stdout
