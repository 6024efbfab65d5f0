"""The deployment as a command: what it reads, what it refuses, and that it is what the local stack was deployed by."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from ingest_lambda.errors import ConfigError, LoginRefusedError, TransientError
from ingest_lambda.tell.mark import ITEM
from ingest_lambda.warehouse.sessions import Warehouse
from landfall.app import build as build_commands
from landfall.deploy import artifacts, cloudformation, deployment, local
from landfall.deploy.change_sets import DeclinedError
from landfall.deploy.clients import PATIENT, Clients
from landfall.deploy.cloudformation import StackTemplate
from landfall.deploy.deployment import (
    FUNCTIONS,
    KEPT_VERSIONS,
    SCHEDULE_STATE,
    Deployment,
    Done,
    delete_old_versions,
    deploy,
    read_parameters,
)
from landfall.deploy.preparation import USER_SECRETS, check_admin, prepare_function, purpose
from local.services import aws_environment
from local.state import Ports
from scripts.package import SIZE_LIMIT, Runtime
from tests.support.lambdas import create_function, unique
from tests.support.local_stack import NO_SCHEDULES, LocalServices, LocalStack
from transform_lambda.parse_cache import FOLDER as PARSES


def test_parameters_and_tags_are_read_as_text(tmp_path: Path) -> None:
    file = tmp_path / "dev.json"
    file.write_text(json.dumps({"Parameters": {"BatchSize": 10}, "Tags": {"team": "data"}}), encoding="utf-8")
    assert read_parameters(file) == ({"BatchSize": "10"}, {"team": "data"}, None)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"Parameters": []}'])
def test_a_file_of_another_form_is_refused_with_the_form_that_is_expected(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dev.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r'dev\.json is not \{"Parameters"'):
        read_parameters(file)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.json"):
        read_parameters(tmp_path / "nowhere.json")


def test_the_runtime_is_this_interpreters_locally_and_a_known_one_on_aws_unless_the_parameters_name_another() -> None:
    assert Deployment("dev", "arn").runtime(is_local=True) == Runtime.here()
    assert Deployment("dev", "arn").runtime(is_local=False).python == "3.13"
    for is_local in (True, False):
        assert Deployment("dev", "arn", {"PythonRuntime": "python3.14"}).runtime(is_local=is_local).python == "3.14"


def test_a_runtime_that_cannot_load_pyarrow_is_refused_on_aws_with_one_that_can() -> None:
    old = Deployment("dev", "arn", {"PythonRuntime": "python3.11"})
    assert old.runtime(is_local=True).python == "3.11"
    with pytest.raises(ConfigError, match=r"python3\.11 is on Amazon Linux 2.*PythonRuntime=python3\.13"):
        old.runtime(is_local=False)


def test_a_stack_policy_is_read_beside_parameters_and_tags(tmp_path: Path) -> None:
    file, policy = tmp_path / "prod.json", {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Resource": "*"}]}
    file.write_text(json.dumps({"Parameters": {}, "StackPolicy": policy}), encoding="utf-8")
    assert read_parameters(file) == ({}, {}, policy)


@pytest.mark.xdist_group("end_to_end")  # no other worker changes the stack meanwhile
def test_the_command_deploys_what_local_up_has_deployed(stack: LocalStack) -> None:
    before, changes = described(stack), changes_of(stack)
    asked = ("--env", "local", "--admin-secret-arn", "landfall/local/admin", *parameters_of(stack))
    done = stack.landfall("deploy", *asked, "--prepare", "--yes", "--json")
    assert "✓ smoke, taking out" in done.stderr
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {item["OutputKey"]: item["OutputValue"] for item in before["Outputs"]}
    assert settings(described(stack)) == settings(before)
    assert changes_of(stack) > changes


def parameters_of(stack: LocalStack) -> list[str]:
    """Return the options with which the command deploys what the tests' stack has."""
    own = {"RedshiftHost": "127.0.0.1", "RedshiftPort": stack.ports.redshift, **NO_SCHEDULES}
    return [word for name, value in own.items() for word in ("--parameter", f"{name}={value}")]


def changes_of(stack: LocalStack) -> int:
    """Return how many changes the mark has counted: a deployment is one."""
    key = {"lease_id": {"S": ITEM}}
    item = stack.client("dynamodb").get_item(TableName="landfall-local-lease", Key=key, ConsistentRead=True)["Item"]
    return int(item["change_number"]["N"])


def described(stack: LocalStack) -> dict[str, Any]:
    """Describe the deployed CloudFormation stack."""
    found: dict[str, Any] = stack.client("cloudformation").describe_stacks(StackName="landfall-local")["Stacks"][0]
    return found


def settings(described_stack: dict[str, Any]) -> dict[str, str]:
    """Return a stack's parameters, but for those that follow the sources, which may be under work."""
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in described_stack["Parameters"]}
    return {
        name: value for name, value in parameters.items() if not name.endswith(("CodeKey", "ArtifactPrefix", "Release"))
    }


