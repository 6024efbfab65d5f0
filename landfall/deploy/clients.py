"""OPERATE: the AWS clients of a deployment. In: the SDK's environment. Out: the clients, and where they lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from ingest_lambda.bucket.owner import expect_owner

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_redshift_data import RedshiftDataAPIServiceClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

# A function runs for 15 minutes at most; asked again, it would only do so once more.
PATIENT = Config(read_timeout=910, retries={"total_max_attempts": 1})
# Who follows nested stacks asks for all their events every few seconds, and CloudFormation throttles that; a deployment
# that ended by it would leave a stack that changes on, and schedules that wait.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
PERSISTENT = Config(retries={"mode": "standard", "total_max_attempts": 10})


@dataclass(frozen=True)
class Clients:
    """The AWS clients that a deployment needs, and where they lead."""

    s3: S3Client
    cloudformation: CloudFormationClient
    secrets: SecretsManagerClient
    redshift_data: RedshiftDataAPIServiceClient
    lambda_: LambdaClient
    dynamodb: DynamoDBClient
    serverless: Any  # of Redshift Serverless, and of Redshift: asked for roles alone
    redshift: Any
    account: str
    region: str

    @classmethod
    def from_environment(cls) -> Clients:
        """Make the clients from the SDK's own environment."""
        session = boto3.Session()
        sts: Any = session.client("sts")
        account = sts.get_caller_identity()["Account"]
        return cls(
            s3=expect_owner(session.client("s3"), account),
            cloudformation=session.client("cloudformation", config=PERSISTENT),
            secrets=session.client("secretsmanager"),
            redshift_data=session.client("redshift-data"),
            dynamodb=session.client("dynamodb"),
            serverless=session.client("redshift-serverless"),
            redshift=session.client("redshift"),
            lambda_=session.client("lambda", config=PATIENT),
            account=account,
            region=sts.meta.region_name,
        )
