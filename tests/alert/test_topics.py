"""ALERT: the topics as alert.yaml deploys them: subscribers get what they asked for, and somebody gets the alarms."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome, Status
from ingest_lambda.tell.report import Report
from tests.infra.templates import load, of_type
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from tests.support.transform_flow import create_stack, subscribed_queue
from tests.support.waiting import wait_for
from transform_lambda.announced import Run
from transform_lambda.publish import message

OUTCOMES = ("succeeded", "gate_failed", "error")
MAIL, PHONE, BUSINESS = "support@example.com", "+4930123456", "business@example.com"
CHAT, PAGER = "https://chat.example.com/hook", "https://pager.example.com/hook"
ENDPOINTS = (MAIL, PHONE, CHAT, PAGER, BUSINESS)


class Topics:
    """alert.yaml, deployed with every kind of subscriber; the filters are those of the parameters' defaults."""

    def __init__(self, aws: LocalServices) -> None:
        self.environment = unique("topics")
        self.sns, self.sqs = aws.client("sns"), aws.client("sqs")
        parameters = {
            "EnvironmentName": self.environment,
            "AlertEmail": MAIL,
            "SmsNumber": PHONE,
            "ChatUrl": CHAT,
            "ChatDatasets": "order_items,claims",
            "PagerUrl": PAGER,
            "SuccessEmail": BUSINESS,
        }
        outputs = create_stack(aws, self.environment, "alert", parameters)
        self.failure, self.success = outputs["FailureTopicArn"], outputs["SuccessTopicArn"]
        self.alarms, self.pages = outputs["AlarmTopicArn"], outputs["PageTopicArn"]
        self.aws = aws

    def subscriptions(self) -> dict[str, dict[str, Any]]:
        """Return the attributes of every deployed subscription, by its endpoint."""
        listed = [
            subscription
            for topic in (self.failure, self.success)
            for subscription in self.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        ]
        return {
            each["Endpoint"]: self.sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])[
                "Attributes"
            ]
            for each in listed
        }

    def subscriber_like(self, endpoint: str) -> str:
        """Subscribe a queue to the failure topic with the filter of a deployed subscription; return its URL."""
        policy = self.subscriptions()[endpoint].get("FilterPolicy")
        return self.subscriber(json.loads(policy) if policy else None)

    def subscriber(self, policy: dict[str, Any] | None) -> str:
        """Subscribe a queue to the failure topic, filtered or not; return its URL."""
        return subscribed_queue(self.aws, unique("subscriber"), self.failure, policy)

    def publish(self, outcome: str, datasets: tuple[str, ...] = ("order_summary",)) -> None:
        """Publish the message of a run with that outcome, as the state machine does."""
        lists = ("run_ids", "models", "gates", "records", "failing", "warning", "errors")
        nothing: dict[str, Any] = {name: [] for name in lists}
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


def test_support_mail_is_not_filtered(topics: Topics) -> None:
    url = topics.subscriber_like(MAIL)
    publish_all(topics, "error")
    assert sorted(outcomes(topics.received(url, 4))) == ["alarm", "error", "gate_failed", "succeeded"]


def test_every_alarm_reaches_all_who_are_told_of_failures_whatever_their_filters(topics: Topics) -> None:
    told = {
        topic: topics.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        for topic in (topics.alarms, topics.pages)
    }
    assert {each["Endpoint"] for each in told[topics.alarms]} == {MAIL, CHAT}
    assert {each["Endpoint"] for each in told[topics.pages]} == {PHONE, PAGER}
    for each in (*told[topics.alarms], *told[topics.pages]):
        found = topics.sns.get_subscription_attributes(SubscriptionArn=each["SubscriptionArn"])["Attributes"]
        assert not json.loads(found.get("FilterPolicy") or "{}")
    paged = set()
    for name in ("alert", "land", "model", "reconcile", "observe"):
        for alarm in of_type(load(name), "AWS::CloudWatch::Alarm").values():
            actions = json.dumps(alarm["Properties"]["AlarmActions"])
            assert "AlarmTopic" in actions or alarm["Properties"]["MetricName"] == "NumberOfNotificationsFailed"
            if "PageTopic" in actions:
                paged.add(alarm["Properties"]["AlarmName"]["Fn::Sub"].removeprefix("landfall-${EnvironmentName}-"))
            assert "PageTopic" not in json.dumps(alarm["Properties"].get("OKActions", []))
    assert paged == {
        "files-dead-lettered",
        "transform-failed",
        "transform-timed-out",
        "transform-not-started",
        "schedule-missed",
        "nothing-started",
        "failure-undelivered",
    }


