"""Fixtures of MODEL's tests."""

import uuid

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
from transform_lambda.catalog import BuiltRelations

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


@pytest.fixture
def built_relations(local_aws: LocalServices) -> BuiltRelations:
    """The record of what was built, in a bucket of the test's own."""
    s3 = local_aws.client("s3")
    bucket = f"standing-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    return BuiltRelations(s3, bucket, "f1")
