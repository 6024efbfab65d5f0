"""The shortest ways through the deployed product that need a right, and what the product says where it is taken away.

Each flow returns the words of the product: what it answered, what it logged meanwhile. Where all is well there is no
refusal among them; where a right is missing there is. Landing is paused, so that what lands here lands by these calls
alone.
"""

import io
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # pyarrow ships no types

from ingest_lambda.errors import ConfigError, TransientError
from landfall.demo import sample
from landfall.stack import Stack
from tests.infra.templates import as_list
from tests.support.lambdas import unique
from tests.support.local_stack import LocalStack
from tests.support.rights import Right, owner_of, role_names
from tests.support.waiting import wait_for

REFUSED = re.compile(
    r"not authorized to perform|AccessDenied|error occurred \(403\)|Forbidden|nothing was logged|left in staging/"
)


@dataclass(frozen=True)
class Flows:
    """The flows of one deployed stack."""

    local: LocalStack
    stack: Stack

    def lands(self) -> str:
        """Land a file that COPY reads where it is, and is the first of its dataset."""
        return self._ingest(_parquet([1, 2]))

    def lands_nothing_of_a_damaged_page(self) -> str:
        """Reject a file that COPY cannot read: how a statement has failed, its submission does not tell."""
        body = _parquet(list(range(1000)))
        return self._ingest(body[:4] + b"\xff" * 200 + body[204:])

    def rejects(self) -> str:
        """Reject a file: a copy and a verdict in quarantine/, a message."""
        return self._ingest(b"no parquet at all")

    def reconciles(self) -> str:
        """Compare the bucket with the warehouse, and announce the file that nobody has."""
        self._put(_parquet([1]))
        return self._invoke("ReconcileFunctionName", {"grace_seconds": 0})

    def unloads(self) -> str:
        """Write a file with the role of exports."""
        where = f"s3://{self.stack.bucket}/exports/{unique('right')}/"
        role = self._role("warehouse.ExportRole")["Arn"]
        try:
            self.stack.warehouse.query(f"unload ('select 1 as a') to '{where}' iam_role '{role}' format as parquet")
        except (ConfigError, TransientError) as error:
            return str(error)
        return ""

    def checks_freshness(self) -> str:
        """Run the state machine as its freshness schedule does."""
        return self._execute({"check": "freshness"})

    def _ingest(self, body: bytes) -> str:
        key, version = self._put(body)
        notification = sample.notification(self.stack.bucket, key, version, len(body))
        record = {
            "messageId": "1",
            "receiptHandle": "none",
            "body": notification,
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:landfall-local-landing",
            "awsRegion": "us-east-1",
        }
        before = self._staged()
        words = self._invoke("IngestFunctionName", {"Records": [record]})
        # What cannot be deleted is left to the life cycle without a word.
        return words + ("left in staging/" if self._staged() - before else "")

    def _staged(self) -> set[str]:
        pages = self.stack.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.stack.bucket, Prefix="staging/"
        )
        return {version["VersionId"] for page in pages for version in page.get("Versions", [])}

    def _put(self, body: bytes) -> tuple[str, str]:
        key = f"raw/{unique('right').replace('-', '_')}/a.parquet"
        return key, self.stack.s3.put_object(Bucket=self.stack.bucket, Key=key, Body=body)["VersionId"]

    def _invoke(self, output: str, event: dict[str, Any]) -> str:
        function, began = self.stack.output(output), int(time.time() * 1000)
        answer = self.stack.lambda_.invoke(FunctionName=function, Payload=json.dumps(event))
        return answer["Payload"].read().decode() + self._log(function, began)

    def _log(self, function: str, began: int) -> str:
        pages = self.local.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{function}", startTime=began)
        return "\n".join(event["message"] for page in found for event in page["events"]) or "nothing was logged"

    def _execute(self, given: dict[str, Any]) -> str:
        client, began = self.stack.step_functions, int(time.time() * 1000)
        machine = self.stack.output("StateMachineArn")
        execution = client.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]

        def ended() -> Any:
            described = client.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        described = wait_for(ended, "the execution's end", seconds=300)
        words = json.dumps(client.get_execution_history(executionArn=execution)["events"], default=str)
        return f"{described['status']} {words}{self._log(self.stack.output('TransformFunctionName'), began)}"

    def _role(self, owner: str) -> dict[str, Any]:
        """Return the deployed role."""
        names = role_names()
        pages = self.local.client("iam").get_paginator("list_roles").paginate()
        every: list[dict[str, Any]] = [role for page in pages for role in page["Roles"]]
        return next(role for role in every if owner_of(role["RoleName"], names) == owner)

    @contextmanager
    def without(self, right: Right) -> Iterator[None]:
        """Take a right away from its role, with what policies of AWS's own give it; give all back."""
        iam, role = self.local.client("iam"), self._role(right.owner)["RoleName"]
        before = {
            name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        }
        attached = [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
        try:
            for arn in attached:
                iam.detach_role_policy(RoleName=role, PolicyArn=arn)
            for name, document in before.items():
                left = [_without(statement, right) for statement in document["Statement"]]
                kept = {**document, "Statement": [statement for statement in left if statement["Action"]]}
                if kept["Statement"]:
                    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(kept))
                else:
                    iam.delete_role_policy(RoleName=role, PolicyName=name)
            yield
        finally:
            for arn in attached:
                iam.attach_role_policy(RoleName=role, PolicyArn=arn)
            for name, document in before.items():
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))


