"""boto3 clients of a local stack, made for its endpoints whatever the caller's environment says."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any

from local.services import aws_environment
from local.state import Ports

if TYPE_CHECKING:
    from botocore.config import Config

_MAKING = threading.Lock()  # a boto3 session makes one client at a time; clients serve all threads


@functools.cache
def client(service: str, ports: Ports, config: Config | None = None) -> Any:
    """Return the boto3 client of one service (named as boto3 names it), made once: it takes longer than most calls."""
    variables = aws_environment(ports)
    own = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    endpoint = own if own in variables else "AWS_ENDPOINT_URL"
    with _MAKING:
        return _session().client(
            service,
            endpoint_url=variables[endpoint],
            region_name=variables["AWS_REGION"],
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            config=config,
        )


@functools.cache
def _session() -> Any:  # its types know only literal service names
    """Return one session for all clients: it reads the endpoints of all of AWS."""
    import boto3  # here, since it takes longer to import than most commands take to run

    return boto3.Session()
