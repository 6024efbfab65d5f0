"""What a deployment asks the Redshift Serverless API (by AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS): workgroup, namespace.

In: `RedshiftServerless.<Operation>`, beside the Data API's requests. Out: the operation's answer. The local warehouse
is one, whatever workgroup is named; the namespace remembers its roles, and COPY does not ask for them.
"""

from __future__ import annotations

import threading
from typing import Any

from local.redshift.data_statement import Request
from local.redshift.data_validation import ApiError

NAME = "redshift-serverless"
TARGET = "RedshiftServerless"
WORKGROUP_ID = "00000000-0000-0000-0000-000000000000"
REGION, ACCOUNT = "us-east-1", "000000000000"
WHERE = f"arn:aws:redshift-serverless:{REGION}:{ACCOUNT}"

Answer = dict[str, Any]


class Serverless:
    """The operations on the workgroup and its namespace."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._roles: dict[str, list[str]] = {}
        self._default: dict[str, str] = {}

    def call(self, name: str, request: Request) -> Answer:
        """Run one operation.

        Raises:
            ApiError: what AWS would answer instead.
        """
        operations = {
            "GetWorkgroup": self._get_workgroup,
            "GetNamespace": self._get_namespace,
            "UpdateNamespace": self._update_namespace,
        }
        if name not in operations:
            raise ApiError("UnknownOperationException", f"{name} is not offered by the local Redshift")
        from local.redshift.service_models import (
            check_shape,  # here: botocore takes longer to load than all else to start
        )

        check_shape(NAME, name, request)
        with self._lock:
            return operations[name](request)

    def _get_workgroup(self, request: Request) -> Answer:
        name = request["workgroupName"]
        found = {
            "workgroupName": name,
            "namespaceName": name,
            "workgroupId": WORKGROUP_ID,
            "workgroupArn": f"{WHERE}:workgroup/{WORKGROUP_ID}",
            "status": "AVAILABLE",
        }
        return {"workgroup": found}

    def _get_namespace(self, request: Request) -> Answer:
        name = request["namespaceName"]
        # as AWS answers, although its model says that these are ARNs
        roles = [f"IamRole(applyStatus=in-sync, iamRoleArn={arn})" for arn in self._roles.get(name, [])]
        default = {"defaultIamRoleArn": self._default[name]} if self._default.get(name) else {}
        return {"namespace": {"namespaceName": name, "iamRoles": roles, **default, "status": "AVAILABLE"}}

    def _update_namespace(self, request: Request) -> Answer:
        """UpdateNamespace: the list of roles replaces the one before, and the default with it, as both go together.

        What AWS does with a default that is not sent again is not documented; here it is none afterwards.
        """
        name, default = request["namespaceName"], request.get("defaultIamRoleArn", "")
        if default and default not in request.get("iamRoles", []):
            raise ApiError(
                "ValidationException", "To change the default IAM role, you must specify the entire list of IAM roles."
            )
        if "iamRoles" in request:
            self._roles[name], self._default[name] = list(request["iamRoles"]), default
        return self._get_namespace(request)
