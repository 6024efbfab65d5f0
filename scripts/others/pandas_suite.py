"""AWS SDK for pandas' tests of Redshift, on a local AWS and a local Redshift.

In: a place with the suite's sources. Out: an outcome for each test. The suite's own templates make its bucket, key,
role, catalog, connection and secrets in an account, and its fixtures look for them in the outputs of two stacks: here
they are made one by one, and two templates have nothing but these outputs.
"""

from __future__ import annotations

import json

from scripts.others.account import clients, make_role
from scripts.others.checkout import Repository
from scripts.others.outcomes import Outcome
from scripts.others.pytest_suite import run_pytest
from scripts.others.suite import Place, Suite
from scripts.others.warehouse import Warehouse

PANDAS = Repository("aws/aws-sdk-pandas", "60a6ffbe8690dd3f461c14444a31acb4983487b8", "3.17.0")
_TESTS = "tests/unit/test_redshift.py"
_TEST_SECONDS = 180
_BUCKET, _DATABASE, _ROLE = "aws-sdk-pandas", "aws_sdk_pandas", "aws-sdk-pandas-redshift"
_CONNECTION, _SECRET, _PASSWORD_SECRET = (
    "aws-sdk-pandas-redshift",
    "aws-sdk-pandas/redshift",
    "aws-sdk-pandas/db_password",
)
_USER, _PASSWORD = "test", "AwsSdkPandas1"  # the fixtures name the user; it logs in to a warehouse of the run alone
_HOST = "localhost"  # the name in the certificate that the driver verifies


def _run_pandas(place: Place) -> list[Outcome]:
    warehouse = place.warehouse
    _make_account(warehouse)
    variables = {**warehouse.aws, "SSL_CERT_FILE": str(warehouse.certificate)}
    chosen = ["-k", place.select] if place.select else []
    arguments = ["-c", "/dev/null", "--rootdir=.", "--tb=short", f"--timeout={_TEST_SECONDS}", _TESTS, *chosen]
    return run_pytest(place.python, place.sources[PANDAS.name], arguments, variables, place.log)


def _make_account(warehouse: Warehouse) -> None:
    """Make what the fixtures look for."""
    client = clients(warehouse.aws)
    client("s3").create_bucket(Bucket=_BUCKET)
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    role = make_role(client("iam"), _ROLE)
    glue = client("glue")
    glue.create_database(DatabaseInput={"Name": _DATABASE})
    url = f"jdbc:redshift://{_HOST}:{warehouse.port}/{warehouse.database}"
    properties = {"JDBC_CONNECTION_URL": url, "USERNAME": _USER, "PASSWORD": _PASSWORD}
    glue.create_connection(
        ConnectionInput={"Name": _CONNECTION, "ConnectionType": "JDBC", "ConnectionProperties": properties}
    )
    login = {
        "username": _USER, "password": _PASSWORD, "engine": "redshift", "host": _HOST, "port": warehouse.port,
        "dbClusterIdentifier": "local", "dbname": warehouse.database,
    }  # fmt: skip
    secrets = client("secretsmanager")
    secret = secrets.create_secret(Name=_SECRET, SecretString=json.dumps(login))["ARN"]
    secrets.create_secret(Name=_PASSWORD_SECRET, SecretString=_PASSWORD)
    base = {
        "Region": warehouse.aws["AWS_REGION"],
        "BucketName": _BUCKET,
        "KmsKeyArn": key,
        "GlueDatabaseName": _DATABASE,
    }
    databases = {
        "RedshiftSecretArn": secret, "RedshiftAddress": _HOST, "RedshiftPort": str(warehouse.port),
        "RedshiftIdentifier": "local", "RedshiftSchema": "public", "RedshiftDatabase": warehouse.database,
        "RedshiftRole": role,
    }  # fmt: skip
    for name, outputs in (("aws-sdk-pandas-base", base), ("aws-sdk-pandas-databases", databases)):
        template = {
            "Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}},
            "Outputs": {output: {"Value": value} for output, value in outputs.items()},
        }
        client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


SUITES = (
    Suite(
        name="aws-sdk-pandas",
        about="AWS SDK for pandas' tests of Redshift",
        repositories=(PANDAS,),
        requirements="pandas",
        packages=((PANDAS.name, "."),),
        statements=(f"create user {_USER} password '{_PASSWORD}' createuser createdb", f"create database {_USER}"),
        tests=95,
        run=_run_pandas,
        with_aws=True,
    ),
)
