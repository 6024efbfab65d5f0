"""MODEL: log in to the warehouse as dbt does, without dbt, whose import takes longer than a plan.

In: the variables that `profiles.yml` names. Out: a connection of redshift_connector's. `tests/model/test_login.py`
compares its arguments with those that dbt makes of the profile, for each way to log in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PASSWORD_VARIABLE = "DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD"  # noqa: S105 - a name; dbt masks such variables in its logs
# As dbt-redshift translates its modes into the driver's (SSL_MODE_TRANSLATION).
_SSL_MODES = {"disable": None, "verify-full": "verify-full"}
# The name is in Redshift's SYS_SESSION_HISTORY. Without one the driver looks for the calling module's, through all
# modules and their source files (https://docs.aws.amazon.com/redshift/latest/mgmt/python-configuration-options.html).
APPLICATION = "landfall-transform"


def arguments(environment: Mapping[str, str]) -> dict[str, Any]:
    """Build the driver's arguments; empty variables are as good as none.

    >>> found = arguments({"LANDFALL_REDSHIFT_HOST": "h", "LANDFALL_REDSHIFT_CLUSTER_ID": "c"})
    >>> found["iam"], found["cluster_identifier"], found["ssl"], found["sslmode"]
    (True, 'c', True, 'verify-ca')
    """

    def variable(name: str, default: str = "") -> str:
        return environment.get(f"LANDFALL_REDSHIFT_{name}", default)

    host, workgroup = variable("HOST"), variable("WORKGROUP")
    is_serverless = "serverless" in host or bool(workgroup)
    mode = variable("SSLMODE", "require")
    common: dict[str, Any] = {
        "host": host,
        "port": int(variable("PORT", "5439")),
        "database": variable("DATABASE", "landfall"),
        "region": variable("REGION", "us-east-1"),
        "auto_create": False,
        "db_groups": [],
        "timeout": None,
        "is_serverless": is_serverless,
        "ssl": mode != "disable",
        "sslmode": _SSL_MODES.get(mode, "verify-ca"),
        "tcp_keepalive": True,
    }
    user = variable("USER", "landfall_transformer")
    if variable("METHOD", "iam") == "database":
        return common | {"user": user, "password": environment.get(PASSWORD_VARIABLE, "")}
    return common | {
        "iam": True,
        "user": "",
        "password": "",
        "cluster_identifier": None if is_serverless else variable("CLUSTER_ID"),
        "serverless_work_group": workgroup if is_serverless else None,
        "serverless_acct_id": None,
        "profile": None,
        "db_user": user,
    }


def login(environment: Mapping[str, str]) -> Any:
    """Log in; each statement commits on its own, as in dbt's sessions."""
    import redshift_connector

    connection = redshift_connector.connect(**{"application_name": APPLICATION} | arguments(environment))
    connection.autocommit = True
    return connection
