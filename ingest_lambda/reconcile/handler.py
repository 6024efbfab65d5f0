"""LAND, reconcile: the nightly Lambda's entry.

In: a schedule's call, or that of a call before. Out: the events of files that were lost, sent again; what does not
match, told to the failure topic. `landfall reconcile` does the same from a shell, with the same code.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.bucket.owner import expect_owner
from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.judge.contracts import read_contracts, rules_of
from ingest_lambda.reconcile import alert, bookkeeping, events, ledger, retention, snapshots, tables
from ingest_lambda.reconcile.alert import Result
from ingest_lambda.reconcile.events import Cause
from ingest_lambda.reconcile.find import Tally, find
from ingest_lambda.reconcile.listing import Scope
from ingest_lambda.reconcile.mark import Mark, Marks, begin
from ingest_lambda.reconcile.restored import forget_what_was_built, is_restored
from ingest_lambda.tell.mark import ChangeMark
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.client import Connection, Target
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from ingest_lambda.judge.contracts import Contract

# What is younger may still be on its way: a file is retried for up to 50 minutes before it is given up.
GRACE_SECONDS = 3_600
# What a call needs after its last answer: the message must go out.
RESERVED_SECONDS = 60.0
# So long before its end it hands over: what it has begun by then is done before an alarm calls it slow.
HAND_OVER_SECONDS = 300.0
# Files whose names do not say what they are, and that the warehouse does not know, are announced again while they are
# young: two nights are enough for an event that was lost, and what is ignored for its bytes is not read for ever.
ANNOUNCED_AGAIN = timedelta(days=2)

# Of 10 minutes, so that a round is over before the next night.
MAX_CALLS = 140

# Longer than the transform function takes that starts cold, and shorter than what is left when a call hands over.
PATIENT = Config(read_timeout=200, retries={"total_max_attempts": 1})

logger = Logger()


@dataclass(frozen=True)
class Settings:
    """What the stack tells the function."""

    bucket: str
    environment: str
    queue_url: str
    topic_arn: str
    target: Target
    lease_table: str  # which has the mark of how far the nights have come
    pattern: str | None
    bookkeeping_days: int  # that what runs have recorded stays in the warehouse
    transform_function: str  # which knows what models need of landed rows

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
                lease_table=environment["LANDFALL_LEASE_TABLE"],
                pattern=environment.get("LANDFALL_ROUTE_PATTERN") or None,
                bookkeeping_days=int(environment["LANDFALL_BOOKKEEPING_DAYS"]),
                transform_function=environment["LANDFALL_TRANSFORM_FUNCTION"],
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
    """Reconcile the bucket; where the time is up before its end, another call goes on from there.

    `{"grace_seconds": 0}` looks at files that were stored just now, too.
    """
    settings = Settings.from_environment(os.environ)
    ends_at = time.monotonic() + context.get_remaining_time_in_millis() / 1000

    def remaining_seconds(reserved: float = HAND_OVER_SECONDS) -> float:
        return ends_at - time.monotonic() - reserved

    patience = partial(remaining_seconds, RESERVED_SECONDS)
    warehouse = Warehouse(boto3.client("redshift-data"), settings.target, patience)
    s3 = expect_owner(boto3.client("s3"), os.environ.get("LANDFALL_ACCOUNT"))
    dynamodb = boto3.client("dynamodb")
    clients = Clients(s3, boto3.client("sqs"), boto3.client("sns"))
    grace = timedelta(seconds=event.get("grace_seconds", GRACE_SECONDS))
    marks = Marks(dynamodb, settings.lease_table)

    def ask(datasets: Sequence[str]) -> Mapping[str, Any]:  # at the end of a round alone, where something is due
        return retention.ask_transform(boto3.client("lambda", config=PATIENT), settings.transform_function, datasets)

    result = Result()
    try:
        run(settings, clients, warehouse, remaining_seconds, datetime.now(UTC) - grace, marks, ask, result)
    except Exception:  # Lambda calls again, which goes on behind what this call has found
        result.complete, result.goes_on, result.is_broken = False, True, True
        alert.publish(clients.sns, settings.topic_arn, settings.environment, result)
        raise
    call = int(event.get("call", 1))
    result.goes_on = not result.complete and call < MAX_CALLS
    told = alert.publish(clients.sns, settings.topic_arn, settings.environment, result)
    marks.take_for_told()
    if result.goes_on:  # last of all: it reads the mark
        again = json.dumps({**event, "call": call + 1})
        boto3.client("lambda").invoke(FunctionName=context.invoked_function_arn, InvocationType="Event", Payload=again)
    logger.info("reconciled", extra={**result.facts(), "told": told})
    return result.facts()


def run(
    settings: Settings,
    clients: Clients,
    warehouse: Connection,
    remaining_seconds: Callable[[], float],
    stored_before: datetime,
    marks: Marks | None = None,
    ask: retention.Ask | None = None,
    result: Result | None = None,
) -> Result:
    """Compare rows first, then look for lost files until the time is up, and send each chunk's events at once.

    With `marks` it goes on where the call before has ended, and leaves aside what earlier nights have compared; without
    it compares everything. With `ask`, which asks the transform function, a round ends with old rows leaving landing.
    `result` is filled as it is found, so that a caller has it where the run breaks.

    Raises:
        TransientError, ConfigError: S3, the warehouse or the queue does not answer, or denies access. What was sent
            stays sent; the next run does the rest.
    """
    result = Result() if result is None else result
    last = marks.read() if marks else None
    if marks and is_restored(warehouse, last):
        result.is_restored, last = True, None
        # Before the warehouse counts as known: a call that breaks in between is made again, and would not notice.
        forget_what_was_built(clients.s3, settings.bucket, ChangeMark(marks.dynamodb, marks.table))
    elif last and not last.is_told:
        result.is_restored = last.is_restored
    contracts = read_contracts()
    if last and last.behind:
        mark = last
    else:
        whole_at = last.whole_at if last else None
        mark = Mark(uuid4().hex, stored_before, whole_at, is_restored=result.is_restored, is_told=False)
        if marks:
            begin(warehouse, mark.epoch)
    if not mark.is_told:
        _compare_rows(warehouse, mark, contracts, result)
    rules = rules_of(contracts, settings.pattern)
    scope = Scope(
        settings.bucket,
        rules=rules,
        stored_before=stored_before,
        compared_before=mark.since,
        digit=mark.digit,
        behind=mark.behind,
    )
    seen = Tally()
    for tally in find(clients.s3, warehouse, scope):
        if remaining_seconds() <= 0:
            result.complete = False
            break
        new = [folder for folder in tables.unrecorded(tally) if folder.place not in seen.tables]
        result.take_tables(tables.record(warehouse, new))
        seen.tables, seen.recorded = {**seen.tables, **tally.tables}, tally.recorded
        _send(clients.sqs, settings.queue_url, tally, result, stored_before - ANNOUNCED_AGAIN)
        if marks:
            marks.write(replace(mark, behind=tally.last))
    if result.complete:
        if mark.behind is None:  # else this call has not seen the folders of the calls before
            result.freed = tables.gone(seen, scope)
            tables.forget(warehouse, result.freed)
        if marks:
            marks.write(replace(mark, whole_at=mark.began_at, behind=None))
            _let_go(warehouse, settings.bookkeeping_days)
            if ask and remaining_seconds() > 0:
                _keep_house(warehouse, contracts, ask)
    return result


def _let_go(warehouse: Connection, days: int) -> None:
    """Let old bookkeeping go while the warehouse is awake anyway; a night in which it cannot changes nothing."""
    try:
        logger.info("let go", extra=bookkeeping.prune(warehouse, days))
    except TransientError as error:
        logger.warning("bookkeeping stays for another night", extra={"why": str(error)})


def _keep_house(warehouse: Connection, contracts: Mapping[str, Contract], ask: retention.Ask) -> None:
    """Let rows go that are older than their datasets keep them; a night in which it cannot be asked changes nothing."""
    try:
        done = retention.keep_house(warehouse, contracts, ask, slack_days=retention.SLACK_DAYS)
    except (TransientError, ConfigError, ClientError, BotoCoreError) as error:
        logger.warning("old rows stay for another night", extra={"why": str(error)})
        return
    for each in done:
        logger.info("old rows", extra=each.to_dict())


def _compare_rows(warehouse: Connection, mark: Mark, contracts: Mapping[str, Contract], result: Result) -> None:
    window = ledger.Window(mark.since, mark.digit) if mark.since else None
    result.mismatches = ledger.mismatches(warehouse, landed_datasets(warehouse), window)
    result.waiting = snapshots.waiting(warehouse, contracts)
    result.datasets |= {mismatch.dataset for mismatch in result.mismatches}
    result.datasets |= {each.dataset for each in result.waiting}


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
