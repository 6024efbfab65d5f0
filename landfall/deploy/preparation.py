"""OPERATE: prepare what a deployment has made: the warehouse, the transform function; know what has been prepared.

In: the stack's outputs. Out: the state of the warehouse, with a row in `ops.preparations` that names, by a digest, what
it was prepared for. It stands in the warehouse, so that one that is restored or made anew knows of no preparation that
it has not had, and it is written last: what was cut short, or whose row is lost, is only prepared once more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ReadTimeoutError

from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.judge.contracts import parse_contract
from ingest_lambda.tell.mark import ChangeMark
from ingest_lambda.warehouse.client import Target
from ingest_lambda.warehouse.sessions import Warehouse
from ingest_lambda.warehouse.statements import literal
from landfall.deploy import bootstrap
from landfall.deploy.bootstrap import Login
from scripts import contracts
from scripts.package import ROOT

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from landfall.deploy.clients import Clients

WAY_OUT_OF_SUBNETS = (
    "Where SubnetIds puts it into a VPC, it must reach S3 (gateway endpoint), Secrets Manager or the Redshift API, and "
    "the warehouse: see SubnetIds and SecurityGroupIds in docs/deploy.md"
)
LOADER_SECRET = "LoaderSecretArn"  # noqa: S105 - the name of an output
USER_SECRETS = (LOADER_SECRET, "TransformerSecretArn", "ReaderSecretArn")
# What prepares a warehouse, beside the functions' code and the templates, whose digests a release is named by.
SOURCES = (Path(bootstrap.__file__), Path(contracts.__file__))
# Labels of a secret's versions: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"
LAST_PREPARATION = "select digest from ops.preparations order by prepared_at desc limit 1"
USERS = (bootstrap.LOADER, bootstrap.TRANSFORMER, bootstrap.READER)
USERS_THERE = f"select usename from pg_user where usename in ({', '.join(map(literal, USERS))})"  # noqa: S608 - our own
RECORD_PREPARATION = "insert into ops.preparations select cast(:digest as varchar(64)), sysdate"


def check_admin(parameters: Mapping[str, str], admin_secret_arn: str, clients: Clients) -> None:
    """Log in as the administrator to a warehouse that is there, before a deployment changes anything.

    A deployment that could not prepare it would leave functions of a new release to a warehouse of the one before.

    Raises:
        ConfigError: the administrator is not let in.
        TransientError: the warehouse does not answer, or knows no such secret or database.
    """
    outputs = {"DatabaseName": "landfall", **parameters}  # by default the template's
    try:
        warehouse_of(outputs, admin_secret_arn, clients).query("select 1 as one")
    except (ConfigError, TransientError) as error:
        kind = ConfigError if isinstance(error, ConfigError) else TransientError
        raise kind(f"nothing of the stack is changed, since the administrator cannot log in: {error}") from error


def purpose(release: str, outputs: Mapping[str, str], secrets: SecretsManagerClient) -> str | None:
    """Return a digest of what the warehouse and the functions are prepared for; None where that cannot be said.

    A release, what prepares the warehouse, as what it keeps passwords, and the versions of the users' secrets, by whose
    change they need other passwords. Of a rotation that was cut short nobody knows which password the user has.
    """
    total = hashlib.sha256(f"{release} {password_hash(outputs)}".encode())
    for path in SOURCES:
        total.update(path.read_bytes())
    for name in USER_SECRETS:
        try:
            found = secrets.describe_secret(SecretId=outputs[name])["VersionIdsToStages"]
        except ClientError:  # whoever may not ask (secretsmanager:DescribeSecret) prepares each time
            return None
        labels = {label: version for version, of_version in found.items() for label in of_version}
        if CURRENT not in labels or labels.get(PENDING, labels[CURRENT]) != labels[CURRENT]:
            return None
        total.update(labels[CURRENT].encode())
    return total.hexdigest()


def is_prepared(wanted: str | None, outputs: Mapping[str, str], clients: Clients) -> bool:
    """Ask the warehouse, as the loader, whether its last preparation was for what is wanted, and whether its users are
    there still; a batch of two statements.

    Where it does not answer, or not to the loader, it may not be prepared.
    """
    if wanted is None:
        return False
    try:
        loader = warehouse_of(outputs, outputs[LOADER_SECRET], clients)
        outcome = loader.transaction([LAST_PREPARATION, USERS_THERE])
        found, users = outcome.rows(0), outcome.count(1)
    except (ConfigError, TransientError):
        return False
    return [row["digest"] for row in found] == [wanted] and users == len(USERS)


def note(wanted: str | None, outputs: Mapping[str, str], clients: Clients) -> None:
    """Note in the warehouse what all is prepared for by now, and that the next sweep is to ask it.

    A release before may have built or landed what the mark, cleared for this very code then, knows nothing of.
    """
    if wanted is not None:
        loader = warehouse_of(outputs, outputs[LOADER_SECRET], clients)
        loader.execute(RECORD_PREPARATION, {"digest": wanted})
    ChangeMark(clients.dynamodb, outputs["LeaseTableName"]).set()


def prepare_warehouse(outputs: Mapping[str, str], admin_secret_arn: str, clients: Clients, root: Path = ROOT) -> None:
    """Create or update the warehouse's users, schemas, privileges and bookkeeping tables."""

    def warehouse(secret_arn: str) -> Warehouse:
        return warehouse_of(outputs, secret_arn, clients)

    logins = [_login(clients.secrets, outputs[name]) for name in USER_SECRETS]
    declared = {dataset: parse_contract(dict(declared)) for dataset, declared in contracts.read_contracts(root).items()}
    admin, loader = warehouse(admin_secret_arn), warehouse(outputs[LOADER_SECRET])
    bootstrap.bootstrap(admin, loader, logins, declared, password_hash(outputs))


def password_hash(outputs: Mapping[str, str]) -> str:
    """Return as what the warehouse keeps passwords; a deployment of an earlier release does not say."""
    return outputs.get("PasswordHash", bootstrap.SHA256)


def warehouse_of(outputs: Mapping[str, str], secret_arn: str, clients: Clients) -> Warehouse:
    """Return the warehouse of a deployment, logged in to with a secret."""
    target = Target(outputs["DatabaseName"], secret_arn, outputs.get("WorkgroupName"), outputs.get("ClusterIdentifier"))
    return Warehouse(clients.redshift_data, target)


def prepare_function(name: str, client: LambdaClient) -> None:
    """Let the transform function parse its project, which it keeps in S3, so that the first run need not.

    Raises:
        ConfigError: it cannot, so that no run could.
    """
    payload = json.dumps({"action": "prepare", "execution": "deployment"})
    try:
        answer = client.invoke(FunctionName=name, Payload=payload)
    except ReadTimeoutError as error:
        raise ConfigError(f"{name} does not answer. {WAY_OUT_OF_SUBNETS}") from error
    if "FunctionError" in answer:
        said = str(json.loads(answer["Payload"].read()).get("errorMessage"))
        hint = f". {WAY_OUT_OF_SUBNETS}" if "timed out" in said.lower() else ""
        raise ConfigError(f"{name} cannot parse the dbt project: {said} (log: /aws/lambda/{name}){hint}")


def _login(secrets: SecretsManagerClient, arn: str) -> Login:
    value = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    return Login(value["username"], value["password"])
