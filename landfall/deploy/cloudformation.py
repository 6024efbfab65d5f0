"""OPERATE: bring a CloudFormation stack to what a template says, and tell what happens meanwhile.

In: a client, a template's URL, parameters. Out: the stack's outputs, or `DeploymentError` with what failed.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK_TYPE = "AWS::CloudFormation::Stack"
# What can be done about a stack that cannot be changed. It is said and not done: somebody may be looking at it.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
WAYS_OUT = {
    "REVIEW_IN_PROGRESS": "somebody's change set waits for a review; execute it, or delete it with its stack: "
    "aws cloudformation delete-stack --stack-name {name}",
    "CREATE_FAILED": "its creation failed and was not rolled back, so that somebody can look at it; when nobody does: "
    "aws cloudformation delete-stack --stack-name {name}",
    "ROLLBACK_FAILED": "its creation failed, and something of it could not be deleted (see its events); then: "
    "aws cloudformation delete-stack --stack-name {name}",
    "DELETE_FAILED": "something of it could not be deleted (see its events); delete it again when the cause is gone: "
    "aws cloudformation delete-stack --stack-name {name}",
    "UPDATE_FAILED": "an update failed and was not rolled back, so that somebody can look at it; when nobody does: "
    "aws cloudformation rollback-stack --stack-name {name}",
    "UPDATE_ROLLBACK_FAILED": "an update could not be rolled back (see its events); when the cause is gone: "
    "aws cloudformation continue-update-rollback --stack-name {name}",
}
WELL = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
UNDER_WAY = "something is under way; wait for its end"
# Its creation failed and was rolled back: nothing is in it, and nothing but deleting it can be done. Its events stay,
# under its id: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-view-deleted-stacks.html
EMPTY = "ROLLBACK_COMPLETE"
# How a change set says that there is nothing to change; it has no code for it.
NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
CHANGE_SET_ARN = re.compile(r"arn:[^\s,\]]+:changeSet/[\w/-]+")
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
class Change:
    """What a change set would do to one resource: Add, Modify, Remove; its replacement: True, False, Conditional."""

    resource: str
    type: str
    action: str
    replacement: str


Approve = Callable[[Sequence[Change]], bool]


class DeclinedError(ConfigError):
    """Somebody looked at the changes, and did not want them."""


@dataclass(frozen=True)
class Guard:
    """What an organisation puts around a stack; what is left out stays as it is.

    The role that CloudFormation acts with (ARN; it stays with the stack), a stack policy, termination protection.
    """

    service_role_arn: str = ""
    stack_policy: Mapping[str, Any] | None = None
    termination_protection: bool | None = None


@dataclass(frozen=True)
class StackTemplate:
    """What a stack is to be: its name, the template's URL, the values of its parameters, tags on all it makes."""

    name: str
    url: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    guard: Guard = field(default_factory=Guard)

    def arguments(self) -> dict[str, Any]:
        """Spell it as arguments of CreateChangeSet."""
        return {
            "TemplateURL": self.url,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()],
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            **({"RoleARN": self.guard.service_role_arn} if self.guard.service_role_arn else {}),
        }


def apply(
    client: CloudFormationClient,
    template: StackTemplate,
    progress: Callable[[Event], None],
    approve: Approve = lambda _: True,
) -> dict[str, str]:
    """Create the stack, or update it; wait, and return its outputs. Without a change it returns at once.

    Raises:
        DeclinedError: `approve` was shown the changes and said no; nothing is done.
        DeploymentError: it failed and was rolled back.
        ConfigError: the stack is in a state in which it cannot be changed.
    """
    stack = find(client, template.name)
    if stack and stack["StackStatus"] == EMPTY:
        client.delete_stack(StackName=stack["StackId"])
        _wait(client, stack["StackId"], {}, progress)
        stack = None
    done = _change(client, template.name, stack, template.arguments(), progress, approve)
    protect(client, template.name, template.guard)
    return done


def protect(client: CloudFormationClient, name: str, guard: Guard) -> None:
    """Put a stack's policy and its protection from being deleted, where they are given."""
    if guard.stack_policy is not None:
        client.set_stack_policy(StackName=name, StackPolicyBody=json.dumps(guard.stack_policy))
    if guard.termination_protection is not None:
        client.update_termination_protection(StackName=name, EnableTerminationProtection=guard.termination_protection)


def set_parameters(
    client: CloudFormationClient,
    stack: Mapping[str, Any],
    values: Mapping[str, str],
    progress: Callable[[Event], None],
) -> dict[str, str]:
    """Update a stack to other values of some parameters, with the template and the tags that it has.

    Raises:
        DeploymentError: it failed and was rolled back.
        ConfigError: the stack is in a state in which it cannot be changed.
    """
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in parameters(stack) if name not in values]
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()]
    arguments = {"UsePreviousTemplate": True, "Parameters": [*kept, *given]}
    return _change(client, stack["StackName"], stack, arguments, progress, lambda _: True)


def delete(client: CloudFormationClient, stack: Mapping[str, Any], progress: Callable[[Event], None]) -> None:
    """Delete a stack, and wait until it is gone.

    Raises:
        DeploymentError: something of it could not be deleted.
    """
    seen = dict.fromkeys(event.id for event in _events(client, stack["StackId"]))
    client.delete_stack(StackName=stack["StackId"])
    _follow(client, stack["StackName"], stack["StackId"], seen, progress)


