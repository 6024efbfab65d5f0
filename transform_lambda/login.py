"""MODEL: log in to the warehouse as dbt does, without dbt, whose import takes longer than a plan.

In: the variables that `profiles.yml` names. Out: a connection of redshift_connector's. `tests/model/test_login.py`
compares its arguments with those that dbt makes of the profile, for each way to log in.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import boto3

from transform_lambda.errors import ConfigError, sqlstate

SECRET_VARIABLE = "LANDFALL_TRANSFORMER_SECRET_ARN"  # noqa: S105 - a name
PASSWORD_VARIABLE = "DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD"  # noqa: S105 - a name; dbt masks such variables in its logs
# As dbt-redshift translates its modes into the driver's (SSL_MODE_TRANSLATION).
_SSL_MODES = {"disable": None, "verify-full": "verify-full"}
# The name is in Redshift's SYS_SESSION_HISTORY. Without one the driver looks for the calling module's, through all
# modules and their source files (https://docs.aws.amazon.com/redshift/latest/mgmt/python-configuration-options.html).
APPLICATION = "landfall-transform"

# A rotation changes user and secret within a second, and not at once.
RENEWAL_PAUSES = (0.0, 1.0, 2.0, 4.0)
# https://www.postgresql.org/docs/current/errcodes-appendix.html, invalid authorization and invalid password
_REFUSED = {"28000", "28P01"}


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


def read_password(environment: MutableMapping[str, str]) -> None:
    """Put the password that the secret has now where dbt looks for it, and nowhere else."""
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=environment[SECRET_VARIABLE])
    environment[PASSWORD_VARIABLE] = json.loads(answer["SecretString"])["password"]


def with_current_password(log_in: Callable[[], Any], environment: MutableMapping[str, str]) -> Any:
    """Log in by `log_in`, which takes the password from the environment; where it is refused, read the secret again.

    It may have been rotated since this function started.

    Raises:
        ConfigError: the secret's password is refused too.
    """
    from redshift_connector.error import Error

    may_renew = bool(environment.get(SECRET_VARIABLE)) and environment.get("LANDFALL_REDSHIFT_METHOD") == "database"
    pauses = iter(RENEWAL_PAUSES if may_renew else ())
    while True:
        try:
            return log_in()
        except Error as error:
            if not (may_renew and sqlstate(error) in _REFUSED):
                raise
            pause = next(pauses, None)
            if pause is None:
                raise ConfigError(
                    f"the warehouse refuses the password of {environment[SECRET_VARIABLE]}: {error}. Landfall's "
                    "users get the passwords of their secrets by `landfall deploy --prepare`, and others by "
                    "`landfall rotate`"
                ) from error
        time.sleep(pause)
        read_password(environment)
