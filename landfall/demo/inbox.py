"""OPERATE, demo: a subscriber of both topics. In: a stack. Out: the notifications that arrive at a queue of its own."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landfall.stack import Stack


@dataclass(frozen=True)
class Notification:
    """One message as a subscriber gets it."""

    topic: str
    subject: str
    attributes: dict[str, str]
    facts: dict[str, Any]


@dataclass
class Inbox:
    """A queue that both topics deliver to."""

    stack: "Stack"
    url: str
    received: list[Notification] = field(default_factory=list)

    def wait_for(self, wanted: Callable[[Notification], bool], timeout_seconds: float = 30) -> Notification | None:
        """Wait for a message that fits; None if none comes in time. Each message is given once."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            for notification in self.received:
                if wanted(notification):
                    self.received.remove(notification)
                    return notification
            if time.monotonic() >= deadline:
                return None
            self._receive()

    def _receive(self) -> None:
        answer = self.stack.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=2)
        for message in answer.get("Messages", []):
            self.received.append(_read(json.loads(message["Body"])))
            self.stack.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])


@contextmanager
def subscribed(stack: "Stack", name: str) -> Iterator[Inbox]:
    """Lend an inbox; its queue and subscriptions end with it."""
    topics = [stack.output("SuccessTopicArn"), stack.output("FailureTopicArn")]
    url = stack.sqs.create_queue(QueueName=name)["QueueUrl"]
    subscriptions: list[str] = []
    try:
        arn = stack.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        stack.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _policy(arn, topics)})
        for topic in topics:
            subscription = stack.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
            subscriptions.append(subscription["SubscriptionArn"])
        yield Inbox(stack, url)
    finally:
        for subscription_arn in subscriptions:
            stack.sns.unsubscribe(SubscriptionArn=subscription_arn)
        stack.sqs.delete_queue(QueueUrl=url)


def _policy(queue_arn: str, topics: list[str]) -> str:
    """Let both topics, and nobody else, send to the queue.

    https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    """
    statement = {
        "Sid": "TheTopics",
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topics}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _read(envelope: dict[str, Any]) -> Notification:
    attributes = {name: each["Value"] for name, each in envelope.get("MessageAttributes", {}).items()}
    try:
        facts = json.loads(envelope["Message"])
    except json.JSONDecodeError:
        facts = {"text": envelope["Message"]}
    return Notification(envelope["TopicArn"], envelope.get("Subject", ""), attributes, facts)
