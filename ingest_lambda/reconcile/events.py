"""LAND, reconcile: announcing object versions again.

In: file versions, and why they are sent. Out: messages on the landing queue of the form that S3 sends, so that the
function knows one kind of message only. To send one twice does no harm: the ledger decides what lands.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from botocore.exceptions import BotoCoreError, ClientError

from ingest_lambda.errors import TransientError
from ingest_lambda.file_version import UNVERSIONED, FileVersion
from ingest_lambda.warehouse.client import backoff_seconds

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

MESSAGES_A_CALL = 10  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
SEND_ATTEMPTS = 5


class Cause(StrEnum):
    """Why an object version is announced again; ends the event's name."""

    BACKFILL = "Backfill"
    RECONCILE = "Reconcile"
    REPLAY = "Replay"


def notification(file: FileVersion, cause: Cause) -> str:
    """Word the event of one object version as S3 does.

    A message announces one version, as S3's do: so a batch has as many files as messages, and a file that must come
    back brings no other with it. Its time is now: what is rejected again has a verdict of this time.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html

    >>> from ingest_lambda.arrive.envelopes import parse_notification
    >>> file = FileVersion("b", "raw/orders/a b.parquet", "v1", "e1", 12)
    >>> [again] = parse_notification(notification(file, Cause.REPLAY))
    >>> (again.key, again.version_id, again.size, again.file_id == file.file_id)
    ('raw/orders/a b.parquet', 'v1', 12, True)
    """
    stored: dict[str, str | int] = {"key": quote_plus(file.key, safe="/"), "size": file.size, "eTag": file.etag}
    if file.version_id != UNVERSIONED:
        stored["versionId"] = file.version_id
    if file.sequencer:
        stored["sequencer"] = file.sequencer
    record = {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": f"ObjectCreated:Landfall:{cause}",
        "eventTime": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": file.bucket}, "object": stored},
    }
    return json.dumps({"Records": [record]})


def send(
    sqs: SQSClient,
    queue_url: str,
    bodies: Sequence[str],
    rate: float = 0.0,
    progress: Callable[[int], None] = lambda _: None,
) -> None:
    """Send messages, at most `rate` a second (0: as fast as the queue takes them); tell `progress` how many are sent.

    Raises:
        TransientError: the queue did not take a message in several attempts; those before it are sent.
    """
    started = time.monotonic()
    for start in range(0, len(bodies), MESSAGES_A_CALL):
        time.sleep(pause_seconds(start, rate, time.monotonic() - started))
        batch = bodies[start : start + MESSAGES_A_CALL]
        _send_batch(sqs, queue_url, batch)
        progress(start + len(batch))


def pause_seconds(sent: int, rate: float, elapsed: float) -> float:
    """Choose how long to wait before sending on, `sent` messages after `elapsed` seconds.

    >>> pause_seconds(100, 50, 1.5), pause_seconds(100, 50, 3.0), pause_seconds(100, 0, 0.0)
    (0.5, 0.0, 0.0)
    """
    return max(0.0, sent / rate - elapsed) if rate > 0 else 0.0


def _send_batch(sqs: SQSClient, queue_url: str, bodies: Sequence[str]) -> None:
    entries: list[SendMessageBatchRequestEntryTypeDef] = [
        {"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)
    ]
    refusal = ""
    for attempt in range(1, SEND_ATTEMPTS + 1):
        try:
            failed = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed", [])
        except (ClientError, BotoCoreError) as error:
            raise TransientError(f"the landing queue takes no messages: {error}") from error
        if not failed:
            return
        refusal = f"{failed[0]['Code']} {failed[0].get('Message', '')}"
        left = {each["Id"] for each in failed}
        entries = [entry for entry in entries if entry["Id"] in left]
        time.sleep(backoff_seconds(attempt))
    raise TransientError(f"the landing queue refused {len(entries)} messages: {refusal}")
