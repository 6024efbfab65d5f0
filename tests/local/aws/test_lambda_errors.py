"""A failed Lambda names its exception, so that Step Functions catches and retries by name (patch lambda_errors)."""

import json
from typing import Any

from tests.support.lambdas import allow, create_function, create_role, invoke, unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

RAISES = """
class GateFailed(Exception):
    pass
def handler(event, context):
    if event.get("exit"):
        import os
        os._exit(3)
    raise GateFailed("two rows")
"""


def run_state_machine(aws: LocalServices, definition: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    """Run the definition once and return its execution's description."""
    machines = aws.client("stepfunctions")
    role = create_role(aws, "states", allow("lambda:InvokeFunction", "sns:Publish"))
    machine = machines.create_state_machine(name=unique("machine"), definition=json.dumps(definition), roleArn=role)
    execution = machines.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(payload))

    def ended() -> dict[str, Any] | None:
        description: dict[str, Any] = machines.describe_execution(executionArn=execution["executionArn"])
        return None if description["status"] == "RUNNING" else description

    return wait_for(ended, "the end of the execution")


def calling(function: str, **task: Any) -> dict[str, Any]:
    """Return a state machine that calls the function, with states for a caught error."""
    call = {"Type": "Task", "Resource": function, "End": True} | task
    return {"StartAt": "Call", "States": {"Call": call, "Caught": {"Type": "Pass", "End": True}}}


def test_the_answer_of_a_failed_function_holds_class_message_and_trace(local_aws: LocalServices) -> None:
    answer = invoke(local_aws, create_function(local_aws, RAISES), {})
    assert (answer["errorType"], answer["errorMessage"]) == ("GateFailed", "two rows")
    assert 'raise GateFailed("two rows")' in "\n".join(answer["stackTrace"])


def test_a_function_whose_process_ends_is_an_exit_error(local_aws: LocalServices) -> None:
    assert invoke(local_aws, create_function(local_aws, RAISES), {"exit": 1})["errorType"] == "Runtime.ExitError"


def test_step_functions_catches_an_error_by_its_class(local_aws: LocalServices) -> None:
    function = create_function(local_aws, RAISES)
    definition = calling(function, Catch=[{"ErrorEquals": ["GateFailed"], "Next": "Caught"}])
    execution = run_state_machine(local_aws, definition, {})
    assert execution["status"] == "SUCCEEDED"
    output = json.loads(execution["output"])
    assert output["Error"] == "GateFailed"
    assert json.loads(output["Cause"])["errorMessage"] == "two rows"


def test_step_functions_does_not_catch_an_error_of_another_class(local_aws: LocalServices) -> None:
    function = create_function(local_aws, RAISES)
    definition = calling(function, Catch=[{"ErrorEquals": ["SomethingElse"], "Next": "Caught"}])
    execution = run_state_machine(local_aws, definition, {})
    assert (execution["status"], execution["error"]) == ("FAILED", "GateFailed")


def test_step_functions_retries_an_error_by_its_class(local_aws: LocalServices) -> None:
    function = create_function(
        local_aws,
        """
        import pathlib, tempfile
        class Throttled(Exception):
            pass
        def handler(event, context):
            tries = pathlib.Path(tempfile.gettempdir(), context.function_name)
            tries.write_text((tries.read_text() if tries.exists() else "") + "x")
            if len(tries.read_text()) < 3:
                raise Throttled()
            return len(tries.read_text())
        """,
    )
    retry = [{"ErrorEquals": ["Throttled"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.0}]
    execution = run_state_machine(local_aws, calling(function, Retry=retry), {})
    assert (execution["status"], execution["output"]) == ("SUCCEEDED", "3")
