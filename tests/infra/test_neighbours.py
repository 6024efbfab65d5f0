"""Two environments in one account: what is one's own is not taken, changed or deleted for the other."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy import artifacts, cloudformation, copy_role, deployment, preparation, removal
from landfall.deploy.clients import Clients
from landfall.deploy.cloudformation import StackTemplate
from landfall.deploy.deployment import Deployment, deploy, roll_back
from landfall.deploy.environments import check_environment, check_name
from landfall.deploy.shared_warehouse import refuse_shared_warehouse
from tests.infra.delivery_rights import ACCOUNT, REGION, TEMPLATE, allows, policy
from tests.infra.templates import load, rule_holds
from tests.support.commands import landfall
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices, LocalStack

ADMIN_SECRET = "landfall/local/admin"  # noqa: S105 - its name
CODE = ("ingest_lambda", "transform_lambda")
SHARED = {"WorkgroupName": "shared", "DatabaseName": "prod"}
# A template of one topic, with what a deployment says of itself.
BODY = {
    "Parameters": {"Stages": {"Type": "String", "Default": "ALL"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
}


class Neighbours:
    """An artifact bucket of its own, and the stacks that have been deployed from it."""

    def __init__(self, aws: LocalServices) -> None:
        nobody: Any = Mock()  # what nothing here asks
        self.s3, self.cloudformation = aws.client("s3"), aws.client("cloudformation")
        self.clients = Clients(
            s3=self.s3,
            cloudformation=self.cloudformation,
            secrets=nobody,
            redshift_data=nobody,
            lambda_=nobody,
            dynamodb=nobody,
            serverless=nobody,
            redshift=nobody,
            account=unique("account"),  # artifact and landing buckets bear it
            region="us-east-1",
        )
        self.bucket = deployment.artifact_bucket(self.clients)
        self.buckets: list[str] = []
        self.stacks: list[str] = []
        self.make_bucket(self.bucket)

    def make_bucket(self, name: str) -> None:
        """Make a bucket, which `end` deletes."""
        self.s3.create_bucket(Bucket=name)
        self.buckets.append(name)

    def end(self) -> None:
        """Delete what has been made."""
        for name in self.stacks:
            self.cloudformation.delete_stack(StackName=name)
        for name in self.buckets:
            removal.delete_bucket(self.s3, name)

    def deploy(self, parameters: dict[str, str], stages: str | None = "ALL") -> str:
        """Record a deployment, and make its stack unless `stages` is None; return the stack's name."""
        name = f"landfall-{unique('env')}"
        artifacts.remember(self.s3, self.bucket, StackTemplate(name, "https://url", parameters, {}), "now")
        if stages:
            given = [{"ParameterKey": "Stages", "ParameterValue": stages}]
            self.stacks.append(name)
            self.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(BODY), Parameters=given)
            self.cloudformation.get_waiter("stack_create_complete").wait(StackName=name)
        return name

    def refuse(self, stack_name: str, parameters: dict[str, str]) -> None:
        refuse_shared_warehouse(stack_name, parameters, self.bucket, self.clients)


@pytest.fixture
def neighbours(local_aws: LocalServices) -> Iterator[Neighbours]:
    """Yield an account's deployments, none yet."""
    made = Neighbours(local_aws)
    yield made
    made.end()


