"""What a running local stack tells others: `landfall local info` and the shell lines of `landfall local env`."""

import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.aws.server import REGION
from local.deployment import STACK_NAME, secret
from local.errors import LocalStackError
from local.home import ROOT, Home
from local.services import aws_environment, redshift_facts
from local.stack import running_state
from local.state import Ports, State


def info(home: Home) -> dict[str, object]:
    """Return how to reach the stack; these keys are stable. The warehouse's user is its administrator.

    Raises:
        LocalStackError: the stack does not run, or nothing is deployed on it.
    """
    state = running_state(home)
    ports, outputs = _deployed(state)
    redshift = redshift_facts(home)
    variables = aws_environment(ports)
    return {
        "aws_endpoint_url": variables["AWS_ENDPOINT_URL"],
        "aws_region": REGION,
        "aws_access_key_id": variables["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": variables["AWS_SECRET_ACCESS_KEY"],
        "redshift_data_endpoint_url": variables["AWS_ENDPOINT_URL_REDSHIFT_DATA"],
        "redshift": {
            "host": redshift["host"],
            "port": redshift["wire_port"],
            "database": redshift["database"],
            "user": redshift["admin_user"],
            "password": redshift["admin_password"],
        },
        "bucket": outputs["BucketName"],
        "landing_queue_url": outputs["LandingQueueUrl"],
        "dead_letter_queue_url": outputs["DeadLetterQueueUrl"],
        "topics": {"success": outputs["SuccessTopicArn"], "failure": outputs["FailureTopicArn"]},
        "stack_name": STACK_NAME,
    }


def environment(home: Home) -> dict[str, str]:
    """Return the variables that point the AWS SDKs, `landfall` and dbt (as the transformer) at the running stack.

    Raises:
        LocalStackError: the stack does not run, or nothing is deployed on it.
    """
    state = running_state(home)
    ports, outputs = _deployed(state)
    redshift = redshift_facts(home)
    transformer = secret(ports, outputs["TransformerSecretArn"])
    return aws_environment(ports) | {
        "LANDFALL_HOME": str(home.folder),
        "LANDFALL_STACK": STACK_NAME,
        "LANDFALL_REDSHIFT_HOST": str(redshift["host"]),
        "LANDFALL_REDSHIFT_PORT": str(redshift["wire_port"]),
        "LANDFALL_REDSHIFT_DATABASE": str(redshift["database"]),
        "LANDFALL_REDSHIFT_USER": transformer["username"],
        "DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD": transformer["password"],
        "LANDFALL_REDSHIFT_METHOD": "database",
        "LANDFALL_REDSHIFT_SSLMODE": "disable",
        "LANDFALL_REDSHIFT_REGION": REGION,
        "LANDFALL_REDSHIFT_WORKGROUP": outputs.get("WorkgroupName", ""),
        "LANDFALL_REDSHIFT_CLUSTER_ID": outputs.get("ClusterIdentifier", ""),
        "DBT_PROJECT_DIR": str(ROOT),
        "DBT_PROFILES_DIR": str(ROOT),
        "DBT_TARGET_PATH": str(home.dbt / "target"),
        "DBT_LOG_PATH": str(home.dbt / "logs"),
    }


def export_lines(variables: Mapping[str, str]) -> str:
    """Return shell lines that export the variables and put this Python's commands first on the path.

    >>> print(export_lines({"A": "it's"}).splitlines()[0])
    export A='it'"'"'s'
    """
    lines = [f"export {name}={_quoted(value)}" for name, value in variables.items()]
    return "\n".join([*lines, f'export PATH={_quoted(str(Path(sys.executable).parent))}:"$PATH"'])


def shown(facts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted name, value) for each leaf, passwords hidden: what is printed for people ends up in logs.

    >>> list(shown({"a": {"b": 1, "password": "sesame"}, "c": 2}))
    [('a.b', '1'), ('a.password', '(see --json)'), ('c', '2')]
    """
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from shown(value, f"{prefix}{name}.")
        else:
            yield prefix + name, "(see --json)" if name == "password" else str(value)


def _quoted(value: str) -> str:
    """Quote for a shell, always."""
    quoted = shlex.quote(value)
    return quoted if quoted.startswith("'") else f"'{quoted}'"


def _deployed(state: State) -> tuple[Ports, dict[str, str]]:
    outputs = state.deployment.get("outputs")
    if state.ports is None or not outputs:
        raise LocalStackError("nothing is deployed on the local stack. Run `landfall local up`.")
    return state.ports, outputs
