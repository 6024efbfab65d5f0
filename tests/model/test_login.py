"""MODEL: the function logs in without dbt as dbt does with the profile, whatever the way."""

import os
from argparse import Namespace
from typing import Any

import pytest
import redshift_connector
from dbt.adapters.redshift.connections import get_connection_method
from dbt.config.runtime import load_profile
from dbt.flags import set_from_args
from dbt_common.context import set_invocation_context
from redshift_connector.error import OperationalError

from local.home import ROOT
from tests.model.test_profile import LOCAL, PROVISIONED, SERVERLESS
from transform_lambda.login import PASSWORD_VARIABLE, arguments, login

WAYS = {
    "serverless": SERVERLESS,
    "provisioned": PROVISIONED,
    "local": LOCAL,
    "a workgroup behind a name of one's own": SERVERLESS | {"LANDFALL_REDSHIFT_HOST": "warehouse.example"},
    "a password in TLS that is verified": LOCAL | {"LANDFALL_REDSHIFT_SSLMODE": "verify-full"},
    "another user of another database": PROVISIONED
    | {"LANDFALL_REDSHIFT_USER": "somebody", "LANDFALL_REDSHIFT_DATABASE": "sales", "LANDFALL_REDSHIFT_PORT": "5440"},
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the driver is asked for, which finds no server."""
    found: list[dict[str, Any]] = []

    def refuse(**options: Any) -> None:
        found.append(options)
        raise OperationalError("there is no server")

    monkeypatch.setattr(redshift_connector, "connect", refuse)
    for name in os.environ:
        if name.startswith("LANDFALL_REDSHIFT_") or name == PASSWORD_VARIABLE:
            monkeypatch.delenv(name)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_the_arguments_are_those_that_dbt_makes_of_the_profile(
    way: str, asked: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {"LANDFALL_REDSHIFT_WORKGROUP": "", "LANDFALL_REDSHIFT_CLUSTER_ID": ""} | WAYS[way]
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    set_invocation_context(os.environ)
    set_from_args(Namespace(project_dir=str(ROOT), profiles_dir=str(ROOT)), {})
    credentials: Any = load_profile(str(ROOT), {}).credentials
    with pytest.raises(OperationalError):
        get_connection_method(credentials)()
    assert asked == [arguments(environment)]


def test_a_login_bears_the_function_s_name(asked: list[dict[str, Any]]) -> None:
    with pytest.raises(OperationalError):
        login(LOCAL)
    assert asked == [arguments(LOCAL) | {"application_name": "landfall-transform"}]
