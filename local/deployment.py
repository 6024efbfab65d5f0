"""Have the product deployed on a running local stack, unless it is there already.

Comes in: the ports of the services, the warehouse's administrator, and what deploys (this folder imports nothing of
`landfall`, which is built on it). Goes out: the CloudFormation stack `landfall-local`, a bootstrapped warehouse, and
the stack's outputs. Nothing is deployed again while the sources are the same.
"""

import json
from collections.abc import Callable
from typing import Any

from local.clients import client
from local.errors import LocalStackError
from local.files import digest
from local.home import ROOT, Home
from local.services import Progress, redshift_facts
from local.state import Ports, State, save

ENVIRONMENT = "local"
STACK_NAME = f"landfall-{ENVIRONMENT}"
_ADMIN_SECRET = f"landfall/{ENVIRONMENT}/admin"
# What deploys: to these ports, with the secret (ARN) of the warehouse's administrator; returns the stack's outputs.
Deploy = Callable[[Ports, str, Progress], dict[str, str]]
# Everything that a deployment is made from.
_SOURCES = (
    "infra",
    "ingest_lambda",
    "transform_lambda",
    "dbt_project",
    "macros",
    "scripts",
    "landfall",
    "dbt_project.yml",
    "profiles.yml",
    "requirements.txt",
    "constraints.txt",
)


def deploy_product(home: Home, state: State, deploy: Deploy, progress: Progress) -> None:
    """Bring the deployment up to date with the sources, and remember its outputs in `state`.

    Raises:
        ConfigError: the deployment failed.
        botocore.exceptions.ClientError: AWS refused a request of it, with its reason.
    """
    if state.ports is None:
        raise LocalStackError("the local stack has no ports yet. Run `landfall local up`.")
    fingerprint = sources_digest()
    outputs = _outputs(state.ports)
    if outputs and state.deployment.get("fingerprint") == fingerprint:
        progress("deployment: unchanged")
        return
    admin_secret = _put_admin_secret(state.ports, redshift_facts(home))
    outputs = deploy(state.ports, admin_secret, progress)
    state.deployment = {"fingerprint": fingerprint, "outputs": outputs}
    save(home, state)


def sources_digest() -> str:
    """Return one digest of everything that a deployment is made from."""
    return digest([path for path in map(ROOT.joinpath, _SOURCES) if path.exists()])


def secret(ports: Ports, arn: str) -> dict[str, str]:
    """Return the JSON object in a secret of the local Secrets Manager."""
    value: dict[str, str] = json.loads(client("secretsmanager", ports).get_secret_value(SecretId=arn)["SecretString"])
    return value


def _put_admin_secret(ports: Ports, redshift: dict[str, Any]) -> str:
    """Put the administrator's login where the Data API looks for it, and return the secret's ARN."""
    login = json.dumps({"username": redshift["admin_user"], "password": redshift["admin_password"]})
    secrets = client("secretsmanager", ports)
    try:
        arn: str = secrets.create_secret(Name=_ADMIN_SECRET, SecretString=login)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        arn = secrets.put_secret_value(SecretId=_ADMIN_SECRET, SecretString=login)["ARN"]
    return arn


def _outputs(ports: Ports) -> dict[str, str]:
    """Return the outputs of the deployed stack; none when it does not exist or is not complete."""
    cloudformation = client("cloudformation", ports)
    try:
        [stack] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # how CloudFormation says that there is none
            raise
        return {}
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return {}
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
