"""Settings and contracts: read right, or refused with a word to the operator."""

from pathlib import Path

import pytest

from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import Contract, SchemaChange, read_contracts
from ingest_lambda.settings import Settings
from ingest_lambda.warehouse.sqltypes import VARCHAR, decimal
from ingest_lambda.warehouse.statements import Column

ENVIRONMENT = {
    "LANDFALL_BUCKET": "b",
    "LANDFALL_ENVIRONMENT": "test",
    "LANDFALL_DATABASE": "landfall",
    "LANDFALL_WORKGROUP": "w",
    "LANDFALL_SECRET_ARN": "arn:secret",
    "LANDFALL_COPY_ROLE_ARN": "arn:role",
    "LANDFALL_FAILURE_TOPIC_ARN": "arn:topic",
    "LANDFALL_EVENT_BUS": "default",
    "LANDFALL_LEASE_TABLE": "lease",
}


def test_a_whole_environment_makes_settings() -> None:
    settings = Settings.from_environment({**ENVIRONMENT, "LANDFALL_CLUSTER_ID": ""})

    assert (settings.workgroup, settings.cluster_id, settings.route_pattern) == ("w", None, None)


@pytest.mark.parametrize("name", sorted(set(ENVIRONMENT)))
def test_a_missing_variable_is_named(name: str) -> None:
    for broken in ({**ENVIRONMENT, name: ""}, {key: value for key, value in ENVIRONMENT.items() if key != name}):
        with pytest.raises(ConfigError, match=name):
            Settings.from_environment(broken)


def test_a_workgroup_and_a_cluster_at_once_are_refused() -> None:
    with pytest.raises(ConfigError, match="exactly one"):
        Settings.from_environment({**ENVIRONMENT, "LANDFALL_CLUSTER_ID": "c"})


def test_contracts_are_read_as_packaging_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "contracts.json"
    path.write_text(
        '{"orders": {"schema_change": "freeze", "columns": [{"name": "order_id", "data_type": "varchar(64)"},'
        ' {"name": "total", "data_type": "decimal(18,2)"}]}, "free": {"columns": []}}'
    )

    assert read_contracts(path) == {
        "orders": Contract(SchemaChange.FREEZE, (Column("order_id", VARCHAR), Column("total", decimal(18, 2)))),
        "free": Contract(SchemaChange.EVOLVE),
    }


def test_no_file_of_contracts_is_no_contract(tmp_path: Path) -> None:
    assert read_contracts(tmp_path / "contracts.json") == {}


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"orders": 1}',
        '{"orders": {"schema_change": "perhaps"}}',
        '{"orders": {"columns": [{"name": "a", "data_type": "json"}]}}',
    ],
)
def test_contracts_that_cannot_be_read_are_the_operators_matter(tmp_path: Path, content: str) -> None:
    path = tmp_path / "contracts.json"
    path.write_text(content)

    with pytest.raises(ConfigError, match=r"contracts\.json"):
        read_contracts(path)
