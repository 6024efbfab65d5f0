"""What suites look for in an AWS account, made in a local AWS.

In: the variables by which SDKs find the local AWS. Out: clients of its services; a role.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3


def clients(variables: Mapping[str, str]) -> Callable[[str], Any]:
    """Return what makes a client of a service, by its name."""
    session: Any = boto3.Session(
        variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], region_name=variables["AWS_REGION"]
    )

    def client(service: str) -> Any:
        return session.client(service, endpoint_url=variables["AWS_ENDPOINT_URL"])

    return client


def make_role(iam: Any, name: str) -> str:
    """Make the role that COPY, UNLOAD and external schemas assume; return its ARN."""
    trust = {"Effect": "Allow", "Principal": {"Service": "redshift.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allowed = {"Effect": "Allow", "Action": ["s3:*", "glue:*", "kms:*"], "Resource": "*"}
    trusted, policy = (json.dumps({"Version": "2012-10-17", "Statement": [part]}) for part in (trust, allowed))
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)
    return arn