def test_a_second_deployment_into_a_warehouse_is_refused_before_its_users_get_other_passwords(
    stack: LocalStack,
) -> None:
    given = {"RedshiftHost": "127.0.0.1", "RedshiftPort": stack.ports.redshift, "DatabaseName": "landfall"}
    options = [word for name, value in given.items() for word in ("--parameter", f"{name}={value}")]
    local = "infra/cloudformation/parameters/local.json"
    asked = ("--env", "second", "--parameters", local, "--admin-secret-arn", ADMIN_SECRET, "--yes", *options)
    done = landfall("deploy", *asked, environment=stack.env, timeout_seconds=240)
    assert done.returncode == 3, done.stderr
    assert "stack landfall-local lands in workgroup landfall-local already" in done.stderr
    with pytest.raises(ClientError, match="does not exist"):
        stack.client("cloudformation").describe_stacks(StackName="landfall-second")
    found = stack.landfall("doctor", "--json")
    logins = [each for each in json.loads(found.stdout)["findings"] if each["check"].startswith("login ")]
    assert [each["status"] for each in logins] == ["ok"] * 3, logins


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        (SHARED, {**SHARED, "DatabaseName": "dev"}),  # users are a warehouse's, and not a database's
        ({"ClusterIdentifier": "analytics"}, {"ClusterIdentifier": "analytics"}),
    ],
)
def test_whoever_lands_in_a_warehouse_has_it_alone_until_taken_down(
    neighbours: Neighbours, theirs: dict[str, str], mine: dict[str, str]
) -> None:
    other = neighbours.deploy(theirs)
    env = other.removeprefix("landfall-")
    with pytest.raises(ConfigError, match=rf"nothing is changed: stack {other} lands in .*destroy --env {env}"):
        neighbours.refuse("landfall-new", mine)
    neighbours.refuse(other, mine)  # itself
    neighbours.refuse("landfall-new", {"WorkgroupName": "another"})
    neighbours.refuse("landfall-new", {"ClusterIdentifier": "shared"})
    neighbours.cloudformation.delete_stack(StackName=other)
    neighbours.cloudformation.get_waiter("stack_delete_complete").wait(StackName=other)
    neighbours.refuse("landfall-new", mine)


def test_a_warehouse_that_another_deployment_has_made_is_that_ones(neighbours: Neighbours) -> None:
    other = neighbours.deploy({"CreateWarehouse": "true"})
    with pytest.raises(ConfigError, match=f"stack {other} lands in workgroup {other} already"):
        neighbours.refuse("landfall-new", {"WorkgroupName": other})


def test_a_deployment_that_is_taken_down_or_whose_stack_is_gone_holds_no_warehouse(neighbours: Neighbours) -> None:
    neighbours.deploy(SHARED, "STORAGE")
    neighbours.deploy(SHARED, None)
    neighbours.refuse("landfall-new", SHARED)
    refuse_shared_warehouse("landfall-new", SHARED, unique("nowhere"), neighbours.clients)


