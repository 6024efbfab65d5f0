"""MODEL: one profile for AWS and for the local stack; only the environment's variables differ."""

import os
from pathlib import Path
from typing import Any

import pytest
import redshift_connector
from dbt.cli.main import dbtRunner
from redshift_connector.error import OperationalError

from local.home import ROOT

PASSWORD = "DBT_ENV_SECRET_LANDFALL_REDSHIFT_PASSWORD"  # noqa: S105 - the name of a variable
SERVERLESS = {
    "LANDFALL_REDSHIFT_HOST": "landfall.123456789012.eu-west-1.redshift-serverless.amazonaws.com",
    "LANDFALL_REDSHIFT_REGION": "eu-west-1",
    "LANDFALL_REDSHIFT_WORKGROUP": "landfall",
}
PROVISIONED = {
    "LANDFALL_REDSHIFT_HOST": "landfall.abc.eu-west-1.redshift.amazonaws.com",
    "LANDFALL_REDSHIFT_REGION": "eu-west-1",
    "LANDFALL_REDSHIFT_CLUSTER_ID": "landfall",
}
LOCAL = {
    "LANDFALL_REDSHIFT_HOST": "127.0.0.1",
    "LANDFALL_REDSHIFT_PORT": "54390",
    "LANDFALL_REDSHIFT_METHOD": "database",
    "LANDFALL_REDSHIFT_SSLMODE": "disable",
    PASSWORD: "sesame",
}


class Connections:
    """Runs `dbt debug` without a server and keeps what the driver is asked for."""

    def __init__(self, patch: pytest.MonkeyPatch, folder: Path) -> None:
        self._patch = patch
        self._asked: list[dict[str, Any]] = []
        patch.setattr(redshift_connector, "connect", self._refuse)
        patch.setenv("DBT_TARGET_PATH", str(folder))
        patch.setenv("DBT_LOG_PATH", str(folder))

    def asked_in(self, environment: dict[str, str]) -> list[dict[str, Any]]:
        """Return the arguments of every attempt to connect in an environment."""
        for name in os.environ:
            if name.startswith("LANDFALL_REDSHIFT_") or name == PASSWORD:
                self._patch.delenv(name)
        for name, value in environment.items():
            self._patch.setenv(name, value)
        dbtRunner().invoke(["debug", "--connection", "--project-dir", str(ROOT), "--profiles-dir", str(ROOT)])
        return self._asked

    def _refuse(self, **arguments: Any) -> None:
        self._asked.append(arguments)
        raise OperationalError("there is no server")


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Connections:
    """What dbt asks the driver for."""
    return Connections(monkeypatch, tmp_path)


def test_serverless_is_reached_with_a_temporary_password_over_tls(connections: Connections) -> None:
    (asked,) = connections.asked_in(SERVERLESS)

    assert (asked["iam"], asked["ssl"], asked["db_user"]) == (True, True, "landfall_transformer")
    assert (asked["is_serverless"], asked["serverless_work_group"]) == (True, "landfall")
    assert asked["cluster_identifier"] is None
    assert (asked["port"], asked["database"], asked["region"]) == (5439, "landfall", "eu-west-1")


def test_a_provisioned_cluster_is_named_by_its_identifier(connections: Connections) -> None:
    (asked,) = connections.asked_in(PROVISIONED)

    assert (asked["iam"], asked["ssl"], asked["is_serverless"]) == (True, True, False)
    assert asked["cluster_identifier"] == "landfall"


def test_the_local_stack_differs_by_variables_alone(connections: Connections) -> None:
    (asked,) = connections.asked_in(LOCAL)

    assert (asked["host"], asked["port"], asked["ssl"]) == ("127.0.0.1", 54390, False)
    assert (asked["user"], asked["password"]) == ("landfall_transformer", "sesame")


@pytest.mark.parametrize("environment", [SERVERLESS, PROVISIONED, LOCAL], ids=["serverless", "provisioned", "local"])
def test_the_adapter_retries_nothing_because_it_would_do_so_outside_the_transaction(
    connections: Connections, environment: dict[str, str]
) -> None:
    assert len(connections.asked_in(environment)) == 1
