"""From the operator's `upload` to rows and verdicts: the JSON faces, good files, bad files, hostile names."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

from landfall.demo import sample
from landfall.operate import objects, uploads
from landfall.operate.standing import queue_depths
from tests.end_to_end.conftest import Operator
from tests.support.waiting import wait_for

pytestmark = pytest.mark.xdist_group("end_to_end")

# What a rejection says; of other files nothing.
VERDICT_FACE = {
    "column": (str, type(None)),
    "row": (int, type(None)),
    "found": (str, type(None)),
    "expected": (str, type(None)),
    "remedy": (str, type(None)),
}
UPLOAD_FACE = {
    "path": str,
    "key": str,
    "dataset": str,
    "outcome": str,
    "reason": (str, type(None)),
    "rows": int,
    "schema_changes": list,
    **VERDICT_FACE,
}
HISTORY_FACE = {
    "source_file": str,
    "dataset": str,
    "outcome": str,
    "reason": (str, type(None)),
    "rows": (int, type(None)),
    "load_id": (str, type(None)),
    "load_seq": (int, type(None)),
    "load_path": (str, type(None)),
    "loaded_at": str,
    **VERDICT_FACE,
}
DATASET_FACE = {
    "dataset": str,
    "files_landed": int,
    "rows_landed": int,
    "files_rejected": int,
    "last_loaded_at": (str, type(None)),
}
QUEUE_FACE = {"visible": int, "in_flight": int, "dead_lettered": int}


def has_face(value: dict[str, Any], face: dict[str, Any]) -> bool:
    """Tell whether an object has exactly these members, of these types."""
    return value.keys() == face.keys() and all(isinstance(value[name], kind) for name, kind in face.items())


def write(path: Path, columns: dict[str, list[Any]]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def status_of(operator: Operator, dataset: str) -> dict[str, Any]:
    """Return the status of one dataset, checked for its face."""
    status = operator.command("status", "--dataset", dataset)
    assert status.keys() == {"datasets", "queue", "paused", "waiting", "gaps", "owed_refresh_since"}
    assert has_face(status["queue"], QUEUE_FACE)
    assert all(has_face(each, DATASET_FACE) for each in status["datasets"])
    (found,) = status["datasets"]
    return dict(found)


def test_a_good_file_lands_and_every_face_agrees(operator: Operator, tmp_path: Path) -> None:
    path = write(tmp_path / "e2e_good_20251113_001.parquet", {"a": [1, 2, 3], "b": ["x", None, "é"]})
    (uploaded,) = operator.landfall("upload", str(path), "--wait")
    assert has_face(uploaded, UPLOAD_FACE)
    assert uploaded == {
        "path": str(path),
        "key": "raw/e2e_good/e2e_good_20251113_001.parquet",
        "dataset": "e2e_good",
        "outcome": "landed",
        "reason": None,
        "rows": 3,
        **dict.fromkeys(VERDICT_FACE),
        "schema_changes": [
            {"dataset": "e2e_good", "column": "a", "found": None, "into": "BIGINT"},
            {"dataset": "e2e_good", "column": "b", "found": None, "into": "VARCHAR(65535)"},
        ],
    }
    assert sorted((row["a"], row["b"]) for row in operator.landed("e2e_good")) == [(1, "x"), (2, None), (3, "é")]

    (line,) = operator.command("history", "--dataset", "e2e_good")
    assert has_face(line, HISTORY_FACE)
    assert line["source_file"] == f"s3://{operator.stack.bucket}/{uploaded['key']}"
    assert (line["outcome"], line["rows"], line["load_path"]) == ("landed", 3, "as_is")

    status = status_of(operator, "e2e_good")
    assert (status["files_landed"], status["rows_landed"], status["files_rejected"]) == (1, 3, 0)
    assert status["last_loaded_at"] == line["loaded_at"]


def test_a_redelivered_event_lands_nothing_again(operator: Operator, tmp_path: Path) -> None:
    path = write(tmp_path / "e2e_again.parquet", {"a": [1, 2]})
    stack = operator.stack
    uploaded = operator.upload(path)
    assert uploaded.outcome == "landed"
    body = sample.notification(stack.bucket, uploaded.plan.key, uploaded.version_id, path.stat().st_size)
    for _ in range(3):
        stack.sqs.send_message(QueueUrl=stack.output("LandingQueueUrl"), MessageBody=body)
    wait_for(lambda: _queue_is_empty(operator), "an empty queue")
    assert len(operator.landed("e2e_again")) == 2
    assert len(operator.command("history", "--dataset", "e2e_again")) == 1


def _queue_is_empty(operator: Operator) -> bool:
    queue = queue_depths(operator.stack)
    return queue["visible"] == 0 and queue["in_flight"] == 0


def test_every_version_of_a_key_lands(operator: Operator, tmp_path: Path) -> None:
    for value in (1, 2):
        path = write(tmp_path / "e2e_versions.parquet", {"a": [value]})
        assert operator.upload(path).outcome == "landed"
    assert sorted(row["a"] for row in operator.landed("e2e_versions")) == [1, 2]
    assert [line["load_seq"] for line in operator.command("history", "--dataset", "e2e_versions")] == [2, 1]


def test_a_corrupt_file_is_rejected_with_a_verdict_and_nothing_lands(operator: Operator, tmp_path: Path) -> None:
    good = write(tmp_path / "whole.parquet", {"a": list(range(1000))})
    corrupt = tmp_path / "e2e_corrupt_1.parquet"
    corrupt.write_bytes(good.read_bytes()[:-100])
    (uploaded,) = operator.landfall("upload", str(corrupt), "--wait", exits=1)
    assert uploaded["outcome"] == "rejected"
    assert uploaded["reason"].startswith("not_parquet: ")
    assert uploaded["rows"] is None

    (line,) = operator.command("history", "--dataset", "e2e_corrupt")
    assert has_face(line, HISTORY_FACE)
    assert (line["outcome"], line["reason"]) == ("rejected", uploaded["reason"])
    status = status_of(operator, "e2e_corrupt")
    assert (status["files_landed"], status["rows_landed"], status["files_rejected"]) == (0, 0, 1)

    kept = operator.keys(f"quarantine/{uploaded['key']}")
    (verdict_key,) = (key for key in kept if key.endswith(".verdict.json"))
    assert f"quarantine/{uploaded['key']}" in kept
    verdict = json.loads(operator.stack.s3.get_object(Bucket=operator.stack.bucket, Key=verdict_key)["Body"].read())
    assert verdict["file"] == f"s3://{operator.stack.bucket}/{uploaded['key']}"
    assert verdict["remedy"]


def test_hostile_keys_land_under_their_own_names(operator: Operator, tmp_path: Path) -> None:
    names = [
        "a b.parquet",
        'it\'s "quoted".parquet',
        "year=2025/a+b=c&d.parquet",
        "ünï-日本-🚀.parquet",
        "100%25.parquet",
        "semi;colon -- comment.parquet",
        "back\\slash.parquet",
        "dots..in..name.parquet",
        "up=../and=..&down.parquet",
    ]
    stack = operator.stack
    plans = []
    for number, name in enumerate(names):
        path = write(tmp_path / f"{number}.parquet", {"a": [number]})
        plans += uploads.plan_uploads([path], key=f"raw/e2e_hostile/{name}")
    done = uploads.wait(stack, [uploads.put(stack, plan) for plan in plans], 90)
    assert {each.plan.key: each.outcome for each in done} == {f"raw/e2e_hostile/{name}": "landed" for name in names}
    found = {row["a"]: row["_source_file"] for row in operator.landed("e2e_hostile")}
    expected = {number: f"s3://{stack.bucket}/raw/e2e_hostile/{name}" for number, name in enumerate(names)}
    assert found == expected
    # what the command line names it can also take out again, whatever the name
    for source_file in list(expected.values())[:4]:
        assert operator.command("undo", source_file)["outcome"] == "undone"
    assert {row["a"] for row in operator.landed("e2e_hostile")} == {4, 5, 6, 7, 8}


def test_hostile_columns_land_quoted_or_are_rejected_by_name(operator: Operator, tmp_path: Path) -> None:
    quoted = write(tmp_path / "e2e_columns_1.parquet", {"select": [1], 'a"; drop table x; --': [2], "Größe": [3]})
    assert operator.upload(quoted).outcome == "landed"
    (row,) = operator.landed("e2e_columns")
    assert (row["select"], row['a"; drop table x; --'], row["größe"]) == (1, 2, 3)

    twice = write(tmp_path / "e2e_columns_2.parquet", {"a": [1], "A": [2]})
    reserved = write(tmp_path / "e2e_columns_3.parquet", {"ctid": [1]})
    done = operator.landfall("upload", str(twice), str(reserved), "--wait", exits=1)
    assert [each["outcome"] for each in done] == ["rejected", "rejected"]
    assert "duplicate_column" in done[0]["reason"]
    assert "reserved_column_name" in done[1]["reason"]
    assert len(operator.landed("e2e_columns")) == 1


def test_what_is_no_data_file_is_ignored(operator: Operator, tmp_path: Path) -> None:
    path = write(tmp_path / "x.parquet", {"a": [1]})
    (uploaded,) = operator.landfall("upload", str(path), "--key", "raw/e2e_ignored/_x.parquet", "--wait", exits=1)
    assert (uploaded["outcome"], uploaded["reason"]) == (
        "ignored",
        "'_x.parquet' is its writer's own: it begins with '_'",
    )
    assert operator.command("history", "--dataset", "e2e_ignored") == []


def test_a_version_deleted_before_it_landed_is_gone(operator: Operator, tmp_path: Path) -> None:
    stack = operator.stack
    path = write(tmp_path / "e2e_gone.parquet", {"a": [1]})
    upload = uploads.put(stack, uploads.plan_uploads([path])[0])
    stack.s3.delete_object(Bucket=stack.bucket, Key=upload.plan.key, VersionId=upload.version_id)
    (settled,) = uploads.wait(stack, [upload], 60)
    assert settled.outcome == "gone"
    assert operator.command("history", "--dataset", "e2e_gone") == []


def test_time_running_out_is_exit_code_2_and_not_an_outcome(operator: Operator, tmp_path: Path) -> None:
    path = write(tmp_path / "e2e_late.parquet", {"a": [1]})
    (uploaded,) = operator.landfall("upload", str(path), "--wait", "--timeout", "0", exits=2)
    assert uploaded["outcome"] is None
    assert "no outcome within" in uploaded["reason"]


def test_a_large_file_is_sent_in_parts_and_lands_whole(operator: Operator, tmp_path: Path) -> None:
    path = tmp_path / "e2e_large.parquet"
    texts = [str(number % 10) * 60_000 for number in range(300)]
    pq.write_table(pa.table({"a": texts}), path, compression="none", use_dictionary=False)
    assert path.stat().st_size > objects.PART_BYTES
    (uploaded,) = operator.landfall("upload", str(path), "--wait")
    assert (uploaded["outcome"], uploaded["rows"]) == ("landed", 300)
    found = operator.stack.warehouse.query('select left(a, 1) as first, len(a) as length from landing."e2e_large"')
    assert sorted((row["first"], int(row["length"])) for row in found) == sorted((text[0], 60_000) for text in texts)


def test_undo_takes_one_version_out_and_says_what_it_did(operator: Operator, tmp_path: Path) -> None:
    for value in (1, 2):
        operator.upload(write(tmp_path / "e2e_undo.parquet", {"a": [value]}))
    key = "raw/e2e_undo/e2e_undo.parquet"
    asked = operator.local.landfall("undo", key)
    assert asked.returncode == 3
    newest, oldest = re.findall(r"landfall undo \S+ --version (\S+) \(1 row, landed", asked.stderr)
    assert len(operator.landed("e2e_undo")) == 2
    undone = operator.command("undo", key, "--version", newest)
    assert (undone["outcome"], undone["rows"], undone["was_modeled"]) == ("undone", 1, False)
    assert [row["a"] for row in operator.landed("e2e_undo")] == [1]

    again = operator.command("undo", key)
    assert (again["outcome"], again["rows"]) == ("already_undone", 0)
    assert again["version_id"] == undone["version_id"]
    assert [row["a"] for row in operator.landed("e2e_undo")] == [1]

    assert again["other_versions"] == [oldest]
    assert operator.command("undo", key, "--version", oldest)["outcome"] == "undone"
    assert operator.landed("e2e_undo") == []
    assert {line["outcome"] for line in operator.command("history", "--dataset", "e2e_undo")} == {"undone"}


def test_undo_of_what_never_landed_is_refused_clearly(operator: Operator) -> None:
    done = operator.local.landfall("undo", "raw/e2e_nothing/x.parquet")
    assert done.returncode == 3
    assert "has not landed" in done.stderr
    assert "Traceback" not in done.stderr
