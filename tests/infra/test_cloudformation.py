"""Creating and updating stacks: what is reported, what a failure says, what a repetition does."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy import artifacts, change_sets, cloudformation, stacks
from landfall.deploy.change_sets import Change, DeclinedError
from landfall.deploy.cloudformation import Guard, StackTemplate
from landfall.deploy.stack_events import DeploymentError, Event, causes
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


def test_what_would_change_is_shown_first_and_who_declines_changes_nothing(
    local_aws: LocalServices, upload: Upload
) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    shown: list[Change] = []

    def decline(changes: Sequence[Change]) -> bool:
        shown.extend(changes)
        return False

    first = StackTemplate(name, upload(f"{name}-1.json", {"One": topic(f"{name}-one")}), {}, {})
    with pytest.raises(DeclinedError):
        cloudformation.apply(client, first, lambda _: None, decline)
    assert [(change.resource, change.action) for change in shown] == [("One", "Add")]
    assert stacks.find(client, name) is None

    cloudformation.apply(client, first, lambda _: None)
    shown.clear()
    renamed = {"One": topic(f"{name}-other"), "Two": topic(f"{name}-two")}
    second = StackTemplate(name, upload(f"{name}-2.json", renamed), {}, {})
    with pytest.raises(DeclinedError):
        cloudformation.apply(client, second, lambda _: None, decline)
    assert {(change.resource, change.action, change.replacement) for change in shown} == {
        ("One", "Modify", "True"),
        ("Two", "Add", ""),
    }
    assert cloudformation.apply(client, first, lambda _: None) == {"Names": "One"}
    left = client.list_change_sets(StackName=name)["Summaries"]
    assert {each["ExecutionStatus"] for each in left} == {"EXECUTE_COMPLETE"}


def test_a_stack_is_guarded_as_asked_and_stays_so_when_nothing_is_said(
    local_aws: LocalServices, upload: Upload
) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    policy = {"Statement": [{"Effect": "Deny", "Action": "Update:Replace", "Principal": "*", "Resource": "*"}]}
    guard = Guard("arn:aws:iam::000000000000:role/deployer", policy, termination_protection=True)
    template = StackTemplate(name, upload(f"{name}.json", {"One": topic(f"{name}-one")}), {}, {}, guard)
    cloudformation.apply(client, template, lambda _: None)
    cloudformation.apply(client, replace(template, guard=Guard()), lambda _: None)
    assert json.loads(client.get_stack_policy(StackName=name)["StackPolicyBody"]) == policy
    stack = stacks.find(client, name)
    assert stack
    assert stack["EnableTerminationProtection"] is True
    cloudformation.apply(client, replace(template, guard=Guard(termination_protection=False)), lambda _: None)
    assert client.describe_stacks(StackName=name)["Stacks"][0]["EnableTerminationProtection"] is False


def test_cloudformation_acts_with_the_role_that_is_given_and_with_nobodys_where_none_is() -> None:
    # local AWS keeps no role of a stack
    guard = Guard("arn:aws:iam::000000000000:role/deployer")
    assert StackTemplate("name", "url", {}, {}, guard).arguments()["RoleARN"] == guard.service_role_arn
    assert "RoleARN" not in StackTemplate("name", "url", {}, {}).arguments()


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, EOFError, ConfigError])
def test_who_is_interrupted_at_the_prompt_leaves_nothing_in_review(
    local_aws: LocalServices, upload: Upload, interruption: type[BaseException]
) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    template = StackTemplate(name, upload(f"{name}.json", {"One": topic(f"{name}-one")}), {}, {})

    def interrupt(_: Sequence[Change]) -> bool:
        raise interruption

    with pytest.raises(interruption):
        cloudformation.apply(client, template, lambda _: None, interrupt)
    assert stacks.find(client, name) is None
    assert cloudformation.apply(client, template, lambda _: None) == {"Names": "One"}


class Forbidding:
    """A client whose stacks may not be deleted, as by the role of GitHub's workflows."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def delete_stack(self, **_: str) -> None:
        said = {"Error": {"Code": "AccessDenied", "Message": "not authorized to perform: cloudformation:DeleteStack"}}
        raise ClientError(said, "DeleteStack")  # type: ignore[arg-type]  # the error alone


