"""Small Lambda functions for tests of the local AWS server."""

import io
import json
import sys
import textwrap
import uuid
import zipfile
from typing import Any

import boto3

from tests.support.local_stack import LocalServices

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}

_TELLS_ITS_CREDENTIALS = """
import os
def handler(event, context):
    return [os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")]
"""


def unique(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def create_role(aws: LocalServices, service: str, *statements: dict[str, Any]) -> str:
    """Create a role that an AWS service may assume, with one inline policy of the statements; return its ARN."""
    iam = aws.client("iam")
    name = unique("role")
    trust = json.loads(json.dumps(_TRUST).replace("lambda.amazonaws.com", f"{service}.amazonaws.com"))
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    if statements:
        policy = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=json.dumps(policy))
    return arn


def allow(*actions: str) -> dict[str, Any]:
    """Return a policy statement that allows the actions on everything."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def may_log() -> dict[str, Any]:
    """Return the statement without which nothing that a function prints is kept."""
    return allow("logs:CreateLogStream", "logs:PutLogEvents")


def create_function(aws: LocalServices, source: str, *statements: dict[str, Any], timeout_seconds: int = 20) -> str:
    """Create a Lambda function from one module's source, which defines `handler(event, context)`; return its ARN.

    Its role has the statements; without any it may log.
    """
    function = aws.client("lambda").create_function(
        FunctionName=unique("function"),
        Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        Role=create_role(aws, "lambda", *(statements or [may_log()])),
        Handler="module.handler",
        Code={"ZipFile": zip_of({"module.py": textwrap.dedent(source)})},
        Timeout=timeout_seconds,
    )
    arn: str = function["FunctionArn"]
    return arn


def client_of_function(aws: LocalServices, service: str, *statements: dict[str, Any]) -> Any:
    """Return a client with the credentials of a function whose role has the statements."""
    key, secret, token = invoke(aws, create_function(aws, _TELLS_ITS_CREDENTIALS, *statements))
    url = aws.ports.redshift_data_url if service == "redshift-data" else aws.ports.aws_url
    session: Any = boto3.Session(key, secret, token, region_name="us-east-1")
    return session.client(service, endpoint_url=url)


def zip_of(files: dict[str, str]) -> bytes:
    """Return a zip with the files: the same bytes whenever it is made."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def invoke(aws: LocalServices, function: str, event: object = None) -> Any:
    """Invoke the function and return its answer, which is an error's description when it failed."""
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return json.loads(answer["Payload"].read())


def log_lines(aws: LocalServices, function: str) -> list[str]:
    """Return what the function has logged."""
    group = f"/aws/lambda/{function.rpartition(':')[2]}"
    logs = aws.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"].rstrip("\n") for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:  # it has not run yet
        return []