def test_a_deployment_leaves_the_parse_of_its_project_so_that_no_run_begins_with_it(stack: LocalStack) -> None:
    outputs = {item["OutputKey"]: item["OutputValue"] for item in described(stack)["Outputs"]}
    prepare_function(outputs["TransformFunctionName"], stack.client("lambda"))
    listed = stack.client("s3").list_objects_v2(Bucket=outputs["BucketName"], Prefix=PARSES)["Contents"]
    assert {each["Key"].rpartition(".")[2] for each in listed} == {"json", "msgpack"}


def test_what_a_warehouse_is_prepared_for_is_a_release_and_the_passwords_of_its_users(
    local_aws: LocalServices,
) -> None:
    secrets = local_aws.client("secretsmanager")
    outputs = {name: secrets.create_secret(Name=unique("user"), SecretString="one")["ARN"] for name in USER_SECRETS}
    first = purpose("a", outputs, secrets)
    assert first == purpose("a", outputs, secrets) != purpose("b", outputs, secrets)
    assert first == purpose("a", {**outputs, "PasswordHash": "sha256"}, secrets)
    assert first != purpose("a", {**outputs, "PasswordHash": "md5"}, secrets)
    reader = outputs["ReaderSecretArn"]
    secrets.put_secret_value(SecretId=reader, SecretString="two")
    assert purpose("a", outputs, secrets) not in {first, None}
    pending = secrets.put_secret_value(SecretId=reader, SecretString="three", VersionStages=["AWSPENDING"])
    assert purpose("a", outputs, secrets) is None  # which of the two the user has is not known
    assert purpose("a", {**outputs, "LoaderSecretArn": unique("nobodys")}, secrets) is None
    labels = {"VersionStage": "AWSPENDING", "RemoveFromVersionId": pending["VersionId"]}
    secrets.update_secret_version_stage(SecretId=reader, **labels)
    assert purpose("a", outputs, secrets) not in {first, None}


def test_a_function_that_cannot_parse_its_project_stops_the_deployment_and_says_where_to_look(
    local_aws: LocalServices,
) -> None:
    broken = create_function(local_aws, "def handler(event, context): raise RuntimeError(event['action'] + ' broke')")
    with pytest.raises(ConfigError, match=r"cannot parse the dbt project: prepare broke \(log: /aws/lambda/"):
        prepare_function(broken, local_aws.client("lambda"))


def test_a_function_that_reaches_nothing_is_waited_for_once_and_says_what_it_must_reach(
    local_aws: LocalServices,
) -> None:
    stuck = create_function(local_aws, "def handler(event, context): raise RuntimeError('Task timed out after 900 s')")
    with pytest.raises(ConfigError, match="must reach S3"):
        prepare_function(stuck, local_aws.client("lambda"))
    waiting = create_function(local_aws, "import time\ndef handler(event, context): time.sleep(5)")
    impatient = boto3.client(
        "lambda",
        endpoint_url=local_aws.client("lambda").meta.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the local server's
        config=PATIENT.merge(Config(read_timeout=1)),
    )
    with pytest.raises(ConfigError, match=r"does not answer.*must reach S3"):
        prepare_function(waiting, impatient)
    assert PATIENT.read_timeout > 900  # type: ignore[attr-defined]  # botocore sets what it is given


def test_a_deployment_does_not_end_because_cloudformation_is_asked_too_often(
    local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws_environment(local_aws.ports).items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    config: Any = Clients.from_environment().cloudformation.meta.config
    assert (config.retries["mode"], config.retries["total_max_attempts"]) == ("standard", 10)


def test_versions_that_may_not_be_deleted_stay_and_the_deployment_is_done() -> None:
    said: list[str] = []
    refused = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized: lambda:DeleteFunction"}}
    client = Mock()
    pages = [{"Versions": [{"Version": str(number)} for number in range(1, KEPT_VERSIONS + 2)]}]
    client.get_paginator.return_value.paginate.return_value = pages
    client.delete_function.side_effect = ClientError(refused, "DeleteFunction")  # type: ignore[arg-type]  # the error alone
    delete_old_versions(client, dict.fromkeys(FUNCTIONS, "landfall-dev-ingest"), said.append)
    client.delete_function.assert_called_once_with(FunctionName="landfall-dev-ingest", Qualifier="1")
    (line,) = said
    assert "stay" in line
    assert "lambda:DeleteFunction" in line


@pytest.mark.parametrize("parameters", [{}, {SCHEDULE_STATE: "ENABLED"}])
def test_a_rollback_while_paused_stops_the_schedules_of_a_release_that_has_a_switch_for_them(
    monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str]
) -> None:
    before = StackTemplate("landfall-dev", "url", {"Release": "r", **parameters}, {})
    applied, said = Mock(return_value={}), list[str]()
    monkeypatch.setattr(artifacts, "recall", Mock(return_value=before))
    monkeypatch.setattr(artifacts, "deployed", Mock(return_value={}))
    monkeypatch.setattr(cloudformation, "apply", applied)
    monkeypatch.setattr(deployment, "_remember", Mock())
    clients = Mock()
    clients.lambda_.list_event_source_mappings.return_value = {"EventSourceMappings": [{"State": "Disabled"}]}

    deployment.roll_back("dev", clients, said.append)

    assert applied.call_args.args[1].parameters == {"Release": "r", **dict.fromkeys(parameters, "DISABLED")}
    assert any("paused, and stays so" in line for line in said)


