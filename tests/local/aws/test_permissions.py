"""Roles are enforced for Lambda functions, and resource policies for everyone (AUTH, patch loopback_is_secure)."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.lambdas import client_of_function, unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for


def make_bucket(aws: LocalServices) -> str:
    name = unique("bucket")
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="raw/a", Body=b"a")
    s3.put_object(Bucket=name, Key="private/a", Body=b"a")
    return name


def test_a_function_can_do_what_its_role_allows_and_no_more(local_aws: LocalServices) -> None:
    bucket = make_bucket(local_aws)
    may_read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/raw/*"}
    s3 = client_of_function(local_aws, "s3", may_read)
    assert s3.get_object(Bucket=bucket, Key="raw/a")["Body"].read() == b"a"
    forbidden: list[tuple[str, dict[str, Any]]] = [
        ("get_object", {"Key": "private/a"}),
        ("put_object", {"Key": "raw/b", "Body": b"b"}),
        ("list_objects_v2", {}),
    ]
    for operation, arguments in forbidden:
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(s3, operation)(Bucket=bucket, **arguments)
    assert [item["Key"] for item in local_aws.client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == [
        "private/a",
        "raw/a",
    ]


@pytest.mark.parametrize(("denied_transport", "is_denied"), [("false", False), ("true", True)])
def test_a_policy_that_denies_plain_transport_lets_loopback_pass(
    local_aws: LocalServices, denied_transport: str, is_denied: bool
) -> None:
    bucket = make_bucket(local_aws)
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    may_read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": arns}
    s3 = client_of_function(local_aws, "s3", may_read)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": arns,
        "Condition": {"Bool": {"aws:SecureTransport": denied_transport}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    local_aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    if is_denied:
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.get_object(Bucket=bucket, Key="raw/a")
    else:
        assert s3.get_object(Bucket=bucket, Key="raw/a")["Body"].read() == b"a"


@pytest.mark.parametrize("allowed_service", ["s3.amazonaws.com", "sns.amazonaws.com"])
def test_a_queue_takes_events_of_a_bucket_only_when_its_policy_lets_s3_send(
    local_aws: LocalServices, allowed_service: str
) -> None:
    bucket, (url, arn) = make_bucket(local_aws), make_queue(local_aws)
    allow_service = {"Effect": "Allow", "Principal": {"Service": allowed_service}}
    deny_plain = {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    statements = [allow_service | {"Action": "sqs:SendMessage"}, deny_plain | {"Action": "sqs:*"}]
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": arn} for statement in statements]}
    local_aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    configuration = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3 = local_aws.client("s3")
    if allowed_service == "sns.amazonaws.com":
        with pytest.raises(ClientError, match="Unable to validate the following destination"):
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
        return
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    s3.put_object(Bucket=bucket, Key="raw/b", Body=b"b")
    assert "raw/b" in wait_for(lambda: bodies_in(local_aws, url, "raw/b"), "the event")


def test_the_right_to_send_a_message_is_the_right_to_send_ten_and_to_no_more(local_aws: LocalServices) -> None:
    url, arn = make_queue(local_aws)
    may_send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    sqs = client_of_function(local_aws, "sqs", may_send)
    assert len(sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "1", "MessageBody": "x"}])["Successful"]) == 1
    (message,) = local_aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    entry = {"Id": "1", "ReceiptHandle": message["ReceiptHandle"]}
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.delete_message_batch(QueueUrl=url, Entries=[entry])
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.change_message_visibility_batch(QueueUrl=url, Entries=[entry | {"VisibilityTimeout": 0}])


def make_queue(aws: LocalServices) -> tuple[str, str]:
    """Return (URL, ARN) of a new queue."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=unique("queue"))["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def bodies_in(aws: LocalServices, url: str, text: str) -> str | None:
    """Return the body of a message in the queue that holds the text."""
    messages = aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
    return next((message["Body"] for message in messages if text in message["Body"]), None)
