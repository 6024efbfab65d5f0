"""Notifications in an envelope: whatever brings an event of S3, the file that it announces lands, and nothing else."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest_lambda.arrive.envelopes import parse_notification
from ingest_lambda.arrive.events import parse_messages
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import Status
from tests.land.warehouse import Land, message, new_dataset, notification, parquet
from tests.support.waiting import wait_for

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=100)
KEY = "raw/orders/year=2026/a b+c%20d%2Be é.parquet"
FILE = FileVersion("bucket", KEY, "v1", "abc", 12, "0055AED6DCD90281E5", datetime(2026, 11, 28, 9, 5, tzinfo=UTC))


def in_sns(body: str) -> str:
    """Wrap a message as SNS does (https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html)."""
    return json.dumps(
        {
            "Type": "Notification",
            "MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
            "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
            "Subject": "Amazon S3 Notification",
            "Message": body,
            "Timestamp": "2026-11-28T09:05:01.901Z",
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
        }
    )


def in_eventbridge(file: FileVersion, kind: str = "Object Created", **stored: Any) -> str:
    """Word an event as S3 does for EventBridge (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html)."""
    known = {"key": file.key, "size": file.size, "etag": file.etag, "version-id": file.version_id}
    return json.dumps(
        {
            "version": "0",
            "id": "17793124-05d4-b198-2fde-7ededc63b103",
            "detail-type": kind,
            "source": "aws.s3",
            "account": "111122223333",
            "time": "2026-11-28T09:05:00Z",
            "region": "ca-central-1",
            "resources": [f"arn:aws:s3:::{file.bucket}"],
            "detail": {
                "version": "0",
                "bucket": {"name": file.bucket},
                "object": {**known, "sequencer": file.sequencer, **stored},
                "reason": "PutObject",
            },
        }
    )


@pytest.mark.parametrize(
    "body",
    [
        notification([FILE]),
        in_sns(notification([FILE])),
        in_eventbridge(FILE),
        in_sns(in_eventbridge(FILE)),
    ],
    ids=["S3", "S3 through SNS", "EventBridge", "EventBridge through SNS"],
)
def test_every_envelope_announces_the_same_file(body: str) -> None:
    assert parse_notification(body) == (FILE,)


@given(key=TEXT, version=TEXT)
def test_any_key_survives_every_envelope(key: str, version: str) -> None:
    file = FileVersion("bucket", key, version)
    bare = (notification([file]), in_eventbridge(file))
    for body in (*bare, *map(in_sns, bare)):
        [read] = parse_notification(body)
        assert (read.key, read.version_id, read.file_id) == (key, version, file.file_id)


def test_an_object_of_a_bucket_without_versions_has_the_version_null() -> None:
    event = json.loads(in_eventbridge(FILE))
    del event["detail"]["object"]["version-id"]

    assert parse_notification(json.dumps(event))[0].version_id == "null"


@pytest.mark.parametrize(
    "body",
    [
        '{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}',
        in_sns('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}'),
        in_eventbridge(FILE, "Object Deleted"),
        in_eventbridge(FILE, "Object Tags Added"),
        in_sns(in_eventbridge(FILE, "Object Restore Completed")),
        '{"source": "aws.s3", "detail-type": "Object Access Tier Changed"}',
        '{"Records": []}',
    ],
)
def test_what_creates_no_object_announces_nothing(body: str) -> None:
    assert parse_notification(body) == ()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "is not JSON"),
        ("hello", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a JSON object"),
        ("{}", "an empty JSON object"),
        ('{"key": "raw/a.parquet", "bucket": "b"}', "a JSON object of key, bucket"),
        ('{"source": "my.app", "detail-type": "Object Created", "detail": {}}', "'Object Created' of 'my.app'"),
        ('{"source": "aws.s3", "detail-type": "AWS API Call via CloudTrail", "detail": {}}', "via CloudTrail'"),
        ('{"source": "aws.s3", "detail-type": "Object Created", "detail": {}}', "not EventBridge's event of S3"),
        (in_eventbridge(FILE, size=1e400), "not EventBridge's event of S3: OverflowError"),
        (in_eventbridge(FILE, key="\ud800"), "not EventBridge's event of S3: UnicodeEncodeError"),
        (in_eventbridge(FILE, key=""), "'' is no name"),
        (in_sns("hello"), "the Message in SNS's envelope is not JSON"),
        (in_sns(in_sns(notification([FILE]))), "a JSON object of Type"),
        ('{"Type": "Notification", "Message": 1}', "is no notification"),
        ('{"Type": "Other", "Message": "{}"}', "of type 'Other'"),
        ('{"Records": [{"eventName": "ObjectCreated:Put"}]}', "not an S3 event: KeyError"),
    ],
)
def test_an_unknown_body_is_refused_with_the_envelopes_that_are_known(body: str, said: str) -> None:
    [read] = parse_messages({"Records": [message(body)]})

    assert read.files == ()
    assert read.malformed is not None
    assert said in read.malformed
    for known in ('{"Records": [...]}', '"Notification"', "Object Created"):
        assert known in read.malformed


def test_a_subscription_that_waits_to_be_confirmed_is_told_as_such() -> None:
    content = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:t", "SubscribeURL": "https://x", "Message": "m"}
    body = json.dumps(content)

    with pytest.raises(ValueError, match="SubscriptionConfirmation of the topic arn:t"):
        parse_notification(body)


FIELDS = "Type Message Event Records source detail-type detail object bucket key name"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(
            st.sampled_from(FIELDS.split()),
            inner | st.sampled_from(["Notification", "aws.s3", "Object Created"]),
        ),
    )
)  # fmt: skip
def test_a_body_of_any_shape_is_read_or_refused_with_a_reason(content: Any) -> None:
    for body in (json.dumps(content), in_sns(json.dumps(content)), in_sns(str(content))):
        [read] = parse_messages({"Records": [message(body)]})
        assert read.malformed or all(isinstance(file, FileVersion) for file in read.files)


def allowing(resource: str, action: str, *services: str) -> str:
    """Write a policy that lets services send to a resource."""
    principal = {"Service": list(services)}
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Wired:
    """A bucket and a queue of the test's own, and what brings the events of one to the other."""

    def __init__(self, land: Land) -> None:
        self.land = land
        self.name = new_dataset("wired").replace("_", "-")
        land.client("s3").create_bucket(Bucket=self.name)
        land.client("s3").put_bucket_versioning(Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})
        sqs = land.client("sqs")
        self.queue = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        self.queue_arn = asked["Attributes"]["QueueArn"]
        policy = allowing(self.queue_arn, "sqs:SendMessage", "sns.amazonaws.com", "events.amazonaws.com")
        sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": policy})
        self._topic: str | None = None

    def topic(self, *, raw: bool) -> str:
        """Subscribe the queue to a new topic."""
        sns = self.land.client("sns")
        self._topic = sns.create_topic(Name=self.name)["TopicArn"]
        policy = allowing(self._topic, "sns:Publish", "s3.amazonaws.com", "events.amazonaws.com")
        sns.set_topic_attributes(TopicArn=self._topic, AttributeName="Policy", AttributeValue=policy)
        attributes = {"RawMessageDelivery": "true"} if raw else {}
        sns.subscribe(TopicArn=self._topic, Protocol="sqs", Endpoint=self.queue_arn, Attributes=attributes)
        return self._topic

    def by_notification(self, topic: str) -> None:
        """Let S3 tell the topic."""
        told: Any = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectCreated:*"]}]}
        self.land.client("s3").put_bucket_notification_configuration(Bucket=self.name, NotificationConfiguration=told)

    def by_eventbridge(self, target: str) -> None:
        """Let S3 tell EventBridge, and EventBridge the target."""
        told: Any = {"EventBridgeConfiguration": {}}
        self.land.client("s3").put_bucket_notification_configuration(Bucket=self.name, NotificationConfiguration=told)
        pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [self.name]}}}
        events = self.land.client("events")
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=self.name, Targets=[{"Id": "1", "Arn": target}])

    def put(self, key: str) -> FileVersion:
        """Store a file of two rows."""
        stored = self.land.client("s3").put_object(Bucket=self.name, Key=key, Body=parquet(pa.table({"id": [1, 2]})))
        return FileVersion(self.name, key, stored["VersionId"])

    def bodies(self) -> list[str]:
        """Look at what is on the queue."""
        sqs, found = self.land.client("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            found += [each["Body"] for each in messages]
        return found

    def end(self) -> None:
        """Take away what tells others."""
        self.land.client("s3").put_bucket_notification_configuration(Bucket=self.name, NotificationConfiguration={})
        self.land.client("sqs").delete_queue(QueueUrl=self.queue)
        if self._topic:
            self.land.client("sns").delete_topic(TopicArn=self._topic)


@pytest.fixture
def wired(land: Land) -> Iterator[Wired]:
    wired = Wired(land)
    yield wired
    wired.end()


@pytest.mark.parametrize("way", ["SNS", "SNS, raw", "EventBridge", "EventBridge, SNS", "EventBridge, SNS, raw"])
def test_a_file_lands_by_whatever_way_its_event_comes(land: Land, wired: Wired, way: str) -> None:
    """The local AWS words the events as it does for anybody."""
    source, *rest = way.split(", ")
    target = wired.topic(raw="raw" in rest) if "SNS" in way else wired.queue_arn
    (wired.by_eventbridge if source == "EventBridge" else wired.by_notification)(target)
    dataset = new_dataset()
    file = wired.put(f"raw/{dataset}/year=2026/a b+c%20d%2Be é.parquet")
    found: list[str] = []

    def announced() -> list[str] | None:
        found.extend(wired.bodies())
        return [body for body in found if parse_notification(body)] or None

    bodies = wait_for(announced, f"an event by way of {way}")

    function = land.function()
    assert function.handle([message(body) for body in bodies]) == []
    assert [(outcome.status, outcome.file.file_id) for outcome in function.report.outcomes] == [
        (Status.LANDED, file.file_id)
    ]
    assert land.count(f"landing.{dataset}") == 2
