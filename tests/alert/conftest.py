"""Fixtures of ALERT's tests."""

from tests.support.model_fixtures import worker_warehouse

__all__ = ["worker_warehouse"]
