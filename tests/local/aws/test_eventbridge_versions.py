"""An event of S3 for EventBridge names the version of its object (patch eventbridge_versions)."""

import json
from typing import Any

import pytest

from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from tests.support.waiting import wait_for


@pytest.mark.parametrize("versioning", ["Enabled", None])
def test_an_event_names_the_version_where_the_bucket_has_versions(
    local_aws: LocalServices, versioning: str | None
) -> None:
    s3, sqs, events, name = (*map(local_aws.client, ("s3", "sqs", "events")), unique("bucket"))
    s3.create_bucket(Bucket=name)
    if versioning:
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": versioning})
    told: Any = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=told)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [name]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])

    put = s3.put_object(Bucket=name, Key="raw/a b+c.parquet", Body=b"1")

    [received] = wait_for(lambda: sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"), "the event")
    told = json.loads(received["Body"])["detail"]["object"]
    assert (told["key"], told.get("version-id")) == ("raw/a b+c.parquet", put.get("VersionId"))
