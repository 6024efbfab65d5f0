"""OPERATE: what a change set would do to a stack, for somebody to approve before anything is done.

In: a client and a change set that is being made. Out: its changes, and whether it is to be executed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy.stack_events import TIMEOUT_SECONDS, DeploymentError, Event, looks, wait

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# How a change set says that there is nothing to change; it has no code for it.
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
DELETE = "Somebody who may: aws cloudformation delete-stack --stack-name {stack}"
CHANGE_SET_ARN = re.compile(r"arn:[^\s,\]]+:changeSet/[\w/-]+")


@dataclass(frozen=True)
class Change:
    """What a change set would do to one resource: Add, Modify, Remove; its replacement: True, False, Conditional."""

    resource: str
    type: str
    action: str
    replacement: str


Approve = Callable[[Sequence[Change]], bool]


class DeclinedError(ConfigError):
    """Somebody looked at the changes, and did not want them."""


def review(client: CloudFormationClient, change_set: str, name: str, approve: Approve) -> bool:
    """Wait for a change set and have it approved; False when there is nothing to change.

    Raises:
        DeclinedError: `approve` said no.
        DeploymentError: it cannot be made.
    """
    made = _made(client, change_set)
    if made["Status"] == "FAILED":
        reason = str(made.get("StatusReason", ""))
        if any(text in reason for text in NO_CHANGES):
            return False
        reasons = dict.fromkeys([reason, *_nested_reasons(client, change_set)])
        raise DeploymentError(f"stack {name} cannot be changed: " + "; ".join(reasons), [])
    if not approve(list(changes(client, change_set))):
        raise DeclinedError("nothing is changed")
    return True


def _nested_reasons(client: CloudFormationClient, change_set: str) -> Iterator[str]:
    """Yield why change sets of nested stacks failed; the root's own reason names them and says no more."""
    found = client.describe_change_set(ChangeSetName=change_set)
    nested = [change["ResourceChange"].get("ChangeSetId") for change in found["Changes"]]
    for each in dict.fromkeys([*filter(None, nested), *CHANGE_SET_ARN.findall(str(found.get("StatusReason", "")))]):
        below = client.describe_change_set(ChangeSetName=each)
        reason = str(below.get("StatusReason", ""))
        if below["Status"] == "FAILED" and not any(text in reason for text in NO_CHANGES):
            yield f"{below['StackName']}: {reason}"
            yield from _nested_reasons(client, each)


def _made(client: CloudFormationClient, change_set: str) -> Mapping[str, Any]:
    """Wait until a change set is made; return its description.

    Raises:
        DeploymentError: it is not after an hour.
    """
    for _ in looks():
        found = client.describe_change_set(ChangeSetName=change_set)
        if found["Status"] in {"CREATE_COMPLETE", "FAILED"}:
            return dict(found)
    raise DeploymentError(f"change set {change_set} is not made after {TIMEOUT_SECONDS:.0f} s", [])


def changes(client: CloudFormationClient, change_set: str, prefix: str = "") -> Iterator[Change]:
    """Yield what a change set would do, and those of the nested stacks, which are named before their resources."""
    for page in client.get_paginator("describe_change_set").paginate(ChangeSetName=change_set):
        for change in page["Changes"]:
            found = change["ResourceChange"]
            resource = prefix + found["LogicalResourceId"]
            nested = found.get("ChangeSetId")
            if nested:
                yield from changes(client, nested, f"{resource}.")
            else:
                yield Change(resource, found["ResourceType"], found["Action"], found.get("Replacement", ""))


def discard(client: CloudFormationClient, change_set: str, empty_stack: str | None) -> str | None:
    """Delete a change set that is not executed, and the stack that was made for it alone; wait until they are gone.

    Return what is left to do where the stack may not be deleted.
    """
    client.delete_change_set(ChangeSetName=change_set)
    for _ in looks():
        try:
            client.describe_change_set(ChangeSetName=change_set)
        except client.exceptions.ChangeSetNotFoundException:
            break
    return delete_empty(client, empty_stack, lambda _: None) if empty_stack else None


def delete_empty(client: CloudFormationClient, stack_id: str, progress: Callable[[Event], None]) -> str | None:
    """Delete a stack with nothing in it, and wait until it is gone; return what is left to do where one may not.

    The role of GitHub's workflows may not: IAM knows no condition for a stack that is empty.
    """
    try:
        client.delete_stack(StackName=stack_id)
    except ClientError as error:
        said = error.response["Error"]["Message"]
        return f"It is in the way of the next attempt, and may not be deleted: {said}. {DELETE.format(stack=stack_id)}"
    wait(client, stack_id, {}, progress)
    return None
