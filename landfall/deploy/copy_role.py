"""OPERATE: attach the roles of COPY and UNLOAD to the warehouse, detach them; find its administrator's secret.

In: the stack's outputs. Out: the state of the warehouse. What is attached already stays, and is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

# Divides the roles that are attached into those that are to be detached and those that stay.
Parted = Callable[[Sequence[str]], tuple[list[str], list[str]]]
# GetNamespace answers `IamRole(applyStatus=in-sync, iamRoleArn=arn:aws:iam::...)` where its model says ARN.
ROLE_ARN = re.compile(r"arn:[^,\s)]+")
ROLES = {"CopyRoleArn": "COPY", "ExportRoleArn": "UNLOAD"}  # outputs, and what each is for
UNTIL_THEN = {"COPY": "every file is retried", "UNLOAD": "nothing can be exported"}
STAYS = "not detached: {roles}, since {why}; they are gone, and stand in the way of nothing. By hand: {command}"
# A superuser may have revoked it from everybody (docs/export.md), and a role that is new has been granted to nobody.
GRANT = "; where assumerole is revoked from public: grant assumerole on '{role}' to {users}"
GRANTED = {"COPY": "landfall_loader for copy", "UNLOAD": "landfall_reader, landfall_loader for unload"}
BY_HAND = "not attached: the role of {what}, since {why}; until it is, {until}. By hand: {command}"


@dataclass(frozen=True)
class _Namespace:
    """A namespace, its roles and the default one of them, which `iam_role default` means; unknown where not given.

    AWS asks for list and default together: a default that is not sent again may be none afterwards, and a COPY that
    relies on it fails. https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_UpdateNamespace.html
    """

    name: str = "<namespace>"
    roles: tuple[str, ...] = ("<those attached>",)
    default: str = "<the default one, where there is one>"

    def with_roles(self, roles: Sequence[str]) -> dict[str, Any]:
        """Return the arguments of UpdateNamespace that let it have these roles."""
        default = {"defaultIamRoleArn": self.default} if self._keeps_default(roles) else {}
        return {"namespaceName": self.name, "iamRoles": list(roles), **default}

    def command(self, roles: Sequence[str]) -> str:
        """Return the command that lets it have these roles."""
        default = f" --default-iam-role-arn {self.default}" if self._keeps_default(roles) else ""
        listed = " ".join(roles) or "[]"
        return f"aws redshift-serverless update-namespace --namespace-name {self.name} --iam-roles {listed}{default}"

    def _keeps_default(self, roles: Sequence[str]) -> bool:
        return bool(self.default) and (self.default in roles or self.default not in self.roles)


def attach(outputs: Mapping[str, str], serverless: Any, redshift: Any, *, names_grants: bool = True) -> str:
    """Attach the stack's roles to its workgroup's namespace or to its cluster; return what was done, for people.

    `names_grants`: say too what is granted by hand where nobody may assume a role by default. On a machine of one's
    own nobody has revoked that.

    https://docs.aws.amazon.com/redshift-serverless/latest/APIReference/API_UpdateNamespace.html,
    https://docs.aws.amazon.com/redshift/latest/APIReference/API_ModifyClusterIamRoles.html
    """
    roles = {outputs[name]: what for name, what in ROLES.items() if name in outputs}  # a release before had no UNLOAD
    if "WorkgroupName" in outputs:
        return _attach_to_namespace(outputs["WorkgroupName"], roles, serverless, names_grants=names_grants)
    return _attach_to_cluster(outputs["ClusterIdentifier"], roles, redshift, names_grants=names_grants)


def detach(earlier: Collection[str], outputs: Mapping[str, str], serverless: Any, redshift: Any) -> str:
    """Detach the stack's roles, and those that `earlier` deployments of it have attached; return what was done.

    What is attached beside them stays, such as roles of another Region's deployment, whose names look the same. Who may
    not is given the command for somebody who may.
    """
    own = {*earlier, *stack_roles(outputs)}

    def parted(attached: Sequence[str]) -> tuple[list[str], list[str]]:
        old = [arn for arn in attached if arn in own]
        return old, [arn for arn in attached if arn not in old]

    if "WorkgroupName" in outputs:
        return _detach_from_namespace(outputs["WorkgroupName"], parted, serverless)
    return _detach_from_cluster(outputs["ClusterIdentifier"], parted, redshift)


def stack_roles(outputs: Mapping[str, str]) -> list[str]:
    """Return the roles (ARNs) of a stack that its warehouse takes."""
    return [outputs[name] for name in ROLES if name in outputs]


def admin_secret(workgroup: str, serverless: Any) -> str:
    """Return the secret (ARN) in which Redshift manages the administrator's password; empty where it does not."""
    return str(
        serverless.get_namespace(namespaceName=_namespace(workgroup, serverless))["namespace"].get(
            "adminPasswordSecretArn", ""
        )
    )


