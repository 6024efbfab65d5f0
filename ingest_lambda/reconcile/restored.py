"""LAND, reconcile: a warehouse that was restored from a snapshot. In: the mark of the nights. Out: nothing is trusted.

The nightly function and `landfall reconcile` both ask: whichever comes first after a restore has all of it built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest_lambda.reconcile.mark import Mark, is_held

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from ingest_lambda.tell.mark import ChangeMark
    from ingest_lambda.warehouse.client import Connection

# What the transform remembers of the project that it has built (transform_lambda/project.py).
BUILT_PROJECT = "reports/transform/state/built-project"


def is_restored(warehouse: Connection, last: Mark | None) -> bool:
    """Tell whether the warehouse is an older one than the last round has seen."""
    return last is not None and not is_held(warehouse, last.epoch)


def forget_what_was_built(s3: S3Client, bucket: str, mark: ChangeMark) -> None:
    """Let the next sweep ask the restored warehouse, and build the whole project, whose tables may be older there."""
    s3.delete_object(Bucket=bucket, Key=BUILT_PROJECT)
    mark.set()
