"""ALERT: a run's reports in S3, and whether it is told: once, and again only when a reminder is due."""

import json
import uuid
from typing import Any

import pytest

from tests.alert.test_transform_messages import build, plan
from tests.support.local_stack import LocalServices
from transform_lambda.alerts import LastAlert, fingerprint_of
from transform_lambda.project import Memory
from transform_lambda.report import LATEST, Desk, report

EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:transform:e-1"
FAILED = build("gate_failed")


@pytest.fixture(scope="module")
def s3(local_aws: LocalServices) -> Any:
    """Return an S3 client."""
    return local_aws.client("s3")


@pytest.fixture(scope="module")
def bucket(s3: Any) -> str:
    """Return a bucket of the module's own."""
    name = f"reports-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name


def event(of: dict[str, Any]) -> dict[str, Any]:
    """Return what the state machine asks a report of."""
    return {"plan": plan(fingerprint="p1"), "build": of, "archive": {"marked": 2}, "execution": EXECUTION}


def read(s3: Any, bucket: str, key: str) -> Any:
    """Read an object of JSON."""
    return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


@pytest.mark.parametrize(("age_minutes", "told"), [(59, False), (60, True)])
def test_the_same_failure_is_told_again_only_as_a_reminder(s3: Any, bucket: str, age_minutes: int, told: bool) -> None:
    last = LastAlert(fingerprint_of(FAILED), age_minutes)
    answer = report(Desk(s3, bucket, "dev", 1, last), event(FAILED))
    assert (answer["message"] is not None) == told == (answer["alert"] is not None)
    assert answer["result"]["outcome"] == "gate_failed"
    assert read(s3, bucket, "reports/transform/run-1.json")["is_told"] is told
    if told:
        assert "reminder" in answer["message"]["subject"]


@pytest.mark.parametrize("last", [None, LastAlert("", 0), LastAlert("another", 0)])
def test_a_failure_after_anything_else_is_told_at_once(s3: Any, bucket: str, last: LastAlert | None) -> None:
    answer = report(Desk(s3, bucket, "dev", 1, last), event(FAILED))
    assert "reminder" not in answer["message"]["subject"]
    assert answer["alert"]["fingerprint"] == fingerprint_of(FAILED)


def test_a_success_is_always_told(s3: Any, bucket: str) -> None:
    answer = report(Desk(s3, bucket, "dev", 24, LastAlert("", 0)), event(build("succeeded")))
    assert answer["alert"]["fingerprint"] == ""
    assert "models built" in answer["message"]["subject"]


def test_files_that_could_not_be_marked_are_told_beside_the_outcome(s3: Any, bucket: str) -> None:
    asked = event(build("succeeded")) | {"archive": {"error": "ConfigError: S3 denies it", "after": None}}
    answer = report(Desk(s3, bucket, "dev", 1), asked)
    assert (answer["result"]["outcome"], answer["result"]["unmarked"]) == ("succeeded", "ConfigError: S3 denies it")
    text = json.loads(answer["message"]["body"])["default"]
    assert "The models are up to date." in text
    assert "could not be marked as modeled in S3: ConfigError: S3 denies it" in text
    assert answer["message"]["attributes"]["severity"]["StringValue"] == "medium"
    assert "unmarked" not in report(Desk(s3, bucket, "dev", 1), event(build("succeeded")))["result"]


def test_the_report_holds_everything_that_the_run_said_and_is_the_latest(s3: Any, bucket: str) -> None:
    answer = report(Desk(s3, bucket, "dev", 24), event(FAILED))
    written = read(s3, bucket, answer["result"]["report_key"])
    assert written["build"] == FAILED
    assert written["plan"]["reasons"] == plan()["reasons"]
    assert read(s3, bucket, LATEST) == written


@pytest.mark.parametrize(
    ("before", "outcome", "kept"),
    [
        (["p1"], "succeeded", ["p1"]),
        (["p1"], "gate_failed", ["p1"]),
        (["p1"], "error", []),
        (["p0"], "succeeded", ["p1"]),
        (["p0"], "gate_failed", ["p0", "p1"]),  # what the gate has stopped is as p0 made it
        (["p0", "p1"], "succeeded", ["p1"]),
        (["p0"], "error", []),
        ([], "succeeded", ["p1"]),
        ([], "gate_failed", []),  # nobody knows what stood before
    ],
)
def test_it_is_remembered_by_which_versions_the_project_stands_after_the_build(
    s3: Any, bucket: str, before: list[str], outcome: str, kept: list[str]
) -> None:
    memory = Memory(s3, bucket)
    memory.forget()  # as the build does, before it begins
    report(Desk(s3, bucket, "dev", 24), event(build(outcome)) | {"plan": plan(fingerprint="p1", before=before)})
    assert memory.read() == kept


@pytest.mark.parametrize(
    ("wrong", "is_stopped", "status"), [(0, False, "passed"), (2, False, "warning"), (2, True, "failed")]
)
def test_every_dataset_gets_a_validation_report(
    s3: Any, bucket: str, wrong: int, is_stopped: bool, status: str
) -> None:
    counted = {"dataset": "claims", "total": 10, "valid": 10 - wrong, "error": wrong, "is_stopped": is_stopped}
    records = [counted | {"entity": "claims"}, counted | {"entity": "patients", "error": 0, "valid": 10}]
    report(Desk(s3, bucket, "dev", 24), event(build("succeeded", records=records)))
    assert read(s3, bucket, "reports/validation/claims/run-1.json") == {
        "validation_status": status,
        "summary": {"total_records": 20, "valid_records": 20 - wrong, "error_records": wrong},
        "report_location": f"s3://{bucket}/reports/transform/run-1.json",
    }
