"""Step Functions publishes with message attributes, which subscriptions filter by (patch publish_attributes)."""

import json
from typing import Any

from tests.local.aws.test_lambda_errors import run_state_machine
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for


def subscribed_queue(aws: LocalServices, topic: str, filter_policy: dict[str, list[str]]) -> str:
    """Return the URL of a new queue that gets the topic's messages that pass the filter."""
    sqs = aws.client("sqs")
    url: str = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    attributes = {"FilterPolicy": json.dumps(filter_policy)}
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url


def received(aws: LocalServices, url: str) -> list[dict[str, Any]]:
    answer = aws.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_attributes_and_an_object_message_arrive_and_filters_apply(local_aws: LocalServices) -> None:
    topic = local_aws.client("sns").create_topic(Name=unique("topic"))["TopicArn"]
    errors = subscribed_queue(local_aws, topic, {"severity": ["error"]})
    others = subscribed_queue(local_aws, topic, {"severity": ["info"]})
    publish = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {
            "TopicArn": topic,
            "Message": {"rows.$": "$.rows"},
            "MessageAttributes": {"severity": {"DataType": "String", "StringValue.$": "$.severity"}},
        },
        "End": True,
    }
    payload = {"rows": 3, "severity": "error"}
    execution = run_state_machine(local_aws, {"StartAt": "Tell", "States": {"Tell": publish}}, payload)
    assert execution["status"] == "SUCCEEDED"
    [message] = wait_for(lambda: received(local_aws, errors), "the message")
    assert json.loads(message["Message"]) == {"rows": 3}
    assert message["MessageAttributes"]["severity"]["Value"] == "error"
    assert received(local_aws, others) == []
