"""Fixtures that MODEL's and GATE's tests share; both folders' conftest names them."""

from collections.abc import Iterator

import pytest

from tests.support.model_warehouse import ModelWarehouse, model_warehouse
from tests.support.second_builder import SecondBuilder, second_builder

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


@pytest.fixture(scope="module")
def other_builder(worker_warehouse: ModelWarehouse) -> Iterator[SecondBuilder]:
    """A second dbt on the worker's warehouse."""
    with second_builder(worker_warehouse.environment) as builder:
        yield builder
