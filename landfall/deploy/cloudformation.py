"""OPERATE: bring a CloudFormation stack to what a template says, and tell what happens meanwhile.

In: a client, a template's URL, parameters. Out: the stack's outputs, or `DeploymentError` with what failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK_TYPE = "AWS::CloudFormation::Stack"
# A stack that failed while it was created, or never was: nothing is in it, and nothing but deleting it can be done.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
UNUSABLE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS", "DELETE_FAILED"})
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 3.0  # seconds between looks; CloudFormation throttles those who look more often
TIMEOUT_SECONDS = 3600.0


class DeploymentError(ConfigError):
    """The stack could not be brought to what the template says; `failures` holds why, resource by resource."""

    def __init__(self, message: str, failures: list[Event]) -> None:
        lines = [f"  {event.resource} ({event.type}): {event.reason}" for event in failures]
        super().__init__("\n".join([message, *lines]))
        self.failures = failures


@dataclass(frozen=True)
class Event:
    """What happened to one resource: its name with its stack's before it, its type, status, and the reason if any."""

    id: str
    stack_id: str
    resource: str
    type: str
    status: str
    reason: str
    physical_id: str

    @property
    def is_failure(self) -> bool:
        """Tell whether the resource failed by itself, and was not just cancelled because another one did."""
        return self.status.endswith("_FAILED") and "cancelled" not in self.reason.lower()


@dataclass(frozen=True)
class StackTemplate:
    """What a stack is to be: its name, the template's URL, the values of its parameters, tags on all it makes."""

    name: str
    url: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]

    def arguments(self) -> dict[str, Any]:
        """Spell it as arguments of CreateStack and UpdateStack."""
        return {
            "StackName": self.name,
            "TemplateURL": self.url,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }


def apply(client: CloudFormationClient, template: StackTemplate, progress: Callable[[Event], None]) -> dict[str, str]:
    """Create the stack, or update it; wait, and return its outputs. Without a change it returns at once.

    Raises:
        DeploymentError: it failed and was rolled back.
        ConfigError: the stack is in a state in which it cannot be changed.
    """
    stack = find(client, template.name)
    if stack and stack["StackStatus"] in UNUSABLE:
        client.delete_stack(StackName=stack["StackId"])
        _wait(client, stack["StackId"], {}, progress)
        stack = None
    seen: dict[str, None] = {}
    if stack is None:
        stack_id = client.create_stack(**template.arguments(), OnFailure="ROLLBACK")["StackId"]
    else:
        stack_id = stack["StackId"]
        seen = dict.fromkeys(event.id for event in _events(client, stack_id))
        if not _start_update(client, template):
            return outputs(stack)
    failures: list[Event] = []

    def note(event: Event) -> None:
        if event.is_failure:
            failures.append(event)
        progress(event)

    done = _wait(client, stack_id, seen, note)
    if done["StackStatus"] not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        reason = done.get("StackStatusReason") or "see the resources below"
        raise DeploymentError(f"stack {template.name} ended {done['StackStatus']}: {reason}", causes(failures))
    return outputs(done)


def causes(failures: list[Event]) -> list[Event]:
    """Keep the failures that explain others: a stack fails with what is in it, and then says less about it."""
    own = {(event.resource, event.reason): event for event in failures if event.physical_id != event.stack_id}
    return [
        event for (resource, _), event in own.items() if not any(other.startswith(f"{resource}.") for other, _ in own)
    ]


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


def _start_update(client: CloudFormationClient, template: StackTemplate) -> bool:
    """Start the update; False when there is nothing to change."""
    try:
        client.update_stack(**template.arguments())
    except ClientError as error:
        details = error.response["Error"]
        if details["Code"] != "ValidationError":
            raise
        # The API tells "nothing to do" and "cannot now" apart by their text alone.
        if "No updates are to be performed" in details["Message"]:
            return False
        raise ConfigError(f"stack {template.name} cannot be updated: {details['Message']}") from error
    return True


def _wait(
    client: CloudFormationClient, stack_id: str, seen: dict[str, None], note: Callable[[Event], None]
) -> dict[str, Any]:
    """Report events, those of nested stacks too, until the stack is at rest; return its description.

    Raises:
        DeploymentError: it is not at rest after an hour.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    pause = FIRST_PAUSE
    while time.monotonic() < deadline:
        stack = find(client, stack_id)  # before the events, so that the last look at them is after the end
        for event in _events(client, stack_id):
            if event.id not in seen:
                seen[event.id] = None
                note(event)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack or {"StackStatus": "DELETE_COMPLETE"}
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
    raise DeploymentError(f"stack {stack_id} is not at rest after {TIMEOUT_SECONDS:.0f} s", [])


def _events(client: CloudFormationClient, stack_id: str, prefix: str = "") -> Iterator[Event]:
    """Yield the events of a stack and of the stacks nested in it, each stack's oldest first."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    records = [record for page in pages for record in page["StackEvents"]]
    nested: dict[str, str] = {}
    for record in reversed(records):
        event = Event(
            id=record["EventId"],
            stack_id=record["StackId"],
            resource=prefix + record.get("LogicalResourceId", ""),
            type=record.get("ResourceType", ""),
            status=record.get("ResourceStatus", ""),
            reason=record.get("ResourceStatusReason", ""),
            physical_id=record.get("PhysicalResourceId", ""),
        )
        yield event
        if event.type == STACK_TYPE and event.physical_id not in {"", stack_id}:
            nested[event.physical_id] = event.resource
    for nested_id, name in nested.items():
        yield from _events(client, nested_id, f"{name}.")
