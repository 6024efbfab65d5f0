"""Fixtures of MODEL's tests."""

import pytest

from tests.support.local_stack import LocalServices
from tests.support.model_fixtures import (
    built_warehouse,
    other_builder,
    other_snapshot_builder,
    snapshot_project,
    snapshots,
    warehouse,
    worker_warehouse,
)
from tests.support.transform_flow import Flow, deploy_flow

__all__ = [
    "built_warehouse",
    "other_builder",
    "other_snapshot_builder",
    "snapshot_project",
    "snapshots",
    "warehouse",
    "worker_warehouse",
]


@pytest.fixture(scope="module")
def deployed(local_aws: LocalServices, tmp_path_factory: pytest.TempPathFactory) -> Flow:
    """Deploy alert.yaml and model.yaml under names of the module's own."""
    return deploy_flow(local_aws, tmp_path_factory.mktemp("recorder"))
