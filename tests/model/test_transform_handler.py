"""MODEL: the transform function refuses what it was not deployed for, before it touches anything."""

from types import SimpleNamespace as Object
from typing import Any

import pytest

from transform_lambda import handler
from transform_lambda.errors import ConfigError
from transform_lambda.settings import Settings

ENVIRONMENT = {
    "LANDFALL_BUCKET": "bucket",
    "LANDFALL_ENVIRONMENT": "dev",
    "LANDFALL_REDSHIFT_HOST": "warehouse.example",
    "LANDFALL_REDSHIFT_METHOD": "database",
    "LANDFALL_TRANSFORMER_SECRET_ARN": "arn:secret",
}
CONTEXT: Any = Object(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn:f", aws_request_id="r", log_stream_name="s"
)


def test_an_unknown_action_is_named() -> None:
    with pytest.raises(ConfigError, match="unknown action 'demolish'"):
        handler.handler({"action": "demolish"}, CONTEXT)


@pytest.mark.parametrize("missing", [name for name in ENVIRONMENT if name != "LANDFALL_REDSHIFT_METHOD"])
def test_a_missing_variable_is_named(missing: str) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != missing}
    with pytest.raises(ConfigError, match=missing):
        Settings.from_environment(environment)


def test_no_secret_is_needed_where_iam_logs_in() -> None:
    environment = ENVIRONMENT | {"LANDFALL_REDSHIFT_METHOD": "iam", "LANDFALL_TRANSFORMER_SECRET_ARN": ""}
    assert Settings.from_environment(environment).secret_arn is None


def test_credentials_of_another_warehouse_user_stop_the_run_and_say_what_to_change() -> None:
    with pytest.raises(ConfigError, match=r"IAMR:transform.*RedshiftAuthentication=database"):
        handler._check_user("IAMR:transform", "landfall_transformer")
    handler._check_user("landfall_transformer", "landfall_transformer")