def _attach_to_namespace(workgroup: str, roles: Mapping[str, str], client: Any, *, names_grants: bool) -> str:
    namespace, missing = _Namespace(), list(roles)
    try:
        namespace = _namespace_of(workgroup, client)
        missing = [role for role in roles if role not in namespace.roles]
        if missing:
            client.update_namespace(**namespace.with_roles([*namespace.roles, *missing]))
    except ClientError as error:
        return _by_hand(error, namespace.command([*namespace.roles, *missing]), [roles[role] for role in missing])
    return _attached(f"namespace {namespace.name}", roles, missing, names_grants=names_grants)


def _detach_from_namespace(workgroup: str, parted: Parted, client: Any) -> str:
    namespace, old, kept = _Namespace(), ["its roles"], ["<the others>"]
    try:
        namespace = _namespace_of(workgroup, client)
        old, kept = parted(namespace.roles)
        if old:
            client.update_namespace(**namespace.with_roles(kept))
    except ClientError as error:
        said = error.response["Error"]["Message"]
        return STAYS.format(roles=", ".join(old), why=said, command=namespace.command(kept))
    return f"roles of COPY and of UNLOAD: {len(old)} detached from namespace {namespace.name}"


def _detach_from_cluster(cluster: str, parted: Parted, client: Any) -> str:
    old = ["<its roles>"]
    try:
        (found,) = client.describe_clusters(ClusterIdentifier=cluster)["Clusters"]
        old, _ = parted([str(each.get("IamRoleArn")) for each in found.get("IamRoles", [])])
        if old:
            client.modify_cluster_iam_roles(ClusterIdentifier=cluster, RemoveIamRoles=old)
    except ClientError as error:
        removed = " ".join(old)
        command = f"aws redshift modify-cluster-iam-roles --cluster-identifier {cluster} --remove-iam-roles {removed}"
        return STAYS.format(roles=", ".join(old), why=error.response["Error"]["Message"], command=command)
    return f"roles of COPY and of UNLOAD: {len(old)} detached from cluster {cluster}"


def _attach_to_cluster(cluster: str, roles: Mapping[str, str], client: Any, *, names_grants: bool) -> str:
    missing = list(roles)
    try:
        (found,) = client.describe_clusters(ClusterIdentifier=cluster)["Clusters"]
        attached = {each.get("IamRoleArn") for each in found.get("IamRoles", [])}
        missing = [role for role in roles if role not in attached]
        if missing:
            client.modify_cluster_iam_roles(ClusterIdentifier=cluster, AddIamRoles=missing)
    except ClientError as error:
        command = "aws redshift modify-cluster-iam-roles --cluster-identifier"
        return _by_hand(
            error, f"{command} {cluster} --add-iam-roles {' '.join(missing)}", [roles[role] for role in missing]
        )
    return _attached(f"cluster {cluster}", roles, missing, names_grants=names_grants)


def _attached(place: str, roles: Mapping[str, str], missing: Sequence[str], *, names_grants: bool) -> str:
    what = " and ".join(roles[role] for role in missing or roles)
    told = missing if names_grants else ()
    grants = "".join(GRANT.format(role=role, users=GRANTED[roles[role]]) for role in told)
    return f"role of {what}: attached to {place}{grants if missing else ' already'}"


def _namespace_of(workgroup: str, client: Any) -> _Namespace:
    name = _namespace(workgroup, client)
    found = client.get_namespace(namespaceName=name)["namespace"]
    roles = [arn for each in found.get("iamRoles", []) for arn in ROLE_ARN.findall(each)]
    return _Namespace(name, tuple(roles), "".join(ROLE_ARN.findall(found.get("defaultIamRoleArn") or "")[:1]))


def _namespace(workgroup: str, client: Any) -> str:
    return str(client.get_workgroup(workgroupName=workgroup)["workgroup"]["namespaceName"])


def _by_hand(error: ClientError, command: str, missing: Sequence[str]) -> str:
    """Say what is left to do: the stack stands by now, and whoever may can type the command, or deploy again."""
    what, until = " and of ".join(missing), " and ".join(UNTIL_THEN[each] for each in missing)
    return BY_HAND.format(what=what, why=error.response["Error"]["Message"], until=until, command=command)
