"""ALERT: the topics as alert.yaml deploys them: subscribers get what they asked for, and somebody gets the alarms."""

import json
from typing import Any

import pytest

from tests.infra.templates import load
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from tests.support.transform_flow import create_stack, subscribed_queue
from tests.support.waiting import wait_for
from transform_lambda.publish import Run, message

OUTCOMES = ("succeeded", "gate_failed", "error")


class Topics:
    """alert.yaml, deployed with a mail address."""

    def __init__(self, aws: LocalServices) -> None:
        self.environment = unique("topics")
        self.sns, self.sqs = aws.client("sns"), aws.client("sqs")
        parameters = {"EnvironmentName": self.environment, "AlertEmail": "support@example.com"}
        outputs = create_stack(aws, self.environment, "alert", parameters)
        self.failure, self.success = outputs["FailureTopicArn"], outputs["SuccessTopicArn"]
        self.aws = aws

    def mail_attributes(self) -> dict[str, Any]:
        """Return the attributes of the mail subscription."""
        (subscription,) = self.sns.list_subscriptions_by_topic(TopicArn=self.failure)["Subscriptions"]
        assert subscription["Protocol"] == "email"
        listed = self.sns.get_subscription_attributes(SubscriptionArn=subscription["SubscriptionArn"])
        attributes: dict[str, Any] = listed["Attributes"]
        return attributes

    def subscriber(self, policy: dict[str, Any] | None) -> str:
        """Subscribe a queue to the failure topic, filtered or not; return its URL."""
        return subscribed_queue(self.aws, unique("subscriber"), self.failure, policy)

    def publish(self, outcome: str, datasets: tuple[str, ...] = ("order_summary",)) -> None:
        """Publish the message of a run with that outcome, as the state machine does."""
        nothing: dict[str, Any] = {"models": [], "gates": [], "failing": [], "errors": []}
        run = Run(
            "dev", {"datasets": datasets, "reasons": []}, {"run_id": "r", "outcome": outcome, **nothing}, {}, "s3://"
        )
        composed = message(run)
        self.sns.publish(
            TopicArn=self.failure,
            Subject=composed["subject"],
            MessageStructure="json",
            Message=composed["body"],
            MessageAttributes=composed["attributes"],
        )

    def received(self, url: str, count: int) -> list[str]:
        """Return the messages that a subscriber got once there are `count` of them, and whatever came with the last."""
        found: list[str] = []

        def complete() -> bool:
            answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            found.extend(json.loads(entry["Body"])["Message"] for entry in answer.get("Messages", []))
            return len(found) >= count

        wait_for(complete, f"{count} messages")
        return found


@pytest.fixture(scope="module")
def topics(local_aws: LocalServices) -> Topics:
    """Deploy the topics."""
    return Topics(local_aws)


def outcomes(messages: list[str]) -> list[str]:
    """Return the outcomes that the messages tell."""
    return [json.loads(text)["outcome"] for text in messages]


def publish_all(topics: Topics, last: str) -> None:
    """Publish an alarm, which has no attributes, and a message of each outcome, the one named last at the end."""
    topics.sns.publish(TopicArn=topics.failure, Message=json.dumps({"outcome": "alarm"}))
    for outcome in sorted(OUTCOMES, key=lambda outcome: outcome == last):
        topics.publish(outcome)


def test_support_mail_is_not_filtered_because_alarms_have_no_attributes(topics: Topics) -> None:
    assert not topics.mail_attributes().get("FilterPolicy")
    url = topics.subscriber(None)
    publish_all(topics, "error")
    assert sorted(outcomes(topics.received(url, 4))) == ["alarm", "error", "gate_failed", "succeeded"]


def test_the_pager_gets_what_is_critical_and_high_and_nothing_else(topics: Topics) -> None:
    url = topics.subscriber(load("alert")["Resources"]["Pager"]["Properties"]["FilterPolicy"])
    publish_all(topics, "gate_failed")
    assert sorted(outcomes(topics.received(url, 2))) == ["error", "gate_failed"]


def test_a_data_set_s_owner_can_subscribe_to_it_even_when_a_run_had_several(topics: Topics) -> None:
    url = topics.subscriber({"dataset": ["order_items"]})
    topics.publish("gate_failed", ("order_summary",))
    topics.publish("error", ("order_items", "order_summary"))
    assert outcomes(topics.received(url, 1)) == ["error"]
