"""The tasks of a state machine run as its role, and fail where it does not allow them.

Stock ministack runs every task. On AWS a task fails with the service's exception and the denial as its cause
(https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html). Covered are the integrations that
have a policy page each: functions, items of a table, topics, executions
(https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html).
"""

from contextvars import ContextVar
from typing import Any

from ministack.core.responses import get_account_id, get_region  # type: ignore[import-not-found]  # server environment
from ministack.services import stepfunctions  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source
from local.aws.patches.leading_keys import leading_keys
from local.aws.patches.roles import Actor, Deed, refusal

_ERRORS = {
    "lambda": "Lambda.AWSLambdaException",
    "dynamodb": "DynamoDB.AmazonDynamoDBException",
    "sns": "SNS.AuthorizationErrorException",
    "states": "StepFunctions.AWSStepFunctionsException",
}

_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


def apply() -> None:
    """Ask before a task calls a service."""
    execute, invoke = stepfunctions._execute_task, stepfunctions._invoke_resource
    expect_source(execute, "53c818d247dba62c49b82c78ad185f18083422f2bc30168836d7b4f2dae28d9a")
    expect_source(invoke, "a85d2be9a8584ce0f8660e27ccc9e1687a5f5d167a727613b8ee0c90bdd53d69")
    expect_source(
        stepfunctions._invoke_resource_with_timeout,
        "faeed0bf70d53efc6584e3807359286ba330ecfa4f3f76adda682f6c7f6e9333",
    )

    def execute_task(state: dict[str, Any], given: Any, execution: dict[str, Any], context: dict[str, Any]) -> Any:
        token = _acting.set(_actor(execution))
        try:
            return execute(state, given, execution, context)
        finally:
            _acting.reset(token)

    def invoke_as_role(resource: str, arguments: dict[str, Any]) -> Any:
        actor, deed = _acting.get(), _deed(resource, arguments)
        refused = refusal(actor, deed) if actor and deed else None
        if deed and refused:
            raise stepfunctions._ExecutionError(_ERRORS[deed.action.partition(":")[0]], refused)
        return invoke(resource, arguments)

    stepfunctions._execute_task, stepfunctions._invoke_resource = execute_task, invoke_as_role


def _actor(execution: dict[str, Any] | None) -> Actor | None:
    machine = stepfunctions._state_machines.get((execution or {}).get("stateMachineArn", ""))
    return Actor("states.amazonaws.com", machine["roleArn"], machine["stateMachineArn"]) if machine else None


def _deed(resource: str, arguments: dict[str, Any]) -> Deed | None:
    """Return what a task asks of another service; nothing for an integration that is not covered."""
    if resource.startswith("arn:aws:lambda:"):
        return Deed("lambda:InvokeFunction", resource)
    service, _, operation = resource.partition(":::")[2].partition(":")
    if service == "lambda":
        return Deed("lambda:InvokeFunction", _function_arn(arguments["FunctionName"]))
    if service == "sns":
        return Deed("sns:Publish", arguments["TopicArn"])
    if service == "states":
        return Deed("states:StartExecution", arguments["StateMachineArn"])
    if service == "dynamodb":
        table = f"arn:aws:dynamodb:{get_region()}:{get_account_id()}:table/{arguments['TableName']}"
        keys = {"dynamodb:leadingkeys": leading_keys(arguments)}
        return Deed(f"dynamodb:{operation[0].upper()}{operation[1:]}", table, keys)
    return None


def _function_arn(name: str) -> str:
    return name if name.startswith("arn:") else f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{name}"
