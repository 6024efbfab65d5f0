"""An SQS event source gathers for its window and takes batches above ten (patch event_source_batches)."""

import json
import re
import time

from tests.support.lambdas import allow, create_function, log_lines, may_log, unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for

REPORTS = """
import time
def handler(event, context):
    print("batch", len(event["Records"]), time.time())
"""
MAY_CONSUME = allow("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")


def connect(aws: LocalServices, batch_size: int, window_seconds: int) -> tuple[str, str]:
    """Return (queue URL, function) of a queue whose messages the function reports."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = create_function(aws, REPORTS, MAY_CONSUME, may_log())
    aws.client("lambda").create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=function,
        BatchSize=batch_size,
        MaximumBatchingWindowInSeconds=window_seconds,
    )
    return url, function


def send(aws: LocalServices, url: str, bodies: list[str]) -> None:
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies[start : start + 10])]
        aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)


def batches(aws: LocalServices, function: str) -> list[tuple[int, float]]:
    """Return (messages, time) of each invocation so far."""
    found = (re.fullmatch(r"batch (\d+) ([\d.]+)", line) for line in log_lines(aws, function))
    return [(int(match[1]), float(match[2])) for match in found if match]


def test_messages_of_one_window_come_in_one_batch(local_aws: LocalServices) -> None:
    url, function = connect(local_aws, batch_size=100, window_seconds=4)
    sent_at = time.time()
    send(local_aws, url, [json.dumps(number) for number in range(25)])
    [(size, at), *more] = wait_for(lambda: batches(local_aws, function), "the batch")
    assert (size, more) == (25, [])
    assert at - sent_at >= 4


def test_a_full_batch_does_not_wait_for_the_window(local_aws: LocalServices) -> None:
    url, function = connect(local_aws, batch_size=20, window_seconds=300)
    send(local_aws, url, [json.dumps(number) for number in range(45)])
    wait_for(lambda: len(batches(local_aws, function)) >= 2, "two batches")
    assert [size for size, _ in batches(local_aws, function)] == [20, 20]


def test_a_window_begins_with_the_first_message_that_is_left_to_it(local_aws: LocalServices) -> None:
    url, function = connect(local_aws, batch_size=100, window_seconds=3)
    sqs = local_aws.client("sqs")
    send(local_aws, url, ["somebody else's"])
    [taken] = sqs.receive_message(QueueUrl=url)["Messages"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken["ReceiptHandle"])
    time.sleep(3)

    sent = time.time()
    send(local_aws, url, ["the function's"])

    [(size, moment)] = wait_for(lambda: batches(local_aws, function), "the batch")
    assert size == 1
    assert moment - sent >= 2.5


def test_a_batch_stays_below_the_payload_limit_of_an_invocation(local_aws: LocalServices) -> None:
    url, function = connect(local_aws, batch_size=100, window_seconds=300)
    for _ in range(31):
        send(local_aws, url, ["x" * 200_000])
    [(size, _)] = wait_for(lambda: batches(local_aws, function), "the batch")
    assert size == 29


def test_numbers_from_template_parameters_bound_the_event_source(local_aws: LocalServices) -> None:
    """Patch event_source_numbers: a parameter's value is text until it meets a number property."""
    sqs = local_aws.client("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    function = create_function(local_aws, REPORTS, MAY_CONSUME, may_log())
    source = {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {
            "EventSourceArn": arn,
            "FunctionName": function,
            "BatchSize": {"Ref": "Number"},
            "ScalingConfig": {"MaximumConcurrency": {"Ref": "Number"}},
        },
    }
    template = {"Parameters": {"Number": {"Type": "Number"}}, "Resources": {"Source": source}}
    cloudformation, name = local_aws.client("cloudformation"), unique("stack")
    for change, number in (("create_stack", "2"), ("update_stack", "3")):
        getattr(cloudformation, change)(
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": "Number", "ParameterValue": number}],
        )
        cloudformation.get_waiter(f"stack_{change.partition('_')[0]}_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1}
        )
        before = len(batches(local_aws, function))
        send(local_aws, url, [change] * 3)
        wait_for(lambda: sum(size for size, _ in batches(local_aws, function)[before:]) == 3, "the messages")  # noqa: B023
