"""Operating the deployed chain: canonical files, pausing, lost events, replays after a fix, and what doctor says."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from pyarrow import parquet as pq

import landfall
from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.file_version import FileVersion
from landfall.demo import sample
from landfall.demo.inbox import Inbox
from landfall.operate import files
from tests.end_to_end.conftest import Operator
from tests.support.waiting import wait_for

pytestmark = pytest.mark.xdist_group("end_to_end")


def put(operator: Operator, dataset: str, name: str, columns: dict[str, Any]) -> FileVersion:
    """Put an object into the bucket, as a producer does."""
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    key = f"raw/{dataset}/{name}.parquet"
    stored = operator.stack.s3.put_object(Bucket=operator.stack.bucket, Key=key, Body=bytes(sink.getvalue()))
    return FileVersion(operator.stack.bucket, key, stored["VersionId"])


def outcome_of(operator: Operator, dataset: str, file: FileVersion) -> str | None:
    found = files.outcomes(operator.stack.warehouse, {dataset: [file.file_id]}).get(file.file_id)
    return found.outcome if found else None


def wait_until_landed(operator: Operator, dataset: str, *landing: FileVersion) -> None:
    def all_landed() -> bool:
        found = files.outcomes(operator.stack.warehouse, {dataset: [file.file_id for file in landing]})
        return len(found) == len(landing) and all(outcome.outcome == "landed" for outcome in found.values())

    wait_for(all_landed, f"{dataset} to land")


def lose_events(operator: Operator, *lost: FileVersion) -> None:
    """Take files' messages off the queue, which nobody else reads while landing is paused."""
    sqs, url = operator.stack.sqs, operator.stack.output("LandingQueueUrl")
    left = {file.file_id for file in lost}

    def take() -> bool:
        received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=2, WaitTimeSeconds=1)
        for message in received.get("Messages", []):
            if ids := left & {file.file_id for file in parse_notification(message["Body"])}:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                left.difference_update(ids)
        return not left

    wait_for(take, "the events")


def test_a_file_that_copy_would_misread_is_planned_and_lands_by_event_with_its_values(
    operator: Operator, tmp_path: Path
) -> None:
    moment = datetime(2025, 11, 13, 9, 5, 0, 123456)
    columns = {
        "at": pa.array([moment, None], pa.timestamp("ns")),
        "huge": pa.array([2**64 - 1, 0], pa.uint64()),
        "tags": pa.array([["a", "é"], None], pa.list_(pa.string())),
        "price": pa.array([Decimal("1.50"), None], pa.decimal128(18, 2)),
    }
    path = tmp_path / "e2e_canonical_1.parquet"
    pq.write_table(pa.table(columns), path)
    (forecast,) = operator.command("plan", str(path))["files"]
    assert (forecast["outcome"], forecast["path"], forecast["rows"]) == ("lands", "canonical", 2)
    assert "COPY cannot read column at" in forecast["why"]

    uploaded = operator.upload(path)
    assert (uploaded.outcome, uploaded.rows) == ("landed", 2)
    (line,) = operator.command("history", "--dataset", "e2e_canonical")
    assert line["load_path"] == "canonical"
    first, second = sorted(operator.landed("e2e_canonical"), key=lambda row: row["at"] is None)
    assert datetime.fromisoformat(first["at"]) == moment
    assert (Decimal(first["huge"]), Decimal(first["price"])) == (Decimal(2**64 - 1), Decimal("1.50"))
    assert json.loads(first["tags"]) == ["a", "é"]
    assert (second["at"], second["price"], second["tags"]) == (None, None, None)


@dataclass(frozen=True)
class Window:
    """What came while landing was paused, what the operator was told, and what was left for the operator to do."""

    switches: list[dict[str, Any]]
    status: dict[str, Any]
    findings: list[dict[str, Any]]
    waiting: FileVersion
    lost: FileVersion
    dead: FileVersion
    history: list[FileVersion]
    told_at_upload: str


@pytest.fixture(scope="module")
def window(operator: Operator, tmp_path_factory: pytest.TempPathFactory) -> Window:
    """Pause landing; let files come, and lose the events of some; look; resume."""
    stack = operator.stack
    switches = operator.command("pause")
    try:
        waiting, lost, dead = (put(operator, f"e2e_{name}", name, {"a": [1]}) for name in ("waiting", "lost", "dead"))
        history = [put(operator, "e2e_backfill", f"day={day}/a", {"a": [day]}) for day in range(3)]
        lose_events(operator, lost, dead, *history)
        body = sample.notification(dead.bucket, dead.key, dead.version_id, 500)
        stack.sqs.send_message(QueueUrl=stack.output("DeadLetterQueueUrl"), MessageBody=body)
        status = operator.command("status", "--dataset", "e2e_waiting")
        findings = operator.command("doctor", exits=1)["findings"]
        path = tmp_path_factory.mktemp("paused") / "e2e_paused.parquet"
        pq.write_table(pa.table({"a": [1]}), path)
        told = operator.local.landfall("upload", str(path)).stderr
    finally:
        operator.command("resume")
    return Window(switches, status, findings, waiting, lost, dead, history, told)


def test_while_landing_is_paused_files_wait_and_land_when_it_goes_on(operator: Operator, window: Window) -> None:
    assert {switch["name"]: switch["is_on"] for switch in window.switches}["landing"] is False
    assert (window.status["paused"], window.status["datasets"]) == (True, [])
    assert "landing is paused: what is uploaded waits for `landfall resume`" in window.told_at_upload
    wait_until_landed(operator, "e2e_waiting", window.waiting)
    assert not operator.command("status")["paused"]


