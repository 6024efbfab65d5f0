"""Clients of S3, and of what else is asked as a role: those of COPY, UNLOAD and external schemas.

In: a role or access keys. Out: boto3 clients that act as the role or by the keys, or Redshift's words for why not.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from local.redshift.authorization import Keys
from local.redshift.errors import LoadFault, RedshiftError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

CODE_S3 = 8001
LOCATION = "s3_utility.cpp:582"
MOST_ROLES = 32  # that are remembered
_CLIENTS = threading.Lock()  # a boto3 session makes one client at a time


class RoleCredentials(Credentials):
    """The newest credentials of a role, by which its clients sign each request.

    They are kept from statement to statement, since a client takes longer to make than a small file to load, and its
    connections stay open. What a role may is S3's to judge at each request.
    """

    def renew(self, given: Mapping[str, Any]) -> None:
        """Take what STS has given."""
        self._newest = ReadOnlyCredentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return all three of the same time."""
        return self._newest


class RoleSession:
    """The credentials of a role, as Redshift assumes it for a COPY or an external schema: anew for each statement.

    Raises:
        RedshiftError: the role cannot be assumed, or STS cannot be reached.
    """

    def __init__(self, role: str) -> None:
        try:
            with _CLIENTS:
                sts = _sts_client()
                self._credentials = _credentials_of(role)
            self._credentials.renew(sts.assume_role(RoleArn=role, RoleSessionName="RedshiftCopy")["Credentials"])
        except EndpointConnectionError as error:
            raise s3_fault(f"S3 cannot be reached: {error}") from error
        except (BotoCoreError, ClientError) as error:
            raise RedshiftError(f"User is not authorized to assume IAM Role {role}", "XX000", str(error)) from error

    def client(self, service: Any, region: str = "") -> Any:
        """Return a client of a service that acts as the role, in a Region ('' for the warehouse's own)."""
        with _CLIENTS:
            return _client_of(self._credentials, service, region)


def client_for_role(role: str) -> S3Client:
    """Return an S3 client with the credentials of `role`.

    Raises:
        RedshiftError: the role cannot be assumed, or STS cannot be reached.
    """
    client: S3Client = RoleSession(role).client("s3")
    return client


def client_for_keys(keys: Keys) -> S3Client:
    """Return an S3 client with access keys, whose rights S3 alone knows."""
    with _CLIENTS:
        client: S3Client = _session().client(
            "s3",
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
        )
    return client


@cache
def _session() -> boto3.session.Session:
    """Return one session for all: the service models it reads take longer to load than a small COPY."""
    return boto3.session.Session(region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"))


@cache
def _sts_client() -> Any:
    return _session().client("sts")


@lru_cache(MOST_ROLES)
def _credentials_of(role: str) -> RoleCredentials:
    return RoleCredentials(role, "")


@lru_cache(MOST_ROLES)
def _client_of(credentials: RoleCredentials, service: Any, region: str) -> Any:
    made = _session().client(
        service,
        region_name=region or None,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
    )
    made._request_signer._credentials = credentials  # boto3 takes no credentials that change
    return made


@cache
def region_of(bucket: str) -> str:
    """Tell where a bucket is. S3's redirects tell it to any role, so no permission of the COPY's role is asked for."""
    with _CLIENTS:
        s3 = _session().client("s3")
    return s3.head_bucket(Bucket=bucket).get("BucketRegion", "")


def s3_fault(text: str) -> RedshiftError:
    """Word a request that S3 did not serve."""
    return LoadFault(f"S3ServiceException:{text}", CODE_S3, text, LOCATION).to_error()
