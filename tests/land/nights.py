"""A night's reconcile, as the tests of it and of what follows from it run it: a queue, settings, a call."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest_lambda.reconcile import alert as reconcile_alert
from ingest_lambda.reconcile import handler as reconcile
from ingest_lambda.reconcile.mark import Marks
from tests.land import warehouse
from tests.land.warehouse import Land


@dataclass
class Queue:
    """A landing queue of the test's own."""

    sqs: Any
    url: str

    def bodies(self) -> list[str]:
        """Take what is on the queue."""
        found: list[str] = []
        while messages := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for each in messages:
                found.append(each["Body"])
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=each["ReceiptHandle"])
        return found


def settings_for(land: Land, queue: Queue) -> reconcile.Settings:
    environment = {
        "LANDFALL_BUCKET": land.bucket,
        "LANDFALL_ENVIRONMENT": warehouse.ENVIRONMENT,
        "LANDFALL_QUEUE_URL": queue.url,
        "LANDFALL_FAILURE_TOPIC_ARN": land.settings.failure_topic_arn,
        "LANDFALL_DATABASE": land.settings.database,
        "LANDFALL_SECRET_ARN": land.settings.secret_arn,
        "LANDFALL_WORKGROUP": land.settings.workgroup or "",
        "LANDFALL_CLUSTER_ID": "",
        "LANDFALL_LEASE_TABLE": land.settings.lease_table,
        "LANDFALL_BOOKKEEPING_DAYS": "400",
        "LANDFALL_TRANSFORM_FUNCTION": "landfall-test-transform",
    }
    return reconcile.Settings.from_environment(environment)


def night(
    land: Land, queue: Queue, marks: Marks, *, chunks: int = 10**6, days: int = 0, since: datetime | None = None
) -> reconcile_alert.Result:
    """Run a call that has time for so many chunks, so many days from now, or from another moment.

    What it finds counts as told, as after the function's message.
    """
    left = iter([60.0] * chunks)
    clients = reconcile.Clients(land.client("s3"), queue.sqs, land.client("sns"))
    stored_before = (since or datetime.now(UTC)) + timedelta(days=days)
    settings = settings_for(land, queue)
    result = reconcile.run(settings, clients, land.warehouse, lambda: next(left, 0.0), stored_before, marks)
    marks.take_for_told()
    return result
