"""boto3 clients of a local stack, made for its endpoints whatever the caller's environment says."""

from typing import Any

from local.services import aws_environment
from local.state import Ports


def client(service: str, ports: Ports) -> Any:
    """Return a boto3 client of one service (named as boto3 names it)."""
    import boto3  # here, since it takes longer to import than most commands take to run

    variables = aws_environment(ports)
    endpoint = "AWS_ENDPOINT_URL_REDSHIFT_DATA" if service == "redshift-data" else "AWS_ENDPOINT_URL"
    session: Any = boto3.Session()  # its types know only literal service names
    return session.client(
        service,
        endpoint_url=variables[endpoint],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )
