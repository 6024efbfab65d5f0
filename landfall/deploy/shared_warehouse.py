"""OPERATE: is a warehouse another deployment's? In: a stack's name, its parameters. Out: nothing, or a refusal.

Users are a warehouse's and not a database's (https://docs.aws.amazon.com/redshift/latest/dg/t_adding_redshift_user_cmd.html:
"global across all the databases in a data warehouse"), and all deployments have the same three. So a second one would
give them the passwords of its own secrets, and the first could land and model nothing any more; in one database their
tables would be the same too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ingest_lambda.errors import ConfigError
from landfall.deploy import artifacts, cloudformation, stacks
from landfall.deploy.own_warehouse import CREATE_WAREHOUSE

if TYPE_CHECKING:
    from landfall.deploy.clients import Clients

UNSEEN = (
    "; whether it is still there may not be looked at (cloudformation:DescribeStacks on it, which a workflow's role "
    "has once the delivery stack is deployed anew)"
)
NOTHING_CHANGED = "nothing is changed"


def warehouse_name(stack_name: str, parameters: Mapping[str, str]) -> str | None:
    """Name the warehouse that a deployment lands in, None where its parameters name none.

    >>> warehouse_name("landfall-dev", {"WorkgroupName": "shared", "DatabaseName": "dev"})
    'workgroup shared'
    >>> warehouse_name("landfall-own", {"CreateWarehouse": "true"})
    'workgroup landfall-own'
    """
    workgroup = stack_name if parameters.get(CREATE_WAREHOUSE) == "true" else parameters.get("WorkgroupName")
    if workgroup:
        return f"workgroup {workgroup}"
    cluster = parameters.get("ClusterIdentifier")
    return f"cluster {cluster}" if cluster else None


def refuse_shared_warehouse(
    stack_name: str, parameters: Mapping[str, str], bucket: str, clients: Clients, untouched: str = NOTHING_CHANGED
) -> None:
    """Refuse a warehouse that another deployment of this account and Region lands in; `bucket` has their records.

    `untouched` says what is as it was until then.

    Raises:
        ConfigError: it does, or who asks may not look whether it still does.
        botocore.exceptions.ClientError: the records cannot be read.
    """
    if (other := find_other(stack_name, parameters, bucket, clients)) is None:
        return
    env = other.stack_name.removeprefix("landfall-")
    raise ConfigError(
        f"{untouched}: stack {other.stack_name} lands in {other.warehouse} already{other.unseen}. Landfall's users are "
        "a warehouse's, whatever the database: of two deployments one would be locked out. Give each a warehouse "
        f"of its own, or take that one down: landfall destroy --env {env}"
    )


@dataclass(frozen=True)
class Other:
    """Another deployment that lands in a warehouse; `unseen` says so where one may not look whether it still does."""

    stack_name: str
    warehouse: str
    unseen: str


def find_other(stack_name: str, parameters: Mapping[str, str], bucket: str, clients: Clients) -> Other | None:
    """Find another deployment that lands in the warehouse of a stack, None where there is none.

    Raises:
        botocore.exceptions.ClientError: the records cannot be read.
    """
    warehouse = warehouse_name(stack_name, parameters)
    for other, deployed in artifacts.deployed(clients.s3, bucket).items():
        if warehouse is None or other == stack_name or warehouse_name(other, deployed) != warehouse:
            continue
        is_up, unseen = _looks_up(other, deployed, clients)
        if is_up:
            return Other(other, warehouse, unseen)
    return None


def _looks_up(stack_name: str, recorded: Mapping[str, str], clients: Clients) -> tuple[bool, str]:
    """Tell whether a deployment may still use its warehouse, and that this is not known where one may not look.

    There its record is believed: one that was taken down is so, unless somebody brought it back past Landfall.
    """
    try:
        stack = stacks.find(clients.cloudformation, stack_name)
    except ClientError as error:
        if not error.response["Error"]["Code"].startswith("AccessDenied"):
            raise
        return recorded.get(stacks.STAGES) != stacks.STORAGE, UNSEEN
    if stack is None or stack["StackStatus"] == cloudformation.EMPTY:
        return False, ""
    return stacks.parameters(stack).get(stacks.STAGES) != stacks.STORAGE, ""
