"""Fixtures of LAND's tests."""

from collections.abc import Iterator

import pytest

from tests.land import warehouse


@pytest.fixture(scope="session")
def land() -> Iterator[warehouse.Land]:
    """What the ingest function lives in: bucket, warehouse, topic, role. Use datasets of your own."""
    with warehouse.land() as surroundings:
        yield surroundings
