"""Fixtures that MODEL's and GATE's tests share."""

from collections.abc import Iterator

import pytest

from tests.support.model_warehouse import ModelWarehouse, model_warehouse


@pytest.fixture(scope="session")
def worker_warehouse() -> Iterator[ModelWarehouse]:
    """The worker's own local Redshift, prepared, the dbt project parsed."""
    with model_warehouse() as warehouse:
        yield warehouse


@pytest.fixture
def warehouse(worker_warehouse: ModelWarehouse) -> ModelWarehouse:
    """The worker's warehouse with nothing in it."""
    worker_warehouse.reset()
    return worker_warehouse
