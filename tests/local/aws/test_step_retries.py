"""A retrier has pauses and attempts of its own; a throttled function is an error by its name (patch step_retries)."""

import json
import time
from typing import Any

from tests.local.aws.test_lambda_errors import calling, run_state_machine
from tests.support.lambdas import create_function
from tests.support.local_stack import LocalServices

# Fails as it is told, one attempt after another; then returns how often it was called.
FAILING = """
import pathlib, tempfile
class TransientError(Exception):
    pass
class ServiceException(Exception):
    pass
def handler(event, context):
    calls = pathlib.Path(tempfile.gettempdir(), context.function_name)
    number = len(calls.read_text()) if calls.exists() else 0
    calls.write_text("x" * (number + 1))
    if number < len(event["fails"]):
        raise globals()[event["fails"][number]]()
    return number + 1
"""
PASSES = "def handler(event, context):\n    return 1\n"


def retrier(error: str, attempts: int, **more: Any) -> dict[str, Any]:
    return {"ErrorEquals": [error], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": attempts, **more}


def test_each_retrier_counts_its_own_errors_and_uses_up_no_attempt_of_another(local_aws: LocalServices) -> None:
    full = {"JitterStrategy": "FULL"}
    retry = [retrier("ServiceException", 3, **full), retrier("TransientError", 1, **full)]
    function = create_function(local_aws, FAILING)
    fails = ["ServiceException", "TransientError", "ServiceException", "ServiceException"]
    execution = run_state_machine(local_aws, calling(function, Retry=retry), {"fails": fails})
    assert (execution["status"], execution["output"]) == ("SUCCEEDED", "5")
    another = create_function(local_aws, FAILING)
    fails = ["TransientError", "ServiceException", "TransientError"]
    execution = run_state_machine(local_aws, calling(another, Retry=retry), {"fails": fails})
    assert (execution["status"], execution["error"]) == ("FAILED", "TransientError")


def test_a_pause_is_no_longer_than_its_retrier_says(local_aws: LocalServices) -> None:
    function = create_function(local_aws, FAILING)
    retry = [retrier("ServiceException", 2, IntervalSeconds=30, MaxDelaySeconds=1)]
    began = time.monotonic()
    execution = run_state_machine(local_aws, calling(function, Retry=retry), {"fails": ["ServiceException"] * 2})
    assert (execution["status"], execution["output"]) == ("SUCCEEDED", "3")
    assert 2.0 <= time.monotonic() - began < 30.0


def test_a_function_that_is_throttled_is_tried_again_by_that_name(local_aws: LocalServices) -> None:
    function, client = create_function(local_aws, PASSES), local_aws.client("lambda")
    client.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    throttled = calling(function, Retry=[retrier("TransientError", 5)])
    execution = run_state_machine(local_aws, throttled, {})
    assert (execution["status"], execution["error"]) == ("FAILED", "Lambda.TooManyRequestsException")
    assert json.loads(execution["cause"])["__type"] == "TooManyRequestsException"
    caught = calling(
        function,
        Retry=[retrier("Lambda.TooManyRequestsException", 1)],
        Catch=[{"ErrorEquals": ["Lambda.TooManyRequestsException"], "Next": "Caught"}],
    )
    assert run_state_machine(local_aws, caught, {})["status"] == "SUCCEEDED"
