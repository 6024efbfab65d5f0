"""A schedule with a rate starts at once where it is enabled and has no StartDate (patch rates_start_at_once)."""

import json
import time
from typing import Any

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

TICK_SECONDS = 10


def test_a_rate_starts_at_once_unless_it_is_disabled_or_has_a_start(local_aws: LocalServices) -> None:
    scheduler, sqs, name = local_aws.client("scheduler"), local_aws.client("sqs"), unique("schedule")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})

    def create(case: str, **settings: Any) -> None:
        target = {"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/any", "Input": json.dumps(case)}
        window = {"Mode": "OFF"}
        scheduler.create_schedule(Name=f"{name}-{case}", FlexibleTimeWindow=window, Target=target, **settings)

    create("later", ScheduleExpression="rate(1 hour)", StartDate=time.time() + 3600)
    create("disabled", ScheduleExpression="rate(1 hour)", State="DISABLED")
    create("daily", ScheduleExpression="cron(0 0 1 1 ? 2099)")
    create("rate", ScheduleExpression="rate(1 hour)")

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
    for case in ("later", "disabled", "daily", "rate"):
        scheduler.delete_schedule(Name=f"{name}-{case}")
