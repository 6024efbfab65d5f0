"""CloudFormation makes a schedule in a group that is there, and finds none that another group has, as on AWS.

Stock ministack says that a schedule is made where its service has refused it, and makes another one where its group
changes. Of its properties the name alone is a replacement: with another group it is changed in place, by
UpdateSchedule, which looks for it in the group that it is given
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html,
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UpdateSchedule.html).
"""

from typing import Any

from ministack.services import scheduler  # type: ignore[import-not-found]  # server environment
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]  # server environment

from local.aws.patches.guard import expect_source

TYPE = "AWS::Scheduler::Schedule"


def apply() -> None:
    """Look for the group and the schedule before one is made or changed."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE]
    create, update = handlers["create"], handlers["update"]
    expect_source(create, "76f27cf333eb3f04be1425fb86ede563567bf4ccd1ad6c303c597ba169d1d7d9")
    expect_source(update, "70e0243c9de11d442f9594cfc74cfe72bf59de01f9f42e6e6d0fdbd67fe94505")

    def checked_create(logical_id: str, properties: dict[str, Any], *rest: Any) -> Any:
        _check_new(properties)
        return create(logical_id, properties, *rest)

    def checked_update(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **named: Any) -> Any:
        if new.get("Name") not in {None, physical_id}:
            _check_new(new)
        elif f"{_group(new)}/{physical_id}" not in scheduler._schedules:
            raise ValueError(f"Schedule {physical_id} does not exist.")
        return update(physical_id, old, new, *rest, **named)

    provisioners._RESOURCE_HANDLERS[TYPE] = handlers | {"create": checked_create, "update": checked_update}


def _check_new(properties: dict[str, Any]) -> None:
    group = _group(properties)
    if group != "default" and group not in scheduler._schedule_groups:
        raise ValueError(f"Schedule group {group} does not exist.")
    if f"{group}/{properties.get('Name')}" in scheduler._schedules:
        raise ValueError(f"Schedule {properties['Name']} already exists.")


def _group(properties: dict[str, Any]) -> str:
    return str(properties.get("GroupName") or "default")
