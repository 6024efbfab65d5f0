"""MODEL: what the state machine carries stays below what Step Functions takes, whatever a run brings."""

import json
from typing import Any

import pytest

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from transform_lambda import carried
from transform_lambda.announced import Run
from transform_lambda.freshness import finding
from transform_lambda.publish import message
from transform_lambda.report import result_of

# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
LIMIT = 262_144
HUGE = 'é"\\' * 400


@pytest.fixture
def bucket(local_aws: LocalServices) -> str:
    name = unique("carried")
    local_aws.client("s3").create_bucket(Bucket=name)
    return name


def build_of(number: int, text: str = HUGE) -> dict[str, Any]:
    """Return the result of a build in which so many nodes failed."""
    gate = {"gate": text[:200], "name": text[:200], "status": "fail", "failures": 1, "severity": "error"}
    explained = {**gate, "files": [text] * 5, "examples": [{"column": text}] * 3, "remedy": [text] * 5}
    model = {"name": text[:200], "status": "error", "rows_affected": None, "message": text}
    return {
        "outcome": "gate_failed",
        "part_outcome": "gate_failed",
        "run_id": "r",
        "run_ids": ["r"] * number,
        "models": [model] * number,
        "gates": [gate] * number,
        "records": [{"dataset": text[:100], "accepted": 1}] * number,
        "failing": [explained] * number,
        "warning": [explained] * number,
        "errors": [text] * number,
    }


@pytest.mark.parametrize("number", [1, 40, 4_000])
def test_a_result_is_carried_as_it_is_or_by_its_key_and_comes_whole(
    local_aws: LocalServices, bucket: str, number: int
) -> None:
    s3, whole = local_aws.client("s3"), build_of(number, "text")
    small = carried.put_away(s3, bucket, whole)
    assert len(json.dumps(small)) <= LIMIT / 4
    assert small["part_outcome"] == "gate_failed"  # which the state machine reads
    event = {"action": "report", "part": "", "so_far": None, "build": small, "plan": {"build": True}}
    assert carried.fetched(s3, bucket, event) == {**event, "build": whole}
    kept = s3.list_objects_v2(Bucket=bucket).get("KeyCount")
    assert kept == (carried.KEY in small) == (number == 4_000)


@pytest.mark.parametrize("number", [0, 1, 20, 400])
def test_what_a_run_ends_with_and_its_message_are_one_output_that_step_functions_takes(number: int) -> None:
    build = build_of(number)
    plan = {"datasets": [HUGE[:120]] * number, "reasons": [HUGE] * number}
    result = result_of(build, "reports/transform/r.json", "bucket")
    run = Run("dev", plan, build, {}, "s3://bucket/reports/transform/r.json")
    output = {"result": result, "message": message(run), "alert": {"report": "x" * 1_200, "subject": "s" * 100}}
    assert len(json.dumps(output)) <= LIMIT
    assert (len(result["failing"]) > 0, len(result["warning"]) > 0) == (number > 0, number > 0)
    facts = json.loads(json.loads(output["message"]["body"])["sqs"])
    assert (facts["outcome"], facts["report"]) == ("gate_failed", "s3://bucket/reports/transform/r.json")
    assert ("shortened_from" in result) == (number > 0)


def test_datasets_by_the_thousand_that_are_late_are_one_output_too() -> None:
    stale = {"dataset": "d" * 127, "status": "error", "newest_at": "2025-11-13T09:05:00+00:00", "hours": 5}
    late = [{**stale, "age_hours": 5, "limit_hours": 1, "error_after_hours": 1, "warn_after_hours": 1}] * 5_000
    assert len(json.dumps(finding("dev", late, None, 24))) <= LIMIT
