"""Runs: what an execution's output had no room for is read from the report, and handed out whole."""

import json
from typing import Any

import boto3
import pytest

from landfall.operate import transforms
from local.services import aws_environment
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from transform_lambda.report import result_of


class Machine:
    """Step Functions, of which one execution has ended with that output."""

    def __init__(self, output: dict[str, Any]) -> None:
        self.output = output

    def describe_execution(self, **_: str) -> dict[str, Any]:
        """Describe the execution."""
        return {"status": "SUCCEEDED", "output": json.dumps(self.output)}


@pytest.mark.parametrize("number", [2, 2_000])
def test_a_run_is_told_whole_although_its_output_was_cut(
    local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    for name, value in aws_environment(local_aws.ports).items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    gates = [{"name": f"gate_{each}", "status": "pass", "severity": "error", "failures": 0} for each in range(number)]
    lists: dict[str, Any] = {name: [] for name in ("run_ids", "models", "records", "failing", "warning", "errors")}
    build = {"outcome": "succeeded", "run_id": "r", **lists, "gates": gates}
    s3, bucket, key = boto3.client("s3"), unique("reports"), "reports/transform/r.json"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"build": build}).encode())
    output = result_of(build, key, bucket)
    assert (len(output["gates"]) < number) == (number == 2_000)
    run, _ = transforms.look(Machine(output), "arn")  # type: ignore[arg-type]  # one method of the client
    assert [gate["name"] for gate in run.gates] == [gate["name"] for gate in gates]
    assert (run.outcome, run.run_id) == ("succeeded", "r")
