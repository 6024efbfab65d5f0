"""Fixtures of the operator's commands: real warehouse, bucket and queues, and an ingest function in this process.

What the whole deployed chain does with them is for tests/end_to_end; here commands are tried in all their cases.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import FileVersion
from ingest_lambda.load.outcomes import FileOutcome
from landfall import failures
from landfall.app import build
from landfall.stack import Stack
from tests.infra.templates import load, rendered, statements
from tests.land import warehouse
from tests.land.warehouse import Function, Land, message, new_dataset
from tests.support import json_schemas
from tests.support.lambdas import unique

QUEUES = ("LandingQueueUrl", "DeadLetterQueueUrl")


@dataclass
class Desk:
    """An operator's desk: `landfall` in this process, and the queue that its announcements go to."""

    land: Land
    stack: Stack
    function: Function

    def landfall(self, *arguments: str, exits: int = 0) -> Any:
        """Run a command with --json; check its exit code; return what it printed, or what it said of its failure."""
        done = CliRunner().invoke(build(), [*arguments, "--json"])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            assert isinstance(done.exception, Exception)
            said, code = failures.explain(done.exception)
            assert code == exits, said
            return said
        assert done.exit_code == exits, done.output
        return json_schemas.read(arguments, done.stdout) if done.stdout else done.stderr

    def say(self, *arguments: str) -> str:
        """Run a command as a person does; return what it printed."""
        done = CliRunner().invoke(build(), list(arguments), catch_exceptions=False)
        return done.stdout

    def messages(self, queue: str = "LandingQueueUrl") -> list[str]:
        """Take what is on a queue."""
        url, found = self.stack.output(queue), []
        while messages := self.stack.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for each in messages:
                found.append(each["Body"])
                self.stack.sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return found

    def archive(self, dataset: str, file: FileVersion) -> FileVersion:
        """Let a file that has landed be archived, as a life cycle does it: here as a version of its own, known as it.

        S3 changes the class of the version that there is; who puts an object can only make another one of that class.
        """
        s3 = self.stack.s3
        body = s3.get_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)["Body"].read()
        s3.delete_object(Bucket=file.bucket, Key=file.key, VersionId=file.version_id)
        stored = s3.put_object(Bucket=file.bucket, Key=file.key, Body=body, StorageClass="GLACIER")
        cold = replace(file, version_id=stored["VersionId"])
        ledger, landing = f"update ledger.{dataset} set", f"update landing.{dataset} set"
        self.land.warehouse.transaction(
            [
                f"{ledger} version_id = '{cold.version_id}' where file_id = '{file.file_id}'",
                f"{ledger} file_id = '{cold.file_id}' where file_id = '{file.file_id}'",
                f"{landing} _file_id = '{cold.file_id}' where _file_id = '{file.file_id}'",
            ]
        )
        return cold

    def deliver(self) -> list[FileOutcome]:
        """Let the function handle what is on the landing queue; return the outcomes."""
        assert self.function.handle([message(body) for body in self.messages()]) == []
        return list(self.function.report.outcomes)

    def deliver_in_an_outage(self) -> list[str]:
        """Let a function that cannot reach the warehouse take what is on the landing queue; all of it comes back."""

        def unreachable() -> None:
            raise TransientError("the warehouse does not answer")

        bodies, function = self.messages(), self.land.function()
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(function.ingest._warehouse, "check_time", unreachable)
            assert len(function.handle([message(body) for body in bodies])) == len(bodies)
        return bodies


@pytest.fixture
def desk(worker_desk: Desk) -> Desk:
    """An operator's desk with nothing on its queues. Use datasets of your own."""
    for queue in QUEUES:
        worker_desk.messages(queue)
    return worker_desk


@pytest.fixture(scope="package")  # its environment must not reach other tests of the worker
def worker_desk(land: Land) -> Iterator[Desk]:
    """The worker's one desk."""
    sqs, settings = land.client("sqs"), land.settings
    queues = {output: sqs.create_queue(QueueName=new_dataset("operate"))["QueueUrl"] for output in QUEUES}
    outputs = {
        "EnvironmentName": warehouse.ENVIRONMENT,
        "BucketName": land.bucket,
        "LoaderSecretArn": settings.secret_arn,
        "DatabaseName": settings.database,
        "WorkgroupName": settings.workgroup or "",
        "FailureTopicArn": settings.failure_topic_arn,
        "IngestFunctionName": "in-this-process",
        "LeaseTableName": settings.lease_table,
        **queues,
    }
    with pytest.MonkeyPatch.context() as patched:
        for name, value in land.services.env.items():
            patched.setenv(name, value)
        patched.setenv("LANDFALL_STACK", "landfall-test")
        boto3.setup_default_session()
        stack = Stack("landfall-test", outputs)
        patched.setattr(Stack, "from_environment", lambda: stack)
        yield Desk(land, stack, land.function())
    boto3.setup_default_session()


@pytest.fixture(scope="package")
def spectrum_role(worker_desk: Desk) -> Callable[[str, str, str], str]:
    """Return what makes a role of external schemas, of a bucket and two databases, with the templates' rights alone."""
    iam = worker_desk.land.client("iam")

    def made(bucket: str, raw: str, exported: str) -> str:
        names = {
            "BucketName": bucket,
            "BucketArn": f"arn:aws:s3:::{bucket}",
            "Database": raw,
            "ExportDatabase": exported,
            "AWS::Partition": "aws",
            "AWS::Region": "us-east-1",
            "AWS::AccountId": "000000000000",
        }
        given = [
            *statements(load("warehouse")["Resources"]["CopyRole"]["Properties"]["Policies"]),
            *statements(load("catalog")["Resources"]["ReadCatalog"]),
        ]
        allowed = [rendered(each, names) for each in given if each["Sid"] != "DecryptFiles"]
        trusted = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
        policy, trust = (json.dumps({"Version": "2012-10-17", "Statement": part}) for part in (allowed, [trusted]))
        role = iam.create_role(RoleName=unique("spectrum"), AssumeRolePolicyDocument=trust)["Role"]
        iam.put_role_policy(RoleName=role["RoleName"], PolicyName="read-catalog", PolicyDocument=policy)
        return str(role["Arn"])

    return made


@pytest.fixture(scope="package")
def export_role(worker_desk: Desk) -> str:
    """A role with the rights that the template gives it, and no other."""
    land, policies = worker_desk.land, load("warehouse")["Resources"]["ExportRole"]["Properties"]["Policies"]
    text = json.dumps([each for each in statements(policies) if each["Sid"] != "EncryptExports"])
    allowed = json.loads(text.replace("${BucketArn}", f"arn:aws:s3:::{land.bucket}"))
    for each in allowed:
        each["Resource"] = each["Resource"].get("Fn::Sub", f"arn:aws:s3:::{land.bucket}")
    trusted = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, name = land.client("iam"), unique("export")  # a worker may leave the folder and come back
    policy, trust = (json.dumps({"Version": "2012-10-17", "Statement": part}) for part in (allowed, [trusted]))
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName=name, PolicyName="write-exports", PolicyDocument=policy)
    return str(role["Role"]["Arn"])
