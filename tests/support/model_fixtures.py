"""Fixtures that MODEL's and GATE's tests share; both folders' conftest names them."""

from collections.abc import Iterator

import pytest

from tests.support.model_warehouse import ModelWarehouse, model_warehouse
from tests.support.second_builder import SecondBuilder, second_builder
from tests.support.snapshots import snapshot_warehouse

_OPEN = pytest.StashKey[ModelWarehouse]()


@pytest.fixture(scope="session")
def worker_warehouse(pytestconfig: pytest.Config) -> Iterator[ModelWarehouse]:
    """The worker's own local Redshift, prepared, the dbt project parsed: one, whichever folder asks first."""
    if _OPEN in pytestconfig.stash:
        yield pytestconfig.stash[_OPEN]
        return
    with model_warehouse() as warehouse:
        pytestconfig.stash[_OPEN] = warehouse
        yield warehouse


@pytest.fixture
def warehouse(worker_warehouse: ModelWarehouse) -> ModelWarehouse:
    """The worker's warehouse with nothing in it."""
    worker_warehouse.reset()
    return worker_warehouse


@pytest.fixture
def built_warehouse(worker_warehouse: ModelWarehouse) -> ModelWarehouse:
    """The worker's warehouse with every model built and nothing in it."""
    worker_warehouse.empty()
    return worker_warehouse


@pytest.fixture(scope="session")
def other_builder(worker_warehouse: ModelWarehouse) -> Iterator[SecondBuilder]:
    """A second dbt on the worker's warehouse."""
    with second_builder(worker_warehouse) as builder:
        yield builder


@pytest.fixture(scope="session")
def snapshot_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelWarehouse]:
    """A worker's own local Redshift with a project of datasets whose files replace the ones before."""
    with snapshot_warehouse(tmp_path_factory.mktemp("snapshots")) as warehouse:
        yield warehouse


@pytest.fixture
def snapshots(snapshot_project: ModelWarehouse) -> ModelWarehouse:
    """The same with their entities built and nothing in it."""
    snapshot_project.empty()
    return snapshot_project


@pytest.fixture(scope="session")
def other_snapshot_builder(snapshot_project: ModelWarehouse) -> Iterator[SecondBuilder]:
    """A second dbt on that warehouse."""
    with second_builder(snapshot_project) as builder:
        yield builder
