"""LAND, tell: what landed is announced.

In: the outcomes of a batch. Out: an event a load, a message a load that changed landing's columns, even if it has then
failed, and a message a dataset that a typo may have made. What cannot be sent is logged and counted: the rows are in
landing, and that is no reason to try again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.arrive import smoke
from ingest_lambda.errors import ConfigError, TransientError
from ingest_lambda.load.outcomes import AddedAhead, FileOutcome
from ingest_lambda.tell import newcomers, notify
from ingest_lambda.tell.report import Report
from ingest_lambda.warehouse.catalog import landed_datasets
from ingest_lambda.warehouse.sessions import Warehouse

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient


@dataclass(frozen=True)
class Channels:
    """Where it is told: the event bus, and the topic of what people should look at."""

    events: EventBridgeClient
    event_bus: str
    sns: SNSClient
    topic_arn: str
    environment: str


@dataclass(frozen=True)
class Announcements:
    """Tells what landed; `declared` are the datasets that cannot be a typo."""

    channels: Channels
    warehouse: Warehouse
    declared: Collection[str]
    report: Report

    def send(self, outcomes: Sequence[FileOutcome], added: Sequence[AddedAhead] = ()) -> None:
        """Tell what landed, what it did to landing's columns, and which dataset a typo may have made.

        `added`: columns that landing has got, although the loads that they were for have landed nothing.
        """
        outcomes = [outcome for outcome in outcomes if outcome.dataset != smoke.DATASET]
        to = self.channels
        details = notify.landed_details(outcomes, to.environment)
        try:
            refused = notify.send_landed(to.events, to.event_bus, details)
            if refused:
                self.report.lost("event", RuntimeError(f"the bus refused {refused} events"))
        except (ClientError, BotoCoreError) as error:
            self.report.lost("event", error)
        try:
            changed = [*details, *notify.added_details(added, to.environment)]
            notify.send_schema_changes(to.sns, to.topic_arn, to.environment, changed)
            self._send_newcomers(outcomes)
        except (ClientError, BotoCoreError) as error:  # the rows are in landing, and the event says it too
            self.report.lost("announcement", error)

    def _send_newcomers(self, outcomes: Iterable[FileOutcome]) -> None:
        """Tell of new datasets; the warehouse is asked only where one has come that is not declared."""
        first = newcomers.first_files(outcomes, self.declared)
        if not first:
            return
        try:
            found = newcomers.newcomers(first, [*self.declared, *landed_datasets(self.warehouse)])
        except (TransientError, ConfigError) as error:
            self.report.lost("announcement", error)
            return
        newcomers.send(self.channels.sns, self.channels.topic_arn, self.channels.environment, found)