def test_what_a_deployment_that_failed_leaves_behind_is_told_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    error = DeclinedError("nothing is changed")
    error.add_note("Stack landfall-dev is left")
    monkeypatch.setattr(deployment, "deploy", Mock(side_effect=error))
    monkeypatch.setattr(Clients, "from_environment", Mock())
    path = tmp_path / "parameters.json"
    path.write_text('{"Parameters": {}}')

    done = CliRunner().invoke(build_commands(), ["deploy", "--env", "dev", "--parameters", str(path)])

    assert done.exit_code == 1
    assert "landfall: nothing is changed\nlandfall: Stack landfall-dev is left\n" in done.stderr


def test_the_local_functions_are_waited_for_as_those_on_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = Mock(return_value=Done({}))
    monkeypatch.setattr(local, "deploy", deployed)
    local.deploy_locally(Ports(aws=1, redshift=2, redshift_data=3), "arn", print)
    _, clients, _ = deployed.call_args.args
    config = clients.lambda_.meta.config
    assert (config.read_timeout, config.retries["total_max_attempts"]) == (910, 1)


def test_an_administrator_who_cannot_log_in_stops_the_deployment(stack: LocalStack) -> None:
    asked = ("--env", "local", "--admin-secret-arn", "landfall/none", "--prepare", *parameters_of(stack))
    done = stack.landfall("deploy", *asked)
    assert done.returncode != 0
    assert "landfall/none" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.xdist_group("end_to_end")  # no other worker changes the stack meanwhile
def test_an_administrator_who_cannot_log_in_is_told_before_anything_of_the_stack_is_changed(stack: LocalStack) -> None:
    before, changes = described(stack), changes_of(stack)
    for wrong in (("landfall/none", "BatchSize=7"), ("landfall/local/admin", "DatabaseName=nowhere")):
        secret, parameter = wrong
        asked = (
            "--env",
            "local",
            "--admin-secret-arn",
            secret,
            *parameters_of(stack),
            "--parameter",
            parameter,
            "--yes",
        )
        done = stack.landfall("deploy", *asked)
        assert done.returncode != 0
        assert "nothing of the stack is changed, since the administrator cannot log in" in done.stderr, done.stderr
    assert (described(stack), changes_of(stack)) == (before, changes)


@pytest.mark.parametrize("why", [TransientError("the cluster is paused"), LoginRefusedError("password of another")])
def test_who_must_act_where_the_administrator_is_not_let_in_is_told_by_the_kind_of_error(
    why: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Warehouse, "query", Mock(side_effect=why))
    kind = ConfigError if isinstance(why, ConfigError) else TransientError
    with pytest.raises(kind, match=f"nothing of the stack is changed, since the administrator cannot log in: {why}"):
        check_admin({"ClusterIdentifier": "analytics"}, "arn", Mock())


def test_a_parameter_without_a_value_is_refused_before_anything_is_done(stack: LocalStack) -> None:
    done = stack.landfall("deploy", "--env", "local", "--admin-secret-arn", "any", "--parameter", "BatchSize")
    assert done.returncode == 3
    assert "--parameter 'BatchSize' is not NAME=VALUE" in done.stderr


@pytest.mark.parametrize("pattern", ["raw/(", "raw/(?P<table>[a-z]+)/"])
def test_a_routing_pattern_that_names_no_dataset_is_refused_before_anything_is_done(pattern: str) -> None:
    planned = Deployment("none", "arn", {"RoutePattern": pattern})
    done: list[str] = []
    with pytest.raises(ConfigError, match="RoutePattern"):
        deploy(planned, None, done.append)  # type: ignore[arg-type]  # nothing is asked of AWS
    assert done == []


def test_the_packages_are_reported_with_their_sizes(stack: LocalStack) -> None:
    done = stack.landfall("package", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["limit"] == SIZE_LIMIT
    assert {item["name"] for item in report["packages"]} == {"ingest_lambda", "transform_lambda"}
    assert all(Path(item["path"]).stat().st_size == item["zipped"] for item in report["packages"])
    assert all(item["unzipped"] < SIZE_LIMIT for item in report["packages"])
