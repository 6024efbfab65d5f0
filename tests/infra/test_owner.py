"""Nobody else's bucket is used: each call of S3 says whose it is to be; the artifact bucket is kept as it should be."""

import inspect
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from ingest_lambda.bucket import owner
from ingest_lambda.errors import ConfigError
from landfall.deploy import artifacts
from landfall.deploy.deployment import _with_workgroup_id
from local.aws.server import ACCOUNT_ID
from tests.infra.templates import load
from tests.support.lambdas import unique
from tests.support.local_stack import LocalServices
from transform_lambda import owner as transform_owner

BUCKET = "landfall-artifacts-123456789012-eu-central-1"


@pytest.fixture
def said(local_aws: LocalServices) -> tuple[Any, dict[str, str | None]]:
    """A client of the local S3 that expects an owner, and what each of its calls said of the owner."""
    client, found = owner.expect_owner(local_aws.client("s3"), ACCOUNT_ID), {}

    def note(request: Any, operation_name: str, **_: Any) -> None:
        found[operation_name] = request.headers.get("x-amz-expected-bucket-owner")

    client.meta.events.register("request-created.s3", note)
    return client, found


def test_every_call_but_the_one_that_makes_a_bucket_says_whose_it_is_to_be(
    said: tuple[Any, dict[str, str | None]],
) -> None:
    client, found = said
    bucket = unique("owned")
    artifacts.ensure_bucket(client, bucket)
    client.put_object(Bucket=bucket, Key="a", Body=b"a")
    client.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    list(client.get_paginator("list_object_versions").paginate(Bucket=bucket))
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "a"}]})
    assert found.pop("CreateBucket") is None
    assert len(found) >= 10
    assert {name: value for name, value in found.items() if value != ACCOUNT_ID} == {}


def test_both_functions_expect_the_owner_alike() -> None:
    assert inspect.getsource(owner.expect_owner) == inspect.getsource(transform_owner.expect_owner)


@pytest.mark.parametrize(
    ("template", "function"),
    [("land", "IngestFunction"), ("model", "TransformFunction"), ("reconcile", "ReconcileFunction")],
)
def test_each_function_is_told_the_account(template: str, function: str) -> None:
    variables = load(template)["Resources"][function]["Properties"]["Environment"]["Variables"]
    assert variables["LANDFALL_ACCOUNT"] == {"Ref": "AWS::AccountId"}


def test_an_artifact_bucket_is_versioned_and_what_was_replaced_expires_whoever_made_it(
    local_aws: LocalServices,
) -> None:
    s3, bucket = local_aws.client("s3"), unique("artifacts")
    s3.create_bucket(Bucket=bucket)  # by an older release
    for _ in range(2):
        artifacts.ensure_bucket(s3, bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"]["NoncurrentDays"] == artifacts.REPLACED_DAYS
    assert "Expiration" not in rule  # what is deployed, or may be brought back, stays


def test_a_bucket_that_somebody_else_has_taken_gets_nothing() -> None:
    s3 = boto3.client("s3", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="s")  # noqa: S106 - nobody is asked
    with Stubber(s3) as stubbed:
        stubbed.add_client_error("head_bucket", service_error_code="403", http_status_code=403)
        with pytest.raises(ConfigError, match="another account's"):
            artifacts.ensure_bucket(s3, BUCKET)
        stubbed.assert_no_pending_responses()


def workgroup(answer: Callable[[], Any]) -> Any:
    """Return a client of Redshift Serverless that answers so."""
    return type("Client", (), {"get_workgroup": lambda _, workgroupName: answer()})()  # noqa: N803 - the API's name


def test_the_id_of_a_workgroup_is_looked_up_unless_it_is_given() -> None:
    found = workgroup(lambda: {"workgroup": {"workgroupId": "0f3a"}})
    assert _with_workgroup_id({"WorkgroupName": "w"}, found)["WorkgroupId"] == "0f3a"
    assert _with_workgroup_id({"WorkgroupName": "w", "WorkgroupId": "given"}, None)["WorkgroupId"] == "given"
    assert _with_workgroup_id({"ClusterIdentifier": "c"}, None) == {"ClusterIdentifier": "c"}


def test_a_workgroup_that_cannot_be_described_stops_the_deployment_and_says_what_to_do() -> None:
    def refuse() -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "GetWorkgroup")

    with pytest.raises(ConfigError, match="--parameter WorkgroupId"):
        _with_workgroup_id({"WorkgroupName": "w"}, workgroup(refuse))