@pytest.mark.parametrize("endpoint", [PHONE, PAGER])
def test_phone_and_pager_get_what_is_critical_and_high_and_nothing_else(topics: Topics, endpoint: str) -> None:
    url = topics.subscriber_like(endpoint)
    publish_all(topics, "gate_failed")
    assert sorted(outcomes(topics.received(url, 2))) == ["error", "gate_failed"]


def test_a_channel_gets_what_is_about_its_data_sets_even_when_a_run_had_several(topics: Topics) -> None:
    url = topics.subscriber_like(CHAT)
    topics.publish("error", ("order_summary",))
    topics.publish("gate_failed", ("order_items", "order_summary"))
    assert outcomes(topics.received(url, 1)) == ["gate_failed"]
    attributes = {"severity": "critical", "dataset": "all"}  # as of a transform that broke
    topics.sns.publish(
        TopicArn=topics.failure,
        Message=json.dumps({"outcome": "broke"}),
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
    assert "broke" in outcomes(topics.received(url, 1))


def test_what_no_subscriber_took_is_kept_in_a_queue_that_the_topics_alone_may_fill(topics: Topics) -> None:
    """Local AWS keeps a redrive policy and does not act on it: this shows that it leads to a queue that would take."""
    found_by_endpoint = topics.subscriptions()
    kept = {endpoint: json.loads(found_by_endpoint[endpoint]["RedrivePolicy"]) for endpoint in ENDPOINTS}
    url = topics.sqs.get_queue_url(QueueName=f"landfall-{topics.environment}-undelivered")["QueueUrl"]
    found = topics.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Policy"])["Attributes"]
    assert {policy["deadLetterTargetArn"] for policy in kept.values()} == {found["QueueArn"]}
    (allowed,) = [item for item in json.loads(found["Policy"])["Statement"] if item["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "sns.amazonaws.com"}
    assert set(allowed["Condition"]["ArnEquals"]["aws:SourceArn"]) == {
        topics.failure,
        topics.success,
        topics.alarms,
        topics.pages,
    }


def emitted_by(report: Callable[[Report], None], environment: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """Return the first metric that a report writes, in CloudWatch's embedded format."""
    report(Report(Logger(service="test"), environment))
    return json.loads(next(line for line in capsys.readouterr().out.splitlines() if "_aws" in line))


def retried(report: Report) -> None:
    file = FileVersion("bucket", "raw/orders/a.parquet", "v1")
    report.retried([FileOutcome(file, Status.RETRIED, "orders", "TransientError: away")])


@pytest.mark.parametrize(
    ("template", "name", "report"),
    [
        ("alert", "NotificationsLost", lambda report: report.lost("alert", RuntimeError("throttled"))),
        ("land", "RetryAlarm", retried),
    ],
)
def test_alarms_of_metrics_of_our_own_watch_what_land_emits(
    template: str,
    name: str,
    report: Callable[[Report], None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", service_of_ingest())
    emitted = emitted_by(report, "dev", capsys)
    (metric,) = emitted["_aws"]["CloudWatchMetrics"]
    (dimensions,) = metric["Dimensions"]
    alarm = load(template)["Resources"][name]["Properties"]
    assert (metric["Namespace"], metric["Metrics"][0]["Name"]) == (alarm["Namespace"], alarm["MetricName"])
    watched = {item["Name"]: item["Value"] for item in alarm["Dimensions"]}
    assert {name: emitted[name] for name in dimensions} == watched | {"environment": "dev"}


def service_of_ingest() -> str:
    """Return the name under which land.yaml lets the ingest function count."""
    variables = load("land")["Resources"]["IngestFunction"]["Properties"]["Environment"]["Variables"]
    return str(variables["POWERTOOLS_SERVICE_NAME"])
