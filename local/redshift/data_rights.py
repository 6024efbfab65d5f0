"""What the caller of the Data API may do: the local AWS says so, which knows roles, their policies and their keys.

In: a signed request. Out: who the caller is, or AWS's refusal. The account's own key may do all, and is not asked
about; without a local AWS beside the local Redshift there are no roles.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlsplit

from local.redshift.data_statement import Request
from local.redshift.data_validation import ApiError
from local.redshift.serverless_api import ACCOUNT, REGION, WHERE, WORKGROUP_ID

ASK = "/_landfall/authorize"
ASK_SECONDS = 30
OWNER = "redshift-data:statement-owner-iam-userid"


@dataclass(frozen=True)
class Check:
    """An action on a resource, with the condition keys of the request in lower case."""

    action: str
    resource: str = "*"
    keys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """Who sent a request, by its signature; `body` is as it was signed."""

    path: str
    headers: list[tuple[str, str]]
    body: str

    def require(self, *checks: Check) -> str:
        """Return the caller's unique identifier, empty for the account itself.

        Raises:
            ApiError: AccessDeniedException, or that the signature is nobody's.
        """
        aws = os.environ.get("AWS_ENDPOINT_URL")
        if not aws or self._access_key() == os.environ.get("AWS_ACCESS_KEY_ID"):
            return ""
        question = {"service": "redshift-data", "checks": [asdict(check) for check in checks], **asdict(self)}
        connection = HTTPConnection(urlsplit(aws).netloc, timeout=ASK_SECONDS)
        try:
            connection.request("POST", ASK, json.dumps(question), {"Content-Type": "application/json"})
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        # Of an earlier release, and still running: it takes the question for S3's, and holds nobody to rights here.
        if response.status == HTTPStatus.METHOD_NOT_ALLOWED:
            return ""
        answer = json.loads(body)
        if answer["denied"]:
            raise ApiError(answer["denied"]["code"], answer["denied"]["message"])
        return str(answer["caller"])

    def _access_key(self) -> str | None:
        authorization = next((value for name, value in self.headers if name.lower() == "authorization"), "")
        found = re.search(r"Credential=([^/]+)/", authorization)
        return found[1] if found else None


def checks_of(operation: str, request: Request, owner: str) -> list[Check]:
    """Return what an operation needs; `owner` submitted the statement that it names.

    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_redshift-data.html

    >>> [check.action for check in checks_of("ExecuteStatement", {"WorkgroupName": "w", "SecretArn": "arn:s"}, "")]
    ['redshift-data:ExecuteStatement', 'secretsmanager:GetSecretValue']
    >>> checks_of("DescribeStatement", {"Id": "1"}, "AROA:f")[0].keys
    {'redshift-data:statement-owner-iam-userid': 'AROA:f'}
    """
    action = f"redshift-data:{operation}"
    if operation not in ("ExecuteStatement", "BatchExecuteStatement"):
        return [Check(action, keys={OWNER: owner})]
    cluster = request.get("ClusterIdentifier")
    where = f"arn:aws:redshift:{REGION}:{ACCOUNT}:cluster:{cluster}" if cluster else f"{WHERE}:workgroup/{WORKGROUP_ID}"
    secret = request.get("SecretArn")
    return [Check(action, where), *([Check("secretsmanager:GetSecretValue", secret)] if secret else [])]