def test_a_deployment_that_may_not_be_looked_at_is_taken_for_one_that_is_up(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_down, gone, up = (neighbours.deploy(SHARED, None) for _ in range(3))

    def denied(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not yours"}}, "DescribeStacks")

    monkeypatch.setattr(neighbours.cloudformation, "describe_stacks", denied)
    artifacts.note_taken_down(neighbours.s3, neighbours.bucket, taken_down)
    artifacts.forget(neighbours.s3, neighbours.bucket, gone)
    may_not = (
        rf"stack {up} .*may not be looked at \(cloudformation:DescribeStacks on it, .*delivery stack is deployed anew"
    )
    with pytest.raises(ConfigError, match=may_not):
        neighbours.refuse("landfall-new", SHARED)
    artifacts.note_taken_down(neighbours.s3, neighbours.bucket, up)
    neighbours.refuse("landfall-new", SHARED)
    template = StackTemplate(taken_down, "https://url", SHARED, {})
    artifacts.remember(neighbours.s3, neighbours.bucket, template, "now")  # it comes back
    with pytest.raises(ConfigError, match=f"stack {taken_down} "):
        neighbours.refuse("landfall-new", SHARED)


def test_what_a_stack_that_is_gone_was_made_of_can_be_deleted_and_that_of_one_taken_down_comes_back(
    neighbours: Neighbours,
) -> None:
    parts = {"IngestCodeKey": "code/ingest-1.zip", "ArtifactPrefix": "templates/1/"}
    name = neighbours.deploy({**SHARED, **parts}, None)
    later = StackTemplate(name, "https://url", {**SHARED, "IngestCodeKey": "code/ingest-2.zip"}, {})
    artifacts.remember(neighbours.s3, neighbours.bucket, later, "then")
    artifacts.note_taken_down(neighbours.s3, neighbours.bucket, name)
    assert artifacts.recall(neighbours.s3, neighbours.bucket, name).parameters == {**SHARED, **parts}
    artifacts.forget(neighbours.s3, neighbours.bucket, name)
    [record] = artifacts._records(neighbours.s3, neighbours.bucket).values()
    assert record == {"replaced": ["code/ingest-1.zip", "code/ingest-2.zip", "templates/1/"]}
    artifacts.forget(neighbours.s3, neighbours.bucket, "landfall-never")
    assert set(artifacts.deployed(neighbours.s3, neighbours.bucket)) == {name}


def test_a_first_deployment_that_ends_before_the_warehouse_is_prepared_holds_it_and_the_next_finds_it(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def apply(_: Any, template: StackTemplate, *__: Any) -> dict[str, str]:
        calls.append(template.name)
        neighbours.stacks.append(template.name)
        given = [{"ParameterKey": "Stages", "ParameterValue": "ALL"}]
        neighbours.cloudformation.create_stack(StackName=template.name, TemplateBody=json.dumps(BODY), Parameters=given)
        neighbours.cloudformation.get_waiter("stack_create_complete").wait(StackName=template.name)
        return {"WorkgroupName": "shared"}

    planned = artifacts.Artifacts(neighbours.bucket, "templates/1/", dict.fromkeys(CODE, "code/1.zip"))
    killed = Mock(side_effect=KeyboardInterrupt)
    monkeypatch.setattr(deployment, "build", Mock(return_value=[]))
    monkeypatch.setattr(artifacts, "plan", Mock(return_value=planned))
    monkeypatch.setattr(artifacts, "publish", Mock())
    monkeypatch.setattr(cloudformation, "apply", apply)
    monkeypatch.setattr(copy_role, "attach", Mock(return_value="attached"))
    monkeypatch.setattr(preparation, "check_admin", Mock())
    monkeypatch.setattr(preparation, "purpose", Mock(return_value="purpose"))
    monkeypatch.setattr(preparation, "prepare_warehouse", killed)
    clients = replace(neighbours.clients, lambda_=Mock())
    clients.lambda_.list_event_source_mappings.return_value = {"EventSourceMappings": []}  # type: ignore[attr-defined]
    parameters = {**SHARED, "WorkgroupId": "1"}
    first, second = unique("first"), unique("second")

    with pytest.raises(KeyboardInterrupt):
        deploy(Deployment(first, "arn", parameters), clients, lambda _: None)
    with pytest.raises(ConfigError, match=f"nothing is changed: stack landfall-{first} lands in workgroup shared"):
        deploy(Deployment(second, "arn", parameters), clients, lambda _: None)
    assert calls == [f"landfall-{first}"]
    monkeypatch.setattr(cloudformation, "apply", Mock(return_value={"WorkgroupName": "shared"}))
    with pytest.raises(KeyboardInterrupt):  # its own record is not in its way
        deploy(Deployment(first, "arn", parameters), clients, lambda _: None)

    # Where another has begun since this one looked, the stack is made by then, and no more is said to be untouched.
    killed.reset_mock()
    monkeypatch.setattr(cloudformation, "apply", lambda *_: neighbours.deploy(SHARED) and {"WorkgroupName": "shared"})
    with pytest.raises(ConfigError, match=r"^the stack is there, and its warehouse's users .* are as they were: stack"):
        deploy(Deployment(first, "arn", parameters), clients, lambda _: None)
    killed.assert_not_called()


def test_a_rollback_into_a_warehouse_that_another_has_taken_is_refused(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied = Mock()
    monkeypatch.setattr(cloudformation, "apply", applied)
    mine = neighbours.deploy({**SHARED, "Release": "1"}, None)
    moved = StackTemplate(mine, "https://url", {"WorkgroupName": "mine", "Release": "2"}, {})
    artifacts.remember(neighbours.s3, neighbours.bucket, moved, "then")
    other = neighbours.deploy(SHARED)
    with pytest.raises(ConfigError, match=f"nothing is changed: stack {other} lands in workgroup shared"):
        roll_back(mine.removeprefix("landfall-"), neighbours.clients, lambda _: None)
    applied.assert_not_called()


def held(neighbours: Neighbours, stages: str, **parameters: str) -> removal.Deployed:
    """Make the landing bucket of a deployment into the shared warehouse, and describe its stack."""
    given = {**SHARED, "Stages": stages, **parameters}
    described = [{"ParameterKey": name, "ParameterValue": value} for name, value in given.items()]
    bucket = unique("landing")
    neighbours.make_bucket(bucket)
    neighbours.s3.put_object(Bucket=bucket, Key="raw/a/1.parquet", Body=b"1")
    return removal.Deployed({"StackName": "landfall-dev", "Parameters": described}, {"BucketName": bucket})


@pytest.mark.parametrize(("stages", "created"), [("ALL", "false"), ("STORAGE", "true")])
def test_data_in_a_warehouse_that_another_deployment_lands_in_is_not_deleted(
    neighbours: Neighbours, stages: str, created: str
) -> None:
    deployed = held(neighbours, stages, CreateWarehouse=created)
    # where the deployment has made the warehouse, that goes with its stack
    workgroup = "landfall-dev" if created == "true" else "shared"
    other = neighbours.deploy({"WorkgroupName": workgroup})
    done: list[str] = []
    with pytest.raises(ConfigError, match=f"nothing is changed: stack {other} lands in workgroup {workgroup}"):
        removal.delete_data(deployed, "arn", neighbours.clients, done.append)
    assert done == []
    assert list(removal.versions(neighbours.s3, deployed.bucket))


def test_of_a_deployment_taken_down_whose_warehouse_another_has_taken_all_goes_but_what_is_in_that(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed, done = held(neighbours, "STORAGE"), list[str]()
    asked, deleted = Mock(), Mock()
    monkeypatch.setattr(removal, "warehouse_of", asked)
    monkeypatch.setattr(removal, "take_down", Mock())
    monkeypatch.setattr(cloudformation, "delete", deleted)
    assert removal.taken_by(deployed, neighbours.clients) is None
    other = neighbours.deploy(SHARED)
    assert removal.taken_by(deployed, neighbours.clients) == other
    removal.delete_data(deployed, "", neighbours.clients, done.append)
    asked.assert_not_called()
    deleted.assert_called_once()
    assert f"warehouse: schemas and users stay, which are those of stack {other} now" in done
    assert removal.data_buckets(deployed.bucket, neighbours.clients) == []


def test_a_bucket_of_logs_that_is_left_alone_is_found(neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch) -> None:
    env, clients = unique("env"), neighbours.clients
    bucket = f"landfall-{env}-{clients.account}-{clients.region}"
    neighbours.make_bucket(bucket)
    neighbours.make_bucket(f"{bucket}-logs")
    deployed = replace(held(neighbours, "STORAGE"), outputs={"BucketName": bucket})
    delete = removal.delete_bucket

    def cut_short(s3: Any, name: str) -> None:
        if name.endswith("-logs"):
            raise KeyboardInterrupt
        delete(s3, name)

    monkeypatch.setattr(removal, "warehouse_of", Mock())
    monkeypatch.setattr(removal, "admin_secret", Mock())
    monkeypatch.setattr(removal, "take_down", Mock())
    monkeypatch.setattr(removal, "_drop", Mock())
    monkeypatch.setattr(cloudformation, "delete", Mock())
    monkeypatch.setattr(removal, "delete_bucket", cut_short)
    with pytest.raises(KeyboardInterrupt):
        removal.delete_data(deployed, "arn", clients, lambda _: None)
    monkeypatch.undo()
    assert removal.left_buckets(env, clients) == [f"{bucket}-logs"]
    removal.delete_bucket(neighbours.s3, f"{bucket}-logs")
    assert removal.left_buckets(env, clients) == []


def test_roles_of_an_environment_of_no_name_that_is_taken_change_a_stack_of_the_delivery() -> None:
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/landfall-delivery-prod/1"

    def takes(name: str) -> bool:
        pattern = re.search(
            r"AllowedPattern: '([^']*)'\n    ConstraintDescription: a name of an env", TEMPLATE.read_text()
        )
        assert pattern
        return re.fullmatch(pattern[1], name) is not None

    for name in ("delivery", "delivery-prod", "prod", "deliver", "deliveries", "artifacts"):
        reaches = allows(policy("DeployRole", EnvironmentName=name), "cloudformation:ExecuteChangeSet", stack, {})
        assert reaches == name.startswith("delivery")
        assert takes(name) == (not reaches and name != "artifacts")
    for name in ("prod", "artifacts", "delivery"):
        assert rule_holds(load("main")["Rules"]["NameIsFree"], {"EnvironmentName": name}) == (name == "prod")


@pytest.mark.parametrize("name", ["artifacts", "Prod", "", "a" * 21, "dev_1", "1dev"])
def test_nothing_is_looked_for_under_a_name_that_no_environment_can_have_had(name: str) -> None:
    nobody: Any = None
    for refused in (
        lambda: check_name(name),
        lambda: removal.find(name, nobody),
        lambda: removal.left_buckets(name, nobody),
    ):
        with pytest.raises(ConfigError, match="environment's name"):
            refused()


def test_a_deployment_with_a_name_that_releases_before_took_can_be_found_and_so_destroyed(
    neighbours: Neighbours,
) -> None:
    env = f"delivery-{unique('x')}"[:20]
    with pytest.raises(ConfigError, match=r"no stack landfall-delivery-.* is deployed"):
        removal.find(env, neighbours.clients)
    body = {**BODY, "Outputs": {"BucketName": {"Value": "landing"}}}
    name = f"landfall-{env}"
    neighbours.stacks.append(name)
    neighbours.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(body))
    neighbours.cloudformation.get_waiter("stack_create_complete").wait(StackName=name)
    assert removal.find(env, neighbours.clients).bucket == "landing"
    assert removal.left_buckets(env, neighbours.clients) == []


@pytest.mark.parametrize("name", ["artifacts", "delivery", "delivery-prod", "Prod", "", "a" * 21, "dev_1", "1dev"])
def test_no_environment_has_a_name_that_is_something_elses(name: str) -> None:
    with pytest.raises(ConfigError, match="environment's name"):
        check_environment(name)
    nobody: Any = None
    for refused in (
        lambda: deploy(Deployment(name, "arn", SHARED), nobody, lambda _: None),
        lambda: roll_back(name, nobody, lambda _: None),
    ):
        with pytest.raises(ConfigError, match="environment's name"):
            refused()


@pytest.mark.parametrize("name", ["dev", "prod", "artifacts-2", "deliveries", "a" * 20])
def test_other_names_are_free_as_the_template_has_them(name: str) -> None:
    check_environment(name)
    assert load("main")["Parameters"]["EnvironmentName"]["AllowedPattern"] == "[a-z][a-z0-9-]{0,19}"


def test_the_artifact_bucket_is_not_deleted_as_that_of_an_environment_whose_stack_is_gone(stack: LocalStack) -> None:
    s3 = stack.client("s3")
    bucket = "landfall-artifacts-000000000000-us-east-1"
    before = {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    asked = ("destroy", "--env", "artifacts", "--with-data", "--admin-secret-arn", ADMIN_SECRET)
    done = landfall(*asked, environment=stack.env, answers="artifacts\ny\n")
    assert (done.returncode, "can be no environment's name" in done.stderr) == (3, True), done.stderr
    assert {each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]} >= before > set()


def test_whose_logs_are_deleted_with_the_data_is_said_beforehand(neighbours: Neighbours) -> None:
    bucket = unique("landing")
    assert removal.data_buckets(bucket, neighbours.clients) == []
    neighbours.make_bucket(bucket)
    assert removal.data_buckets(bucket, neighbours.clients) == [bucket]
    neighbours.make_bucket(f"{bucket}-logs")
    assert removal.data_buckets(bucket, neighbours.clients) == [bucket, f"{bucket}-logs"]
