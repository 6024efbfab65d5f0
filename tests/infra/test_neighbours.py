"""Two environments in one account: what is one's own is not taken, changed or deleted for the other."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy import artifacts, removal
from landfall.deploy.clients import Clients
from landfall.deploy.cloudformation import StackTemplate
from landfall.deploy.deployment import Deployment, deploy, roll_back
from landfall.deploy.environments import check_environment
from landfall.deploy.shared_warehouse import refuse_shared_warehouse
from tests.infra.templates import load
from tests.support.commands import landfall
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices, LocalStack

ADMIN_SECRET = "landfall/local/admin"  # noqa: S105 - its name
SHARED = {"WorkgroupName": "shared", "DatabaseName": "prod"}
# A template of one topic, with what a deployment says of itself.
BODY = {
    "Parameters": {"Stages": {"Type": "String", "Default": "ALL"}},
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
}


class Neighbours:
    """An artifact bucket of its own, and the stacks that have been deployed from it."""

    def __init__(self, aws: LocalServices) -> None:
        self.s3, self.cloudformation = aws.client("s3"), aws.client("cloudformation")
        self.clients = Clients(*[self.s3, self.cloudformation, *[None] * 6, "123456789012", "us-east-1"])
        self.bucket = unique("artifacts")
        self.s3.create_bucket(Bucket=self.bucket)

    def deploy(self, parameters: dict[str, str], stages: str | None = "ALL") -> str:
        """Record a deployment, and make its stack unless `stages` is None; return the stack's name."""
        name = f"landfall-{unique('env')}"
        artifacts.remember(self.s3, self.bucket, StackTemplate(name, "https://url", parameters, {}), "now")
        if stages:
            given = [{"ParameterKey": "Stages", "ParameterValue": stages}]
            self.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(BODY), Parameters=given)
            self.cloudformation.get_waiter("stack_create_complete").wait(StackName=name)
        return name

    def refuse(self, stack_name: str, parameters: dict[str, str]) -> None:
        refuse_shared_warehouse(stack_name, parameters, self.bucket, self.clients)


@pytest.fixture
def neighbours(local_aws: LocalServices) -> Neighbours:
    """Return an account's deployments, none yet."""
    return Neighbours(local_aws)


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
    neighbours.deploy(SHARED, None)

    def denied(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not yours"}}, "DescribeStacks")

    monkeypatch.setattr(neighbours.cloudformation, "describe_stacks", denied)
    with pytest.raises(ConfigError, match=r"may not be looked at \(cloudformation:DescribeStacks on it\)"):
        neighbours.refuse("landfall-new", SHARED)


def test_data_in_a_warehouse_that_another_deployment_lands_in_is_not_deleted(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(removal, "artifact_bucket", lambda _: neighbours.bucket)
    other = neighbours.deploy(SHARED)
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in SHARED.items()]
    deployed = removal.Deployed({"StackName": "landfall-dev", "Parameters": given}, {"BucketName": "landfall-dev"})
    done: list[str] = []
    with pytest.raises(ConfigError, match=f"nothing is changed: stack {other} lands in workgroup shared"):
        removal.delete_data(deployed, "arn", neighbours.clients, done.append)
    assert done == []


@pytest.mark.parametrize("name", ["artifacts", "delivery-prod", "Prod", "", "a" * 21, "dev_1", "1dev"])
def test_no_environment_has_a_name_that_is_something_elses(name: str) -> None:
    with pytest.raises(ConfigError, match="environment's name"):
        check_environment(name)
    nobody: Any = None
    for refused in (
        lambda: deploy(Deployment(name, "arn", SHARED), nobody, lambda _: None),
        lambda: roll_back(name, nobody, lambda _: None),
        lambda: removal.find(name, nobody),
        lambda: removal.left_bucket(name, nobody),
    ):
        with pytest.raises(ConfigError, match="environment's name"):
            refused()


@pytest.mark.parametrize("name", ["dev", "prod", "artifacts-2", "a" * 20])
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
    neighbours.s3.create_bucket(Bucket=bucket)
    assert removal.data_buckets(bucket, neighbours.clients) == [bucket]
    neighbours.s3.create_bucket(Bucket=f"{bucket}-logs")
    assert removal.data_buckets(bucket, neighbours.clients) == [bucket, f"{bucket}-logs"]
