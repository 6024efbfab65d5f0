"""OPERATE: follow what happens to a stack and to those nested in it, until it is at rest.

In: a client and a stack. Out: its events as they come, then its outputs, or `DeploymentError` with what failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest_lambda.errors import ConfigError
from landfall.deploy.stacks import WELL, find, outputs

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

STACK_TYPE = "AWS::CloudFormation::Stack"
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


def follow(
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

    done = wait(client, stack_id, seen, note)
    if done["StackStatus"] not in {*WELL, "DELETE_COMPLETE"}:
        reason = done.get("StackStatusReason") or "see the resources below"
        raise DeploymentError(f"stack {name} ended {done['StackStatus']}: {reason}", causes(failures))
    if standing:  # what an update no longer needs is deleted after it, and a failure there does not fail it
        raise DeploymentError(
            f"stack {name} ended {done['StackStatus']}, but something stays", causes(list(standing.values()))
        )
    return outputs(done)


def wait(
    client: CloudFormationClient, stack_id: str, seen: dict[str, None], note: Callable[[Event], None]
) -> dict[str, Any]:
    """Report events, those of nested stacks too, until the stack is at rest; return its description.

    Raises:
        DeploymentError: it is not at rest after an hour.
    """
    for _ in looks():
        stack = find(client, stack_id)  # before the events, so that the last look at them is after the end
        for event in events_of(client, stack_id):
            if event.id not in seen:
                seen[event.id] = None
                note(event)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack or {"StackStatus": "DELETE_COMPLETE"}
    raise DeploymentError(f"stack {stack_id} is not at rest after {TIMEOUT_SECONDS:.0f} s", [])


def looks() -> Iterator[None]:
    """Return at once, and then after longer and longer pauses, for an hour."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    pause = FIRST_PAUSE
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)


def events_of(client: CloudFormationClient, stack_id: str, prefix: str = "") -> Iterator[Event]:
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
        yield from events_of(client, nested_id, f"{name}.")


def causes(failures: list[Event]) -> list[Event]:
    """Keep the failures that explain others: a stack fails with what is in it, and then says less about it."""
    own = {(event.resource, event.reason): event for event in failures if event.physical_id != event.stack_id}
    return [
        event for (resource, _), event in own.items() if not any(other.startswith(f"{resource}.") for other, _ in own)
    ]
