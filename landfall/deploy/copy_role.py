"""OPERATE: attach the roles of COPY and UNLOAD to the warehouse; find its administrator's secret.

In: the stack's outputs. Out: the state of the warehouse. What is attached already stays, and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

# GetNamespace answers `IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::...)` where its model says ARN.
ROLE_ARN = re.compile(r"arn:[^,\s)]+")
ROLES = ("CopyRoleArn", "ExportRoleArn")  # outputs: with which it reads the bucket, and writes exports to it
BY_HAND = (
    "the roles of COPY and UNLOAD are not attached, since {why}; until they are, every file is retried. "
    "By hand: {command}"
)


def attach(outputs: Mapping[str, str], serverless: Any, redshift: Any) -> str:
    """Attach the stack's roles to its workgroup's namespace or to its cluster; return what was done, for people.

    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_UpdateNamespace.html,
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_ModifyClusterIamRoles.html
    """
    roles = [outputs[name] for name in ROLES if name in outputs]  # a release before has none for UNLOAD
    if "WorkgroupName" in outputs:
        return _attach_to_namespace(outputs["WorkgroupName"], roles, serverless)
    return _attach_to_cluster(outputs["ClusterIdentifier"], roles, redshift)


def admin_secret(workgroup: str, serverless: Any) -> str:
    """Return the secret (ARN) in which Redshift manages the administrator's password; empty where it does not."""
    return str(
        serverless.get_namespace(namespaceName=_namespace(workgroup, serverless))["namespace"].get(
            "adminPasswordSecretArn", ""
        )
    )


def _attach_to_namespace(workgroup: str, roles: Sequence[str], client: Any) -> str:
    command = (
        "aws redshift-serverless update-namespace --namespace-name <namespace> "
        f"--iam-roles <those attached> {' '.join(roles)}"
    )
    try:
        namespace = _namespace(workgroup, client)
        said = client.get_namespace(namespaceName=namespace)["namespace"].get("iamRoles", [])
        attached = [arn for each in said for arn in ROLE_ARN.findall(each)]
        missing = [role for role in roles if role not in attached]
        if not missing:
            return f"COPY and UNLOAD roles: attached to namespace {namespace} already"
        command = command.replace("<namespace>", namespace).replace("<those attached>", " ".join(attached) or "")
        client.update_namespace(namespaceName=namespace, iamRoles=[*attached, *missing])
    except ClientError as error:
        return _by_hand(error, command)
    return f"COPY and UNLOAD roles: attached to namespace {namespace}"


def _attach_to_cluster(cluster: str, roles: Sequence[str], client: Any) -> str:
    command = f"aws redshift modify-cluster-iam-roles --cluster-identifier {cluster} --add-iam-roles {' '.join(roles)}"
    try:
        (found,) = client.describe_clusters(ClusterIdentifier=cluster)["Clusters"]
        attached = {each.get("IamRoleArn") for each in found.get("IamRoles", [])}
        missing = [role for role in roles if role not in attached]
        if not missing:
            return f"COPY and UNLOAD roles: attached to cluster {cluster} already"
        client.modify_cluster_iam_roles(ClusterIdentifier=cluster, AddIamRoles=missing)
    except ClientError as error:
        return _by_hand(error, command)
    return f"COPY and UNLOAD roles: attached to cluster {cluster}"


def _namespace(workgroup: str, client: Any) -> str:
    return str(client.get_workgroup(workgroupName=workgroup)["workgroup"]["namespaceName"])


def _by_hand(error: ClientError, command: str) -> str:
    """Say what is left to do: the stack stands by now, and whoever may can type the command, or deploy again."""
    return BY_HAND.format(why=error.response["Error"]["Message"], command=command)
