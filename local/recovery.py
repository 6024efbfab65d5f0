"""Go on with the transform that the end of local AWS interrupted.

On AWS an execution of a state machine outlives everything but itself. Here it ends with the server, and what it leaves
is its lease, which would keep every other run away until it expires (infra/cloudformation/transform.asl.json).
"""

from collections.abc import Mapping
from typing import Any

from local.clients import client
from local.services import Progress
from local.state import Ports

_LEASE_KEY = {"lease_id": {"S": "transform"}}


def resume_interrupted_transform(ports: Ports, outputs: Mapping[str, str], progress: Progress) -> None:
    """Take the lease from an execution that has ended with it, and start the transform again."""
    table, machine = outputs["LeaseTableName"], outputs["StateMachineArn"]
    dynamodb, machines = client("dynamodb", ports), client("stepfunctions", ports)
    lease = dynamodb.get_item(TableName=table, Key=_LEASE_KEY, ConsistentRead=True).get("Item")
    if not lease or _is_running(machines, lease["holder"]["S"]):
        return
    progress("transform: starting again, its last run was interrupted")
    try:
        dynamodb.delete_item(
            TableName=table,
            Key=_LEASE_KEY,
            ConditionExpression="holder = :holder",
            ExpressionAttributeValues={":holder": lease["holder"]},
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return  # another run has taken it over meanwhile
    machines.start_execution(stateMachineArn=machine, input="{}")


def _is_running(machines: Any, execution: str) -> bool:
    try:
        return bool(machines.describe_execution(executionArn=execution)["status"] == "RUNNING")
    except machines.exceptions.ExecutionDoesNotExist:
        return False
