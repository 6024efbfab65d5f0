"""MODEL: the function's settings, read once from its environment. In: a mapping. Out: a frozen `Settings`.

The warehouse itself is described to dbt, by the variables that `profiles.yml` names, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from transform_lambda.errors import ConfigError

# In the zip as in the repository, the dbt project stands beside this package.
_PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Settings:
    """What the stack tells the function."""

    bucket: str
    environment: str
    warehouse_user: str
    warehouse: str  # host and database: which warehouse a project was built in
    secret_arn: str | None  # set when dbt logs in with a password
    rows_per_build: int  # a build of more rows is split by entity
    reminder_hours: int  # after which an alert that still holds is sent again
    usd_an_hour: float  # what an hour of the warehouse costs; 0: not known
    project_dir: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            ConfigError: a variable is missing; the message names it.
        """
        by_password = environment.get("LANDFALL_REDSHIFT_METHOD", "iam") == "database"
        host = _required(environment, "LANDFALL_REDSHIFT_HOST")
        port = environment.get("LANDFALL_REDSHIFT_PORT", "5439")
        return cls(
            bucket=_required(environment, "LANDFALL_BUCKET"),
            environment=_required(environment, "LANDFALL_ENVIRONMENT"),
            warehouse_user=environment.get("LANDFALL_REDSHIFT_USER", "landfall_transformer"),
            warehouse=f"{host}:{port}/{environment.get('LANDFALL_REDSHIFT_DATABASE', 'landfall')}",
            secret_arn=_required(environment, "LANDFALL_TRANSFORMER_SECRET_ARN") if by_password else None,
            rows_per_build=int(environment.get("LANDFALL_ROWS_PER_BUILD", "100000000")),
            reminder_hours=int(environment.get("LANDFALL_REMINDER_HOURS", "24")),
            usd_an_hour=float(environment.get("LANDFALL_WAREHOUSE_USD_PER_HOUR", "0")),
            project_dir=Path(environment.get("DBT_PROJECT_DIR") or _PROJECT),
        )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name)
    if not value:
        raise ConfigError(f"the environment variable {name} is not set; the template model.yaml sets it")
    return value
