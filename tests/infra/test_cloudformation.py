"""Creating and updating stacks: what is reported, what a failure says, what a repetition does."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from landfall.deploy import artifacts, cloudformation
from landfall.deploy.cloudformation import DeploymentError, Event, StackTemplate, causes
from scripts.package import Package
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices

Upload = Callable[[str, dict[str, Any]], str]


@pytest.fixture(scope="module")
def upload(local_aws: LocalServices) -> Upload:
    """A function that uploads a template's resources, and returns the template's URL."""
    s3 = local_aws.client("s3")
    bucket = unique("templates")
    artifacts.ensure_bucket(s3, bucket)

    def put(name: str, resources: dict[str, Any]) -> str:
        outputs = {"Names": {"Value": ",".join(sorted(resources))}}
        body = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"Name": {"Type": "String", "Default": "none"}},
            "Resources": resources,
            "Outputs": outputs,
        }
        s3.put_object(Bucket=bucket, Key=name, Body=json.dumps(body).encode())
        return f"{s3.meta.endpoint_url}/{bucket}/{name}"

    return put


def topic(name: str) -> dict[str, Any]:
    return {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}}


def test_a_stack_is_created_then_left_alone_then_updated(local_aws: LocalServices, upload: Upload) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    events: list[Event] = []
    first = StackTemplate(name, upload(f"{name}-1.json", {"One": topic(f"{name}-one")}), {}, {})
    assert cloudformation.apply(client, first, events.append) == {"Names": "One"}
    assert ("One", "CREATE_COMPLETE") in {(event.resource, event.status) for event in events}

    events.clear()
    assert cloudformation.apply(client, first, events.append) == {"Names": "One"}
    assert events == []

    resources = {"One": topic(f"{name}-one"), "Two": topic(f"{name}-two")}
    second = StackTemplate(name, upload(f"{name}-2.json", resources), {}, {})
    assert cloudformation.apply(client, second, events.append) == {"Names": "One,Two"}
    assert "Two" in {event.resource for event in events if event.status.endswith("_COMPLETE")}
    assert len({event.id for event in events}) == len(events)


def test_a_failure_names_the_resource_and_the_reason_and_the_next_attempt_starts_afresh(
    local_aws: LocalServices, upload: Upload
) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    # The state machine's definition is not in the bucket.
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::000000000000:role/none",
            "DefinitionS3Location": {"Bucket": f"{name}-missing", "Key": "nothing.json"},
        },
    }
    broken = StackTemplate(name, upload(f"{name}-bad.json", {"Machine": machine}), {}, {})
    with pytest.raises(DeploymentError, match="ROLLBACK_COMPLETE") as caught:
        cloudformation.apply(client, broken, lambda _: None)
    assert [event.resource for event in caught.value.failures] == ["Machine"]
    assert caught.value.failures[0].reason in str(caught.value)

    mended = StackTemplate(name, upload(f"{name}-good.json", {"One": topic(f"{name}-one")}), {}, {})
    assert cloudformation.apply(client, mended, lambda _: None) == {"Names": "One"}


def test_a_stack_that_fails_with_its_content_is_not_named_as_a_cause() -> None:
    def event(resource: str, reason: str) -> Event:
        return Event(resource + reason, "id", resource, "AWS::Any::Thing", "CREATE_FAILED", reason, resource)

    failures = [event("Land.Queue", "taken"), event("Land", "failed: [Queue]"), event("Land.Queue", "taken")]
    assert [item.resource for item in causes(failures)] == ["Land.Queue"]
    assert [item.resource for item in causes([event("Land", "no template")])] == ["Land"]
    assert not event("Land.Role", "Resource creation cancelled").is_failure


def test_artifacts_are_uploaded_once_to_a_private_bucket(local_aws: LocalServices, tmp_path: Any) -> None:
    s3 = local_aws.client("s3")
    bucket = unique("artifacts")
    artifacts.ensure_bucket(s3, bucket)
    artifacts.ensure_bucket(s3, bucket)
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]

    (tmp_path / "main.yaml").write_text("Resources: {}", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not a template", encoding="utf-8")
    (tmp_path / "code.zip").write_bytes(b"code")
    packages = [Package("ingest_lambda", tmp_path / "code.zip", "0123456789abcdef0123", 4, 4)]
    lines: list[str] = []
    published = artifacts.publish(s3, bucket, packages, tmp_path, lines.append)
    keys = sorted(item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"])
    assert keys == ["code/ingest_lambda-0123456789abcdef.zip", f"{published.template_prefix}main.yaml"]
    assert len(lines) == 2

    lines.clear()
    assert artifacts.publish(s3, bucket, packages, tmp_path, lines.append) == published
    assert lines == []
    (tmp_path / "main.yaml").write_text("Resources: {More: {}}", encoding="utf-8")
    assert artifacts.publish(s3, bucket, packages, tmp_path, lines.append).template_prefix != published.template_prefix
