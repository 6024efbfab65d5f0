"""LAND: what stays while the function is warm: settings, clients, the warehouse with its session, the catalog.

In: the function's environment. Out: a `Runtime`. Importing this takes most of a cold start, for pyarrow and the AWS
clients are behind it; so the handler does it at its first invocation.
"""

from __future__ import annotations

import gc
import os
import time
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from ingest_lambda.arrive.backlog import PARALLEL_REQUESTS, Backlog
from ingest_lambda.arrive.retry import Retry
from ingest_lambda.bucket.objects import Place
from ingest_lambda.bucket.owner import expect_owner
from ingest_lambda.ingest import Clients, Ingest
from ingest_lambda.inspection import PARALLEL_READS
from ingest_lambda.judge.contracts import read_contracts
from ingest_lambda.load.loader import Loader
from ingest_lambda.settings import Settings
from ingest_lambda.tell.report import Report
from ingest_lambda.warehouse.client import Target
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from aws_lambda_powertools.utilities.typing import LambdaContext

# What a batch needs after its last statement: quarantine, alerts, answers.
RESERVED_SECONDS = 10.0


class Deadline:
    """When the current invocation must be done; every wait on the warehouse looks at it."""

    def __init__(self) -> None:
        self._ends_at = 0.0

    def set(self, context: LambdaContext) -> None:
        """Take the deadline of a new invocation."""
        self._ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVED_SECONDS

    def remaining_seconds(self) -> float:
        """Tell how long a wait may take."""
        return self._ends_at - time.monotonic()


class Runtime:
    """The function's parts, made once.

    Raises:
        ConfigError: a setting is missing.
    """

    def __init__(self, logger: Logger) -> None:
        settings = Settings.from_environment(os.environ)
        self.deadline = Deadline()
        target = Target(settings.database, settings.secret_arn, settings.workgroup, settings.cluster_id)
        warehouse = Warehouse(boto3.client("redshift-data"), target, self.deadline.remaining_seconds)
        # As many connections as files are read at once: by default it is ten, and the others would be made anew.
        pool = Config(max_pool_connections=PARALLEL_READS)
        s3 = expect_owner(boto3.client("s3", config=pool), os.environ.get("LANDFALL_ACCOUNT"))
        clients = Clients(s3, boto3.client("events"), boto3.client("sns"), boto3.client("dynamodb"))
        place = Place(settings.bucket, settings.copy_role_arn)
        loader = Loader(clients.s3, warehouse, place, read_contracts(), settings.widen_row_limit)
        self.ingest = Ingest(settings, clients, warehouse, loader, Report(logger, settings.environment))
        sqs = boto3.client("sqs", config=Config(max_pool_connections=PARALLEL_REQUESTS))
        self.backlog = Backlog(sqs, settings.backlog_files, self.deadline.remaining_seconds, logger)
        self.retry = Retry(sqs)
        # What has been made by now stays: the collections of a batch (inspection.py) need not go through all of it.
        gc.freeze()
