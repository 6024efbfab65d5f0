"""Fixtures of LAND's tests."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ingest_lambda.reconcile.mark import Marks
from tests.land import warehouse
from tests.land.nights import Queue
from tests.land.remedies import recorded
from tests.land.warehouse import Land


@pytest.fixture
def worded() -> Iterator[list[str]]:
    """Note which calls have worded a remedy (`remedies.worded_at`), for who carries it out."""
    with recorded() as heard:
        yield heard


@pytest.fixture
def alerts(land: Land) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Subscribe to the failure topic; the function returns the alerts since then."""
    sqs, sns = land.client("sqs"), land.client("sns")
    url = sqs.create_queue(QueueName=warehouse.new_dataset("alerts"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": _topic_may_send(arn)})
    subscription = sns.subscribe(
        TopicArn=land.settings.failure_topic_arn, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True
    )

    def received() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    yield received
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def _topic_may_send(queue_arn: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="session")
def nights() -> Iterator[Land]:
    """Services of their own for nightly runs, each of which goes through every file that has landed."""
    with warehouse.land(name="nights") as land:
        yield land


@pytest.fixture
def queue(land: Land) -> Iterator[Queue]:
    sqs = land.client("sqs")
    url = sqs.create_queue(QueueName=warehouse.new_dataset("reconcile"))["QueueUrl"]
    yield Queue(sqs, url)
    sqs.delete_queue(QueueUrl=url)


@pytest.fixture
def marks(land: Land) -> Marks:
    """The mark of no deployment, before its first night."""
    dynamodb = land.client("dynamodb")
    table = warehouse.new_dataset("marks")
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "lease_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "lease_id", "KeyType": "HASH"}],
    )
    return Marks(dynamodb, table)
