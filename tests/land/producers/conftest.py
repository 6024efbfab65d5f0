"""Fixtures of the producers' modules."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from ingest_lambda.judge.contracts import parse_contract
from landfall.deploy import bootstrap
from local.home import ROOT
from scripts.contracts import read_contracts
from tests.land import warehouse
from tests.land.warehouse import Land
from tests.support.model_warehouse import ModelWarehouse, dbt_environment
from tests.support.warehouse_seed import login

Modeling = tuple[Land, ModelWarehouse]


@pytest.fixture(scope="session")
def modeling() -> Iterator[Modeling]:
    """Give what the ingest function lives in, and dbt on the same warehouse, with the declared datasets' tables."""
    with warehouse.land(name="modeling") as land, ExitStack() as sessions:
        land.contracts |= {name: parse_contract(dict(each)) for name, each in read_contracts(ROOT).items()}
        for dataset, contract in land.contracts.items():
            land.warehouse.transaction(bootstrap.dataset_statements(dataset, contract))
        facts = land.services.redshift
        admin = sessions.enter_context(login(facts, str(facts["admin_user"]), str(facts["admin_password"])))
        users = [bootstrap.Login(name, secrets.token_urlsafe(16)) for name in (bootstrap.TRANSFORMER, bootstrap.READER)]
        admin.run(*bootstrap.user_statements(users, {user.username for user in users}))
        transformer = sessions.enter_context(login(facts, users[0].username, users[0].password))
        environment = dbt_environment(facts, users[0], land.services.home.folder / "dbt")
        models = ModelWarehouse(admin, transformer, admin, environment)
        models.parse()
        yield land, models
