"""LAND: the Lambda's entry.

In: a batch of SQS messages, each an S3 event notification. Out: the ids of the messages that must come back
(https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html). The batch is handled as a whole, because
the files of one dataset share a load.
"""

from __future__ import annotations

import os
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from ingest_lambda.contracts import read_contracts
from ingest_lambda.events import parse_messages
from ingest_lambda.ingest import Clients, Ingest
from ingest_lambda.load import Loader
from ingest_lambda.objects import Place
from ingest_lambda.report import Report
from ingest_lambda.retry import Retry
from ingest_lambda.settings import Settings
from ingest_lambda.warehouse import Target, Warehouse

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext

# What a batch needs after its last statement: quarantine, alerts, answers.
RESERVED_SECONDS = 10.0

logger = Logger()


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
    """What stays while the function is warm: settings, clients, the warehouse with its session, the catalog."""

    def __init__(self) -> None:
        settings = Settings.from_environment(os.environ)
        self.deadline = Deadline()
        target = Target(settings.database, settings.secret_arn, settings.workgroup, settings.cluster_id)
        warehouse = Warehouse(boto3.client("redshift-data"), target, self.deadline.remaining_seconds)
        clients = Clients(boto3.client("s3"), boto3.client("events"), boto3.client("sns"))
        place = Place(settings.bucket, settings.copy_role_arn)
        loader = Loader(clients.s3, warehouse, place, read_contracts(), settings.widen_row_limit)
        self.ingest = Ingest(settings, clients, warehouse, loader, Report(logger, settings.environment))
        self.retry = Retry(boto3.client("sqs"))


@lru_cache(maxsize=1)
def runtime() -> Runtime:
    """Make the runtime once, at the first invocation.

    Raises:
        ConfigError: a setting is missing.
    """
    return Runtime()


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    """Handle one batch."""
    warm = runtime()
    warm.deadline.set(context)
    failed = warm.ingest.handle(parse_messages(event))
    for message in warm.retry.postpone(failed):
        logger.warning("comes back at the queue's own time-out", extra={"sqs_message_id": message.message_id})
    return {"batchItemFailures": [{"itemIdentifier": message.message_id} for message in failed]}