def test_who_may_not_delete_a_stack_without_anything_in_it_is_told_why_it_was_made_in_vain_and_what_to_do(
    local_aws: LocalServices, upload: Upload
) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    template = StackTemplate(name, upload(f"{name}.json", {"One": topic(f"{name}-one")}), {}, {})

    def refuse(_: Sequence[Change]) -> bool:
        return False

    with pytest.raises(DeclinedError, match="nothing is changed") as refused:
        cloudformation.apply(Forbidding(client), template, lambda _: None, refuse)  # type: ignore[arg-type]  # as a client
    [said] = refused.value.__notes__
    assert said.startswith(f"Stack {name} is left, with nothing in it.")
    assert "cloudformation:DeleteStack" in said
    assert "Somebody who may: aws cloudformation delete-stack --stack-name" in said
    client.delete_stack(StackName=name)


def test_a_stack_that_failed_at_its_first_attempt_and_may_not_be_deleted_says_who_is_needed() -> None:
    class Failed(Forbidding):
        def describe_stacks(self, **_: str) -> Any:
            return {"Stacks": [{"StackId": "arn", "StackName": "landfall-dev", "StackStatus": "ROLLBACK_COMPLETE"}]}

    template = StackTemplate("landfall-dev", "url", {}, {})
    with pytest.raises(ConfigError, match=r"is ROLLBACK_COMPLETE: .*Somebody who may: aws cloudformation delete-stack"):
        cloudformation.apply(Failed(None), template, lambda _: None)  # type: ignore[arg-type]  # as a client


class Answers:
    """CloudFormation's documented answers where local AWS has none: by change set, or stacks, or a stack's events."""

    def __init__(
        self, change_sets: dict[str, Any], stacks: Sequence[dict[str, Any]] = (), events: Sequence[str] = ()
    ) -> None:
        self.change_sets, self.stacks, self.events = change_sets, list(stacks), events
        self.deleted: list[str] = []

    def describe_change_set(self, ChangeSetName: str) -> Any:  # noqa: N803 - AWS's name
        return self.change_sets[ChangeSetName]

    def get_paginator(self, _: str) -> "Answers":
        return self

    def paginate(self, **_: str) -> list[Any]:
        events = [
            {"EventId": str(number), "StackId": "root", "LogicalResourceId": "Queue", "ResourceStatus": status}
            for number, status in enumerate(self.events if self.deleted else ())
        ]
        return [{"Stacks": self.stacks, "StackEvents": events[::-1]}]

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        self.deleted.append(StackName)
        self.stacks = [each for each in self.stacks if each["StackId"] != StackName]

    def describe_stacks(self, StackName: str) -> Any:  # noqa: N803
        found = [each for each in self.stacks if each["StackId"] == StackName]
        return {"Stacks": found or [{"StackStatus": "DELETE_COMPLETE"}]}


def test_why_a_nested_change_set_failed_is_told_by_its_stack() -> None:
    arn = "arn:aws:cloudformation:eu-central-1:123456789012:changeSet/landfall-1-Land/0f"
    root = {"Status": "FAILED", "StatusReason": f"Nested change set {arn} was not successfully created.", "Changes": []}
    land = {"Status": "FAILED", "StackName": "Land", "StatusReason": "Parameter BatchSize is wrong", "Changes": []}
    client: Any = Answers({"root": root, arn: land})
    with pytest.raises(DeploymentError, match=r"was not successfully created\..*Land: Parameter BatchSize is wrong"):
        change_sets.review(client, "root", "landfall-dev", lambda _: True)


def test_a_nested_stack_that_an_update_could_not_delete_is_deleted_by_the_next_attempt() -> None:
    mine, others = (
        {"StackName": name, "StackId": name, "StackStatus": "DELETE_FAILED", "RootId": root}
        for name, root in (("Land", "root"), ("Else", "another"))
    )
    running = {"StackName": "Storage", "StackId": "Storage", "StackStatus": "CREATE_COMPLETE", "RootId": "root"}
    client: Any = Answers({}, [mine, others, running])
    cloudformation.delete_left(client, {"StackId": "root"}, lambda _: None)
    assert client.deleted == ["Land"]


