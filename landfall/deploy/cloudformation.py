"""OPERATE: bring a CloudFormation stack to what a template says, and tell what happens meanwhile.

In: a client, a template's URL, parameters. Out: the stack's outputs, or `DeploymentError` with what failed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy.change_sets import Approve, delete_empty, discard, review
from landfall.deploy.stack_events import Event, events_of, follow
from landfall.deploy.stacks import WELL, check_usable, find, outputs, parameters

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# Its creation failed and was rolled back: nothing is in it, and nothing but deleting it can be done. Its events stay,
# under its id: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-view-deleted-stacks.html
EMPTY = "ROLLBACK_COMPLETE"


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
        if refused := delete_empty(client, stack["StackId"], progress):
            raise ConfigError(f"stack {template.name} is {EMPTY}: its creation failed, and nothing is in it. {refused}")
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
    seen = dict.fromkeys(event.id for event in events_of(client, stack["StackId"]))
    client.delete_stack(StackName=stack["StackId"])
    follow(client, stack["StackName"], stack["StackId"], seen, progress)


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
    except BaseException as error:  # Ctrl-C too: a stack that is left in review blocks every later deployment
        refused = discard(client, change_set, None if stack else stack_id)
        if refused:
            error.add_note(f"Stack {name} is left, with nothing in it. {refused}")
        raise
    if not is_wanted:
        discard(client, change_set, None if stack else stack_id)
        return outputs(stack or {})
    seen = dict.fromkeys(event.id for event in events_of(client, stack_id))
    client.execute_change_set(ChangeSetName=change_set)
    return follow(client, name, stack_id, seen, progress)


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