def test_doctor_finds_a_deployed_chain_well_but_for_what_was_done_to_it(window: Window) -> None:
    found = {finding["check"]: finding for finding in window.findings}
    assert (found["landing"]["status"], found["landing"]["remedy"]) == ("warning", "landfall resume")
    assert (found["dead letters"]["status"], "landfall replay --dlq" in found["dead letters"]["remedy"]) == (
        "failed",
        True,
    )
    assert {found[f"{topic} topic"]["status"] for topic in ("failure", "alarm", "page", "success")} == {"ok"}
    assert found["alarms"]["status"] == "ok", found["alarms"]
    assert {found[name]["status"] for name in ("COPY", "UNLOAD")} == {"ok"}, "each with the role deployed for it"
    # other tests of this stack may break a transform on purpose
    failed = [finding for finding in window.findings if finding["status"] == "failed"]
    assert {finding["check"] for finding in failed} - {"last transform"} == {"dead letters"}, failed


def test_dead_letters_and_what_was_there_before_land_when_they_are_announced_again(
    operator: Operator, window: Window
) -> None:
    moved = operator.command("replay", "--dlq", "--wait")
    assert moved["messages"] >= 1
    assert (window.dead.uri, "landed") in {(each["source_file"], each["outcome"]) for each in moved["files"]}
    assert operator.command("backfill", "raw/e2e_backfill/")["sent"] == 3
    wait_until_landed(operator, "e2e_dead", window.dead)
    wait_until_landed(operator, "e2e_backfill", *window.history)
    again = operator.command("backfill", "raw/e2e_backfill/")
    assert (again["sent"], again["known"]) == (0, {"landed": 3})
    assert sorted(row["a"] for row in operator.landed("e2e_backfill")) == [0, 1, 2]


def test_the_nightly_reconcile_finds_a_file_whose_event_was_lost(operator: Operator, window: Window) -> None:
    stack = operator.stack
    assert operator.command("history", "--dataset", "e2e_lost") == []
    answer = stack.lambda_.invoke(
        FunctionName=stack.output("ReconcileFunctionName"), Payload=json.dumps({"grace_seconds": 0})
    )
    result = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    assert result["sent"] >= 1
    wait_until_landed(operator, "e2e_lost", window.lost)
    assert len(operator.landed("e2e_lost")) == 1


def test_a_dataset_that_a_typo_made_is_announced_and_dropped_and_stays_away(operator: Operator, inbox: Inbox) -> None:
    meant = put(operator, "e2e_penguins", "a", {"v": [1]})
    wait_until_landed(operator, "e2e_penguins", meant)
    typo = put(operator, "e2e_pengiuns", "a", {"v": [1]})
    wait_until_landed(operator, "e2e_pengiuns", typo)
    told = inbox.wait_for(lambda each: each.facts.get("resembles") == "e2e_penguins", timeout_seconds=60)
    assert told is not None
    assert (told.facts["dataset"], told.facts["first_files"]) == ("e2e_pengiuns", [typo.uri])

    assert operator.command("drop-dataset", "e2e_pengiuns", "--yes")["outcome"] == "dropped"

    stack = operator.stack
    payload = json.dumps({"grace_seconds": 0})
    answer = stack.lambda_.invoke(FunctionName=stack.output("ReconcileFunctionName"), Payload=payload)
    assert "FunctionError" not in answer, answer["Payload"].read()
    found = operator.command("reconcile", "--dataset", "e2e_pengiuns", "--grace", "0")
    assert (found["known"], found["sent"], found["mismatches"]) == ({"undone": 1}, 0, [])
    assert len(operator.landed("e2e_penguins")) == 1


def test_a_rejected_file_lands_by_replay_after_the_fix_that_its_verdict_names(operator: Operator) -> None:
    dataset = "e2e_fixed"
    number = put(operator, dataset, "number", {"v": [1]})
    wait_until_landed(operator, dataset, number)
    text = put(operator, dataset, "text", {"v": ["one"]})
    wait_for(lambda: outcome_of(operator, dataset, text) == "rejected", "the rejection")

    waited = ["replay", "--rejected", "--dataset", dataset, "--reason", "incompatible_type", "--wait"]
    (again,) = operator.command(*waited, exits=1)
    assert (again["action"], again["outcome"]) == ("sent", "rejected")
    assert (again["column"], again["found"]) == ("v", "VARCHAR(65535)")
    assert f"landfall evolve {dataset} v 'VARCHAR(65535)'" in again["remedy"]
    (late,) = operator.command("replay", text.uri, "--wait", "--timeout", "0", exits=2)
    assert (late["outcome"], late["reason"][:24]) == (None, "no outcome within 0 s; `")
    with pytest.raises(landfall.UnsuccessfulError, match=r"text\.parquet: rejected incompatible_type") as rejected:
        landfall.replay_rejected(dataset, wait=True, timeout=180)
    assert [each.outcome for each in rejected.value.result] == ["rejected"]
    assert len(operator.landed(dataset)) == 1

    assert operator.command("evolve", dataset, "v", "VARCHAR(65535)")["rows"] == 1
    (sent,) = operator.command(*waited)
    assert (sent["source_file"], sent["action"], sent["outcome"], sent["rows"]) == (text.uri, "sent", "landed", 1)
    (none,) = landfall.replay(text.key, wait=True)
    assert (none.action, none.outcome) == ("landed", None)
    assert sorted(row["v"] for row in operator.landed(dataset)) == ["1", "one"]
    outcomes = [line["outcome"] for line in operator.command("history", "--dataset", dataset)]
    assert (outcomes.count("landed"), set(outcomes)) == (2, {"landed", "resolved"})
