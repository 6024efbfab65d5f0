"""A transform whose execution ended with the server is started again; one that runs is left alone."""

import json
from typing import Any

import pytest

from local.recovery import resume_interrupted_transform
from tests.support.lambdas import create_role, unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": True}}}


@pytest.fixture
def outputs(local_aws: LocalServices) -> dict[str, str]:
    """A lease table and a state machine, as the product's stack names them."""
    table = unique("lease")
    local_aws.client("dynamodb").create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "lease_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "lease_id", "KeyType": "HASH"}],
    )
    machine = local_aws.client("stepfunctions").create_state_machine(
        name=unique("transform"), definition=json.dumps(WAITS), roleArn=create_role(local_aws, "states")
    )
    return {"LeaseTableName": table, "StateMachineArn": machine["stateMachineArn"]}


def run_with_lease(aws: LocalServices, outputs: dict[str, str]) -> str:
    """Start an execution that holds the lease, and return its ARN."""
    execution: str = aws.client("stepfunctions").start_execution(stateMachineArn=outputs["StateMachineArn"])[
        "executionArn"
    ]
    item = {"lease_id": {"S": "transform"}, "holder": {"S": execution}}
    aws.client("dynamodb").put_item(TableName=outputs["LeaseTableName"], Item=item)
    return execution


def state_of(aws: LocalServices, outputs: dict[str, str]) -> tuple[int, bool]:
    """Return (executions that run, whether the lease is held)."""
    executions = aws.client("stepfunctions").list_executions(
        stateMachineArn=outputs["StateMachineArn"], statusFilter="RUNNING"
    )["executions"]
    items: list[Any] = aws.client("dynamodb").scan(TableName=outputs["LeaseTableName"])["Items"]
    return len(executions), bool(items)


def test_an_interrupted_transform_is_started_again_without_its_old_lease(
    local_aws: LocalServices, outputs: dict[str, str]
) -> None:
    execution = run_with_lease(local_aws, outputs)
    local_aws.client("stepfunctions").stop_execution(executionArn=execution)
    wait_for(lambda: state_of(local_aws, outputs) == (0, True), "the end of the execution")
    resume_interrupted_transform(local_aws.ports, outputs, print)
    assert state_of(local_aws, outputs) == (1, False)


def test_a_transform_that_runs_keeps_its_lease_and_no_other_is_started(
    local_aws: LocalServices, outputs: dict[str, str]
) -> None:
    run_with_lease(local_aws, outputs)
    resume_interrupted_transform(local_aws.ports, outputs, print)
    assert state_of(local_aws, outputs) == (1, True)


def test_a_lease_of_an_execution_that_was_forgotten_is_taken_too(
    local_aws: LocalServices, outputs: dict[str, str]
) -> None:
    holder = outputs["StateMachineArn"].replace(":stateMachine:", ":execution:") + ":forgotten"
    item = {"lease_id": {"S": "transform"}, "holder": {"S": holder}}
    local_aws.client("dynamodb").put_item(TableName=outputs["LeaseTableName"], Item=item)
    resume_interrupted_transform(local_aws.ports, outputs, print)
    assert state_of(local_aws, outputs) == (1, False)


def test_nothing_happens_when_nothing_was_interrupted(local_aws: LocalServices, outputs: dict[str, str]) -> None:
    resume_interrupted_transform(local_aws.ports, outputs, print)
    assert state_of(local_aws, outputs) == (0, False)
