"""A cluster's secrets name the cluster, as the Data API asks: a deployment puts that in, and the passwords stay."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from landfall.deploy.cluster_secrets import SECRETS, name_cluster
from landfall.doctor.findings import Status
from landfall.doctor.warehouse import secrets_name_the_cluster
from local.services import aws_environment
from tests.infra.templates import load, of_type
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices

CLUSTER = "analytics"
LOGIN = {"username": "landfall_loader", "password": "Abcdefg1", "engine": "redshift"}
NAMED = {**LOGIN, "dbClusterIdentifier": CLUSTER}


@pytest.fixture
def secrets(local_aws: LocalServices, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in aws_environment(local_aws.ports).items():
        monkeypatch.setenv(name, value)
    boto3.setup_default_session()
    return boto3.client("secretsmanager")


@pytest.fixture
def outputs(secrets: Any) -> dict[str, str]:
    made = {name: secrets.create_secret(Name=unique("user"), SecretString=json.dumps(LOGIN)) for name in SECRETS}
    return {name: secret["ARN"] for name, secret in made.items()} | {"ClusterIdentifier": CLUSTER}


def values(secrets: Any, outputs: dict[str, str]) -> list[dict[str, str]]:
    return [json.loads(secrets.get_secret_value(SecretId=outputs[name])["SecretString"]) for name in SECRETS]


def admin(secrets: Any, value: dict[str, str]) -> str:
    arn: str = secrets.create_secret(Name=unique("admin"), SecretString=json.dumps(value))["ARN"]
    return arn


def test_a_deployment_names_the_cluster_once_and_keeps_the_passwords(secrets: Any, outputs: dict[str, str]) -> None:
    administrator = admin(secrets, NAMED)
    said = list(name_cluster(outputs, administrator, secrets))
    assert [f"names cluster {CLUSTER} now" in line for line in said] == [True] * len(SECRETS)
    assert values(secrets, outputs) == [NAMED] * len(SECRETS)
    versions = [secrets.get_secret_value(SecretId=outputs[name])["VersionId"] for name in SECRETS]
    assert list(name_cluster(outputs, administrator, secrets)) == []
    assert [secrets.get_secret_value(SecretId=outputs[name])["VersionId"] for name in SECRETS] == versions


def test_the_secrets_of_a_workgroup_stay_as_they_are(secrets: Any, outputs: dict[str, str]) -> None:
    del outputs["ClusterIdentifier"]
    assert list(name_cluster({**outputs, "WorkgroupName": "w"}, "", secrets)) == []
    assert values(secrets, outputs) == [LOGIN] * len(SECRETS)


def test_an_administrators_secret_without_the_cluster_is_somebody_elses_to_change(
    secrets: Any, outputs: dict[str, str]
) -> None:
    administrator = admin(secrets, LOGIN)
    *_, said = name_cluster(outputs, administrator, secrets)
    assert f"secret {administrator} of the administrator does not name cluster {CLUSTER}" in said
    assert json.loads(secrets.get_secret_value(SecretId=administrator)["SecretString"]) == LOGIN


MANAGED = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:redshift!analytics-admin-a1b2c3"


@pytest.mark.parametrize("may_ask", [True, False])
def test_of_a_secret_that_redshift_manages_nobody_is_told_to_change_it(
    outputs: dict[str, str], *, may_ask: bool
) -> None:
    class Managed:
        def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
            return {"SecretString": json.dumps(LOGIN if SecretId == MANAGED else NAMED)}

        def describe_secret(self, **_: str) -> dict[str, str]:
            if may_ask:
                return {"OwningService": "redshift"}
            said = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized"}}
            raise ClientError(said, "DescribeSecret")  # type: ignore[arg-type]  # the error alone

    (said,) = name_cluster(outputs, MANAGED, Managed())  # type: ignore[arg-type]  # what is asked of it
    assert "PutSecretValue" not in said
    assert "nobody else can change" in said
    assert f"dbClusterIdentifier={CLUSTER}, and --admin-secret-arn" in said


def test_who_may_not_change_a_secret_is_told_what_somebody_else_must_do(outputs: dict[str, str]) -> None:
    class Denying:
        def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803 - AWS's name
            return {"SecretString": json.dumps(NAMED if SecretId == "admin" else LOGIN)}

        def put_secret_value(self, **_: str) -> None:
            said = {"Error": {"Code": "AccessDeniedException", "Message": "not authorized to perform this"}}
            raise ClientError(said, "PutSecretValue")  # type: ignore[arg-type]  # the error alone

    said = list(name_cluster(outputs, "admin", Denying()))  # type: ignore[arg-type]  # what is asked of it
    assert len(said) == len(SECRETS)
    assert all("since not authorized to perform this" in line and "PutSecretValue" in line for line in said)


def test_doctor_says_which_secret_does_not_name_the_cluster(secrets: Any, outputs: dict[str, str]) -> None:
    class Deployed:
        def __init__(self) -> None:
            self.outputs = outputs

        def output(self, name: str) -> str:
            return self.outputs[name]

    another = json.dumps({**LOGIN, "dbClusterIdentifier": "another"})
    secrets.put_secret_value(SecretId=outputs["ReaderSecretArn"], SecretString=another)
    found = list(secrets_name_the_cluster(Deployed()))  # type: ignore[arg-type]  # what is asked of a stack
    assert [finding.status for finding in found] == [Status.FAILED] * len(SECRETS)
    assert (found[0].detail, found[2].detail) == ("its secret names no cluster", "its secret names cluster another")
    assert "landfall deploy puts it in" in str(found[0].remedy)
    list(name_cluster(outputs, admin(secrets, NAMED), secrets))
    found = list(secrets_name_the_cluster(Deployed()))  # type: ignore[arg-type]
    assert [finding.status for finding in found] == [Status.OK] * len(SECRETS)
    del outputs["ClusterIdentifier"]
    assert list(secrets_name_the_cluster(Deployed())) == []  # type: ignore[arg-type]


def test_what_a_secret_is_generated_into_stays_as_it_is_since_another_would_be_another_password() -> None:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-secretsmanager-secret-generatesecretstring.html
    made = of_type(load("warehouse"), "AWS::SecretsManager::Secret").items()
    texts = {name: secret["Properties"]["GenerateSecretString"]["SecretStringTemplate"] for name, secret in made}
    users = {
        "LoaderSecret": "landfall_loader",
        "TransformerSecret": "landfall_transformer",
        "ReaderSecret": "landfall_reader",
    }
    assert texts == {name: f'{{"username": "{user}"}}' for name, user in users.items()}
