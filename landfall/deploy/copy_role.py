"""OPERATE: attach the role with which COPY reads the bucket to the warehouse; find its administrator's secret.

In: the stack's outputs. Out: the state of the warehouse. What is attached already stays, and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

# GetNamespace answers `IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::...)` where its model says ARN.
ROLE_ARN = re.compile(r"arn:[^,\s)]+")
BY_HAND = "the COPY role is not attached, since {why}; until it is, every file is retried. By hand: {command}"


def attach(outputs: Mapping[str, str], serverless: Any, redshift: Any) -> str:
    """Attach the stack's COPY role to its workgroup's namespace or to its cluster; return what was done, for people.

    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_UpdateNamespace.html,
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_ModifyClusterIamRoles.html
    """
    role = outputs["CopyRoleArn"]
    if "WorkgroupName" in outputs:
        return _attach_to_namespace(outputs["WorkgroupName"], role, serverless)
    return _attach_to_cluster(outputs["ClusterIdentifier"], role, redshift)


def admin_secret(workgroup: str, serverless: Any) -> str:
    """Return the secret (ARN) in which Redshift manages the administrator's password; empty where it does not."""
    return str(
        serverless.get_namespace(namespaceName=_namespace(workgroup, serverless))["namespace"].get(
            "adminPasswordSecretArn", ""
        )
    )


def _attach_to_namespace(workgroup: str, role: str, client: Any) -> str:
    command = (
        f"aws redshift-serverless update-namespace --namespace-name <namespace> --iam-roles <those attached> {role}"
    )
    try:
        namespace = _namespace(workgroup, client)
        said = client.get_namespace(namespaceName=namespace)["namespace"].get("iamRoles", [])
        attached = [arn for each in said for arn in ROLE_ARN.findall(each)]
        if role in attached:
            return f"COPY role: attached to namespace {namespace} already"
        command = command.replace("<namespace>", namespace).replace("<those attached>", " ".join(attached) or "")
        client.update_namespace(namespaceName=namespace, iamRoles=[*attached, role])
    except ClientError as error:
        return _by_hand(error, command)
    return f"COPY role: attached to namespace {namespace}"


def _attach_to_cluster(cluster: str, role: str, client: Any) -> str:
    command = f"aws redshift modify-cluster-iam-roles --cluster-identifier {cluster} --add-iam-roles {role}"
    try:
        (found,) = client.describe_clusters(ClusterIdentifier=cluster)["Clusters"]
        if role in {each.get("IamRoleArn") for each in found.get("IamRoles", [])}:
            return f"COPY role: attached to cluster {cluster} already"
        client.modify_cluster_iam_roles(ClusterIdentifier=cluster, AddIamRoles=[role])
    except ClientError as error:
        return _by_hand(error, command)
    return f"COPY role: attached to cluster {cluster}"


def _namespace(workgroup: str, client: Any) -> str:
    return str(client.get_workgroup(workgroupName=workgroup)["workgroup"]["namespaceName"])


def _by_hand(error: ClientError, command: str) -> str:
    """Say what is left to do: the stack stands by now, and whoever may can type the command, or deploy again."""
    return BY_HAND.format(why=error.response["Error"]["Message"], command=command)
