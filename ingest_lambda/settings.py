"""LAND: the function's settings, read once from its environment. In: a mapping. Out: a frozen `Settings`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingest_lambda.errors import ConfigError

# Rows of a landing table up to which a load may rewrite a column: seconds of work, under the dataset's mutex.
WIDEN_ROW_LIMIT = 1_000_000
# Files of a load from a backlog: more would spare little, and take longer to try again where it fails.
BACKLOG_FILES = 1_000


@dataclass(frozen=True)
class Settings:
    """What the stack tells the function. Exactly one of `workgroup` and `cluster_id` is set."""

    bucket: str
    environment: str
    database: str
    workgroup: str | None
    cluster_id: str | None
    secret_arn: str
    copy_role_arn: str
    failure_topic_arn: str
    event_bus: str
    lease_table: str  # which has the mark of what may have changed
    route_pattern: str | None
    widen_row_limit: int = WIDEN_ROW_LIMIT
    backlog_files: int = BACKLOG_FILES

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            ConfigError: a variable is missing; the message names it.
        """
        workgroup = environment.get("LANDFALL_WORKGROUP") or None
        cluster_id = environment.get("LANDFALL_CLUSTER_ID") or None
        if bool(workgroup) == bool(cluster_id):
            raise ConfigError("set exactly one of LANDFALL_WORKGROUP and LANDFALL_CLUSTER_ID")
        return cls(
            bucket=_required(environment, "LANDFALL_BUCKET"),
            environment=_required(environment, "LANDFALL_ENVIRONMENT"),
            database=_required(environment, "LANDFALL_DATABASE"),
            workgroup=workgroup,
            cluster_id=cluster_id,
            secret_arn=_required(environment, "LANDFALL_SECRET_ARN"),
            copy_role_arn=_required(environment, "LANDFALL_COPY_ROLE_ARN"),
            failure_topic_arn=_required(environment, "LANDFALL_FAILURE_TOPIC_ARN"),
            event_bus=_required(environment, "LANDFALL_EVENT_BUS"),
            lease_table=_required(environment, "LANDFALL_LEASE_TABLE"),
            route_pattern=environment.get("LANDFALL_ROUTE_PATTERN") or None,
            widen_row_limit=int(environment.get("LANDFALL_WIDEN_ROW_LIMIT") or WIDEN_ROW_LIMIT),
            backlog_files=int(environment.get("LANDFALL_BACKLOG_FILES") or BACKLOG_FILES),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ConfigError(f"the environment variable {name} is not set; the template land.yaml sets it")
    return value