FLOWS: dict[Callable[[Flows], str], dict[str, dict[str, tuple[str, ...]]]] = {
    Flows.lands: {
        "land.IngestRole": {
            "ReadFiles": ("s3:GetObjectVersion",),
            "WriteStagingAndQuarantine": ("s3:PutObject",),
            "ClearStaging": ("s3:DeleteObjectVersion",),
            "ReadLogin": ("secretsmanager:GetSecretValue",),
            "RunStatements": ("redshift-data:ExecuteStatement", "redshift-data:BatchExecuteStatement"),
            "FollowOwnStatements": ("redshift-data:GetStatementResult",),
            "SayLanded": ("events:PutEvents",),
            "MarkWhatHasLanded": ("dynamodb:UpdateItem",),
            "WriteLogs": ("logs:CreateLogStream", "logs:PutLogEvents"),
        },
        "warehouse.CopyRole": {
            "ReadRawAndStaging": ("s3:GetObject",),
            "ListRawAndStaging": ("s3:ListBucket",),
        },
    },
    Flows.lands_nothing_of_a_damaged_page: {
        "land.IngestRole": {"FollowOwnStatements": ("redshift-data:DescribeStatement",)},
    },
    Flows.rejects: {
        "land.IngestRole": {"TellFailures": ("sns:Publish",)},
    },
    Flows.reconciles: {
        "reconcile.ReconcileRole": {
            "ListUploads": ("s3:ListBucketVersions",),
            "AnnounceAgain": ("sqs:SendMessage",),
            "ReadLogin": ("secretsmanager:GetSecretValue",),
            "RunStatements": ("redshift-data:ExecuteStatement",),
            "FollowOwnStatements": ("redshift-data:DescribeStatement", "redshift-data:GetStatementResult"),
            "RememberHowFarItCame": ("dynamodb:GetItem", "dynamodb:PutItem"),
            "WriteLogs": ("logs:CreateLogStream", "logs:PutLogEvents"),
        },
    },
    Flows.unloads: {
        "warehouse.ExportRole": {
            "WriteExports": ("s3:PutObject",),
            "ReadWhatItWrites": ("s3:GetObject",),
            "ListExports": ("s3:ListBucket",),
        },
    },
    Flows.checks_freshness: {
        "model.StateMachineRole": {"RunTheFunction": ("lambda:InvokeFunction",)},
    },
}


def shown() -> dict[Right, Callable[[Flows], str]]:
    """Return by right the flow that needs it."""
    return {
        Right(owner, sid, action): flow
        for flow, owners in FLOWS.items()
        for owner, sids in owners.items()
        for sid, actions in sids.items()
        for action in actions
    }


def _without(statement: dict[str, Any], right: Right) -> dict[str, Any]:
    if statement["Sid"] != right.sid:
        return statement
    return {**statement, "Action": [action for action in as_list(statement["Action"]) if action != right.action]}


def _parquet(values: list[int]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"a": values}), sink)
    return sink.getvalue()