@pytest.mark.parametrize(
    ("events", "is_well"),
    [(["DELETE_FAILED", "DELETE_COMPLETE"], True), (["DELETE_COMPLETE"], True), (["DELETE_FAILED"], False)],
)
def test_a_failure_that_a_later_attempt_heals_is_none(events: list[str], is_well: bool) -> None:
    client: Any = Answers({}, [{"StackName": "root", "StackId": "root"}], events)
    if is_well:
        cloudformation.delete(client, client.stacks[0], lambda _: None)
    else:
        with pytest.raises(DeploymentError, match="something stays"):
            cloudformation.delete(client, client.stacks[0], lambda _: None)


def test_the_changes_of_nested_stacks_bear_the_names_of_their_stacks() -> None:
    # Local AWS makes no change sets of nested stacks; the answers are of the form that AWS documents:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html (ChangeSetId)
    nested = resource_change("Land", "AWS::CloudFormation::Stack", "Modify", ChangeSetId="nested")
    answers = {"root": [nested], "nested": [resource_change("Queue", "AWS::SQS::Queue", "Modify", Replacement="True")]}

    class Paginator:
        def paginate(self, ChangeSetName: str) -> list[dict[str, Any]]:  # noqa: N803 - AWS's name
            return [{"Changes": answers[ChangeSetName]}]

    class Client:
        def get_paginator(self, _: str) -> Paginator:
            return Paginator()

    found = list(change_sets.changes(Client(), "root"))  # type: ignore[arg-type]  # all that is asked of it
    assert found == [Change("Land.Queue", "AWS::SQS::Queue", "Modify", "True")]


def resource_change(name: str, type_: str, action: str, **more: str) -> dict[str, Any]:
    found = {"LogicalResourceId": name, "ResourceType": type_, "Action": action, **more}
    return {"Type": "Resource", "ResourceChange": found}


