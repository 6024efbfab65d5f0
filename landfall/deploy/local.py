"""OPERATE: the deployment on this machine: the one that deploys to AWS, with the clients of the local stack."""

from collections.abc import Mapping
from types import MappingProxyType

from ingest_lambda.bucket.owner import expect_owner
from landfall.deploy.clients import PATIENT, Clients
from landfall.deploy.deployment import TEMPLATES, Deployment, deploy, read_parameters
from local.aws.server import ACCOUNT_ID, REGION
from local.clients import client
from local.deployment import ENVIRONMENT
from local.ports import HOST
from local.services import Progress
from local.state import Ports

PARAMETERS = TEMPLATES / "parameters" / f"{ENVIRONMENT}.json"


def deploy_locally(
    ports: Ports, admin_secret_arn: str, progress: Progress, changes: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Deploy to the local stack at `ports`, `changes` instead of its file's parameters; return the stack's outputs.

    Raises:
        ConfigError: the deployment failed.
        botocore.exceptions.ClientError: AWS refused a request of it, with its reason.
    """
    parameters, tags, _ = read_parameters(PARAMETERS)
    parameters |= {"RedshiftHost": HOST, "RedshiftPort": str(ports.redshift), **changes}
    clients = Clients(
        s3=expect_owner(client("s3", ports), ACCOUNT_ID),
        cloudformation=client("cloudformation", ports),
        secrets=client("secretsmanager", ports),
        redshift_data=client("redshift-data", ports),
        lambda_=client("lambda", ports, PATIENT),
        dynamodb=client("dynamodb", ports),
        serverless=client("redshift-serverless", ports),
        redshift=client("redshift", ports),
        account=ACCOUNT_ID,
        region=REGION,
    )
    return deploy(Deployment(ENVIRONMENT, admin_secret_arn, parameters, tags), clients, progress).outputs
