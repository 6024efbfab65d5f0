"""Fixtures of MODEL's tests."""

from tests.support.model_fixtures import (
    built_warehouse,
    other_builder,
    other_snapshot_builder,
    snapshot_project,
    snapshots,
    warehouse,
    worker_warehouse,
)

__all__ = [
    "built_warehouse",
    "other_builder",
    "other_snapshot_builder",
    "snapshot_project",
    "snapshots",
    "warehouse",
    "worker_warehouse",
]
