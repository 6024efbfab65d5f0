"""LAND, reconcile: the nightly Lambda's entry.

In: a schedule's call. Out: the events of files that were lost, sent again; what does not match, told to the failure
topic. `landfall reconcile` does the same from a shell, with the same code.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger

from ingest_lambda.bucket.owner import expect_owner
from ingest_lambda.errors import ConfigError
from ingest_lambda.judge.contracts import read_contracts, rules_of
from ingest_lambda.reconcile import alert, events, ledger, snapshots, tables
from ingest_lambda.reconcile.alert import Result
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.find import Tally, find
from ingest_lambda.reconcile.listing import Scope
from ingest_lambda.warehouse.client import Connection, Target, Warehouse

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

# What is younger may still be on its way: a file is retried for up to 50 minutes before it is given up.
GRACE_SECONDS = 3_600
# What a run needs after its last look: one comparison of rows may still be running, the message must go out.
RESERVED_SECONDS = 60.0
# Files whose names do not say what they are, and that the warehouse does not know, are announced again while they are
# young: two nights are enough for an event that was lost, and what is ignored for its bytes is not read for ever.
ANNOUNCED_AGAIN = timedelta(days=2)

logger = Logger()


@dataclass(frozen=True)
class Settings:
    """What the stack tells the function."""

    bucket: str
    environment: str
    queue_url: str
    topic_arn: str
    target: Target
    pattern: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read the settings.

        Raises:
            ConfigError: a variable is missing; the message names it.
        """
        try:
            return cls(
                bucket=environment["LANDFALL_BUCKET"],
                environment=environment["LANDFALL_ENVIRONMENT"],
                queue_url=environment["LANDFALL_QUEUE_URL"],
                topic_arn=environment["LANDFALL_FAILURE_TOPIC_ARN"],
                target=Target(
                    environment["LANDFALL_DATABASE"],
                    environment["LANDFALL_SECRET_ARN"],
                    environment.get("LANDFALL_WORKGROUP") or None,
                    environment.get("LANDFALL_CLUSTER_ID") or None,
                ),
                pattern=environment.get("LANDFALL_ROUTE_PATTERN") or None,
            )
        except KeyError as error:
            raise ConfigError(f"the environment variable {error} is not set; reconcile.yaml sets it") from error


@dataclass(frozen=True)
class Clients:
    """The AWS clients of a run."""

    s3: S3Client
    sqs: SQSClient
    sns: SNSClient


@logger.inject_lambda_context
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Reconcile the whole bucket once; `{"grace_seconds": 0}` looks at files that were stored just now, too."""
    settings = Settings.from_environment(os.environ)
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000

    def remaining_seconds() -> float:
        return ends_at - time.monotonic() - RESERVED_SECONDS

    warehouse = Warehouse(boto3.client("redshift-data"), settings.target, remaining_seconds)
    s3 = expect_owner(boto3.client("s3"), os.environ.get("LANDFALL_ACCOUNT"))
    clients = Clients(s3, boto3.client("sqs"), boto3.client("sns"))
    grace = timedelta(seconds=event.get("grace_seconds", GRACE_SECONDS))
    result = run(settings, clients, warehouse, remaining_seconds, datetime.now(UTC) - grace)
    told = alert.publish(clients.sns, settings.topic_arn, settings.environment, result)
    logger.info("reconciled", extra={**result.facts(), "told": told})
    return result.facts()


def run(
    settings: Settings,
    clients: Clients,
    warehouse: Connection,
    remaining_seconds: Callable[[], float],
    stored_before: datetime,
) -> Result:
    """Compare rows first, then look for lost files until the time is up, and send each chunk's events at once.

    Raises:
        TransientError, ConfigError: S3, the warehouse or the queue does not answer, or denies access. What was sent
            stays sent; the next run does the rest.
    """
    result = Result(mismatches=ledger.mismatches(warehouse, ledger.datasets(warehouse)))
    contracts = read_contracts()
    result.waiting = snapshots.waiting(warehouse, contracts)
    result.datasets |= {mismatch.dataset for mismatch in result.mismatches}
    result.datasets |= {each.dataset for each in result.waiting}
    rules = rules_of(contracts, settings.pattern)
    scope = Scope(settings.bucket, rules=rules, stored_before=stored_before)
    seen = Tally()
    for tally in find(clients.s3, warehouse, scope):
        if remaining_seconds() <= 0:
            result.complete = False
            break
        new = [folder for folder in tables.unrecorded(tally) if folder.place not in seen.tables]
        result.take_tables(tables.record(warehouse, new))
        seen.tables, seen.recorded = {**seen.tables, **tally.tables}, tally.recorded
        _send(clients.sqs, settings.queue_url, tally, result, stored_before - ANNOUNCED_AGAIN)
    if result.complete:
        result.freed = tables.gone(seen, scope)
        tables.forget(warehouse, result.freed)
    return result


def _send(sqs: SQSClient, queue_url: str, tally: Tally, result: Result, since: datetime) -> None:
    young = [listed for listed in tally.unread if listed.stored_at and listed.stored_at > since and not listed.offline]
    bodies = [events.notification(listed.file, Cause.RECONCILE) for listed in (*tally.missing, *young)]
    events.send(sqs, queue_url, bodies)
    result.listed += tally.listed
    result.sent += len(tally.missing)
    result.unread += len(tally.unread)
    result.unread_sent += len(young)
    result.ignored += tally.ignored
    result.offline += len(tally.offline)
    result.datasets |= {listed.dataset for listed in (*tally.missing, *tally.offline)}
    result.examples += tally.missing[: max(0, alert.NAMED - len(result.examples))]
