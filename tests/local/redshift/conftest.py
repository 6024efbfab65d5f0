"""Fixtures for tests of the local Redshift, on the run's shared one; every test has a schema of its own."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.local.redshift.support import Client, Exports, External, Lake, drop_owned
from tests.support.local_stack import LocalServices


@pytest.fixture(scope="session")
def facts(local_redshift: LocalServices) -> dict[str, Any]:
    """What redshift.json says."""
    return local_redshift.redshift


@pytest.fixture(scope="session")
def administrator(facts: dict[str, Any]) -> Iterator[Client]:
    client = Client(facts)
    yield client
    client.close()


@pytest.fixture
def schema(administrator: Client) -> Iterator[str]:
    """A new schema, dropped at the end."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    administrator.run(f"create schema {name}")
    yield name
    administrator.run(f"drop schema {name} cascade")


@pytest.fixture
def client(facts: dict[str, Any], schema: str) -> Iterator[Client]:
    """A connection as the administrator, in the test's schema."""
    client = Client(facts)
    client.run(f"set search_path to {schema}")
    yield client
    client.close()


@pytest.fixture
def other_client(facts: dict[str, Any], schema: str) -> Iterator[Client]:
    """A second connection in the test's schema."""
    client = Client(facts)
    client.run(f"set search_path to {schema}")
    yield client
    client.close()


@pytest.fixture(scope="session")
def lake(local_redshift: LocalServices) -> Lake:
    """A bucket, and a role that may read it."""
    name = f"copy-{uuid.uuid4().hex[:8]}"
    s3, iam = local_redshift.client("s3"), local_redshift.client("iam")
    s3.create_bucket(Bucket=name)
    return Lake(s3, iam, name)


@pytest.fixture(scope="session")
def writer_role(lake: Lake) -> str:
    """A role that Redshift may assume and that may write under exports/ alone."""
    arn = lake.role_for(f"{lake.bucket}-writer")
    allowed = [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": f"arn:aws:s3:::{lake.bucket}/exports/*",
        },
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{lake.bucket}"},
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    lake.iam.put_role_policy(RoleName=f"{lake.bucket}-writer", PolicyName="write", PolicyDocument=policy)
    return arn


@pytest.fixture
def exports(lake: Lake, writer_role: str) -> Exports:
    return Exports(lake, writer_role)


@pytest.fixture
def make_user(administrator: Client, facts: dict[str, Any]) -> Iterator[Any]:
    """Return a function that makes a user and returns a connection of his; all are dropped at the end."""
    made: list[tuple[str, Client]] = []

    def make() -> Client:
        name = f"u_{uuid.uuid4().hex[:12]}"
        administrator.run(f"create user {name} password 'Abcdefg1'")
        made.append((name, Client(facts, name, "Abcdefg1")))
        return made[-1][1]

    yield make
    for name, connection in made:
        connection.close()
        drop_owned(facts, name)
        administrator.run(f"drop user {name}")


@pytest.fixture(scope="session")
def secret(local_redshift: LocalServices, facts: dict[str, Any]) -> str:
    """The ARN of a secret with the administrator's log-in."""
    value = json.dumps({"username": facts["admin_user"], "password": facts["admin_password"]})
    client = local_redshift.client("secretsmanager")
    arn: str = client.create_secret(Name=f"admin-{uuid.uuid4().hex[:8]}", SecretString=value)["ARN"]
    return arn


@pytest.fixture(scope="session")
def glue_role(lake: Lake) -> str:
    """A role that may read the bucket and use the Data Catalog."""
    name = f"{lake.bucket}-spectrum"
    arn = lake.role_for(name)
    allowed = [
        {"Effect": "Allow", "Action": "glue:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:ListBucket"],
            "Resource": [f"arn:aws:s3:::{lake.bucket}", f"arn:aws:s3:::{lake.bucket}/*"],
        },
    ]
    policy = json.dumps({"Version": "2012-10-17", "Statement": allowed})
    lake.iam.put_role_policy(RoleName=name, PolicyName="spectrum", PolicyDocument=policy)
    return arn


@pytest.fixture
def external(client: Client, lake: Lake, glue_role: str, local_redshift: LocalServices) -> Iterator[External]:
    """An external schema over a new database; both are dropped at the end."""
    name = f"x_{uuid.uuid4().hex[:12]}"
    client.run(
        f"create external schema {name} from data catalog database '{name}_db' iam_role '{glue_role}' "
        "create external database if not exists"
    )
    yield External(name, f"{name}_db", glue_role, lake, local_redshift.client("glue"))
    there = [row[0] for row in client.run("select schemaname from svv_external_schemas")]
    if name in there:
        client.run(f"drop schema {name} drop external database cascade")
