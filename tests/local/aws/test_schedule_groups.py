"""A group of schedules is made before its schedules and deleted after them; none moves to another in place.

Patch schedules_in_groups.
"""

import json
from typing import Any

import pytest

from tests.support.lambdas import allow, create_role, unique
from tests.support.local_stack import LocalServices

NEVER = "cron(0 0 1 1 ? 2099)"


def template(role: str, name: str, group: object | None, *, groups: tuple[str, ...] = ()) -> str:
    """Return a stack of groups and of one schedule in one of them, by reference where `group` is one."""
    tags = [{"Key": "landfall:environment", "Value": "dev"}]
    made: dict[str, Any] = {
        f"Group{number}": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": each, "Tags": tags}}
        for number, each in enumerate(groups)
    }
    target = {"Arn": "arn:aws:sqs:us-east-1:000000000000:nowhere", "RoleArn": role}
    properties = {
        "Name": name,
        "ScheduleExpression": NEVER,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
        **({"GroupName": group} if group else {}),
    }
    return json.dumps(
        {"Resources": {**made, "Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties}}}
    )


@pytest.fixture
def role(local_aws: LocalServices) -> str:
    return create_role(local_aws, "scheduler", allow("sqs:SendMessage"))


def create(aws: LocalServices, body: str) -> str:
    client, stack = aws.client("cloudformation"), unique("stack")
    client.create_stack(StackName=stack, TemplateBody=body)
    client.get_waiter("stack_create_complete").wait(StackName=stack)
    return stack


def reasons(aws: LocalServices, stack: str) -> list[str]:
    events = aws.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return [event.get("ResourceStatusReason", "") for event in events]


def test_a_group_and_its_schedule_come_and_go_with_their_stack(local_aws: LocalServices, role: str) -> None:
    scheduler, name = local_aws.client("scheduler"), unique("sweep")
    stack = create(local_aws, template(role, name, {"Ref": "Group0"}, groups=(name,)))
    group = scheduler.get_schedule_group(Name=name)
    assert group["Arn"].endswith(f":schedule-group/{name}")
    tags = scheduler.list_tags_for_resource(ResourceArn=group["Arn"])["Tags"]
    assert {"Key": "landfall:environment", "Value": "dev"} in tags
    assert scheduler.get_schedule(GroupName=name, Name=name)["Arn"].endswith(f":schedule/{name}/{name}")
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name=name)  # which asks for it in the default group
    client = local_aws.client("cloudformation")
    client.delete_stack(StackName=stack)
    client.get_waiter("stack_delete_complete").wait(StackName=stack)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(GroupName=name, Name=name)
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule_group(Name=name)


def test_a_schedule_in_a_group_that_is_not_there_rolls_its_stack_back(local_aws: LocalServices, role: str) -> None:
    client, stack = local_aws.client("cloudformation"), unique("stack")
    client.create_stack(StackName=stack, TemplateBody=template(role, unique("sweep"), "nowhere"))
    with pytest.raises(Exception, match="ROLLBACK"):
        client.get_waiter("stack_create_complete").wait(StackName=stack)
    assert [reason for reason in reasons(local_aws, stack) if "Schedule group nowhere does not exist" in reason]


def test_a_schedule_does_not_move_to_another_group_under_its_name_and_does_under_another(
    local_aws: LocalServices, role: str
) -> None:
    client, scheduler, name = local_aws.client("cloudformation"), local_aws.client("scheduler"), unique("sweep")
    stack = create(local_aws, template(role, name, None))
    moved = template(role, name, {"Ref": "Group0"}, groups=(f"{name}-group",))
    client.update_stack(StackName=stack, TemplateBody=moved)
    with pytest.raises(Exception, match="ROLLBACK"):
        client.get_waiter("stack_update_complete").wait(StackName=stack)
    assert [reason for reason in reasons(local_aws, stack) if f"Schedule {name} does not exist" in reason]
    assert scheduler.get_schedule(Name=name)["ScheduleExpression"] == NEVER
    anew = json.loads(template(role, f"{name}-anew", {"Ref": "Group0"}, groups=(f"{name}-group",)))
    anew["Resources"]["Anew"] = anew["Resources"].pop("Schedule")
    client.update_stack(StackName=stack, TemplateBody=json.dumps(anew))
    client.get_waiter("stack_update_complete").wait(StackName=stack)
    assert scheduler.get_schedule(GroupName=f"{name}-group", Name=f"{name}-anew")["State"] == "ENABLED"
    with pytest.raises(scheduler.exceptions.ResourceNotFoundException):
        scheduler.get_schedule(Name=name)
