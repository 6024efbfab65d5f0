"""A schedule with a rate starts at once where it is enabled and has no StartDate (patch rates_start_at_once).

It starts it as its role; what that does not allow is set aside where it may send it (patch started_by_roles).
"""

import json
import time
from typing import Any

from tests.support.lambdas import allow, create_role, unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

TICK_SECONDS = 10


def arn_of(aws: LocalServices, url: str) -> str:
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return str(attributes["QueueArn"])


def test_a_rate_starts_at_once_unless_it_is_disabled_or_has_a_start(local_aws: LocalServices) -> None:
    scheduler, sqs, name = local_aws.client("scheduler"), local_aws.client("sqs"), unique("schedule")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    aside = sqs.create_queue(QueueName=f"{name}-aside")["QueueUrl"]
    may_send = create_role(local_aws, "scheduler", allow("sqs:SendMessage"))
    may_set_aside = create_role(
        local_aws, "scheduler", {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn_of(local_aws, aside)}
    )

    def create(case: str, role: str = may_send, **settings: Any) -> None:
        kept = {"DeadLetterConfig": {"Arn": arn_of(local_aws, aside)}}
        target = {"Arn": arn_of(local_aws, url), "RoleArn": role, "Input": json.dumps(case), **kept}
        window = {"Mode": "OFF"}
        scheduler.create_schedule(Name=f"{name}-{case}", FlexibleTimeWindow=window, Target=target, **settings)

    create("later", ScheduleExpression="rate(1 hour)", StartDate=time.time() + 3600)
    create("disabled", ScheduleExpression="rate(1 hour)", State="DISABLED")
    create("daily", ScheduleExpression="cron(0 0 1 1 ? 2099)")
    create("rate", ScheduleExpression="rate(1 hour)")
    create("refused", may_set_aside, ScheduleExpression="rate(1 hour)")
    create("distrusted", create_role(local_aws, "events", allow("*")), ScheduleExpression="rate(1 hour)")

    received: list[str] = []

    def receive() -> list[str]:
        messages = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", [])
        received.extend(json.loads(message["Body"]) for message in messages)
        return received

    wait_for(receive, "the schedule")
    until = time.monotonic() + TICK_SECONDS + 1  # once more, to see that it starts once, and no other with it
    while time.monotonic() < until:
        receive()
    assert received == ["rate"]
    set_aside = sqs.receive_message(QueueUrl=aside, MaxNumberOfMessages=10)["Messages"]
    assert [json.loads(message["Body"]) for message in set_aside] == ["refused"]
    for case in ("later", "disabled", "daily", "rate", "refused", "distrusted"):
        scheduler.delete_schedule(Name=f"{name}-{case}")
