"""OPERATE: what CloudFormation says of a stack, and whether it can be changed.

In: a client and a stack's name or description. Out: its description, or what stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# What can be done about a stack that cannot be changed. It is said and not done: somebody may be looking at it.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
WAYS_OUT = {
    "REVIEW_IN_PROGRESS": "somebody's change set waits for a review; execute it, or delete it with its stack: "
    "aws cloudformation delete-stack --stack-name {name}",
    "CREATE_FAILED": "its creation failed and was not rolled back, so that somebody can look at it; when nobody does: "
    "aws cloudformation delete-stack --stack-name {name}",
    "ROLLBACK_FAILED": "its creation failed, and something of it could not be deleted (see its events); then: "
    "aws cloudformation delete-stack --stack-name {name}",
    "DELETE_FAILED": "something of it could not be deleted (see its events). Its bucket stays, and is in the way of "
    "the next deployment: read docs/recovery.md#a-stack-that-was-deleted, then, when the cause is gone: "
    "aws cloudformation delete-stack --stack-name {name}",
    "UPDATE_FAILED": "an update failed and was not rolled back, so that somebody can look at it; when nobody does: "
    "aws cloudformation rollback-stack --stack-name {name}",
    "UPDATE_ROLLBACK_FAILED": "an update could not be rolled back (see its events); when the cause is gone: "
    "aws cloudformation continue-update-rollback --stack-name {name}",
}
# main.yaml's parameter of what a stack holds: STORAGE leaves the bucket alone, as a deployment that is taken down.
STAGES, ALL, STORAGE = "Stages", "ALL", "STORAGE"
WELL = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
UNDER_WAY = "something is under way; wait for its end"


def find(client: CloudFormationClient, name: str) -> dict[str, Any] | None:
    """Describe a stack, or None when there is none of that name or id."""
    try:
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html: "if the stack
        # doesn't exist, a ValidationError is returned"
        if error.response["Error"]["Code"] == "ValidationError":
            return None
        raise
    return dict(stack)


def outputs(stack: Mapping[str, Any]) -> dict[str, str]:
    """Take the outputs out of a stack's description."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    """Take the parameters out of a stack's description."""
    return {given["ParameterKey"]: given["ParameterValue"] for given in stack.get("Parameters", [])}


def changed_at(stack: Mapping[str, Any]) -> str:
    """Return when a stack was changed last, as CloudFormation says it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html: LastUpdatedTime "will only be
    returned if the stack has been updated at least once".
    """
    return str(stack.get("LastUpdatedTime") or stack["CreationTime"])


def check_usable(stack: Mapping[str, Any]) -> None:
    """Refuse a stack that cannot be changed, with the way out.

    Raises:
        ConfigError: it failed to be changed, or is being changed.
    """
    status = stack["StackStatus"]
    way_out = UNDER_WAY if status.endswith("_IN_PROGRESS") else ""
    if way_out := WAYS_OUT.get(status, way_out):
        name = stack["StackName"]
        raise ConfigError(f"stack {name} is {status} and is left as it is: {way_out.format(name=name)}")