def test_a_stack_that_somebody_may_be_looking_at_is_left_as_it_is(local_aws: LocalServices, upload: Upload) -> None:
    client = local_aws.client("cloudformation")
    name = unique("stack")
    template = StackTemplate(name, upload(f"{name}.json", {"One": topic(f"{name}-one")}), {}, {})
    client.create_change_set(
        StackName=name, ChangeSetName="a-colleagues", ChangeSetType="CREATE", TemplateURL=template.url
    )
    with pytest.raises(ConfigError, match=r"REVIEW_IN_PROGRESS and is left as it is: .* delete-stack --stack-name"):
        cloudformation.apply(client, template, lambda _: None)
    waiting = stacks.find(client, name)
    assert waiting
    assert waiting["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert [each["ChangeSetName"] for each in client.list_change_sets(StackName=name)["Summaries"]] == ["a-colleagues"]


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        ("DELETE_FAILED", "delete-stack"),
        ("CREATE_FAILED", "delete-stack"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("UPDATE_FAILED", "rollback-stack"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_IN_PROGRESS", "wait"),
    ],
)
def test_a_stack_that_cannot_be_changed_says_the_way_out(status: str, way_out: str) -> None:
    with pytest.raises(ConfigError, match=rf"landfall-dev is {status} .*{way_out}"):
        stacks.check_usable({"StackName": "landfall-dev", "StackStatus": status})


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_a_stack_at_rest_can_be_changed(status: str) -> None:
    stacks.check_usable({"StackName": "landfall-dev", "StackStatus": status})


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
    planned = artifacts.plan(bucket, packages, tmp_path)
    artifacts.publish(s3, planned, packages, tmp_path, lines.append)
    keys = sorted(item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"])
    assert keys == ["code/ingest_lambda-0123456789abcdef.zip", f"{planned.template_prefix}main.yaml"]
    assert len(lines) == 2

    lines.clear()
    artifacts.publish(s3, planned, packages, tmp_path, lines.append)
    assert lines == []
    (tmp_path / "main.yaml").write_text("Resources: {More: {}}", encoding="utf-8")
    assert artifacts.plan(bucket, packages, tmp_path).template_prefix != planned.template_prefix


def release(stack: str, number: int) -> StackTemplate:
    """Return what a release is deployed with, as far as the artifact bucket goes."""
    values = {"IngestCodeKey": f"code/ingest-{number}.zip", "ArtifactPrefix": f"templates/{number}/", "BatchSize": "7"}
    return StackTemplate(stack, f"https://bucket/templates/{number}/main.yaml", values, {})


def test_what_no_stack_is_made_of_or_was_before_is_deleted_once_it_is_old(local_aws: LocalServices) -> None:
    s3, bucket = local_aws.client("s3"), unique("artifacts")
    artifacts.ensure_bucket(s3, bucket)
    parts = {n: {f"code/ingest-{n}.zip", f"templates/{n}/land.yaml", f"templates/{n}/main.yaml"} for n in range(5)}
    for key in set[str]().union(*parts.values()):
        s3.put_object(Bucket=bucket, Key=key, Body=b"a")

    def there() -> set[str]:
        listed = s3.list_objects_v2(Bucket=bucket)["Contents"]
        return {each["Key"] for each in listed if not each["Key"].startswith("deployments/")}

    later = datetime.now(UTC) + timedelta(days=artifacts.KEPT_DAYS, hours=1)
    for number in (1, 2, 3, 4):  # of 0 nobody knows what it is of
        artifacts.remember(s3, bucket, release("landfall-dev", number), "then")
    artifacts.remember(s3, bucket, release("landfall-prod", 1), "then")
    everything = there()
    assert artifacts.delete_replaced(s3, bucket, datetime.now(UTC)) == []  # a deployment under way may be of it
    assert there() == everything

    assert set(artifacts.delete_replaced(s3, bucket, later)) == parts[2]  # dev's are 4 and 3, prod's is 1
    assert there() == everything - parts[2]
    assert artifacts.recall(s3, bucket, "landfall-dev") == release("landfall-dev", 3)
    assert artifacts.delete_replaced(s3, bucket, later) == []

    artifacts.remember(s3, bucket, release("landfall-prod", 2), "then")  # and so it is uploaded again
    artifacts.remember(s3, bucket, release("landfall-prod", 3), "then")
    assert set(artifacts.delete_replaced(s3, bucket, later)) == parts[1]
    assert there() == everything - parts[1] - parts[2]


def test_the_roles_of_earlier_deployments_are_remembered(local_aws: LocalServices) -> None:
    s3, bucket = local_aws.client("s3"), unique("artifacts")
    assert artifacts.attached_roles(s3, bucket, "landfall-dev") == set()
    artifacts.ensure_bucket(s3, bucket)
    artifacts.remember(s3, bucket, release("landfall-dev", 1), "then", ["one"])
    artifacts.remember(s3, bucket, release("landfall-dev", 1), "later", ["two"])
    artifacts.remember(s3, bucket, release("landfall-prod", 1), "then", ["three"])
    assert artifacts.attached_roles(s3, bucket, "landfall-dev") == {"one", "two"}


def test_a_stack_is_known_to_be_as_it_was_deployed_until_anybody_changes_it_or_wants_it_otherwise(
    local_aws: LocalServices, upload: Upload
) -> None:
    s3, client, name, bucket = (local_aws.client("s3"), local_aws.client("cloudformation"), *map(unique, ("a", "b")))
    artifacts.ensure_bucket(s3, bucket)
    url = upload(f"{name}.json", {"One": topic(f"{name}-one")})
    template = StackTemplate(name, url, {"Name": "one"}, {"team": "data"})
    assert artifacts.changed_at(s3, bucket, template) is None
    cloudformation.apply(client, template, lambda _: None)
    stack = stacks.find(client, name)
    assert stack
    artifacts.remember(s3, bucket, template, stacks.changed_at(stack))

    assert artifacts.changed_at(s3, bucket, template) == stacks.changed_at(stack)
    assert cloudformation.is_as(stack, template)
    others = {"Name": "two"}, {"team": "other"}
    for other in (replace(template, parameters=others[0]), replace(template, tags=others[1])):
        assert artifacts.changed_at(s3, bucket, other) is None
        assert not cloudformation.is_as(stack, other)
    assert artifacts.changed_at(s3, bucket, replace(template, url=f"{url}-2")) is None
    assert not cloudformation.is_as(stack, replace(template, guard=Guard("arn:aws:iam::1:role/other")))
    assert not cloudformation.is_as({**stack, "StackStatus": "UPDATE_ROLLBACK_COMPLETE"}, template)
    assert artifacts.changed_at(s3, unique("nobodys"), template) is None

    wider = {"One": topic(f"{name}-one"), "Two": topic(f"{name}-two")}
    cloudformation.apply(client, replace(template, url=upload(f"{name}-2.json", wider)), lambda _: None)
    changed = stacks.find(client, name)
    assert changed
    assert cloudformation.is_as(changed, template)
    assert artifacts.changed_at(s3, bucket, template) != stacks.changed_at(changed)
