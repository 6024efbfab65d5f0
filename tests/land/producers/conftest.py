"""Fixtures of the producers' modules."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ingest_lambda.arrive.routing import Route, route
from ingest_lambda.judge.contracts import parse_contract
from landfall.deploy import bootstrap
from local.home import ROOT
from scripts.contracts import read_contracts
from tests.land import warehouse
from tests.land.producers import document, feeds
from tests.land.producers.arrival import Arrivals, statuses
from tests.land.producers.producer import Modeled
from tests.land.warehouse import Land
from tests.support.model_warehouse import ModelWarehouse, dbt_environment
from tests.support.warehouse_seed import login

Modeling = tuple[Land, ModelWarehouse]
# The rows that are modeled of a producer's files: the columns that are named, by the first of them.
Rows = Callable[[Modeled, str], list[tuple[Any, ...]]]


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


@pytest.fixture(scope="session")
def modeled(modeling: Modeling, tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """Let all producers' files land and be modeled, by one build of one project that `new-dataset` has written."""
    land, models = modeling
    project = tmp_path_factory.mktemp("project")
    feeds.copy_project(project)
    made = {each.name: each.files(tmp_path_factory.mktemp(each.name)) for each in document.modeled()}
    for name, files in made.items():
        folder = tmp_path_factory.mktemp("bucket") / "raw" / name
        key, content = next((key, content) for key, content in files if isinstance(route(f"raw/{name}/{key}"), Route))
        (folder / key).parent.mkdir(parents=True)
        (folder / key).write_bytes(content)
        feeds.add_dataset(land, project, name, folder / key)
    dbt = feeds.parsed(models, project)
    arrivals = Arrivals(land, land.function())
    for name, files in made.items():
        for key, content in files:
            arrivals.put(f"raw/{name}/{key}", content)
    assert set(statuses(arrivals.ends).values()) == {"landed", "ignored"}, arrivals.ends
    run = dbt.dbt("build", "--select", *(f"+{name}" for name in made))
    assert run.success, run.messages

    def rows(of: Modeled, columns: str) -> list[tuple[Any, ...]]:
        quarantined = dbt.transformer.rows(f"select count(*) from gate.quarantine_{of.name}")  # noqa: S608 - our name
        assert quarantined == [(0,)]
        return dbt.transformer.rows(f"select {columns} from modeled.{of.name} order by 1")  # noqa: S608 - our names

    return rows
