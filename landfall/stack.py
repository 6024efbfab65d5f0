"""OPERATE: the deployed stack that commands work on. In: LANDFALL_STACK and the SDK's environment. Out: its outputs,
and clients for what they name. AWS and the local stack differ in the environment's values alone.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import ClientError

from ingest_lambda.bucket.owner import expect_owner
from ingest_lambda.errors import ConfigError
from ingest_lambda.reconcile.mark import Marks
from ingest_lambda.tell.mark import ChangeMark
from ingest_lambda.warehouse.client import Target
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

STACK_VARIABLE = "LANDFALL_STACK"
HOW_TO_SET = (
    f"set {STACK_VARIABLE} to the name of the deployed CloudFormation stack "
    '(for the local stack: eval "$(landfall local env)")'
)


@dataclass(frozen=True)
class Stack:
    """A deployed Landfall stack: its name, its CloudFormation outputs, and its ARN where it is known."""

    name: str
    outputs: Mapping[str, str]
    arn: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> "Stack":
        """Find the stack that the environment names.

        Raises:
            ConfigError: no name is set, or no such stack is deployed in this account and Region.
        """
        name = environ.get(STACK_VARIABLE, "").strip()
        if not name:
            raise ConfigError(f"which stack? {HOW_TO_SET}")
        found = _describe(name)
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        return cls(name, outputs, found["StackId"])

    @property
    def place(self) -> str:
        """Say where it is, for people.

        >>> Stack("landfall-dev", {}, "arn:aws:cloudformation:eu-west-1:123456789012:stack/landfall-dev/1").place
        ' in eu-west-1 of account 123456789012'
        """
        if not self.arn:
            return ""
        _, _, _, region, account, _ = self.arn.split(":", 5)
        return f" in {region} of account {account}"

    def output(self, name: str) -> str:
        """Return one output of the stack.

        Raises:
            ConfigError: the stack has no such output; it was deployed from other templates.
        """
        try:
            return self.outputs[name]
        except KeyError:
            raise ConfigError(
                f"stack {self.name} has no output {name}: another release deployed it. "
                "Deploy this one with `landfall deploy`; on this machine `landfall local up` does it"
            ) from None

    @property
    def bucket(self) -> str:
        """Name the bucket that files are uploaded to."""
        return self.output("BucketName")

    @property
    def environment(self) -> str:
        """Name the deployment, as the names of its resources do."""
        return self.output("EnvironmentName")

    @property
    def route_pattern(self) -> str | None:
        """Return the pattern that names the dataset of a key, None where folders and file names do."""
        return self.outputs.get("RoutePattern") or None

    @cached_property
    def s3(self) -> "S3Client":
        """Return a client of S3."""
        return cast("S3Client", expect_owner(boto3.client("s3"), self.arn.split(":")[4] if self.arn else None))

    @cached_property
    def sqs(self) -> "SQSClient":
        """Return a client of SQS."""
        return boto3.client("sqs")

    @cached_property
    def sns(self) -> "SNSClient":
        """Return a client of SNS."""
        return boto3.client("sns")

    @cached_property
    def lambda_(self) -> "LambdaClient":
        """Return a client of Lambda."""
        return boto3.client("lambda")

    @cached_property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        """Return a client of EventBridge Scheduler."""
        return boto3.client("scheduler")

    @cached_property
    def logs(self) -> Any:
        """Return a client of CloudWatch Logs; untyped, as one call is all that it is for."""
        return boto3.client("logs")

    @cached_property
    def step_functions(self) -> "SFNClient":
        """Return a client of Step Functions."""
        return boto3.client("stepfunctions")

    @cached_property
    def mark(self) -> ChangeMark:
        """Return the mark that something may have changed, without which sweeps leave the warehouse asleep."""
        return ChangeMark(boto3.client("dynamodb"), self.output("LeaseTableName"))

    @cached_property
    def reconcile_marks(self) -> Marks:
        """Return the mark of how far the nights have come, and with which warehouse."""
        return Marks(boto3.client("dynamodb"), self.output("LeaseTableName"))

    @cached_property
    def warehouse(self) -> Warehouse:
        """Return the warehouse, logged in to as the loader (which operator commands act as)."""
        return self.warehouse_as("LoaderSecretArn")

    def warehouse_as(self, secret_output: str, patience_seconds: float = 900.0) -> Warehouse:
        """Return the warehouse, logged in to as the user whose secret that output names.

        `patience_seconds`: how long to wait for a statement; the Data API itself lets one run for 24 hours.
        """
        return self.warehouse_with(self.output(secret_output), patience_seconds)

    def warehouse_with(self, secret: str, patience_seconds: float = 900.0) -> Warehouse:
        """Return the warehouse, logged in to with a secret, by its name or ARN."""
        target = Target(
            database=self.output("DatabaseName"),
            secret_arn=secret,
            workgroup=self.outputs.get("WorkgroupName") or None,
            cluster_id=self.outputs.get("ClusterIdentifier") or None,
        )
        return Warehouse(boto3.client("redshift-data"), target, lambda: patience_seconds)


def _describe(name: str) -> "StackTypeDef":
    try:
        (stack,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        # CloudFormation answers ValidationError for a stack that it does not know:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html
        if error.response["Error"]["Code"] == "ValidationError":
            raise ConfigError(f"no stack {name} is deployed in this account and Region; {HOW_TO_SET}") from error
        raise
    return stack
