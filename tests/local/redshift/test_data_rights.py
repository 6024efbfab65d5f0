"""The Data API asks the local AWS what the role that calls it may do (patch asked_by_services)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.redshift.serverless_api import WHERE, WORKGROUP_ID
from tests.support.lambdas import client_of_function, unique
from tests.support.local_stack import LocalServices

OWN = {"StringEquals": {"redshift-data:statement-owner-iam-userid": "${aws:userid}"}}


@pytest.fixture(scope="module")
def secret(local_redshift: LocalServices) -> str:
    """Return the ARN of the administrator's log-in."""
    facts = local_redshift.redshift
    login = json.dumps({"username": facts["admin_user"], "password": facts["admin_password"]})
    made = local_redshift.client("secretsmanager").create_secret(Name=unique("secret"), SecretString=login)
    return str(made["ARN"])


def allowing(action: str, resource: str, **conditions: Any) -> dict[str, Any]:
    """Return a statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": conditions}


def rights(secret: str, workgroup: str = WORKGROUP_ID) -> list[dict[str, Any]]:
    """Return what the roles of the templates are given: to run statements as one log-in, and to follow their own."""
    return [
        allowing("redshift-data:ExecuteStatement", f"{WHERE}:workgroup/{workgroup}"),
        allowing("secretsmanager:GetSecretValue", secret),
        allowing("redshift-data:DescribeStatement", "*", **OWN),
    ]


def submission(aws: LocalServices, secret: str) -> dict[str, Any]:
    """Return a request that submits a statement."""
    place = {"Database": aws.redshift["database"], "WorkgroupName": "landfall-local", "SecretArn": secret}
    return {"Sql": "select 1", "WaitTimeSeconds": 20, **place}


def denial(call: Callable[..., Any], **request: Any) -> str:
    """Return the words in which a call is denied."""
    with pytest.raises(ClientError) as caught:
        call(**request)
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    return str(caught.value)


def test_a_role_runs_statements_as_its_log_in_and_follows_its_own_alone(
    local_redshift: LocalServices, secret: str
) -> None:
    client = client_of_function(local_redshift, "redshift-data", *rights(secret))
    other = client_of_function(local_redshift, "redshift-data", *rights(secret))
    submitted = client.execute_statement(**submission(local_redshift, secret))
    assert client.describe_statement(Id=submitted["Id"])["Status"] == "FINISHED"
    assert "redshift-data:DescribeStatement" in denial(other.describe_statement, Id=submitted["Id"])
    assert "redshift-data:CancelStatement" in denial(client.cancel_statement, Id=submitted["Id"])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.describe_statement(Id="00000000-0000-0000-0000-000000000000")


def test_a_role_of_another_workgroup_or_without_the_log_in_submits_nothing(
    local_redshift: LocalServices, secret: str
) -> None:
    elsewhere = client_of_function(local_redshift, "redshift-data", *rights(secret, workgroup="another"))
    unnamed = client_of_function(local_redshift, "redshift-data", *rights(f"{secret}-another"))
    name = unique("statement")
    request = {**submission(local_redshift, secret), "StatementName": name}
    assert "redshift-data:ExecuteStatement" in denial(elsewhere.execute_statement, **request)
    assert f"secretsmanager:GetSecretValue on resource: {secret}" in denial(unnamed.execute_statement, **request)
    listed = local_redshift.client("redshift-data").list_statements(StatementName=name, Status="ALL")
    assert listed["Statements"] == []


def test_a_key_of_nobody_is_refused(local_redshift: LocalServices, secret: str) -> None:
    client = client_of_function(local_redshift, "redshift-data", *rights(secret))
    client._request_signer._credentials.secret_key = "wrong"  # noqa: S105 - no secret
    with pytest.raises(ClientError, match=r"SignatureDoesNotMatch|InvalidSignatureException"):
        client.execute_statement(**submission(local_redshift, secret))
