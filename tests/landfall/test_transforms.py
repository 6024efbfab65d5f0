"""Runs: what an execution's output had no room for is read from the report, and handed out whole."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner, Result

from landfall import environment
from landfall.app import build
from landfall.operate import refreshes, transforms
from local.services import aws_environment
from tests.support import json_schemas
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from transform_lambda.kept import OwedRefresh
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


def test_a_full_refresh_that_is_owed_is_told_as_the_function_has_kept_it_until_it_is_withdrawn(
    local_aws: LocalServices,
) -> None:
    s3, bucket, begun = local_aws.client("s3"), unique("owed"), datetime(2026, 1, 31, 12, tzinfo=UTC)
    s3.create_bucket(Bucket=bucket)
    assert (refreshes.owed_since(s3, bucket), refreshes.withdraw(s3, bucket)) == (None, None)
    OwedRefresh(s3, bucket).write(begun, begun)
    assert refreshes.owed_since(s3, bucket) == "2026-01-31T12:00:00.000000Z"
    assert refreshes.withdraw(s3, bucket) == "2026-01-31T12:00:00.000000Z"
    assert (refreshes.owed_since(s3, bucket), OwedRefresh(s3, bucket).read()) == (None, None)


def test_a_withdrawal_says_what_was_owed_and_goes_with_nothing_that_starts_a_run(
    local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3, bucket, begun = local_aws.client("s3"), unique("owed"), datetime(2026, 1, 31, 12, tzinfo=UTC)
    s3.create_bucket(Bucket=bucket)
    monkeypatch.setattr(environment, "stack", lambda: SimpleNamespace(s3=s3, bucket=bucket))
    OwedRefresh(s3, bucket).write(begun, begun)

    def withdraw(*others: str) -> Result:
        return CliRunner().invoke(build(), ["transform", "--withdraw-full-refresh", *others])

    for mixed in (["--wait"], ["--full-refresh"], ["--full-refresh", "--wait", "--json"]):
        refused = withdraw(*mixed)
        assert (refused.exit_code, refused.stdout) == (2, "")
    assert OwedRefresh(s3, bucket).read() == begun, "what is refused withdraws nothing"
    said = [json_schemas.read(["transform"], withdraw("--json").stdout) for _ in range(2)]
    assert said == [{"withdrawn_since": "2026-01-31T12:00:00.000000Z"}, {"withdrawn_since": None}]
    assert withdraw().stdout == "no full refresh is owed\n"