def delete_left(client: CloudFormationClient, stack: Mapping[str, Any], progress: Callable[[Event], None]) -> None:
    """Delete the nested stacks that an update could not delete: the stack is complete without them, and they stay.

    Raises:
        DeploymentError: something of them can still not be deleted.
    """
    pages = client.get_paginator("describe_stacks").paginate()
    for left in [each for page in pages for each in page["Stacks"] if each.get("RootId") == stack["StackId"]]:
        if left["StackStatus"] == "DELETE_FAILED":
            delete(client, left, progress)


def _change(
    client: CloudFormationClient,
    name: str,
    stack: Mapping[str, Any] | None,
    arguments: Mapping[str, Any],
    progress: Callable[[Event], None],
    approve: Approve,
) -> dict[str, str]:
    """Make a change set, show it, and execute it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/change-sets-for-nested-stacks.html
    """
    if stack is not None:
        check_usable(stack)
    try:
        created = client.create_change_set(
            StackName=name,
            ChangeSetName=f"landfall-{uuid4().hex}",
            ChangeSetType="UPDATE" if stack else "CREATE",
            IncludeNestedStacks=True,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            **arguments,
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise ConfigError(f"stack {name} cannot be changed: {error.response['Error']['Message']}") from error
    change_set, stack_id = created["Id"], created["StackId"]
    try:
        is_wanted = review(client, change_set, name, approve)
    except BaseException:  # Ctrl-C at the prompt too: a stack that is left in review blocks every later deployment
        _discard(client, change_set, None if stack else stack_id)
        raise
    if not is_wanted:
        _discard(client, change_set, None if stack else stack_id)
        return outputs(stack or {})
    seen = dict.fromkeys(event.id for event in _events(client, stack_id))
    client.execute_change_set(ChangeSetName=change_set)
    return _follow(client, name, stack_id, seen, progress)


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


def _made(client: CloudFormationClient, change_set: str) -> Mapping[str, Any]:
    """Wait until a change set is made; return its description.

    Raises:
        DeploymentError: it is not after an hour.
    """
    for _ in _looks():
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


def _discard(client: CloudFormationClient, change_set: str, empty_stack: str | None) -> None:
    """Delete a change set that is not executed, and the stack that was made for it alone; wait until they are gone."""
    client.delete_change_set(ChangeSetName=change_set)
    for _ in _looks():
        try:
            client.describe_change_set(ChangeSetName=change_set)
        except client.exceptions.ChangeSetNotFoundException:
            break
    if empty_stack:
        client.delete_stack(StackName=empty_stack)
        _wait(client, empty_stack, {}, lambda _: None)


def _follow(
    client: CloudFormationClient, name: str, stack_id: str, seen: dict[str, None], progress: Callable[[Event], None]
) -> dict[str, str]:
    """Report events until the stack is at rest, and return its outputs.

    Raises:
        DeploymentError: it did not end well, or left something behind that it should have deleted.
    """
    failures: list[Event] = []
    standing: dict[str, Event] = {}  # those that no later attempt at the same resource has healed

    def note(event: Event) -> None:
        if event.is_failure:
            failures.append(event)
            standing[event.resource] = event
        elif event.status.endswith("_COMPLETE"):
            standing.pop(event.resource, None)
        progress(event)

    done = _wait(client, stack_id, seen, note)
    if done["StackStatus"] not in {*WELL, "DELETE_COMPLETE"}:
        reason = done.get("StackStatusReason") or "see the resources below"
        raise DeploymentError(f"stack {name} ended {done['StackStatus']}: {reason}", causes(failures))
    if standing:  # what an update no longer needs is deleted after it, and a failure there does not fail it
        raise DeploymentError(
            f"stack {name} ended {done['StackStatus']}, but something stays", causes(list(standing.values()))
        )
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


def changed_at(stack: Mapping[str, Any]) -> str:
    """Return when a stack was changed last, as CloudFormation says it.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Stack.html: LastUpdatedTime "will only be
    returned if the stack has been updated at least once".
    """
    return str(stack.get("LastUpdatedTime") or stack["CreationTime"])


def is_as(stack: Mapping[str, Any], template: StackTemplate) -> bool:
    """Tell whether a stack at rest has the parameters, the tags and the role of a template; its URL it does not say."""
    tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
    role = template.guard.service_role_arn
    return (
        stack["StackStatus"] in WELL
        and template.parameters.items() <= parameters(stack).items()
        and tags == dict(template.tags)
        and role in {"", stack.get("RoleARN")}
    )


def _wait(
    client: CloudFormationClient, stack_id: str, seen: dict[str, None], note: Callable[[Event], None]
) -> dict[str, Any]:
    """Report events, those of nested stacks too, until the stack is at rest; return its description.

    Raises:
        DeploymentError: it is not at rest after an hour.
    """
    for _ in _looks():
        stack = find(client, stack_id)  # before the events, so that the last look at them is after the end
        for event in _events(client, stack_id):
            if event.id not in seen:
                seen[event.id] = None
                note(event)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack or {"StackStatus": "DELETE_COMPLETE"}
    raise DeploymentError(f"stack {stack_id} is not at rest after {TIMEOUT_SECONDS:.0f} s", [])


def _looks() -> Iterator[None]:
    """Return at once, and then after longer and longer pauses, for an hour."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    pause = FIRST_PAUSE
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


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
