"""OPERATE: check the parameters of a warehouse and a network that a deployment makes. In: them. Out: nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest_lambda.errors import ConfigError

CREATE_WAREHOUSE = "CreateWarehouse"
# https://docs.aws.amazon.com/redshift/latest/mgmt/serverless-usage-considerations.html: with enhanced VPC routing
ZONES = 3
# Of the namespace's first database; a database that is there already may have another name:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-redshiftserverless-namespace.html
DATABASE_NAME = re.compile(r"[a-zA-Z][a-zA-Z_0-9+.@-]*")
PORT = "5439"  # of a workgroup, and of the groups of the network


def check_own_warehouse(parameters: Mapping[str, str]) -> None:
    """Check what the template's rules cannot: lists, numbers and names of a warehouse and a network of its own.

    Raises:
        ConfigError: they cannot be.
    """
    network, subnets = parameters.get("CreateNetwork") == "true", parameters.get("SubnetIds", "")
    if network and subnets:
        raise ConfigError("CreateNetwork makes the subnets: give it or SubnetIds, not both")
    if parameters.get(CREATE_WAREHOUSE) == "true":
        _check_namespace(parameters)
        if not (network or subnets):
            raise ConfigError("CreateWarehouse needs CreateNetwork=true, or three SubnetIds and their SecurityGroupIds")
    if parameters.get("IngestInVpc") == "true" and not (network or subnets):
        raise ConfigError("IngestInVpc needs SubnetIds and SecurityGroupIds, or CreateNetwork=true")
    zones = [zone.strip() for zone in parameters.get("AvailabilityZones", "").split(",") if zone.strip()]
    if zones and (len(zones), len(set(zones))) != (ZONES, ZONES):
        raise ConfigError(f"AvailabilityZones names {', '.join(zones)}: three different ones, a subnet each, or none")
    if zones and not network:
        raise ConfigError("AvailabilityZones is of the network that CreateNetwork=true makes: SubnetIds have theirs")
    if int(parameters.get("BaseRpu", "8")) > int(parameters.get("MaximumRpu", "64")):
        raise ConfigError("MaximumRpu is below BaseRpu")


def _check_namespace(parameters: Mapping[str, str]) -> None:
    name, port = parameters.get("DatabaseName", "landfall"), parameters.get("RedshiftPort", PORT)
    if not DATABASE_NAME.fullmatch(name):
        raise ConfigError(
            f"DatabaseName={name} cannot be a namespace's first database: it begins with a letter and has no $"
        )
    if port != PORT:
        raise ConfigError(f"RedshiftPort={port} is not that of the workgroup that CreateWarehouse makes: {PORT}")
