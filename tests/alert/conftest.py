"""Fixtures of ALERT's tests."""

from tests.support.model_fixtures import warehouse, worker_warehouse

__all__ = ["warehouse", "worker_warehouse"]
