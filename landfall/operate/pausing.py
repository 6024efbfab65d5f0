"""OPERATE: stopping what starts by itself, and letting it go on. In: a stack. Out: its switches.

Files keep coming while landing is paused: S3 announces them, and the queue keeps the messages (four days) until the
function takes them again. Nothing is lost, nothing is half done: what is under way ends first.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.errors import TransientError

if TYPE_CHECKING:
    from landfall.stack import Stack

# What each schedule starts; `places` says where it is.
SCHEDULES = {
    "sweep": "transforms by schedule",
    "daily-sweep": "the sweep that asks the warehouse once a day",
    "freshness": "the check that datasets still deliver",
    "reconcile": "the nightly reconcile",
}
# Those that have a group of their own, of the same name: Scheduler counts what groups start, and not what schedules do
# (https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html).
ALONE = {"sweep": "regular-sweep", "daily-sweep": "once-daily-sweep", "freshness": "freshness-check"}
# Silent where a deployment was made while all was paused, which let no schedule run: nothing can be missed then.
ALARMS = ("schedule-missed", "nothing-started", "daily-sweep-missed", "freshness-missed", "reconcile-missed")
SETTLE_SECONDS = 120.0
# What GetSchedule tells and UpdateSchedule takes: an update replaces the whole schedule.
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html
KEPT = (
    "GroupName",
    "Name",
    "ActionAfterCompletion",
    "Description",
    "EndDate",
    "FlexibleTimeWindow",
    "KmsKeyArn",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "Target",
)


@dataclass(frozen=True)
class Switch:
    """Something that starts by itself: what it starts, and whether it is on."""

    name: str
    starts: str
    is_on: bool


def switches(stack: "Stack") -> list[Switch]:
    """List what starts by itself: landing, and the schedules that the deployment has."""
    found = [Switch("landing", "the landing of files", _is_on(mapping)) for mapping in _mappings(stack)]
    for name, starts in SCHEDULES.items():
        states = [schedule["State"] for schedule in _schedules(stack, name)]
        if states:
            found.append(Switch(name, starts, set(states) == {"ENABLED"}))
    return found


def places(environment: str, name: str) -> list[dict[str, str]]:
    """Return where a schedule is, as arguments of GetSchedule: where this release makes it, then where others did.

    A stack of a release before, or one that is rolled back to it, has it among the others, in the default group; while
    one becomes the other both are there.

    >>> places("dev", "reconcile")
    [{'Name': 'landfall-dev-reconcile'}]
    >>> places("dev", "sweep")[0]
    {'GroupName': 'landfall-dev-regular-sweep', 'Name': 'landfall-dev-regular-sweep'}
    """
    among_others = {"Name": f"landfall-{environment}-{name}"}
    own = f"landfall-{environment}-{ALONE[name]}" if name in ALONE else None
    return [{"GroupName": own, "Name": own}, among_others] if own else [among_others]


def batching_seconds(stack: "Stack") -> int:
    """Return for how long landing waits for more files before it begins with what is there."""
    return max((int(mapping.get("MaximumBatchingWindowInSeconds") or 0) for mapping in _mappings(stack)), default=0)


def is_paused(stack: "Stack") -> bool:
    """Tell whether landing is paused."""
    return not all(_is_on(mapping) for mapping in _mappings(stack))


def turn(stack: "Stack", *, on: bool) -> list[Switch]:
    """Turn everything that starts by itself on or off, and wait until it is so; again is no harm.

    Raises:
        TransientError: Lambda has not settled within two minutes.
    """
    for mapping in _mappings(stack):
        if _is_on(mapping) != on:
            stack.lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)
    for name in SCHEDULES:
        for schedule in _schedules(stack, name):
            kept = {key: schedule[key] for key in KEPT if schedule.get(key) is not None}
            stack.scheduler.update_schedule(**kept, State="ENABLED" if on else "DISABLED")
    _wait_until_settled(stack)
    return switches(stack)


def let_alarms_ring(stack: "Stack") -> str | None:
    """Let the alarms of missed schedules ring, as a deployment does that lets schedules run; say what is left to do.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_EnableAlarmActions.html
    """
    names = [f"landfall-{stack.environment}-{name}" for name in ALARMS]
    try:
        boto3.client("cloudwatch").enable_alarm_actions(AlarmNames=names)
    except (BotoCoreError, ClientError) as error:
        return (
            f"whether the alarms of missed schedules ring is not known: {error}. Somebody who may: "
            f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(names)}"
        )
    return None


def _wait_until_settled(stack: "Stack") -> None:
    """Lambda turns a mapping on and off in the background (`Enabling`, `Disabling`, `Updating`).

    https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html
    """
    deadline = time.monotonic() + SETTLE_SECONDS
    while any(mapping["State"] not in {"Enabled", "Disabled"} for mapping in _mappings(stack)):
        if time.monotonic() >= deadline:
            raise TransientError(f"the event source has not settled within {SETTLE_SECONDS:.0f} s")
        time.sleep(1.0)


def _mappings(stack: "Stack") -> list[Any]:
    # by its source: a mapping calls an alias, and is not listed by the function's name alone
    queue = stack.sqs.get_queue_attributes(QueueUrl=stack.output("LandingQueueUrl"), AttributeNames=["QueueArn"])
    answer = stack.lambda_.list_event_source_mappings(EventSourceArn=queue["Attributes"]["QueueArn"])
    return list(answer["EventSourceMappings"])


def _is_on(mapping: Any) -> bool:
    return mapping["State"] in {"Enabled", "Enabling", "Creating", "Updating"}


def _schedules(stack: "Stack", name: str) -> list[Any]:
    client, found = stack.scheduler, []
    for place in places(stack.environment, name):
        try:
            found.append(client.get_schedule(**place))
        except client.exceptions.ResourceNotFoundException:
            continue
    return found
